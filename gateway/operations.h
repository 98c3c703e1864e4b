/* The operations of the API, from operations.def. */
#ifndef PAWL_GATEWAY_OPERATIONS_H
#define PAWL_GATEWAY_OPERATIONS_H

#include "base/status.h"
#include "gateway/shapes.h"

struct call;

/* Answers the call or says how it will be answered (gateway/call.h). Other statuses than OK are the gateway's own trouble:
 * the caller is told InternalFailure. */
typedef enum status (*operation_fn)(struct call *call);

struct operation {
    struct str name;
    enum shape_id input;
    operation_fn run;
};

enum operation_id {
#define OPERATION(name, function) OPERATION_##name,
#include "gateway/operations.def"
    OPERATION_COUNT
};

extern const struct operation operations[OPERATION_COUNT];

/* The operation of X-Amz-Target's "AWSStepFunctions.<name>", or NULL. */
const struct operation *operations_find(struct str target);

#endif
