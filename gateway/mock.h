/* The mock of a TestState request: what stands for the result of a task, Map or Parallel. */
#ifndef PAWL_GATEWAY_MOCK_H
#define PAWL_GATEWAY_MOCK_H

#include "gateway/call.h"

struct mock {
    bool given;
    struct str result; /* JSON text; STR_NONE: it fails */
    struct str error;
    struct str cause;
};

/* What is mocked: a state of the type. `state` is its definition. */
struct mock_subject {
    struct str type;
    const struct value *state;
};

/* Reads and checks it. Refuses the call in AWS's words, and then *out_refused. */
MUST_CHECK enum status mock_read(struct call *call, const struct mock_subject *subject, struct mock *out_mock,
                                 bool *out_refused);

/* A member of `stateConfiguration`, which says more of what is mocked. NULL: it is not given. */
const struct value *mock_configuration(const struct call *call, struct str name);

#endif
