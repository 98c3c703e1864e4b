/* A state that TestState tries, with what it is given, and the interpreters that run it. */
#ifndef PAWL_GATEWAY_TRIAL_H
#define PAWL_GATEWAY_TRIAL_H

#include "asl/interpreter.h"
#include "gateway/tested_state.h"

#define TRIAL_MEMORY_BYTES_MAX ((size_t)128 * 1024 * 1024)

/* All in the call's arena. */
struct trial {
    struct tested_state tested;
    struct str input; /* JSON text */
    const struct value *input_value;
    const struct value *context;
    const struct value *variables; /* NULL: none */
};

/* Started on the input. An interpreter of TESTED_AS_ITEMS counts no events: the Map of the real run has none of them. The caller
 * destroys what is there, after a failure too. */
MUST_CHECK enum status trial_start(struct call *call, const struct trial *trial, enum tested_form form,
                                   struct interpreter **out_interpreter);

#endif
