/* One machine, in process, no bus, virtual time: what `pawl run` and the tests of recorded executions are made of.
 *
 * Tasks are answered from a list of mocks in the order they are asked for; when none can be answered, time moves on to the
 * next timer. A month's Wait takes no time. */
#ifndef PAWL_CLI_MACHINE_RUN_H
#define PAWL_CLI_MACHINE_RUN_H

#include "asl/interpreter.h"
#include "asl/value.h"

/* An answer to a task. A mock answers the first open task that it fits, once. */
struct machine_run_mock {
    struct str resource;            /* STR_NONE: any */
    struct str state_name;          /* STR_NONE: any */
    const struct value *parameters; /* NULL: any */
    struct str submitted;           /* JSON text told as TaskSubmitted before; STR_NONE: none */
    struct str worker_name;         /* told as TaskStarted before; STR_NONE: none */
    struct str output;              /* JSON text; STR_NONE: fails or never answers */
    bool fails;                     /* with error and cause; else, without output, it never answers */
    struct str error;
    struct str cause;
    bool repeats;                   /* answers any number of tasks */
    bool used;
};

struct machine_run {
    struct interpreter *interpreter; /* started; the caller's */
    struct machine_run_mock *mocks;
    size_t mock_count;
    /* Asked for a task that no mock fits; the answer's texts live in `arena`. NULL: nobody is asked. */
    enum status (*answer)(void *owner, struct arena *arena, const struct task_request *request,
                          struct machine_run_mock *out_answer);
    void *owner;
    bool must_answer; /* a task that nothing answers ends the run, though it has a timeout */
};

/* Runs until the execution ends. STATUS_TIMED_OUT: it waits for a task that nothing answers, and for no time (but see must_answer);
 * *out_waiting_for is its state. */
MUST_CHECK enum status machine_run(struct machine_run *run, struct str *out_waiting_for);

#endif
