/* What a test case expects of its execution: pawl's own addition to mock files. */
#ifndef PAWL_CLI_EXPECTATION_H
#define PAWL_CLI_EXPECTATION_H

#include "asl/interpreter.h"
#include "asl/value.h"

/* Each member STR_NONE or NULL when the test case says nothing of it. */
struct expectation {
    bool given;                 /* the file says what is expected */
    struct str status;          /* "SUCCEEDED" unless an Error or a Cause is expected: then "FAILED" */
    const struct value *output; /* equal as JSON: 1 is 1.0 */
    struct str error;           /* a pattern: `*` is any run of characters */
    struct str cause;
    const struct value *states; /* the names of the states, in the order they are entered */
};

/* What is wrong with a value of the file. */
struct expectation_problem {
    struct str message;
    const struct value *value;
};

/* Reads {"Status","Output","Error","Cause","States"}; `value` NULL: the execution succeeds. INVALID: *out_problem. */
MUST_CHECK enum status expectation_read(struct arena *arena, const struct value *value, struct expectation *out_expectation,
                                        struct expectation_problem *out_problem);

/* STR_NONE, or how the execution, which has ended, is otherwise: one line, and details on further ones. */
MUST_CHECK enum status expectation_check(struct arena *arena, const struct expectation *expectation,
                                         const struct interpreter *interpreter, struct str *out_difference);

#endif
