/* Bounds, reuse and robustness of JSONata; what it answers is tested by test_jsonata_cases.c. */
#include "asl/jsonata/jsonata.h"
#include "base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ARENA_BYTES ((size_t)256 * 1024 * 1024)
#define MUTATIONS 20000
#define THREAD_ROUNDS 300

static struct str evaluate(struct arena *arena, struct str expression, const struct jsonata_limits *limits)
{
    const struct jsonata *program = NULL;
    struct jsonata_error error = {0};
    struct env env = {.now_ms = 1709164800123, .seed = {7}};
    const struct jsonata_scope scope = {.limits = limits, .env = &env};
    const struct value *value = NULL;
    bool is_function = false;
    enum status status = jsonata_compile(arena, expression, &program, &error);
    if (status == STATUS_OK) {
        status = jsonata_evaluate(arena, program, &scope, &value, &is_function, &error);
    }
    if (status == STATUS_INVALID) {
        assert_true(error.message.length > 0);
        return error.code;
    }
    assert_int_equal(status, STATUS_OK);
    struct str text = is_function ? STR("function") : STR("undefined");
    if (value != NULL) {
        assert_int_equal(value_to_text(arena, value, &text), STATUS_OK);
    }
    return text;
}

static void check(const char *expression, const struct jsonata_limits *limits, const char *wanted)
{
    struct arena *arena = arena_create(ARENA_BYTES);
    struct str result = evaluate(arena, str_of(expression), limits);
    print_message("%.200s: %.*s\n", expression, STR_ARGS(str_slice(result, 0, result.length > 100 ? 100 : result.length)));
    assert_true(wanted == NULL || str_equal(result, str_of(wanted)));
    arena_destroy(arena);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        const char *wanted;
    } rows[] = {
        {"($f := function($n) { $f($n + 1) }; $f(0))", "U1001"},
        {"($f := function($n) { 1 + $f($n) }; $f(0))", "U1001"},
        {"($f := function($n) { $f($n) + $f($n) }; $f(0))", "U1001"},
        {"($fib := function($n) { $n < 2 ? $n : $fib($n - 1) + $fib($n - 2) }; $fib(40))", "U1001"},
        {"($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $f(1, 100000))", "U1001"},
        {"($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $string($f(1, 10000)))", "U1001"},
        {"($f := function($x, $n) { $n = 0 ? $x : $f([[$x]], $n - 1) }; $count($f(1, 10000).**))", "U1001"},
        {"($f := function($x, $n) { $n = 0 ? $x : $f({'a': $x}, $n - 1) }; $f(1, 10000) ~> |$|{}|)", "U1001"},
        {"($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('ab', 60))", "U1001"},
        {"($f := function($a, $n) { $n = 0 ? $a : $f($append($a, $a), $n - 1) }; $f([1, 2], 40))", "U1001"},
        {"$pad('x', 1e12)", "U1001"},
        {"$join([1..9000000].('abc'))", "U1001"},
        {"$replace($pad('', 3000, 'a'), 'a', $pad('', 3000, 'b'))", "U1001"},
        {"$replace($pad('', 3000, 'a'), /a/, $pad('', 3000, 'b'))", "U1001"},
        {"[1..10000000].([1..10000000])", "U1001"},
        {"$sort([1..3000000], function($a, $b) { $a < $b })", "U1001"},
        {"$formatInteger(1e15, 'I')", "U1001"},
        {"$formatInteger(1, $pad('', 9000000, '0'))", "U1001"},
        {"($c := function($f, $n) { $n = 0 ? $f : $c($f ~> $string, $n - 1) }; $g := $c($string, 20000); $g(1))", "U1001"},
        {"($c := function($f, $n) { $n = 0 ? $f : $c($f ~> $string, $n - 1) }; $g := $c($string, 100); $g(1))", "\"1\""},
        {"$contains($pad('', 40, 'a') & 'b', /^(a+)+$/)", "U1001"},
        {"$contains($pad('', 100000, 'a') & 'b', /^(a|aa)+$/)", "U1001"},
        {"($f := function($n) { $map([1], function($x) { [$f($n)] }) }; $f(1))", "U1001"},
        {"($f := function($n) { [1, 2].{'a': [$f($n)]} }; $f(1))", "U1001"},
        {"($f := function($n) { [1, 2][$f($n) = 1] }; $f(1))", "U1001"},
        {"($f := function($n) { [1, 2]^($f($n)) }; $f(1))", "U1001"},
        {"($f := function($n) { [1, 2]@$v.[$f($n)] }; $f(1))", "U1001"},
        {"($f := function($n) { {'a': 1} ~> |$|{'b': $f($n)}| }; $f(1))", "U1001"},
        {"($f := function($n) { $replace('ab', /a/, function($m) { $f($n) & 'x' }) }; $f(1))", "U1001"},
        {"($f := function($n) { $sort([1, 2], function($a, $b) { $f($n) = 1 }) }; $f(1))", "U1001"},
        {"($f := function($n) { $reduce([1, 2], function($a, $b) { [$f($n)] }) }; $f(1))", "U1001"},
        {"($f := function($n) { $n ~> $f() ~> $sum }; $f(1))", "U1001"},
        {"($f := function($n) { ($g := $f(?); [$g($n)]) }; $f(1))", "U1001"},
        {"$contains($pad('', 300000, 'a'), /a*[bc]/)", "U1001"},
        {"$match($pad('', 100000, 'a'), /a/) ~> $count()", "100000"},
        {"$length($replace($pad('', 100000, 'a'), /a/, function($m) { 'bb' }))", "200000"},
        {"$match('\\ud800a' & '\\udc00', /a./).index", "1"},
        {"$count([0..9999999])", "10000000"},
        {"$sum([1..1000000])", "500000500000"},
        {"[1..10000001]", "D2014"},
        {"$distinct([1..100000]) ~> $count()", "100000"},
        {"$count($keys($merge([1..50000].{$string($): 1})))", "50000"},
        {"($f := function($n, $a) { $n = 0 ? $a : $f($n - 1, $a + 1) }; $f(100000, 0))", "100000"},
        {"($f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(400))", "400"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        check(rows[at].expression, NULL, rows[at].wanted);
    }
}

