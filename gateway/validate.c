#include "gateway/validate.h"

#include "base/assert.h"

#include <inttypes.h>

/* Where a value stands: "routingConfiguration.1.member.weight". */
struct place {
    const struct place *parent; /* NULL: the request itself */
    struct str name;            /* of a member; STR_NONE: an item */
    uint32_t number;            /* of an item, from 1 */
};

struct validation {
    struct arena *arena;
    const struct validate_limits *limits;
    struct buffer problems;
    uint32_t problem_count;
    struct str serialization;
};

static enum status check(struct validation *validation, enum shape_id id, const struct value *value,
                         const struct place *place);

/* ---- Telling ---- */

static enum status write_place(struct buffer *buffer, const struct place *place)
{
    if (place->parent == NULL) {
        return STATUS_OK;
    }
    TRY(write_place(buffer, place->parent));
    if (place->parent->parent != NULL) {
        TRY(buffer_add_byte(buffer, '.'));
    }
    if (place->name.bytes == NULL) {
        return buffer_format(buffer, "%" PRIu32 ".member", place->number);
    }
    return buffer_add(buffer, place->name);
}

/* A value as Java prints the objects of AWS's model. */
static enum status write_shown(struct buffer *buffer, enum shape_id id, const struct value *value)
{
    const struct shape *shape = &shapes[id];
    if (value == NULL || value->type == VALUE_NULL) {
        return buffer_add(buffer, STR("null"));
    }
    if (value->type == VALUE_STRING) {
        return buffer_add(buffer, shape->secret ? STR("***") : value->string);
    }
    if (shape->type == SHAPE_TYPE_LIST) {
        TRY(buffer_add_byte(buffer, '['));
        for (uint32_t at = 0; at < value->count; at++) {
            TRY(buffer_add(buffer, at == 0 ? STR("") : STR(", ")));
            TRY(write_shown(buffer, shape->item, value_item(value, at)));
        }
        return buffer_add_byte(buffer, ']');
    }
    if (shape->type == SHAPE_TYPE_STRUCTURE) {
        TRY(buffer_format(buffer, "%.*s(", STR_ARGS(shape->name)));
        for (uint32_t at = 0; at < shape->member_count; at++) {
            const struct shape_member *member = &shape->members[at];
            TRY(buffer_format(buffer, "%s%.*s=", at == 0 ? "" : ", ", STR_ARGS(member->name)));
            TRY(write_shown(buffer, member->shape, value_get(value, member->name)));
        }
        return buffer_add_byte(buffer, ')');
    }
    return value_write(buffer, value);
}

/* "Value 'x' at 'name' failed to satisfy constraint: " and then the constraint, by the caller. */
static enum status begin_problem(struct validation *validation, enum shape_id id, const struct value *value,
                                 const struct place *place)
{
    struct buffer *buffer = &validation->problems;
    TRY(buffer_add(buffer, validation->problem_count == 0 ? STR("Value") : STR("; Value")));
    validation->problem_count += 1;
    if (value == NULL) {
        TRY(buffer_add(buffer, STR(" null")));
    } else if (!shapes[id].secret) {
        TRY(buffer_add(buffer, STR(" '")));
        TRY(write_shown(buffer, id, value));
        TRY(buffer_add_byte(buffer, '\''));
    }
    TRY(buffer_add(buffer, STR(" at '")));
    TRY(write_place(buffer, place));
    return buffer_add(buffer, STR("' failed to satisfy constraint: Member must "));
}

/* The JSON type is wrong: the first one found is told, and nothing else is. */
static enum status refuse_type(struct validation *validation, const struct value *value, const char *wanted)
{
    static const char *const names[] = {
        [VALUE_BOOLEAN] = "TRUE_VALUE",
        [VALUE_NUMBER] = "NUMBER_VALUE",
        [VALUE_STRING] = "STRING_VALUE",
    };
    if (validation->serialization.bytes != NULL) {
        return STATUS_OK;
    }
    switch (value->type) {
    case VALUE_ARRAY:
        validation->serialization = STR("Start of list found where not expected");
        return STATUS_OK;
    case VALUE_OBJECT:
        validation->serialization = STR("Start of structure or map found where not expected");
        return STATUS_OK;
    case VALUE_NULL:
    case VALUE_BOOLEAN:
    case VALUE_NUMBER:
    case VALUE_STRING:
        break;
    }
    const char *name = value->type == VALUE_BOOLEAN && !value->boolean ? "FALSE_VALUE" : names[value->type];
    return arena_format(validation->arena, &validation->serialization, "%s can not be converted to %s",
                        name == NULL ? "NULL_VALUE" : name, wanted);
}

