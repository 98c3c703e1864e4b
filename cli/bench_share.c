/* `pawl bench share`: the engine's throughput as a share of its ceiling's. */
#include "cli/bench_pair.h"

#define WARM_SECONDS 2

enum sides { SIDES_BOTH, SIDES_ENGINE, SIDES_CEILING };

struct share {
    struct bench_samples rates[2]; /* tasks/s, by enum bench_kind */
    struct bench_samples ratios;
    struct bench_samples side_cpu[2]; /* seconds per 1,000 transitions */
    struct bench_samples broker_cpu[2];
    struct bench_samples own_cpu[2];
};

static enum exit_code run_once(struct bench *bench, struct bench_pair *pair, enum bench_kind kind, struct share *share, double *out_rate)
{
    const struct bench_load_plan plan = {
        .in_flight = bench->options.in_flight,
        .warm_seconds = WARM_SECONDS,
        .seconds = bench->options.seconds,
    };
    struct bench_load_result result;
    TRY_RUN(bench_load_run(pair->loads[kind], &plan, &result));
    double thousands = (double)result.tasks * pair->counts.transitions / 1000;
    thousands = thousands > 0 ? thousands : 1;
    *out_rate = (double)result.tasks / result.seconds;
    bench_samples_add(&share->rates[kind], *out_rate);
    bench_samples_add(&share->side_cpu[kind], result.side_cpu / thousands);
    bench_samples_add(&share->broker_cpu[kind], result.broker_cpu / thousands);
    bench_samples_add(&share->own_cpu[kind], result.own_cpu / thousands);
    bench_load_clear(&result);
    return EXIT_CODE_OK;
}

static void report_side(struct bench *bench, const struct bench_pair *pair, struct share *share, enum bench_kind kind)
{
    const char *name = bench_side_name(&pair->sides[kind]);
    uint32_t threads = pair->sides[kind].thread_count;
    double rate = bench_samples_at(&share->rates[kind], 0.5);
    double records = kind == BENCH_ENGINE ? pair->counts.records : (double)pair->steps.items[0].count;
    bench_report_add(&bench->report, "share", "1/s", rate, "%s, %u threads: task results", name, threads);
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "1/s", rate * records, "%s, %u threads: records written", name, threads);
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "1/s", rate * pair->counts.transitions, "%s, %u threads: transitions", name, threads);
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "s", bench_samples_at(&share->side_cpu[kind], 0.5),
                     "%s, %u threads: its CPU per 1,000 transitions", name, threads);
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "s", bench_samples_at(&share->broker_cpu[kind], 0.5),
                     "%s, %u threads: broker's CPU per 1,000 transitions", name, threads);
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "s", bench_samples_at(&share->own_cpu[kind], 0.5),
                     "%s, %u threads: worker's CPU per 1,000 transitions", name, threads);
    bench_tell(bench);
}

static void report_ratios(struct bench *bench, const struct bench_pair *pair, struct share *share)
{
    static const struct {
        double at;
        const char *name;
    } rows[] = {{0, "worst pair"}, {1, "best pair"}, {0.5, "median pair"}};
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        bench_report_add(&bench->report, "share", "", bench_samples_at(&share->ratios, rows[at].at), "engine / ceiling, %u threads: %s",
                         pair->sides[0].thread_count, rows[at].name);
        if (rows[at].at == 0.5) {
            bench_report_goal(&bench->report, BENCH_AT_LEAST, 0.5);
        }
        bench_tell(bench);
    }
}

static enum exit_code run_alone(struct bench *bench, struct bench_pair *pair, enum bench_kind kind, struct share *share)
{
    double rate;
    for (int run = 0; run < BENCH_PAIR_RUNS; run++) {
        TRY_RUN(run_once(bench, pair, kind, share, &rate));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run_pairs(struct bench *bench, struct bench_pair *pair, struct share *share)
{
    for (int run = 0; run < BENCH_PAIR_RUNS; run++) {
        double rates[2];
        enum bench_kind first = run % 2 == 0 ? BENCH_ENGINE : BENCH_CEILING;
        TRY_RUN(run_once(bench, pair, first, share, &rates[first]));
        TRY_RUN(run_once(bench, pair, 1 - first, share, &rates[1 - first]));
        bench_samples_add(&share->ratios, rates[BENCH_CEILING] > 0 ? rates[BENCH_ENGINE] / rates[BENCH_CEILING] : 0);
    }
    return EXIT_CODE_OK;
}

static void clear(struct share *share)
{
    for (int kind = 0; kind < 2; kind++) {
        bench_samples_clear(&share->rates[kind]);
        bench_samples_clear(&share->side_cpu[kind]);
        bench_samples_clear(&share->broker_cpu[kind]);
        bench_samples_clear(&share->own_cpu[kind]);
    }
    bench_samples_clear(&share->ratios);
}

static enum exit_code measure_open(struct bench *bench, struct bench_pair *pair, enum sides sides, struct share *share)
{
    bench_report_add(&bench->report, "share", "", pair->counts.records, "engine: records a task, start and end included");
    bench_tell(bench);
    bench_report_add(&bench->report, "share", "bytes", pair->counts.bytes, "engine: bytes a task, uncompressed");
    bench_tell(bench);
    TRY_RUN(sides == SIDES_BOTH ? run_pairs(bench, pair, share)
                                : run_alone(bench, pair, sides == SIDES_ENGINE ? BENCH_ENGINE : BENCH_CEILING, share));
    if (sides != SIDES_ENGINE) {
        report_side(bench, pair, share, BENCH_CEILING);
    }
    if (sides != SIDES_CEILING) {
        report_side(bench, pair, share, BENCH_ENGINE);
    }
    if (sides == SIDES_BOTH) {
        report_ratios(bench, pair, share);
    }
    return EXIT_CODE_OK;
}

static enum exit_code measure(struct bench *bench, uint32_t thread_count, enum sides sides)
{
    struct bench_pair pair;
    struct share share = {.ratios = {0}};
    TRY_RUN(bench_pair_open(bench, thread_count, &pair));
    enum exit_code code = measure_open(bench, &pair, sides, &share);
    clear(&share);
    bench_pair_close(&pair);
    return code;
}

static enum exit_code measure_all(struct bench *bench, enum sides sides)
{
    if (bench->options.threads > 0) {
        return measure(bench, bench->options.threads, sides);
    }
    TRY_RUN(measure(bench, 1, sides));
    return measure(bench, 2, sides);
}

enum exit_code bench_share(struct bench *bench)
{
    return measure_all(bench, SIDES_BOTH);
}

enum exit_code bench_share_engine(struct bench *bench)
{
    return measure_all(bench, SIDES_ENGINE);
}

enum exit_code bench_share_ceiling(struct bench *bench)
{
    return measure_all(bench, SIDES_CEILING);
}
