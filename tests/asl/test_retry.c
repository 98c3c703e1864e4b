#include "asl/retry.h"

#include "asl/machine_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_delay(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t interval_seconds;
        double backoff_rate;
        int64_t delay_seconds_max;
        int64_t attempt;
        int64_t delay_ms;
    } rows[] = {
        {"first", 3, 2.0, 0, 0, 3000},
        {"third", 3, 2.0, 0, 2, 12000},
        {"no backoff", 5, 1.0, 0, 9, 5000},
        {"fraction", 1, 1.5, 0, 1, 1500},
        {"capped", 3, 2.0, 10, 4, 10000},
        {"cap not reached", 3, 2.0, 100, 1, 6000},
        {"a year at most", 1, 10.0, 0, 300, 31536000000},
        {"beyond doubles", 1, 1e300, 0, 5, 31536000000},
    };
    struct env env = {0};
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const struct retrier retrier = {.interval_seconds = rows[at].interval_seconds,
                                        .backoff_rate = rows[at].backoff_rate,
                                        .delay_seconds_max = rows[at].delay_seconds_max};
        print_message("%s\n", rows[at].name);
        assert_true(retry_delay_ms(&retrier, rows[at].attempt, &env) == rows[at].delay_ms);
    }
}

/* FULL jitter: anywhere in 0 ..= delay, after the cap, the same from the same seed. */
static void test_jitter(void **state)
{
    (void)state;
    const struct retrier retrier = {.interval_seconds = 10, .backoff_rate = 2.0, .delay_seconds_max = 15, .jitter_full = true};
    struct env env = {0};
    struct env again = {0};
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int at = 0; at < 2000; at++) {
        int64_t delay_ms = retry_delay_ms(&retrier, 3, &env);
        assert_true(delay_ms == retry_delay_ms(&retrier, 3, &again));
        assert_true(delay_ms >= 0 && delay_ms <= 15000);
        least = delay_ms < least ? delay_ms : least;
        most = delay_ms > most ? delay_ms : most;
    }
    assert_true(least < 300 && most > 14700);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *listed;
        const char *error;
        bool heartbeat;
        bool named;
    } rows[] = {
        {"E", "E", false, true},
        {"E", "F", false, false},
        {"e", "E", false, false},
        {"States.ALL", "E", false, true},
        {"States.ALL", "States.Timeout", false, true},
        {"States.ALL", "States.DataLimitExceeded", false, true},
        {"States.ALL", "States.Runtime", false, false},
        {"States.Runtime", "States.Runtime", false, false},
        {"States.TaskFailed", "E", false, true},
        {"States.TaskFailed", "States.Timeout", false, false},
        {"States.TaskFailed", "States.Runtime", false, false},
        {"States.HeartbeatTimeout", "States.Timeout", true, true},
        {"States.HeartbeatTimeout", "States.Timeout", false, false},
        {"States.Timeout", "States.Timeout", true, true},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const struct str listed = str_of(rows[at].listed);
        const struct retry_error error = {str_of(rows[at].error), rows[at].heartbeat};
        print_message("%s against %s\n", rows[at].error, rows[at].listed);
        assert_int_equal(retry_names(&listed, 1, &error), rows[at].named);
    }
    const struct retry_error nameless = {STR_NONE, false};
    const struct str all = STR("States.ALL");
    assert_true(retry_names(&all, 1, &nameless));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delay),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
