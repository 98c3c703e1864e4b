/* Activities: made, deleted, tagged. */
#include "tests/processor/fixture.h"

#define ACTIVITY_ARN "arn:aws:states:us-east-1:000000000000:activity:"
#define CREATE(name) "\"operation\":\"CreateActivity\",\"name\":\"" name "\""
#define DELETE(name) "\"operation\":\"DeleteActivity\",\"activityArn\":\"" ACTIVITY_ARN name "\""

static void test_life(void **state)
{
    struct fixture *fixture = *state;
    const struct reply *first =
        fixture_expect_accepted(fixture, CREATE("a") ",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]");
    assert_true(str_starts_with(first->data, STR("{\"activityArn\":\"" ACTIVITY_ARN "a\",\"creationDate\":")));
    const struct reply *again = fixture_expect_accepted(fixture, CREATE("a") ",\"tags\":[]");
    assert_true(str_equal(first->data, again->data));
    const struct definition *activity = fixture_find(fixture, "pawl.definitions", SCHEMA_definition, ":activity:a", 0);
    assert_true(str_equal(activity->kind, STR("ACTIVITY")));
    assert_true(str_equal(activity->resource_arn, STR(ACTIVITY_ARN "a")));
    assert_true(str_equal(activity->name, STR("a")));
    assert_true(str_equal(activity->tags, STR("[{\"key\":\"k\",\"value\":\"v\"}]")));
    const struct reply *tagged = fixture_expect_accepted(
        fixture, "\"operation\":\"UntagResource\",\"resourceArn\":\"" ACTIVITY_ARN "a\",\"tagKeys\":[\"k\"]");
    assert_true(tagged->version > first->version);
    const struct reply *deleted = fixture_expect_accepted(fixture, DELETE("a"));
    assert_true(deleted->version > tagged->version);
    fixture_expect_accepted(fixture, DELETE("a"));
    fixture_expect_refused(fixture,
                           "\"operation\":\"TagResource\",\"resourceArn\":\"" ACTIVITY_ARN "a\",\"tags\":[]",
                           "ResourceNotFound", "Resource not found: '" ACTIVITY_ARN "a'");
    fixture_expect_accepted(fixture, CREATE("a") ",\"encryptionConfiguration\":{\"type\":\"AWS_OWNED_KEY\"}");
    fixture_expect_accepted(fixture, CREATE("a") ",\"encryptionConfiguration\":{ \"type\": \"AWS_OWNED_KEY\"}");
    fixture_expect_refused(fixture, CREATE("a"), "ActivityAlreadyExists",
                           "Activity Already Exists: '" ACTIVITY_ARN "a'");
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    fixture_expect_refused(fixture, CREATE("a b"), "InvalidName", "Invalid Name: 'a b'");
    fixture_expect_refused(fixture, CREATE(""), "InvalidName", "Invalid Name: ''");
    fixture_expect_refused(fixture, CREATE("a") ",\"encryptionConfiguration\":1", "InvalidEncryptionConfiguration",
                           "Invalid Encryption Configuration: Must be a JSON object.");
    fixture_expect_refused(fixture, "\"operation\":\"DeleteActivity\",\"activityArn\":\"no_an_activity_arn\"",
                           "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: no_an_activity_arn'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
