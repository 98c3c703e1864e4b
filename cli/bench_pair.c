#include "cli/bench_pair.h"

#include <signal.h>

static enum exit_code open_side(struct bench *bench, struct bench_pair *pair, enum bench_kind kind, uint32_t thread_count)
{
    struct bench_side *side = &pair->sides[kind];
    struct str path;
    TRY_RUN(bench_side_open(bench, kind, thread_count, side));
    if (kind == BENCH_CEILING) {
        TRY_RUN(bench_side_steps_path(side, &path));
        if (bench_steps_save(&pair->steps, path.bytes) != STATUS_OK) {
            return context_fail(bench->context, EXIT_CODE_FAILED, "%s can't be written", path.bytes);
        }
    }
    TRY_RUN(bench_side_start(side));
    return bench_load_open(side, &pair->loads[kind]);
}

enum exit_code bench_pair_open(struct bench *bench, uint32_t thread_count, struct bench_pair *out_pair)
{
    struct bench_pair *pair = out_pair;
    *pair = (struct bench_pair){.loads = {NULL, NULL}};
    enum exit_code code = open_side(bench, pair, BENCH_ENGINE, thread_count);
    if (code == EXIT_CODE_OK) {
        code = bench_record(pair->loads[BENCH_ENGINE], &pair->sides[BENCH_ENGINE], &pair->steps, &pair->counts);
    }
    if (code == EXIT_CODE_OK) {
        code = open_side(bench, pair, BENCH_CEILING, thread_count);
    }
    if (code != EXIT_CODE_OK) {
        bench_pair_close(pair);
    }
    return code;
}

void bench_pair_close(struct bench_pair *pair)
{
    for (int kind = 0; kind < 2; kind++) {
        if (pair->loads[kind] != NULL) {
            bench_load_close(pair->loads[kind]);
        }
        if (pair->sides[kind].topics != NULL) {
            bench_side_close(&pair->sides[kind]);
        }
    }
}
