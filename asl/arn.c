#include "asl/arn.h"

#include "base/assert.h"
#include "base/limits.h"

#define ARN_PARTS_MAX 9

/* Splits at ':'; false when there are more than ARN_PARTS_MAX parts. */
static bool split(struct str arn, struct str parts[ARN_PARTS_MAX], size_t *out_count)
{
    size_t count = 0;
    for (;;) {
        if (count == ARN_PARTS_MAX) {
            return false;
        }
        size_t end = str_find(arn, ':');
        parts[count++] = str_slice(arn, 0, end);
        if (end == arn.length) {
            break;
        }
        arn = str_from(arn, end + 1);
    }
    *out_count = count;
    return true;
}

enum arn_type arn_type_of(struct str arn)
{
    struct str parts[ARN_PARTS_MAX];
    size_t count;
    if (!split(arn, parts, &count) || count < 7 || !str_equal(parts[0], STR("arn")) ||
        !str_equal(parts[2], STR("states"))) {
        return ARN_NONE;
    }
    for (size_t at = 6; at < count; at++) {
        if (parts[at].length == 0) {
            return ARN_NONE;
        }
    }
    if (str_equal(parts[5], STR("stateMachine"))) {
        if (str_find(parts[6], '/') < parts[6].length) {
            return ARN_LABELLED;
        }
        return count == 7 ? ARN_MACHINE : count == 8 ? ARN_QUALIFIED : ARN_NONE;
    }
    if (str_equal(parts[5], STR("execution"))) {
        return count == 8 ? ARN_EXECUTION : ARN_NONE;
    }
    if (str_equal(parts[5], STR("express"))) {
        return count == 9 ? ARN_EXPRESS : ARN_NONE;
    }
    if (str_equal(parts[5], STR("activity"))) {
        return count == 7 ? ARN_ACTIVITY : ARN_NONE;
    }
    return ARN_OTHER;
}

struct str arn_resource(struct str arn)
{
    struct str parts[ARN_PARTS_MAX];
    size_t count;
    return split(arn, parts, &count) && count > 5 ? parts[5] : STR("");
}

enum status arn_machine(struct arena *arena, const struct step_config *config, struct str name, struct str *out_arn)
{
    return arena_format(arena, out_arn, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s", STR_ARGS(config->region),
                        STR_ARGS(config->account), STR_ARGS(name));
}

enum status arn_activity(struct arena *arena, const struct step_config *config, struct str name, struct str *out_arn)
{
    return arena_format(arena, out_arn, "arn:aws:states:%.*s:%.*s:activity:%.*s", STR_ARGS(config->region),
                        STR_ARGS(config->account), STR_ARGS(name));
}

/* `arn` up to its resource type, that replaced, and its name. */
static enum status derive(struct arena *arena, struct str machine_arn, const char *type, struct str name,
                          struct str suffix, struct str *out_arn)
{
    struct str parts[ARN_PARTS_MAX];
    size_t count;
    bool ok = split(machine_arn, parts, &count);
    ASSERT(ok && count == 7);
    return arena_format(arena, out_arn, "arn:%.*s:states:%.*s:%.*s:%s:%.*s:%.*s%s%.*s", STR_ARGS(parts[1]),
                        STR_ARGS(parts[3]), STR_ARGS(parts[4]), type, STR_ARGS(parts[6]), STR_ARGS(name),
                        suffix.length > 0 ? ":" : "", STR_ARGS(suffix));
}

enum status arn_execution(struct arena *arena, struct str machine_arn, struct str name, struct str *out_arn)
{
    return derive(arena, machine_arn, "execution", name, STR_NONE, out_arn);
}

enum status arn_express(struct arena *arena, struct str machine_arn, struct str name, struct str uuid,
                        struct str *out_arn)
{
    return derive(arena, machine_arn, "express", name, uuid, out_arn);
}

void arn_split_qualified(struct str arn, struct str *out_machine_arn, struct str *out_qualifier)
{
    size_t colon = arn.length;
    while (colon > 0 && arn.bytes[colon - 1] != ':') {
        colon--;
    }
    ASSERT(colon > 0);
    *out_machine_arn = str_slice(arn, 0, colon - 1);
    *out_qualifier = str_from(arn, colon);
}

bool arn_qualifier_is_version(struct str qualifier)
{
    for (size_t at = 0; at < qualifier.length; at++) {
        if (qualifier.bytes[at] < '0' || qualifier.bytes[at] > '9') {
            return false;
        }
    }
    return qualifier.length > 0;
}

/* The code point at the start of well-formed UTF-8. */
static uint32_t next_point(struct str *text)
{
    const unsigned char *bytes = (const unsigned char *)text->bytes;
    uint32_t point = bytes[0];
    size_t length = point < 0x80 ? 1 : point < 0xE0 ? 2 : point < 0xF0 ? 3 : 4;
    if (length > 1) {
        point &= 0x7Fu >> length;
        for (size_t at = 1; at < length; at++) {
            point = point << 6 | (bytes[at] & 0x3Fu);
        }
    }
    *text = str_from(*text, length);
    return point;
}

static bool is_forbidden(uint32_t point)
{
    static const char characters[] = " <>{}[]?*\"#%\\^|~`$&,;:/";
    if (point <= 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0xFFFE || point == 0xFFFF) {
        return true;
    }
    if (point < 0x80) {
        return memchr(characters, (int)point, sizeof characters - 1) != NULL;
    }
    /* White space beyond ASCII (Unicode, White_Space). */
    return point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

bool arn_name_is_valid(struct str name)
{
    if (name.length == 0 || !str_is_utf8(name)) {
        return false;
    }
    size_t characters = 0;
    while (name.length > 0) {
        if (++characters > NAME_CHARACTERS_MAX || is_forbidden(next_point(&name))) {
            return false;
        }
    }
    return true;
}
