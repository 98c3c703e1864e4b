/* `pawl bench timers`: many Wait states that come due one after the other; how late each execution goes on. */
#include "asl/timestamp.h"
#include "base/clock.h"
#include "cli/bench_client.h"
#include "cli/bench_samples.h"

#define SPREAD_MS 60000      /* over which they come due */
#define AHEAD_MS 25000       /* until the first, for all to be started */
#define LATE_MS_MAX 30000    /* after the last */
#define PROBE_EVERY_US INT64_C(1000000)
#define PROBE_NUMBER_MIN 0x80000000u
#define P99_MS_MAX 100
#define DEFINITION "{\"StartAt\":\"Wait\",\"States\":{\"Wait\":{\"Type\":\"Wait\",\"TimestampPath\":\"$.due\",\"End\":true}}}"

struct timers {
    struct bench *bench;
    struct bench_side side;
    struct bench_client client;
    struct bus_follower *follower;
    struct arena *arena;
    int64_t first_ms; /* when the first is due */
    uint32_t running; /* were seen to have started */
    uint32_t done;
    uint32_t probes_done;
    struct bench_samples seen;     /* ms late, as a reader sees it */
    struct bench_samples recorded; /* as the history has it */
};

static int64_t due_ms(const struct timers *timers, uint32_t number)
{
    return timers->first_ms + (int64_t)((double)number * SPREAD_MS / timers->bench->options.timers);
}

static enum exit_code start(struct timers *timers, uint32_t number, int64_t at_ms)
{
    struct bench_execution execution;
    struct str input;
    char time[TIMESTAMP_TEXT_BYTES];
    timestamp_format_ms(at_ms, time);
    arena_reset(timers->arena);
    TRY_MEMORY(timers->bench->context, arena_format(timers->arena, &input, "{\"due\":\"%s\"}", time));
    bench_client_name(&timers->client, number, &execution);
    return bench_client_start(&timers->client, &execution, input);
}

static void note(struct timers *timers, uint32_t number, const struct execution_status *status)
{
    bool over = status->stop_date != RECORD_NONE;
    if (number >= PROBE_NUMBER_MIN) {
        timers->probes_done += over;
    } else if (!over) {
        timers->running++;
    } else {
        double due = (double)due_ms(timers, number);
        timers->done++;
        bench_samples_add(&timers->seen, (double)bus_now_ms(timers->bench->bus) - due);
        bench_samples_add(&timers->recorded, (double)status->stop_date / 1000 - due);
    }
}

static enum exit_code poll(struct timers *timers)
{
    struct bench *bench = timers->bench;
    struct bus_error error = {""};
    struct bus_record record;
    struct codec_error codec_error;
    enum record_id id;
    void *value;
    uint32_t number;
    enum status status = bus_follower_poll(timers->follower, 10, &record, &error);
    if (status == STATUS_END || status == STATUS_RETRIABLE) {
        return bench_side_check(&timers->side);
    }
    TRY_RUN(bench_check(bench, "the executions", status, &error));
    arena_reset(timers->arena);
    if (codec_decode(bench->codec, timers->arena, SCHEMA_execution_status, record.value, &id, &value, &codec_error) != STATUS_OK) {
        return context_fail(bench->context, EXIT_CODE_FAILED, "a status can't be read");
    }
    if (bench_client_number(record.key, &number)) {
        note(timers, number, value);
    }
    return EXIT_CODE_OK;
}

