#include "cli/executions.h"
#include "cli/map.h"
#include "cli/scan.h"
#include "cli/side.h"

static bool matches(const struct executions_filter *filter, const struct execution_status *status)
{
    return (filter->machine_arn.bytes == NULL || str_equal(filter->machine_arn, status->state_machine_arn)) &&
           (filter->status.bytes == NULL || str_equal(filter->status, status->status));
}

static enum status copy_status(struct arena *arena, const struct execution_status *from, struct execution_status *out)
{
    struct execution_status copy = *from;
    TRY(arena_copy(arena, from->execution_arn, &copy.execution_arn));
    TRY(arena_copy(arena, from->state_machine_arn, &copy.state_machine_arn));
    TRY(arena_copy(arena, from->name, &copy.name));
    TRY(arena_copy(arena, from->status, &copy.status));
    *out = copy;
    return STATUS_OK;
}

/* The latest record of a key says what it is; a tombstone, that it is gone. */
static enum exit_code take(struct context *context, struct scan *scan, struct map *by_arn, const struct bus_record *record)
{
    enum record_id type;
    void *value;
    void **place;
    TRY_MEMORY(context, map_at(by_arn, record->key, &place));
    if (record->value.bytes == NULL) {
        *place = NULL;
        return EXIT_CODE_OK;
    }
    TRY_RUN(scan_decode(context, scan, NULL, SCHEMA_execution_status, record, &type, &value));
    struct execution_status *kept = *place == NULL ? arena_new(context->arena, struct execution_status) : *place;
    if (kept == NULL || copy_status(context->arena, value, kept) != STATUS_OK) {
        return context_fail_memory(context);
    }
    *place = kept;
    return EXIT_CODE_OK;
}

static enum exit_code read_partition(struct context *context, const struct bus_topic *topic, uint32_t partition,
                                     struct map *by_arn)
{
    struct scan scan;
    struct bus_record record;
    bool more = true;
    enum exit_code code = EXIT_CODE_OK;
    TRY_RUN(scan_open(context, topic, partition, &scan));
    while (code == EXIT_CODE_OK && more) {
        code = scan_next(context, &scan, &record, &more);
        if (code == EXIT_CODE_OK && more) {
            code = take(context, &scan, by_arn, &record);
        }
    }
    scan_close(&scan);
    return code;
}

static enum exit_code select_items(struct context *context, const struct map *by_arn, const struct executions_filter *filter,
                                   struct executions *executions)
{
    executions->items = arena_array(context->arena, const struct execution_status *, by_arn->count + 1);
    if (executions->items == NULL) {
        return context_fail_memory(context);
    }
    for (size_t at = 0; at < by_arn->capacity; at++) {
        const struct execution_status *status = by_arn->entries[at].value;
        if (status != NULL && matches(filter, status)) {
            executions->items[executions->count++] = status;
        }
    }
    return EXIT_CODE_OK;
}

enum exit_code topics_executions_find(struct context *context, const struct executions_filter *filter,
                                      struct executions *out_executions)
{
    struct map by_arn = map_in(context->arena); /* to struct execution_status */
    struct executions executions = {.count = 0};
    const struct bus_topic *topic;
    TRY_RUN(connection_topic(context, TOPIC_EXECUTIONS, &topic));
    for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
        TRY_RUN(read_partition(context, topic, partition, &by_arn));
    }
    TRY_RUN(select_items(context, &by_arn, filter, &executions));
    executions_arrange(&executions, filter->max);
    *out_executions = executions;
    return EXIT_CODE_OK;
}
