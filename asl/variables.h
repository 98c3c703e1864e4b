/* The variables of a scope: the machine's top level, one branch of a Parallel, one iteration of a Map (ASL.md, section 10).
 * For asl/ alone.
 *
 * They lie in the frame's row while they are small, else in pages, each a payload row with some of the members: a row stays
 * far below what a record may take, and an Assign writes the pages it changes. */
#ifndef PAWL_ASL_VARIABLES_H
#define PAWL_ASL_VARIABLES_H

#include "asl/run.h"

/* The variables that the frame sees, its own and those of the scopes around it: an object. */
MUST_CHECK enum status variables_seen(struct run *run, struct run_frame *frame, const struct value **out_variables);

/* Whether the frame may set the members of `assigned` (VARIABLE_BYTES_MAX for all of them together, VARIABLES_BYTES_MAX for
 * what the frame then sees); if not, *out_failure says why. */
MUST_CHECK enum status variables_check(struct run *run, struct run_frame *frame, const struct value *assigned,
                                       struct failure *out_failure);

/* Sets members of `assigned` in the frame's own scope. */
MUST_CHECK enum status variables_assign(struct run *run, struct run_frame *frame, const struct value *assigned);

/* Puts what was assigned into the frame's row or its pages, at the end of the step. */
MUST_CHECK enum status variables_place(struct run *run, struct run_frame *frame);

#endif
