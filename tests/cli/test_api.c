/* What an answer of an endpoint, or none, comes to (cli/api.h), and which URLs can be one (cli/poster.h). */
#include "cli/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define ENDPOINT "http://127.0.0.1:8083"

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum poster_end end;
        long http_status;
        const char *error_type;
        const char *body;
        enum exit_code code;
        const char *error;
        const char *text; /* in the message, or in the problem */
    } rows[] = {
        {"accepted", POSTER_ANSWERED, 200, "", "{\"a\":1}", EXIT_CODE_OK, NULL, NULL},
        {"refused", POSTER_ANSWERED, 400, "X", "{\"__type\":\"ns#ExecutionDoesNotExist\",\"message\":\"no\"}", EXIT_CODE_OK,
         "ExecutionDoesNotExist", "no"},
        {"refused by the header", POSTER_ANSWERED, 400, "InvalidArn:http://x", "{\"Message\":\"bad\"}", EXIT_CODE_OK, "InvalidArn",
         "bad"},
        {"refused without a word", POSTER_ANSWERED, 404, "UnknownOperationException", "", EXIT_CODE_OK,
         "UnknownOperationException", ""},
        {"not JSON", POSTER_ANSWERED, 200, "", "<html>", EXIT_CODE_FAILED, NULL, "not as the AWS API does"},
        {"no object", POSTER_ANSWERED, 200, "", "[]", EXIT_CODE_FAILED, NULL, "not as the AWS API does"},
        {"another service", POSTER_ANSWERED, 404, "", "not found", EXIT_CODE_FAILED, NULL, "endpoint of another service"},
        {"a balancer", POSTER_ANSWERED, 503, "", "busy", EXIT_CODE_NO_REPLY, NULL, "not there at the moment"},
        {"unreached", POSTER_UNREACHED, 0, "", "", EXIT_CODE_UNREACHABLE, NULL, ENDPOINT " can't be reached: why"},
        {"broken", POSTER_BROKEN, 0, "", "", EXIT_CODE_NO_REPLY, NULL, "may still happen"},
        {"timed out", POSTER_TIMED_OUT, 0, "", "", EXIT_CODE_NO_REPLY, NULL, "may still happen"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct arena *arena = arena_create(ARENA_BYTES_MAX);
        const struct posted posted = {
            .number = 7,
            .end = rows[at].end,
            .problem = STR("why"),
            .http_status = rows[at].http_status,
            .content_type = STR(""),
            .error_type = str_of(rows[at].error_type),
            .body = str_of(rows[at].body),
        };
        struct api_answer answer;
        print_message("%s\n", rows[at].name);
        assert_int_equal(api_read(arena, STR(ENDPOINT), &posted, &answer), STATUS_OK);
        assert_int_equal(answer.number, 7);
        assert_int_equal(answer.code, rows[at].code);
        assert_true(rows[at].error == NULL ? answer.error.bytes == NULL : str_equal(answer.error, str_of(rows[at].error)));
        if (rows[at].text != NULL) {
            struct str said = rows[at].code == EXIT_CODE_OK ? answer.message : answer.problem;
            assert_true(str_find_str(said, str_of(rows[at].text)) < said.length || rows[at].text[0] == '\0');
        }
        arena_destroy(arena);
    }
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool valid;
    } rows[] = {
        {"http://127.0.0.1:8083", true}, {"https://states.eu-west-1.amazonaws.com/", true}, {"HTTP://localhost", true},
        {"http://[::1]:8083", true},     {"127.0.0.1:8083", false},                         {"ftp://localhost", false},
        {"http://", false},              {"", false},                                       {"http://h:99999", false},
        {"file:///etc/passwd", false},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const char *problem = NULL;
        print_message("'%s'\n", rows[at].url);
        assert_int_equal(poster_url_is_valid(str_of(rows[at].url), &problem), rows[at].valid);
        assert_int_equal(problem != NULL, !rows[at].valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_urls)};
    return cmocka_run_group_tests_name("cli/api", tests, NULL, NULL);
}
