/* `pawl run`: one execution by itself, its tasks mocked or done by a command. */
#include "pawl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

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
    "cat > cases.yaml <<'END'\n"
    "Charge: {result: {ok: true}}\n"
    "Pack: {result: {id: 1}}\n"
    "PawlTestCases:\n"
    "  Empty: {Input: {items: []}, Expect: {Output: []}}\n"
    "  Two:\n"
    "    Input: {items: [1, 2]}\n"
    "    Expect: {Output: [{id: 1}, {id: 1.0}], States: [Check, Charge, Cool, Ship, Pack, Pack]}\n"
    "  No money:\n"
    "    Mocks: {Charge: {errorOutput: {error: Refused, cause: no money today}}}\n"
    "    Expect: {Error: NotCharged, Cause: 'no money*'}\n"
    "END\n"
    "cat > wrong.json <<'END'\n"
    "{\"Charge\": {\"result\": 1}, \"Pack\": {\"result\": {\"a\": [1, 2]}}, \"PawlTestCases\": {\n"
    "  \"Output\": {\"Input\": {\"items\": [1]}, \"Expect\": {\"Output\": [{\"a\": [1, 3]}]}},\n"
    "  \"Fails\": {\"Input\": {\"items\": [1]}, \"Expect\": {\"Error\": \"E\"}},\n"
    "  \"Cause\": {\"Mocks\": {\"Charge\": {\"Throw\": {\"Error\": \"Refused\", \"Cause\": \"x\"}}}, \"Expect\": {\"Cause\": \"y*\"}},\n"
    "  \"States\": {\"Input\": {\"items\": []}, \"Expect\": {\"States\": [\"Check\"]}},\n"
    "  \"Once\": {\"Input\": {\"items\": [1, 2]}, \"Mocks\": {\"Pack\": [{\"result\": 1}]}}}}\n"
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
         "+86405.000  Ship                  leaves  output []"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --history", 0, "{\"events\":[{\"timestamp\":"},
        {"$P run order.json --input '{\"items\":[]}' --mocks mocks.json --json", 0, "{\"status\":\"SUCCEEDED\",\"output\":\"[]\"}\n"},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks local.json --test-case Happy", 0, "[\"p\",\"p\"]\n"},
        {"$P run order.json --input '{\"items\":[]}' --mocks local.json --test-case Refused", 1,
         "pawl run: Refused: FAILED: NotCharged: no <money>\n"},
        {"$P run order.json --mocks local.json --test-case Refused --json", 1,
         "{\"status\":\"FAILED\",\"error\":\"NotCharged\",\"cause\":\"no <money>\"}"},
        {"$P run order.json --mocks local.json --test-case Refused --trace", 1, "leaves  (caught)  output"},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks local.json --junit r.xml; cat r.xml", 0,
         "\">\n    <failure message=\"FAILED: NotCharged: no &#60;money&#62;\">FAILED: NotCharged: no &#60;money&#62;</failure>"},
        {"$P run order.json --input '{\"items\":[1,2,3]}' --mocks local.json --test-case Happy", 1,
         "Happy: state 'Pack' asks for its task once more: its 2 answers are used up"},
        {"$P run order.json --mocks local.json --machine other --text", 1, "FAIL  Other: state 'Charge' waits"},
        {"$P run order.json --mocks local.json --machine none", 2, "StateMachines has no 'none'"},
        {"$P run order.json --mocks local.json --test-case None", 2, "there is no test case 'None'"},
        {"$P run order.json", 1, "state 'Charge' waits for its task"},
        {"$P run order.json --test-case Happy", 2, "--test-case needs --mocks"},
        {"$P run order.json --mocks nowhere.json", 1, "nowhere.json: No such file"},
        {"echo '[' > m.json; $P run order.json --mocks m.json", 2, "pawl run: m.json:2:1: it is no JSON: "},
        {"echo '[]' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:1: it must be an object"},
        {"echo '{\"Charge\":{}}' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:11: the answers of 'Charge' must be"},
        {"echo '{\"Charge\":\"x\"}' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:11: the answers of 'Charge' must be"},
        {"echo '{\"Charge\":{\"result\":1,\"Throw\":{}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:11: an answer has one of"},
        {"echo '{\"Charge\":{\"errorOutput\":1}}' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:26: an error is an object"},
        {"echo '{\"Charge\":{\"errorOutput\":{\"error\":1}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:35: error must be a text"},
        {"echo '{\"Charge\":{\"0\":{\"Return\":1},\"2\":{\"Return\":1}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:33: attempt 1 of Charge has no answer, or two"},
        {"echo '{\"Charge\":{\"0-999999999\":{\"Return\":1}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:26: '0-999999999' is no attempt"},
        {"echo '{\"StateMachines\":{\"a\":1}}' > m.json; $P run order.json --mocks m.json", 2, "no TestCases"},
        {"echo '{\"StateMachines\":{\"a\":{\"TestCases\":{\"T\":1}}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:41: test case T must be"},
        {"echo '{\"Charge\":{\"result\":1,\"casue\":2}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:31: an answer has no 'casue'"},
        {"echo '{\"Charge\":{\"noAnswer\":true}}' > m.json; $P run order.json --mocks m.json", 1, "FAILED: States.Timeout\n"},
        {"echo '{\"Charge\":{\"Throw\":{}}}' > m.json; $P run order.json --mocks m.json --history", 1,
         "\"lambdaFunctionFailedEventDetails\":{}"},
        {"echo '{\"Charge\":{\"result\":1}}' > m.json; $P run order.json --input '{\"items\":[]}' --mocks m.json --history "
         "--set aws.account=123456789012",
         0, "\"roleArn\":\"arn:aws:iam::123456789012:role/pawl\""},
        {"echo '{\"Chrage\":{\"result\":1}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:11: the state machine has no state 'Chrage'; is it 'Charge'?"},
        {"echo '{\"Cool\":{\"result\":1}}' > m.json; $P run order.json --mocks m.json", 2, "state 'Cool' is no Task"},
        {"printf 'Charge:\\n  result: 1\\n  Throw: {}\\n' > m.yaml; $P run order.json --mocks m.yaml", 2, "m.yaml:2:3: an answer has"},
    };
    PLAY(*state, steps);
}

