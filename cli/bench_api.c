/* `pawl bench api`: the AWS API over HTTP. */
#include "cli/bench_service.h"

enum exit_code bench_api(struct bench *bench)
{
    static enum exit_code (*const parts[])(struct bench_service *service) = {
        bench_api_describe, bench_api_start, bench_api_polls, bench_api_long, bench_api_list,
    };
    struct bench_service service;
    TRY_RUN(bench_service_open(bench, &service));
    enum exit_code code = EXIT_CODE_OK;
    for (size_t at = 0; at < sizeof parts / sizeof *parts && code == EXIT_CODE_OK; at++) {
        code = parts[at](&service);
    }
    bench_service_close(&service);
    return code;
}
