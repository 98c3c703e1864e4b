#include "asl/arn.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PREFIX "arn:aws:states:us-east-1:000000000000:"

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *arn;
        enum arn_type type;
    } rows[] = {
        {PREFIX "stateMachine:m", ARN_MACHINE},
        {PREFIX "stateMachine:m:1", ARN_QUALIFIED},
        {PREFIX "stateMachine:m/label", ARN_LABELLED},
        {PREFIX "execution:m:e", ARN_EXECUTION},
        {PREFIX "express:m:e:u", ARN_EXPRESS},
        {PREFIX "activity:a", ARN_ACTIVITY},
        {PREFIX "activity:a:b", ARN_NONE},
        {PREFIX "mapRun:a", ARN_OTHER},
        {PREFIX "stateMachine:m:1:2", ARN_NONE},
        {PREFIX "stateMachine:", ARN_NONE},
        {PREFIX "execution:m", ARN_NONE},
        {PREFIX "execution:m:", ARN_NONE},
        {PREFIX "express:m:e", ARN_NONE},
        {"arn:aws:lambda:us-east-1:000000000000:function:f", ARN_NONE},
        {"m", ARN_NONE},
        {"", ARN_NONE},
        {"::::::::::::::::::::", ARN_NONE},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        print_message("%s\n", rows[at].arn);
        assert_int_equal(arn_type_of(str_of(rows[at].arn)), rows[at].type);
    }
}

static void test_made(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 16);
    struct str machine;
    struct str arn;
    assert_int_equal(arn_machine(arena, &step_config_default, STR("m"), &machine), STATUS_OK);
    assert_true(str_equal(machine, STR(PREFIX "stateMachine:m")));
    assert_int_equal(arn_execution(arena, machine, STR("e"), &arn), STATUS_OK);
    assert_true(str_equal(arn, STR(PREFIX "execution:m:e")));
    assert_int_equal(arn_express(arena, machine, STR("e"), STR("u"), &arn), STATUS_OK);
    assert_true(str_equal(arn, STR(PREFIX "express:m:e:u")));
    arena_destroy(arena);
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool valid;
    } rows[] = {
        {"a", true},
        {"a-b_c.d+e=(f)!@'", true},
        {"\xC3\xA9", true},
        {"", false},
        {"a b", false},
        {"a:b", false},
        {"a/b", false},
        {"a\nb", false},
        {"a\x7F", false},
        {"a\xC2\x85", false},
        {"a\xE2\x80\x83", false},
        {"a\xFF", false},
        {"a{b", false},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", true},
        {"123456789012345678901234567890123456789012345678901234567890123456789012345678901", false},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        print_message("%s\n", rows[at].name);
        assert_int_equal(arn_name_is_valid(str_of(rows[at].name)), rows[at].valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("processor/arn", tests, NULL, NULL);
}
