/* `pawl bench hop`: how long one step takes at light load, from the worker's result to the next task in a worker's hands. */
#include "cli/bench_pair.h"

#define WARM_SECONDS 2
#define STARTS_PER_SECOND 50
#define RUN_SECONDS_MAX 5 /* 2,500 hops a second: enough */

struct hop {
    struct bench_samples p50[2];
    struct bench_samples p99[2];
    struct bench_samples ratios;
};

static enum exit_code run_once(struct bench *bench, struct bench_pair *pair, enum bench_kind kind, struct hop *hop, double *out_p50)
{
    const struct bench_load_plan plan = {
        .starts_per_second = STARTS_PER_SECOND,
        .warm_seconds = WARM_SECONDS,
        .seconds = bench->options.seconds > RUN_SECONDS_MAX ? RUN_SECONDS_MAX : bench->options.seconds,
    };
    struct bench_load_result result;
    TRY_RUN(bench_load_run(pair->loads[kind], &plan, &result));
    *out_p50 = bench_samples_at(&result.hops, 0.5);
    bench_samples_add(&hop->p50[kind], *out_p50);
    bench_samples_add(&hop->p99[kind], bench_samples_at(&result.hops, 0.99));
    bench_load_clear(&result);
    return EXIT_CODE_OK;
}

static void report(struct bench *bench, struct bench_pair *pair, struct hop *hop)
{
    for (int kind = 1; kind >= 0; kind--) {
        const char *name = bench_side_name(&pair->sides[kind]);
        bench_report_add(&bench->report, "hop", "ms", bench_samples_at(&hop->p50[kind], 0.5), "%s: result to next task, p50", name);
        bench_tell(bench);
        bench_report_add(&bench->report, "hop", "ms", bench_samples_at(&hop->p99[kind], 0.5), "%s: result to next task, p99", name);
        bench_tell(bench);
    }
    bench_report_add(&bench->report, "hop", "", bench_samples_at(&hop->ratios, 0.5), "engine's p50 / ceiling's, median of %d pairs",
                     BENCH_PAIR_RUNS);
    bench_report_goal(&bench->report, BENCH_AT_MOST, 1.5);
    bench_tell(bench);
}

static enum exit_code run_pairs(struct bench *bench, struct bench_pair *pair, struct hop *hop)
{
    for (int run = 0; run < BENCH_PAIR_RUNS; run++) {
        double p50[2];
        enum bench_kind first = run % 2 == 0 ? BENCH_ENGINE : BENCH_CEILING;
        TRY_RUN(run_once(bench, pair, first, hop, &p50[first]));
        TRY_RUN(run_once(bench, pair, 1 - first, hop, &p50[1 - first]));
        bench_samples_add(&hop->ratios, p50[BENCH_CEILING] > 0 ? p50[BENCH_ENGINE] / p50[BENCH_CEILING] : 0);
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_hop(struct bench *bench)
{
    struct bench_pair pair;
    struct hop hop = {.ratios = {0}};
    TRY_RUN(bench_pair_open(bench, bench->options.threads > 0 ? bench->options.threads : 1, &pair));
    enum exit_code code = run_pairs(bench, &pair, &hop);
    if (code == EXIT_CODE_OK) {
        report(bench, &pair, &hop);
    }
    for (int kind = 0; kind < 2; kind++) {
        bench_samples_clear(&hop.p50[kind]);
        bench_samples_clear(&hop.p99[kind]);
    }
    bench_samples_clear(&hop.ratios);
    bench_pair_close(&pair);
    return code;
}
