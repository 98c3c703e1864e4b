#include "gateway/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARENA_BYTES ((size_t)16 << 20)
#define TEN "0123456789"
#define EIGHTY TEN TEN TEN TEN TEN TEN TEN TEN
#define FAILED " failed to satisfy constraint: Member must "

struct row {
    const char *name;
    enum shape_id shape;
    const char *request;
    const char *validation; /* NULL: none */
    const char *serialization;
};

static const struct row rows[] = {
    {"good", SHAPE_StartExecutionInput, "{\"stateMachineArn\":\"arn:x\",\"input\":\"{}\"}", NULL, NULL},
    {"others are nobody's", SHAPE_StartExecutionInput, "{\"stateMachineArn\":\"arn:x\",\"color\":[1]}", NULL, NULL},
    {"required", SHAPE_StartExecutionInput, "{}",
     "1 validation error detected: Value null at 'stateMachineArn'" FAILED "not be null", NULL},
    {"null is absent", SHAPE_StartExecutionInput, "{\"stateMachineArn\":null}",
     "1 validation error detected: Value null at 'stateMachineArn'" FAILED "not be null", NULL},
    {"empty", SHAPE_StartExecutionInput, "{\"stateMachineArn\":\"\"}",
     "1 validation error detected: Value '' at 'stateMachineArn'" FAILED "have length greater than or equal to 1", NULL},
    {"two", SHAPE_StartExecutionInput, "{\"stateMachineArn\":\"\",\"name\":\"\"}",
     "2 validation errors detected: Value '' at 'stateMachineArn'" FAILED
     "have length greater than or equal to 1; Value '' at 'name'" FAILED "have length greater than or equal to 1",
     NULL},
    {"number for a text", SHAPE_DescribeStateMachineAliasInput, "{\"stateMachineAliasArn\":1}", NULL,
     "NUMBER_VALUE can not be converted to a String"},
    {"characters, not bytes", SHAPE_CreateActivityInput, "{\"name\":\"" EIGHTY "\"}", NULL, NULL},
    {"umlauts", SHAPE_CreateActivityInput, "{\"name\":\"ä" TEN TEN TEN TEN TEN TEN TEN "123456789\"}", NULL, NULL},
    {"eighty-one", SHAPE_CreateActivityInput, "{\"name\":\"x" EIGHTY "\"}",
     "1 validation error detected: Value 'x" EIGHTY "' at 'name'" FAILED "have length less than or equal to 80", NULL},
    {"enum", SHAPE_ListExecutionsInput, "{\"statusFilter\":\"succeeded\"}",
     "1 validation error detected: Value 'succeeded' at 'statusFilter'" FAILED
     "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
     NULL},
    {"enum's end", SHAPE_ListExecutionsInput, "{\"statusFilter\":\"RUNNING\"}", NULL, NULL},
    {"enum's part", SHAPE_ListExecutionsInput, "{\"statusFilter\":\"SUCCEEDED, TIMED_OUT\"}",
     "1 validation error detected: Value 'SUCCEEDED, TIMED_OUT' at 'statusFilter'" FAILED
     "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
     NULL},
    {"number above", SHAPE_ListExecutionsInput, "{\"maxResults\":1001}",
     "1 validation error detected: Value '1001' at 'maxResults'" FAILED "have value less than or equal to 1000", NULL},
    {"number below", SHAPE_ListExecutionsInput, "{\"maxResults\":-1}",
     "1 validation error detected: Value '-1' at 'maxResults'" FAILED "have value greater than or equal to 0", NULL},
    {"no whole number", SHAPE_ListExecutionsInput, "{\"maxResults\":1.5}", NULL,
     "NUMBER_VALUE can not be converted to an Integer"},
    {"text for a number", SHAPE_ListExecutionsInput, "{\"maxResults\":\"1\"}", NULL,
     "STRING_VALUE can not be converted to an Integer"},
    {"huge number", SHAPE_ListExecutionsInput, "{\"maxResults\":1e400}", NULL,
     "NUMBER_VALUE can not be converted to an Integer"},
    {"list for a text", SHAPE_CreateActivityInput, "{\"name\":[]}", NULL, "Start of list found where not expected"},
    {"object for a text", SHAPE_CreateActivityInput, "{\"name\":{}}", NULL,
     "Start of structure or map found where not expected"},
    {"text for a boolean", SHAPE_GetExecutionHistoryInput, "{\"executionArn\":\"a\",\"reverseOrder\":\"true\"}", NULL,
     "STRING_VALUE can not be converted to a Boolean"},
    {"no object", SHAPE_ListActivitiesInput, "[]", NULL, "Start of list found where not expected"},
    {"pattern", SHAPE_CreateStateMachineAliasInput,
     "{\"name\":\"123\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\"a:1\",\"weight\":100}]}",
     "1 validation error detected: Value '123' at 'name'" FAILED
     "satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$",
     NULL},
    {"in a list", SHAPE_CreateStateMachineAliasInput,
     "{\"name\":\"a1\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\"a:1\",\"weight\":101}]}",
     "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight'" FAILED
     "have value less than or equal to 100",
     NULL},
    {"a list that is too long", SHAPE_CreateStateMachineAliasInput,
     "{\"name\":\"a1\",\"routingConfiguration\":[{\"stateMachineVersionArn\":\"a:1\",\"weight\":1},"
     "{\"stateMachineVersionArn\":\"a:2\",\"weight\":2},{\"stateMachineVersionArn\":\"a:3\",\"weight\":97}]}",
     "1 validation error detected: Value '[RoutingConfigurationListItem(stateMachineVersionArn=a:1, weight=1), "
     "RoutingConfigurationListItem(stateMachineVersionArn=a:2, weight=2), "
     "RoutingConfigurationListItem(stateMachineVersionArn=a:3, weight=97)]' at 'routingConfiguration'" FAILED
     "have length less than or equal to 2",
     NULL},
    {"secrets are not quoted", SHAPE_CreateStateMachineInput, "{\"name\":\"a\",\"definition\":\"\",\"roleArn\":\"r\"}",
     "1 validation error detected: Value at 'definition'" FAILED "have length greater than or equal to 1", NULL},
    {"inside of a structure", SHAPE_CreateStateMachineInput,
     "{\"name\":\"a\",\"definition\":\"{}\",\"roleArn\":\"r\",\"loggingConfiguration\":{\"level\":\"LOUD\"}}",
     "1 validation error detected: Value 'LOUD' at 'loggingConfiguration.level'" FAILED
     "satisfy enum value set: [ALL, ERROR, FATAL, OFF]",
     NULL},
    {"not ASCII", SHAPE_StartExecutionInput, "{\"stateMachineArn\":\"a\",\"traceHeader\":\"ä\"}",
     "1 validation error detected: Value 'ä' at 'traceHeader'" FAILED
     "satisfy regular expression pattern: \\p{ASCII}*",
     NULL},
    {"a fraction", SHAPE_UpdateMapRunInput, "{\"mapRunArn\":\"a\",\"toleratedFailurePercentage\":100.5}",
     "1 validation error detected: Value '100.5' at 'toleratedFailurePercentage'" FAILED
     "have value less than or equal to 100",
     NULL},
};

