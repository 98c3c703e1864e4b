#include "cli/yaml.h"

#include "asl/value.h"
#include "base/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct converter {
    struct arena *arena;
    yaml_document_t *document;
    struct buffer json;
    size_t json_bytes_max;
    struct yaml_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
    struct yaml_error error;
};

static struct yaml_mark mark_of(yaml_mark_t mark)
{
    return (struct yaml_mark){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static enum status refuse(struct converter *converter, yaml_mark_t mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status refuse(struct converter *converter, yaml_mark_t mark, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    TRY(arena_copy(converter->arena, str_of(text), &converter->error.message));
    converter->error.mark = mark_of(mark);
    return STATUS_INVALID;
}

/* Begins the JSON's next line, which comes from `mark`. */
static enum status begin_line(struct converter *converter, yaml_mark_t mark)
{
    if (converter->json.length > converter->json_bytes_max) {
        return refuse(converter, mark, "as JSON it has more than %zu bytes", converter->json_bytes_max);
    }
    if (converter->mark_count == converter->mark_capacity) {
        size_t capacity = converter->mark_capacity == 0 ? 256 : converter->mark_capacity * 2;
        struct yaml_mark *marks = arena_array(converter->arena, struct yaml_mark, capacity);
        TRY_NEW(marks);
        if (converter->mark_count > 0) {
            memcpy(marks, converter->marks, converter->mark_count * sizeof *marks);
        }
        converter->marks = marks;
        converter->mark_capacity = capacity;
    }
    TRY(converter->mark_count == 0 ? STATUS_OK : buffer_add_byte(&converter->json, '\n'));
    converter->marks[converter->mark_count++] = mark_of(mark);
    return STATUS_OK;
}

/* ---- Scalars of the core schema (YAML 1.2.2, 10.3.2) ---- */

static bool is_one_of(struct str text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (str_equal(text, str_of(*words))) {
            return true;
        }
    }
    return false;
}

static size_t digits(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.length && isdigit((unsigned char)text.bytes[end])) {
        end++;
    }
    return end - at;
}

/* A decimal number's parts: [-+]? whole (. fraction)? (e exponent)? */
struct decimal {
    bool negative;
    struct str whole;
    struct str fraction;
    struct str exponent; /* with its sign; empty: none */
};

static bool read_decimal(struct str text, struct decimal *out_decimal)
{
    struct decimal decimal = {.negative = text.length > 0 && text.bytes[0] == '-'};
    size_t at = text.length > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+');
    decimal.whole = str_slice(text, at, digits(text, at));
    at += decimal.whole.length;
    if (at < text.length && text.bytes[at] == '.') {
        decimal.fraction = str_slice(text, at + 1, digits(text, at + 1));
        at += 1 + decimal.fraction.length;
    }
    if (decimal.whole.length + decimal.fraction.length == 0) {
        return false;
    }
    if (at < text.length && (text.bytes[at] == 'e' || text.bytes[at] == 'E')) {
        size_t sign = at + 1 < text.length && (text.bytes[at + 1] == '-' || text.bytes[at + 1] == '+');
        size_t count = digits(text, at + 1 + sign);
        decimal.exponent = str_slice(text, at + 1, sign + count);
        at += 1 + sign + count;
        if (count == 0) {
            return false;
        }
    }
    *out_decimal = decimal;
    return at == text.length;
}

/* As JSON has numbers: digits before and after the point, no leading zeros, no plus. */
static enum status write_decimal(struct buffer *json, const struct decimal *decimal)
{
    struct str whole = decimal->whole;
    while (whole.length > 1 && whole.bytes[0] == '0') {
        whole = str_from(whole, 1);
    }
    TRY(decimal->negative ? buffer_add_byte(json, '-') : STATUS_OK);
    TRY(buffer_add(json, whole.length == 0 ? STR("0") : whole));
    if (decimal->fraction.length > 0) {
        TRY(buffer_format(json, ".%.*s", STR_ARGS(decimal->fraction)));
    }
    return decimal->exponent.length > 0 ? buffer_format(json, "e%.*s", STR_ARGS(decimal->exponent)) : STATUS_OK;
}

/* 0o17 and 0x1F. */
static bool read_based(struct str text, uint64_t *out_number)
{
    int base = str_starts_with(text, STR("0o")) ? 8 : str_starts_with(text, STR("0x")) ? 16 : 0;
    char digits_text[20];
    char *end;
    if (base == 0 || text.length < 3 || text.length > (base == 8 ? 2 + 21 : 2 + 16) || !isxdigit((unsigned char)text.bytes[2])) {
        return false;
    }
    if (text.length - 2 >= sizeof digits_text) {
        return false;
    }
    memcpy(digits_text, text.bytes + 2, text.length - 2);
    digits_text[text.length - 2] = '\0';
    *out_number = strtoull(digits_text, &end, base);
    return *end == '\0';
}

static enum status write_plain(struct converter *converter, const yaml_node_t *node, struct str text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const truths[] = {"true", "True", "TRUE", NULL};
    static const char *const falsehoods[] = {"false", "False", "FALSE", NULL};
    static const char *const no_numbers[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "-.inf",
                                             "-.Inf", "-.INF", "+.inf", "+.Inf", "+.INF", NULL};
    struct buffer *json = &converter->json;
    struct decimal decimal;
    uint64_t number;
    if (is_one_of(text, nulls)) {
        return buffer_add(json, STR("null"));
    }
    if (is_one_of(text, truths)) {
        return buffer_add(json, STR("true"));
    }
    if (is_one_of(text, falsehoods)) {
        return buffer_add(json, STR("false"));
    }
    if (is_one_of(text, no_numbers)) {
        return refuse(converter, node->start_mark, "JSON has no number %.*s", STR_ARGS(text));
    }
    if (read_decimal(text, &decimal)) {
        return write_decimal(json, &decimal);
    }
    if (read_based(text, &number)) {
        return buffer_format(json, "%llu", (unsigned long long)number);
    }
    return value_write_string(json, text);
}

/* ---- Nodes ---- */

static struct str scalar_text(const yaml_node_t *node)
{
    return (struct str){(const char *)node->data.scalar.value, node->data.scalar.length};
}

/* CloudFormation's !Ref and its like are replaced before a definition is made of a template. */
static enum status check_tag(struct converter *converter, const yaml_node_t *node)
{
    static const char *const known[] = {YAML_NULL_TAG, YAML_BOOL_TAG, YAML_STR_TAG, YAML_INT_TAG,
                                        YAML_FLOAT_TAG, YAML_SEQ_TAG, YAML_MAP_TAG, NULL};
    struct str tag = str_of((const char *)node->tag);
    if (is_one_of(tag, known)) {
        return STATUS_OK;
    }
    return refuse(converter, node->start_mark, "the tag %.*s means nothing in a definition", (int)(tag.length < 100 ? tag.length : 100),
                  tag.bytes);
}

static int compare_keys(const void *left, const void *right)
{
    const yaml_node_t *const *a = left;
    const yaml_node_t *const *b = right;
    int order = str_compare(scalar_text(*a), scalar_text(*b));
    /* Of equal ones the later comes last, so that it is the one complained of. */
    return order != 0 ? order : (*a)->start_mark.index < (*b)->start_mark.index ? -1 : 1;
}

static enum status check_keys(struct converter *converter, const yaml_node_t *node)
{
    size_t count = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
    const yaml_node_t **keys = arena_array(converter->arena, const yaml_node_t *, count);
    TRY_NEW(keys);
    for (size_t at = 0; at < count; at++) {
        keys[at] = yaml_document_get_node(converter->document, node->data.mapping.pairs.start[at].key);
        if (keys[at]->type != YAML_SCALAR_NODE) {
            return refuse(converter, keys[at]->start_mark, "a key must be a text");
        }
    }
    qsort(keys, count, sizeof(const yaml_node_t *), compare_keys);
    for (size_t at = 1; at < count; at++) {
        struct str key = scalar_text(keys[at]);
        if (str_equal(key, scalar_text(keys[at - 1]))) {
            return refuse(converter, keys[at]->start_mark, "the key '%.*s' is there twice",
                          (int)(key.length < 100 ? key.length : 100), key.bytes);
        }
    }
    return STATUS_OK;
}

static enum status write_node(struct converter *converter, const yaml_node_t *node, size_t depth);

static enum status write_sequence(struct converter *converter, const yaml_node_t *node, size_t depth)
{
    TRY(buffer_add_byte(&converter->json, '['));
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
        TRY(item == node->data.sequence.items.start ? STATUS_OK : buffer_add_byte(&converter->json, ','));
        TRY(write_node(converter, yaml_document_get_node(converter->document, *item), depth));
    }
    TRY(begin_line(converter, node->end_mark));
    return buffer_add_byte(&converter->json, ']');
}

