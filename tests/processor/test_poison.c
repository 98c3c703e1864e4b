#include "processor/poison.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct poison_subject bad = {.partition = 1, .offset = 7};
static const struct poison_subject good = {.partition = 1, .offset = 8};

/* A batch that aborts twice runs again one record a transaction. */
static void test_single(void **state)
{
    (void)state;
    struct poison poison = {.aborts = 0};
    poison_aborted(&poison, 100, &bad);
    assert_false(poison_is_single(&poison));
    poison_committed(&poison, &good);
    poison_aborted(&poison, 100, &bad);
    assert_false(poison_is_single(&poison));
    poison_aborted(&poison, 100, &bad);
    assert_true(poison_is_single(&poison));
    for (int at = 0; at < 1000; at++) {
        poison_committed(&poison, &good);
    }
    assert_false(poison_is_single(&poison));
}

static void fail_alone(struct poison *poison)
{
    poison_aborted(poison, 1, &bad);
    assert_true(poison->probe);
}

static void test_proved(void **state)
{
    (void)state;
    struct poison poison = {.aborts = 0};
    poison_aborted(&poison, 100, &bad);
    poison_aborted(&poison, 100, &bad);
    for (int at = 0; at < POISON_FAILURES; at++) {
        assert_false(poison_is_proved(&poison, &bad));
        fail_alone(&poison);
        poison_committed(&poison, NULL);
        assert_false(poison.probe);
    }
    assert_true(poison_is_proved(&poison, &bad));
    assert_false(poison_is_proved(&poison, &good));
    poison_committed(&poison, &bad);
    assert_false(poison_is_proved(&poison, &bad));
}

/* When empty transactions fail as well, the broker is to blame. */
static void test_broker_in_trouble(void **state)
{
    (void)state;
    struct poison poison = {.aborts = 0};
    poison_aborted(&poison, 100, &bad);
    poison_aborted(&poison, 100, &bad);
    for (int at = 0; at < 100; at++) {
        fail_alone(&poison);
        poison_aborted(&poison, 0, NULL);
        assert_true(poison.probe);
        poison_committed(&poison, NULL);
        assert_false(poison_is_proved(&poison, &bad));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_proved),
        cmocka_unit_test(test_broker_in_trouble),
    };
    return cmocka_run_group_tests_name("processor/poison", tests, NULL, NULL);
}
