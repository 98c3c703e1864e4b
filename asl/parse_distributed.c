/* What only a distributed Map has (ASL.md, section 6). */
#include "asl/parse.h"

#define LABEL_CHARACTERS_MAX 40

static enum status refuse(const struct parse_context *context)
{
    static const char *const fields[] = {"Label", "ItemReader", "ItemBatcher", "ResultWriter"};
    for (size_t at = 0; at < sizeof fields / sizeof fields[0]; at++) {
        struct str key = str_of(fields[at]);
        const struct value *value = value_get(context->object, key);
        if (value != NULL) {
            TRY(parse_finding(context->parser, &context->place, key, value, FINDING_CODE_NOT_SUPPORTED,
                              "pawl does not have Distributed Map yet: %.*s", STR_ARGS(key)));
        }
    }
    return STATUS_OK;
}

/* ---- Label ---- */

/* Whether the text has the characters that a label may have; *out_count is how many. */
static bool is_label(struct str text, size_t *out_count)
{
    *out_count = 0;
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        unsigned char next = at + 1 < text.length ? (unsigned char)text.bytes[at + 1] : 0;
        *out_count += (byte & 0xC0) != 0x80;
        /* U+0080–U+009F are C2 80 – C2 9F. */
        if (byte < 0x20 || byte == 0x7F || (byte == 0xC2 && next < 0xA0) || strchr(" ?*<>{}[]:;,\\|^~$#%&`\"", byte) != NULL) {
            return false;
        }
    }
    return true;
}

static enum status check_label(const struct parse_context *context)
{
    struct str key = STR("Label");
    struct str label = STR_NONE;
    size_t count = 0;
    const struct value *value = value_get(context->object, key);
    TRY(parse_string(context, context->object, key, &label));
    if (value == NULL || value->type != VALUE_STRING) {
        return STATUS_OK;
    }
    bool good = is_label(label, &count);
    if (!good || count == 0 || count > LABEL_CHARACTERS_MAX) {
        return parse_finding(context->parser, &context->place, key, value, STR("INVALID_LABEL_NAME"), "%s",
                             !good       ? "A label has none of the characters ?*<>{}[]:;,\\|^~$#%&`\", no blanks and no controls"
                             : count == 0 ? "A label can not be empty"
                                          : "A label has at most 40 characters");
    }
    return STATUS_OK;
}

/* ---- The objects ---- */

/* A member of the Map, or of another object of it, and where it stands. */
struct part {
    struct parse_place place;
    const struct value *object; /* NULL: absent, or no object (which was told) */
};

static enum status enter(const struct parse_context *context, const struct parse_place *parent, const struct value *object,
                         struct str key, struct part *out_part)
{
    *out_part = (struct part){.place = {.parent = parent, .key = key}, .object = value_get(object, key)};
    if (out_part->object != NULL && out_part->object->type != VALUE_OBJECT) {
        TRY(parse_finding(context->parser, parent, key, out_part->object, PARSE_CODE_SCHEMA, "Expected value of type Object"));
        out_part->object = NULL;
    }
    return STATUS_OK;
}

static enum status exclude(const struct parse_context *context, const struct part *part, const char *one, const char *other)
{
    if (value_get(part->object, str_of(one)) == NULL || value_get(part->object, str_of(other)) == NULL) {
        return STATUS_OK;
    }
    return parse_finding(context->parser, &part->place, STR_NONE, part->object, PARSE_CODE_SCHEMA,
                         "These fields cannot be used together: [%s, %s]", one, other);
}

