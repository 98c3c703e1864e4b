/* A Task's Resource, taken apart (ASL.md, section 12). */
#ifndef PAWL_ASL_RESOURCE_H
#define PAWL_ASL_RESOURCE_H

#include "base/arena.h"

struct nearest;

enum resource_kind {
    RESOURCE_LAMBDA,      /* arn:<p>:lambda:<r>:<acct>:function:<name>[:qualifier] */
    RESOURCE_ACTIVITY,    /* arn:<p>:states:<r>:<acct>:activity:<name> */
    RESOURCE_INTEGRATION, /* arn:<p>:states:::<service>:<action> */
};

enum resource_pattern {
    RESOURCE_REQUEST_RESPONSE,
    RESOURCE_SYNC,
    RESOURCE_WAIT_FOR_TASK_TOKEN,
};

struct resource {
    enum resource_kind kind;
    enum resource_pattern pattern;
    struct str service; /* integration: "lambda", "aws-sdk:s3"; lambda, activity: STR_NONE */
    struct str action;  /* integration: "invoke.waitForTaskToken", with its suffix */
    struct str name;    /* lambda: the function; activity: its name */
};

/* Slices of `arn`. STATUS_INVALID when it is none of the forms. */
MUST_CHECK enum status resource_parse(struct str arn, struct resource *out_resource);

/* Whether a Task may have it: an integration must be one that AWS has, in a pattern that it has (asl/integrations.def). */
bool resource_is_known(const struct resource *resource);

/* Tries the names of all optimized integrations, "lambda:invoke". */
void resource_try_names(struct nearest *nearest);

#endif
