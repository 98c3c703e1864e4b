/* Definitions, valid and not: the shared cases where they are there, and tests/conformance/definitions.jsonl. What differs
 * on purpose is in tests/conformance/definitions-differ.txt, a name and the reason a line. */
#include "asl/machine.h"
#include "asl/value.h"
#include "base/buffer.h"
#include "step_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ARENA_BYTES ((size_t)1 << 30)
#define SHARED "/../shared/languages/definitions/cases.jsonl"

/* The findings of a case's definition; true: it is valid. */
static bool validate(struct arena *arena, const struct value *test, struct findings *out_findings)
{
    const struct value *text_value = value_get(test, STR("definition_text"));
    const struct value *type = value_get(test, STR("type"));
    const struct machine *machine = NULL;
    struct str text;
    if (text_value != NULL) {
        text = text_value->string;
    } else {
        assert_int_equal(value_to_text(arena, value_get(test, STR("definition")), &text), STATUS_OK);
    }
    bool express = type != NULL && str_equal(type->string, STR("EXPRESS"));
    enum status status = machine_compile(arena, text, express ? MACHINE_EXPRESS : MACHINE_STANDARD, &machine, out_findings);
    assert_true(status == STATUS_OK || status == STATUS_INVALID);
    assert_int_equal(status == STATUS_INVALID, out_findings->error_count > 0);
    return status == STATUS_OK;
}

/* What pawl doesn't have yet is refused by name: no verdict on the language. */
static bool is_not_there_yet(const struct findings *findings)
{
    for (size_t at = 0; at < findings->count; at++) {
        struct str message = findings->items[at].message;
        if (str_equal(findings->items[at].code, STR("NOT_SUPPORTED_YET")) ||
            str_find_str(message, STR("NOT_SUPPORTED_YET")) < message.length) {
            return true;
        }
    }
    return false;
}

static bool differs(struct str list, struct str name)
{
    struct str line;
    while (script_next_line(&list, &line)) {
        if (str_equal(str_slice(line, 0, str_find(line, ' ')), name)) {
            return true;
        }
    }
    return false;
}

/* What AWS was recorded to say: code, message, location. */
static bool says(const struct findings *findings, const struct value *reason)
{
    const struct value *code = value_get(reason, STR("code"));
    const struct value *message = value_get(reason, STR("message"));
    const struct value *location = value_get(reason, STR("location"));
    for (size_t at = 0; at < findings->count; at++) {
        const struct finding *finding = &findings->items[at];
        if ((code == NULL || str_equal(code->string, finding->code)) &&
            (message == NULL || str_starts_with(finding->message, message->string)) &&
            (location == NULL || str_equal(location->string, finding->location))) {
            return true;
        }
    }
    return false;
}

/* "warnings" lists all of them; without it there is nothing to be compared. */
static bool warns_as(const struct findings *findings, const struct value *warnings)
{
    size_t count = findings->count - (findings->error_count < findings->count ? findings->error_count : findings->count);
    if (warnings == NULL) {
        return true;
    }
    for (uint32_t at = 0; at < warnings->count; at++) {
        if (!says(findings, warnings->items[at])) {
            return false;
        }
    }
    return count == warnings->count;
}

static size_t check_file(const char *path, struct str expected_to_differ)
{
    struct arena *files = arena_create(ARENA_BYTES);
    struct str rest;
    struct str line;
    size_t failed = 0;
    size_t count = 0;
    if (script_read_file(files, path, &rest) != STATUS_OK) {
        print_message("skipped: %s is not there\n", path);
        arena_destroy(files);
        return 0;
    }
    while (script_next_line(&rest, &line)) {
        struct arena *arena = arena_create(ARENA_BYTES);
        const struct value *test = NULL;
        struct findings findings;
        assert_int_equal(value_parse(arena, line, &test, NULL), STATUS_OK);
        struct str name = value_get(test, STR("name"))->string;
        bool wanted = value_get(test, STR("valid"))->boolean;
        bool valid = validate(arena, test, &findings);
        const struct value *reasons = value_get(test, STR("reasons"));
        bool recorded = str_equal(value_get(test, STR("authority"))->string, STR("aws-recorded"));
        bool good = valid == wanted || is_not_there_yet(&findings);
        for (uint32_t at = 0; good && recorded && !wanted && reasons != NULL && at < reasons->count; at++) {
            good = says(&findings, reasons->items[at]);
        }
        good = good && warns_as(&findings, value_get(test, STR("warnings")));
        if (good == differs(expected_to_differ, name)) {
            failed++;
            print_message("%.*s: %s, wanted %s\n", STR_ARGS(name), valid ? "valid" : "invalid", wanted ? "valid" : "invalid");
            for (size_t at = 0; at < findings.count; at++) {
                print_message("    %.*s: %.200s at %.*s\n", STR_ARGS(findings.items[at].code), findings.items[at].message.bytes,
                              STR_ARGS(findings.items[at].location));
            }
        }
        count++;
        arena_destroy(arena);
    }
    print_message("%zu definitions of %s\n", count, path);
    arena_destroy(files);
    return failed;
}

