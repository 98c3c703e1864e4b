/* `pawl validate`: definitions in JSON and YAML, and in lines. */
#include "pawl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const char make_files[] =
    "cat > good.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true}}}\n"
    "END\n"
    "cat > bad.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\n"
    "  \"A\": {\"Type\": \"Tusk\", \"End\": true},\n"
    "  \"B\": {\"Type\": \"Pass\", \"End\": 1}}}\n"
    "END\n"
    "cat > sync.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sqs:sendMessage.waitForTaskToken\",\n"
    "  \"End\": true}}}\n"
    "END\n"
    "cat > big.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Map\", \"End\": true, \"ItemProcessor\": {\"ProcessorConfig\":\n"
    "  {\"Mode\": \"DISTRIBUTED\", \"ExecutionType\": \"STANDARD\"}, \"StartAt\": \"B\", \"States\":\n"
    "  {\"B\": {\"Type\": \"Pass\", \"End\": true}}}}}}\n"
    "END\n"
    "cat > good.yaml <<'END'\n"
    "# A wait.\n"
    "StartAt: Wait a bit\n"
    "States:\n"
    "  Wait a bit: {Type: Wait, Seconds: 0x10, Next: Say}\n"
    "  Say:\n"
    "    Type: Pass\n"
    "    Result: &said {yes: yes, off: 'no', n: +1.50, many: [~, .5, 007, 1e3, true, 2024-01-01]}\n"
    "    Parameters: {a: *said}\n"
    "    Comment: >-\n"
    "      in two\n"
    "      lines\n"
    "    End: true\n"
    "END\n"
    "cat > bad.yml <<'END'\n"
    "StartAt: A\n"
    "States:\n"
    "  A:\n"
    "    Type: Tusk\n"
    "END\n"
    "printf 'StartAt: A\\nStartAt: B\\n' > twice.yaml; printf 'StartAt: !Ref x\\n' > tag.yaml; printf 'a: &a [*a]\\n' > loop.yaml\n"
    "printf 'a: 1\\n---\\nb: 2\\n' > two.yaml; printf 'a: [1\\nb: }\\n' > no.yaml; printf 'a: .nan\\n' > nan.yaml; : > empty.yaml\n"
    "printf '? [a]\\n: 1\\n' > key.yaml; printf '\\377\\376\\000' > bytes.yaml; echo '{\"StartAt\":' > no.json\n"
    "{ echo 'a: &a [x,x,x,x,x,x,x,x,x]'; p=a; for k in b c d e f g h; do\n"
    "  echo \"$k: &$k [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]\"; p=$k; done; } > laughs.yaml\n"
    "cat > paths.json <<'END'\n"
    "{\"StartAt\": \"A\", \"States\": {\n"
    "  \"A\": {\"Type\": \"Pass\", \"Parameters\": {\"a\": \"$.x\"},\n"
    "    \"Next\": \"Z\", \"TimeoutSeconds\": 1, \"Catch\": []},\n"
    "  \"B\": {\"Type\": \"Pass\", \"Result\": \"$.y\", \"End\": true}}}\n"
    "END\n"
    "head -c 2000000 /dev/zero | tr '\\0' ' ' > huge.json";

static void test_files(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P validate good.json", 0, "{\"file\":\"good.json\",\"result\":\"OK\",\"diagnostics\":[]}\n"},
        {"$P validate good.json good.yaml --text", 0, "good.json: valid\ngood.yaml: valid\n"},
        {"$P validate - < good.json", 0, "{\"file\":\"stdin\",\"result\":\"OK\""},
        {"$P validate - < good.yaml", 0, "{\"file\":\"stdin\",\"result\":\"OK\""},
        {"$P validate bad.json", 1, "\"location\":\"/States/A/Type\",\"line\":2,\"column\":17,\"hint\":\"is it 'Task'?\"}"},
        {"$P validate bad.json", 1, "\"location\":\"/States/B/End\",\"line\":3,\"column\":32}"},
        {"$P validate bad.json --text", 1,
         "(/States/A/Type)\n     2 |   \"A\": {\"Type\": \"Tusk\", \"End\": true},\n       |                 ^\n"},
        {"$P validate bad.json good.json --text", 1, "bad.json: 2 errors\ngood.json: valid\n"},
        {"$P validate nowhere.json good.json --text", 1, "good.json: valid\n"},
        {"$P validate nowhere.json", 1, "pawl validate: nowhere.json: No such file"},
        {"$P validate sync.json", 0, "OK"},
        {"$P validate sync.json --type EXPRESS", 1, "Express state machine does not support '.waitForTaskToken'"},
        {"$P validate sync.json --type WEEKLY", 2, "--type must be STANDARD or EXPRESS"},
        {"$P validate big.json --text", 0, "big.json:2:12: warning: NOT_SUPPORTED_YET: "},
        {"$P define --check big.json", 4, "NOT_SUPPORTED_YET"},
        {"$P validate no.json --text", 1, "no.json:2:1: error: INVALID_JSON_DESCRIPTION: Unexpected end-of-input"},
        {"$P validate huge.json", 1, "huge.json is larger than 1048576 bytes"},
        {"$P validate paths.json --text | grep -v ' [|=] '", 0,
         "paths.json:2:45: warning: NO_DOLLAR: No .$ on a field that appears to be a JSONPath or Intrinsic Function. "
         "(/States/A/Parameters/a)\n"
         "paths.json:3:13: error: MISSING_TRANSITION_TARGET: Missing 'Next' target: Z (/States/A/Next)\n"
         "paths.json:3:36: error: SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported (/States/A)\n"
         "paths.json:3:48: error: SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported (/States/A)\n"
         "paths.json:4:35: warning: PASS_RESULT_IS_STATIC: Attempt to use a path in the result of a pass state. (/States/B/Result)\n"
         "paths.json: 3 errors\n"},
        {"$P validate paths.json --severity ERROR | grep -c WARNING", 1, "0\n"},
        {"$P validate paths.json --text --max-results 1 | tail -2", 0, "… and 4 more\npaths.json: 3 errors\n"},
        {"$P validate paths.json --max-results 1", 1, "],\"truncated\":true}\n"},
        {"$P validate paths.json --severity LOW", 2, "--severity must be ERROR or WARNING, not 'LOW'"},
        {"$P validate paths.json --max-results -1", 2, "--max-results must be a whole number between 0 and"},
        {"$P define --check paths.json", 4,
         "paths.json:3:48: error: SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported (/States/A)\n"},
        {"$P define --check good.yaml", 0, ""},
        {"$P define --check bad.yml", 4, "bad.yml:4:11: error: SCHEMA_VALIDATION_FAILED: The field 'Type'"},
        {"$P define --check twice.yaml", 4, "InvalidDefinition: 1 error"},
        {"$P validate", 2, "FILE… is missing"},
        {"$P validate --lines good.json", 2, "with --lines"},
    };
    PLAY(*state, steps);
}

