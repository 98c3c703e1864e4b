/* `pawl eval`: expressions by themselves, and in lines. */
#include "pawl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void test_expressions(void **state)
{
    static const struct pawl_step steps[] = {
        {"echo '{\"n\": 7, \"items\": [{\"q\": 1}, {\"q\": 3}]}' > order.json", 0, NULL},
        {"$P eval jsonpath '$.items[?(@.q > 1)]' --input order.json", 0, "[{\"q\":3}]\n"},
        {"$P eval jsonpath '$.n' --input @order.json", 0, "7\n"},
        {"$P eval jsonpath '$.n' --input - < order.json", 0, "7\n"},
        {"$P eval jsonpath '$x.y' --bindings '{\"x\":{\"y\":1.10}}'", 0, "1.10\n"},
        {"$P eval jsonpath '$$.State.Name' --context '{\"State\":{\"Name\":\"S\"}}'", 0, "\"S\"\n"},
        {"$P eval jsonpath '$.m' --input order.json", 1, "path-not-found: No results for path: $['m']"},
        {"$P eval jsonpath '$.[' --input order.json", 1, "invalid-path: "},
        {"$P eval jsonpath '$.n.sum()' --input order.json", 1, "evaluation-failed: "},
        {"$P eval jsonata '{% $sum($states.input.items.q) + $x %}' --input order.json --bindings '{\"x\":1}'", 0, "5\n"},
        {"$P eval jsonata '$states.context.a' --context '{\"a\":2}'", 0, "2\n"},
        {"$P eval jsonata 'n' --input order.json", 0, "7\n"},
        {"$P eval jsonata 'nothing'", 1, "the result is undefined"},
        {"$P eval jsonata '$sum'", 1, "the result is a function"},
        {"$P eval jsonata '1 +'", 1, "S0207: Unexpected end of expression (character 3)"},
        {"$P eval jsonata '1 + \"a\"'", 1, "T2002: "},
        {"$P eval intrinsic \"States.Format('{} {}', \\$.n, \\$x)\" --input order.json --bindings '{\"x\":2}'", 0, "\"7 2\"\n"},
        {"$P eval intrinsic 'States.MathAdd($.z, 1)' --input order.json", 1, "States.Runtime: "},
        {"$P eval intrinsic 'States.Nope(1)'", 1, "InvalidDefinition: "},
        {"$P eval", 2, "is missing"},
        {"$P eval jsonpath", 2, "the expression is missing"},
        {"$P eval xpath '/a'", 2, "the language must be jsonpath, jsonata, intrinsic, choice or resultpath, not 'xpath'"},
        {"$P eval choice 'x'", 2, "choice works with --lines only"},
        {"$P eval jsonpath '$' '$'", 2, "one argument too many"},
        {"$P eval jsonpath '$' --input '{'", 2, "--input is no JSON: line 1"},
        {"$P eval jsonpath '$' --input @nowhere", 1, "nowhere: No such file"},
        {"$P eval jsonpath '$x' --bindings '[]'", 2, "bindings must be an object"},
        {"$P eval jsonpath '$' --lines < /dev/null", 2, "with --lines"},
    };
    PLAY(*state, steps);
}

static void test_lines(void **state)
{
    static const struct pawl_step steps[] = {
        {"printf '{\"expr\":\"$.a\",\"data\":{\"a\":1}}\\n{\"expr\":\"$.a\"}\\n{\"expr\":\"$.[\"}' | $P eval jsonpath --lines", 0,
         "{\"result\":1}\n{\"error\":\"path-not-found\",\"message\":"},
        {"printf '\\nno\\n[]\\n{}\\n{\"expr\":\"1\",\"bindings\":1}\\n"
         "{\"expr\":\"a.b\",\"data\":{\"a\":{\"b\":null}}}\\n{\"expr\":\"x\"}\\n' |"
         " $P eval jsonata --lines | grep -c InvalidLine",
         0, "5\n"},
        {"printf '\\377\\n{\"expr\":\"a.b\",\"data\":{\"a\":{\"b\":null}}}\\n{\"expr\":\"x\"}\\n' | $P eval jsonata --lines", 0,
         "}\n{\"result\":null}\n{\"undefined\":true}\n"},
        {"echo '{\"expr\":\"$f := function(){$f()+1}; $f()\"}' | $P eval jsonata --lines", 0, "{\"error\":\"S0201\",\"message\":"},
        {"echo '{\"expr\":\"($f := function(){$f()+1}; $f())\"}' | $P eval jsonata --lines", 0, "{\"error\":\"U1001\",\"message\":"},
        {"echo '{\"expr\":\"States.ArrayLength($.a)\",\"data\":{\"a\":[1]}}' | $P eval intrinsic --lines", 0, "{\"result\":1}\n"},
        {"printf '{\"operator\":\"NumericEquals\",\"variable\":1,\"operand\":1.0}\\n{\"operator\":\"IsNull\",\"operand\":true}\\n' |"
         " $P eval choice --lines",
         0, "{\"result\":true}\n{\"error\":\"States.Runtime\",\"message\":"},
        {"printf '{\"operator\":\"StringEqualsPath\",\"variable\":\"a\",\"operand\":\"b\"}\\n' | $P eval choice --lines", 0,
         "{\"result\":false}\n"},
        {"printf '{\"operator\":\"Bogus\",\"variable\":1,\"operand\":1}\\n{}\\n' | $P eval choice --lines", 0,
         "Field 'Bogus' is not supported"},
        {"printf '{\"input\":{\"a\":1},\"result\":2,\"result_path\":\"$.b\"}\\n"
         "{\"input\":{\"a\":1},\"result\":2,\"result_path\":null}\\n' |"
         " $P eval resultpath --lines",
         0, "{\"result\":{\"a\":1,\"b\":2}}\n{\"result\":{\"a\":1}}\n"},
        {"echo '{\"input\":{\"a\":1},\"result\":2,\"result_path\":\"$.a.b\"}' | $P eval resultpath --lines", 0,
         "{\"error\":\"States.ResultPathMatchFailure\",\"message\":"},
        {"echo '{\"input\":1,\"result\":2,\"result_path\":\"$[*]\"}' | $P eval resultpath --lines", 0, "{\"error\":\"invalid-path\""},
        {"head -c 70000000 /dev/zero | tr '\\0' '[' | $P eval jsonpath --lines", 0, "the line is too long"},
        {"head -c 100000 /dev/zero | tr '\\0' '[' | $P eval jsonpath --lines", 0, "the line is nested too deeply"},
        {"echo '{\"expr\":\"1\"}' | $P eval jsonata --lines > /dev/full", 1, "No space left on device"},
    };
    PLAY(*state, steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, pawl_set_up, pawl_tear_down);
}
