/* Tags of machines and activities. */
#include "tests/processor/fixture.h"

#include "base/buffer.h"

#define ARN "\"resourceArn\":\"" MACHINE_ARN "m\""
#define TAG(tags) "\"operation\":\"TagResource\"," ARN ",\"tags\":" tags
#define UNTAG(keys) "\"operation\":\"UntagResource\"," ARN ",\"tagKeys\":" keys
#define NOT_FOUND(name) "Resource not found: '" MACHINE_ARN name "'"

/* The tags of the head's `number`-th record. */
static void expect_tags(struct fixture *fixture, size_t number, const char *tags)
{
    const struct definition *head = NULL;
    for (size_t at = 0; at < 2 + number; at++) { /* the first is the revision */
        head = fixture_find(fixture, "pawl.definitions", SCHEMA_definition, "stateMachine:m", at);
    }
    assert_null(head->definition.bytes);
    if (!str_equal(head->tags, str_of(tags))) {
        fail_msg("%zu: %.*s is not %s", number, STR_ARGS(head->tags), tags);
    }
}

static void test_tags(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_accepted(fixture, "\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":" PASS
                                     ",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"a\",\"value\":\"2\"}]");
    expect_tags(fixture, 0, "[{\"key\":\"a\",\"value\":\"2\"}]");
    assert_int_equal(fixture_expect_accepted(fixture, TAG("[]"))->version, 1);
    assert_int_equal(
        fixture_expect_accepted(fixture, TAG("[{\"key\":\"b\",\"value\":\"\"},{\"value\":\"3\",\"key\":\"a\"}]"))->version,
        2);
    expect_tags(fixture, 1, "[{\"key\":\"a\",\"value\":\"3\"},{\"key\":\"b\",\"value\":\"\"}]");
    assert_int_equal(fixture_expect_accepted(fixture, UNTAG("[\"a\",\"a\",\"c\",7]"))->version, 3);
    expect_tags(fixture, 2, "[{\"key\":\"b\",\"value\":\"\"}]");
    assert_int_equal(fixture_expect_accepted(fixture, UNTAG("[\"b\"]"))->version, 4);
    assert_int_equal(fixture_expect_accepted(fixture, UNTAG("[\"b\"]"))->version, 4);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *tags;
        const char *message;
    } rows[] = {
        {"{}", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must be a list"},
        {"[1]",
         "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must have "
         "length greater than or equal to 1"},
        {"[{\"key\":\"a\"},{\"key\":\"\"}]",
         "1 validation error detected: Value at 'tags.2.member.key' failed to satisfy constraint: Member must have "
         "length greater than or equal to 1"},
        {"[{\"key\":\"a\",\"value\":1}]",
         "1 validation error detected: Value at 'tags.1.member.value' failed to satisfy constraint: Member must not be "
         "null"},
    };
    fixture_create(fixture, "m", PASS);
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct str members;
        assert_int_equal(arena_format(fixture->arena, &members, "\"operation\":\"TagResource\"," ARN ",\"tags\":%s",
                                      rows[at].tags),
                         STATUS_OK);
        fixture_expect_refused(fixture, members.bytes, "ValidationException", rows[at].message);
    }
    struct buffer many = buffer_in(fixture->arena);
    assert_int_equal(buffer_add(&many, STR("\"operation\":\"TagResource\"," ARN ",\"tags\":[")), STATUS_OK);
    for (int at = 0; at < 200; at++) {
        assert_int_equal(buffer_format(&many, "%s{\"key\":\"k%d\"}", at == 0 ? "" : ",", at), STATUS_OK);
    }
    assert_int_equal(buffer_add(&many, (struct str){"]", 2}), STATUS_OK);
    fixture_expect_refused(fixture, many.bytes, "TooManyTags", "Too Many Tags: '" MACHINE_ARN "m'");
    fixture_expect_refused(fixture, UNTAG("\"a\""), "ValidationException",
                           "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must be "
                           "a list");
    fixture_expect_refused(fixture,
                           "\"operation\":\"TagResource\",\"resourceArn\":\"" MACHINE_ARN "m:1\",\"tags\":[]",
                           "ResourceNotFound", NOT_FOUND("m:1"));
    fixture_expect_refused(fixture, "\"operation\":\"TagResource\",\"resourceArn\":\"" MACHINE_ARN "no\",\"tags\":[]",
                           "ResourceNotFound", NOT_FOUND("no"));
    fixture_expect_refused(fixture, "\"operation\":\"TagResource\",\"resourceArn\":\"x\",\"tags\":[]", "InvalidArn",
                           "Invalid Arn: 'Invalid ARN prefix: x'");
    fixture_expect_refused(fixture, "\"operation\":\"UntagResource\",\"resourceArn\":\"" EXECUTION_ARN "m:e\",\"tagKeys\":[]",
                           "InvalidArn", "Invalid Arn: 'Resource type not valid in this context: execution'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tags, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
