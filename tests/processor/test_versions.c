/* Versions of state machines: published, deleted, kept. */
#include "tests/processor/fixture.h"

#include <time.h>

#define PUBLISH "\"operation\":\"PublishStateMachineVersion\",\"stateMachineArn\":\"" MACHINE_ARN "m\""
#define UPDATE "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\""
#define DELETE_VERSION "\"operation\":\"DeleteStateMachineVersion\",\"stateMachineVersionArn\":\"" MACHINE_ARN
#define CREATE "\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":" PASS

static struct str member(struct str data, const char *name)
{
    struct str at = str_from(data, str_find_str(data, str_of(name)) + strlen(name) + 2);
    return str_slice(str_from(at, 1), 0, str_find(str_from(at, 1), '"'));
}

static void expect_version(struct fixture *fixture, const char *members, const char *arn)
{
    const struct reply *reply = fixture_expect_accepted(fixture, members);
    if (!str_equal(member(reply->data, "stateMachineVersionArn"), str_of(arn))) {
        fail_msg("%s: %.*s is not %s", members, STR_ARGS(reply->data), arn);
    }
}

static bool has(const struct reply *reply, const char *text)
{
    return str_find_str(reply->data, str_of(text)) < reply->data.length;
}

static void test_publish(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "m", PASS);
    fixture_expect_refused(fixture, PUBLISH ",\"revisionId\":\"x\"", "ConflictException",
                           "Failed to publish the State Machine version for revision x. The current State Machine "
                           "revision is INITIAL.");
    expect_version(fixture, PUBLISH ",\"description\":\"first\",\"revisionId\":\"INITIAL\"", MACHINE_ARN "m:1");
    expect_version(fixture, PUBLISH, MACHINE_ARN "m:1");
    const struct definition *version =
        fixture_find(fixture, "pawl.definitions", SCHEMA_definition, "stateMachine:m:1", 0);
    assert_true(str_equal(version->kind, STR("VERSION")));
    assert_true(str_equal(version->description, STR("first")));
    assert_true(str_equal(version->name, STR("m")));
    assert_true(str_equal(version->resource_arn, STR(MACHINE_ARN "m:1")));
    assert_null(version->definition.bytes);
    /* The same is the same revision, which has no id; another definition is another. */
    const struct reply *same = fixture_expect_accepted(fixture, UPDATE ",\"publish\":true,\"definition\":" PASS);
    assert_false(has(same, "revisionId"));
    assert_true(str_equal(member(same->data, "stateMachineVersionArn"), STR(MACHINE_ARN "m:1")));
    const struct reply *other = fixture_expect_accepted(fixture, UPDATE ",\"publish\":true,\"definition\":" PASS_TWICE);
    assert_int_equal(member(other->data, "revisionId").length, 36);
    assert_true(str_equal(member(other->data, "stateMachineVersionArn"), STR(MACHINE_ARN "m:2")));
    const struct reply *logs = fixture_expect_accepted(
        fixture, UPDATE ",\"loggingConfiguration\":{\"level\":\"OFF\",\"includeExecutionData\":true}");
    assert_false(str_equal(member(logs->data, "revisionId"), member(other->data, "revisionId")));
    const struct reply *again = fixture_expect_accepted(
        fixture, UPDATE ",\"loggingConfiguration\":{\"includeExecutionData\":true, \"level\":\"OFF\"}");
    assert_true(str_equal(member(logs->data, "revisionId"), member(again->data, "revisionId")));
    /* Numbers are not used again. */
    fixture_expect_accepted(fixture, DELETE_VERSION "m:2\"");
    fixture_expect_accepted(fixture, DELETE_VERSION "m:2\"");
    expect_version(fixture, PUBLISH, MACHINE_ARN "m:3");
    fixture_expect_accepted(fixture, DELETE_VERSION "m:3\"");
    expect_version(fixture, PUBLISH, MACHINE_ARN "m:4");
}

static void test_create(void **state)
{
    struct fixture *fixture = *state;
    expect_version(fixture, CREATE ",\"publish\":true,\"versionDescription\":\"d\"", MACHINE_ARN "m:1");
    expect_version(fixture, CREATE ",\"publish\":true,\"versionDescription\":\"d\"", MACHINE_ARN "m:1");
    fixture_expect_refused(fixture, CREATE ",\"publish\":true,\"versionDescription\":\"e\"",
                           "StateMachineAlreadyExists", "State Machine Already Exists: '" MACHINE_ARN "m'");
    fixture_expect_refused(fixture, CREATE ",\"versionDescription\":\"e\"", "ValidationException",
                           "Version description can only be set when publish is true");
}

/* Timer rows that were ever put: of machines without executions, one for each revision that is to be forgotten. */
static int count_timers(struct fixture *fixture)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    int count = 0;
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.state"), &topic, &error), STATUS_OK);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        struct bus_reader *reader;
        struct bus_record record;
        assert_int_equal(bus_reader_open(fixture->bus, topic, partition, 0, &reader, &error), STATUS_OK);
        while (bus_reader_next(reader, 5, &record, &error) == STATUS_OK) {
            count += record.key.length > 0 && record.key.bytes[0] == 't' && record.value.bytes != NULL;
        }
        bus_reader_close(reader);
    }
    return count;
}

