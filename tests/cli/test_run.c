/* `pawl run`: one execution by itself, its tasks mocked or done by a command. */
#include "pawl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define PLAY(pawl, steps) pawl_play((pawl), (steps), sizeof(steps) / sizeof *(steps))

#define LAMBDA "arn:aws:lambda:us-east-1:000000000000:function:charge"

static const char make_files[] =
    "cat > order.json <<'END'\n"
    "{\"StartAt\": \"Check\", \"States\": {\n"
    "  \"Check\": {\"Type\": \"Pass\", \"ResultPath\": \"$.checked\", \"Result\": true, \"Next\": \"Charge\"},\n"
    "  \"Charge\": {\"Type\": \"Task\", \"Resource\": \"" LAMBDA "\", \"TimeoutSeconds\": 60,\n"
    "    \"Retry\": [{\"ErrorEquals\": [\"Busy\"], \"IntervalSeconds\": 5, \"MaxAttempts\": 3}],\n"
    "    \"Catch\": [{\"ErrorEquals\": [\"Refused\"], \"ResultPath\": \"$.why\", \"Next\": \"Sorry\"}],\n"
    "    \"ResultPath\": \"$.charge\", \"Next\": \"Cool\"},\n"
    "  \"Cool\": {\"Type\": \"Wait\", \"Seconds\": 86400, \"Next\": \"Ship\"},\n"
    "  \"Ship\": {\"Type\": \"Map\", \"ItemsPath\": \"$.items\", \"End\": true, \"ItemProcessor\": {\"StartAt\": \"Pack\",\n"
    "    \"States\": {\"Pack\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sqs:sendMessage\",\n"
    "      \"Parameters\": {\"Body.$\": \"$\"}, \"End\": true}}}},\n"
    "  \"Sorry\": {\"Type\": \"Fail\", \"Error\": \"NotCharged\", \"CausePath\": \"$.why.Cause\"}}}\n"
    "END\n"
    "cat > mocks.json <<'END'\n"
    "{\"Charge\": [{\"errorOutput\": {\"error\": \"Busy\", \"cause\": \"later\"}}, {\"result\": {\"ok\": true}}],\n"
    " \"Pack\": {\"result\": \"{\\\"id\\\": 1}\"}}\n"
    "END\n"
    "cat > local.json <<'END'\n"
    "{\"StateMachines\": {\"order\": {\"TestCases\": {\n"
    "    \"Happy\": {\"Charge\": \"Charged\", \"Pack\": \"Packed\"}, \"Refused\": {\"Charge\": \"Refused\"}}},\n"
    "  \"other\": {\"TestCases\": {\"Other\": {}}}},\n"
    " \"MockedResponses\": {\n"
    "    \"Charged\": {\"1-2\": {\"Return\": {\"ok\": 1}}, \"0\": {\"Throw\": {\"Error\": \"Busy\", \"Cause\": \"b\"}}},\n"
    "    \"Packed\": {\"0-1\": {\"Return\": \"p\"}},\n"
    "    \"Refused\": {\"0\": {\"Throw\": {\"Error\": \"Refused\", \"Cause\": \"no <money>\"}}}}}\n"
    "END\n"
    "cat > wait.yaml <<'END'\n"
    "StartAt: W\n"
    "States:\n"
    "  W: {Type: Wait, Seconds: 8640000, End: true}\n"
    "END\n"
    "echo '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"A\"},\"B\":{\"Type\":\"Succeed\"}}}' > bad.json\n"
    "echo '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"IsPresent\":true,"
    "\"Next\":\"B\"}],\"Default\":\"A\"},\"B\":{\"Type\":\"Succeed\"}}}' > loop.json";

