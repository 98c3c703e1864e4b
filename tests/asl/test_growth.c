/* Compiling a definition takes time in proportion to its text: four times the text, at most RATIO_MAX times the CPU. What is
 * quadratic takes sixteen times. */
#include "asl/machine.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define RATIO_MAX 10.0
#define ROUNDS 3
#define TRIES_MAX 5
#define BYTES_SMALL ((size_t)250 * 1024)
#define NS_MIN 2000000.0 /* below it a ratio says nothing */

static void add(struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer_add(buffer, str_of(text)), STATUS_OK);
}

#define ADD(...) assert_int_equal(buffer_format(buffer, __VA_ARGS__), STATUS_OK)

/* A definition of one kind: begin, then the part with its number as often as it fits, then end. */
struct kind {
    const char *name;
    const char *begin;
    const char *part; /* with up to three %zu for the part's number */
    const char *end;
    size_t count_max; /* 0: none; of parts, where a limit of pawl ends them */
};

#define PASS "{\"Type\":\"Pass\",\"End\":true}"
#define IN_PASS(field) "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"" field "\":"
#define IN_JSONATA(field)                                                                                              \
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"" field "\":"
#define TASK "\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f\",\"End\":true"

static const struct kind kinds[] = {
    {"states in a row", "{\"StartAt\":\"s0\",\"States\":{", "\"s%1$zu\":{\"Type\":\"Pass\""
     ",\"Next\":\"s%2$zu\"},", "\"s%1$zu\":" PASS "}}", 0},
    {"states that are not reached", "{\"StartAt\":\"A\",\"States\":{\"A\":" PASS, ",\"s%1$zu\":" PASS, "}}", 0},
    {"tasks with a route each", "{\"StartAt\":\"s0\",\"States\":{",
     "\"s%1$zu\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:f%1$zu\",\"Next\":\"s%2$zu\"},",
     "\"s%1$zu\":" PASS "}}", 0},
    {"missing targets", "{\"StartAt\":\"A\",\"States\":{\"A\":" PASS, ",\"s%1$zu\":{\"Type\":\"Pass\",\"Next\":\"t%1$zu\"}", "}}", 0},
    {"unknown fields", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true", ",\"f%1$zu\":1", "}}}", 0},
    {"unknown fields, a line each", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true", ",\n\"f%1$zu\":1", "}}}", 0},
    {"fields named alike", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true", ",\"Comment\":\"%1$zu\"", "}}}", 0},
    {"rules of a Choice", "{\"StartAt\":\"A\",\"States\":{\"E\":" PASS ",\"A\":{\"Type\":\"Choice\",\"Default\":\"E\",\"Choices\":[",
     "{\"Variable\":\"$.a%1$zu\",\"NumericEquals\":%1$zu,\"Next\":\"E\"},", "{\"Variable\":\"$.a\",\"IsNull\":true"
     ",\"Next\":\"E\"}]}}}", 0},
    {"parts of an And", "{\"StartAt\":\"A\",\"States\":{\"E\":" PASS ",\"A\":{\"Type\":\"Choice\",\"Choices\":[{\"Next\":\"E\",\"And\":[",
     "{\"Variable\":\"$.a%1$zu\",\"NumericEquals\":%1$zu},", "{\"Variable\":\"$.a\",\"IsNull\":true}]}]}}}", 0},
    {"branches", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[",
     "{\"StartAt\":\"s%1$zu\",\"States\":{\"s%1$zu\":" PASS "}},", "{\"StartAt\":\"E\",\"States\":{\"E\":" PASS "}}]}}}", 0},
    {"retriers", "{\"StartAt\":\"A\",\"States\":{\"A\":{" TASK ""
     ",\"Retry\":[", "{\"ErrorEquals\":[\"E%1$zu\"]},", "{\"ErrorEquals\":[\"E\"]}]}}}", 0},
    {"catchers", "{\"StartAt\":\"A\",\"States\":{\"E\":" PASS ",\"A\":{" TASK ",\"Catch\":[",
     "{\"ErrorEquals\":[\"E%1$zu\"],\"Next\":\"E\"},", "{\"ErrorEquals\":[\"E\"],\"Next\":\"E\"}]}}}", 0},
    {"errors of a catcher", "{\"StartAt\":\"A\",\"States\":{\"E\":" PASS ",\"A\":{" TASK ",\"Catch\":[{\"Next\":\"E\",\"ErrorEquals\":[",
     "\"E%1$zu\",", "\"E\"]}]}}}", 0},
    {"variables of a state", IN_PASS("Assign") "{", "\"v%1$zu\":%1$zu,", "\"v\":1}}}}", 0},
    {"variables inside others", "{\"StartAt\":\"A\",\"States\":{\"B\":{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"x\":1}},"
     "\"A\":{\"Type\":\"Parallel\",\"Next\":\"B\",\"Branches\":[",
     "{\"StartAt\":\"s%1$zu\",\"States\":{\"s%1$zu\":{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"v%1$zu\":1}}}},",
     "{\"StartAt\":\"E\",\"States\":{\"E\":" PASS "}}]}}}", 0},
    {"variables beside others", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Parallel\",\"Next\":\"s0\""
     ",\"Branches\":[{\"StartAt\":\"E\",\"States\":{"
     "\"E\":{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}}}}]},",
     "\"s%1$zu\":{\"Type\":\"Pass\",\"Assign\":{\"v%1$zu\":1},\"Next\":\"s%2$zu\"},", "\"s%1$zu\":" PASS "}}", 0},
    {"variables assigned inside and beside", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Parallel\",\"Next\":\"s0\""
     ",\"Branches\":[{\"StartAt\":\"E\",\"States\":{\"E\":" PASS "}}]},",
     "\"s%1$zu\":{\"Type\":\"Parallel\",\"Assign\":{\"v%1$zu\":1},\"Next\":\"s%2$zu\",\"Branches\":[{\"StartAt\":\"i%1$zu\""
     ",\"States\":{\"i%1$zu\":"
     "{\"Type\":\"Pass\",\"End\":true,\"Assign\":{\"w%1$zu\":1}}}}]},",
     "\"s%1$zu\":" PASS "}}", 0},
    {"members of a template", IN_PASS("Parameters") "{", "\"k%1$zu\":1,\"c%1$zu.$\":\"$.a\",", "\"k\":1}}}}", 0},
    {"members that are constant", IN_PASS("Parameters") "{", "\"k%1$zu\":1,", "\"k\":1}}}}", 0},
    {"items that are constant", IN_PASS("Parameters") "[", "%1$zu,", "1]}}}", 0},
    {"members of an Output", IN_JSONATA("Output") "{", "\"k%1$zu\":\"{%%1%%}\",", "\"k\":1}}}}", 0},
    {"constants of an Output", IN_JSONATA("Output") "{", "\"k%1$zu\":%1$zu,", "\"k\":1}}}}", 0},
    {"a long text", IN_PASS("Result") "\"", "xxxxxxxxxxxxxxxx", "\"}}}", 0},
    {"a long text with escapes", IN_PASS("Result") "\"", "\\u00e9\\n\\\\", "\"}}}", 0},
    {"items of an expression", IN_JSONATA("Output") "\"{%[", "%1$zu,", "1]%}\"}}}", 0},
    {"parts of a block", IN_JSONATA("Output") "\"{%(", "$v%1$zu:=%1$zu;", "1)%}\"}}}", 0},
    {"variables of an expression", IN_JSONATA("Output") "\"{%[", "$v%1$zu,", "1]%}\"}}}", 0},
    {"parameters of a function", IN_JSONATA("Output") "\"{%function(", "$v%1$zu,", "$w){1}(1)%}\"}}}", 0},
    {"members of an expression", IN_JSONATA("Output") "\"{%{", "'k%1$zu':1,", "'k':1}%}\"}}}", 0},
    {"members of an expression with %", IN_JSONATA("Output") "\"{%[", "a.b.%%.c,", "1]%}\"}}}", 0},
    {"operators in a row", IN_JSONATA("Output") "\"{%1", "+%1$zu", "%}\"}}}", 900},
    {"a regular expression", IN_JSONATA("Output") "\"{%$match('a',/", "[abc]", "x/)%}\"}}}", 1000},
    {"a string of an expression", IN_JSONATA("Output") "\"{%'", "xxxxxxxxé", "'%}\"}}}", 0},
    {"a comment of an expression", IN_JSONATA("Output") "\"{%/*", "xxxxxxxx*", "*/1%}\"}}}", 0},
    {"names of a path", IN_PASS("Parameters") "{\"x.$\":\"$[", "'a%1$zu',", "'b']\"}}}}", 0},
    {"indexes of a path", IN_PASS("Parameters") "{\"x.$\":\"$[", "%1$zu,", "1]\"}}}}", 0},
    {"terms of a filter", IN_PASS("Parameters") "{\"x.$\":\"$[?(", "@.a == %1$zu || ", "@.b)]\"}}}}", 0},
    {"items of a filter", IN_PASS("Parameters") "{\"x.$\":\"$[?(@.a in [", "%1$zu,", "1])]\"}}}}", 0},
    {"a template of a call", IN_PASS("Parameters") "{\"x.$\":\"States.Format('", "xxxxxxxx{}", "')\"}}}}", 0},
    {"arguments of a call", IN_PASS("Parameters") "{\"x.$\":\"States.Array(", "%1$zu,", "1)\"}}}}", 900},
    {"no JSON at its end", "{\"a\":[", "{\"b\":%1$zu},", "x", 0},
};

static void build(struct buffer *buffer, const struct kind *kind, size_t bytes)
{
    size_t number = 0;
    add(buffer, kind->begin);
    for (; buffer->length < bytes && (kind->count_max == 0 || number < kind->count_max); number++) {
        ADD(kind->part, number, number + 1);
    }
    if (strstr(kind->end, "%1$") != NULL) {
        ADD(kind->end, number);
    } else {
        add(buffer, kind->end);
    }
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* The least of some. */
static double compile_ns(struct str text, enum status *out_status)
{
    double least = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_create(DEFINITION_ARENA_BYTES_MAX);
        const struct machine *machine = NULL;
        struct findings findings = {0};
        double begin = cpu_ns();
        *out_status = machine_compile(arena, text, MACHINE_STANDARD, &machine, &findings);
        double taken = cpu_ns() - begin;
        least = taken < least ? taken : least;
        arena_destroy(arena);
    }
    return least;
}

/* How many times the CPU the text of four times the size takes. */
static double measure(const struct kind *kind)
{
    struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
    double ns[2];
    enum status status[2];
    size_t bytes = 0;
    for (int size = 0; size < 2; size++) {
        struct buffer text = buffer_in(arena);
        build(&text, kind, size == 0 ? BYTES_SMALL : 4 * BYTES_SMALL);
        bytes = text.length;
        ns[size] = compile_ns(buffer_text(&text), &status[size]);
    }
    print_message("%-36s %7zu bytes %9.2f ms, four times a quarter's: %5.2f, status %d %d\n", kind->name, bytes, ns[1] / 1e6,
                  ns[1] / (4 * ns[0]), status[0], status[1]);
    assert_true(status[1] == STATUS_OK || status[1] == STATUS_INVALID || status[1] == STATUS_LIMIT_EXCEEDED);
    arena_destroy(arena);
    return ns[1] / (ns[0] < NS_MIN ? NS_MIN : ns[0]);
}

/* A busy machine costs CPU too, by its caches: what is quadratic is so each time it is measured. */
static void test_growth(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
        double ratio = RATIO_MAX + 1;
        for (int tries = 0; ratio > RATIO_MAX && tries < TRIES_MAX; tries++) {
            ratio = measure(&kinds[at]);
        }
        assert_true(ratio <= RATIO_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_growth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
