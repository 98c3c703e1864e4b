/* One task that a worker has taken: its request, and what came of it. */
#ifndef PAWL_CLI_TASK_H
#define PAWL_CLI_TASK_H

#include "base/arena.h"
#include "bus/bus.h"
#include "schemas/codec/codec.h"
#include "schemas/records.h"

#include <stdatomic.h>

enum task_outcome {
    TASK_UNFINISHED,
    TASK_SUCCEEDED, /* output */
    TASK_FAILED,    /* error, cause */
    TASK_SILENT,    /* nothing is to be said: its deadline is over, or it can't be read */
};

struct task {
    struct arena *arena;   /* owns all of it */
    uint32_t partition;
    int64_t offset;
    const struct task_request *request; /* NULL: it can't be read */
    struct str whole;      /* the request as JSON, when the command wants it */
    enum task_outcome outcome;
    struct str output;
    struct str error;
    struct str cause;
    atomic_bool reported; /* the outcome is durable: the record is done with */
    struct task *next;    /* in the queue that it waits in */
    struct task *next_of_partition;
};

/* From a record of pawl.tasks.<route>, which is copied. NULL: no memory. `whole`: the command wants the whole request. A
 * record that can't be read gives a task without a request; *out_problem says why, in the task's arena. */
struct task *task_create(const struct codec *codec, const struct bus_record *record, bool whole, struct str *out_problem);
void task_destroy(struct task *task);

/* What the command reads: one line of JSON, without its end. */
struct str task_input(const struct task *task);

/* The outcomes. Texts are copied; what is no UTF-8 in them is replaced, and causes keep their last CAUSE_CHARACTERS_MAX
 * bytes. Output that is no JSON is a failure: Pawl.BadOutput. */
void task_succeed(struct task *task, struct str output);
void task_fail(struct task *task, struct str error, struct str cause);

/* The task's result for pawl.results. Requires TASK_SUCCEEDED or TASK_FAILED. */
MUST_CHECK enum status task_result(struct task *task, enum codec_encoding encoding, struct str *out_value);

/* Who has begun, and where he wants to be answered. */
struct task_claim {
    struct str worker_name;    /* STR_NONE: nobody in particular */
    struct str reply_topic;    /* STR_NONE: nowhere */
    struct str correlation_id; /* STR_NONE: none */
};
MUST_CHECK enum status task_started(struct arena *arena, const struct task *task, const struct task_claim *claim,
                                    enum codec_encoding encoding, struct str *out_value);

MUST_CHECK enum status task_heartbeat(struct arena *arena, const struct task *task, enum codec_encoding encoding,
                                      struct str *out_value);

#endif