/* pawl's own test cases: input, mocks and what is expected. */
static void test_cases(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P run order.json --mocks cases.yaml --text", 0,
         "ok    Empty\nok    Two\nok    No money\n3 test cases: 3 passed, 0 failed\n"},
        {"$P run order.json --mocks cases.yaml", 0,
         "{\"testCase\":\"No money\",\"passed\":true,\"status\":\"FAILED\",\"error\":\"NotCharged\",\"cause\":\"no money today\","
         "\"virtualMs\":0}\n"},
        {"$P run order.json --mocks cases.yaml --test-case Two", 0, "[{\"id\":1},{\"id\":1}]\n"},
        {"$P run order.json --mocks cases.yaml --test-case 'No money'", 0, ""},
        {"$P run order.json --mocks cases.yaml --test-case two", 2, "there is no test case 'two'; is it 'Two'?"},
        {"$P run order.json --mocks cases.yaml --test-case Empty --input '{\"items\":[7]}'", 1,
         "Empty: Output differs at /0: wanted nothing, got {\"id\":1}\n    wanted []\n    got    [{\"id\":1}]\n"},
        {"$P run order.json --mocks wrong.json --text", 1, "FAIL  Output: Output differs at /0/a/1: wanted 3, got 2\n    wanted [{"},
        {"$P run order.json --mocks wrong.json --text", 1, "FAIL  Fails: SUCCEEDED instead of FAILED\n"},
        {"$P run order.json --mocks wrong.json --text", 1, "FAIL  Cause: Cause differs\n    wanted y*\n    got    x\n"},
        {"$P run order.json --mocks wrong.json --text", 1, "FAIL  States: States differs at /1: wanted nothing, got \"Charge\"\n"},
        {"$P run order.json --mocks wrong.json --text", 1, "FAIL  Once: state 'Pack' asks for its task once more: its 1 answer is used up"},
        {"$P run order.json --mocks wrong.json --text", 1, "5 test cases: 0 passed, 5 failed\n"},
        {"$P run order.json --mocks wrong.json --junit r.xml; cat r.xml", 0, "tests=\"5\" failures=\"5\">"},
        {"echo '{\"PawlTestCases\":{}}' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:18: test cases are an object"},
        {"echo '{\"PawlTestCases\":{\"A\":1}}' > m.json; $P run order.json --mocks m.json", 2, "m.json:1:23: test case A must be"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Imput\":1}}}' > m.json; $P run order.json --mocks m.json", 2, "no 'Imput'"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Mocks\":1}}}' > m.json; $P run order.json --mocks m.json", 2, "1:32: Mocks must be"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Expect\":1}}}' > m.json; $P run order.json --mocks m.json", 2, "Expect must be"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Expect\":{\"Status\":1}}}}' > m.json; $P run order.json --mocks m.json", 2, "must be texts"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Expect\":{\"Status\":\"OK\"}}}}' > m.json; $P run order.json --mocks m.json", 2,
         "m.json:1:43: Status must be SUCCEEDED"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Expect\":{\"Result\":1}}}}' > m.json; $P run order.json --mocks m.json", 2,
         "Expect has no 'Result'"},
        {"echo '{\"PawlTestCases\":{\"A\":{\"Expect\":{\"States\":1}}}}' > m.json; $P run order.json --mocks m.json", 2,
         "States must be an array"},
        {"echo '{\"StateMachines\":{\"order\":{\"TestCases\":{\"Happy\":{\"Charge\":\"R\"}},\"PawlTestCases\":{\"Happy\":{\"Input\":"
         "{\"items\":[]},\"Expect\":{\"Output\":[]}}}}},\"MockedResponses\":{\"R\":{\"0\":{\"Return\":1}}}}' > m.json; "
         "$P run order.json --mocks m.json --text",
         0, "ok    Happy\n1 test case: 1 passed, 0 failed\n"},
    };
    PLAY(*state, steps);
}