#define SHARED_OBJECT "($f := function($a, $n) { $n = 0 ? $a : $f({'a': $a, 'b': $a}, $n - 1) }; $d := $f({}, 60); "
#define SHARED_ARRAY "($f := function($a, $n) { $n = 0 ? $a : $f([[$a], [$a]], $n - 1) }; $d := $f([[]], 60); "
#define LONG_ARRAYS "($a := [1..1000000]; $b := [1..1000000]; "
#define LONG_STRINGS "($a := $pad('', 4000000, 'a'); $b := $pad('', 4000000, 'a'); "

/* Values that are small in memory but endless for who walks them, and work that a node does without evaluating others. */
static void test_walks_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        const char *wanted;
    } rows[] = {
        {SHARED_OBJECT "$d)", "U1001"},
        {SHARED_OBJECT "$e := $f({}, 60); $d = $e)", "U1001"},
        {SHARED_OBJECT "$e := $f({}, 60); $d != $e)", "U1001"},
        {SHARED_OBJECT "$count($distinct([$d, 1])))", "U1001"},
        {SHARED_OBJECT "$string($d))", "U1001"},
        {SHARED_OBJECT "$clone($d))", "U1001"},
        {SHARED_OBJECT "1 + $d)", "T2002"},
        {SHARED_OBJECT "$error($string($type($d))))", "D3137"},
        {SHARED_OBJECT "$count($d.**))", "U1001"},
        {SHARED_OBJECT "$d.a.b.a.b ~> $keys())", "[\"a\",\"b\"]"},
        {SHARED_ARRAY "$d)", "U1001"},
        {SHARED_ARRAY "$d = $f([[]], 60))", "U1001"},
        {SHARED_ARRAY "$keys($d))", "U1001"},
        {SHARED_ARRAY "$d.x)", "U1001"},
        {SHARED_ARRAY "$lookup($d, 'x'))", "U1001"},
        {SHARED_ARRAY "$boolean($d))", "U1001"},
        {SHARED_ARRAY "$not($d))", "U1001"},
        {SHARED_ARRAY "$d ? 1 : 2)", "U1001"},
        {SHARED_ARRAY "$d and true)", "U1001"},
        {SHARED_ARRAY "$filter([1], function() { $d }))", "U1001"},
        {SHARED_ARRAY "[1][$d])", "U1001"},
        {SHARED_ARRAY "$count($d.*))", "U1001"},
        {SHARED_ARRAY "$count($d.**))", "U1001"},
        {SHARED_ARRAY "$count($spread($d)))", "U1001"},
        {SHARED_ARRAY "-$d)", "D1002"},
        {LONG_ARRAYS "$count([1..10000][$a = $b]))", "U1001"},
        {LONG_ARRAYS "$count([1..10000][$sum($a) = 0]))", "U1001"},
        {LONG_ARRAYS "$count([1..10000][$max($a) = 0]))", "U1001"},
        {LONG_ARRAYS "$count([1..10000][0 in $a]))", "U1001"},
        {LONG_ARRAYS "$a = $b)", "true"},
        {LONG_STRINGS "$count([1..10000][$a = $b]))", "U1001"},
        {LONG_STRINGS "$count([1..10000][$a < $b]))", "U1001"},
        {LONG_STRINGS "$count([1..10000][$a in [$b]]))", "U1001"},
        {LONG_STRINGS "$count([1..10000][$length($a) = 0]))", "U1001"},
        {LONG_STRINGS "$count([1..10000][$contains($a, 'b')]))", "U1001"},
        {LONG_STRINGS "$contains($a, $substring($b, 2000000) & 'b'))", "false"},
        {LONG_STRINGS "$encodeUrl($a & 'é'))", NULL},
        {"[1..10000000]", "U1001"},
        {"[1..100000][99999]", "100000"},
        {"$map([1..1000000], function($x) { [1..1000000] })", "U1001"},
        {"($o := $merge([1..20000].{$string($): $}); $p := $merge([1..20000].{$string(20001 - $): 20001 - $}); $o = $p)", "true"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        check(rows[at].expression, NULL, rows[at].wanted);
    }
}

