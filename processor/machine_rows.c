#include "processor/machine_rows.h"

#include "asl/arn.h"
#include "asl/value.h"
#include "base/assert.h"
#include "base/limits.h"
#include "processor/handle_parts.h"
#include "processor/headers.h"
#include "processor/qualified.h"
#include "state/timers.h"

#include <inttypes.h>

/* ---- Rows ---- */

enum status machine_rows_head(struct handling *handling, struct str arn, const struct definition **out_head)
{
    struct key key;
    const void *row;
    if (keys_machine(handling->partition->id, arn, &key) != STATUS_OK) {
        return STATUS_NOT_FOUND;
    }
    TRY(store_get(&handling->partition->store, handling->arena, &key, RECORD_machine_row, &row));
    *out_head = &((const struct machine_row *)row)->head;
    return STATUS_OK;
}

enum status machine_rows_revision(struct handling *handling, struct str arn, struct str revision_id,
                                  const struct definition **out_revision)
{
    struct key key;
    const void *row;
    if (keys_revision(handling->partition->id, arn, revision_id, &key) != STATUS_OK) {
        return STATUS_NOT_FOUND;
    }
    TRY(store_get(&handling->partition->store, handling->arena, &key, RECORD_revision_row, &row));
    *out_revision = &((const struct revision_row *)row)->revision;
    return STATUS_OK;
}

struct str machine_rows_shown_revision(const struct definition *head)
{
    return head->revision_number == 1 ? STR_NONE : head->revision_id;
}

/* ---- The published copy ---- */

/* A NULL definition is a tombstone. */
static enum status publish(struct handling *handling, struct str key, const struct definition *definition)
{
    struct headers headers;
    struct headers_event event = {
        .topic = TOPIC_DEFINITIONS,
        .type = STR("Definition"),
        .source = key,
        .id = STR("forgotten"),
        .time_us = handling_now_us(handling),
    };
    if (definition != NULL) {
        TRY(arena_format(handling->arena, &event.id, "%" PRId64, definition->version));
    }
    TRY(headers_of(handling, &event, &headers));
    struct bus_message message = {
        .topic = topics_get(handling->topics, TOPIC_DEFINITIONS),
        .partition = 0,
        .key = key,
        .headers = headers.items,
        .header_count = headers.count,
    };
    if (definition != NULL) {
        TRY(codec_encode(handling->arena, handling->config->encodings[TOPIC_DEFINITIONS], SCHEMA_definition,
                         RECORD_definition, definition, &message.value));
    }
    return outbox_add(&handling->outbox, &message, topic_types[TOPIC_DEFINITIONS].max_message_bytes);
}

static enum status revision_name(struct arena *arena, struct str arn, struct str revision_id, struct str *out_name)
{
    return arena_format(arena, out_name, "%.*s#%.*s", STR_ARGS(arn), STR_ARGS(revision_id));
}

enum status machine_rows_put_head(struct handling *handling, const struct definition *head)
{
    struct key key;
    struct machine_row row;
    record_init(RECORD_machine_row, &row);
    row.head = *head;
    row.head.definition = STR_NONE;
    struct str arn = head->resource_arn.bytes != NULL ? head->resource_arn : head->state_machine_arn;
    TRY(keys_machine(handling->partition->id, arn, &key));
    TRY(store_put(&handling->partition->store, &key, RECORD_machine_row, &row));
    return publish(handling, arn, &row.head);
}

enum status machine_rows_remove_head(struct handling *handling, struct str arn)
{
    struct key key;
    TRY(keys_machine(handling->partition->id, arn, &key));
    TRY(store_delete(&handling->partition->store, &key));
    return publish(handling, arn, NULL);
}

enum status machine_rows_put_revision(struct handling *handling, const struct definition *revision)
{
    struct key key;
    struct revision_row row;
    struct str name;
    record_init(RECORD_revision_row, &row);
    row.revision = *revision;
    TRY(keys_revision(handling->partition->id, revision->state_machine_arn, revision->revision_id, &key));
    TRY(store_put(&handling->partition->store, &key, RECORD_revision_row, &row));
    TRY(revision_name(handling->arena, revision->state_machine_arn, revision->revision_id, &name));
    return publish(handling, name, &row.revision);
}

/* ---- Forgetting ---- */

