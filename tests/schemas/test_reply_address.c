#include "schemas/reply_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_both_ways(void **state)
{
    (void)state;
    static const struct reply_address rows[] = {
        {STR_INIT("pawl.replies"), 0, STR_INIT("c-1")},
        {STR_INIT("a-b.replies"), 65534, STR_INIT("1@2")},
        {STR_INIT("-"), 7, STR_INIT("")},
    };
    struct arena *arena = arena_create(1 << 16);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct reply_address read;
        struct str text;
        assert_int_equal(reply_address_format(arena, &rows[at], &text), STATUS_OK);
        if (!reply_address_parse(text, &read) || !str_equal(read.topic, rows[at].topic) ||
            read.partition != rows[at].partition || !str_equal(read.correlation_id, rows[at].correlation_id)) {
            fail_msg("%.*s", STR_ARGS(text));
        }
    }
    arena_destroy(arena);
}

static void test_others(void **state)
{
    (void)state;
    static const char *const texts[] = {"",    "@",    "-@c",    "a@c",       "-1@c",           "a-@c",
                                        "a-1", "a1@c", "a-1x@c", "a--@-1@c",
                                        "a-99999999999999999999@c"};
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        struct reply_address read;
        if (reply_address_parse(str_of(texts[at]), &read)) {
            fail_msg("%s", texts[at]);
        }
    }
    struct reply_address read;
    assert_false(reply_address_parse(STR_NONE, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
