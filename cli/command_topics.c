#include "asl/arn.h"
#include "base/limits.h"
#include "cli/map.h"
#include "cli/scan.h"
#include "cli/topics_read.h"
#include "cli/topics_write.h"
#include "processor/topics.h"
#include "schemas/execution_statuses.h"

#include <inttypes.h>
#include <time.h>

#define HEARD_MS 100 /* between two looks at whether all brokers know a topic */
#define HEARD_ATTEMPTS_MAX 100

static enum exit_code read_number(struct context *context, enum flag_id id, struct argument_range range, int64_t *out_number)
{
    struct str problem;
    enum status status = arguments_number(context->arena, &context->arguments, id, range, out_number, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

/* ---- describe ---- */

static enum exit_code count_records(struct context *context, const struct bus_topic *topic, int64_t *out_count)
{
    struct bus_error error = {""};
    int64_t count = 0;
    for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
        int64_t begin;
        int64_t end;
        enum status status = bus_bounds(context->connection->bus, topic, partition, true, &begin, &end, &error);
        if (status != STATUS_OK) {
            return context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
        }
        count += end - begin;
    }
    *out_count = count;
    return EXIT_CODE_OK;
}

/* One broker listed it; another may not have heard of it yet when it was made this moment. */
static enum status open_listed(struct context *context, struct str name, const struct bus_topic **out_topic,
                               struct bus_error *out_error)
{
    enum status status = bus_topic_open(context->connection->bus, name, out_topic, out_error);
    for (int attempt = 1; status == STATUS_NOT_FOUND && attempt < HEARD_ATTEMPTS_MAX; attempt++) {
        nanosleep(&(struct timespec){.tv_nsec = HEARD_MS * 1000000L}, NULL);
        status = bus_topic_open(context->connection->bus, name, out_topic, out_error);
    }
    return status;
}

static enum exit_code describe_one(struct context *context, struct str name, bool first)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int64_t count = 0;
    enum status status = open_listed(context, name, &topic, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, name.bytes, &error);
    }
    TRY_RUN(count_records(context, topic, &count));
    if (context->json) {
        fprintf(context->out, "%s{\"name\":\"%.*s\",\"partitions\":%" PRIu32 ",\"offsets\":%" PRId64 "}", first ? "" : ",",
                STR_ARGS(name), bus_topic_partition_count(topic), count);
    } else {
        fprintf(context->out, "%-40.*s %10" PRIu32 " %15" PRId64 "\n", STR_ARGS(name), bus_topic_partition_count(topic),
                count);
    }
    return EXIT_CODE_OK;
}

static enum exit_code describe(struct context *context)
{
    struct bus_error error = {""};
    struct str stem;
    struct str *names;
    size_t count;
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    TRY_MEMORY(context, arena_format(context->arena, &stem, "%.*s.", STR_ARGS(prefix)));
    enum status status = bus_topic_list(context->connection->bus, context->arena, stem, &names, &count, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "topics", &error);
    }
    if (context->json) {
        context_print(context, STR("{\"topics\":["));
    } else {
        fprintf(context->out, "%-40s %10s %15s\n", "TOPIC", "PARTITIONS", "OFFSETS");
    }
    for (size_t at = 0; at < count; at++) {
        TRY_RUN(describe_one(context, names[at], at == 0));
    }
    context_print(context, context->json ? STR("]}\n") : STR(""));
    return EXIT_CODE_OK;
}

/* ---- create ---- */

static enum exit_code create(struct context *context)
{
    struct bus_error error = {""};
    int64_t partitions;
    struct argument_range range = {settings_number(context->settings, OPTION_TOPICS_PARTITIONS), 1, PARTITIONS_MAX};
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    TRY_RUN(read_number(context, FLAG_TOPICS_PARTITIONS, range, &partitions));
    TRY_RUN(connection_open(context));
    enum status status = topics_create(context->connection->bus, prefix, (uint32_t)partitions, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "topics", &error);
    }
    return describe(context);
}

/* ---- trim ---- */

