#include "gateway/shapes.h"

#define STRUCTURE(shape) static const struct shape_member members_of_##shape[] = {
#define MEMBER(shape, member, type, need) {STR_INIT(#member), SHAPE_##type, NEED_##need},
#define STRUCTURE_END(shape)                                                                                           \
    }                                                                                                                  \
    ;
#define NEED_REQUIRED true
#define NEED_OPTIONAL false
#include "gateway/shapes.def"

#define SECRECY_SECRET true
#define SECRECY_OPEN false

const struct shape shapes[SHAPE_COUNT] = {
#define TEXT(shape, low, high, allowed, secrecy)                                                                       \
    [SHAPE_##shape] = {.name = STR_INIT(#shape),                                                                       \
                       .type = SHAPE_TYPE_TEXT,                                                                        \
                       .least = low,                                                                                   \
                       .most = high,                                                                                   \
                       .pattern = SHAPE_PATTERN_##allowed,                                                             \
                       .secret = SECRECY_##secrecy},
#define CHOICE(shape, values)                                                                                          \
    [SHAPE_##shape] = {.name = STR_INIT(#shape), .type = SHAPE_TYPE_CHOICE, .choices = STR_INIT(values)},
#define INTEGER(shape, low, high)                                                                                      \
    [SHAPE_##shape] = {.name = STR_INIT(#shape), .type = SHAPE_TYPE_INTEGER, .least = low, .most = high},
#define FRACTION(shape, low, high)                                                                                     \
    [SHAPE_##shape] = {.name = STR_INIT(#shape), .type = SHAPE_TYPE_FRACTION, .least = low, .most = high},
#define BOOLEAN(shape) [SHAPE_##shape] = {.name = STR_INIT(#shape), .type = SHAPE_TYPE_BOOLEAN},
#define LIST(shape, of, low, high)                                                                                     \
    [SHAPE_##shape] = {                                                                                                \
        .name = STR_INIT(#shape), .type = SHAPE_TYPE_LIST, .least = low, .most = high, .item = SHAPE_##of},
#define STRUCTURE(shape)                                                                                               \
    [SHAPE_##shape] = {.name = STR_INIT(#shape),                                                                       \
                       .type = SHAPE_TYPE_STRUCTURE,                                                                   \
                       .members = members_of_##shape,                                                                  \
                       .member_count = sizeof members_of_##shape / sizeof *members_of_##shape},
#include "gateway/shapes.def"
};

const struct shape_member *shapes_member(const struct shape *shape, struct str name)
{
    for (uint32_t at = 0; at < shape->member_count; at++) {
        if (str_equal(shape->members[at].name, name)) {
            return &shape->members[at];
        }
    }
    return NULL;
}