static enum status put_timer(struct handling *handling, struct str name, int64_t frame, int64_t due_ms)
{
    const struct timer_key timer = {.due_ms = due_ms, .execution = execution_id_of(name, 0), .frame = frame};
    return timers_put(&handling->partition->store, &timer, 0);
}

enum status machine_rows_supersede(struct handling *handling, struct str arn, struct str revision_id)
{
    const struct step_config *config = &handling->config->step;
    struct str name;
    TRY(revision_name(handling->arena, arn, revision_id, &name));
    return put_timer(handling, name, TIMER_REVISION,
                     handling->env->now_ms + EXECUTION_MS_MAX + config->redrive_ms + config->retention_ms);
}

enum status machine_rows_retire(struct handling *handling, struct str arn)
{
    return put_timer(handling, arn, TIMER_MACHINE, handling->env->now_ms + handling->config->delete_linger_ms);
}

/* The row that a timer names by its hash: timers of definitions are rare, so it is looked for. */
struct named_row {
    struct handling *handling;
    struct str name; /* of the row, without kind; STR_NONE: not found */
};

static enum status find_each(void *owner, struct str key, struct str value)
{
    struct named_row *found = owner;
    (void)value;
    struct str name = str_from(key, KEYS_PARTITION_BYTES + 1);
    struct execution_id id = execution_id_of(name, 0);
    if (!execution_id_equal(&id, &found->handling->timer->execution)) {
        return STATUS_OK;
    }
    TRY(arena_copy(found->handling->arena, name, &found->name));
    return STATUS_END;
}

static enum status find_named(struct handling *handling, enum key_kind kind, struct str *out_name)
{
    struct named_row found = {.handling = handling};
    struct key prefix;
    keys_kind(handling->partition->id, kind, &prefix);
    TRY(store_scan(&handling->partition->store, &prefix, &prefix, find_each, &found));
    *out_name = found.name;
    return STATUS_OK;
}

static enum status forget_revision(struct handling *handling)
{
    struct str name;
    struct key key;
    TRY(find_named(handling, KEY_REVISION, &name));
    if (name.bytes == NULL) {
        return STATUS_OK;
    }
    size_t arn_length = str_find(name, '#');
    struct str arn = str_slice(name, 0, arn_length);
    struct str revision_id = str_from(name, arn_length + 1);
    const struct definition *head;
    enum status status = machine_rows_head(handling, arn, &head);
    if (status == STATUS_OK && str_equal(head->revision_id, revision_id)) {
        if (!str_equal(head->status, MACHINE_STATUS_DELETED)) {
            return STATUS_OK;
        }
        TRY(keys_machine(handling->partition->id, arn, &key));
        TRY(store_delete(&handling->partition->store, &key));
    } else if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(keys_revision(handling->partition->id, arn, revision_id, &key));
    TRY(store_delete(&handling->partition->store, &key));
    return publish(handling, name, NULL);
}

