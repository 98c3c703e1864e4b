#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Kafka's own vectors (clients/src/test/java/…/UtilsTest.java, testMurmur2), as unsigned. */
static void test_murmur2(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},           {"foobar", -790332482},        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829}, {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        print_message("%s\n", rows[at].text);
        assert_int_equal((int32_t)hash_murmur2(str_of(rows[at].text)), rows[at].hash);
    }
}

static void test_crc64_avro(void **state)
{
    (void)state;
    /* The Avro specification's fingerprint of the schema "null" and "int". */
    assert_true(hash_crc64_avro(STR("\"null\"")) == 0x63DD24E7CC258F8AULL);
    assert_true(hash_crc64_avro(STR("\"int\"")) == 0x7275D51A3F395C8FULL);
}

static void test_base64url(void **state)
{
    (void)state;
    struct arena *arena = arena_create(1 << 16);
    for (size_t length = 0; length < 40; length++) {
        char bytes[40];
        for (size_t at = 0; at < length; at++) {
            bytes[at] = (char)(at * 37 + length);
        }
        struct str text;
        struct str back;
        assert_int_equal(hash_base64url_encode(arena, (struct str){bytes, length}, &text), STATUS_OK);
        assert_int_equal(hash_base64url_decode(arena, text, &back), STATUS_OK);
        assert_true(str_equal(back, (struct str){bytes, length}));
    }
    struct str out;
    assert_int_equal(hash_base64url_decode(arena, STR("a"), &out), STATUS_INVALID);
    assert_int_equal(hash_base64url_decode(arena, STR("ab=="), &out), STATUS_INVALID);
    assert_int_equal(hash_base64url_decode(arena, STR("a+bc"), &out), STATUS_INVALID);
    assert_int_equal(hash_base64url_decode(arena, STR("ab"), &out), STATUS_INVALID); /* bits left over are not zero */
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_murmur2),
        cmocka_unit_test(test_crc64_avro),
        cmocka_unit_test(test_base64url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
