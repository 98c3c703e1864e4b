#include "asl/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_round_trip(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 16);
    struct token token = {.arn_murmur2 = 0xFEDCBA98, .frame = 1234567890123, .attempt = 0xFFFFFFFF};
    struct token back;
    struct str text;
    memset(token.execution.bytes, 0xAB, sizeof token.execution.bytes);
    memset(token.bits, 0xCD, sizeof token.bits);
    assert_int_equal(token_encode(arena, &token, &text), STATUS_OK);
    assert_int_equal(token_decode(arena, text, &back), STATUS_OK);
    assert_true(back.arn_murmur2 == token.arn_murmur2 && back.frame == token.frame && back.attempt == token.attempt);
    assert_true(execution_id_equal(&back.execution, &token.execution));
    assert_memory_equal(back.bits, token.bits, sizeof token.bits);
    arena_destroy(arena);
}

static void test_bad(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 16);
    const struct token token = {.frame = 1};
    struct token back;
    struct str text;
    assert_int_equal(token_encode(arena, &token, &text), STATUS_OK);
    for (size_t length = 0; length < text.length; length++) {
        assert_int_equal(token_decode(arena, str_slice(text, 0, length), &back), STATUS_INVALID);
    }
    static const char *const bad[] = {"", "x", "not a token at all", "\xff\xff\xff\xff", "====", "AAAA"};
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        assert_int_equal(token_decode(arena, str_of(bad[at]), &back), STATUS_INVALID);
    }
    struct str longer;
    assert_int_equal(arena_concat(arena, text, STR("AAAA"), &longer), STATUS_OK);
    assert_int_equal(token_decode(arena, longer, &back), STATUS_INVALID);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