static void test_own_limits(void **state)
{
    (void)state;
    struct jsonata_limits limits = jsonata_limits_default;
    limits.steps_max = 100;
    check("[1..50].($ + 1)", &limits, "U1001");
    check("[1..5].($ + 1)", &limits, "[2,3,4,5,6]");
    limits = jsonata_limits_default;
    limits.depth_max = 3;
    check("1 + (2)", &limits, "3");
    check("1 + ((2))", &limits, "U1001");
    limits = jsonata_limits_default;
    limits.result_bytes_max = 10;
    check("'12345' & '67890'", &limits, "\"1234567890\"");
    check("'12345' & '678901'", &limits, "U1001");
    limits = jsonata_limits_default;
    limits.memory_bytes_max = 100000;
    check("$count([1..10000].$)", &limits, "U1001");
    check("$count([1..100].$)", &limits, "100");
}

/* `count` times `part`, between `before` and `after`. */
static void check_nested(const char *before, const char *part, const char *after, size_t count, const char *wanted)
{
    struct arena *arena = arena_create(ARENA_BYTES);
    struct buffer text = buffer_in(arena);
    assert_int_equal(buffer_format(&text, "%s", before), STATUS_OK);
    for (size_t at = 0; at < count; at++) {
        assert_int_equal(buffer_format(&text, "%s", part), STATUS_OK);
    }
    assert_int_equal(buffer_format(&text, "%s", after), STATUS_OK);
    struct str result = evaluate(arena, buffer_text(&text), NULL);
    print_message("%zu × %s: %.*s\n", count, part, STR_ARGS(result));
    assert_true(wanted == NULL || str_equal(result, str_of(wanted)));
    arena_destroy(arena);
}

static void test_deep_expressions(void **state)
{
    (void)state;
    static const char *const parts[] = {"(", "[", "{'a':", "-", "$f(", "a[", "1+(", "function(){", "|a|", "a?", "a?b:", "%.",
                                        "a.(", "$x:=", "a^(", "a{b:", "λ($a){", "/(", "`", "'", "/*", "a@$b.", "a#$b.", "~>"};
    for (size_t at = 0; at < sizeof parts / sizeof parts[0]; at++) {
        check_nested("", parts[at], "", 100000, NULL);
        check_nested("", parts[at], "1", 300, NULL);
    }
    check_nested("1", " + 1", "", 500, "501");
    check_nested("1", " + 1", "", 100000, "U1001");
    check_nested("''", " & 'a'", " = 1", 900, "false");
    check_nested("a", ".a", "", 900, "undefined");
    check_nested("a", ".a", "", 20000, "U1001");
    check_nested("a", "[0]", "", 900, "undefined");
    check_nested("a", ".%", "", 900, "S0217");
    check_nested("[", "1,", "1][-1]", 100000, "1");
    check_nested("(", "1;", "2)", 100000, "2");
    check_nested("", "(", "", 200, "S0203");
}

