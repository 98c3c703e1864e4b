/* The values of both input topics, in either encoding: what decodes comes back the same from both encodings. */
#include "fuzz.h"

#include "schemas/codec/codec.h"
#include "tests/schemas/samples.h"

/* Whether all that should be JSON is: a handler looks at `input` and `output`, not the codec, and only JSON has a place in the
 * JSON encoding; nor have blanks around it. */
static bool holds_json(enum record_id record, const char *value)
{
    for (uint32_t at = 0; at < record_types[record].field_count; at++) {
        const struct record_field *field = &record_types[record].fields[at];
        bool json = field->kind == RECORD_KIND_JSON || field->kind == RECORD_KIND_JSON_NULL;
        const struct str *text = (const struct str *)(value + field->offset);
        if ((json && text->bytes != NULL && (!value_text_is_valid(*text) || str_trim(*text).length != text->length)) ||
            (field->kind == RECORD_KIND_RECORD && !holds_json(field->nested, value + field->offset))) {
            return false;
        }
    }
    return true;
}

static void check(struct arena *arena, const struct codec *codec, enum schema_id schema, enum record_id record, const void *value)
{
    for (enum codec_encoding encoding = CODEC_AVRO; encoding <= CODEC_JSON; encoding++) {
        struct str bytes;
        struct str field;
        struct codec_error error = {STR_NONE};
        if (encoding == CODEC_JSON && !holds_json(record, value)) {
            return;
        }
        enum record_id again = RECORD_COUNT;
        void *decoded = NULL;
        enum status status = codec_encode(arena, encoding, schema, record, value, &bytes);
        FUZZ_REQUIRE(status == STATUS_OK);
        FUZZ_REQUIRE(codec_decode(codec, arena, schema, bytes, &again, &decoded, &error) == STATUS_OK);
        FUZZ_REQUIRE(again == record && sample_equal(record, value, decoded, &field));
    }
}

static void decode(const struct codec *codec, enum schema_id schema, struct str bytes)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    struct codec_error error = {STR_NONE};
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    enum status status = codec_decode(codec, arena, schema, bytes, &record, &value, &error);
    if (status == STATUS_OK) {
        check(arena, codec, schema, record, value);
    } else {
        FUZZ_REQUIRE(status == STATUS_LIMIT_EXCEEDED || (status == STATUS_INVALID && error.message.length > 0));
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct codec *codec; /* for the whole run: its creation parses every schema */
    struct str bytes = {(const char *)data, size};
    if (codec == NULL) {
        FUZZ_REQUIRE(codec_create(&codec) == STATUS_OK);
    }
    decode(codec, SCHEMA_command, bytes);
    decode(codec, SCHEMA_task_result, bytes);
    return 0;
}
