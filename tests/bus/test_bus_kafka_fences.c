#include "bus/bus_kafka_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SESSION_MS = 6000, LONG_SESSION_MS = 120000 };

static void test_row(void **state)
{
    (void)state;
    static const int64_t waits_ms[] = {500, 1000, 2000, 2000};
    struct bus_kafka_fences fences = {0};
    int64_t now_ms = 5;
    for (size_t at = 0; at < sizeof waits_ms / sizeof *waits_ms; at++) {
        assert_int_equal(bus_kafka_fences_note(&fences, now_ms, SESSION_MS), now_ms + waits_ms[at]);
        now_ms += 59999;
    }
    assert_int_equal(bus_kafka_fences_note(&fences, now_ms, SESSION_MS), BUS_KAFKA_FENCES_TOO_MANY);
    assert_int_equal(fences.count, 5);
}

static void test_calm(void **state)
{
    (void)state;
    struct bus_kafka_fences fences = {0};
    for (int64_t now_ms = 0; now_ms < 100 * 60000; now_ms += 60000) {
        assert_int_equal(bus_kafka_fences_note(&fences, now_ms, SESSION_MS), now_ms + 500);
    }
}

/* Heartbeats are as rare as 40 s then: two who fence each other take longer to notice. */
static void test_long_session(void **state)
{
    (void)state;
    struct bus_kafka_fences fences = {0};
    int64_t now_ms = 0;
    for (int at = 0; at < 4; at++, now_ms += 85000) {
        assert_true(bus_kafka_fences_note(&fences, now_ms, LONG_SESSION_MS) > now_ms);
    }
    assert_int_equal(bus_kafka_fences_note(&fences, now_ms, LONG_SESSION_MS), BUS_KAFKA_FENCES_TOO_MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row),
        cmocka_unit_test(test_calm),
        cmocka_unit_test(test_long_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
