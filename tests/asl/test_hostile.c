/* Definitions and payloads that are too deep, too long, not UTF-8 or endless: each ends in the right error, soon. */
#include "asl/interpreter.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define SECONDS_MAX_A_ROW 30.0 /* of CPU; a tenth of it without sanitizers */
#define ROUNDS_MAX 10000

#define PASS(fields) "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true," fields "}}}"
#define JSONATA(output)                                                                                                \
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Output\":" output "}}}"
#define BEGIN_PASS(field) "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"" field "\":"
#define BEGIN_JSONATA                                                                                                  \
    "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Output\":"
#define BEGIN_CHOICE                                                                                                   \
    "{\"StartAt\":\"A\",\"States\":{\"E\":{\"Type\":\"Succeed\"},\"A\":{\"Type\":\"Choice\",\"Default\":\"E\",\"Choices\":["
#define END "}}}"
#define HEAVY "$count([1..1000000][$ = 0])" /* three million steps, no memory */

/* begin, then `count` times part, then end. The definition is compiled, and run with the input. */
struct row {
    const char *name;
    const char *begin;
    const char *part;
    size_t count;
    const char *end;
    const char *input; /* NULL: {} */
    const char *wanted; /* "SUCCEEDED", the error of the execution, or the code of the first finding */
};