static void test_yaml(void **state)
{
    static const struct pawl_step steps[] = {
        {make_files, 0, NULL},
        {"$P validate bad.yml --text", 1, "bad.yml:4:11: error: SCHEMA_VALIDATION_FAILED"},
        {"$P validate bad.yml --text", 1, "     4 |     Type: Tusk\n       |           ^\n"},
        {"$P validate twice.yaml --text", 1, "twice.yaml:2:1: error: INVALID_YAML_DESCRIPTION: the key 'StartAt' is there twice"},
        {"$P validate tag.yaml --text", 1, "tag.yaml:1:10: error: INVALID_YAML_DESCRIPTION: the tag !Ref means nothing"},
        {"$P validate loop.yaml", 1, "it is nested too deeply"},
        {"$P validate laughs.yaml", 1, "as JSON it has more than 1048576 bytes"},
        {"$P validate two.yaml --text", 1, "two.yaml:3:1: error: INVALID_YAML_DESCRIPTION: there is a second document"},
        {"$P validate no.yaml --text", 1, "no.yaml:2:2: error: INVALID_YAML_DESCRIPTION: it is no YAML: "},
        {"$P validate nan.yaml", 1, "JSON has no number .nan"},
        {"$P validate key.yaml", 1, "a key must be a text"},
        {"$P validate bytes.yaml", 1, "it is no YAML"},
        {"$P validate empty.yaml", 1, "Definition must be a valid JSON object"},
    };
    PLAY(*state, steps);
}

#define GOOD "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"

static void test_lines(void **state)
{
    static const struct pawl_step steps[] = {
        {"echo '{\"definition\":" GOOD "}' | $P validate --lines", 0, "{\"result\":\"OK\",\"diagnostics\":[]}\n"},
        {"echo '{\"definition_text\":\"{}\",\"type\":\"EXPRESS\"}' | $P validate --lines", 0,
         "\"code\":\"SCHEMA_VALIDATION_FAILED\",\"message\":\"These fields are required: [States, StartAt]\",\"location\":\"/\""},
        {"printf '\\nno\\n[]\\n{}\\n{\"definition\":" GOOD ",\"type\":1}\\n{\"definition\":1}\\n{\"definition_text\":\"\"}\\n' |"
         " $P validate --lines | grep -c FAIL",
         0, "7\n"},
        {"printf 'x\\n{\"definition\":" GOOD "}\\n' | $P validate --lines | tail -1", 0, "{\"result\":\"OK\""},
        {"echo '{}' | $P validate --lines", 0, "\"code\":\"InvalidLine\""},
        {"echo '{\"definition\":{},\"maxResults\":-1}' | $P validate --lines", 0, "maxResults must be a number"},
        {"echo '{\"definition\":{},\"severity\":1}' | $P validate --lines", 0, "severity must be ERROR or WARNING"},
        {"echo '{\"definition\":{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":\"$.y\",\"End\":true}}},"
         "\"severity\":\"ERROR\",\"maxResults\":1}' | $P validate --lines",
         0, "{\"result\":\"OK\",\"diagnostics\":[]}\n"},
    };
    PLAY(*state, steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, pawl_set_up, pawl_tear_down);
}
