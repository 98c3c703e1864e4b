/* What is counted of each state machine, within a limit. */
#include "processor/machine_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* The first are told apart; those past the limit are counted together, and stay where they are. */
static void test_limit(void **state)
{
    (void)state;
    struct machine_table *table;
    struct machine_counts *first[3];
    assert_int_equal(machine_table_create(3, &table), STATUS_OK);
    for (int round = 0; round < 2; round++) {
        for (int at = 0; at < 100; at++) {
            char arn[32];
            snprintf(arn, sizeof arn, "arn:%d", at);
            struct machine_counts *found = machine_table_find(table, str_of(arn));
            if (at < 3 && round == 0) {
                first[at] = found;
            }
            const struct machine_counts one = {.started = 1, .ended = {[EXECUTION_STATUS_FAILED] = 2}, .time = {.sum_us = 3}};
            machine_counts_merge(found, &one);
            assert_true(at >= 3 || found == first[at]);
        }
    }
    struct machine_counts *others = machine_table_find(table, STR("arn:99"));
    assert_true(others == machine_table_find(table, STR("arn:50")));
    assert_true(first[0] != first[1] && first[1] != first[2] && first[2] != others);
    assert_int_equal(first[1]->started, 2);
    assert_int_equal(others->started, 194);
    assert_int_equal(others->ended[EXECUTION_STATUS_FAILED], 388);
    assert_int_equal(others->time.sum_us, 582);
    machine_table_destroy(table);
}

static void test_none(void **state)
{
    (void)state;
    struct machine_table *table;
    assert_int_equal(machine_table_create(0, &table), STATUS_OK);
    assert_true(machine_table_find(table, STR("a")) == machine_table_find(table, STR("b")));
    machine_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests_name("processor/machine_counts", tests, NULL, NULL);
}
