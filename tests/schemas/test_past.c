/* What earlier releases wrote is read by name into the present structs, and the present schemas stay such that earlier
 * and later readers can follow (FULL_TRANSITIVE, but for new records in a union: an older pawl refuses those by name).
 */
#include "generated.h"

#include "base/hash.h"
#include "schemas/codec/binary_writer.h"
#include "schemas/codec/codec.h"
#include "schemas/codec/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Lacks StopExecution …, and of StartExecution most fields; has some that we don't know, of every type there is. */
#define OLD_COMMAND                                                                                                    \
    "[{\"type\":\"record\",\"name\":\"StartExecution\",\"namespace\":\"io.pawl.v1\",\"fields\":["                      \
    "{\"name\":\"colour\",\"type\":[\"null\",\"string\"],\"default\":null},"                                           \
    "{\"name\":\"stateMachineArn\",\"type\":\"string\"},"                                                              \
    "{\"name\":\"weight\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}},"                         \
    "{\"name\":\"input\",\"type\":[\"string\",\"null\"]},"                                                             \
    "{\"name\":\"numbers\",\"type\":{\"type\":\"array\",\"items\":\"long\"}},"                                         \
    "{\"name\":\"minDefinitionVersion\",\"type\":[\"null\",\"int\"],\"default\":null},"                                \
    "{\"name\":\"inner\",\"type\":{\"type\":\"record\",\"name\":\"Inner\",\"fields\":["                                \
    "{\"name\":\"on\",\"type\":\"boolean\"},{\"name\":\"data\",\"type\":\"bytes\"}]}},"                                \
    "{\"name\":\"again\",\"type\":[\"null\",\"io.pawl.v1.Inner\"]}]},"                                                 \
    "{\"type\":\"record\",\"name\":\"PauseExecution\",\"namespace\":\"io.pawl.v1\",\"fields\":["                       \
    "{\"name\":\"executionArn\",\"type\":\"string\"}]}]"

/* The body behind the header that its writer's schema gives. */
static struct str framed(struct arena *arena, const struct codec_past *past, struct str body)
{
    struct plan plan = {0};
    struct codec_error error = {0};
    char header[BINARY_HEADER_BYTES] = "\xC3\x01";
    struct str bytes = STR_NONE;
    assert_int_equal(plan_compile(arena, past, &plan, &error), STATUS_OK);
    for (int at = 0; at < 8; at++) {
        header[2 + at] = (char)(plan.fingerprint >> (8 * at));
    }
    assert_int_equal(arena_concat(arena, (struct str){header, sizeof header}, body, &bytes), STATUS_OK);
    return bytes;
}

/* The record's JSON encoding, or the message. */
static void check_decode(struct arena *arena, const struct codec *codec, const struct codec_past *past, struct str body,
                         const char *expected)
{
    struct codec_error error = {0};
    struct str bytes = framed(arena, past, body);
    struct str text = STR_NONE;
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    enum status status = codec_decode(codec, arena, past->schema, bytes, &record, &value, &error);
    if (status == STATUS_OK) {
        assert_int_equal(codec_encode(arena, CODEC_JSON, past->schema, record, value, &text), STATUS_OK);
    } else {
        assert_int_equal(arena_copy(arena, error.message, &text), STATUS_OK);
    }
    struct str copy = STR_NONE;
    assert_int_equal(arena_copy(arena, text, &copy), STATUS_OK);
    assert_string_equal(copy.bytes, expected);
}

