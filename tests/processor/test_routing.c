/* Routing configurations of aliases: what is taken, and AWS's words for what is not. */
#include "processor/routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define M "arn:aws:states:us-east-1:000000000000:stateMachine:"
#define V(version, weight) "{\"stateMachineVersionArn\":\"" M version "\",\"weight\":" weight "}"

static void test_rows(void **state)
{
    static const struct {
        const char *text;
        const char *kept; /* or what is wrong */
        bool refused;
    } rows[] = {
        {"[" V("m:1", "100") "]", "[" V("m:1", "100") "]", false},
        {"[ {\"weight\": 1e2, \"stateMachineVersionArn\": \"" M "m:1\"} ]", "[" V("m:1", "100") "]", false},
        {"[" V("m:1", "0") "," V("m:22", "100") "]", "[" V("m:1", "0") "," V("m:22", "100") "]", false},
        {"[]",
         "1 validation error detected: Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must "
         "have length greater than or equal to 1",
         true},
        {"[" V("m:1", "50") "," V("m:2", "30") "," V("m:3", "20") "]",
         "1 validation error detected: Value '[RoutingConfigurationListItem(stateMachineVersionArn=" M
         "m:1, weight=50), RoutingConfigurationListItem(stateMachineVersionArn=" M
         "m:2, weight=30), RoutingConfigurationListItem(stateMachineVersionArn=" M
         "m:3, weight=20)]' at 'routingConfiguration' failed to satisfy constraint: Member must have length less than "
         "or equal to 2",
         true},
        {"[" V("m:1", "101") "]",
         "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy "
         "constraint: Member must have value less than or equal to 100",
         true},
        {"[" V("m:1", "-1") "]",
         "1 validation error detected: Value '-1' at 'routingConfiguration.1.member.weight' failed to satisfy "
         "constraint: Member must have value greater than or equal to 0",
         true},
        {"[" V("m:1", "70") "," V("m:2", "29") "]",
         "Sum of routing configuration weights must equal 100. Received: [70, 29]", true},
        {"[" V("m:1", "50") "," V("m:1", "50") "]",
         "Routing configuration must contain distinct state machine version ARNs. Received: [" M "m:1, " M "m:1]", true},
        {"[" V("m", "70") "," V("m:2", "30") "]",
         "Routing configuration must contain state machine version ARNs. Received: [" M "m, " M "m:2]", true},
        {"[" V("m:live", "100") "]",
         "Routing configuration must contain state machine version ARNs. Received: [" M "m:live]", true},
        {"[" V("m:1", "70") "," V("n:2", "30") "]",
         "Routing configuration must contain version ARNs of the same state machine. Received: [" M "m:1, " M "n:2]",
         true},
        {"[1]",
         "1 validation error detected: Value at 'routingConfiguration.1.member.stateMachineVersionArn' failed to "
         "satisfy constraint: Member must not be null",
         true},
        {"[{\"stateMachineVersionArn\":\"" M "m:1\",\"weight\":\"1\"}]",
         "1 validation error detected: Value at 'routingConfiguration.1.member.weight' failed to satisfy constraint: "
         "Member must not be null",
         true},
        {"[{\"stateMachineVersionArn\":\"" M "m:1\",\"weight\":1e400}]",
         "1 validation error detected: Value at 'routingConfiguration.1.member.weight' failed to satisfy constraint: "
         "Member must not be null",
         true},
        {"{}",
         "1 validation error detected: Value at 'routingConfiguration' failed to satisfy constraint: Member must not be "
         "null",
         true},
        {"[",
         "1 validation error detected: Value at 'routingConfiguration' failed to satisfy constraint: Member must not be "
         "null",
         true},
    };
    struct arena *arena = arena_create(1 << 20);
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct routing routing;
        struct str text = STR("");
        enum status status = routing_read(arena, str_of(rows[at].text), &routing, &text);
        assert_int_equal(status, rows[at].refused ? STATUS_INVALID : STATUS_OK);
        if (status == STATUS_OK) {
            assert_int_equal(routing_write(arena, &routing, &text), STATUS_OK);
            assert_true(routing_names(&routing, STR(M "m:1")));
            assert_false(routing_names(&routing, STR(M "m:2")));
        }
        if (!str_equal(text, str_of(rows[at].kept))) {
            fail_msg("%s: %.*s", rows[at].text, STR_ARGS(text));
        }
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
