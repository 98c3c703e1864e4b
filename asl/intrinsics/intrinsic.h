/* The intrinsic functions `States.*` of JSONPath states (Amazon States Language, "Intrinsic Functions"). */
#ifndef PAWL_ASL_INTRINSICS_INTRINSIC_H
#define PAWL_ASL_INTRINSICS_INTRINSIC_H

#include "asl/failure.h"
#include "asl/jsonpath/path.h"
#include "base/env.h"

struct intrinsic;

/* Whether `text` begins as an intrinsic call does ("States."). */
bool intrinsic_is_call(struct str text);

/* STATUS_INVALID when it is no valid call (unknown name, wrong number of arguments, bad escape, more than
 * INTRINSIC_DEPTH_MAX nested); *out_message says why. Compiled into the definition's arena, immutable. */
MUST_CHECK enum status intrinsic_compile(struct arena *arena, struct str text, const struct intrinsic **out_call,
                                         struct str *out_message);

/* The name of the outermost function, "States.Format". */
struct str intrinsic_name(const struct intrinsic *call);

/* Calls `visit` for every path among the arguments, at any depth. */
void intrinsic_paths(const struct intrinsic *call, void (*visit)(void *owner, const struct path *path), void *owner);

/* The result. A failure (argument of a wrong type, a path that finds nothing, over a limit) is in *out_failure: error
 * States.Runtime as AWS reports it. `env` gives States.UUID and MathRandom their chance. */
MUST_CHECK enum status intrinsic_evaluate(struct arena *arena, const struct intrinsic *call, const struct path_roots *roots,
                                          struct env *env, const struct value **out_value, struct failure *out_failure);

#endif