static void test_texts_are_kept(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    const struct value *bindings = NULL;
    struct str text = STR("{\"v\":{\"n\":1.10,\"big\":1e400,\"s\":\"\\u0041\",\"l\":[1.0]}}");
    assert_int_equal(value_parse(arena, text, &bindings, NULL), STATUS_OK);
    static const struct {
        const char *expression;
        const char *wanted;
    } rows[] = {
        {"$v", "{\"n\":1.10,\"big\":1e400,\"s\":\"\\u0041\",\"l\":[1.0]}"},
        {"{'x': $v.n, 'y': [$v.s]}", "{\"x\":1.10,\"y\":[\"\\u0041\"]}"},
        {"$v.l[0] + 0.5", "1.5"},
        {"$v.l", "[1.0]"},
        {"$v.n * 10", "11"},
        {"$v.s & ''", "\"A\""},
        {"$merge([$v, {'n': 2}]).big", "1e400"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const struct jsonata *program = NULL;
        struct jsonata_error error;
        struct env env = {.now_ms = 0};
        const struct jsonata_scope scope = {.bindings = bindings, .env = &env};
        const struct value *value = NULL;
        bool is_function = false;
        struct str result;
        assert_int_equal(jsonata_compile(arena, str_of(rows[at].expression), &program, &error), STATUS_OK);
        assert_int_equal(jsonata_evaluate(arena, program, &scope, &value, &is_function, &error), STATUS_OK);
        assert_int_equal(value_to_text(arena, value, &result), STATUS_OK);
        print_message("%s: %.*s\n", rows[at].expression, STR_ARGS(result));
        assert_true(str_equal(result, str_of(rows[at].wanted)));
    }
    arena_destroy(arena);
}

static void test_environment(void **state)
{
    (void)state;
    check("$now()", NULL, "\"2024-02-29T00:00:00.123Z\"");
    check("$millis()", NULL, "1709164800123");
    check("$now('[H01]', '-0100')", NULL, "\"23\"");
    check("$uuid() != $uuid()", NULL, "true");
    check("$length($uuid())", NULL, "36");
    check("($r := $random(); $r >= 0 and $r < 1 and $r != $random())", NULL, "true");
    check("$sum($shuffle([1..100]))", NULL, "5050");
    check("$sum", NULL, "function");
}

struct names {
    char text[200];
};

static void note(void *owner, struct str name)
{
    struct names *names = owner;
    size_t length = strlen(names->text);
    snprintf(names->text + length, sizeof names->text - length, "%.*s ", STR_ARGS(name));
}

static void test_variables(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        const char *wanted;
    } rows[] = {
        {"$states.input.x + $y", "states y "},
        {"$x & $x", "x "},
        {"($x := $x; $x)", "x "},
        {"($f := function($n) { $f($n) + $m }; $f($o))", "m o "},
        {"function($a) { $a + $b }", "b "},
        {"($a := 1; ($b := 2); $b)", "b "},
        {"a@$v.b#$i.[$v, $i, $w]", "w "},
        {"(a@$v.b; $v)", "v "},
        {"a[$p]{$k: $q}^($s)", "p s k q "},
        {"|$t|$u, $d|", "t u d "},
        {"$count($list) + $$.x + $.y", "list count "},
        {"[1].% ", ""},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct arena *arena = arena_create(ARENA_BYTES);
        const struct jsonata *program = NULL;
        struct jsonata_error error;
        struct names names = {""};
        if (jsonata_compile(arena, str_of(rows[at].expression), &program, &error) == STATUS_OK) {
            jsonata_variables(program, note, &names);
        }
        print_message("%s: %s\n", rows[at].expression, names.text);
        assert_string_equal(names.text, rows[at].wanted);
        arena_destroy(arena);
    }
}

static const char *const seeds[] = {
    "$states.input.items[price > 10 and $contains(name, /^a(b|c)+$/i)].{\"n\": name, 'p': $round(price * 1.2, 2)}",
    "($f := function($x, $y)<n-n:n>{ $x > 0 ? $f($x - 1, $y & \"a\") : $y }; $map([1..5], $f(?, 'x'))[0])",
    "a.b@$v#$i[%.c = $v.d]^(>e, f){g: $sum(h)}.%.* ~> |**[id]|{'k': 1}, ['l']| ~> $string(true)",
    "$fromMillis(1510067557121, '[M01]/[D01]/[Y0001] [h#1]:[m01][P] [FNn,*-3] [Dwo]', '+0530')",
    "$toMillis('12:05 pm 3rd May 2018', '[h]:[m] [P] [D1o] [MNn] [Y]') & $formatNumber(-1234.5, '#,##0.00;(0.0e0)')",
    "$formatInteger(12345, '#,##0;o') & $parseInteger('one hundred and two', 'w') & $formatBase(255, 16)",
    "$replace('abc', /(a)|(b)/, function($m){ $m.groups[0] & '$1' }) & $split('a,b', ',')[1] & `q n`.\"x\\u00e9\\n\"",
    "[1..3, -1..1][[0, -1]] ~> $reduce(function($a, $b){ $a * $b }, 1) in [/* c */ 1e3, -0.5, null, true]",
    "$each({'a': 1}, λ($v, $k){ $k }) ~> $append($sift({'b': 2}, function($v){ $v > 1 })) ~> $keys ~> $count",
    "$hash('x', 'MD5') & $random(7) & $uuid() & $parse('{\"a\":[1,2]}').a & $partition([1..9], 2)[0][1] & $range(1, 9, 2)",
};

