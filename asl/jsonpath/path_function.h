/* The functions of paths. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_FUNCTION_H
#define PAWL_ASL_JSONPATH_PATH_FUNCTION_H

#include "asl/jsonpath/path_evaluate.h"

/* Whether there is a function of that name. */
bool path_function_find(struct str name, enum path_function *out_function);

/* What the token's function makes of `value`. */
MUST_CHECK enum status path_function_call(struct path_evaluation *evaluation, const struct path_token *token,
                                          const struct value *value, const struct value *document,
                                          const struct value **out_value);

#endif