static const struct row rows[] = {
    {"10,000 arrays", BEGIN_PASS("Result"), "[", 10000, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"10,000 objects", BEGIN_PASS("Result"), "{\"a\":", 10000, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"10,000 templates", BEGIN_PASS("Parameters"), "{\"a\":[", 10000, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"10,000 steps of a path", BEGIN_PASS("InputPath") "\"$", ".a", 10000, "\"" END, NULL, "SCHEMA_VALIDATION_FAILED"},
    {"10,000 filters", BEGIN_PASS("InputPath") "\"$", "[?(@", 10000, "\"" END, NULL, "SCHEMA_VALIDATION_FAILED"},
    {"10,000 parentheses", BEGIN_PASS("InputPath") "\"$[?", "(", 10000, "\"" END, NULL, "SCHEMA_VALIDATION_FAILED"},
    {"10,000 calls", BEGIN_PASS("Parameters") "{\"x.$\":\"", "States.Array(", 10000, "\"}" END, NULL, "SCHEMA_VALIDATION_FAILED"},
    {"10,000 brackets of JSONata", BEGIN_JSONATA "\"{%", "(", 10000, "%}\"" END, NULL, "INVALID_JSONATA_EXPRESSION"},
    {"10,000 functions of JSONata", BEGIN_JSONATA "\"{%", "function(){", 10000, "%}\"" END, NULL, "INVALID_JSONATA_EXPRESSION"},
    {"10,000 operators of JSONata", BEGIN_JSONATA "\"{%1", "+1", 10000, "%}\"" END, NULL, "INVALID_JSONATA_EXPRESSION"},
    {"10,000 conditions", BEGIN_CHOICE, "{\"Not\":", 10000, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"a recursive lambda",
     JSONATA("\"{%($f := function($n) { 1 + $f($n) }; $f(0))%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"an endless tail call",
     JSONATA("\"{%($f := function($n) { $f($n + 1) }; $f(0))%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"a range of 10^6", JSONATA("\"{%[1..1000000]%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"a range of 10^7", JSONATA("\"{%[1..10000000]%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"a range of 10^8", JSONATA("\"{%[1..100000000]%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"a range that is only counted", JSONATA("\"{%$count([1..1000000])%}\""), "", 0, "", NULL, "SUCCEEDED"},
    {"a range beyond the payload", JSONATA("\"{%[1..100000]%}\""), "", 0, "", NULL, "States.DataLimitExceeded"},
    {"an exponential expression", JSONATA("\"{%$contains($pad('', 50, 'a') & 'b', /^(a+)+$/)%}\""), "", 0, "", NULL,
     "States.QueryEvaluationError"},
    {"an exponential filter", BEGIN_PASS("Parameters") "{\"x.$\":\"$.a[?(@ =~ /(a+)+[xy]/)]\"}" END, "", 0, "",
     "{\"a\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\"]}", "States.Runtime"},
    {"a value that is shared without end",
     JSONATA("\"{%($f := function($a, $n) { $n = 0 ? $a : $f({'a': $a, 'b': $a}, $n - 1) }; $f({}, 60))%}\""), "", 0, "", NULL,
     "States.QueryEvaluationError"},
    {"a long error", JSONATA("\"{%$error($pad('', 5000000, 'é'))%}\""), "", 0, "", NULL, "States.QueryEvaluationError"},
    {"a hundred long expressions", BEGIN_JSONATA "[", "\"{%" HEAVY "%}\",", 100, "1]" END, NULL, "States.QueryEvaluationError"},
    {"ten states that are long",
     "{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Assign\":{\"n\":0},"
     "\"Next\":\"B\"},\"B\":{\"Type\":\"Pass\",\"Assign\":{\"n\":\"{%$n + 1 + " HEAVY "%}\"},\"Next\":\"C\"},\"C\":{\"Type\":\"Choice\","
     "\"Default\":\"B\",\"Choices\":[{\"Condition\":\"{%$n >= 10%}\",\"Next\":\"E\"}]},\"E\":{\"Type\":\"Succeed\"}}}", "", 0, "", NULL,
     "SUCCEEDED"},
    {"ten thousand paths", BEGIN_PASS("Parameters") "{\"x\":[0", ",{\"x.$\":\"$..[?(@ == 1)]\"}", 10000, "]}" END, "{\"a\":[ZERO0]}",
     "States.Runtime"},
    {"half of a pair in a name", "{\"StartAt\":\"\\ud800\",\"States\":{\"\\ud800\":{\"Type\":\"Succeed\"}}}", "", 0, "", NULL,
     "INVALID_STATE_NAME"},
    {"half of a pair in a value", PASS("\"Result\":\"\\ud800\""), "", 0, "", NULL, "SUCCEEDED"},
    {"half of a pair in an expression", JSONATA("\"{%'\\ud800' & '\\udc00'%}\""), "", 0, "", NULL, "SUCCEEDED"},
    {"half of a pair in a path", BEGIN_PASS("InputPath") "\"$.\\ud800\"" END, "", 0, "", NULL, "SCHEMA_VALIDATION_FAILED"},
    {"half of a pair in an error",
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Fail\",\"Error\":\"x\\ud800\",\"Cause\":\"\\udc00\"}}}",
     "", 0, "", NULL, "x\xEF\xBF\xBD"},
    {"NUL in an error",
     "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Fail\",\"Error\":\"E\",\"Cause\":\"a\\u0000b\"}}}", "", 0, "", NULL,
     "E"},
    {"NUL in a value", PASS("\"Result\":\"a\\u0000b\""), "", 0, "", NULL, "SUCCEEDED"},
    {"NUL in a path", BEGIN_PASS("InputPath") "\"$.a\\u0000b\"" END, "", 0, "", NULL, "States.Runtime"},
    {"NUL in an expression", JSONATA("\"{%'a\\u0000b'%}\""), "", 0, "", NULL, "SUCCEEDED"},
    {"no UTF-8", PASS("\"Result\":\"\xFF\xC3\""), "", 0, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"no UTF-8 in a key", PASS("\"R\xED\xA0\x80\":1"), "", 0, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"a control character", PASS("\"Result\":\"\x01\""), "", 0, "", NULL, "INVALID_JSON_DESCRIPTION"},
    {"JSON in a text, too deep", BEGIN_PASS("Parameters") "{\"x.$\":\"States.StringToJson($.d)\"}" END, "", 0, "", "{\"d\":\"DEEP\"}",
     "States.Runtime"},
    {"a value that grows deeper", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"a.$\":\"$\"},\"Next\":\"B\"},"
     "\"B\":{\"Type\":\"Pass\",\"Next\":\"A\"},\"C\":{\"Type\":\"Succeed\"}}}", "", 0, "", NULL, "MISSING_TRANSITION_TARGET"},
    {"a value that grows deeper and deeper", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Parameters\":{\"a.$\":\"$\"},"
     "\"Next\":\"B\"},\"B\":{\"Type\":\"Choice\",\"Default\":\"A\",\"Choices\":[{\"Variable\":\"$.b\",\"IsPresent\":true,\"Next\":\"C\"}]},"
     "\"C\":{\"Type\":\"Succeed\"}}}", "", 0, "", NULL, "States.Runtime"},
    {"a pattern that goes back", BEGIN_CHOICE "{\"Variable\":\"$.s\",\"Next\":\"E\",\"StringMatches\":\"*", "a", 100000, "b\"}]}}}",
     "{\"s\":\"LONG\"}", "SUCCEEDED"},
    {"an endless loop", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Choice\",\"Default\":\"A\",\"Choices\":[{\"Variable\":\"$.b\","
     "\"IsPresent\":true,\"Next\":\"C\"}]},\"C\":{\"Type\":\"Succeed\"}}}", "", 0, "", NULL, "States.Runtime"},
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add(struct buffer *buffer, const char *text, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        assert_int_equal(buffer_add(buffer, str_of(text)), STATUS_OK);
    }
}

/* The row's input, with DEEP, ZERO and LONG written out. */
static struct str make_input(struct arena *arena, const char *input)
{
    struct buffer buffer = buffer_in(arena);
    struct str text = str_of(input == NULL ? "{}" : input);
    size_t deep = str_find_str(text, STR("DEEP"));
    size_t zero = str_find_str(text, STR("ZERO"));
    size_t at = deep < text.length ? deep : zero < text.length ? zero : str_find_str(text, STR("LONG"));
    assert_int_equal(buffer_add(&buffer, str_slice(text, 0, at)), STATUS_OK);
    if (at < text.length) {
        const char *part = deep < text.length ? "[" : zero < text.length ? "0," : "a";
        add(&buffer, part, deep < text.length ? 10000 : zero < text.length ? 2000 : 200000);
        assert_int_equal(buffer_add(&buffer, str_from(text, at + 4)), STATUS_OK);
    }
    return buffer_text(&buffer);
}

/* What the history and the status tell is what the topics may hold. */
static void check_texts(struct interpreter *interpreter)
{
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        assert_true(str_is_utf8(event->name) && str_is_utf8(event->error) && str_is_utf8(event->cause));
        assert_true(event->cause.length <= 4 * CAUSE_CHARACTERS_MAX);
        assert_true(str_equal(str_cut_characters(event->cause, CAUSE_CHARACTERS_MAX), event->cause));
        assert_true(event->error.length <= 4 * ERROR_CHARACTERS_MAX);
    }
}

