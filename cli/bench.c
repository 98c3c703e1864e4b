#include "cli/bench.h"

#include <time.h>

enum exit_code bench_check(struct bench *bench, const char *what, enum status status, const struct bus_error *error)
{
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(bench->context, status, what, error);
}

void bench_rest_ms(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
uint64_t bench_chance(struct bench *bench)
{
    uint64_t number = bench->chance += 0x9e3779b97f4a7c15;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
    number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
    return number ^ (number >> 31);
}

void bench_tell(struct bench *bench)
{
    if (!bench->context->json) {
        bench_report_print_last(&bench->report, bench->context->out);
    }
}