static enum status write_mapping(struct converter *converter, const yaml_node_t *node, size_t depth)
{
    TRY(check_keys(converter, node));
    TRY(buffer_add_byte(&converter->json, '{'));
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(converter->document, pair->key);
        TRY(pair == node->data.mapping.pairs.start ? STATUS_OK : buffer_add_byte(&converter->json, ','));
        TRY(begin_line(converter, key->start_mark));
        TRY(value_write_string(&converter->json, scalar_text(key)));
        TRY(buffer_add_byte(&converter->json, ':'));
        TRY(write_node(converter, yaml_document_get_node(converter->document, pair->value), depth));
    }
    TRY(begin_line(converter, node->end_mark));
    return buffer_add_byte(&converter->json, '}');
}

/* An alias is written out where it stands; json_bytes_max bounds what that makes, and the depth one that contains itself. */
static enum status write_node(struct converter *converter, const yaml_node_t *node, size_t depth)
{
    TRY(begin_line(converter, node->start_mark));
    TRY(check_tag(converter, node));
    if (depth == JSON_DEPTH_MAX) {
        return refuse(converter, node->start_mark, "it is nested too deeply");
    }
    switch (node->type) {
    case YAML_SCALAR_NODE:
        return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? write_plain(converter, node, scalar_text(node))
                                                                  : value_write_string(&converter->json, scalar_text(node));
    case YAML_SEQUENCE_NODE:
        return write_sequence(converter, node, depth + 1);
    case YAML_MAPPING_NODE:
        return write_mapping(converter, node, depth + 1);
    case YAML_NO_NODE:
        break;
    }
    return refuse(converter, node->start_mark, "it is no YAML that pawl knows");
}