/* ---- Texts ---- */

static int64_t count_characters(struct str text)
{
    int64_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += ((unsigned char)text.bytes[at] & 0xC0) != 0x80;
    }
    return count;
}

static bool is_alias_character(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_' ||
           byte == '-' || byte == '.';
}

/* ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$ */
static bool is_alias(struct str text)
{
    bool has_other_than_digit = false;
    for (size_t at = 0; at < text.length; at++) {
        if (!is_alias_character(text.bytes[at])) {
            return false;
        }
        has_other_than_digit = has_other_than_digit || text.bytes[at] < '0' || text.bytes[at] > '9';
    }
    return has_other_than_digit;
}

static bool is_all_within(struct str text, unsigned char least, unsigned char most)
{
    for (size_t at = 0; at < text.length; at++) {
        if ((unsigned char)text.bytes[at] < least || (unsigned char)text.bytes[at] > most) {
            return false;
        }
    }
    return true;
}

static bool matches(enum shape_pattern pattern, struct str text)
{
    switch (pattern) {
    case SHAPE_PATTERN_ANY:
        return true;
    case SHAPE_PATTERN_ALIAS:
        return is_alias(text);
    case SHAPE_PATTERN_VISIBLE:
        return text.length > 0 && is_all_within(text, '!', '~');
    case SHAPE_PATTERN_ASCII:
        return is_all_within(text, 0, 0x7F);
    }
    UNREACHABLE("pattern of a shape");
}

static struct str pattern_text(enum shape_pattern pattern)
{
    switch (pattern) {
    case SHAPE_PATTERN_ANY:
        return STR(".*");
    case SHAPE_PATTERN_ALIAS:
        return STR("^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$");
    case SHAPE_PATTERN_VISIBLE:
        return STR("[!-~]+");
    case SHAPE_PATTERN_ASCII:
        return STR("\\p{ASCII}*");
    }
    UNREACHABLE("pattern of a shape");
}

static enum status check_text(struct validation *validation, enum shape_id id, const struct value *value,
                              const struct place *place)
{
    const struct shape *shape = &shapes[id];
    if (value->type != VALUE_STRING) {
        return refuse_type(validation, value, "a String");
    }
    int64_t count = count_characters(value->string);
    int64_t most = shape->most;
    if (id == SHAPE_SensitiveData && most < validation->limits->payload_bytes_max) {
        most = validation->limits->payload_bytes_max;
    }
    if (count > most) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have length less than or equal to %" PRId64, most));
    }
    if (count < shape->least) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have length greater than or equal to %" PRId64, shape->least));
    }
    if (!matches(shape->pattern, value->string)) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_add(&validation->problems, STR("satisfy regular expression pattern: ")));
        TRY(buffer_add(&validation->problems, pattern_text(shape->pattern)));
    }
    return STATUS_OK;
}

static bool is_choice(struct str choices, struct str text)
{
    while (choices.length > 0) {
        size_t end = str_find(choices, ',');
        if (str_equal(str_slice(choices, 0, end), text)) {
            return true;
        }
        choices = str_trim(str_from(choices, end < choices.length ? end + 1 : end));
    }
    return false;
}

static enum status check_choice(struct validation *validation, enum shape_id id, const struct value *value,
                                const struct place *place)
{
    const struct shape *shape = &shapes[id];
    if (value->type != VALUE_STRING) {
        return refuse_type(validation, value, "a String");
    }
    if (is_choice(shape->choices, value->string)) {
        return STATUS_OK;
    }
    TRY(begin_problem(validation, id, value, place));
    return buffer_format(&validation->problems, "satisfy enum value set: [%.*s]", STR_ARGS(shape->choices));
}

/* ---- Numbers ---- */

