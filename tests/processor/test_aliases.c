/* Aliases: created, changed, deleted, and what is refused. */
#include "tests/processor/fixture.h"

#define UPDATE "\"operation\":\"UpdateStateMachine\",\"stateMachineArn\":\"" MACHINE_ARN "m\""
#define CREATE(name) "\"operation\":\"CreateStateMachineAlias\",\"name\":\"" name "\""
#define CHANGE(name) "\"operation\":\"UpdateStateMachineAlias\",\"stateMachineAliasArn\":\"" MACHINE_ARN name "\""
#define DELETE(name) "\"operation\":\"DeleteStateMachineAlias\",\"stateMachineAliasArn\":\"" MACHINE_ARN name "\""
#define V(version, weight) "{\"stateMachineVersionArn\":\"" MACHINE_ARN version "\",\"weight\":" weight "}"
#define ROUTE(versions) ",\"routingConfiguration\":[" versions "]"
#define MISSING "Request references a resource that does not exist."

static void create_machine(struct fixture *fixture)
{
    fixture_expect_accepted(fixture,
                            "\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"publish\":true,\"definition\":" PASS);
    fixture_expect_accepted(fixture, UPDATE ",\"publish\":true,\"definition\":" PASS_TWICE);
}

static void expect_data(const struct reply *reply, const char *contains)
{
    if (str_find_str(reply->data, str_of(contains)) == reply->data.length) {
        fail_msg("%.*s lacks %s", STR_ARGS(reply->data), contains);
    }
}

static void test_life(void **state)
{
    struct fixture *fixture = *state;
    create_machine(fixture);
    const struct reply *first =
        fixture_expect_accepted(fixture, CREATE("live") ",\"description\":\"d\"" ROUTE(V("m:1", "100")));
    expect_data(first, "{\"stateMachineAliasArn\":\"" MACHINE_ARN "m:live\",\"creationDate\":");
    assert_int_equal(first->version, 3);
    const struct reply *again =
        fixture_expect_accepted(fixture, CREATE("live") ",\"description\":\"d\"" ROUTE(V("m:1", "1e2")));
    assert_true(str_equal(again->data, first->data));
    const struct definition *alias =
        fixture_find(fixture, "pawl.definitions", SCHEMA_definition, "stateMachine:m:live", 0);
    assert_true(str_equal(alias->kind, STR("ALIAS")));
    assert_true(str_equal(alias->name, STR("live")));
    assert_true(str_equal(alias->state_machine_arn, STR(MACHINE_ARN "m")));
    assert_true(str_equal(alias->routing_configuration, STR("[" V("m:1", "100") "]")));
    static const char conflict[] = "Failed to create alias because an alias with the same name and a different routing "
                                   "configuration already exists.";
    fixture_expect_refused(fixture, CREATE("live") ",\"description\":\"e\"" ROUTE(V("m:1", "100")), "ConflictException",
                           conflict);
    fixture_expect_refused(fixture,
                           CREATE("live") ",\"description\":\"d\"" ROUTE(V("m:1", "50") "," V("m:2", "50")),
                           "ConflictException", conflict);
    fixture_expect_accepted(fixture, CREATE("next") ROUTE(V("m:2", "0") "," V("m:1", "100")));
    fixture_expect_refused(fixture,
                           "\"operation\":\"DeleteStateMachineVersion\",\"stateMachineVersionArn\":\"" MACHINE_ARN
                           "m:1\"",
                           "ConflictException",
                           "Version to be deleted must not be referenced by an alias. Current list of aliases "
                           "referencing this version: [live, next]");
    expect_data(fixture_expect_accepted(fixture, CHANGE("m:live") ROUTE(V("m:2", "100"))), "{\"updateDate\":");
    expect_data(fixture_expect_accepted(fixture, CHANGE("m:live") ",\"description\":\"new\""), "{\"updateDate\":");
    alias = fixture_find(fixture, "pawl.definitions", SCHEMA_definition, "stateMachine:m:live", 2);
    assert_true(str_equal(alias->description, STR("new")));
    assert_true(str_equal(alias->routing_configuration, STR("[" V("m:2", "100") "]")));
    fixture_expect_accepted(fixture, DELETE("m:next"));
    fixture_expect_accepted(fixture, DELETE("m:next"));
    fixture_expect_accepted(fixture,
                            "\"operation\":\"DeleteStateMachineVersion\",\"stateMachineVersionArn\":\"" MACHINE_ARN
                            "m:1\"");
    fixture_expect_refused(fixture, CHANGE("m:next") ",\"description\":\"new\"", "ResourceNotFound", MISSING);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    static const char pattern[] = " at 'name' failed to satisfy constraint: Member must satisfy regular expression "
                                  "pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$";
    static const char *const names[] = {"123", "INVALID ALIAS", "!INVALID", "ALIAS@", "\xC3\xA4"};
    create_machine(fixture);
    for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
        struct str members;
        struct str message;
        assert_int_equal(arena_format(fixture->arena, &members,
                                      "\"operation\":\"CreateStateMachineAlias\",\"name\":\"%s\"" ROUTE(V("m:1", "100")),
                                      names[at]),
                         STATUS_OK);
        assert_int_equal(arena_format(fixture->arena, &message, "1 validation error detected: Value '%s'%s", names[at],
                                      pattern),
                         STATUS_OK);
        fixture_expect_refused(fixture, members.bytes, "ValidationException", message.bytes);
    }
    fixture_expect_refused(fixture, CREATE("a") ROUTE(V("m:1", "70") "," V("m:2", "29")), "ValidationException",
                           "Sum of routing configuration weights must equal 100. Received: [70, 29]");
    fixture_expect_refused(fixture, CREATE("a") ROUTE(V("m:3", "100")), "ResourceNotFound", MISSING);
    fixture_expect_refused(fixture, CREATE("a") ROUTE(V("no:1", "100")), "ResourceNotFound", MISSING);
    fixture_expect_refused(fixture, CHANGE("m:a") ROUTE(V("no:1", "100")), "ResourceNotFound", MISSING);
    fixture_expect_refused(fixture, CHANGE("m:1") ",\"description\":\"\"", "InvalidArn",
                           "Invalid Arn: 'Resource type not valid in this context: stateMachine'");
    fixture_expect_refused(fixture, CHANGE("m:a"), "ValidationException",
                           "Either the description or the routing configuration must be specified");
    fixture_expect_refused(fixture, DELETE("no:a"), "ResourceNotFound", MISSING);
    fixture_expect_refused(fixture, "\"operation\":\"DeleteStateMachineAlias\",\"stateMachineAliasArn\":\"x\"",
                           "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'");
}

