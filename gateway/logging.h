/* The loggingConfiguration of a request. */
#ifndef PAWL_GATEWAY_LOGGING_H
#define PAWL_GATEWAY_LOGGING_H

#include "gateway/call.h"

/* What is given, with AWS's defaults for what is not; STR_NONE: none is given. Refuses the call, and then *out_refused, when
 * something is to be logged and there is not exactly one place to log it to. */
MUST_CHECK enum status logging_read(struct call *call, struct str *out_configuration, bool *out_refused);

#endif