static void test_old_writer(void **state)
{
    static const struct {
        struct str body;
        const char *expected;
    } rows[] = {
        {STR_INIT("\x00\x02\x06red\x02m\x0E\x00\x04{}\x02\x80\x01\x00\x02\x0A\x01\x04xy\x02\x00\x00"),
         "{\"operation\":\"StartExecution\",\"stateMachineArn\":\"m\",\"input\":{},\"minDefinitionVersion\":5}"},
        {STR_INIT("\x00\x00\x02m\x0E\x02\x00\x00\x00\x00\x00"),
         "{\"operation\":\"StartExecution\",\"stateMachineArn\":\"m\"}"},
        {STR_INIT("\x00\x00\x02m\x0E\x00\x02\xC0\x00\x00\x00\x00\x00"),
         "StartExecution.input: is not UTF-8, at byte 8 of 13 of the Avro value"},
        {STR_INIT("\x00\x00\x02m\x0E\x02\x00\x00\x02\x00\x00"),
         "Inner.on: a boolean that is neither 0 nor 1, at byte 9 of 11 of the Avro value"},
        {STR_INIT("\x02\x02"
                  "e"),
         "record PauseExecution is not understood by this version"},
        {STR_INIT("\x04"), "union: a branch that the union does not have, at byte 1 of 1 of the Avro value"},
    };
    struct arena *arena = *state;
    struct codec *codec = NULL;
    struct codec_error error = {0};
    const struct codec_past past = {SCHEMA_command, STR_INIT(OLD_COMMAND)};
    assert_int_equal(codec_create_with(arena, &past, 1, &codec, &error), STATUS_OK);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        print_message("row %zu\n", at);
        check_decode(arena, codec, &past, rows[at].body, rows[at].expected);
        for (size_t length = 0; length < rows[at].body.length; length++) {
            struct str bytes = framed(arena, &past, str_slice(rows[at].body, 0, length));
            enum record_id record = RECORD_COUNT;
            void *value = NULL;
            assert_int_equal(codec_decode(codec, arena, SCHEMA_command, bytes, &record, &value, &error),
                             STATUS_INVALID);
        }
    }
    codec_destroy(codec);
}

#define RECORD_OF(field) "{\"type\":\"record\",\"name\":\"Usage\",\"fields\":[" field "]}"

static void test_refused_schemas(void **state)
{
    static const struct {
        const char *avsc;
        const char *message;
    } rows[] = {
        {"{", "line 1: Unexpected end-of-input"},
        {"7", "not a record with name and fields, or over 64 records"},
        {"\"Usage\"", "type \"Usage\" is not understood"},
        {RECORD_OF("{\"name\":\"x\"}"), "a field without name or type"},
        {RECORD_OF("{\"name\":\"x\",\"type\":\"double\"}"), "type \"double\" is not understood"},
        {RECORD_OF("{\"name\":\"x\",\"type\":\"Usage\"}"), "type \"Usage\" is not understood"},
        {RECORD_OF("{\"name\":\"x\",\"type\":{\"type\":\"map\",\"values\":\"int\"}}"),
         "not a record with name and fields, or over 64 records"},
        {RECORD_OF("{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":\"null\"}}"),
         "x: only arrays of int or long are understood"},
        {RECORD_OF("{\"name\":\"x\",\"type\":[\"int\",\"string\"]}"),
         "x: only unions of null and one type are understood"},
        {RECORD_OF("{\"name\":\"x\",\"type\":[]}"), "x: only unions of null and one type are understood"},
        {RECORD_OF("{\"name\":\"minute\",\"type\":\"string\"}"), "minute: its type has changed"},
    };
    struct arena *arena = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct codec *codec = NULL;
        struct codec_error error = {0};
        const struct codec_past past = {SCHEMA_usage, str_of(rows[at].avsc)};
        print_message("%s\n", rows[at].avsc);
        assert_int_equal(codec_create_with(arena, &past, 1, &codec, &error), STATUS_INVALID);
        struct str expected = str_of(rows[at].message);
        assert_true(str_starts_with(error.message, expected));
    }
}

/* ---- Compatibility of the present schemas with a past one ---- */

static bool plan_has(const struct plan_record *record, const struct record_field *field)
{
    for (uint32_t at = 0; at < record->field_count; at++) {
        if (record->fields[at].target == field) {
            return true;
        }
    }
    return false;
}

/* What breaks the promise, or NULL. */
static const char *record_breach(const struct plan_record *record)
{
    if (record->id == RECORD_COUNT) {
        return "a record is gone";
    }
    for (uint32_t at = 0; at < record->field_count; at++) {
        const struct plan_field *field = &record->fields[at];
        bool was_nullable = field->null_branch != PLAN_NEVER_NULL;
        if (field->target == NULL && !was_nullable) {
            return "a field is gone that older readers need";
        }
        if (field->target != NULL && record_kind_is_nullable(field->target->kind) != was_nullable) {
            return "a field was nullable and is not, or the other way round";
        }
        const char *inner = field->wire == PLAN_RECORD && field->target != NULL ? record_breach(field->record) : NULL;
        if (inner != NULL) {
            return inner;
        }
    }
    for (uint32_t at = 0; at < record_types[record->id].field_count; at++) {
        const struct record_field *field = &record_types[record->id].fields[at];
        if (!plan_has(record, field) && !record_kind_is_nullable(field->kind)) {
            return "a new field must be nullable";
        }
    }
    return NULL;
}

