/* The transition at the heart: (machine, rows, event, env) → effects. Pure: no I/O, no clock, no chance of its own, so that
 * the same code runs on Kafka, on the embedded bus and in the simulator (design, section 1).
 *
 * A step applies one event to one execution and runs on until everything waits: a task's result, a time, a child. It is
 * bounded by STEP_EFFECTS_MAX, STEP_STATES_MAX, STEP_OUTPUT_BYTES_MAX and STEP_MEMORY_BYTES_MAX; past one of them it writes a
 * timer that is due now and gives way.
 *
 * A step that meets a limit of its own (JSON nested deeper than JSON_DEPTH_MAX, say) fails its execution with States.Runtime. */
#ifndef PAWL_ASL_STEP_H
#define PAWL_ASL_STEP_H

#include "asl/effects.h"
#include "asl/machine.h"
#include "asl/stage.h"
#include "asl/token.h"
#include "base/env.h"

enum step_event_type {
    STEP_START,          /* a new execution */
    STEP_STOP,           /* StopExecution */
    STEP_REDRIVE,        /* RedriveExecution */
    STEP_TASK_SUCCEEDED, /* results */
    STEP_TASK_FAILED,
    STEP_TASK_HEARTBEAT,
    STEP_TASK_STARTED,
    STEP_TASK_SUBMITTED,
    STEP_TIMER,          /* a timer row is due */
};

/* STEP_START: the new execution. The caller has made sure that the ARN is free and the input valid JSON within limits. */
struct step_start {
    struct str arn;
    struct str state_machine_arn;
    struct str state_machine_version_arn; /* STR_NONE: none */
    struct str state_machine_alias_arn;   /* STR_NONE: none */
    struct str revision_id;
    struct str role_arn;                  /* STR_NONE: none */
    bool express;
    struct str input;
    struct str trace_header; /* STR_NONE: none, as the next two */
    struct str traceparent;
    struct str tracestate;
    int64_t incarnation;     /* µs; unique for the ARN */
};

struct step_event {
    enum step_event_type type;
    struct execution_id execution;
    const struct step_start *start; /* STEP_START */
    struct str error;               /* STEP_STOP, STEP_TASK_FAILED; STR_NONE: none given */
    struct str cause;
    struct token token;             /* STEP_TASK_… */
    struct str output;              /* STEP_TASK_SUCCEEDED, STEP_TASK_SUBMITTED: valid JSON */
    struct str worker_name;         /* STEP_TASK_STARTED; STR_NONE: none */
    struct str client_token;        /* STEP_REDRIVE; STR_NONE: none given */
    struct effect_timer timer;      /* STEP_TIMER: the row that is due; the step deletes it */
};

/* Configuration that the transition depends on. */
struct step_config {
    struct str region;              /* "us-east-1" */
    struct str account;             /* "000000000000" */
    size_t payload_bytes_max;       /* PAYLOAD_BYTES_MAX */
    int64_t history_events_max;     /* HISTORY_EVENTS_MAX; 0: no cap */
    int64_t map_concurrency_default; /* MAP_CONCURRENCY_DEFAULT */
    int64_t retention_ms;           /* of a closed execution's row and name */
    int64_t redrive_ms;             /* of a failed Standard execution's frames and payloads */
    size_t effects_max;             /* of one step, before it gives way; 0: STEP_EFFECTS_MAX. Tests make it small. */
};
extern const struct step_config step_config_default;

enum step_outcome {
    STEP_APPLIED,
    STEP_UNKNOWN,   /* no such execution, or a token that it never gave out: InvalidToken / ExecutionDoesNotExist */
    STEP_LATE,      /* the task has ended or is of an earlier attempt: TaskTimedOut */
    STEP_CLOSED,    /* STEP_STOP of a closed execution: nothing to do */
    STEP_REPEATED,  /* STEP_REDRIVE with a client token that has redriven it: nothing to do */
    STEP_NOT_REDRIVABLE, /* redrive_refusal says why */
    STEP_TAKEN,     /* STEP_TASK_STARTED of an activity task that another worker holds */
    STEP_MISPLACED, /* STEP_TASK_SUBMITTED of a task that is not handed over: neither .sync nor .waitForTaskToken */
};

/* What a task is asked for by: a route that fails fails the task, an activity that is not there the state. */
struct step_routes {
    void *owner;
    /* *out_cause: why it never would, naming where to, in `arena`; STR_NONE: it would. */
    enum status (*refusal)(void *owner, struct arena *arena, struct str route, const struct task_request *request,
                           struct str *out_cause);
    /* Whether the activity exists, asked before its task is scheduled. */
    enum status (*has_activity)(void *owner, struct str arn, bool *out_exists);
};

struct step {
    struct arena *arena;            /* of the event; effects lie in it */
    const struct machine *machine;  /* of the execution's revision */
    const struct rows *rows;
    struct env *env;                /* now_ms: the wall clock; the step raises it to the execution's last time */
    const struct step_config *config;
    const struct stage_observer *observer; /* NULL: nobody looks on */
    const struct step_routes *routes; /* NULL: every request arrives, and every activity exists */
    const struct value *context;           /* stands for the context object, but for Map; NULL: it is made as usual */
    const struct value *variables;         /* of the outermost scope at the start, an object; NULL: none */
};

/* Applies the event. STATUS_OK: *out_outcome, and the effects (none unless STEP_APPLIED). LIMIT_EXCEEDED: the arena is
 * full; nothing may be used. Other statuses come from the rows port. */
MUST_CHECK enum status step_apply(const struct step *step, const struct step_event *event, struct effects *out_effects,
                                  enum step_outcome *out_outcome);

#endif
