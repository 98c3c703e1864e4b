#include "processor/qualified.h"

#include "asl/arn.h"
#include "base/limits.h"
#include "processor/machine_rows.h"
#include "schemas/definition_kinds.h"

#include <inttypes.h>

enum status qualified_check_arn(struct handling *handling, const struct reply_to *to, struct str arn, bool version,
                                bool *out_refused)
{
    struct str machine_arn;
    struct str qualifier = STR("");
    enum arn_type type = arn_type_of(arn);
    *out_refused = true;
    if (type == ARN_QUALIFIED) {
        arn_split_qualified(arn, &machine_arn, &qualifier);
        if (arn_qualifier_is_version(qualifier) == version) {
            *out_refused = false;
            return STATUS_OK;
        }
    }
    if (type == ARN_QUALIFIED || type == ARN_MACHINE) {
        return reply_refuse(handling, to, STR("InvalidArn"),
                            "Invalid Arn: 'Resource type not valid in this context: stateMachine'");
    }
    return reply_refuse(handling, to, STR("InvalidArn"), "Invalid Arn: 'Invalid ARN prefix: %.*s'", STR_ARGS(arn));
}

struct qualified_scan {
    struct handling *handling;
    qualified_each_fn each;
    void *owner;
};

static enum status each_row(void *owner, struct str key, struct str value)
{
    struct qualified_scan *scan = owner;
    struct arena *arena = scan->handling->arena;
    struct str kept;
    const void *row;
    (void)key;
    TRY(arena_copy(arena, value, &kept));
    TRY(store_decode(&scan->handling->partition->store, arena, RECORD_machine_row, kept, &row));
    return scan->each(scan->owner, &((const struct machine_row *)row)->head);
}

enum status qualified_each(struct handling *handling, struct str machine_arn, qualified_each_fn each, void *owner)
{
    struct qualified_scan scan = {handling, each, owner};
    struct key prefix;
    struct str text;
    /* A machine's name has no colon: only its own versions and aliases begin so. */
    TRY(arena_format(handling->arena, &text, "%.*s:", STR_ARGS(machine_arn)));
    TRY(keys_machine(handling->partition->id, text, &prefix));
    return store_scan(&handling->partition->store, &prefix, &prefix, each_row, &scan);
}

/* ---- Versions ---- */

static enum status version_arn(struct arena *arena, struct str machine_arn, int64_t number, struct str *out_arn)
{
    return arena_format(arena, out_arn, "%.*s:%" PRId64, STR_ARGS(machine_arn), number);
}

enum status qualified_present(struct handling *handling, const struct definition *head,
                              const struct definition **out_version)
{
    struct str arn;
    const struct definition *version;
    if (head->last_version == RECORD_NONE) {
        return STATUS_NOT_FOUND;
    }
    /* Only the latest may be of the present revision: one that it was of is never present again. */
    TRY(version_arn(handling->arena, head->state_machine_arn, head->last_version, &arn));
    TRY(machine_rows_head(handling, arn, &version));
    if (!str_equal(version->revision_id, head->revision_id)) {
        return STATUS_NOT_FOUND;
    }
    *out_version = version;
    return STATUS_OK;
}

static enum status count_version(void *owner, const struct definition *qualified)
{
    int64_t *count = owner;
    *count += str_equal(qualified->kind, DEFINITION_KIND_VERSION);
    return STATUS_OK;
}

enum status qualified_check_room(struct handling *handling, const struct reply_to *to, const struct definition *head,
                                 bool *out_refused)
{
    int64_t count = 0;
    const struct definition *present;
    *out_refused = false;
    if (head->last_version == RECORD_NONE || head->last_version < MACHINE_VERSIONS_MAX) {
        return STATUS_OK;
    }
    enum status status = qualified_present(handling, head, &present);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(qualified_each(handling, head->state_machine_arn, count_version, &count));
    if (count < MACHINE_VERSIONS_MAX) {
        return STATUS_OK;
    }
    *out_refused = true;
    return reply_refuse(handling, to, STR("ServiceQuotaExceededException"),
                        "Exceeded the limit of %d versions of the state machine '%.*s'", MACHINE_VERSIONS_MAX,
                        STR_ARGS(head->state_machine_arn));
}

enum status qualified_publish(struct handling *handling, struct definition *head, struct str description,
                              const struct definition **out_version)
{
    enum status status = qualified_present(handling, head, out_version);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    struct definition *version = arena_new(handling->arena, struct definition);
    TRY_NEW(version);
    head->last_version = head->last_version == RECORD_NONE ? 1 : head->last_version + 1;
    *version = *head;
    TRY(version_arn(handling->arena, head->state_machine_arn, head->last_version, &version->resource_arn));
    version->kind = DEFINITION_KIND_VERSION;
    version->description = description;
    version->creation_date = handling_now_us(handling);
    version->update_date = version->creation_date;
    version->definition = STR_NONE;
    version->tags = STR_NONE;
    version->last_version = RECORD_NONE;
    TRY(machine_rows_put_head(handling, version));
    *out_version = version;
    return STATUS_OK;
}
