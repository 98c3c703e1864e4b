/* The AWS Step Functions API as a client speaks it: calls of operations at an endpoint, JSON 1.0. */
#ifndef PAWL_CLI_API_H
#define PAWL_CLI_API_H

#include "asl/value.h"
#include "cli/context.h"
#include "cli/poster.h"

struct api;

/* A client of the context's endpoint; credentials for signatures come from the environment, as AWS's tools take them. Each
 * belongs to one thread at a time. */
enum exit_code api_open(struct context *context, struct str endpoint, struct api **out_api);
void api_close(struct api *api);

struct api_call {
    uint64_t number;      /* the caller's, comes back in the answer */
    struct str operation; /* "StartExecution" */
    struct str body;      /* JSON, an object; copied */
    int64_t timeout_ms;
};

struct api_answer {
    uint64_t number;
    enum exit_code code; /* OK: accepted, or refused by an exception. Otherwise there is no answer, and `problem` says why */
    struct str problem;
    struct str error; /* the exception's name; STR_NONE: accepted */
    struct str message;
    struct str body;
};

/* ---- Many at once; texts lie in the arena that is given ---- */

/* LIMIT_EXCEEDED: no memory. */
MUST_CHECK enum status api_send(struct api *api, struct arena *arena, const struct api_call *call);
/* The next answer; waits at most wait_ms. END: none so far. */
MUST_CHECK enum status api_next(struct api *api, struct arena *arena, int wait_ms, struct api_answer *out_answer);
/* Sends one and waits for its answer, or for api_cancel. END: it was cancelled. Requires that nothing else is on its way. */
MUST_CHECK enum status api_call(struct api *api, struct arena *arena, const struct api_call *call, struct api_answer *out_answer);
/* Has api_call return, and every later one, from any thread. */
void api_cancel(struct api *api);

/* ---- For commands ---- */

/* One call within client.timeout.ms: its answer, an object, or a failure that is told. The exception `absent` (NULL: none) is no
 * failure, and leaves *out_value NULL. */
enum exit_code api_ask(struct context *context, struct arena *arena, const char *operation, struct str body,
                       const char *absent, const struct value **out_value);

/* The exit code of a refusal by that exception. */
enum exit_code api_refusal_code(struct str error);

/* What is said by an answer that did not come from the API, or not at all; exported for its tests. */
MUST_CHECK enum status api_read(struct arena *arena, struct str endpoint, const struct posted *posted,
                                struct api_answer *out_answer);

#endif