static void test_cases(void **state)
{
    (void)state;
    struct arena *arena = arena_create(ARENA_BYTES);
    struct str expected_to_differ;
    const char *shared = getenv("PAWL_SHARED");
    char path[1000];
    snprintf(path, sizeof path, "%s%s", shared != NULL ? shared : PAWL_SOURCE_DIR,
             shared != NULL ? &SHARED[sizeof "/../shared" - 1] : SHARED);
    assert_int_equal(script_read_file(arena, PAWL_SOURCE_DIR "/tests/conformance/definitions-differ.txt", &expected_to_differ), STATUS_OK);
    size_t failed = check_file(PAWL_SOURCE_DIR "/tests/conformance/definitions.jsonl", expected_to_differ);
    failed += check_file(path, expected_to_differ);
    assert_int_equal(failed, 0);
    arena_destroy(arena);
}

/* Any text is either compiled or refused: definitions cut off or changed anywhere. */
static void test_mutations(void **state)
{
    (void)state;
    static const char definition[] =
        "{\"StartAt\":\"A\",\"TimeoutSeconds\":5,\"States\":{\"A\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage\","
        "\"Parameters\":{\"a.$\":\"$.b[0]\",\"c\":[1,{\"d.$\":\"$$.State.Name\"}]},\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"],"
        "\"BackoffRate\":1.5}],\"Catch\":[{\"ErrorEquals\":[\"E\"],\"ResultPath\":\"$.e\",\"Next\":\"M\"}],\"Next\":\"M\"},\"M\":{"
        "\"Type\":\"Map\",\"ItemsPath\":\"$.i\",\"ItemProcessor\":{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Choice\",\"Choices\":["
        "{\"And\":[{\"Variable\":\"$.x\",\"IsPresent\":true},{\"Not\":{\"Variable\":\"$.x\",\"NumericEquals\":1}}],\"Next\":\"S\"}],"
        "\"Default\":\"S\"},\"S\":{\"Type\":\"Succeed\"}}},\"End\":true}}}";
    static const char bytes[] = "\0\"{}[]:,$.0-a\\\xff";
    struct str text = {definition, sizeof definition - 1};
    char changed[sizeof definition];
    for (size_t at = 0; at < text.length; at++) {
        for (size_t byte = 0; byte < sizeof bytes; byte++) {
            struct arena *arena = arena_create(1 << 24);
            const struct machine *machine = NULL;
            struct findings findings;
            memcpy(changed, definition, sizeof definition);
            changed[at] = bytes[byte];
            struct str whole = {changed, text.length};
            enum status status = machine_compile(arena, byte == 0 ? str_slice(text, 0, at) : whole, MACHINE_STANDARD, &machine, &findings);
            assert_true(status == STATUS_OK || status == STATUS_INVALID);
            arena_destroy(arena);
        }
    }
}

static void test_finding_place(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 24);
    const struct machine *machine = NULL;
    struct findings findings;
    struct str text = STR("{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pas\", \"End\": true}\n  }\n}\n");
    assert_int_equal(machine_compile(arena, text, MACHINE_STANDARD, &machine, &findings), STATUS_INVALID);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.items[0].line, 4);
    assert_int_equal(findings.items[0].column, 19);
    assert_true(str_equal(findings.items[0].location, STR("/States/A/Type")));
    arena_destroy(arena);
}

