/* JSONPath as Step Functions has it: Jayway's dialect over `$` (input), `$$` (context object) and `$name` (variable).
 *
 * A path is compiled once, with the definition, into the definition's arena; it is immutable and shared by threads. */
#ifndef PAWL_ASL_JSONPATH_PATH_H
#define PAWL_ASL_JSONPATH_PATH_H

#include "asl/value.h"
#include "base/env.h"

struct path;

/* What paths are evaluated against. context and variables may be NULL: then a path into them finds nothing. */
struct path_roots {
    const struct value *input;     /* `$` */
    const struct value *context;   /* `$$`: the context object */
    const struct value *variables; /* `$name`: an object with a member a variable */
    struct env *env;               /* where the work is counted; NULL: nowhere */
};

enum path_root { PATH_ROOT_INPUT, PATH_ROOT_CONTEXT, PATH_ROOT_VARIABLE };

/* STATUS_INVALID when `text` is no path; *out_message (may be NULL) says why. The path borrows nothing of `text`. */
MUST_CHECK enum status path_compile(struct arena *arena, struct str text, const struct path **out_path, struct str *out_message);

/* Whether the text ends with a bracket that was just opened: Jayway takes "$.a[" for "$.a", a definition should not. */
bool path_is_open(struct str text);

struct str path_text(const struct path *path);
enum path_root path_root(const struct path *path);

/* The variable's name of a PATH_ROOT_VARIABLE path. */
struct str path_variable(const struct path *path);

/* Whether it is a Reference Path: only .name, ['name'] and [n] with n ≥ 0. */
bool path_is_reference(const struct path *path);

/* Whether it is exactly `$`. */
bool path_is_root(const struct path *path);

/* The value the path finds: a definite path gives the value itself, an indefinite one an array, empty when nothing matches.
 * Nothing found: STATUS_NOT_FOUND and *out_message is Jayway's text ("No results for path: $['x']",
 * "Missing property in path $['a']"). STATUS_INVALID: a function or filter could not be applied, or the path costs more than
 * PATH_VISITS_MAX or what the env has left; the message says why. Both are failures of the workflow, the same whenever it is asked.
 * out_message may be NULL. */
MUST_CHECK enum status path_evaluate(struct arena *arena, const struct path *path, const struct path_roots *roots,
                                     const struct value **out_value, struct str *out_message);

/* The same of a Reference Path into `$` over the input's text, which is valid JSON: only what it finds is parsed. No messages:
 * whoever needs one parses all of it. */
MUST_CHECK enum status path_scan(struct arena *arena, const struct path *path, struct str text, const struct value **out_value);

/* ResultPath: `input` with `result` at the reference path into `$` (which is required), missing objects made on the way.
 * STATUS_NOT_FOUND when it cannot be applied (States.ResultPathMatchFailure: a step into something that is no object, an
 * array index that is not there). */
MUST_CHECK enum status path_put(struct arena *arena, const struct path *path, const struct value *input,
                                const struct value *result, const struct value **out_output);

#endif
