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
    *out_refused = true;
    if (arn_type_of(arn) == ARN_QUALIFIED) {
        arn_split_qualified(arn, &machine_arn, &qualifier);
        if (arn_qualifier_is_version(qualifier) == version) {
            *out_refused = false;
            return STATUS_OK;
        }
    }
    return reply_refuse_arn(handling, to, arn);
}

static bool is_alias_name(struct str name)
{
    bool letter = false;
    for (size_t at = 0; at < name.length; at++) {
        char byte = name.bytes[at];
        bool digit = byte >= '0' && byte <= '9';
        if (!digit && !(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') && byte != '_' && byte != '-' &&
            byte != '.') {
            return false;
        }
        letter = letter || !digit;
    }
    return letter;
}

enum status qualified_check_alias_name(struct handling *handling, const struct reply_to *to, struct str name,
                                       bool *out_refused)
{
    size_t characters = str_character_count(name);
    const char *constraint = NULL;
    if (characters == 0) {
        constraint = "have length greater than or equal to 1";
    } else if (characters > NAME_CHARACTERS_MAX) {
        constraint = "have length less than or equal to 80";
    } else if (!is_alias_name(name)) {
        constraint = "satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$";
    }
    *out_refused = constraint != NULL;
    return constraint == NULL ? STATUS_OK
                              : reply_refuse(handling, to, STR("ValidationException"),
                                             "1 validation error detected: Value '%.*s' at 'name' failed to satisfy "
                                             "constraint: Member must %s",
                                             STR_ARGS(name), constraint);
}

enum status qualified_check_routing(struct handling *handling, const struct reply_to *to, struct str text,
                                    struct routing *out_routing, bool *out_refused)
{
    struct str problem;
    enum status status = routing_read(handling->arena, text, out_routing, &problem);
    *out_refused = status == STATUS_INVALID;
    return *out_refused ? reply_refuse(handling, to, STR("ValidationException"), "%.*s", STR_ARGS(problem)) : status;
}

enum status qualified_refuse_missing(struct handling *handling, const struct reply_to *to)
{
    return reply_refuse(handling, to, STR("ResourceNotFound"), "Request references a resource that does not exist.");
}

enum status qualified_to_change(struct handling *handling, const struct reply_to *to, struct str machine_arn,
                                const struct routing *routing, const struct definition **out_head, bool *out_refused)
{
    *out_refused = true;
    enum status status = machine_rows_head(handling, machine_arn, out_head);
    if (status == STATUS_OK && str_equal((*out_head)->status, MACHINE_STATUS_DELETING)) {
        return machine_rows_refuse_deleting(handling, to, machine_arn);
    }
    for (size_t at = 0; status == STATUS_OK && at < routing->count; at++) {
        const struct definition *version;
        struct str arn = routing->versions[at].arn;
        status = machine_rows_head(handling, arn, &version);
        if (status == STATUS_OK && !str_equal(version->state_machine_arn, machine_arn)) {
            status = STATUS_NOT_FOUND;
        }
    }
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && str_equal((*out_head)->status, MACHINE_STATUS_DELETED))) {
        return qualified_refuse_missing(handling, to);
    }
    TRY(status);
    *out_refused = false;
    return STATUS_OK;
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
    int64_t most = handling->config->versions_max;
    int64_t count = 0;
    const struct definition *present;
    *out_refused = false;
    if (head->last_version == RECORD_NONE || head->last_version < most) {
        return STATUS_OK;
    }
    enum status status = qualified_present(handling, head, &present);
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(qualified_each(handling, head->state_machine_arn, count_version, &count));
    if (count < most) {
        return STATUS_OK;
    }
    *out_refused = true;
    return reply_refuse(handling, to, STR("ServiceQuotaExceededException"),
                        "Exceeded the limit of %" PRId64 " versions of the state machine '%.*s'", most,
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

/* ---- The end ---- */

struct qualified_page {
    size_t count;
    const struct definition *items[QUALIFIED_PAGE + 1];
};

static enum status take(void *owner, const struct definition *qualified)
{
    struct qualified_page *page = owner;
    page->items[page->count++] = qualified;
    return page->count > QUALIFIED_PAGE ? STATUS_END : STATUS_OK;
}

enum status qualified_remove(struct handling *handling, const struct definition *head, bool *out_done)
{
    struct qualified_page *page = arena_new(handling->arena, struct qualified_page);
    TRY_NEW(page);
    TRY(qualified_each(handling, head->state_machine_arn, take, page));
    *out_done = page->count <= QUALIFIED_PAGE;
    for (size_t at = 0; at < page->count && at < QUALIFIED_PAGE; at++) {
        const struct definition *qualified = page->items[at];
        TRY(machine_rows_remove_head(handling, qualified->resource_arn));
        /* The present revision is the head's to forget. */
        if (str_equal(qualified->kind, DEFINITION_KIND_VERSION) &&
            !str_equal(qualified->revision_id, head->revision_id)) {
            TRY(machine_rows_supersede(handling, head->state_machine_arn, qualified->revision_id));
        }
    }
    return STATUS_OK;
}