static struct str run(struct arena *arena, const struct machine *machine, struct str input)
{
    struct interpreter *interpreter = NULL;
    const struct interpreter_options options = {.machine = machine, .start_ms = 1, .memory_bytes_max = (size_t)1 << 30};
    struct str result = STR_NONE;
    assert_int_equal(interpreter_create(&options, &interpreter), STATUS_OK);
    assert_int_equal(interpreter_start(interpreter, input), STATUS_OK);
    for (int round = 0; round < ROUNDS_MAX && str_equal(interpreter_status(interpreter)->status, STR("RUNNING")); round++) {
        assert_int_equal(interpreter_advance(interpreter, interpreter_now_ms(interpreter)), STATUS_OK);
    }
    check_texts(interpreter);
    const struct execution_status *end = interpreter_status(interpreter);
    assert_int_equal(arena_copy(arena, end->error.bytes != NULL ? end->error : end->status, &result), STATUS_OK);
    interpreter_destroy(interpreter);
    return result;
}

static struct str outcome(struct arena *arena, const struct row *row)
{
    const struct machine *machine = NULL;
    struct findings findings = {0};
    struct str message = STR_NONE;
    struct buffer text = buffer_in(arena);
    add(&text, row->begin, 1);
    add(&text, row->part, row->count);
    add(&text, row->end, 1);
    enum status status = machine_compile(arena, buffer_text(&text), MACHINE_STANDARD, &machine, &findings);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID);
        assert_int_equal(findings_message(arena, &findings, &message), STATUS_OK);
        assert_true(str_is_utf8(message));
        return findings.items[0].code;
    }
    return run(arena, machine, make_input(arena, row->input));
}

static void test_rows(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct arena *arena = arena_create((size_t)256 * 1024 * 1024);
        double begin = cpu_seconds();
        struct str result = outcome(arena, &rows[at]);
        double taken = cpu_seconds() - begin;
        print_message("%-40s %6.2f s  %.*s\n", rows[at].name, taken, STR_ARGS(result));
        if (!str_equal(result, str_of(rows[at].wanted)) || taken > SECONDS_MAX_A_ROW) {
            print_message("    wanted %s\n", rows[at].wanted);
            wrong++;
        }
        arena_destroy(arena);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
