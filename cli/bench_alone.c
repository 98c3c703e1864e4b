/* `pawl bench core` as a part of the report. */
#include "cli/bench.h"
#include "cli/bench_core.h"

#define SECONDS 2
#define TASK_STEPS_MIN 100000
#define PASS_STEPS_MIN 300000

enum exit_code bench_alone(struct bench *bench)
{
    const struct bench_core_options options = {.payload_bytes = bench->options.payload_bytes, .seconds = SECONDS};
    struct bench_core_figures figures;
    TRY_MEMORY(bench->context, bench_core_run(&options, &figures));
    const struct {
        const char *name;
        const char *unit;
        double value;
        double at_least; /* 0: no goal */
    } rows[] = {
        {"task steps, records as structs", "1/s", figures.task_steps_built, TASK_STEPS_MIN},
        {"task steps, records as Avro", "1/s", figures.task_steps_encoded, 0},
        {"Pass steps, records as structs", "1/s", figures.pass_steps_built, PASS_STEPS_MIN},
        {"Pass steps, records as Avro", "1/s", figures.pass_steps_encoded, 0},
        {"records of a task step", "", figures.records_per_task_step, 0},
        {"bytes of a task step", "bytes", figures.bytes_per_task_step, 0},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        bench_report_add(&bench->report, "core", rows[at].unit, rows[at].value, "%s", rows[at].name);
        if (rows[at].at_least > 0) {
            bench_report_goal(&bench->report, BENCH_AT_LEAST, rows[at].at_least);
        }
        bench_tell(bench);
    }
    return EXIT_CODE_OK;
}
