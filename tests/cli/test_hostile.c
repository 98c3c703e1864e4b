/* `pawl validate`, `run` and `eval` with what is too deep, too long, endless or no UTF-8: they say so, and their JSON is JSON. */
#include "pawl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* `many 3 ab` prints ababab. */
#define MANY "many() { yes -- \"$2\" | head -n $1 | tr -d '\\n'; }; "
#define PASS(fields) "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true," fields "}}}"
#define JSONATA(output)                                                                                                \
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Output\":" output "}}}"

static void test_validate(void **state)
{
    static const struct pawl_step steps[] = {
        {MANY "{ printf '{\"StartAt\":'; many 10000 '['; } > deep.json", 0, NULL},
        {"$P validate deep.json", 1, "nesting depth (513) exceeds the maximum"},
        {"printf '" PASS("\"Comment\":\"\\377\\303\"") "' > bytes.json", 0, NULL},
        {"$P validate bytes.json", 1, "Invalid UTF-8 start byte 0xff"},
        {"$P validate bytes.json | iconv -f UTF-8 -t UTF-8 > /dev/null", 0, ""},
        {"printf '" PASS("\"Comment\":\"\\001\"") "' > control.json; $P validate control.json", 1, "CTRL-CHAR, code 1"},
        {"printf '{\"StartAt\":\"\\\\ud800\",\"States\":{\"\\\\ud800\":{\"Type\":\"Succeed\"}}}' > half.json", 0, NULL},
        {"$P validate half.json", 1, "INVALID_STATE_NAME"},
        {"$P validate half.json | iconv -f UTF-8 -t UTF-8 > /dev/null", 0, ""},
        {MANY "many 10000 '- ' > deep.yaml; $P validate deep.yaml", 1, "nested too deeply"},
        {MANY "many 10000 '[' > open.yaml; $P validate open.yaml", 1, "INVALID_YAML_DESCRIPTION"},
        {"printf 'a: &a [x,x,x,x,x,x,x,x,x]\\n' > bomb.yaml; for n in b:a c:b d:c e:d f:e g:f h:g; do o='*'${n#*:};"
         " echo \"${n%:*}: &${n%:*} [$o,$o,$o,$o,$o,$o,$o,$o,$o]\" >> bomb.yaml; done; $P validate bomb.yaml",
         1, "more than 1048576 bytes"},
        {"printf 'StartAt: \\377' > bytes.yaml; $P validate bytes.yaml", 1, "invalid leading UTF-8 octet"},
        {MANY "{ printf '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"'; many 80000 ',\"f\":1'; printf '}}}'; } > many.json",
         0, NULL},
        {"$P validate many.json | head -c 100", 0, "FAIL"},
        {"head -c 1100000 /dev/zero | tr '\\0' x > big.json; $P validate big.json", 1, "larger than 1048576 bytes"},
    };
    PLAY(*state, steps);
}

static void test_run(void **state)
{
    static const struct pawl_step steps[] = {
        {"printf '" PASS("\"Comment\":\"\"") "' > pass.json", 0, NULL},
        {MANY "many 10000 '[' > deep.json; $P run pass.json --input @deep.json", 2, "--input is nested too deeply"},
        {"printf '\"\\377\"' > bytes.json; $P run pass.json --input @bytes.json", 2, "Invalid UTF-8 start byte 0xff"},
        {"printf '\\0' > nul.json; $P run pass.json --input @nul.json", 2, "--input is no JSON"},
        {"$P run pass.json --input '\"\\ud800\"'", 0, "\"\\ud800\"\n"},
        {"head -c 300000 /dev/zero | tr '\\0' 1 > big.json; $P run pass.json --input @big.json", 2, "larger than 262144 bytes"},
        {"echo '" JSONATA("\"{%($f := function($n) { 1 + $f($n) }; $f(0))%}\"") "' > deep.asl.json; $P run deep.asl.json", 1,
         "States.QueryEvaluationError"},
        {"echo '" JSONATA("\"{%[1..1000000]%}\"") "' > range.asl.json; $P run range.asl.json", 1, "U1001: The result is too large"},
        {"echo '" JSONATA("\"{%$contains($pad(\\\"\\\", 50, \\\"a\\\") & \\\"b\\\", /^(a+)+$/)%}\"") "' > regex.asl.json;"
         " $P run regex.asl.json", 1, "U1001: The regular expression takes too long"},
        {"echo '" JSONATA("\"{%$error($pad(\\\"\\\", 5000000, \\\"x\\\"))%}\"") "' > error.asl.json;"
         " $P run error.asl.json --history 2> /dev/null | wc -c | awk '{ print ($1 < 200000 ? \"short\" : \"long\") }'", 0, "short\n"},
    };
    PLAY(*state, steps);
}

static void test_eval(void **state)
{
    static const struct pawl_step steps[] = {
        {"$P eval jsonata \"$(printf '\"\\377\"')\"", 2, "the expression must be UTF-8"},
        {"$P eval jsonpath \"$(printf '$.\\377')\"", 2, "the expression must be UTF-8"},
        {"$P eval intrinsic \"$(printf 'States.Array(\\377)')\"", 2, "the expression must be UTF-8"},
        {MANY "$P eval jsonpath \"$(printf '$'; many 10000 '.a')\"", 1, "A path has at most 128 steps"},
        {MANY "$P eval jsonpath \"$(printf '$'; many 10000 '[?(@')\"", 1, "invalid-path"},
        {MANY "$P eval jsonata \"$(many 10000 '(')\"", 1, "U1001: The expression is nested too deeply"},
        {MANY "$P eval intrinsic \"$(many 5000 'States.Array(')\"", 1, "InvalidDefinition"},
        {"$P eval jsonata '[1..10000000]'", 1, "U1001: The result is too large"},
        {"$P eval jsonata '$string([1..10000000])'", 1, "U1001: The expression builds a string that is too long"},
        {"$P eval jsonata '($f := function($a, $n) { $n = 0 ? $a : $f([[$a], [$a]], $n - 1) }; $boolean($f([[]], 60)))'", 1,
         "U1001: Expression evaluation timeout"},
        {"$P eval intrinsic 'States.ArrayRange(1, 9223372036854775807, 1)'", 1, "at most 1000 items"},
        {MANY "{ printf '{\"d\":\"'; many 10000 '['; printf '\"}'; } > deep.json;"
         " $P eval intrinsic 'States.StringToJson($.d)' --input @deep.json", 1, "States.Runtime"},
        {MANY "{ printf '{\"expr\":\"'; many 100000 '['; printf '\"}\\n{\"expr\":\"1\"}\\n'; } | $P eval jsonata --lines | tail -n 1", 0,
         "{\"result\":1}\n"},
    };
    PLAY(*state, steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_eval),
    };
    return cmocka_run_group_tests(tests, pawl_set_up, pawl_tear_down);
}
