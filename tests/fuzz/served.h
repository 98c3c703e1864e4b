/* What a call of the API needs of a gateway before it is sent on: a bus, and a view that shows a machine with a version and an
 * alias, an activity, and an execution with two events. */
#ifndef PAWL_TESTS_FUZZ_SERVED_H
#define PAWL_TESTS_FUZZ_SERVED_H

#include "gateway/call.h"

#define SERVED_NOW_MS 1700000000000
#define SERVED_MACHINE "arn:aws:states:us-east-1:000000000000:stateMachine:m"
#define SERVED_EXECUTION "arn:aws:states:us-east-1:000000000000:execution:m:e"
#define SERVED_ACTIVITY "arn:aws:states:us-east-1:000000000000:activity:a"

/* The one of this process, opened by the first who asks and closed at exit. */
struct gateway *served_gateway(void);

/* A call as http.c begins it. */
struct call served_call(struct arena *arena);

#endif