/* ---- The document ---- */

static enum status refuse_syntax(struct converter *converter, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return STATUS_LIMIT_EXCEEDED;
    }
    return refuse(converter, parser->problem_mark, "it is no YAML: %s", parser->problem == NULL ? "malformed" : parser->problem);
}

/* Nothing may follow the document. */
static enum status refuse_more(struct converter *converter, yaml_parser_t *parser)
{
    yaml_document_t next;
    if (yaml_parser_load(parser, &next) == 0) {
        return refuse_syntax(converter, parser);
    }
    const yaml_node_t *root = yaml_document_get_root_node(&next);
    enum status status = root == NULL ? STATUS_OK : refuse(converter, root->start_mark, "there is a second document");
    yaml_document_delete(&next);
    return status;
}

static enum status convert(struct converter *converter, yaml_parser_t *parser)
{
    yaml_document_t document;
    if (yaml_parser_load(parser, &document) == 0) {
        return refuse_syntax(converter, parser);
    }
    converter->document = &document;
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    enum status status = STATUS_OK;
    if (root != NULL) {
        status = write_node(converter, root, 0);
    }
    if (status == STATUS_OK && root != NULL) {
        status = refuse_more(converter, parser);
    }
    yaml_document_delete(&document);
    return status;
}

enum status yaml_to_json(struct arena *arena, struct str yaml, size_t json_bytes_max, struct yaml_json *out_json,
                         struct yaml_error *out_error)
{
    struct converter converter = {.arena = arena, .json = buffer_in(arena), .json_bytes_max = json_bytes_max};
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return STATUS_LIMIT_EXCEEDED;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.bytes, yaml.length);
    enum status status = convert(&converter, &parser);
    yaml_parser_delete(&parser);
    if (status == STATUS_INVALID) {
        *out_error = converter.error;
    }
    if (status == STATUS_OK) {
        *out_json = (struct yaml_json){buffer_text(&converter.json), converter.marks, converter.mark_count};
    }
    return status;
}
