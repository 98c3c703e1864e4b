#include "cli/bench_record.h"

#include "state/keys.h"

#include <inttypes.h>

#define IN_FLIGHT 200
#define SECONDS 0.5
#define STEPS_PER_PARTITION 512
#define READ_MS 1000
#define ARENA_BYTES ((size_t)16 << 20)

/* Records of one topic and partition that belong to steps in the middle of a chain, in order. */
struct found {
    struct bench_step_record *items;
    size_t count;
    size_t capacity;
};

struct recording {
    struct bench *bench;
    struct bench_side *side;
    struct arena *arena; /* of one record */
    struct bench_record_counts counts;
    uint64_t tasks;
    struct found tasks_found;
    struct found rows_found;
    struct bench_step *steps; /* of this partition: their history */
    size_t step_count;
    struct bench_step open;   /* events since the last result; records == NULL: not those of a step in the middle */
};

static struct context *context_of(struct recording *recording)
{
    return recording->bench->context;
}

static enum exit_code decode(struct recording *recording, enum schema_id schema, const struct bus_record *record,
                             enum record_id *out_id, void **out_value)
{
    struct codec_error error;
    arena_reset(recording->arena);
    if (codec_decode(recording->bench->codec, recording->arena, schema, record->value, out_id, out_value, &error) != STATUS_OK) {
        return context_fail(context_of(recording), EXIT_CODE_FAILED, "a record of the engine can't be read");
    }
    return EXIT_CODE_OK;
}

static enum exit_code keep(struct recording *recording, enum topic_id topic, const struct bus_record *record, struct found *found)
{
    if (found->count == STEPS_PER_PARTITION) {
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context_of(recording),
               bench_steps_keep(context_of(recording)->arena, topic, record, &found->items[found->count]));
    found->count++;
    return EXIT_CODE_OK;
}

/* ---- One record of each topic ---- */

/* Of an answer to a task: AWS tells that it was started only then, if nobody said so before. */
static bool is_result(struct str type)
{
    return str_equal(type, STR("LambdaFunctionStarted"));
}

/* The events that one result made stand together; those of a start, and those that end an execution, are left out. */
static enum exit_code take_event(struct recording *recording, const struct bus_record *record)
{
    struct bench_step *open = &recording->open;
    enum record_id id;
    void *value;
    TRY_RUN(decode(recording, SCHEMA_history_event, record, &id, &value));
    struct str type = ((const struct history_event *)value)->type;
    if (is_result(type) || str_equal(type, STR("ExecutionStarted"))) {
        if (open->records != NULL && recording->step_count < STEPS_PER_PARTITION) {
            recording->steps[recording->step_count++] = *open;
        }
        open->count = 0;
        open->records = NULL;
        if (is_result(type) && recording->step_count < STEPS_PER_PARTITION) {
            open->records = arena_array(context_of(recording)->arena, struct bench_step_record, BENCH_STEP_RECORDS_MAX);
        }
    }
    if (open->records == NULL) {
        return EXIT_CODE_OK;
    }
    if (str_equal(type, STR("ExecutionSucceeded")) || open->count + 2 == BENCH_STEP_RECORDS_MAX) {
        open->records = NULL;
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context_of(recording), bench_steps_keep(context_of(recording)->arena, TOPIC_HISTORY, record, &open->records[open->count]));
    open->count++;
    return EXIT_CODE_OK;
}

static enum exit_code take_task(struct recording *recording, const struct bus_record *record)
{
    enum record_id id;
    void *value;
    recording->tasks++;
    TRY_RUN(decode(recording, SCHEMA_task_request, record, &id, &value));
    if (str_equal(((const struct task_request *)value)->state_name, STR("S0"))) {
        return EXIT_CODE_OK;
    }
    return keep(recording, TOPIC_TASKS, record, &recording->tasks_found);
}

static enum exit_code take_row(struct recording *recording, const struct bus_record *record)
{
    enum record_id id;
    void *value;
    if (record->value.bytes == NULL || record->key.bytes[0] != KEY_EXECUTION) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(decode(recording, SCHEMA_state_row, record, &id, &value));
    const struct execution_row *row = value;
    if (row->stop_date != RECORD_NONE || row->root.state == 0) {
        return EXIT_CODE_OK;
    }
    return keep(recording, TOPIC_STATE, record, &recording->rows_found);
}

static enum exit_code take_status(struct recording *recording, const struct bus_record *record)
{
    enum record_id id;
    void *value;
    TRY_RUN(decode(recording, SCHEMA_execution_status, record, &id, &value));
    const struct execution_status *status = value;
    recording->counts.transitions += status->stop_date == RECORD_NONE ? 0 : (double)status->transitions;
    return EXIT_CODE_OK;
}

