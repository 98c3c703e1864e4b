/* What only a distributed Map has (ASL.md, section 6). */
#include "asl/parse.h"

#include "base/limits.h"

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

/* Labels name the Map's part of ARNs: each once in a machine. */
static enum status note_label(const struct parse_context *context, struct str label, const struct value *value)
{
    struct parser *parser = context->parser;
    if (name_table_find(&parser->labels, 0, label) != NULL) {
        return parse_finding(parser, &context->place, STR("Label"), value, STR("DUPLICATE_LABEL_NAME"), "Duplicate label: %.*s",
                             STR_ARGS(label));
    }
    return name_table_add(parser->arena, &parser->labels, (struct name_entry){.name = label});
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
    return note_label(context, label, value);
}

/* ---- The objects ---- */

/* Goes into a member of the context's object. out_inside->object is NULL when it is absent, or no object (which was told). */
static enum status enter(const struct parse_context *context, struct str key, struct parse_context *out_inside)
{
    *out_inside = *context;
    out_inside->place = (struct parse_place){.parent = &context->place, .key = key};
    out_inside->object = value_get(context->object, key);
    if (out_inside->object != NULL && out_inside->object->type != VALUE_OBJECT) {
        TRY(PARSE_PROBLEM(context, key, out_inside->object, "Expected value of type Object"));
        out_inside->object = NULL;
    }
    return STATUS_OK;
}

/* A field of one of the objects: "P" only in JSONPath, "J" only in JSONata, "" in both. */
struct part_field {
    const char *name;
    const char *language;
};

static enum status check_part(const struct parse_context *part, const struct part_field *fields, size_t field_count)
{
    char language = part->state->jsonata ? 'J' : 'P';
    for (uint32_t at = 0; at < part->object->count; at++) {
        const struct value_member *member = &part->object->members[at];
        const struct part_field *found = NULL;
        for (size_t field = 0; field < field_count && found == NULL; field++) {
            found = str_equal(member->key, str_of(fields[field].name)) ? &fields[field] : NULL;
        }
        if (found == NULL) {
            TRY(parse_unsupported(part, member));
        } else if (found->language[0] != '\0' && found->language[0] != language) {
            TRY(parse_other_language(part, member));
        }
    }
    return STATUS_OK;
}

#define CHECK_PART(part, fields) check_part((part), (fields), sizeof(fields) / sizeof *(fields))

/* A member that has one of a few values, which `values` lists as the message does: "NONE, COMPACT, FLATTEN". */
static enum status check_values(const struct parse_context *part, const char *name, const char *values)
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
    return PARSE_PROBLEM(part, str_of(name), value, "The field '%s' should have one of these values: [%s]", name, values);
}

static enum status need_distributed(const struct parse_context *part, bool inlined)
{
    if (!inlined) {
        return STATUS_OK;
    }
    return PARSE_PROBLEM(part, STR_NONE, part->object, "The field '%.*s' is only supported by a DISTRIBUTED Map",
                         STR_ARGS(part->place.key));
}

/* The Resource of a reader or writer: an action of S3. */
static enum status check_resource(const struct parse_context *part, const char *one, const char *other)
{
    struct str key = STR("Resource");
    const struct value *value = value_get(part->object, key);
    struct resource resource;
    struct str text = STR_NONE;
    TRY(parse_string(part, part->object, key, &text));
    if (text.bytes == NULL) {
        return STATUS_OK; /* absent, or told */
    }
    if (resource_parse(text, &resource) == STATUS_OK && resource.kind == RESOURCE_INTEGRATION &&
        str_equal(resource.service, STR("s3")) &&
        (str_equal(resource.action, str_of(one)) || str_equal(resource.action, str_of(other)))) {
        return STATUS_OK;
    }
    return PARSE_PROBLEM(part, key, value,
                         "The resource provided %.*s is not recognized. The value is not a valid resource ARN, or the resource is "
                         "not available in this region.",
                         STR_ARGS(text));
}

/* What is sent to the Resource. */
static enum status check_call(const struct parse_context *part)
{
    const struct expression *ignored = NULL;
    return parse_template(part, part->object, part->state->jsonata ? STR("Arguments") : STR("Parameters"), &ignored);
}

static enum status check_headers(const struct parse_context *config)
{
    struct str key = STR("CSVHeaders");
    const struct value *location = value_get(config->object, STR("CSVHeaderLocation"));
    const struct value *headers = value_get(config->object, key);
    bool given = location != NULL && location->type == VALUE_STRING && str_equal(location->string, STR("GIVEN"));
    if (given && headers == NULL) {
        return PARSE_PROBLEM(config, STR_NONE, config->object, "These fields are required: [CSVHeaders]");
    }
    if (headers != NULL && headers->type != VALUE_ARRAY) {
        return PARSE_PROBLEM(config, key, headers, "Expected value of type Array");
    }
    for (uint32_t at = 0; headers != NULL && at < headers->count; at++) {
        if (headers->items[at]->type != VALUE_STRING) {
            return PARSE_PROBLEM(config, key, headers->items[at], "Expected value of type String");
        }
    }
    return STATUS_OK;
}

