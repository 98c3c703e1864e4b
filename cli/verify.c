#include "cli/verify.h"

#include "base/hash.h"
#include "schemas/execution_statuses.h"
#include "schemas/history_events.h"

#include <inttypes.h>
#include <time.h>

#define PAUSE_MS 5
#define PATIENCE_MS 30000 /* for transactions that are open */
#define DAY_US (24LL * 3600 * 1000000)

const char *const verify_rule_names[VERIFY_RULE_COUNT] = {
#define VERIFY_RULE(id, name, text) name,
#include "cli/verify_rules.def"
};

const char *const verify_rule_texts[VERIFY_RULE_COUNT] = {
#define VERIFY_RULE(id, name, text) text,
#include "cli/verify_rules.def"
};

/* ---- Findings ---- */

void verify_report(struct verify *verify, enum verify_rule rule, const struct bus_record *record, const char *format, ...)
{
    FILE *out = verify->context->errors;
    verify->found[rule]++;
    if (verify->shown++ >= VERIFY_FINDINGS_SHOWN_MAX) {
        return;
    }
    if (record->topic != NULL) {
        fprintf(out, "%.*s, partition %" PRIu32 ", offset %" PRId64 ": ", STR_ARGS(bus_topic_name(record->topic)),
                record->partition, record->offset);
    } else {
        fprintf(out, "partition %" PRIu32 ": ", verify->partition);
    }
    fprintf(out, "%s: ", verify_rule_names[rule]);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
}

void verify_note(struct verify *verify, const char *format, ...)
{
    if (verify->shown++ >= VERIFY_FINDINGS_SHOWN_MAX) {
        return;
    }
    fprintf(verify->context->errors, "partition %" PRIu32 ": ", verify->partition);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(verify->context->errors, format, arguments);
    va_end(arguments);
    fputc('\n', verify->context->errors);
}

struct verify_place verify_place_of(const struct bus_record *record)
{
    return (struct verify_place){record->topic, record->offset};
}

struct bus_record verify_record_at(const struct verify *verify, struct verify_place place)
{
    return (struct bus_record){.topic = place.topic, .partition = verify->partition, .offset = place.offset};
}

/* ---- Reading ---- */

static enum exit_code bounds(struct verify *verify, const struct bus_topic *topic, bool committed, int64_t *out_end)
{
    struct context *context = verify->context;
    struct bus_error error = {""};
    int64_t begin;
    enum status status = bus_bounds(context->connection->bus, topic, verify->partition, committed, &begin, out_end, &error);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, bus_topic_name(topic).bytes, &error);
}

enum exit_code verify_begin(struct verify *verify)
{
    struct context *context = verify->context;
    const struct bus_topic *history;
    const struct bus_topic *inputs[2];
    TRY_RUN(connection_topic(context, TOPIC_HISTORY, &history));
    TRY_RUN(connection_topic(context, TOPIC_COMMANDS, &inputs[0]));
    TRY_RUN(connection_topic(context, TOPIC_RESULTS, &inputs[1]));
    uint32_t count = bus_topic_partition_count(history);
    struct verify_start *starts = arena_array(context->arena, struct verify_start, count);
    if (starts == NULL) {
        return context_fail_memory(context);
    }
    verify->starts = starts;
    verify->start_us = bus_now_ms(context->connection->bus) * 1000;
    for (verify->partition = 0; verify->partition < count; verify->partition++) {
        struct verify_start *start = &starts[verify->partition];
        TRY_RUN(bounds(verify, history, true, &start->history));
        TRY_RUN(bounds(verify, inputs[0], true, &start->inputs[0]));
        TRY_RUN(bounds(verify, inputs[1], true, &start->inputs[1]));
    }
    return EXIT_CODE_OK;
}

