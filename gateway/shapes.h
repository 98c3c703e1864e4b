/* The shapes of the API's requests, from shapes.def. */
#ifndef PAWL_GATEWAY_SHAPES_H
#define PAWL_GATEWAY_SHAPES_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* SHAPE_Arn … */
enum shape_id {
#define TEXT(shape, least, most, pattern, secrecy) SHAPE_##shape,
#define CHOICE(shape, values) SHAPE_##shape,
#define INTEGER(shape, least, most) SHAPE_##shape,
#define FRACTION(shape, least, most) SHAPE_##shape,
#define BOOLEAN(shape) SHAPE_##shape,
#define LIST(shape, item, least, most) SHAPE_##shape,
#define STRUCTURE(shape) SHAPE_##shape,
#include "gateway/shapes.def"
    SHAPE_COUNT
};

enum shape_type {
    SHAPE_TYPE_TEXT,
    SHAPE_TYPE_CHOICE,
    SHAPE_TYPE_INTEGER,
    SHAPE_TYPE_FRACTION,
    SHAPE_TYPE_BOOLEAN,
    SHAPE_TYPE_LIST,
    SHAPE_TYPE_STRUCTURE,
};

enum shape_pattern { SHAPE_PATTERN_ANY, SHAPE_PATTERN_ALIAS, SHAPE_PATTERN_VISIBLE, SHAPE_PATTERN_ASCII };

#define SHAPE_UNBOUNDED INT64_MAX

struct shape_member {
    struct str name;
    enum shape_id shape;
    bool required;
};

struct shape {
    struct str name;
    enum shape_type type;
    int64_t least; /* characters, items, or the number itself */
    int64_t most;
    enum shape_pattern pattern; /* of a text */
    bool secret;                /* messages don't quote it */
    struct str choices;         /* of a choice: "A, B" */
    enum shape_id item;         /* of a list */
    const struct shape_member *members;
    uint32_t member_count;
};

extern const struct shape shapes[SHAPE_COUNT];

/* The member of that name, or NULL. */
const struct shape_member *shapes_member(const struct shape *shape, struct str name);

#endif