static void check(const char *name, struct str got, const char *wanted)
{
    struct str want = str_of(wanted);
    if (!str_equal(got, want) || (got.bytes == NULL) != (wanted == NULL)) {
        fail_msg("%s: got %.*s, wanted %s", name, STR_ARGS(got), wanted == NULL ? "nothing" : wanted);
    }
}

static void test_rows(void **state)
{
    const struct validate_limits limits = {.payload_bytes_max = 262144};
    struct arena *arena = arena_create(ARENA_BYTES);
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        const struct value *request;
        struct validate_findings findings;
        assert_int_equal(value_parse(arena, str_of(rows[at].request), &request, NULL), STATUS_OK);
        assert_int_equal(validate_request(arena, &limits, rows[at].shape, request, &findings), STATUS_OK);
        check(rows[at].name, findings.validation, rows[at].validation);
        check(rows[at].name, findings.serialization, rows[at].serialization);
        arena_reset(arena);
    }
    arena_destroy(arena);
}

/* NUL in a text neither ends the message nor the check. */
static void test_nul(void **state)
{
    const struct validate_limits limits = {.payload_bytes_max = 262144};
    struct arena *arena = arena_create(ARENA_BYTES);
    const struct value *request;
    struct validate_findings findings;
    (void)state;
    struct str text = STR("{\"statusFilter\":\"\\u0000x\",\"maxResults\":1001}");
    assert_int_equal(value_parse(arena, text, &request, NULL), STATUS_OK);
    assert_int_equal(validate_request(arena, &limits, SHAPE_ListExecutionsInput, request, &findings), STATUS_OK);
    assert_true(str_starts_with(findings.validation, STR("2 validation errors detected: Value '\0x' at")));
    assert_true(str_ends_with(findings.validation, STR("less than or equal to 1000")));
    arena_destroy(arena);
}

/* limits.payload.bytes above AWS's lets more in. */
static void test_raised_limit(void **state)
{
    struct arena *arena = arena_create(ARENA_BYTES);
    struct buffer text = buffer_in(arena);
    const struct value *request;
    struct validate_findings findings;
    (void)state;
    assert_int_equal(buffer_add(&text, STR("{\"stateMachineArn\":\"a\",\"input\":\"")), STATUS_OK);
    for (int at = 0; at < 300000; at++) {
        assert_int_equal(buffer_add_byte(&text, 'x'), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("\"}")), STATUS_OK);
    assert_int_equal(value_parse(arena, buffer_text(&text), &request, NULL), STATUS_OK);
    struct validate_limits limits = {.payload_bytes_max = 262144};
    assert_int_equal(validate_request(arena, &limits, SHAPE_StartExecutionInput, request, &findings), STATUS_OK);
    check("at AWS's limit", findings.validation,
          "1 validation error detected: Value at 'input'" FAILED "have length less than or equal to 262144");
    limits.payload_bytes_max = 300000;
    assert_int_equal(validate_request(arena, &limits, SHAPE_StartExecutionInput, request, &findings), STATUS_OK);
    check("raised", findings.validation, NULL);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_raised_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