static void test_mocks(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks mocks.json", 0, "[{\"id\": 1},{\"id\": 1}]\n"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --trace", 0,
         "+5.000  Charge                task asked for  (retry after 5.000 s)"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --trace", 0,
         "+86405.000  Ship                  left  output []"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --history", 0, "{\"events\":[{\"timestamp\":"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --json", 0, "{\"status\":\"SUCCEEDED\",\"output\":\"[]\"}\n"},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks local.json --test-case Happy", 0, "[\"p\",\"p\"]\n"},
        {"$P run order.json --input '{\"items\":[]}' --mocks local.json --test-case Refused", 1,
         "pawl run: Refused: FAILED: NotCharged: no <money>\n"},
        {"$P run order.json --mocks local.json --test-case Refused --json", 1,
         "{\"status\":\"FAILED\",\"error\":\"NotCharged\",\"cause\":\"no <money>\"}"},
        {"$P run order.json --mocks local.json --test-case Refused --trace", 1, "left  (caught)  output"},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks local.json --junit r.xml; cat r.xml", 0,
         "<testcase classname=\"order\" name=\"Refused\">\n    <failure message=\"FAILED: NotCharged: no &#60;money&#62;\"/>"},
        {"$P run order.json --input '{\"items\":[1,2,3]}' --mocks local.json --test-case Happy", 1,
         "Happy: state 'Pack' waits for its task, which nothing answers"},
        {"$P run order.json --mocks local.json --machine other", 1, "Other: state 'Charge' waits"},
        {"$P run order.json --mocks local.json --machine none", 2, "StateMachines has no 'none'"},
        {"$P run order.json --mocks local.json --test-case None", 2, "there is no test case 'None'"},
        {"$P run order.json", 1, "state 'Charge' waits for its task"},
        {"$P run order.json --test-case Happy", 2, "--test-case needs --mocks"},
        {"$P run order.json --mocks nowhere.json", 1, "nowhere.json: No such file"},
        {"echo '[' > m.json; $P run order.json --mocks m.json", 2, "m.json is no JSON"},
        {"echo '[]' > m.json; $P run order.json --mocks m.json", 2, "m.json: it must be an object"},
        {"echo '{\"Charge\":{}}' > m.json; $P run order.json --mocks m.json", 2, "Charge: its answers are"},
        {"echo '{\"Charge\":\"x\"}' > m.json; $P run order.json --mocks m.json", 2, "MockedResponses has no 'x'"},
        {"echo '{\"Charge\":{\"result\":1,\"Throw\":{}}}' > m.json; $P run order.json --mocks m.json", 2, "an answer has one of"},
        {"echo '{\"Charge\":{\"errorOutput\":1}}' > m.json; $P run order.json --mocks m.json", 2, "an error is an object"},
        {"echo '{\"Charge\":{\"errorOutput\":{\"error\":1}}}' > m.json; $P run order.json --mocks m.json", 2, "error must be a text"},
        {"echo '{\"Charge\":{\"0\":{\"Return\":1},\"2\":{\"Return\":1}}}' > m.json; $P run order.json --mocks m.json", 2,
         "attempt 1 has no answer"},
        {"echo '{\"Charge\":{\"0-999999999\":{\"Return\":1}}}' > m.json; $P run order.json --mocks m.json", 2, "is no attempt"},
        {"echo '{\"StateMachines\":{\"a\":1}}' > m.json; $P run order.json --mocks m.json", 2, "no TestCases"},
        {"echo '{\"StateMachines\":{\"a\":{\"TestCases\":{\"T\":1}}}}' > m.json; $P run order.json --mocks m.json", 2, "test case T"},
    };
    PLAY(*state, steps);
}

static void test_commands(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P run order.json --input '{\"items\":[1,2]}' --echo", 0, "[{\"Body\":1},{\"Body\":2}]\n"},
        {"echo '{\"items\":[3]}' | $P run order.json --input - --exec 'cat'", 0, "[{\"Body\":3}]\n"},
        {"$P run order.json --exec 'echo \"{\\\"error\\\":\\\"Refused\\\",\\\"cause\\\":\\\"$PAWL_STATE_NAME\\\"}\"; exit 1'", 1,
         "FAILED: NotCharged: Charge\n"},
        {"$P run order.json --exec 'exit 3'", 1, "FAILED: Pawl.Exit.3"},
        {"$P run order.json --exec 'echo no'", 1, "FAILED: Pawl.BadOutput"},
        {"$P run wait.yaml", 0, "{}\n"},
        {"$P run loop.json", 1, "FAILED: States.Runtime"},
        {"$P run bad.json", 1, "pawl run: bad.json can't be run"},
        {"$P run nowhere.json", 1, "No such file"},
        {"$P run order.json --echo --exec cat", 2, "exclude each other"},
        {"$P run order.json --input '{'", 2, "--input is no JSON"},
        {"$P run order.json --type X", 2, "--type must be"},
        {"$P run wait.yaml --junit /nowhere/r.xml", 1, "/nowhere/r.xml: No such file"},
        {"$P run", 2, "FILE is missing"},
    };
    PLAY(*state, steps);
}

static int set_up(void **state)
{
    static struct pawl pawl;
    pawl_init(&pawl);
    *state = &pawl;
    return 0;
}

static int tear_down(void **state)
{
    pawl_clear(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mocks),
        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