/* A revision is to be forgotten when neither the machine nor a version is of it. */
static void test_revisions(void **state)
{
    struct fixture *fixture = *state;
    fixture_create(fixture, "m", PASS);
    fixture_expect_accepted(fixture, PUBLISH);
    fixture_expect_accepted(fixture, UPDATE ",\"definition\":" PASS_TWICE);
    assert_int_equal(count_timers(fixture), 0);
    fixture_expect_accepted(fixture, UPDATE ",\"definition\":" PASS);
    assert_int_equal(count_timers(fixture), 1);
    fixture_expect_accepted(fixture, PUBLISH);
    fixture_expect_accepted(fixture, DELETE_VERSION "m:2\"");
    assert_int_equal(count_timers(fixture), 1);
    fixture_expect_accepted(fixture, DELETE_VERSION "m:1\"");
    assert_int_equal(count_timers(fixture), 2);
}

/* Whether the last record of the key is a tombstone. */
static bool is_gone(struct fixture *fixture, const char *arn)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    struct bus_reader *reader;
    struct bus_record record;
    bool gone = false;
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.definitions"), &topic, &error), STATUS_OK);
    assert_int_equal(bus_reader_open(fixture->bus, topic, 0, 0, &reader, &error), STATUS_OK);
    while (bus_reader_next(reader, 5, &record, &error) == STATUS_OK) {
        gone = str_equal(record.key, str_of(arn)) ? record.value.bytes == NULL : gone;
    }
    bus_reader_close(reader);
    return gone;
}

static void await_gone(struct fixture *fixture, const char *arn)
{
    for (int tries = 0; tries < 500 && !is_gone(fixture, arn); tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    assert_true(is_gone(fixture, arn));
}

/* A machine takes its versions and aliases with it, more than one step may delete. */
static void test_delete(void **state)
{
    struct fixture *fixture = *state;
    fixture_stop_processor(fixture);
    fixture->config.delete_linger_ms = 1000;
    fixture_start_processor(fixture);
    fixture_create(fixture, "m", PASS);
    for (int at = 0; at < 205; at++) {
        fixture_expect_accepted(fixture, at % 2 == 0 ? UPDATE ",\"publish\":true,\"definition\":" PASS_TWICE
                                                     : UPDATE ",\"publish\":true,\"definition\":" PASS);
    }
    fixture_expect_accepted(fixture,
                            "\"operation\":\"CreateStateMachineAlias\",\"name\":\"a\",\"routingConfiguration\":"
                            "[{\"stateMachineVersionArn\":\"" MACHINE_ARN "m:1\",\"weight\":100}]");
    fixture_expect_accepted(fixture, "\"operation\":\"DeleteStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\"");
    fixture_expect_refused(fixture, CREATE, "StateMachineDeleting",
                           "State Machine is being deleted: '" MACHINE_ARN "m'");
    await_gone(fixture, MACHINE_ARN "m");
    assert_true(is_gone(fixture, MACHINE_ARN "m:a"));
    for (int at = 1; at <= 205; at++) {
        char arn[200];
        snprintf(arn, sizeof arn, "%sm:%d", MACHINE_ARN, at);
        assert_true(is_gone(fixture, arn));
    }
    assert_int_equal(count_timers(fixture), 207); /* each revision, the machine twice */
    /* Made again, it begins with version 1. */
    expect_version(fixture, CREATE ",\"publish\":true", MACHINE_ARN "m:1");
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    struct str long_description;
    char text[300];
    memset(text, 'x', sizeof text);
    assert_int_equal(arena_format(fixture->arena, &long_description, PUBLISH ",\"description\":\"%.*s\"", 257, text),
                     STATUS_OK);
    fixture_create(fixture, "m", PASS);
    fixture_expect_refused(fixture, long_description.bytes, "ValidationException",
                           "1 validation error detected: Value at 'description' failed to satisfy constraint: Member "
                           "must have length less than or equal to 256");
    fixture_expect_refused(fixture,
                           "\"operation\":\"PublishStateMachineVersion\",\"stateMachineArn\":\"" MACHINE_ARN "no\"",
                           "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "no'");
    fixture_expect_refused(fixture, "\"operation\":\"PublishStateMachineVersion\",\"stateMachineArn\":\"x\"",
                           "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'");
    fixture_expect_refused(fixture,
                           "\"operation\":\"PublishStateMachineVersion\",\"stateMachineArn\":\"" MACHINE_ARN "m:1\"",
                           "StateMachineDoesNotExist", "State Machine Does Not Exist: '" MACHINE_ARN "m:1'");
    fixture_expect_refused(fixture, DELETE_VERSION "m\"", "InvalidArn",
                           "Invalid Arn: 'Resource type not valid in this context: stateMachine'");
    fixture_expect_refused(fixture, DELETE_VERSION "m:alias\"", "InvalidArn",
                           "Invalid Arn: 'Resource type not valid in this context: stateMachine'");
    fixture_expect_refused(fixture, UPDATE ",\"loggingConfiguration\":{\"level\":\"ALL\"}",
                           "InvalidLoggingConfiguration",
                           "Invalid Logging Configuration: Must specify exactly one Log Destination.");
    fixture_expect_refused(fixture, UPDATE ",\"tracingConfiguration\":[]", "InvalidTracingConfiguration",
                           "Invalid Tracing Configuration: Must be a JSON object.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_revisions, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_create, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_delete, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