static enum status forget_machine(struct handling *handling)
{
    struct str arn;
    const struct definition *head;
    struct key key;
    TRY(find_named(handling, KEY_MACHINE, &arn));
    if (arn.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(machine_rows_head(handling, arn, &head));
    if (!str_equal(head->status, MACHINE_STATUS_DELETING)) {
        return STATUS_OK;
    }
    bool done;
    TRY(qualified_remove(handling, head, &done));
    if (!done) {
        return put_timer(handling, arn, TIMER_MACHINE, handling->env->now_ms + 1);
    }
    struct machine_row row;
    record_init(RECORD_machine_row, &row);
    row.head = *head;
    row.head.status = MACHINE_STATUS_DELETED;
    TRY(keys_machine(handling->partition->id, arn, &key));
    TRY(store_put(&handling->partition->store, &key, RECORD_machine_row, &row));
    return publish(handling, arn, NULL);
}

enum status handle_definition_timer(struct handling *handling)
{
    TRY(timers_delete(&handling->partition->store, handling->timer));
    if (handling->timer->frame == TIMER_REVISION) {
        return forget_revision(handling);
    }
    return handling->timer->frame == TIMER_MACHINE ? forget_machine(handling) : STATUS_OK;
}

/* ---- Checking a command ---- */

enum status machine_rows_check_arn(struct handling *handling, const struct reply_to *to, struct str arn,
                                   bool *out_refused)
{
    *out_refused = true;
    switch (arn_type_of(arn)) {
    case ARN_MACHINE:
        *out_refused = false;
        return STATUS_OK;
    case ARN_QUALIFIED:
        return machine_rows_refuse_missing(handling, to, arn);
    case ARN_LABELLED:
    case ARN_NONE:
    case ARN_EXECUTION:
    case ARN_EXPRESS:
    case ARN_ACTIVITY:
    case ARN_OTHER:
        break;
    }
    return reply_refuse_arn(handling, to, arn);
}

enum status machine_rows_refuse_missing(struct handling *handling, const struct reply_to *to, struct str arn)
{
    return reply_refuse(handling, to, STR("StateMachineDoesNotExist"), "State Machine Does Not Exist: '%.*s'",
                        STR_ARGS(arn));
}

enum status machine_rows_refuse_deleting(struct handling *handling, const struct reply_to *to, struct str arn)
{
    return reply_refuse(handling, to, STR("StateMachineDeleting"), "State Machine is being deleted: '%.*s'",
                        STR_ARGS(arn));
}

enum status machine_rows_to_change(struct handling *handling, const struct reply_to *to, struct str arn,
                                   const struct definition **out_head, bool *out_refused)
{
    *out_refused = true;
    enum status status = machine_rows_head(handling, arn, out_head);
    if (status == STATUS_NOT_FOUND ||
        (status == STATUS_OK && str_equal((*out_head)->status, MACHINE_STATUS_DELETED))) {
        return machine_rows_refuse_missing(handling, to, arn);
    }
    TRY(status);
    if (str_equal((*out_head)->status, MACHINE_STATUS_DELETING)) {
        return machine_rows_refuse_deleting(handling, to, arn);
    }
    *out_refused = false;
    return STATUS_OK;
}

enum status machine_rows_check_description(struct handling *handling, const struct reply_to *to, const char *member,
                                           struct str text, bool *out_refused)
{
    *out_refused = str_character_count(text) > DESCRIPTION_CHARACTERS_MAX;
    if (!*out_refused) {
        return STATUS_OK;
    }
    return reply_refuse(handling, to, STR("ValidationException"),
                        "1 validation error detected: Value at '%s' failed to satisfy constraint: Member must have "
                        "length less than or equal to %d",
                        member, DESCRIPTION_CHARACTERS_MAX);
}

/* *out_value is NULL when it was not given. *out_refused: it is no JSON object, and that was answered. */
static enum status read_configuration(struct handling *handling, const struct reply_to *to, struct str text,
                                      const char *error, const char *name, const struct value **out_value,
                                      bool *out_refused)
{
    *out_refused = false;
    *out_value = NULL;
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status = value_parse(handling->arena, text, out_value, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && (*out_value)->type != VALUE_OBJECT)) {
        *out_refused = true;
        return reply_refuse(handling, to, str_of(error), "Invalid %s Configuration: Must be a JSON object.", name);
    }
    return status;
}

static enum status check_encryption(struct handling *handling, const struct reply_to *to, struct str text,
                                    bool *out_refused)
{
    static const struct str error = STR_INIT("InvalidEncryptionConfiguration");
    const struct value *given;
    TRY(read_configuration(handling, to, text, "InvalidEncryptionConfiguration", "Encryption", &given, out_refused));
    if (*out_refused || given == NULL) {
        return STATUS_OK;
    }
    const struct value *type = value_get(given, STR("type"));
    const struct value *key = value_get(given, STR("kmsKeyId"));
    bool customer = type != NULL && str_equal(type->string, STR("CUSTOMER_MANAGED_KMS_KEY"));
    *out_refused = true;
    if (!customer && (type == NULL || !str_equal(type->string, STR("AWS_OWNED_KEY")))) {
        return reply_refuse(handling, to, error,
                            "Invalid Encryption Configuration: type must be AWS_OWNED_KEY or CUSTOMER_MANAGED_KMS_KEY.");
    }
    if (customer && (key == NULL || key->type != VALUE_STRING)) {
        return reply_refuse(handling, to, error,
                            "Invalid Encryption Configuration: CUSTOMER_MANAGED_KMS_KEY needs a kmsKeyId.");
    }
    *out_refused = false;
    return STATUS_OK;
}

static enum status check_tracing(struct handling *handling, const struct reply_to *to, struct str text,
                                 bool *out_refused)
{
    const struct value *given;
    TRY(read_configuration(handling, to, text, "InvalidTracingConfiguration", "Tracing", &given, out_refused));
    if (*out_refused || given == NULL) {
        return STATUS_OK;
    }
    const struct value *enabled = value_get(given, STR("enabled"));
    *out_refused = enabled == NULL || enabled->type != VALUE_BOOLEAN;
    return !*out_refused ? STATUS_OK
                         : reply_refuse(handling, to, STR("InvalidTracingConfiguration"),
                                        "Invalid Tracing Configuration: enabled must be true or false.");
}

