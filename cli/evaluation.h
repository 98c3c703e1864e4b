/* One expression of a definition, evaluated by itself: what `pawl eval` is made of. */
#ifndef PAWL_CLI_EVALUATION_H
#define PAWL_CLI_EVALUATION_H

#include "asl/value.h"
#include "base/env.h"

enum evaluation_language {
#define LANGUAGE(id, name, evaluate, about) EVALUATION_##id,
#include "cli/languages.def"
    EVALUATION_LANGUAGE_COUNT
};

bool evaluation_find(struct str name, enum evaluation_language *out_language);

/* "jsonpath, jsonata, …", for messages. */
MUST_CHECK enum status evaluation_names(struct arena *arena, struct str *out_names);

/* What came of it: an error, a value, or (value NULL) JSONata's undefined. */
struct evaluation {
    struct str error;          /* STR_NONE: none */
    struct str message;        /* of the error */
    struct str token;          /* of an error of JSONata; STR_NONE: none */
    int64_t position;          /* the same, in characters; -1: none */
    const struct value *value;
    bool is_function;
};

/* Evaluates what `request`, an object, asks for (its members: languages.def). INVALID is never returned: what is wrong with
 * the request is the evaluation's error "InvalidLine". */
MUST_CHECK enum status evaluation_run(struct arena *arena, enum evaluation_language language, const struct value *request,
                                      struct env *env, struct evaluation *out_evaluation);

/* Adds {"result":…}, {"undefined":true} or {"error":…,"message":…}. */
MUST_CHECK enum status evaluation_write(struct buffer *buffer, const struct evaluation *evaluation);

#endif
