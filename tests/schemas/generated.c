#include "generated.h"

#include "samples.h"

#include "base/assert.h"
#include "base/hash.h"
#include "schemas/codec/avsc.h"
#include "schemas/codec/binary_writer.h"
#include "schemas/codec/codec.h"
#include "schemas/topics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 4096

static void absolute(const char *path, char out[PATH_BYTES_MAX])
{
    snprintf(out, PATH_BYTES_MAX, PAWL_SOURCE_DIR "/%s", path);
}

enum status generated_read(struct arena *arena, const char *path, struct str *out_text)
{
    char name[PATH_BYTES_MAX];
    absolute(path, name);
    FILE *file = fopen(name, "rb");
    struct buffer buffer = buffer_in(arena);
    if (file != NULL) {
        size_t length = 1;
        while (length > 0) {
            char *end = buffer_reserve(&buffer, 65536);
            length = end == NULL ? 0 : fread(end, 1, 65536, file);
            buffer.length += length;
        }
        fclose(file);
    }
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

enum status generated_write(const char *path, struct str text)
{
    char name[PATH_BYTES_MAX];
    absolute(path, name);
    FILE *file = fopen(name, "wb");
    if (file == NULL) {
        return STATUS_IO;
    }
    size_t written = fwrite(text.bytes, 1, text.length, file);
    return fclose(file) == 0 && written == text.length ? STATUS_OK : STATUS_IO;
}

#define SCHEMA(schema, name) #schema,
static const char *const schema_ids[SCHEMA_COUNT] = {
#include "schemas/records.def"
};

enum status generated_fingerprints(struct buffer *buffer)
{
    TRY(buffer_add(
        buffer, STR("/* Made by test_schemas_generated --write: CRC-64-AVRO of each schema's canonical form. */\n")));
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        struct buffer avsc = buffer_in(buffer->arena);
        const struct value *value = NULL;
        uint64_t fingerprint = 0;
        TRY(avsc_write(&avsc, (enum schema_id)schema));
        TRY(value_parse(buffer->arena, buffer_text(&avsc), &value, NULL));
        TRY(avsc_fingerprint(buffer->arena, value, &fingerprint));
        TRY(buffer_format(buffer, "FINGERPRINT(%s, 0x%016" PRIX64 "ULL)\n", schema_ids[schema], fingerprint));
    }
    return buffer_add(buffer, STR("#undef FINGERPRINT\n"));
}

static enum status add_literal(struct buffer *buffer, struct str text)
{
    TRY(buffer_add(buffer, STR("    \"")));
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.bytes[at];
        bool is_last = at + 1 == text.length;
        if (byte == '\n') {
            TRY(buffer_add(buffer, is_last ? STR("\\n") : STR("\\n\"\n    \"")));
        } else if (byte == '"' || byte == '\\') {
            TRY(buffer_format(buffer, "\\%c", byte));
        } else {
            TRY(buffer_add_byte(buffer, byte));
        }
    }
    return buffer_add_byte(buffer, '"');
}

static int is_schema_file(const struct dirent *entry)
{
    return str_ends_with(str_of(entry->d_name), STR(".avsc"));
}

/* `Command-0.1.avsc`: the schema's name, then the release. */
static enum status add_released(struct buffer *buffer, const struct generated_past *past)
{
    TRY(buffer_format(buffer, "RELEASED(%s, /* %s */\n", schema_ids[past->schema], past->file.bytes));
    TRY(add_literal(buffer, past->avsc));
    return buffer_add(buffer, STR(")\n"));
}

static enum status read_past(struct arena *arena, const char *file, struct generated_past *out_past)
{
    struct str path = STR_NONE;
    struct str name = str_slice(str_of(file), 0, str_find(str_of(file), '-'));
    int schema = 0;
    while (schema < SCHEMA_COUNT && !str_equal(record_schemas[schema].name, name)) {
        schema++;
    }
    if (schema == SCHEMA_COUNT) {
        return STATUS_INVALID;
    }
    out_past->schema = (enum schema_id)schema;
    TRY(arena_copy(arena, str_of(file), &out_past->file));
    TRY(arena_format(arena, &path, GENERATED_RELEASED_FOLDER "/%s", file));
    TRY(generated_read(arena, path.bytes, &out_past->avsc));
    TRY(arena_format(arena, &path, "%.*s.samples", (int)(path.length - strlen(".avsc")), path.bytes));
    return generated_read(arena, path.bytes, &out_past->samples);
}