/* A member that has one of a few values, which `values` lists as the message does: "NONE, COMPACT, FLATTEN". */
static enum status check_values(const struct parse_context *context, const struct part *part, const char *name, const char *values)
{
    const struct value *value = value_get(part->object, str_of(name));
    struct str rest = str_of(values);
    if (value == NULL) {
        return STATUS_OK;
    }
    while (value->type == VALUE_STRING && rest.length > 0) {
        size_t end = str_find(rest, ',');
        if (str_equal(value->string, str_trim(str_slice(rest, 0, end)))) {
            return STATUS_OK;
        }
        rest = str_from(rest, end < rest.length ? end + 1 : end);
    }
    return parse_finding(context->parser, &part->place, str_of(name), value, PARSE_CODE_SCHEMA,
                         "The field '%s' should have one of these values: [%s]", name, values);
}

static enum status need_distributed(const struct parse_context *context, const struct part *part, bool inlined)
{
    if (!inlined) {
        return STATUS_OK;
    }
    return PARSE_PROBLEM(context, part->place.key, part->object, "The field '%.*s' is only supported by a DISTRIBUTED Map",
                         STR_ARGS(part->place.key));
}

static enum status check_reader(const struct parse_context *context, bool inlined)
{
    struct part reader;
    struct part config;
    TRY(enter(context, &context->place, context->object, STR("ItemReader"), &reader));
    if (reader.object == NULL) {
        return STATUS_OK;
    }
    TRY(need_distributed(context, &reader, inlined));
    TRY(enter(context, &reader.place, reader.object, STR("ReaderConfig"), &config));
    TRY(exclude(context, &config, "MaxItems", "MaxItemsPath"));
    TRY(check_values(context, &config, "InputType", "CSV, JSON, JSONL, PARQUET, MANIFEST"));
    TRY(check_values(context, &config, "CSVHeaderLocation", "FIRST_ROW, GIVEN"));
    const struct value *location = value_get(config.object, STR("CSVHeaderLocation"));
    if (location != NULL && location->type == VALUE_STRING && str_equal(location->string, STR("GIVEN")) &&
        value_get(config.object, STR("CSVHeaders")) == NULL) {
        return parse_finding(context->parser, &config.place, STR_NONE, config.object, PARSE_CODE_SCHEMA,
                             "These fields are required: [CSVHeaders]");
    }
    return STATUS_OK;
}

static enum status check_batcher(const struct parse_context *context, bool inlined)
{
    static const char *const sizes[] = {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch",
                                        "MaxInputBytesPerBatchPath"};
    struct part batcher;
    bool any = false;
    TRY(enter(context, &context->place, context->object, STR("ItemBatcher"), &batcher));
    if (batcher.object == NULL) {
        return STATUS_OK;
    }
    TRY(need_distributed(context, &batcher, inlined));
    TRY(exclude(context, &batcher, sizes[0], sizes[1]));
    TRY(exclude(context, &batcher, sizes[2], sizes[3]));
    for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++) {
        any = any || value_get(batcher.object, str_of(sizes[at])) != NULL;
    }
    if (!any) {
        return PARSE_PROBLEM(context, batcher.place.key, batcher.object,
                             "One of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]");
    }
    return STATUS_OK;
}

static enum status check_writer(const struct parse_context *context)
{
    struct part writer;
    struct part config;
    TRY(enter(context, &context->place, context->object, STR("ResultWriter"), &writer));
    if (writer.object == NULL) {
        return STATUS_OK;
    }
    TRY(enter(context, &writer.place, writer.object, STR("WriterConfig"), &config));
    TRY(check_values(context, &config, "Transformation", "NONE, COMPACT, FLATTEN"));
    TRY(check_values(context, &config, "OutputType", "JSON, JSONL"));
    if (value_get(writer.object, STR("Resource")) == NULL && value_get(writer.object, STR("WriterConfig")) == NULL) {
        return PARSE_PROBLEM(context, writer.place.key, writer.object, "One of these fields is required: [Resource, WriterConfig]");
    }
    return STATUS_OK;
}

enum status parse_distributed(const struct parse_context *context, bool inlined)
{
    TRY(refuse(context));
    TRY(check_label(context));
    TRY(check_reader(context, inlined));
    TRY(check_batcher(context, inlined));
    return check_writer(context);
}