enum exit_code verify_open(struct verify *verify, const struct bus_topic *topic, struct scan *out_scan)
{
    struct context *context = verify->context;
    int64_t begin_ms = bus_now_ms(context->connection->bus);
    int64_t target;
    int64_t end;
    TRY_RUN(bounds(verify, topic, false, &target));
    TRY_RUN(bounds(verify, topic, true, &end));
    while (end < target) {
        if (bus_now_ms(context->connection->bus) - begin_ms > PATIENCE_MS) {
            const struct bus_error error = {"a transaction has been open for 30 s"};
            return context_fail_bus(context, STATUS_TIMED_OUT, bus_topic_name(topic).bytes, &error);
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
        TRY_RUN(bounds(verify, topic, true, &end));
    }
    return scan_open(context, topic, verify->partition, out_scan);
}

/* The record's value in the scan's scratch, or NULL: then that was told. */
static void *decode(struct verify *verify, struct scan *scan, enum schema_id schema, const struct bus_record *record,
                    enum record_id *out_type)
{
    struct codec_error error = {STR("it is too large")};
    void *value;
    arena_reset(scan->scratch);
    verify->counts[VERIFY_READABLE]++;
    enum status status = codec_decode(verify->context->connection->codec, scan->scratch, schema, record->value, out_type,
                                      &value, &error);
    if (status != STATUS_OK) {
        verify_report(verify, VERIFY_READABLE, record, "%.*s", STR_ARGS(error.message));
        return NULL;
    }
    return value;
}

enum exit_code verify_take(struct verify *verify, struct scan *scan, verify_take_fn take)
{
    struct bus_record record;
    bool more = true;
    enum exit_code code = EXIT_CODE_OK;
    while (code == EXIT_CODE_OK && more) {
        code = scan_next(verify->context, scan, &record, &more);
        if (code == EXIT_CODE_OK && more) {
            code = take(verify, scan, &record);
        }
    }
    scan_close(scan);
    return code;
}

/* Every record of the partition. *out_begin: the first offset that is held. */
static enum exit_code read_topic(struct verify *verify, const struct bus_topic *topic, verify_take_fn take, int64_t *out_begin)
{
    struct scan scan;
    TRY_RUN(verify_open(verify, topic, &scan));
    *out_begin = scan.begin;
    return verify_take(verify, &scan, take);
}

static void check_place(struct verify *verify, const struct bus_record *record, struct str arn)
{
    uint32_t expected = hash_partition(arn, bus_topic_partition_count(record->topic));
    verify->counts[VERIFY_PLACE]++;
    if (expected != record->partition) {
        verify_report(verify, VERIFY_PLACE, record, "%.*s belongs on partition %" PRIu32, STR_ARGS(arn), expected);
    }
    if (!str_equal(record->key, arn)) {
        verify_report(verify, VERIFY_PLACE, record, "the key is not %.*s", STR_ARGS(arn));
    }
}

/* ---- Runs ---- */

static struct verify_run *find_run(const struct verify *verify, struct str arn, int64_t incarnation)
{
    struct verify_run *run = map_get(&verify->runs, arn);
    while (run != NULL && run->incarnation != incarnation) {
        run = run->earlier;
    }
    return run;
}

/* The run, made when it is new. NULL: no memory. */
static struct verify_run *need_run(struct verify *verify, struct str arn, int64_t incarnation)
{
    void **place;
    struct verify_run *run = find_run(verify, arn, incarnation);
    if (run != NULL) {
        return run;
    }
    run = arena_new(verify->arena, struct verify_run);
    if (run == NULL || map_at(&verify->runs, arn, &place) != STATUS_OK) {
        return NULL;
    }
    *run = (struct verify_run){.incarnation = incarnation, .earlier = *place};
    *place = run;
    return run;
}

/* ---- pawl.history ---- */

static bool is_scheduled(enum history_event_type type)
{
    return type == HISTORY_EVENT_TASK_SCHEDULED || type == HISTORY_EVENT_LAMBDA_FUNCTION_SCHEDULED ||
           type == HISTORY_EVENT_ACTIVITY_SCHEDULED;
}

/* The task's route refused its request: nobody was asked. */
static bool is_unsent(enum history_event_type type)
{
    return type == HISTORY_EVENT_TASK_SUBMIT_FAILED || type == HISTORY_EVENT_LAMBDA_FUNCTION_SCHEDULE_FAILED ||
           type == HISTORY_EVENT_ACTIVITY_SCHEDULE_FAILED;
}

/* What ended may go on by a redrive alone, and only what ended without success is redriven. */
static void check_end(struct verify *verify, const struct verify_run *run, const struct history_event *event,
                      const struct bus_record *record)
{
    bool redriven = str_equal(event->type, history_event_type_name(HISTORY_EVENT_EXECUTION_REDRIVEN));
    bool succeeded = str_equal(run->end, history_event_type_name(HISTORY_EVENT_EXECUTION_SUCCEEDED));
    if (run->end.bytes != NULL && (!redriven || succeeded)) {
        verify_report(verify, VERIFY_HISTORY, record, "%.*s: %.*s after %.*s", STR_ARGS(event->execution_arn),
                      STR_ARGS(event->type), STR_ARGS(run->end));
    }
    if (run->end.bytes == NULL && redriven && run->has_history) {
        verify_report(verify, VERIFY_HISTORY, record, "%.*s: %.*s before an end", STR_ARGS(event->execution_arn),
                      STR_ARGS(event->type));
    }
}

static void check_order(struct verify *verify, const struct verify_run *run, const struct history_event *event,
                        const struct bus_record *record)
{
    struct str arn = event->execution_arn;
    if (event->id != run->last_id + 1) {
        verify_report(verify, VERIFY_HISTORY, record, "%.*s: event %" PRId64 " where %" PRId64 " is due", STR_ARGS(arn),
                      event->id, run->last_id + 1);
    }
    if (event->previous_event_id < 0 || event->previous_event_id >= event->id) {
        verify_report(verify, VERIFY_HISTORY, record, "%.*s: event %" PRId64 " names event %" PRId64, STR_ARGS(arn), event->id,
                      event->previous_event_id);
    }
    if (event->timestamp < run->last_time) {
        verify_report(verify, VERIFY_HISTORY, record, "%.*s: event %" PRId64 " is earlier than the one before", STR_ARGS(arn),
                      event->id);
    }
}

static enum exit_code take_event(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    enum record_id record_type;
    enum history_event_type type;
    const struct history_event *event = decode(verify, scan, SCHEMA_history_event, record, &record_type);
    if (event == NULL) {
        return EXIT_CODE_OK;
    }
    struct verify_run *run = need_run(verify, event->execution_arn, event->incarnation);
    if (run == NULL) {
        return context_fail_memory(verify->context);
    }
    check_place(verify, record, event->execution_arn);
    verify->counts[VERIFY_HISTORY]++;
    if (scan->begin > 0 && verify->history_time == INT64_MIN) {
        verify->history_time = event->timestamp;
    }
    if (!run->has_history && event->id > 1 && scan->begin > 0) {
        run->cut = true; /* the topic's retention took its first events */
        run->last_id = event->id - 1;
    }
    check_order(verify, run, event, record);
    check_end(verify, run, event, record);
    run->has_history = true;
    run->young = run->young || record->offset >= verify->starts[verify->partition].history;
    run->last = verify_place_of(record);
    run->last_id = event->id;
    run->last_time = event->timestamp;
    run->end = STR_NONE;
    if (!history_event_type_of(event->type, &type)) {
        verify_report(verify, VERIFY_HISTORY, record, "there is no event type %.*s", STR_ARGS(event->type));
        return EXIT_CODE_OK;
    }
    run->scheduled += is_scheduled(type);
    run->scheduled -= is_unsent(type);
    if (history_event_is_end(type)) {
        run->end = history_event_type_name(type);
    }
    return EXIT_CODE_OK;
}

/* ---- pawl.tasks.* ---- */

static enum exit_code take_request(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    enum record_id type;
    void **place;
    const struct task_request *request = decode(verify, scan, SCHEMA_task_request, record, &type);
    if (request == NULL) {
        return EXIT_CODE_OK;
    }
    check_place(verify, record, request->execution_arn);
    verify->counts[VERIFY_TASK]++;
    struct verify_run *run = need_run(verify, request->execution_arn, request->incarnation);
    if (run == NULL || map_at(&verify->tokens, request->task_token, &place) != STATUS_OK) {
        return context_fail_memory(verify->context);
    }
    if (*place != NULL) {
        verify_report(verify, VERIFY_TASK, record, "%.*s: the token of state %.*s, attempt %" PRId64 ", was there before",
                      STR_ARGS(request->execution_arn), STR_ARGS(request->state_name), request->attempt);
    }
    *place = verify;
    run->requested++;
    run->last = verify_place_of(record);
    return EXIT_CODE_OK;
}

/* ---- pawl.executions ---- */

static enum exit_code take_status(struct verify *verify, struct scan *scan, const struct bus_record *record)
{
    enum record_id type;
    void **place;
    if (map_at(&verify->statuses, record->key, &place) != STATUS_OK) {
        return context_fail_memory(verify->context);
    }
    if (record->value.bytes == NULL) {
        *place = NULL;
        return EXIT_CODE_OK;
    }
    const struct execution_status *status = decode(verify, scan, SCHEMA_execution_status, record, &type);
    if (status == NULL) {
        return EXIT_CODE_OK;
    }
    check_place(verify, record, status->execution_arn);
    struct verify_status *kept = arena_new(verify->arena, struct verify_status);
    if (kept == NULL || arena_copy(verify->arena, status->status, &kept->status) != STATUS_OK) {
        return context_fail_memory(verify->context);
    }
    kept->incarnation = status->incarnation;
    kept->version = status->version;
    kept->place = verify_place_of(record);
    *place = kept;
    return EXIT_CODE_OK;
}

struct str verify_status_of(struct str end)
{
    static const struct {
        enum history_event_type event;
        enum execution_status_id status;
    } rows[] = {
        {HISTORY_EVENT_EXECUTION_SUCCEEDED, EXECUTION_STATUS_SUCCEEDED},
        {HISTORY_EVENT_EXECUTION_FAILED, EXECUTION_STATUS_FAILED},
        {HISTORY_EVENT_EXECUTION_ABORTED, EXECUTION_STATUS_ABORTED},
        {HISTORY_EVENT_EXECUTION_TIMED_OUT, EXECUTION_STATUS_TIMED_OUT},
    };
    for (size_t at = 0; end.bytes != NULL && at < sizeof rows / sizeof *rows; at++) {
        if (str_equal(history_event_type_name(rows[at].event), end)) {
            return execution_status_name(rows[at].status);
        }
    }
    return execution_status_name(EXECUTION_STATUS_RUNNING);
}

static void check_status(struct verify *verify, struct str arn, const struct verify_run *run,
                         const struct verify_status *status)
{
    const struct bus_record record = verify_record_at(verify, status->place);
    struct str expected = verify_status_of(run->end);
    verify->counts[VERIFY_STATUS]++;
    if (run->incarnation != status->incarnation) {
        if (run->incarnation > status->incarnation) {
            verify_report(verify, VERIFY_STATUS, &record, "%.*s: the status is of an earlier run", STR_ARGS(arn));
        } else if (run->end.bytes == NULL) {
            verify_report(verify, VERIFY_STATUS, &record, "%.*s: an earlier run has no end", STR_ARGS(arn));
        }
        return;
    }
    if (!str_equal(status->status, expected)) {
        verify_report(verify, VERIFY_STATUS, &record, "%.*s is %.*s, and by its history %.*s", STR_ARGS(arn),
                      STR_ARGS(status->status), STR_ARGS(expected));
    }
    if (run->end.bytes != NULL && status->version != run->last_id) {
        verify_report(verify, VERIFY_STATUS, &record, "%.*s ended with event %" PRId64 ", its status says %" PRId64, STR_ARGS(arn),
                      run->last_id, status->version);
    }
}

/* ---- Across topics ---- */

bool verify_forgets(const struct verify *verify, int64_t incarnation)
{
    return incarnation <= verify->history_time;
}

static void check_tasks(struct verify *verify, struct str arn, const struct verify_run *run)
{
    const struct bus_record record = verify_record_at(verify, run->last);
    bool cut = run->cut || (!run->has_history && verify_forgets(verify, run->incarnation));
    bool fewer = run->requested < run->scheduled && !verify->tasks_cut;
    bool more = run->requested > run->scheduled && !cut;
    if (fewer || more) {
        verify_report(verify, VERIFY_TASK, &record, "%.*s scheduled %" PRId64 " tasks, and %" PRId64 " were asked for",
                      STR_ARGS(arn), run->scheduled, run->requested);
    }
}

int64_t verify_retention_us(const struct verify *verify)
{
    return settings_number(verify->context->settings, OPTION_RETENTION_DAYS) * DAY_US;
}

static void check_run(struct verify *verify, struct str arn, const struct verify_run *run)
{
    const struct verify_status *status = map_get(&verify->statuses, arn);
    bool standard = str_find_str(arn, STR(":execution:")) < arn.length;
    if (run->young) {
        return;
    }
    check_tasks(verify, arn, run);
    if (!run->has_history) {
        return;
    }
    if (status != NULL) {
        check_status(verify, arn, run, status);
    } else if (standard && run->last_time > verify->start_us - verify_retention_us(verify)) {
        const struct bus_record record = verify_record_at(verify, run->last);
        verify_report(verify, VERIFY_STATUS, &record, "%.*s has a history, and no status", STR_ARGS(arn));
    }
}

static void check_runs(struct verify *verify)
{
    for (size_t at = 0; at < verify->runs.capacity; at++) {
        const struct map_entry *entry = &verify->runs.entries[at];
        for (const struct verify_run *run = entry->value; run != NULL; run = run->earlier) {
            check_run(verify, entry->key, run);
        }
    }
    for (size_t at = 0; at < verify->statuses.capacity; at++) {
        const struct map_entry *entry = &verify->statuses.entries[at];
        const struct verify_status *status = entry->value;
        const struct verify_run *run = status == NULL ? NULL : find_run(verify, entry->key, status->incarnation);
        if (status != NULL && (run == NULL || !run->has_history) && !verify_forgets(verify, status->incarnation)) {
            const struct bus_record record = verify_record_at(verify, status->place);
            verify_report(verify, VERIFY_STATUS, &record, "%.*s has a status, and no history", STR_ARGS(entry->key));
        }
    }
}

static void forget_partition(struct verify *verify)
{
    arena_reset(verify->arena);
    verify->runs = map_in(verify->arena);
    verify->statuses = map_in(verify->arena);
    verify->tokens = map_in(verify->arena);
    verify->waiting = map_in(verify->arena);
    verify->rows = verify_rows_in(verify->arena);
    verify->log = (struct verify_log){0};
    verify->tasks_cut = false;
    verify->history_time = INT64_MIN;
}

enum exit_code verify_partition(struct verify *verify, const struct bus_topic *const *tasks, size_t task_count)
{
    struct context *context = verify->context;
    const struct bus_topic *history;
    const struct bus_topic *executions;
    int64_t begin;
    forget_partition(verify);
    TRY_RUN(connection_topic(context, TOPIC_HISTORY, &history));
    TRY_RUN(connection_topic(context, TOPIC_EXECUTIONS, &executions));
    TRY_RUN(read_topic(verify, executions, take_status, &begin));
    for (size_t at = 0; at < task_count; at++) {
        TRY_RUN(read_topic(verify, tasks[at], take_request, &begin));
        verify->tasks_cut = verify->tasks_cut || begin > 0;
    }
    TRY_RUN(verify_fold(verify));
    TRY_RUN(read_topic(verify, history, take_event, &begin));
    if (begin > 0 && verify->history_time == INT64_MIN) {
        verify->history_time = INT64_MAX; /* all of it was cut off */
    }
    check_runs(verify);
    TRY_RUN(verify_executions(verify));
    TRY_RUN(verify_answers(verify));
    TRY_RUN(verify_inputs(verify));
    return verify_timers(verify);
}