static enum exit_code take(struct recording *recording, enum topic_id topic, const struct bus_record *record)
{
    bool is_commit = topic == TOPIC_STATE && record->key.bytes[0] == KEY_COMMIT;
    if (is_commit) {
        return EXIT_CODE_OK;
    }
    recording->counts.records++;
    recording->counts.bytes += (double)(record->key.length + record->value.length);
    for (size_t at = 0; at < record->header_count; at++) {
        recording->counts.bytes += (double)(record->headers[at].name.length + record->headers[at].value.length);
    }
    if (topic == TOPIC_HISTORY) {
        return take_event(recording, record);
    }
    if (topic == TOPIC_TASKS) {
        return take_task(recording, record);
    }
    return topic == TOPIC_STATE ? take_row(recording, record) : take_status(recording, record);
}

/* ---- Reading ---- */

static enum exit_code read_topic(struct recording *recording, enum topic_id id, uint32_t partition)
{
    struct bench *bench = recording->bench;
    struct bus_error error = {""};
    struct bus_reader *reader;
    struct bus_record record;
    int64_t begin;
    int64_t end;
    const struct bus_topic *topic = id == TOPIC_TASKS ? recording->side->tasks : topics_get(recording->side->topics, id);
    TRY_RUN(bench_check(bench, "reading", bus_bounds(bench->bus, topic, partition, true, &begin, &end, &error), &error));
    TRY_RUN(bench_check(bench, "reading", bus_reader_open(bench->bus, topic, partition, begin, &reader, &error), &error));
    enum exit_code code = EXIT_CODE_OK;
    while (code == EXIT_CODE_OK && bus_reader_position(reader) < end) {
        enum status status = bus_reader_next(reader, READ_MS, &record, &error);
        if (status == STATUS_OK) {
            code = take(recording, id, &record);
        } else if (status != STATUS_END && status != STATUS_RETRIABLE) {
            code = bench_check(bench, "reading", status, &error);
        }
    }
    bus_reader_close(reader);
    return code;
}

/* History of a step, then a task and a row of (about) the same. */
static void join(struct recording *recording, struct bench_steps *steps)
{
    for (size_t at = 0; at < recording->step_count; at++) {
        struct bench_step step = recording->steps[at];
        if (at < recording->tasks_found.count && at < recording->rows_found.count && steps->count < BENCH_STEPS_MAX) {
            step.records[step.count++] = recording->tasks_found.items[at];
            step.records[step.count++] = recording->rows_found.items[at];
            steps->items[steps->count++] = step;
        }
    }
}

static enum exit_code read_partition(struct recording *recording, uint32_t partition, struct bench_steps *steps)
{
    static const enum topic_id ids[] = {TOPIC_HISTORY, TOPIC_TASKS, TOPIC_STATE, TOPIC_EXECUTIONS};
    recording->step_count = 0;
    recording->open = (struct bench_step){.records = NULL};
    recording->tasks_found.count = 0;
    recording->rows_found.count = 0;
    for (size_t at = 0; at < sizeof ids / sizeof *ids; at++) {
        TRY_RUN(read_topic(recording, ids[at], partition));
    }
    join(recording, steps);
    return EXIT_CODE_OK;
}

static enum exit_code read_all(struct recording *recording, struct bench_steps *steps)
{
    struct context *context = context_of(recording);
    recording->steps = arena_array(context->arena, struct bench_step, STEPS_PER_PARTITION);
    recording->tasks_found.items = arena_array(context->arena, struct bench_step_record, STEPS_PER_PARTITION);
    recording->rows_found.items = arena_array(context->arena, struct bench_step_record, STEPS_PER_PARTITION);
    steps->items = arena_array(context->arena, struct bench_step, BENCH_STEPS_MAX);
    if (recording->arena == NULL || recording->steps == NULL || recording->tasks_found.items == NULL ||
        recording->rows_found.items == NULL || steps->items == NULL) {
        return context_fail_memory(context);
    }
    for (uint32_t partition = 0; partition < topics_partition_count(recording->side->topics); partition++) {
        TRY_RUN(read_partition(recording, partition, steps));
    }
    if (steps->count == 0 || recording->tasks == 0) {
        return context_fail(context, EXIT_CODE_FAILED, "the engine wrote no whole step");
    }
    recording->counts.records /= (double)recording->tasks;
    recording->counts.bytes /= (double)recording->tasks;
    recording->counts.transitions /= (double)recording->tasks;
    return EXIT_CODE_OK;
}

enum exit_code bench_record(struct bench_load *load, struct bench_side *side, struct bench_steps *out_steps,
                            struct bench_record_counts *out_counts)
{
    const struct bench_load_plan plan = {.in_flight = IN_FLIGHT, .seconds = SECONDS};
    struct bench_load_result result;
    struct bench_steps steps = {.count = 0};
    TRY_RUN(bench_load_run(load, &plan, &result));
    bench_load_clear(&result);
    bench_rest_ms(READ_MS); /* the last answers still end their executions */
    struct recording recording = {.bench = side->bench, .side = side, .arena = arena_create(ARENA_BYTES)};
    enum exit_code code = read_all(&recording, &steps);
    if (recording.arena != NULL) {
        arena_destroy(recording.arena);
    }
    if (code == EXIT_CODE_OK) {
        *out_steps = steps;
        *out_counts = recording.counts;
    }
    return code;
}
