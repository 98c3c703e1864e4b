#include "state/keys.h"

#include "base/limits.h"
#include "base/mutant.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct execution_id id_of(uint8_t byte)
{
    struct execution_id id;
    memset(id.bytes, byte, sizeof id.bytes);
    return id;
}

/* Timers sort by due time, then execution, then frame, whatever the signs. */
static void test_timer_order(void **state)
{
    (void)state;
    static const struct {
        int64_t due_ms;
        uint8_t execution;
        int64_t frame;
    } rows[] = {
        {INT64_MIN, 0, 0},     {-1, 0, 0},        {0, 0, 0}, {1, 0, -1}, {1, 0, 0}, {1, 0, 7}, {1, 255, -3},
        {1700000000000, 3, 0}, {INT64_MAX, 0, 0},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const struct timer_key timer = {rows[at].due_ms, id_of(rows[at].execution), rows[at].frame};
        struct timer_key back;
        struct key key;
        keys_timer(513, &timer, &key);
        assert_true(keys_read_timer(keys_stored(&key), &back));
        assert_true(back.due_ms == timer.due_ms && back.frame == timer.frame);
        assert_true(execution_id_equal(&back.execution, &timer.execution));
        if (at > 0) {
            const struct timer_key before = {rows[at - 1].due_ms, id_of(rows[at - 1].execution), rows[at - 1].frame};
            struct key other;
            keys_timer(513, &before, &other);
            assert_true(str_compare(keys_stored(&other), keys_stored(&key)) < 0);
        }
    }
}

static void test_partition_range(void **state)
{
    (void)state;
    static const uint32_t partitions[] = {0, 1, 255, 256, PARTITIONS_MAX - 1};
    struct execution_id id = id_of(0xFF);
    for (size_t at = 0; at < sizeof partitions / sizeof *partitions; at++) {
        struct key from;
        struct key to;
        struct key row;
        keys_partition(partitions[at], &from, &to);
        keys_timer(partitions[at], &(struct timer_key){INT64_MAX, id, INT64_MAX}, &row);
        assert_true(str_compare(keys_stored(&from), keys_stored(&row)) < 0);
        assert_true(str_compare(keys_stored(&row), keys_stored(&to)) < 0);
        keys_execution(partitions[at] + 1 < PARTITIONS_MAX ? partitions[at] + 1 : 0, &id, &row);
        assert_false(str_compare(keys_stored(&row), keys_stored(&from)) >= 0 &&
                     str_compare(keys_stored(&row), keys_stored(&to)) < 0);
    }
}

static void test_payload(void **state)
{
    (void)state;
    struct execution_id id = id_of(1);
    const struct payload_id payload = {.scope = 12, .slot = PAYLOAD_OUTPUT, .index = 1000};
    struct payload_id back;
    struct key key;
    struct key prefix;
    keys_payload(7, &id, &payload, &key);
    assert_true(keys_read_payload(keys_stored(&key), &back));
    assert_true(back.scope == 12 && back.slot == PAYLOAD_OUTPUT && back.index == 1000);
    keys_of_scope(7, &id, 12, &prefix);
    assert_true(str_starts_with(keys_stored(&key), keys_stored(&prefix)));
    keys_of_scope(7, &id, 13, &prefix);
    assert_false(str_starts_with(keys_stored(&key), keys_stored(&prefix)));
    assert_false(keys_read_payload(str_slice(keys_stored(&key), 0, key.length - 1), &back));
}

/* What comes from outside may be too long; nothing may be written past the end. */
static void test_outside_texts(void **state)
{
    (void)state;
    static char long_text[KEYS_BYTES_MAX + 10];
    struct key key;
    memset(long_text, 'x', sizeof long_text);
    assert_int_equal(keys_machine(0, (struct str){long_text, sizeof long_text}, &key), STATUS_INVALID);
    assert_int_equal(keys_revision(0, (struct str){long_text, KEYS_BYTES_MAX - 3}, STR("r"), &key), STATUS_INVALID);
    assert_int_equal(keys_usage(0, 1, (struct str){long_text, KEYS_BYTES_MAX}, &key), STATUS_INVALID);
    assert_int_equal(keys_of_published(0, STR_NONE, &key), STATUS_INVALID);
    assert_int_equal(keys_of_published(0, STR(""), &key), STATUS_INVALID);
    assert_int_equal(keys_of_published(0, (struct str){long_text, sizeof long_text}, &key), STATUS_INVALID);
    assert_int_equal(keys_revision(3, STR("arn:x"), STR("rev"), &key), STATUS_OK);
    assert_true(str_equal(keys_published(&key), STR("rarn:x#rev")));
}

/* No planted bug is in a build that ships. */
static void test_no_mutants(void **state)
{
    (void)state;
#define MUTANT_ROW(id, catcher, text) assert_int_equal(MUTANT(id), 0);
#include "base/mutants.def"
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_order),   cmocka_unit_test(test_partition_range), cmocka_unit_test(test_payload),
        cmocka_unit_test(test_outside_texts), cmocka_unit_test(test_no_mutants),
    };
    return cmocka_run_group_tests_name("state/keys", tests, NULL, NULL);
}