static enum status check_number(struct validation *validation, enum shape_id id, const struct value *value,
                                const struct place *place)
{
    const struct shape *shape = &shapes[id];
    bool whole = shape->type == SHAPE_TYPE_INTEGER;
    int64_t number;
    if (value->type != VALUE_NUMBER || (whole && !value_to_int64(value, &number))) {
        return refuse_type(validation, value, whole ? "an Integer" : "a Float");
    }
    double wide = value->number;
    if (shape->most != SHAPE_UNBOUNDED && wide > (double)shape->most) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have value less than or equal to %" PRId64, shape->most));
    }
    if (wide < (double)shape->least) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have value greater than or equal to %" PRId64, shape->least));
    }
    return STATUS_OK;
}

/* ---- Containers ---- */

static enum status check_list(struct validation *validation, enum shape_id id, const struct value *value,
                              const struct place *place)
{
    const struct shape *shape = &shapes[id];
    if (value->type != VALUE_ARRAY) {
        return refuse_type(validation, value, "a List");
    }
    if (value->count > shape->most) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have length less than or equal to %" PRId64, shape->most));
    }
    if (value->count < shape->least) {
        TRY(begin_problem(validation, id, value, place));
        TRY(buffer_format(&validation->problems, "have length greater than or equal to %" PRId64, shape->least));
    }
    for (uint32_t at = 0; at < value->count; at++) {
        const struct place item = {.parent = place, .number = at + 1};
        TRY(check(validation, shape->item, value_item(value, at), &item));
    }
    return STATUS_OK;
}

static enum status check_structure(struct validation *validation, enum shape_id id, const struct value *value,
                                   const struct place *place)
{
    const struct shape *shape = &shapes[id];
    if (value->type != VALUE_OBJECT) {
        return refuse_type(validation, value, "a Structure");
    }
    for (uint32_t at = 0; at < shape->member_count; at++) {
        const struct shape_member *member = &shape->members[at];
        const struct place inner = {.parent = place, .name = member->name};
        const struct value *given = value_get(value, member->name);
        if (given != NULL && given->type != VALUE_NULL) {
            TRY(check(validation, member->shape, given, &inner));
        } else if (member->required) {
            TRY(begin_problem(validation, member->shape, NULL, &inner));
            TRY(buffer_add(&validation->problems, STR("not be null")));
        }
    }
    return STATUS_OK;
}

/* Shapes don't contain themselves: their nesting bounds this recursion. */
static enum status check(struct validation *validation, enum shape_id id, const struct value *value,
                         const struct place *place)
{
    if (validation->serialization.bytes != NULL || validation->problem_count >= VALIDATE_PROBLEMS_MAX) {
        return STATUS_OK;
    }
    switch (shapes[id].type) {
    case SHAPE_TYPE_TEXT:
        return check_text(validation, id, value, place);
    case SHAPE_TYPE_CHOICE:
        return check_choice(validation, id, value, place);
    case SHAPE_TYPE_INTEGER:
    case SHAPE_TYPE_FRACTION:
        return check_number(validation, id, value, place);
    case SHAPE_TYPE_BOOLEAN:
        return value->type == VALUE_BOOLEAN ? STATUS_OK : refuse_type(validation, value, "a Boolean");
    case SHAPE_TYPE_LIST:
        return check_list(validation, id, value, place);
    case SHAPE_TYPE_STRUCTURE:
        return check_structure(validation, id, value, place);
    }
    UNREACHABLE("type of a shape");
}

enum status validate_request(struct arena *arena, const struct validate_limits *limits, enum shape_id shape,
                             const struct value *request, struct validate_findings *out_findings)
{
    const struct place root = {0};
    struct validation validation = {.arena = arena, .limits = limits, .problems = buffer_in(arena)};
    TRY(check(&validation, shape, request, &root));
    *out_findings = (struct validate_findings){.serialization = validation.serialization};
    if (validation.serialization.bytes != NULL || validation.problem_count == 0) {
        return STATUS_OK;
    }
    /* Not by a format: what is quoted may hold NUL. */
    struct str head;
    TRY(arena_format(arena, &head, "%" PRIu32 " validation error%s detected: ", validation.problem_count,
                     validation.problem_count == 1 ? "" : "s"));
    return arena_concat(arena, head, buffer_text(&validation.problems), &out_findings->validation);
}