enum status generated_past_load(struct arena *arena, struct generated_past **out_past, size_t *out_count)
{
    char folder[PATH_BYTES_MAX];
    struct dirent **entries = NULL;
    enum status status = STATUS_OK;
    absolute(GENERATED_RELEASED_FOLDER, folder);
    int count = scandir(folder, &entries, is_schema_file, alphasort);
    count = count < 0 ? 0 : count;
    struct generated_past *past = arena_array(arena, struct generated_past, (size_t)count + 1);
    ASSERT(past != NULL);
    for (int at = 0; at < count; at++) {
        status = status == STATUS_OK ? read_past(arena, entries[at]->d_name, &past[at]) : status;
        free(entries[at]);
    }
    free(entries);
    *out_past = past;
    *out_count = (size_t)count;
    return status;
}

enum status generated_released(struct buffer *buffer)
{
    struct generated_past *past = NULL;
    size_t count = 0;
    TRY(generated_past_load(buffer->arena, &past, &count));
    TRY(buffer_add(
        buffer,
        STR("/* Made by test_schemas_generated --write from schemas/released: what earlier releases wrote. */\n")));
    for (size_t at = 0; at < count; at++) {
        TRY(add_released(buffer, &past[at]));
    }
    return buffer_add(buffer, STR("#undef RELEASED\n"));
}

/* ---- A release ---- */

static enum status add_samples(struct buffer *buffer, enum schema_id schema)
{
    for (uint32_t at = 0; at < record_schemas[schema].member_count; at++) {
        enum record_id record = record_schemas[schema].members[at];
        const void *value = sample_make(buffer->arena, record, SAMPLE_USUAL);
        struct str bytes = STR_NONE;
        struct str hex = STR_NONE;
        struct str text = STR_NONE;
        TRY(codec_encode(buffer->arena, CODEC_AVRO, schema, record, value, &bytes));
        TRY(hash_hex_encode(buffer->arena, bytes, &hex));
        TRY(codec_encode(buffer->arena, CODEC_JSON, schema, record, value, &text));
        TRY(buffer_format(buffer, "%.*s\t%.*s\t%.*s\n", STR_ARGS(record_types[record].name), STR_ARGS(hex),
                          STR_ARGS(text)));
    }
    return STATUS_OK;
}

static enum status release_schema(struct arena *arena, enum schema_id schema, const char *release)
{
    struct buffer avsc = buffer_in(arena);
    struct buffer samples = buffer_in(arena);
    struct str path = STR_NONE;
    const char *name = record_schemas[schema].name.bytes;
    TRY(avsc_write(&avsc, schema));
    TRY(arena_format(arena, &path, GENERATED_RELEASED_FOLDER "/%s-%s.avsc", name, release));
    TRY(generated_write(path.bytes, buffer_text(&avsc)));
    TRY(add_samples(&samples, schema));
    TRY(arena_format(arena, &path, GENERATED_RELEASED_FOLDER "/%s-%s.samples", name, release));
    return generated_write(path.bytes, buffer_text(&samples));
}

static enum status fingerprint_of(struct arena *arena, struct str avsc, uint64_t *out_fingerprint)
{
    const struct value *value = NULL;
    TRY(value_parse(arena, avsc, &value, NULL));
    return avsc_fingerprint(arena, value, out_fingerprint);
}

enum status generated_release(struct arena *arena, const char *release)
{
    struct generated_past *past = NULL;
    size_t past_count = 0;
    TRY(generated_past_load(arena, &past, &past_count));
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        struct buffer avsc = buffer_in(arena);
        uint64_t present = 0;
        bool is_released = false;
        TRY(avsc_write(&avsc, (enum schema_id)schema));
        TRY(fingerprint_of(arena, buffer_text(&avsc), &present));
        for (size_t at = 0; at < past_count; at++) {
            uint64_t fingerprint = 0;
            TRY(fingerprint_of(arena, past[at].avsc, &fingerprint));
            is_released = is_released || fingerprint == present;
        }
        if (!is_released) {
            TRY(release_schema(arena, (enum schema_id)schema, release));
        }
    }
    return STATUS_OK;
}

/* ---- docs/records.md ---- */

static const char *kind_text(enum record_kind kind)
{
    switch (kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
        return "string";
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
        return "JSON";
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return "JSON text";
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        return "bytes";
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
        return "int";
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
        return "long";
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return "time";
    case RECORD_KIND_BOOLEAN:
        return "boolean";
    case RECORD_KIND_INT_ARRAY:
        return "ints";
    case RECORD_KIND_RECORD:
        return "record";
    }
    UNREACHABLE("record kind");
}