/* Until a first execution got through. */
static enum exit_code probe(struct timers *timers)
{
    int64_t again_us = 0;
    for (uint32_t number = PROBE_NUMBER_MIN; timers->probes_done == 0;) {
        if (clock_us() > again_us) {
            TRY_RUN(start(timers, number++, bus_now_ms(timers->bench->bus)));
            again_us = clock_us() + PROBE_EVERY_US;
        }
        if (number > PROBE_NUMBER_MIN + 60) {
            return context_fail(timers->bench->context, EXIT_CODE_FAILED, "the engine does nothing");
        }
        TRY_RUN(poll(timers));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(struct timers *timers)
{
    uint32_t count = timers->bench->options.timers;
    TRY_RUN(bench_client_define(&timers->client, STR(DEFINITION)));
    TRY_RUN(probe(timers));
    timers->first_ms = bus_now_ms(timers->bench->bus) + AHEAD_MS;
    for (uint32_t number = 0; number < count; number++) {
        TRY_RUN(start(timers, number, due_ms(timers, number)));
    }
    TRY_RUN(bench_client_flush(&timers->client));
    while (timers->running < count) {
        TRY_RUN(poll(timers));
        if (bus_now_ms(timers->bench->bus) > timers->first_ms) {
            return context_fail(timers->bench->context, EXIT_CODE_FAILED, "only %u of %u executions were started in time; try --timers",
                                timers->running, count);
        }
    }
    while (timers->done < count && bus_now_ms(timers->bench->bus) < timers->first_ms + SPREAD_MS + LATE_MS_MAX) {
        TRY_RUN(poll(timers));
    }
    if (timers->done < count) {
        return context_fail(timers->bench->context, EXIT_CODE_FAILED, "%u timers never fired", count - timers->done);
    }
    return EXIT_CODE_OK;
}

static void report(struct timers *timers)
{
    struct bench *bench = timers->bench;
    uint32_t count = bench->options.timers;
    bench_report_add(&bench->report, "timers", "ms", bench_samples_at(&timers->recorded, 0.99), "%u over %d s: late as recorded, p99",
                     count, SPREAD_MS / 1000);
    bench_tell(bench);
    bench_report_add(&bench->report, "timers", "ms", bench_samples_at(&timers->seen, 0.5), "%u over %d s: late as read, p50", count,
                     SPREAD_MS / 1000);
    bench_tell(bench);
    bench_report_add(&bench->report, "timers", "ms", bench_samples_at(&timers->seen, 0.99), "%u over %d s: late as read, p99", count,
                     SPREAD_MS / 1000);
    bench_report_goal(&bench->report, BENCH_AT_MOST, P99_MS_MAX);
    bench_tell(bench);
}

static enum exit_code open_all(struct timers *timers)
{
    struct bench *bench = timers->bench;
    struct bus_error error = {""};
    struct str group;
    const struct bus_topic *topics[] = {topics_get(timers->side.topics, TOPIC_EXECUTIONS)};
    if (timers->arena == NULL) {
        return context_fail_memory(bench->context);
    }
    TRY_MEMORY(bench->context, arena_format(bench->context->arena, &group, "%.*s-reader", STR_ARGS(timers->side.prefix)));
    TRY_RUN(bench_side_start(&timers->side));
    TRY_RUN(bench_client_open(&timers->side, &timers->client));
    return bench_check(bench, "the reader's group", bus_follower_open(bench->bus, group, topics, 1, &timers->follower, &error), &error);
}

enum exit_code bench_timers(struct bench *bench)
{
    struct timers timers = {.bench = bench};
    TRY_RUN(bench_side_open(bench, BENCH_ENGINE, bench->options.threads > 0 ? bench->options.threads : 1, &timers.side));
    timers.arena = arena_create((size_t)16 << 20);
    enum exit_code code = open_all(&timers);
    if (code == EXIT_CODE_OK) {
        code = run(&timers);
    }
    if (code == EXIT_CODE_OK) {
        report(&timers);
    }
    if (timers.follower != NULL) {
        bus_follower_close(timers.follower);
    }
    bench_client_close(&timers.client);
    if (timers.arena != NULL) {
        arena_destroy(timers.arena);
    }
    bench_samples_clear(&timers.seen);
    bench_samples_clear(&timers.recorded);
    bench_side_close(&timers.side);
    return code;
}
