#include "asl/value.h"
#include "cli/map.h"
#include "cli/name.h"
#include "cli/scan.h"
#include "cli/timeline.h"
#include "gateway/answer.h"
#include "schemas/execution_statuses.h"

#include <stdlib.h>

#define LIST_MAX_DEFAULT 100

struct filter {
    struct str machine_arn; /* STR_NONE: any */
    struct str status;      /* STR_NONE: any */
    int64_t max;            /* 0: all */
};

struct list {
    struct map by_arn; /* to struct execution_status */
    const struct execution_status **items;
    size_t count;
};

static bool matches(const struct filter *filter, const struct execution_status *status)
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
static enum exit_code take(struct context *context, struct scan *scan, struct list *list, const struct bus_record *record)
{
    enum record_id type;
    void *value;
    void **place;
    TRY_MEMORY(context, map_at(&list->by_arn, record->key, &place));
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
                                     struct list *list)
{
    struct scan scan;
    struct bus_record record;
    bool more = true;
    enum exit_code code = EXIT_CODE_OK;
    TRY_RUN(scan_open(context, topic, partition, &scan));
    while (code == EXIT_CODE_OK && more) {
        code = scan_next(context, &scan, &record, &more);
        if (code == EXIT_CODE_OK && more) {
            code = take(context, &scan, list, &record);
        }
    }
    scan_close(&scan);
    return code;
}

static int compare(const void *a, const void *b)
{
    const struct execution_status *left = *(const struct execution_status *const *)a;
    const struct execution_status *right = *(const struct execution_status *const *)b;
    if (left->start_date != right->start_date) {
        return left->start_date > right->start_date ? -1 : 1;
    }
    return str_compare(left->execution_arn, right->execution_arn);
}

static enum exit_code select_items(struct context *context, struct list *list, const struct filter *filter)
{
    list->items = arena_array(context->arena, const struct execution_status *, list->by_arn.count + 1);
    if (list->items == NULL) {
        return context_fail_memory(context);
    }
    for (size_t at = 0; at < list->by_arn.capacity; at++) {
        const struct execution_status *status = list->by_arn.entries[at].value;
        if (status != NULL && matches(filter, status)) {
            list->items[list->count++] = status;
        }
    }
    qsort(list->items, list->count, sizeof *list->items, compare);
    return EXIT_CODE_OK;
}

static enum status add_line(struct buffer *buffer, const struct execution_status *status)
{
    TRY(timeline_time(buffer, status->start_date));
    TRY(buffer_format(buffer, "  %-9.*s  ", STR_ARGS(status->status)));
    TRY(timeline_text(buffer, status->execution_arn, 0));
    return buffer_add_byte(buffer, '\n');
}

static enum exit_code print(struct context *context, const struct list *list, const struct filter *filter)
{
    size_t count = filter->max > 0 && (size_t)filter->max < list->count ? (size_t)filter->max : list->count;
    context_print(context, context->json ? STR("{\"executions\":[") : STR(""));
    for (size_t at = 0; at < count; at++) {
        struct buffer buffer = buffer_in(context->arena);
        struct str text;
        if (context->json) {
            TRY_MEMORY(context, answer_execution_item(context->arena, list->items[at], &text));
            context_print(context, at > 0 ? STR(",") : STR(""));
        } else {
            TRY_MEMORY(context, add_line(&buffer, list->items[at]));
            text = buffer_text(&buffer);
        }
        context_print(context, text);
    }
    context_print(context, context->json ? STR("]}\n") : STR(""));
    if (!context->json && count < list->count) {
        fprintf(context->out, "and %zu more (--max)\n", list->count - count);
    }
    return EXIT_CODE_OK;
}

static void print_counts(struct context *context, const struct list *list)
{
    context_print(context, context->json ? STR("{\"counts\":{") : STR(""));
    for (int id = 0; id < EXECUTION_STATUS_COUNT; id++) {
        struct str name = execution_status_name((enum execution_status_id)id);
        size_t count = 0;
        for (size_t at = 0; at < list->count; at++) {
            count += str_equal(list->items[at]->status, name);
        }
        if (context->json) {
            fprintf(context->out, "%s\"%.*s\":%zu", id > 0 ? "," : "", STR_ARGS(name), count);
        } else if (count > 0) {
            fprintf(context->out, "%-16.*s %zu\n", STR_ARGS(name), count);
        }
    }
    context_print(context, context->json ? STR("}}\n") : STR(""));
}

static enum exit_code read_filter(struct context *context, struct filter *filter)
{
    struct argument_range range = {LIST_MAX_DEFAULT, 0, INT64_MAX};
    enum execution_status_id id;
    struct str problem;
    *filter = (struct filter){.status = context_flag(context, FLAG_LIST_STATUS)};
    if (context_positional(context).bytes != NULL) {
        TRY_RUN(name_machine(context, context_positional(context), &filter->machine_arn));
    }
    if (filter->status.bytes != NULL && !execution_status_of(filter->status, &id)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "--status must be RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED, not '%.*s'",
                            STR_ARGS(filter->status));
    }
    enum status status = arguments_number(context->arena, &context->arguments, FLAG_LIST_MAX, range, &filter->max, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

enum exit_code command_list(struct context *context)
{
    struct list list = {.by_arn = map_in(context->arena)};
    struct filter filter;
    const struct bus_topic *topic;
    TRY_RUN(read_filter(context, &filter));
    TRY_RUN(connection_open(context));
    TRY_RUN(connection_topic(context, TOPIC_EXECUTIONS, &topic));
    for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
        TRY_RUN(read_partition(context, topic, partition, &list));
    }
    TRY_RUN(select_items(context, &list, &filter));
    if (context_given(context, FLAG_LIST_COUNT)) {
        print_counts(context, &list);
        return EXIT_CODE_OK;
    }
    return print(context, &list, &filter);
}