/* Starts through a version and an alias: the version's definition runs, and both are told. */
static void test_starts(void **state)
{
    struct fixture *fixture = *state;
    int counts[3] = {0};
    create_machine(fixture);
    fixture_expect_accepted(fixture, UPDATE ",\"definition\":" TASK);
    fixture_expect_accepted(fixture, CREATE("live") ROUTE(V("m:1", "50") "," V("m:2", "50")));
    fixture_expect_accepted(fixture, START("m:1", ",\"name\":\"v\""));
    const struct execution_status *status = fixture_await_status(fixture, ":m:v", "SUCCEEDED");
    assert_true(str_equal(status->state_machine_arn, STR(MACHINE_ARN "m")));
    assert_true(str_equal(status->state_machine_version_arn, STR(MACHINE_ARN "m:1")));
    assert_null(status->state_machine_alias_arn.bytes);
    assert_int_equal(status->version, 4); /* one Pass */
    for (int at = 0; at < 40; at++) {
        char members[256];
        char name[24];
        snprintf(members, sizeof members, START("m:live", ",\"name\":\"a%d\""), at);
        snprintf(name, sizeof name, ":m:a%d", at);
        fixture_expect_accepted(fixture, members);
        status = fixture_await_status(fixture, name, "SUCCEEDED");
        bool first = str_equal(status->state_machine_version_arn, STR(MACHINE_ARN "m:1"));
        assert_true(first || str_equal(status->state_machine_version_arn, STR(MACHINE_ARN "m:2")));
        assert_true(str_equal(status->state_machine_alias_arn, STR(MACHINE_ARN "m:live")));
        assert_int_equal(status->version, first ? 4 : 6);
        counts[first ? 1 : 2]++;
    }
    assert_true(counts[1] >= 5 && counts[2] >= 5); /* fails once in 10^6 */
    const struct history_event *event = fixture_find(fixture, "pawl.history", SCHEMA_history_event, ":m:a1", 0);
    assert_true(str_equal(event->state_machine_alias_arn, STR(MACHINE_ARN "m:live")));
    assert_true(event->state_machine_version_arn.bytes != NULL);
    fixture_expect_accepted(fixture, CHANGE("m:live") ROUTE(V("m:2", "0") "," V("m:1", "100")));
    for (int at = 0; at < 10; at++) {
        char members[256];
        char name[24];
        snprintf(members, sizeof members, START("m:live", ",\"name\":\"b%d\",\"minDefinitionVersion\":5"), at);
        snprintf(name, sizeof name, ":m:b%d", at);
        fixture_expect_accepted(fixture, members);
        status = fixture_await_status(fixture, name, "SUCCEEDED");
        assert_true(str_equal(status->state_machine_version_arn, STR(MACHINE_ARN "m:1")));
    }
    fixture_expect_refused(fixture, START("m:3", ""), "StateMachineDoesNotExist",
                           "State Machine Does Not Exist: '" MACHINE_ARN "m:3'");
    fixture_expect_refused(fixture, START("m:dead", ""), "StateMachineDoesNotExist",
                           "State Machine Does Not Exist: '" MACHINE_ARN "m:dead'");
    fixture_expect_refused(fixture, START("no:1", ""), "StateMachineDoesNotExist",
                           "State Machine Does Not Exist: '" MACHINE_ARN "no:1'");
}

/* A hundred aliases, and no more. */
static void test_limit(void **state)
{
    struct fixture *fixture = *state;
    create_machine(fixture);
    for (int at = 0; at < 100; at++) {
        struct str members;
        assert_int_equal(arena_format(fixture->arena, &members,
                                      "\"operation\":\"CreateStateMachineAlias\",\"name\":\"a%d\"" ROUTE(V("m:1", "100")),
                                      at),
                         STATUS_OK);
        fixture_expect_accepted(fixture, members.bytes);
    }
    fixture_expect_refused(fixture, CREATE("more") ROUTE(V("m:1", "100")), "ServiceQuotaExceededException",
                           "Exceeded the limit of 100 aliases of the state machine '" MACHINE_ARN "m'");
    fixture_expect_accepted(fixture, DELETE("m:a7"));
    fixture_expect_accepted(fixture, CREATE("more") ROUTE(V("m:1", "100")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_starts, fixture_set_up, fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_limit, fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