static const char *breach(struct arena *arena, struct codec_past past)
{
    struct plan plan = {0};
    struct codec_error error = {0};
    if (plan_compile(arena, &past, &plan, &error) != STATUS_OK) {
        return error.message.bytes;
    }
    for (uint32_t at = 0; at < plan.record_count; at++) {
        const char *found = record_breach(plan.records[at]);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

#define USAGE_HEAD                                                                                                     \
    "{\"name\":\"stateMachineArn\",\"type\":\"string\"},{\"name\":\"minute\",\"type\":\"long\"},"                      \
    "{\"name\":\"partition\",\"type\":\"int\"},{\"name\":\"transitions\",\"type\":\"long\"}"
#define USAGE_TAIL ",{\"name\":\"executionsStarted\",\"type\":\"long\"}"

static void test_compatibility(void **state)
{
    static const struct {
        const char *avsc;
        const char *breach;
    } rows[] = {
        {RECORD_OF(USAGE_HEAD USAGE_TAIL), NULL},
        {RECORD_OF(USAGE_HEAD USAGE_TAIL ",{\"name\":\"x\",\"type\":[\"null\",\"int\"]}"), NULL},
        {RECORD_OF(USAGE_HEAD), "a new field must be nullable"},
        {RECORD_OF(USAGE_HEAD USAGE_TAIL ",{\"name\":\"x\",\"type\":\"int\"}"),
         "a field is gone that older readers need"},
        {RECORD_OF(USAGE_HEAD ",{\"name\":\"executionsStarted\",\"type\":[\"null\",\"long\"]}"),
         "a field was nullable and is not, or the other way round"},
        {"{\"type\":\"record\",\"name\":\"Use\",\"fields\":[]}", "a record is gone"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        const char *found = breach(*state, (struct codec_past){SCHEMA_usage, str_of(rows[at].avsc)});
        print_message("%s\n", rows[at].avsc);
        assert_true((found == NULL) == (rows[at].breach == NULL));
        if (found != NULL) {
            assert_string_equal(found, rows[at].breach);
        }
    }
}

/* ---- The released schemas ---- */

static struct str unhex(struct arena *arena, struct str hex)
{
    char *bytes = arena_allocate(arena, hex.length / 2 + 1);
    assert_non_null(bytes);
    for (size_t at = 0; at + 1 < hex.length; at += 2) {
        unsigned byte = 0;
        char digits[3] = {hex.bytes[at], hex.bytes[at + 1], 0};
        assert_int_equal(sscanf(digits, "%2x", &byte), 1);
        bytes[at / 2] = (char)byte;
    }
    return (struct str){bytes, hex.length / 2};
}

/* Up to the separator, which is taken off `rest` too. */
static struct str take(struct str *rest, char separator)
{
    struct str taken = str_slice(*rest, 0, str_find(*rest, separator));
    *rest = str_from(*rest, taken.length < rest->length ? taken.length + 1 : rest->length);
    return taken;
}

static void check_samples(struct arena *arena, const struct codec *codec, const struct generated_past *past)
{
    struct str rest = past->samples;
    size_t count = 0;
    while (rest.length > 0) {
        struct str line = take(&rest, '\n');
        struct str name = take(&line, '\t');
        struct str bytes = unhex(arena, take(&line, '\t'));
        enum record_id record = RECORD_COUNT;
        void *value = NULL;
        struct codec_error error = {0};
        struct str text = STR_NONE;
        assert_int_equal(codec_decode(codec, arena, past->schema, bytes, &record, &value, &error), STATUS_OK);
        assert_true(str_equal(record_types[record].name, name));
        assert_int_equal(codec_encode(arena, CODEC_JSON, past->schema, record, value, &text), STATUS_OK);
        assert_true(str_equal(text, line));
        count++;
    }
    assert_true(count > 0);
}

static void test_released(void **state)
{
    struct arena *arena = *state;
    struct generated_past *past = NULL;
    size_t count = 0;
    struct codec *codec = NULL;
    assert_int_equal(generated_past_load(arena, &past, &count), STATUS_OK);
    assert_int_equal(codec_create(&codec), STATUS_OK);
    for (size_t at = 0; at < count; at++) {
        print_message("%s\n", past[at].file.bytes);
        const char *found = breach(arena, (struct codec_past){past[at].schema, past[at].avsc});
        if (found != NULL) {
            fail_msg("%s", found);
        }
        check_samples(arena, codec, &past[at]);
    }
    codec_destroy(codec);
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_writer),
        cmocka_unit_test(test_refused_schemas),
        cmocka_unit_test(test_compatibility),
        cmocka_unit_test(test_released),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
