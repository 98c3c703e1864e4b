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

/* What the state is in the machine that runs it. */
enum tested_form {
    TESTED_AS_IT_IS,
    TESTED_AS_TASK,   /* a Map or Parallel as a task with the same flow of data, so that its result can be given to it */
    TESTED_AS_ITEMS,  /* a Map with what makes its iterations' inputs alone, each of which ends at once */
    TESTED_FORM_COUNT
};

/* Where the machine of tested_state_machine goes when the state goes to itself. */
#define TESTED_STATE_ITSELF STR("\x02itself")

/* Finds and validates it. Refuses the call in AWS's words, and then *out_refused. */
MUST_CHECK enum status tested_state_find(struct call *call, struct tested_state *out_tested, bool *out_refused);

/* The variables, an object, have names that are names; their values are data. Refuses the call, and then *out_refused. */
MUST_CHECK enum status tested_state_check_variables(struct call *call, const struct value *variables, bool *out_refused);

/* The text of a machine that begins with the state. */
MUST_CHECK enum status tested_state_machine(struct call *call, const struct tested_state *tested, enum tested_form form,
                                            struct str *out_definition);

#endif
