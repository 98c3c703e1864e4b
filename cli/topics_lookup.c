#include "asl/redrive.h"
#include "cli/lookup.h"
#include "cli/scan.h"
#include "cli/side.h"
#include "schemas/execution_statuses.h"

#define WAIT_POLL_MS 200
#define DAY_MS (24LL * 3600 * 1000)

/* The last record with that key: in a compacted topic the present one. A tombstone leaves an empty value. */
static enum exit_code find_last(struct context *context, struct scan *scan, struct str key, struct str *out_value)
{
    struct bus_record record;
    bool more;
    *out_value = STR_NONE;
    for (;;) {
        TRY_RUN(scan_next(context, scan, &record, &more));
        if (!more) {
            return EXIT_CODE_OK;
        }
        if (!str_equal(record.key, key)) {
            continue;
        }
        *out_value = STR_NONE;
        if (record.value.bytes != NULL) {
            TRY_MEMORY(context, arena_copy(context->arena, record.value, out_value));
        }
    }
}

static enum exit_code decode(struct context *context, struct scan *scan, enum schema_id schema, struct str value,
                             void **out_value)
{
    const struct bus_record record = {.topic = scan->topic, .partition = scan->partition, .offset = -1, .value = value};
    enum record_id type;
    return scan_decode(context, scan, context->arena, schema, &record, &type, out_value);
}

enum exit_code topics_lookup_execution(struct context *context, struct str arn, const struct execution_status **out_status)
{
    struct scan scan;
    struct str value;
    void *status = NULL;
    TRY_RUN(scan_open_for(context, TOPIC_EXECUTIONS, arn, &scan));
    enum exit_code code = find_last(context, &scan, arn, &value);
    if (code == EXIT_CODE_OK && value.bytes != NULL) {
        code = decode(context, &scan, SCHEMA_execution_status, value, &status);
    }
    scan_close(&scan);
    TRY_RUN(code);
    *out_status = status;
    return EXIT_CODE_OK;
}

/* ---- The end ---- */

/* The record as the end of that execution, or NULL. */
static enum exit_code read_end(struct context *context, struct scan *scan, struct str arn, int64_t incarnation,
                               const struct bus_record *record, const struct execution_status **out_end)
{
    enum record_id type;
    void *value;
    *out_end = NULL;
    if (!str_equal(record->key, arn) || record->value.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(scan_decode(context, scan, context->arena, SCHEMA_execution_status, record, &type, &value));
    const struct execution_status *status = value;
    bool mine = incarnation == RECORD_NONE || status->incarnation == incarnation;
    if (mine && !str_equal(status->status, execution_status_name(EXECUTION_STATUS_RUNNING))) {
        *out_end = status;
    }
    return EXIT_CODE_OK;
}

static enum exit_code await_end(struct context *context, struct scan *scan, struct str arn, int64_t incarnation,
                                const struct execution_status **out_end)
{
    struct bus_record record;
    bool more;
    *out_end = NULL;
    while (*out_end == NULL) {
        TRY_RUN(scan_follow(context, scan, WAIT_POLL_MS, &record, &more));
        if (more) {
            TRY_RUN(read_end(context, scan, arn, incarnation, &record, out_end));
        }
    }
    return EXIT_CODE_OK;
}

enum exit_code topics_lookup_end(struct context *context, struct str arn, int64_t incarnation,
                                 const struct execution_status **out_end)
{
    struct scan scan;
    TRY_RUN(scan_open_for(context, TOPIC_EXECUTIONS, arn, &scan));
    enum exit_code code = await_end(context, &scan, arn, incarnation, out_end);
    scan_close(&scan);
    return code;
}

/* ---- State machines ---- */

static enum exit_code find_machine(struct context *context, const struct bus_topic *topic, struct str arn,
                                   const struct definition **out_head)
{
    struct scan scan;
    struct str value;
    struct str key;
    void *head = NULL;
    void *revision = NULL;
    TRY_RUN(scan_open(context, topic, 0, &scan));
    enum exit_code code = find_last(context, &scan, arn, &value);
    if (code == EXIT_CODE_OK && value.bytes != NULL) {
        code = decode(context, &scan, SCHEMA_definition, value, &head);
    }
    scan_close(&scan);
    TRY_RUN(code);
    *out_head = head;
    if (head == NULL) {
        return EXIT_CODE_OK;
    }
    struct definition *found = head;
    TRY_MEMORY(context, arena_format(context->arena, &key, "%.*s#%.*s", STR_ARGS(found->state_machine_arn), STR_ARGS(found->revision_id)));
    TRY_RUN(scan_open(context, topic, 0, &scan));
    code = find_last(context, &scan, key, &value);
    if (code == EXIT_CODE_OK && value.bytes != NULL) {
        code = decode(context, &scan, SCHEMA_definition, value, &revision);
    }
    scan_close(&scan);
    TRY_RUN(code);
    if (revision != NULL) {
        found->definition = ((const struct definition *)revision)->definition;
    }
    return EXIT_CODE_OK;
}

enum exit_code topics_lookup_machine(struct context *context, struct str arn, const struct definition **out_head)
{
    const struct bus_topic *topic;
    TRY_RUN(connection_topic(context, TOPIC_DEFINITIONS, &topic));
    return find_machine(context, topic, arn, out_head);
}

enum exit_code topics_lookup_redrive_refusal(struct context *context, const struct execution_status *status,
                                            struct str *out_reason)
{
    const struct step_config config = {
        .redrive_ms = settings_number(context->settings, OPTION_REDRIVE_DAYS) * DAY_MS,
        .history_events_max = settings_number(context->settings, OPTION_LIMITS_HISTORY_EVENTS),
    };
    const struct definition *head;
    int64_t now_us = bus_now_ms(context->connection->bus) * 1000;
    TRY_MEMORY(context, redrive_refusal(context->arena, status, &config, now_us, out_reason));
    if (out_reason->bytes != NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(lookup_machine(context, status->state_machine_arn, &head));
    if (head == NULL || str_equal(head->status, STR("DELETING"))) {
        *out_reason = STR(REDRIVE_MACHINE_DELETING);
    }
    return EXIT_CODE_OK;
}
