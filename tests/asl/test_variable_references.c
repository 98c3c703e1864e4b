#include "asl/variable_references.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ASSIGN "\"Z\":{\"Type\":\"Pass\",\"Assign\":{\"a\":1,\"b.$\":\"$.b\",\"c\":2}}"

static const struct {
    const char *name;
    const char *definition;
    const char *references; /* NULL: none */
    bool present_day;
} rows[] = {
    {"none", "{\"States\":{\"S\":{\"InputPath\":\"$.a\"}}}", NULL, false},
    {"no JSON", "{", NULL, false},
    {"no object", "[1]", NULL, false},
    {"path", "{\"States\":{\"S\":{\"InputPath\":\"$a\"}," ASSIGN "}}", "{\"S\":[\"a\"]}", true},
    {"not assigned", "{\"States\":{\"S\":{\"InputPath\":\"$d\"}," ASSIGN "}}", NULL, true},
    {"literal", "{\"States\":{\"S\":{\"Parameters\":{\"x\":\"$a\"}}," ASSIGN "}}", NULL, true},
    {"result", "{\"States\":{\"S\":{\"Result\":{\"x.$\":\"$a\"}}," ASSIGN "}}", NULL, true},
    {"intrinsic", "{\"States\":{\"S\":{\"Parameters\":{\"x.$\":\"States.Format('$a {}', $c, $b.x[0])\"}}," ASSIGN "}}",
     "{\"S\":[\"b\",\"c\"]}", true},
    {"quoted quote", "{\"States\":{\"S\":{\"Parameters\":{\"x.$\":\"States.Format('\\\\'$a', $c)\"}}," ASSIGN "}}",
     "{\"S\":[\"c\"]}", true},
    {"context", "{\"States\":{\"S\":{\"InputPath\":\"$$.a\"}," ASSIGN "}}", NULL, true},
    {"choice", "{\"States\":{\"S\":{\"Choices\":[{\"And\":[{\"Variable\":\"$a\",\"StringEqualsPath\":\"$b\"}]}]}," ASSIGN "}}",
     "{\"S\":[\"a\",\"b\"]}", true},
    {"longer name", "{\"States\":{\"S\":{\"InputPath\":\"$a1\"}," ASSIGN "}}", NULL, true},
    {"JSONata",
     "{\"QueryLanguage\":\"JSONata\",\"States\":{\"S\":{\"Output\":\"{% $sum([$b, ($c := 1; $c)]) & '$a' %}\"}," ASSIGN "}}",
     "{\"S\":[\"b\"]}", true},
    {"JSONata of one state", "{\"States\":{\"S\":{\"QueryLanguage\":\"JSONata\",\"Output\":[\"{% $a %}\"]}}}", NULL, true},
    {"inside",
     "{\"States\":{\"S\":{\"ItemsPath\":\"$a\",\"ItemProcessor\":{\"States\":{\"T\":{\"OutputPath\":\"$b\"}}}},"
     "\"P\":{\"Branches\":[{\"States\":{\"U\":{\"SecondsPath\":\"$c\"}}}]}," ASSIGN "}}",
     "{\"S\":[\"a\"],\"T\":[\"b\"],\"U\":[\"c\"]}", true},
};

static void test_rows(void **state)
{
    struct arena *arena = arena_create((size_t)64 << 20);
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct variable_references references;
        assert_int_equal(variable_references_find(arena, str_of(rows[at].definition), &references), STATUS_OK);
        struct str wanted = str_of(rows[at].references);
        if (!str_equal(references.text, wanted) || references.is_present_day != rows[at].present_day) {
            fail_msg("%s: %.*s, %d", rows[at].name, STR_ARGS(references.text), references.is_present_day);
        }
        arena_reset(arena);
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
