#include "asl/java_text.h"

#include "base/assert.h"
#include "base/limits.h"

static enum status write_at(struct buffer *buffer, const struct value *value, size_t depth);

static enum status write_container(struct buffer *buffer, const struct value *value, size_t depth)
{
    bool object = value->type == VALUE_OBJECT;
    if (depth == JSON_DEPTH_MAX) {
        return STATUS_LIMIT_EXCEEDED;
    }
    TRY(buffer_add_byte(buffer, object ? '{' : '['));
    for (uint32_t at = 0; at < value->count; at++) {
        TRY(buffer_add(buffer, at == 0 ? STR("") : STR(", ")));
        if (object) {
            TRY(buffer_add(buffer, value->members[at].key));
            TRY(buffer_add_byte(buffer, '='));
        }
        TRY(write_at(buffer, object ? value->members[at].value : value->items[at], depth + 1));
    }
    return buffer_add_byte(buffer, object ? '}' : ']');
}

static enum status write_at(struct buffer *buffer, const struct value *value, size_t depth)
{
    switch (value->type) {
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
        return buffer_add(buffer, value->source);
    case VALUE_STRING:
        return buffer_add(buffer, value->string);
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        return write_container(buffer, value, depth);
    }
    UNREACHABLE("value type");
}

enum status java_text_write(struct buffer *buffer, const struct value *value)
{
    return write_at(buffer, value, 0);
}

static const char *number_class(const struct value *value)
{
    int64_t number = 0;
    if (!str_to_int64(value->source, &number)) {
        bool whole = str_find(value->source, '.') + str_find(value->source, 'e') + str_find(value->source, 'E') ==
                     3 * value->source.length;
        return whole ? "java.math.BigInteger" : "java.lang.Double";
    }
    return number >= INT32_MIN && number <= INT32_MAX ? "java.lang.Integer" : "java.lang.Long";
}

const char *java_text_class(const struct value *value)
{
    switch (value->type) {
    case VALUE_NULL:
        return "null";
    case VALUE_BOOLEAN:
        return "java.lang.Boolean";
    case VALUE_NUMBER:
        return number_class(value);
    case VALUE_STRING:
        return "java.lang.String";
    case VALUE_ARRAY:
        return "java.util.ArrayList";
    case VALUE_OBJECT:
        return "java.util.LinkedHashMap";
    }
    UNREACHABLE("value type");
}