/* What each stage of the data flow gives. */
static void test_trace(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"cat > flow.yaml <<'END'\n"
         "StartAt: A\n"
         "States:\n"
         "  A: {Type: Pass, InputPath: $.in, Parameters: {n.$: $.n}, ResultPath: $.r, OutputPath: $.r, Assign: {v.$: $.n}, Next: B}\n"
         "  B: {Type: Choice, Choices: [{Variable: $.n, NumericEquals: 2, Next: C}], Default: C}\n"
         "  C:\n"
         "    Type: Task\n"
         "    Resource: arn:aws:states:::lambda:invoke\n"
         "    Parameters: {x.$: $v}\n"
         "    ResultSelector: {y.$: $.x}\n"
         "    Retry: [{ErrorEquals: [Busy]}]\n"
         "    Catch: [{ErrorEquals: [States.ALL], ResultPath: $.e, Next: D}]\n"
         "    Next: D\n"
         "  D:\n"
         "    Type: Map\n"
         "    QueryLanguage: JSONata\n"
         "    Items: '{% [5] %}'\n"
         "    ItemSelector: {i: '{% $states.context.Map.Item.Value %}'}\n"
         "    ItemProcessor: {StartAt: E, States: {E: {Type: Wait, Seconds: 3, End: true}}}\n"
         "    Output: '{% $states.result[0].i %}'\n"
         "    Next: F\n"
         "  F: {Type: Fail, Error: Oops}\n"
         "END",
         0, NULL},
        {"$P run flow.yaml --input '{\"in\":{\"n\":1}}' --echo --trace 2>&1 | cut -c15- | grep -v 'enters\\|leaves\\|task\\|iter'", 0,
         "A                     InputPath $.in  {\"n\":1}\n"
         "A                     Parameters  {\"n\":1}\n"
         "A                     ResultPath $.r  {\"in\":{\"n\":1},\"r\":{\"n\":1}}\n"
         "A                     OutputPath $.r  {\"n\":1}\n"
         "A                     Assign  {\"v\":1}\n"
         "B                     Default  next \"C\"\n"
         "C                     Parameters  {\"x\":1}\n"
         "C                     ResultSelector  {\"y\":1}\n"
         "D                     Items  [5]\n"
         "D                     items 1\n"
         "D                     ItemSelector #0  {\"i\":5}\n"
         "E                     waits until  "},
        {"echo '{\"C\":[{\"errorOutput\":{\"error\":\"Busy\"}},{\"errorOutput\":{\"error\":\"No\",\"cause\":\"c\"}}]}' > m.json; "
         "$P run flow.yaml --input '{\"in\":{\"n\":2}}' --mocks m.json --trace 2>&1 | cut -c8- | "
         "grep '^.....  C  \\|Choices' | grep -v 'enters\\|leaves\\|task\\|iter'",
         0,
         "0.000  B                     Choices[0] is true  next \"C\"\n"
         "0.000  C                     Parameters  {\"x\":2}\n"
         "1.000  C                     Parameters  {\"x\":2}\n"
         "1.000  C                     Catch[0]  {\"Error\":\"No\",\"Cause\":\"c\"}\n"
         "1.000  C                     ResultPath $.e  {\"n\":2,\"e\":{\"Error\":\"No\",\"Cause\":\"c\"}}\n"},
        {"$P run flow.yaml --input '{\"in\":{\"n\":1}}' --echo --trace --json 2>&1 | grep '\"stage\":\"fails\"'", 0,
         "{\"ms\":3000,\"state\":\"F\",\"stage\":\"fails\",\"value\":{\"Error\":\"Oops\"}}\n"},
        {"$P run flow.yaml --input '{\"in\":{\"n\":1}}' --echo --trace --json 2>&1 | grep '\"Output\"'", 0,
         "{\"ms\":3000,\"state\":\"D\",\"stage\":\"Output\",\"value\":5}\n"},
        {"$P run order.json --input '{\"items\":[1,2]}' --mocks local.json --test-case Happy --trace", 0, "Happy:\n"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mocks),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, pawl_set_up, pawl_tear_down);
}
