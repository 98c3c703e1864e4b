/* The state that a TestState request is about, and the machine in which it is run: that state alone, with a state that
 * succeeds in each place it may go to. */
#ifndef PAWL_GATEWAY_TESTED_STATE_H
#define PAWL_GATEWAY_TESTED_STATE_H

#include "gateway/call.h"

#define TESTED_STATE_NAME STR("StateName") /* what AWS calls a state that is given without one */

struct tested_state {
    struct str name;
    struct str type;
    bool jsonata;
    const struct value *state; /* its definition, an object */
};

/* Where the machine of tested_state_machine goes when the state goes to itself. */
#define TESTED_STATE_ITSELF STR("\x02itself")

/* Finds and validates it. Refuses the call in AWS's words, and then *out_refused. */
MUST_CHECK enum status tested_state_find(struct call *call, struct tested_state *out_tested, bool *out_refused);

/* The variables, an object, could be assigned: their names are names. Refuses the call, and then *out_refused. */
MUST_CHECK enum status tested_state_check_variables(struct call *call, const struct value *variables, bool *out_refused);

/* A machine's text: the variables (an object, or NULL) are assigned, then the state is entered. `as_task`: a Map or Parallel
 * becomes a task with the same flow of data, so that its result can be given to it. */
MUST_CHECK enum status tested_state_machine(struct call *call, const struct tested_state *tested,
                                            const struct value *variables, bool as_task, struct str *out_definition);

#endif
