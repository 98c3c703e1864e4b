/* `pawl bench chain`: ten tasks in a row at light load, from StartExecution until its success is read. */
#include "cli/bench_load.h"

#define WARM_SECONDS 2
#define STARTS_PER_SECOND 20
#define P50_MS_MAX 80 /* the fastest durable engine that was measured took 74 ms */

static enum exit_code measure(struct bench *bench, struct bench_load *load)
{
    const struct bench_load_plan plan = {
        .starts_per_second = STARTS_PER_SECOND,
        .warm_seconds = WARM_SECONDS,
        .seconds = bench->options.seconds,
        .await_end = true,
    };
    struct bench_load_result result;
    TRY_RUN(bench_load_run(load, &plan, &result));
    bench_report_add(&bench->report, "chain", "ms", bench_samples_at(&result.chains, 0.5), "start, ten tasks, success: p50");
    bench_report_goal(&bench->report, BENCH_AT_MOST, P50_MS_MAX);
    bench_tell(bench);
    bench_report_add(&bench->report, "chain", "ms", bench_samples_at(&result.chains, 0.99), "start, ten tasks, success: p99");
    bench_tell(bench);
    bench_load_clear(&result);
    return EXIT_CODE_OK;
}

enum exit_code bench_chain(struct bench *bench)
{
    struct bench_side side;
    struct bench_load *load;
    TRY_RUN(bench_side_open(bench, BENCH_ENGINE, bench->options.threads > 0 ? bench->options.threads : 1, &side));
    enum exit_code code = bench_side_start(&side);
    if (code == EXIT_CODE_OK) {
        code = bench_load_open(&side, &load);
    }
    if (code == EXIT_CODE_OK) {
        code = measure(bench, load);
        bench_load_close(load);
    }
    bench_side_close(&side);
    return code;
}
