/* The load's client, over the bare server that it is for. */
#include "cli/bench_http.h"
#include "gateway/bare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define CONNECTIONS 5
#define LARGE ((size_t)3 << 20)

static enum exit_code ask(void *owner, struct bench_http *http, uint32_t connection)
{
    (void)owner;
    return bench_http_send(http, connection, STR("DescribeExecution"), STR("{}"));
}

static void over(struct str body)
{
    struct context context = {.errors = stderr};
    struct bench bench = {.context = &context};
    struct bare *bare;
    struct bench_http *http;
    struct bench_http_load load;
    struct str answer;
    assert_int_equal(bare_open(2, body, &bare), STATUS_OK);
    assert_int_equal(bench_http_open(&bench, bare_port(bare), CONNECTIONS, &http), EXIT_CODE_OK);
    assert_int_equal(bench_http_count(http), CONNECTIONS);
    assert_int_equal(bench_http_call(http, STR("DescribeExecution"), STR("{\"a\":1}"), &answer), EXIT_CODE_OK);
    assert_true(str_equal(answer, body));
    assert_int_equal(bench_http_load(http, 0.05, ask, NULL, &load), EXIT_CODE_OK);
    assert_true(load.answers > 0 && load.seconds >= 0.05);
    assert_int_equal(bench_http_call(http, STR("DescribeExecution"), STR("{}"), &answer), EXIT_CODE_OK);
    assert_true(str_equal(answer, body));
    bench_http_close(http);
    bare_close(bare);
}

static void small_answers(void **state)
{
    (void)state;
    over(STR("{\"status\":\"SUCCEEDED\"}"));
}

static void answers_in_many_pieces(void **state)
{
    char *bytes = malloc(LARGE);
    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', LARGE);
    over((struct str){bytes, LARGE});
    free(bytes);
}

static void nobody_listens(void **state)
{
    char *text = NULL;
    size_t length = 0;
    FILE *errors = open_memstream(&text, &length);
    struct context context = {.errors = errors};
    struct bench bench = {.context = &context};
    struct bench_http *http;
    (void)state;
    assert_int_equal(bench_http_open(&bench, 1, 1, &http), EXIT_CODE_FAILED);
    fclose(errors);
    assert_non_null(strstr(text, "HTTP: connecting"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_answers),
        cmocka_unit_test(answers_in_many_pieces),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
