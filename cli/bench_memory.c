/* `pawl bench memory`: the engine's resident memory under load; it must stay flat. RocksDB's part grows to what it is given,
 * which by default takes minutes; it is given little here, so that what else may grow is seen. */
#include "cli/bench_load.h"
#include "cli/bench_process.h"

#define WARM_SECONDS 10
#define SECONDS 120
#define LOOKS 6
#define STATE_MEMORY "32MiB"
#define GROWTH_MAX 1.25
#define MIB (1024.0 * 1024.0)

static enum exit_code measure(struct bench *bench, const struct bench_side *side, struct bench_load *load)
{
    struct bench_load_plan plan = {.in_flight = bench->options.in_flight, .seconds = WARM_SECONDS};
    double begin = 0;
    for (int look = 0; look <= LOOKS; look++) {
        struct bench_load_result result;
        TRY_RUN(bench_load_run(load, &plan, &result));
        double resident = (double)bench_process_resident_bytes(side->pid) / MIB;
        bench_report_add(&bench->report, "memory", "MiB", resident, "resident after %d s of load (%.0f tasks/s)",
                         WARM_SECONDS + look * SECONDS / LOOKS, (double)result.tasks / result.seconds);
        bench_load_clear(&result);
        bench_tell(bench);
        begin = look == 0 ? resident : begin;
        if (look == LOOKS) {
            bench_report_add(&bench->report, "memory", "", resident / begin, "at the end / after %d s", WARM_SECONDS);
            bench_report_goal(&bench->report, BENCH_AT_MOST, GROWTH_MAX);
            bench_tell(bench);
        }
        plan.seconds = (double)SECONDS / LOOKS;
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_memory(struct bench *bench)
{
    struct bench_side side;
    struct bench_load *load;
    TRY_RUN(bench_side_open(bench, BENCH_ENGINE, bench->options.threads > 0 ? bench->options.threads : 1, &side));
    side.sets[0] = (struct bench_side_set){"state.memory.bytes", STR(STATE_MEMORY)};
    enum exit_code code = bench_side_start(&side);
    if (code == EXIT_CODE_OK) {
        code = bench_load_open(&side, &load);
    }
    if (code == EXIT_CODE_OK) {
        code = measure(bench, &side, load);
        bench_load_close(load);
    }
    bench_side_close(&side);
    return code;
}