/* An Express execution's status need not be in pawl.executions: it may run for five minutes. */
static bool may_run_express(struct context *context, const struct bus_record *record)
{
    int64_t age_ms = bus_now_ms(context->connection->bus) - record->timestamp_ms;
    return arn_type_of(record->key) == ARN_EXPRESS && age_ms < 2 * EXPRESS_MS_MAX;
}

/* The first request whose execution may still want it. */
static enum exit_code find_needed(struct context *context, struct scan *scan, const struct map *running,
                                  int64_t *out_offset)
{
    struct bus_record record;
    bool more;
    for (;;) {
        TRY_RUN(scan_next(context, scan, &record, &more));
        if (!more) {
            *out_offset = scan->end;
            return EXIT_CODE_OK;
        }
        if (map_get(running, record.key) != NULL || may_run_express(context, &record)) {
            *out_offset = record.offset;
            return EXIT_CODE_OK;
        }
    }
}

/* The executions of the partition that run. */
static enum exit_code find_running(struct context *context, uint32_t partition, struct map *running)
{
    struct scan scan;
    struct bus_record record;
    const struct bus_topic *topic;
    bool more = true;
    enum exit_code code = EXIT_CODE_OK;
    TRY_RUN(connection_topic(context, TOPIC_EXECUTIONS, &topic));
    TRY_RUN(scan_open(context, topic, partition, &scan));
    while (code == EXIT_CODE_OK && more) {
        enum record_id type;
        void *value = NULL;
        void **place;
        code = scan_next(context, &scan, &record, &more);
        if (code != EXIT_CODE_OK || !more) {
            break;
        }
        if (record.value.bytes != NULL) {
            code = scan_decode(context, &scan, NULL, SCHEMA_execution_status, &record, &type, &value);
        }
        if (code == EXIT_CODE_OK && map_at(running, record.key, &place) != STATUS_OK) {
            code = context_fail_memory(context);
        }
        if (code == EXIT_CODE_OK) {
            const struct execution_status *status = value;
            bool runs = status != NULL && str_equal(status->status, execution_status_name(EXECUTION_STATUS_RUNNING));
            *place = runs ? running : NULL;
        }
    }
    scan_close(&scan);
    return code;
}

static enum exit_code trim_at(struct context *context, const struct bus_topic *topic, uint32_t partition, int64_t offset)
{
    struct bus_error error = {""};
    enum status status = bus_trim(context->connection->bus, topic, partition, offset, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
    }
    if (!context->json) {
        fprintf(context->out, "%.*s, partition %" PRIu32 ": trimmed below %" PRId64 "\n", STR_ARGS(bus_topic_name(topic)),
                partition, offset);
    }
    return EXIT_CODE_OK;
}

/* The requests are scanned up to their end as of now, and only then it is asked which executions run: one that was started
 * in between has its requests past that end. */
static enum exit_code trim_ended(struct context *context, const struct bus_topic *topic, uint32_t partition)
{
    struct map running = map_in(context->arena);
    struct scan scan;
    int64_t offset = 0;
    TRY_RUN(scan_open(context, topic, partition, &scan));
    enum exit_code code = find_running(context, partition, &running);
    if (code == EXIT_CODE_OK) {
        code = find_needed(context, &scan, &running, &offset);
    }
    scan_close(&scan);
    TRY_RUN(code);
    return trim_at(context, topic, partition, offset);
}

static enum exit_code open_topic(struct context *context, struct str name, const struct bus_topic **out_topic)
{
    struct bus_error error = {""};
    enum status status = bus_topic_open(context->connection->bus, name, out_topic, &error);
    if (status == STATUS_NOT_FOUND) {
        return context_fail(context, EXIT_CODE_FAILED, "the topic %.*s does not exist", STR_ARGS(name));
    }
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, name.bytes, &error);
}