static enum status add_fields(struct buffer *buffer, struct str name)
{
    int id = 0;
    while (id < RECORD_COUNT && !str_equal(record_types[id].name, name)) {
        id++;
    }
    if (id == RECORD_COUNT) {
        return STATUS_INVALID;
    }
    const struct record_type *type = &record_types[id];
    TRY(buffer_format(buffer, "`%.*s`: %.*s\n\n| field | type | meaning |\n| --- | --- | --- |\n", STR_ARGS(type->name),
                      STR_ARGS(type->doc)));
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        bool is_record = field->kind == RECORD_KIND_RECORD;
        struct str kind = is_record ? record_types[field->nested].name : str_of(kind_text(field->kind));
        TRY(buffer_format(buffer, "| `%.*s` | %.*s%s | %.*s |\n", STR_ARGS(field->name), STR_ARGS(kind),
                          record_kind_is_nullable(field->kind) ? "?" : "", STR_ARGS(field->doc)));
    }
    return STATUS_OK;
}

static enum status add_duration(struct buffer *buffer, int64_t duration_ms)
{
    int64_t hours = duration_ms / 3600000;
    if (duration_ms < 0) {
        return buffer_add(buffer, STR("for ever"));
    }
    return hours % 24 == 0 ? buffer_format(buffer, "%" PRId64 " d", hours / 24)
                           : buffer_format(buffer, "%" PRId64 " h", hours);
}

static enum status add_topics(struct buffer *buffer)
{
    TRY(buffer_add(buffer, STR("| topic | value | partitions | cleanup | kept | largest record |\n"
                               "| --- | --- | --- | --- | --- | --- |\n")));
    for (int at = 0; at < TOPIC_COUNT; at++) {
        const struct topic_type *topic = &topic_types[at];
        struct str value = topic->schema == SCHEMA_COUNT ? STR("as it came") : record_schemas[topic->schema].name;
        TRY(buffer_format(buffer, "| `pawl.%.*s%s` | %.*s | %s | %s | ", STR_ARGS(topic->name),
                          at == TOPIC_TASKS ? ".<route>" : "", STR_ARGS(value),
                          at == TOPIC_REPLIES  ? "one a gateway"
                          : topic->partitioned ? "P"
                                               : "1",
                          topic->compacted ? "compact" : "delete"));
        TRY(add_duration(buffer, topic->retention_ms));
        TRY(buffer_format(buffer, " | %" PRId64 " MiB |\n", topic->max_message_bytes / 1048576));
    }
    return STATUS_OK;
}

/* What the values of each schema begin with, for readers whose Avro library can't compute it. */
static enum status add_schemas(struct buffer *buffer)
{
    TRY(buffer_add(buffer, STR("| schema | first ten bytes |\n| --- | --- |\n")));
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        enum record_id record = record_schemas[schema].members[0];
        struct str bytes = STR_NONE;
        struct str hex = STR_NONE;
        TRY(codec_encode(buffer->arena, CODEC_AVRO, (enum schema_id)schema, record,
                         sample_make(buffer->arena, record, SAMPLE_DEFAULTS), &bytes));
        TRY(hash_hex_encode(buffer->arena, str_slice(bytes, 0, BINARY_HEADER_BYTES), &hex));
        TRY(buffer_format(buffer, "| [%.*s](../" GENERATED_AVSC_PATH ") | `%.*s` |\n",
                          STR_ARGS(record_schemas[schema].name), record_schemas[schema].name.bytes, STR_ARGS(hex)));
    }
    return STATUS_OK;
}

static enum status add_section(struct buffer *buffer, struct str name)
{
    if (str_equal(name, STR("topics"))) {
        return add_topics(buffer);
    }
    return str_equal(name, STR("schemas")) ? add_schemas(buffer) : add_fields(buffer, name);
}

enum status generated_docs(struct buffer *buffer, struct str page)
{
    const struct str begin = STR("<!-- made from records.def: ");
    const struct str end = STR("<!-- end -->");
    for (;;) {
        size_t at = str_find_str(page, begin);
        if (at == page.length) {
            return buffer_add(buffer, page);
        }
        struct str name = str_from(page, at + begin.length);
        name = str_slice(name, 0, str_find(name, ' '));
        TRY(buffer_add(buffer, str_slice(page, 0, at)));
        TRY(buffer_format(buffer, "%.*s%.*s -->\n", STR_ARGS(begin), STR_ARGS(name)));
        TRY(add_section(buffer, name));
        page = str_from(page, at);
        if (str_find_str(page, end) == page.length) {
            return STATUS_INVALID;
        }
        page = str_from(page, str_find_str(page, end));
    }
}