/* What a mistake was meant to be. */
static void test_hints(void **state)
{
    static const struct {
        const char *state;
        const char *hint;
    } rows[] = {
        {"\"Type\":\"Tsak\"", "is it 'Task'?"},
        {"\"Type\":\"Pass\",\"End\":true,\"Paramters\":{}", "is it 'Parameters'?"},
        {"\"Type\":\"Pass\",\"End\":true,\"Catch\":[]", "it belongs to Task, Parallel, Map"},
        {"\"Type\":\"Pass\",\"Next\":\"b\"", "is it 'B'?"},
        {"\"Type\":\"Pass\",\"Next\":\"Q\"", "there is such a state in another branch or Map; transitions don't leave theirs"},
        {"\"Type\":\"Pass\",\"Output\":1,\"End\":true",
         "InputPath does it in JSONPath; or the state says \"QueryLanguage\": \"JSONata\""},
        {"\"Type\":\"Wait\",\"QueryLanguage\":\"JSONata\",\"SecondsPath\":\"$.a\",\"End\":true",
         "Seconds takes an expression: \"{% … %}\""},
        {"\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":\"{% a %}\",\"End\":true",
         "is it $states.input.a, or the variable $a?"},
        {"\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":\"{% $states.result %}\",\"End\":true",
         "only Assign and Output of Task, Parallel and Map have it"},
        {"\"Type\":\"Task\",\"Resource\":\"lambda\",\"End\":true", "it is an ARN, like arn:aws:states:::lambda:invoke"},
        {"\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessages\",\"End\":true", "is it 'sqs:sendMessage'?"},
        {"\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sqs:sendMessage.sync\",\"End\":true", "sqs:sendMessage has no '.sync'"},
        {"\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::s3:copyObject\",\"End\":true", "is it arn:aws:states:::aws-sdk:s3:copyObject?"},
        {"\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.a\",\"StringEqual\":\"x\",\"Next\":\"B\"}]", "is it 'StringEquals'?"},
        {"\"Type\":\"Pass\",\"Result\":\"$.a\",\"End\":true", "Result is taken as it is; Parameters are evaluated"},
    };
    (void)state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct arena *arena = arena_create(1 << 24);
        const struct machine *machine = NULL;
        struct findings findings;
        struct str text;
        assert_int_equal(arena_format(arena, &text,
                                      "{\"StartAt\":\"A\",\"States\":{\"B\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":"
                                      "[{\"StartAt\":\"Q\",\"States\":{\"Q\":{\"Type\":\"Pass\",\"End\":true}}}]},\"A\":{%s}}}",
                                      rows[at].state),
                         STATUS_OK);
        enum status status = machine_compile(arena, text, MACHINE_STANDARD, &machine, &findings);
        bool found = false;
        for (size_t item = 0; item < findings.count; item++) {
            found = found || str_equal(findings.items[item].hint, str_of(rows[at].hint));
        }
        if (!found) {
            fail_msg("%s: %s is not told (%d, %zu findings: %.*s)", rows[at].state, rows[at].hint, (int)status, findings.count,
                     STR_ARGS(findings.count > 0 ? findings.items[0].hint : STR_NONE));
        }
        arena_destroy(arena);
    }
}

/* Many findings, many labels, many keys: nothing is quadratic. */
static void test_large(void **state)
{
    (void)state;
    static const char *const shapes[] = {"\"f%d\":1,", "\"k%d.$\":\"$.a\",", "\"k%d\":\"$.a\",",
                                         "\"A%d\":{\"Type\":\"Pass\",\"Next\":\"Q\"},"};
    static const char *const heads[] = {
        "{\"StartAt\":\"A\",\"States\":{\"A\":{",
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Parameters\":{",
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true,\"Parameters\":{",
        "{\"StartAt\":\"A\",\"States\":{",
    };
    static const char *const tails[] = {"\"Type\":\"Pass\",\"End\":true}}}", "\"z\":1}}}}", "\"z\":1}}}}",
                                        "\"A\":{\"Type\":\"Pass\",\"End\":true}}}"};
    for (size_t at = 0; at < sizeof shapes / sizeof shapes[0]; at++) {
        struct arena *arena = arena_create((size_t)1 << 30);
        struct buffer text = buffer_in(arena);
        const struct machine *machine = NULL;
        struct findings findings;
        assert_int_equal(buffer_add(&text, str_of(heads[at])), STATUS_OK);
        for (int item = 0; text.length < 1000000; item++) {
            char one[100];
            snprintf(one, sizeof one, shapes[at], item);
            assert_int_equal(buffer_add(&text, str_of(one)), STATUS_OK);
        }
        assert_int_equal(buffer_add(&text, str_of(tails[at])), STATUS_OK);
        clock_t begin = clock();
        enum status status = machine_compile(arena, buffer_text(&text), MACHINE_STANDARD, &machine, &findings);
        double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        print_message("%s: %zu findings in %.3f s\n", shapes[at], findings.count, seconds);
        assert_true(status == STATUS_OK || status == STATUS_INVALID);
        assert_true(seconds < 5);
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_finding_place),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