static enum status check_logging(struct handling *handling, const struct reply_to *to, struct str text,
                                 bool *out_refused)
{
    const struct value *given;
    TRY(read_configuration(handling, to, text, "InvalidLoggingConfiguration", "Logging", &given, out_refused));
    if (*out_refused || given == NULL) {
        return STATUS_OK;
    }
    const struct value *level = value_get(given, STR("level"));
    const struct value *destinations = value_get(given, STR("destinations"));
    bool off = level == NULL || str_equal(level->string, STR("OFF"));
    size_t count = destinations != NULL && destinations->type == VALUE_ARRAY ? destinations->count : 0;
    *out_refused = count != 1 && !(off && count == 0);
    return !*out_refused ? STATUS_OK
                         : reply_refuse(handling, to, STR("InvalidLoggingConfiguration"),
                                        "Invalid Logging Configuration: Must specify exactly one Log Destination.");
}

enum status machine_rows_check_configurations(struct handling *handling, const struct reply_to *to,
                                              const struct machine_configurations *configurations, bool *out_refused)
{
    TRY(check_encryption(handling, to, configurations->encryption, out_refused));
    if (!*out_refused) {
        TRY(check_tracing(handling, to, configurations->tracing, out_refused));
    }
    return *out_refused ? STATUS_OK : check_logging(handling, to, configurations->logging, out_refused);
}

enum status machine_rows_same_json(struct arena *arena, struct str a, struct str b, bool *out_same)
{
    const struct value *first;
    const struct value *second;
    *out_same = str_equal(a, b) && (a.bytes == NULL) == (b.bytes == NULL);
    if (*out_same || a.bytes == NULL || b.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status = value_parse(arena, a, &first, NULL);
    if (status == STATUS_OK) {
        status = value_parse(arena, b, &second, NULL);
    }
    *out_same = status == STATUS_OK && value_equal(first, second);
    return status == STATUS_INVALID ? STATUS_OK : status; /* what is kept may be older than the check of it */
}

/* ---- Checking a definition ---- */

static enum status see_to_routes(struct handling *handling, const struct reply_to *to, const struct machine *machine,
                                 bool *out_refused)
{
    size_t count = machine_route_count(machine);
    struct str *missing = arena_array(handling->arena, struct str, count + 1);
    size_t missing_count = 0;
    TRY_NEW(missing);
    for (size_t at = 0; at < count; at++) {
        if (topics_route(handling->topics, machine_route(machine, at)) == NULL) {
            missing[missing_count++] = machine_route(machine, at);
        }
    }
    if (missing_count == 0) {
        return STATUS_OK;
    }
    if (handling->attempt != NULL && handling->attempt->routes_refused) {
        *out_refused = true;
        return reply_refuse(handling, to, STR("InvalidDefinition"), "Invalid State Machine Definition: '%s'",
                            handling->attempt->refusal);
    }
    return handling_needs(handling,
                          (struct need){.type = NEED_ROUTES, .routes = missing, .route_count = missing_count});
}

enum status machine_rows_check(struct handling *handling, const struct reply_to *to, struct str text, bool express,
                               bool *out_refused)
{
    *out_refused = false;
    if (text.length > DEFINITION_BYTES_MAX) {
        *out_refused = true;
        return reply_refuse(
            handling, to, STR("ValidationException"),
            "1 validation error detected: Value at 'definition' failed to satisfy constraint: Member must "
            "have length less than or equal to %d",
            DEFINITION_BYTES_MAX);
    }
    const struct machine *machine;
    struct findings findings = {0};
    enum status status = machine_compile_routed(handling->arena, text, express ? MACHINE_EXPRESS : MACHINE_STANDARD,
                                                topics_route_table(handling->topics), &machine, &findings);
    if (status == STATUS_INVALID) {
        struct str message;
        *out_refused = true;
        TRY(findings_message(handling->arena, &findings, &message));
        return reply_refuse(handling, to, STR("InvalidDefinition"), "%.*s", STR_ARGS(message));
    }
    TRY(status);
    return see_to_routes(handling, to, machine, out_refused);
}
