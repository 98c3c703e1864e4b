/* A compiled call, and what its functions are given. Private to asl/intrinsics/. */
#ifndef PAWL_ASL_INTRINSICS_INTRINSIC_CALL_H
#define PAWL_ASL_INTRINSICS_INTRINSIC_CALL_H

#include "asl/intrinsics/intrinsic.h"

enum intrinsic_function {
#define INTRINSIC(id, name, least, most, call) INTRINSIC_##id,
#include "asl/intrinsics/intrinsics.def"
    INTRINSIC_FUNCTION_COUNT
};

/* One of the three. */
struct intrinsic_argument {
    const struct path *path;
    const struct intrinsic *call;
    const struct value *value;
    struct str template; /* of a quoted string: what stands between the quotes, with its escapes */
};

struct intrinsic {
    struct str text; /* the call as it was written */
    enum intrinsic_function function;
    uint32_t count;
    const struct intrinsic_argument *arguments;
};

/* One evaluation. */
struct intrinsic_run {
    struct arena *arena;
    const struct path_roots *roots;
    struct env *env;
    struct failure *failure;
};

/* What a function gets: its call and its evaluated arguments, call->count of them. */
struct intrinsic_frame {
    struct intrinsic_run *run;
    const struct intrinsic *call;
    const struct value *const *values;
};

/* The workflow's failure: sets it, with a cause as AWS words it ("The function '…' had the following error: …"), and answers
 * STATUS_REFUSED, with which the functions end. */
MUST_CHECK enum status intrinsic_fail(const struct intrinsic_frame *frame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Argument `at` must be of that type. */
MUST_CHECK enum status intrinsic_need(const struct intrinsic_frame *frame, uint32_t at, enum value_type type);

/* Argument `at` must be a number; rounded half up, as AWS does. */
MUST_CHECK enum status intrinsic_need_integer(const struct intrinsic_frame *frame, uint32_t at, int64_t *out_number);

/* Argument `at` must be a string of at most INTRINSIC_TEXT_CHARACTERS_MAX characters. */
MUST_CHECK enum status intrinsic_need_text(const struct intrinsic_frame *frame, uint32_t at, struct str *out_text);

#define INTRINSIC(id, name, least, most, call)                                                                             \
    MUST_CHECK enum status call(const struct intrinsic_frame *frame, const struct value **out_value);
#include "asl/intrinsics/intrinsics.def"

#endif
