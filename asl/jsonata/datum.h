/* A value while an expression is evaluated: JSON, or what JSON has no word for: undefined, functions, sequences.
 *
 * A datum is passed by value. What came from outside keeps its struct value as `origin` and is never copied; arrays and
 * objects that were built lie in the evaluation's arena. Arrays never change; tables change only inside a transform. */
#ifndef PAWL_ASL_JSONATA_DATUM_H
#define PAWL_ASL_JSONATA_DATUM_H

#include "asl/jsonata/ast.h"
#include "asl/value.h"
#include "base/assert.h"

struct function;
struct table;
struct thunk;
struct tuple;

enum datum_type {
    DATUM_UNDEFINED,
    DATUM_NULL, /* from here to DATUM_OBJECT as enum value_type: see datum_read */
    DATUM_BOOLEAN,
    DATUM_NUMBER,
    DATUM_STRING,
    DATUM_ARRAY,
    DATUM_OBJECT,
    DATUM_FUNCTION,
    DATUM_TUPLE, /* an item of a tuple stream: a context with bindings; never seen by a function */
    DATUM_THUNK, /* a tail call that is still to be made; never seen outside call.c */
};

/* What an array is to the evaluator. */
enum datum_flag {
    DATUM_SEQUENCE = 1, /* made by a path or an operator: one item stands for itself, none for undefined */
    DATUM_KEEP = 2,     /* … unless `[]` asked to keep it */
    DATUM_CONS = 4,     /* made by an array constructor at the end of a path: not flattened */
    DATUM_TUPLES = 8,   /* items are DATUM_TUPLE */
    DATUM_OUTER = 16,   /* wraps an array that is the input, so that it is one context */
};

/* Where items or members are. */
enum datum_backing { BACKING_JSON, BACKING_BUILT, BACKING_RANGE };

struct datum {
    uint8_t type;
    uint8_t flags;
    uint8_t backing;
    bool boolean;
    uint32_t count;             /* items, when built or a range */
    const struct value *origin; /* the untouched JSON value it is, or NULL */
    union {
        double number;
        struct str string;
        const struct datum *items;
        int64_t first; /* of a range of consecutive integers */
        struct table *table;
        struct function *function;
        struct tuple *tuple;
        struct thunk *thunk;
    };
};

/* A chain of bindings; chains share their tails. */
struct binding {
    variable_id variable;
    struct datum datum;
    const struct binding *next;
};

struct tuple {
    struct datum context;
    const struct binding *bindings;
};

#define DATUM_NONE ((struct datum){.type = DATUM_UNDEFINED})

static inline struct datum datum_boolean(bool boolean)
{
    return (struct datum){.type = DATUM_BOOLEAN, .boolean = boolean};
}

static inline struct datum datum_number(double number)
{
    return (struct datum){.type = DATUM_NUMBER, .number = number};
}

static inline struct datum datum_string(struct str string)
{
    return (struct datum){.type = DATUM_STRING, .string = string};
}

static inline struct datum datum_function(struct function *function)
{
    return (struct datum){.type = DATUM_FUNCTION, .function = function};
}

static inline struct datum datum_table(struct table *table)
{
    return (struct datum){.type = DATUM_OBJECT, .backing = BACKING_BUILT, .table = table};
}

/* An array that borrows `items`. */
static inline struct datum datum_array(const struct datum *items, size_t count, uint8_t flags)
{
    return (struct datum){
        .type = DATUM_ARRAY, .flags = flags, .backing = BACKING_BUILT, .count = (uint32_t)count, .items = items};
}

/* A JSON value as a datum, in its place: a datum that is copied around costs more than reading the value. */
static inline void datum_read(struct datum *out_datum, const struct value *value)
{
    _Static_assert(DATUM_OBJECT - DATUM_NULL == (int)VALUE_OBJECT - (int)VALUE_NULL, "the same order");
    out_datum->type = (uint8_t)((int)value->type + DATUM_NULL);
    out_datum->flags = 0;
    out_datum->backing = BACKING_JSON;
    out_datum->boolean = value->boolean;
    out_datum->count = value->count;
    out_datum->origin = value;
    if (value->type == VALUE_NUMBER) {
        out_datum->number = value->number;
    } else if (value->type == VALUE_STRING) {
        out_datum->string = value->string;
    }
}

/* The same; undefined for NULL. */
static inline struct datum datum_of(const struct value *value)
{
    struct datum datum = DATUM_NONE;
    if (value != NULL) {
        datum_read(&datum, value);
    }
    return datum;
}

static inline bool datum_is(struct datum datum, enum datum_type type)
{
    return datum.type == type;
}

static inline bool datum_is_sequence(struct datum datum)
{
    return datum.type == DATUM_ARRAY && (datum.flags & DATUM_SEQUENCE) != 0;
}

/* Items of an array; requires one. */
static inline uint32_t datum_count(struct datum array)
{
    ASSERT(array.type == DATUM_ARRAY);
    return array.count;
}

static inline struct datum datum_item(struct datum array, uint32_t index)
{
    ASSERT(index < array.count);
    switch ((enum datum_backing)array.backing) {
    case BACKING_JSON:
        return datum_of(array.origin->items[index]);
    case BACKING_BUILT:
        return array.items[index];
    case BACKING_RANGE:
        return datum_number((double)(array.first + index));
    }
    UNREACHABLE("array backing");
}

/* The untouched JSON value that an item is, or NULL. */
static inline const struct value *datum_item_value(const struct datum *array, uint32_t index)
{
    ASSERT(index < array->count);
    return array->backing == BACKING_JSON    ? array->origin->items[index]
           : array->backing == BACKING_BUILT ? array->items[index].origin
                                             : NULL;
}

/* The array itself, or an array of the one datum (which must outlive it). */
struct datum datum_as_array(const struct datum *datum);

/* Members of an object; requires one. */
uint32_t datum_member_count(struct datum object);
struct datum datum_member(struct datum object, uint32_t index, struct str *out_key);
struct datum datum_get(struct datum object, struct str key);

/* What walks of data have cost. Data may share their parts: {'a': $x, 'b': $x} made of itself thirty times over takes little
 * memory, but has a thousand million members for who walks it. A walk counts a step an item, and once it is past steps_max it
 * ends early with any answer: whoever asked must look, and fail. */
struct datum_work {
    uint64_t steps;
    uint64_t steps_max;
};

static inline bool datum_work_is_over(const struct datum_work *work)
{
    return work->steps > work->steps_max;
}

/* Deep equality as JSONata's `=`. Values nested deeper than JSON_DEPTH_MAX are not equal. */
bool datum_equal(struct datum_work *work, struct datum a, struct datum b);

/* Equal data have equal hashes. */
uint64_t datum_hash(struct datum_work *work, struct datum datum);

/* What JSONata takes for true. Undefined is not. */
bool datum_truth(struct datum_work *work, struct datum datum);

/* The datum as JSON: functions and undefined items as null (as JSON.stringify), undefined members left out. STATUS_INVALID
 * when nested deeper than JSON_DEPTH_MAX. *out_value is NULL for undefined and for a function. Past the work's limit arrays and
 * objects end early. */
MUST_CHECK enum status datum_to_value(struct arena *arena, struct datum_work *work, struct datum datum,
                                      const struct value **out_value);

/* At most so many bytes of the arena an item takes, the text of strings aside. */
#define DATUM_VALUE_BYTES_MAX 192

#endif