static enum status check_reader_config(const struct parse_context *reader)
{
    static const struct part_field fields[] = {{"InputType", ""},    {"CSVHeaderLocation", ""}, {"CSVHeaders", ""},
                                               {"CSVDelimiter", ""}, {"MaxItems", ""},          {"MaxItemsPath", "P"},
                                               {"ItemsPointer", ""}, {"Transformation", ""},    {"ManifestType", ""}};
    const struct parse_range range = {0, MAP_ITEMS_MAX};
    const struct expression *ignored = NULL;
    struct parse_context config;
    struct str pointer = STR_NONE;
    TRY(enter(reader, STR("ReaderConfig"), &config));
    if (config.object == NULL) {
        return STATUS_OK;
    }
    TRY(CHECK_PART(&config, fields));
    TRY(check_values(&config, "InputType", "CSV, JSON, JSONL, PARQUET, MANIFEST"));
    TRY(check_values(&config, "CSVHeaderLocation", "FIRST_ROW, GIVEN"));
    TRY(check_values(&config, "CSVDelimiter", "COMMA, PIPE, SEMICOLON, SPACE, TAB"));
    TRY(check_values(&config, "Transformation", "NONE, LOAD_AND_FLATTEN"));
    TRY(check_values(&config, "ManifestType", "S3_INVENTORY, ATHENA_DATA"));
    TRY(parse_string(&config, config.object, STR("ItemsPointer"), &pointer));
    TRY(parse_number(&config, STR("MaxItems"), range, &ignored));
    return check_headers(&config);
}

static enum status check_reader(const struct parse_context *context, bool inlined)
{
    static const struct part_field fields[] = {{"Resource", ""}, {"ReaderConfig", ""}, {"Parameters", "P"}, {"Arguments", "J"}};
    struct parse_context reader;
    TRY(enter(context, STR("ItemReader"), &reader));
    if (reader.object == NULL) {
        return STATUS_OK;
    }
    TRY(need_distributed(&reader, inlined));
    TRY(CHECK_PART(&reader, fields));
    if (value_get(reader.object, STR("Resource")) == NULL) {
        TRY(PARSE_PROBLEM(&reader, STR_NONE, reader.object, "These fields are required: [Resource]"));
    }
    TRY(check_resource(&reader, "getObject", "listObjectsV2"));
    TRY(check_call(&reader));
    return check_reader_config(&reader);
}

static enum status check_batcher(const struct parse_context *context, bool inlined)
{
    static const struct part_field fields[] = {{"MaxItemsPerBatch", ""},
                                               {"MaxItemsPerBatchPath", "P"},
                                               {"MaxInputBytesPerBatch", ""},
                                               {"MaxInputBytesPerBatchPath", "P"},
                                               {"BatchInput", ""}};
    struct parse_context batcher;
    const struct expression *items = NULL;
    const struct expression *bytes = NULL;
    const struct expression *input = NULL;
    bool any = false;
    TRY(enter(context, STR("ItemBatcher"), &batcher));
    if (batcher.object == NULL) {
        return STATUS_OK;
    }
    TRY(need_distributed(&batcher, inlined));
    TRY(CHECK_PART(&batcher, fields));
    for (size_t at = 0; at < 4; at++) {
        any = any || value_get(batcher.object, str_of(fields[at].name)) != NULL;
    }
    if (!any) {
        return PARSE_PROBLEM(&batcher, STR_NONE, batcher.object,
                             "One of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]");
    }
    TRY(parse_number(&batcher, STR("MaxItemsPerBatch"), (struct parse_range){0, MAP_ITEMS_MAX}, &items));
    TRY(parse_number(&batcher, STR("MaxInputBytesPerBatch"), (struct parse_range){0, PAYLOAD_BYTES_MAX}, &bytes));
    return parse_template(&batcher, batcher.object, STR("BatchInput"), &input);
}

static enum status check_writer(const struct parse_context *context)
{
    static const struct part_field fields[] = {{"Resource", ""}, {"WriterConfig", ""}, {"Parameters", "P"}, {"Arguments", "J"}};
    static const struct part_field config_fields[] = {{"Transformation", ""}, {"OutputType", ""}};
    struct parse_context writer;
    struct parse_context config;
    TRY(enter(context, STR("ResultWriter"), &writer));
    if (writer.object == NULL) {
        return STATUS_OK;
    }
    TRY(CHECK_PART(&writer, fields));
    TRY(check_resource(&writer, "putObject", "putObject"));
    TRY(check_call(&writer));
    if (value_get(writer.object, STR("Resource")) == NULL && value_get(writer.object, STR("WriterConfig")) == NULL) {
        return PARSE_PROBLEM(&writer, STR_NONE, writer.object, "One of these fields is required: [Resource, WriterConfig]");
    }
    TRY(enter(&writer, STR("WriterConfig"), &config));
    if (config.object == NULL) {
        return STATUS_OK;
    }
    TRY(CHECK_PART(&config, config_fields));
    TRY(check_values(&config, "Transformation", "NONE, COMPACT, FLATTEN"));
    return check_values(&config, "OutputType", "JSON, JSONL");
}

enum status parse_distributed(const struct parse_context *context, bool inlined)
{
    TRY(refuse(context));
    TRY(check_label(context));
    TRY(check_reader(context, inlined));
    TRY(check_batcher(context, inlined));
    return check_writer(context);
}
