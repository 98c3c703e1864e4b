/* One call of the API, from its request to its answer. An operation (operations.def) reads the request and says, before it
 * returns, one of
 *
 *     call_answer     here is the answer
 *     call_refuse     this exception
 *     call_command    a command or result goes to pawl; its Reply will be the answer, once the view shows what it did
 *     call_poll       it waits for an activity's task
 *
 * What it is given lies in the call's arena, as does what it makes. */
#ifndef PAWL_GATEWAY_CALL_H
#define PAWL_GATEWAY_CALL_H

#include "asl/value.h"
#include "gateway/activities.h"
#include "gateway/client.h"
#include "gateway/gateway_parts.h"
#include "gateway/operations.h"
#include "gateway/view.h"

enum call_state {
    CALL_RUNNING,
    CALL_ANSWERED,
    CALL_COMMANDS, /* call_launch will send it */
    CALL_POLLS,    /* call_launch will let it wait */
};

/* What a command does, and where the view must show it before the answer is given. */
enum call_effect {
    CALL_CHANGES_NOTHING,
    CALL_CHANGES_MACHINE,   /* key: its ARN */
    CALL_DELETES_MACHINE,   /* key: its ARN */
    CALL_STARTS_EXECUTION,  /* the Reply's data has its executionArn */
    CALL_STOPS_EXECUTION,   /* key: its ARN */
    CALL_REDRIVES_EXECUTION, /* key: its ARN */
    CALL_ANSWERS_TASK,      /* the request has its taskToken */
    CALL_RUNS_EXPRESS,      /* the Reply's data has its executionArn; the answer waits for its end */
};

/* Makes the answer out of a Reply that accepts. */
typedef enum status (*call_then_fn)(struct call *call, const struct reply *reply);

struct call {
    /* For operations to read. */
    struct gateway *gateway;
    struct arena *arena;
    const struct operation *operation;
    const struct value *request; /* an object that has passed validate_request */
    struct str principal;        /* who asks; STR_NONE: nobody known */
    int64_t now_ms;
    /* For an operation that has called call_command: NULL: the Reply's data is the answer. */
    call_then_fn then;

    /* The rest is call.c's, and for http.c to read. */
    enum call_state state;
    unsigned http_status;
    struct str error; /* the exception's name; STR_NONE: none */
    struct str body;
    enum call_effect effect;
    struct client_request command;
    struct view_wait wait;
    const struct reply *reply;
    struct activities_poller poller;
    bool (*is_gone)(const struct call *call); /* whether the caller has hung up */
    void (*answered)(struct call *call); /* called once, from any thread, after call_launch */
    void *owner;
};

/* ---- For operations ---- */

/* A member of the request. Absent: STR_NONE, RECORD_NONE, the other value; of a structure or list, its compact JSON text. */
struct str call_text(const struct call *call, const char *name);
bool call_has(const struct call *call, const char *name);
int64_t call_number(const struct call *call, const char *name);
bool call_boolean(const struct call *call, const char *name, bool absent);
MUST_CHECK enum status call_json(const struct call *call, const char *name, struct str *out_text);

/* `json` is the whole answer, an object. */
MUST_CHECK enum status call_answer(struct call *call, struct str json);

/* One of the exceptions that the model declares for the operation. NUL in what is formatted ends it: texts from outside
 * are better given to call_refuse_quoting. */
MUST_CHECK enum status call_refuse(struct call *call, struct str exception, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The usual shape of AWS's messages: "<what>: '<quoted>'". */
MUST_CHECK enum status call_refuse_quoting(struct call *call, struct str exception, const char *what, struct str quoted);

/* `record` is of the union `command` or `task_result`, `value` its struct without reply address and principal, `key` the
 * record's key (bytes == NULL: none, any partition will do). */
MUST_CHECK enum status call_command(struct call *call, enum record_id record, void *value, struct str key,
                                    enum call_effect effect);

/* The next task of the activity is the answer, or that there is none. worker_name may be STR_NONE. */
MUST_CHECK enum status call_poll(struct call *call, struct str activity_arn, struct str worker_name);

/* ---- For http.c ---- */

/* Checks the request and runs the operation: CALL_ANSWERED, or what call_launch is for. */
void call_run(struct call *call, struct str target, struct str body);

/* Goes on with one that is not answered: call->answered will be called, perhaps before this returns. */
void call_launch(struct call *call);

/* An exception for a request that is none. */
void call_fail(struct call *call, struct str exception, struct str message);

#endif
