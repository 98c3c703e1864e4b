/* Findings: their places in a long text, and how many of them are told. */
#include "asl/machine.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PLACED 1000
#define FIELDS (FINDINGS_MAX + 500)

static struct findings compile(struct arena *arena, struct buffer *text)
{
    const struct machine *machine = NULL;
    struct findings findings = {0};
    assert_int_equal(machine_compile(arena, buffer_text(text), MACHINE_STANDARD, &machine, &findings), STATUS_INVALID);
    return findings;
}

/* A Pass state with unknown fields, each with `before` in front of it. */
static struct findings compile_fields(struct arena *arena, const char *before, int count)
{
    struct buffer text = buffer_in(arena);
    assert_int_equal(buffer_add(&text, STR("{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true")), STATUS_OK);
    for (int at = 0; at < count; at++) {
        assert_int_equal(buffer_format(&text, ",%s\"é%05d\":%d", before, at, at), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("}}}")), STATUS_OK);
    return compile(arena, &text);
}

static void test_places(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
    struct findings findings = compile_fields(arena, "\n ", PLACED);
    for (uint32_t at = 0; at < PLACED; at++) {
        assert_int_equal(findings.items[at].line, at + 2);
        assert_int_equal(findings.items[at].column, 11);
    }
    /* On one line: a field takes ten characters and the digits of its number. */
    findings = compile_fields(arena, "", PLACED);
    uint32_t column = 0;
    for (int at = 0; at < PLACED; at++) {
        char number[16];
        uint32_t length = 10 + (uint32_t)snprintf(number, sizeof number, "%d", at == 0 ? 0 : at - 1);
        assert_int_equal(findings.items[at].line, 1);
        assert_true(at == 0 || findings.items[at].column == column + length);
        column = findings.items[at].column;
    }
    arena_destroy(arena);
}

static void test_many(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
    struct findings findings = compile_fields(arena, "", FIELDS);
    struct str message;
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.error_count, FIELDS);
    assert_int_equal(findings_message(arena, &findings, &message), STATUS_OK);
    assert_true(message.length <= FINDINGS_MESSAGE_BYTES_MAX + 200);
    assert_true(str_ends_with(message, STR(" more'")));
    assert_true(str_is_utf8(message));
    arena_destroy(arena);
}

/* A name that comes twice is told of, and nothing that only follows from it. */
static void test_two_names(void **state)
{
    (void)state;
    static const char *const branches[] = {
        "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}",
        "{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Pass\",\"Next\":\"A\"},\"A\":{\"Type\":\"Pass\",\"End\":true}}}",
    };
    for (size_t at = 0; at < sizeof branches / sizeof *branches; at++) {
        struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
        struct buffer text = buffer_in(arena);
        assert_int_equal(buffer_format(&text,
                                       "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":[%s]}}}",
                                       branches[at]),
                         STATUS_OK);
        struct findings findings = compile(arena, &text);
        assert_int_equal(findings.count, 1);
        assert_true(str_equal(findings.items[0].code, STR("DUPLICATE_STATE_NAME")));
        arena_destroy(arena);
    }
}

/* A text that is no JSON is shown in its finding, but not without end. */
static void test_long_text(void **state)
{
    (void)state;
    struct arena *arena = arena_create((size_t)64 * 1024 * 1024);
    struct buffer text = buffer_in(arena);
    struct str message;
    for (int at = 0; at < 100000; at++) {
        assert_int_equal(buffer_add(&text, STR("é")), STATUS_OK);
    }
    struct findings findings = compile(arena, &text);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings_message(arena, &findings, &message), STATUS_OK);
    assert_true(message.length <= FINDINGS_MESSAGE_BYTES_MAX + 200);
    assert_true(str_is_utf8(message));
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_two_names),
        cmocka_unit_test(test_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
