/* One execution in memory, in virtual time: the transition over rows that it keeps itself. For `pawl run`, the tests, and
 * as the plain sequential answer that the simulator compares with.
 *
 * Everything it hands out lives until interpreter_destroy. */
#ifndef PAWL_ASL_INTERPRETER_H
#define PAWL_ASL_INTERPRETER_H

#include "asl/step.h"

struct interpreter;

struct interpreter_options {
    const struct machine *machine;
    const struct step_config *config; /* NULL: the default */
    const struct step_routes *routes; /* NULL: every request arrives */
    struct str arn;                   /* of the execution; STR_NONE: a made-up one */
    struct str state_machine_arn;     /* STR_NONE: a made-up one */
    struct str role_arn;              /* STR_NONE: a made-up one */
    bool express;
    int64_t start_ms;                 /* virtual time at first */
    uint64_t seed;
    size_t memory_bytes_max;          /* of everything together */
    bool observe;                     /* keep the stages of the data flow */
    const struct value *context;      /* stands for the context object, but for Map; NULL: it is made as usual */
    const struct value *variables;    /* of the outermost scope at the start, an object; NULL: none */
};

/* A task that was asked for and not yet answered by interpreter_answer. */
struct interpreter_task {
    const struct task_request *request;
    struct str route;
    bool answered;
};

/* A row as it is stored now; tests count and compare them. */
struct interpreter_counts {
    size_t executions;
    size_t frames;
    size_t payloads;
    size_t timers;
};

MUST_CHECK enum status interpreter_create(const struct interpreter_options *options, struct interpreter **out_interpreter);
void interpreter_destroy(struct interpreter *interpreter);

/* Starts the execution. `input` is valid JSON. */
MUST_CHECK enum status interpreter_start(struct interpreter *interpreter, struct str input);

/* Applies any event; its `execution` is set here. */
MUST_CHECK enum status interpreter_apply(struct interpreter *interpreter, struct step_event event, enum step_outcome *out_outcome);

/* Answers a task by its token: the event's type, output, error, cause, worker_name are as given. */
MUST_CHECK enum status interpreter_answer(struct interpreter *interpreter, const struct task_request *request,
                                          struct step_event event, enum step_outcome *out_outcome);

/* Fires timers in order until none is due; with `to_ms` beyond now, time moves on as they become due, then to to_ms. */
MUST_CHECK enum status interpreter_advance(struct interpreter *interpreter, int64_t to_ms);

/* Fires the timer that is due first, if there is one; time moves on to it. */
MUST_CHECK enum status interpreter_fire(struct interpreter *interpreter);

/* When the next timer of the running execution is due; INT64_MAX: none. */
int64_t interpreter_next_due_ms(const struct interpreter *interpreter);
int64_t interpreter_now_ms(const struct interpreter *interpreter);

/* The present status, or NULL before the start and after it was forgotten. */
const struct execution_status *interpreter_status(const struct interpreter *interpreter);
bool interpreter_is_running(const struct interpreter *interpreter);
size_t interpreter_event_count(const struct interpreter *interpreter);
const struct history_event *interpreter_event(const struct interpreter *interpreter, size_t index);
/* What the stages of the states' data flow produced, with `observe`; in order. */
size_t interpreter_stage_count(const struct interpreter *interpreter);
const struct stage *interpreter_stage(const struct interpreter *interpreter, size_t index);
size_t interpreter_task_count(const struct interpreter *interpreter);
struct interpreter_task *interpreter_task(struct interpreter *interpreter, size_t index);
struct interpreter_counts interpreter_counts(const struct interpreter *interpreter);
int64_t interpreter_transitions(const struct interpreter *interpreter);

/* The arena that everything of it lies in, for what its user makes on the side. */
struct arena *interpreter_arena(struct interpreter *interpreter);

#endif