/* Whoever does the task is a group: what it has done with is no longer wanted. */
static enum exit_code trim_done(struct context *context, const struct bus_topic *topic, struct str group, uint32_t partition)
{
    struct bus_error error = {""};
    int64_t next;
    enum status status = bus_group_next(context->connection->bus, group, topic, partition, &next, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, group.bytes, &error);
    }
    if (next == BUS_OFFSET_NONE) {
        fprintf(context->errors, "%.*s, partition %" PRIu32 ": group %.*s has done nothing of it; not trimmed\n",
                STR_ARGS(bus_topic_name(topic)), partition, STR_ARGS(group));
        return EXIT_CODE_OK;
    }
    return trim_at(context, topic, partition, next);
}

/* The group that is named, or the one that `pawl worker --task` has. */
static enum exit_code find_group(struct context *context, struct str route, struct str *out_group)
{
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    *out_group = context_flag(context, FLAG_TOPICS_GROUP);
    if (!context_given(context, FLAG_TOPICS_GROUP)) {
        TRY_MEMORY(context, arena_format(context->arena, out_group, "%.*s-worker-%.*s", STR_ARGS(prefix), STR_ARGS(route)));
    }
    return EXIT_CODE_OK;
}

static enum exit_code trim_task(struct context *context, struct str route)
{
    const struct bus_topic *topic;
    struct str name;
    struct str group;
    bool ended = context_given(context, FLAG_TOPICS_ENDED);
    if (ended && context_given(context, FLAG_TOPICS_GROUP)) {
        return context_fail(context, EXIT_CODE_USAGE, "trim takes either --group or --ended");
    }
    TRY_RUN(find_group(context, route, &group));
    TRY_RUN(connection_open(context));
    TRY_RUN(connection_topic_name(context, TOPIC_TASKS, route, &name));
    TRY_RUN(open_topic(context, name, &topic));
    for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
        TRY_RUN(ended ? trim_ended(context, topic, partition) : trim_done(context, topic, group, partition));
    }
    return EXIT_CODE_OK;
}

static enum exit_code trim_topic(struct context *context, struct str name)
{
    const struct bus_topic *topic;
    int64_t partition;
    int64_t before;
    struct argument_range offsets = {-1, 0, INT64_MAX};
    struct argument_range partitions = {-1, 0, PARTITIONS_MAX};
    TRY_RUN(read_number(context, FLAG_TOPICS_PARTITION, partitions, &partition));
    TRY_RUN(read_number(context, FLAG_TOPICS_BEFORE, offsets, &before));
    if (partition < 0 || before < 0) {
        return context_fail(context, EXIT_CODE_USAGE, "trim --topic needs --partition and --before");
    }
    TRY_RUN(connection_open(context));
    TRY_RUN(open_topic(context, name, &topic));
    if (partition >= bus_topic_partition_count(topic)) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s has partitions 0 to %" PRIu32, STR_ARGS(name),
                            bus_topic_partition_count(topic) - 1);
    }
    return trim_at(context, topic, (uint32_t)partition, before);
}

static enum exit_code trim(struct context *context)
{
    struct str task = context_flag(context, FLAG_TOPICS_TASK);
    struct str topic = context_flag(context, FLAG_TOPICS_TOPIC);
    if ((task.bytes == NULL) == (topic.bytes == NULL)) {
        return context_fail(context, EXIT_CODE_USAGE, "trim needs either --task or --topic");
    }
    return task.bytes != NULL ? trim_task(context, task) : trim_topic(context, topic);
}

enum exit_code command_topics(struct context *context)
{
    struct str what = context_positional(context);
    if (str_equal(what, STR("create"))) {
        return create(context);
    }
    if (str_equal(what, STR("describe"))) {
        TRY_RUN(connection_open(context));
        return describe(context);
    }
    if (str_equal(what, STR("trim"))) {
        return trim(context);
    }
    if (str_equal(what, STR("read"))) {
        return topics_read(context, context_flag(context, FLAG_TOPICS_TOPIC));
    }
    if (str_equal(what, STR("write"))) {
        return topics_write(context, context_flag(context, FLAG_TOPICS_TOPIC));
    }
    return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is neither create nor describe nor trim nor read nor write",
                        STR_ARGS(what));
}
