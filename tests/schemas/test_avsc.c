#include "schemas/codec/avsc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)

static void test_canonical(void **state)
{
    static const struct {
        const char *schema;
        const char *canonical; /* NULL: no schema */
    } rows[] = {
        {"\"int\"", "\"int\""},
        {"{\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}", "\"long\""},
        {"{\"type\": {\"type\": \"string\"}}", "\"string\""},
        {"[\"null\", {\"type\": \"bytes\"}]", "[\"null\",\"bytes\"]"},
        {"{\"items\": {\"type\": \"int\"}, \"type\": \"array\"}", "{\"type\":\"array\",\"items\":\"int\"}"},
        {"{\"values\": \"int\", \"type\": \"map\"}", "{\"type\":\"map\",\"values\":\"int\"}"},
        {"{\"size\": 8, \"type\": \"fixed\", \"name\": \"F\", \"namespace\": \"n\"}",
         "{\"name\":\"n.F\",\"type\":\"fixed\",\"size\":8}"},
        {"{\"type\": \"enum\", \"symbols\": [\"A\", \"B\"], \"name\": \"a.b.E\", \"namespace\": \"ignored\", \"doc\": "
         "\"d\"}",
         "{\"name\":\"a.b.E\",\"type\":\"enum\",\"symbols\":[\"A\",\"B\"]}"},
        {"{\"type\": \"record\", \"name\": \"R\", \"namespace\": \"n\", \"doc\": \"d\", \"fields\": ["
         "{\"type\": [\"null\", \"R\"], \"name\": \"next\", \"default\": null},"
         "{\"name\": \"i\", \"type\": {\"type\": \"record\", \"name\": \"m.I\", \"fields\": ["
         "{\"name\": \"j\", \"type\": \"J\"}]}}]}",
         "{\"name\":\"n.R\",\"type\":\"record\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"n.R\"]},"
         "{\"name\":\"i\",\"type\":{\"name\":\"m.I\",\"type\":\"record\",\"fields\":[{\"name\":\"j\",\"type\":\"m.J\"}]"
         "}}]}"},
        {"7", NULL},
        {"{}", NULL},
        {"{\"type\": \"array\"}", NULL},
        {"{\"type\": \"record\", \"name\": \"R\"}", NULL},
        {"{\"type\": \"record\", \"fields\": []}", NULL},
        {"{\"type\": \"strange\", \"name\": \"R\"}", NULL},
    };
    struct arena *arena = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const struct value *schema = NULL;
        struct buffer buffer = buffer_in(arena);
        print_message("%s\n", rows[at].schema);
        assert_int_equal(value_parse(arena, str_of(rows[at].schema), &schema, NULL), STATUS_OK);
        enum status status = avsc_write_canonical(&buffer, schema);
        assert_int_equal(status, rows[at].canonical == NULL ? STATUS_INVALID : STATUS_OK);
        if (rows[at].canonical != NULL) {
            assert_true(str_equal(buffer_text(&buffer), str_of(rows[at].canonical)));
        }
    }
}

/* As Avro's own implementations compute them. */
static void test_fingerprints(void **state)
{
    static const struct {
        const char *schema;
        uint64_t fingerprint;
    } rows[] = {
        {"\"null\"", 0x63DD24E7CC258F8A}, {"\"boolean\"", 0x9F42FC78A4D4F764}, {"\"int\"", 0x7275D51A3F395C8F},
        {"\"long\"", 0xD054E14493F41DB7}, {"\"string\"", 0x8F014872634503C7},  {"\"bytes\"", 0x4FC016DAC3201965},
    };
    struct arena *arena = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const struct value *schema = NULL;
        uint64_t fingerprint = 0;
        print_message("%s\n", rows[at].schema);
        assert_int_equal(value_parse(arena, str_of(rows[at].schema), &schema, NULL), STATUS_OK);
        assert_int_equal(avsc_fingerprint(arena, schema, &fingerprint), STATUS_OK);
        assert_true(fingerprint == rows[at].fingerprint);
    }
}

static void test_too_deep(void **state)
{
    struct buffer text = buffer_in(*state);
    const struct value *schema = NULL;
    uint64_t fingerprint = 0;
    for (int at = 0; at < 400; at++) {
        assert_int_equal(buffer_add(&text, STR("{\"type\":")), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("\"int\"")), STATUS_OK);
    for (int at = 0; at < 400; at++) {
        assert_int_equal(buffer_add(&text, STR("}")), STATUS_OK);
    }
    assert_int_equal(value_parse(*state, buffer_text(&text), &schema, NULL), STATUS_OK);
    (void)!avsc_fingerprint(*state, schema, &fingerprint); /* either; it comes back */
}

static int setup(void **state)
{
    *state = arena_create(ARENA_BYTES_MAX);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_canonical), cmocka_unit_test(test_fingerprints),
                                       cmocka_unit_test(test_too_deep)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
