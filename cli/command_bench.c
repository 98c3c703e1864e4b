#include "cli/bench.h"
#include "cli/bench_bare.h"
#include "cli/bench_forward.h"
#include "cli/bench_process.h"
#include "cli/connection.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#define PARTITIONS_MOST 256

static const struct {
    struct str name;
    enum exit_code (*run)(struct bench *bench);
    bool in_all;
    bool on_kafka;
} parts[] = {
    {STR_INIT("core"), bench_alone, true, false},
    {STR_INIT("share"), bench_share, true, true},
    {STR_INIT("engine"), bench_share_engine, false, true},
    {STR_INIT("ceiling"), bench_share_ceiling, false, true},
    {STR_INIT("hop"), bench_hop, true, true},
    {STR_INIT("chain"), bench_chain, true, true},
    {STR_INIT("restore"), bench_restore, true, true},
    {STR_INIT("timers"), bench_timers, true, true},
    {STR_INIT("memory"), bench_memory, true, true},
    {STR_INIT("api"), bench_api, true, true},
    {STR_INIT("language"), bench_language, false, false},
};
#define PART_COUNT (sizeof parts / sizeof *parts)

/* ---- Options ---- */

static enum exit_code number(struct context *context, enum flag_id id, struct argument_range range, uint32_t *out_number)
{
    int64_t value;
    struct str problem;
    enum status status = arguments_number(context->arena, &context->arguments, id, range, &value, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    *out_number = (uint32_t)value;
    return EXIT_CODE_OK;
}

static enum exit_code read_options(struct context *context, struct bench_options *options)
{
    TRY_RUN(number(context, FLAG_BENCH_SECONDS, (struct argument_range){6, 1, 600}, &options->seconds));
    TRY_RUN(number(context, FLAG_BENCH_THREADS, (struct argument_range){0, 1, 64}, &options->threads));
    TRY_RUN(number(context, FLAG_BENCH_PARTITIONS, (struct argument_range){4, 1, PARTITIONS_MOST}, &options->partitions));
    TRY_RUN(number(context, FLAG_BENCH_PAYLOAD, (struct argument_range){200, 16, 200000}, &options->payload_bytes));
    TRY_RUN(number(context, FLAG_BENCH_IN_FLIGHT, (struct argument_range){4000, 1, 50000}, &options->in_flight));
    TRY_RUN(number(context, FLAG_BENCH_ROWS, (struct argument_range){1000000, 10000, 100000000}, &options->rows));
    return number(context, FLAG_BENCH_TIMERS, (struct argument_range){100000, 100, 1000000}, &options->timers);
}

/* ---- What the parts on Kafka need ---- */

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

static enum exit_code make_folder(struct bench *bench)
{
    struct context *context = bench->context;
    const char *temporary = getenv("TMPDIR");
    struct str path;
    TRY_MEMORY(context, arena_format(context->arena, &path, "%s/pawl-bench.XXXXXX", temporary == NULL ? "/tmp" : temporary));
    if (mkdtemp((char *)path.bytes) == NULL) {
        return context_fail(context, EXIT_CODE_FAILED, "%s can't be made", path.bytes);
    }
    bench->folder = path;
    return EXIT_CODE_OK;
}

/* The broker's process, when it listens on this machine. */
static pid_t find_broker(const struct settings *settings)
{
    const struct bus_kafka_options options = settings_kafka(settings);
    int64_t port = 0;
    for (size_t at = 0; at < options.common_count; at++) {
        if (strcmp(options.common[at].name, "bootstrap.servers") == 0) {
            struct str first = str_of(options.common[at].value);
            first = str_slice(first, 0, str_find(first, ','));
            size_t colon = str_find(first, ':');
            if (colon < first.length && !str_to_int64(str_from(first, colon + 1), &port)) {
                port = 0;
            }
        }
    }
    return port > 0 && port <= UINT16_MAX ? bench_process_listening((uint16_t)port) : 0;
}

static enum exit_code open_kafka(struct bench *bench)
{
    struct context *context = bench->context;
    if (!settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "kafka.bootstrap.servers is not set; `pawl bench core` and `language` need no Kafka, and "
                            "tests/bench/run starts one");
    }
    TRY_RUN(make_folder(bench));
    TRY_RUN(connection_open_kafka(context, &bench->bus));
    bench->broker = find_broker(context->settings);
    bus_random(bench->bus, (uint8_t *)&bench->chance, sizeof bench->chance);
    TRY_MEMORY(context, codec_create(&bench->codec));
    return EXIT_CODE_OK;
}

static void close_kafka(struct bench *bench)
{
    if (bench->codec != NULL) {
        codec_destroy(bench->codec);
    }
    if (bench->bus != NULL) {
        bus_close(bench->bus);
    }
    if (bench->folder.length > 0) {
        nftw(bench->folder.bytes, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

/* ---- The parts ---- */

static enum exit_code run_part(struct bench *bench, size_t part)
{
    if (parts[part].on_kafka && bench->bus == NULL) {
        TRY_RUN(open_kafka(bench));
    }
    return parts[part].run(bench);
}

static enum exit_code run(struct bench *bench, struct str what)
{
    bool all = str_equal(what, STR("all"));
    bool found = all;
    for (size_t part = 0; part < PART_COUNT; part++) {
        if (str_equal(what, parts[part].name) || (all && parts[part].in_all)) {
            found = true;
            TRY_RUN(run_part(bench, part));
        }
    }
    if (!found) {
        return context_fail(bench->context, EXIT_CODE_USAGE, "'%.*s' can't be measured; see `pawl help bench`", STR_ARGS(what));
    }
    return EXIT_CODE_OK;
}

enum exit_code command_bench(struct context *context)
{
    struct str what = context->arguments.positional_count == 0 ? STR("all") : context_positional(context);
    if (str_equal(what, STR("forward"))) {
        return bench_forward(context);
    }
    if (str_equal(what, STR("bare"))) {
        return bench_bare(context);
    }
    struct bench *bench = arena_new(context->arena, struct bench);
    if (bench == NULL) {
        return context_fail_memory(context);
    }
    bench->context = context;
    bench->report.arena = context->arena;
    TRY_RUN(read_options(context, &bench->options));
    enum exit_code code = run(bench, what);
    if (context->json) {
        bench_report_print_json(&bench->report, context->out);
    }
    close_kafka(bench);
    return code;
}
