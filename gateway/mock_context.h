/* The context object of a TestState request: as given, or as AWS makes it. */
#ifndef PAWL_GATEWAY_MOCK_CONTEXT_H
#define PAWL_GATEWAY_MOCK_CONTEXT_H

#include "gateway/tested_state.h"

/* Refuses the call in AWS's words when what is given can't be one, and then *out_refused. */
MUST_CHECK enum status mock_context_read(struct call *call, const struct tested_state *tested, struct str input,
                                         const struct value **out_context, bool *out_refused);

#endif