/* Changes, removes, doubles and mixes bytes of good expressions. Whatever comes out must end in an answer or an error. */
static void test_mutations(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct jsonata_limits limits = {.steps_max = 5000, .depth_max = 200, .result_bytes_max = 100000, .memory_bytes_max = 4000000};
    static const char bytes[] = "()[]{}.,:;@#%^*&|~<>=!?$'\"`/\\+-0129aefnλ \n\x80\xff";
    uint64_t chance = 88172645463325252ULL;
    size_t errors = 0;
    for (size_t round = 0; round < MUTATIONS; round++) {
        char text[512];
        const char *seed = seeds[round % (sizeof seeds / sizeof seeds[0])];
        size_t length = strlen(seed);
        memcpy(text, seed, length);
        for (size_t change = 0; change < 1 + round % 4; change++) {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            size_t at = chance % length;
            size_t kind = chance >> 32 & 3;
            if (kind == 0 && length > 1) {
                memmove(text + at, text + at + 1, --length - at);
            } else if (kind == 1 && length + 1 < sizeof text) {
                memmove(text + at + 1, text + at, length++ - at);
                text[at] = bytes[(chance >> 40) % (sizeof bytes - 1)];
            } else if (kind == 2) {
                text[at] = bytes[(chance >> 40) % (sizeof bytes - 1)];
            } else {
                length = at + 1;
            }
        }
        struct str result = evaluate(arena, (struct str){text, length}, &limits);
        errors += result.length == 5 && result.bytes[0] >= 'D';
        arena_reset(arena);
    }
    print_message("%zu of %d mutations are errors\n", errors, MUTATIONS);
    arena_destroy(arena);
}

struct shared {
    const struct jsonata *program;
    const struct value *input;
};

static void *run_thread(void *owner)
{
    const struct shared *shared = owner;
    struct arena *arena = arena_create(ARENA_BYTES);
    size_t wrong = 0;
    for (size_t round = 0; round < THREAD_ROUNDS; round++) {
        struct env env = {.now_ms = 5};
        const struct jsonata_scope scope = {.input = shared->input, .env = &env};
        const struct value *value = NULL;
        struct jsonata_error error;
        bool is_function = false;
        struct str text = STR_NONE;
        if (jsonata_evaluate(arena, shared->program, &scope, &value, &is_function, &error) == STATUS_OK && value != NULL &&
            value_to_text(arena, value, &text) == STATUS_OK) {
            wrong += !str_equal(text, STR("{\"x\":[\"AB\",\"cB\"],\"n\":6}"));
        } else {
            wrong++;
        }
        arena_reset(arena);
    }
    arena_destroy(arena);
    return wrong == 0 ? NULL : owner;
}

static void test_threads(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct shared shared = {0};
    struct jsonata_error error;
    assert_int_equal(value_parse(arena, STR("[{\"a\":\"ab\",\"n\":1},{\"a\":\"cb\",\"n\":5}]"), &shared.input, NULL), STATUS_OK);
    assert_int_equal(jsonata_compile(arena,
                                     STR("{'x': a.$replace($, /(a)?b/, function($m){ $uppercase($m.match) }),"
                                         " 'n': ($f := function($l){ $sum($l) }; $f(n))}"),
                                     &shared.program, &error),
                     STATUS_OK);
    pthread_t threads[4];
    for (size_t at = 0; at < 4; at++) {
        assert_int_equal(pthread_create(&threads[at], NULL, run_thread, &shared), 0);
    }
    for (size_t at = 0; at < 4; at++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[at], &failed), 0);
        assert_null(failed);
    }
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_walks_are_counted),
        cmocka_unit_test(test_own_limits),
        cmocka_unit_test(test_deep_expressions),
        cmocka_unit_test(test_texts_are_kept),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
