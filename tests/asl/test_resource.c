#include "asl/resource.h"
#include "asl/route.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *arn;
        enum status status;
        enum resource_kind kind;
        enum resource_pattern pattern;
        const char *service;
        const char *action;
        bool known;
    } rows[] = {
        {"arn:aws:lambda:us-east-1:1:function:f", STATUS_OK, RESOURCE_LAMBDA, RESOURCE_REQUEST_RESPONSE, "", "", true},
        {"arn:aws-cn:lambda:cn-north-1:1:function:f:prod", STATUS_OK, RESOURCE_LAMBDA, RESOURCE_REQUEST_RESPONSE, "", "", true},
        {"arn:aws:states:us-east-1:1:activity:a", STATUS_OK, RESOURCE_ACTIVITY, RESOURCE_REQUEST_RESPONSE, "", "", true},
        {"arn:aws:states:::sqs:sendMessage", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_REQUEST_RESPONSE, "sqs", "sendMessage", true},
        {"arn:aws:states:::ecs:runTask.sync", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_SYNC, "ecs", "runTask.sync", true},
        {"arn:aws:states:::states:startExecution.sync:2", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_SYNC, "states",
         "startExecution.sync:2", true},
        {"arn:aws:states:::sqs:sendMessage.sync", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_SYNC, "sqs", "sendMessage.sync", false},
        {"arn:aws:states:::sqs:sendMessage.waitForTaskToken", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_WAIT_FOR_TASK_TOKEN, "sqs",
         "sendMessage.waitForTaskToken", true},
        {"arn:aws:states:::aws-sdk:s3:listBuckets", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_REQUEST_RESPONSE, "aws-sdk:s3",
         "listBuckets", true},
        {"arn:aws:states:::nosuch:thing", STATUS_OK, RESOURCE_INTEGRATION, RESOURCE_REQUEST_RESPONSE, "nosuch", "thing", false},
        {"", STATUS_INVALID, 0, 0, "", "", false},
        {"arn", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:states:::", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:states::::", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:states:::sqs", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:states:::sqs:", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:states:::aws-sdk:", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:lambda:us-east-1:1:function:", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:lambda:us-east-1:1:function", STATUS_INVALID, 0, 0, "", "", false},
        {"arn::lambda:us-east-1:1:function:f", STATUS_INVALID, 0, 0, "", "", false},
        {"arn:aws:swf:us-east-1:1:task:X", STATUS_INVALID, 0, 0, "", "", false},
        {"::::::::::", STATUS_INVALID, 0, 0, "", "", false},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct resource resource = {0};
        print_message("%s\n", rows[at].arn);
        assert_int_equal(resource_parse(str_of(rows[at].arn), &resource), rows[at].status);
        if (rows[at].status == STATUS_OK) {
            assert_int_equal(resource.kind, rows[at].kind);
            assert_int_equal(resource.pattern, rows[at].pattern);
            assert_true(str_equal(resource.service, str_of(rows[at].service)));
            assert_true(str_equal(resource.action, str_of(rows[at].action)));
            assert_int_equal(resource_is_known(&resource), rows[at].known);
        }
    }
}

static void test_route(void **state)
{
    (void)state;
    static const struct {
        const char *arn;
        const char *function;
        const char *route;
    } rows[] = {
        {"arn:aws:lambda:us-east-1:1:function:charge-card", "", "charge-card"},
        {"arn:aws:lambda:us-east-1:1:function:f:prod", "", "f"}, /* versions and aliases have the same workers */
        {"arn:aws:states:::lambda:invoke", "g", "g"},
        {"arn:aws:states:::lambda:invoke", "arn:aws:lambda:us-east-1:1:function:g:2", "g"},
        {"arn:aws:states:::lambda:invoke", "", "lambda"},
        {"arn:aws:states:::aws-sdk:s3:listBuckets", "", "aws-sdk-s3"},
        {"arn:aws:states:us-east-1:1:activity:a", "", "activity"},
        {"arn:aws:states:::states:startExecution.sync", "", "states"},
        {"arn:aws:lambda:us-east-1:1:function:a/b c", "", "a_2Fb_20c"},
    };
    struct arena *arena = arena_create(1 << 16);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct str route;
        print_message("%s %s\n", rows[at].arn, rows[at].function);
        assert_int_equal(route_of(arena, str_of(rows[at].arn), str_of(rows[at].function), &route), STATUS_OK);
        assert_true(str_equal(route, str_of(rows[at].route)));
    }
    arena_destroy(arena);
}

static void test_long_route(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 16);
    char arn[600];
    struct str first;
    struct str second;
    snprintf(arn, sizeof arn, "arn:aws:lambda:us-east-1:1:function:%0300d", 1);
    assert_int_equal(route_of(arena, str_of(arn), STR_NONE, &first), STATUS_OK);
    snprintf(arn, sizeof arn, "arn:aws:lambda:us-east-1:1:function:%0300d", 2);
    assert_int_equal(route_of(arena, str_of(arn), STR_NONE, &second), STATUS_OK);
    assert_true(first.length <= ROUTE_CHARACTERS_MAX);
    assert_false(str_equal(first, second));
    assert_true(route_collides(STR("a.b"), STR("a_b")));
    assert_false(route_collides(STR("a.b"), STR("a.b")));
    assert_false(route_collides(STR("a-b"), STR("a_b")));
    arena_destroy(arena);
}

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *table;
        const char *problem; /* NULL: none */
        const char *route;   /* of arn:aws:lambda:eu-west-1:7:function:bill-send; "" none */
    } rows[] = {
        {"", NULL, ""},
        {"*:function:bill-*=billing", NULL, "billing"},
        {"*:function:ship-*=shipping, *:eu-west-1:*=europe,*=rest", NULL, "europe"},
        {" arn:aws:lambda:*:7:* = seven ,", NULL, "seven"},
        {"*:function:bill=billing", NULL, ""},
        {"*", "'*=' is no PATTERN=ROUTE; a route has 1 to 200 characters of A-Za-z0-9._-", ""},
        {"*=", "'*=' is no PATTERN=ROUTE; a route has 1 to 200 characters of A-Za-z0-9._-", ""},
        {"=x", "'=x' is no PATTERN=ROUTE; a route has 1 to 200 characters of A-Za-z0-9._-", ""},
        {"*=a b", "'*=a b' is no PATTERN=ROUTE; a route has 1 to 200 characters of A-Za-z0-9._-", ""},
    };
    struct arena *arena = arena_create(1 << 16);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct str problem;
        print_message("%s\n", rows[at].table);
        enum status status = route_table_check(arena, str_of(rows[at].table), &problem);
        assert_int_equal(status, rows[at].problem == NULL ? STATUS_OK : STATUS_INVALID);
        if (status == STATUS_OK) {
            struct str route = route_table_find(str_of(rows[at].table), STR("arn:aws:lambda:eu-west-1:7:function:bill-send"));
            assert_true(str_equal(route, str_of(rows[at].route)));
        } else {
            assert_true(str_equal(problem, str_of(rows[at].problem)));
        }
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_long_route),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
