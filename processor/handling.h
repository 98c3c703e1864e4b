/* What handling one record or one due timer works with, from its decoding to its messages. */
#ifndef PAWL_PROCESSOR_HANDLING_H
#define PAWL_PROCESSOR_HANDLING_H

#include "asl/step.h"
#include "processor/config.h"
#include "processor/counters.h"
#include "processor/definitions.h"
#include "processor/outbox.h"
#include "processor/partition.h"
#include "processor/topics.h"

/* What must be done outside of a transaction before the record can be handled: the batch ends before it. */
enum need_type {
    NEED_NOTHING,
    NEED_MACHINE,    /* compile `arn`#`revision_id`, which was published */
    NEED_DEFINITION, /* wait until pawl.definitions is read to its end */
    NEED_ROUTES,     /* open or make the topics of `routes` */
    NEED_REPLY,      /* look for the topic `name` */
};

struct need {
    enum need_type type;
    struct str arn;
    struct str revision_id;
    struct str name;
    const struct str *routes;
    size_t route_count;
};

/* Where a command or result wants its answer: its reply fields. */
struct reply_to {
    struct str topic;          /* STR_NONE: nowhere */
    int64_t partition;         /* RECORD_NONE: 0 */
    struct str correlation_id; /* STR_NONE: none */
};

/* A task that a record asks for, when transactions with the record fail again and again. */
struct blame {
    const struct bus_topic *topic; /* of its route; NULL: it asks for none */
    size_t bytes;                  /* of the largest request */
    bool too_large;                /* that is why they fail */
    char reason[256];
};

/* What a step notes on its way, for when it stands. A step that is taken back has noted nothing: all zero, as it began. */
struct handling_notes {
    struct str parked_arn;    /* what the loop logs: an execution that was parked, … */
    struct str parked_reason; /* … with why; STR_NONE: none was */
    bool blamed;              /* a task was refused for the sake of `blame` */
    struct str given_up;      /* why the record or timer was given up; STR_NONE: it was not */
    struct str usage_machine_arn;
    int64_t usage_transitions;
    int64_t usage_executions_started;
    enum execution_status_id usage_end; /* how an execution ended; RUNNING: none did */
    int64_t usage_time_us;              /* how long it took then */
    const struct effect_closed_task *closed_task; /* a step closes one at most; NULL: none */
    int64_t counts[COUNTER_COUNT]; /* added to the counters */
};

struct handling {
    /* The thread's */
    const struct processor_config *config;
    struct bus *bus;
    struct topics *topics;
    struct definitions *definitions;
    const struct codec *codec;
    struct counters *counters;

    /* The record's; one of record and timer is NULL. */
    struct arena *arena;
    struct arena *spare; /* for what is to be said when `arena` is full */
    struct env *env;     /* now_ms: the wall clock */
    struct partition *partition;
    const struct partition_attempt *attempt; /* NULL: the first time */
    const struct bus_record *record;
    enum input input;
    struct reply_to reply_to; /* of the record, once it is decoded */
    const struct timer_key *timer;
    const struct blame *blame; /* a route that takes no such request as this record's; NULL: none is suspected */

    /* What comes of it. */
    struct outbox outbox;
    struct need need;              /* with STATUS_RETRIABLE */
    struct definition_use *use;    /* released when the handling is over */
    struct execution_id execution; /* whom an assertion parks */
    bool has_execution;
    struct handling_notes notes;
};

static inline void handling_count(struct handling *handling, enum counter counter)
{
    handling->notes.counts[counter]++;
}

/* Says what is needed first; always STATUS_RETRIABLE. */
static inline enum status handling_needs(struct handling *handling, struct need need)
{
    handling->need = need;
    return STATUS_RETRIABLE;
}

static inline int64_t handling_now_us(const struct handling *handling)
{
    return handling->env->now_ms * 1000;
}

/* The compiled machine of a revision, held until the handling is over. RETRIABLE with a need; NOT_FOUND: there is no
 * such revision; INVALID: it does not compile. */
MUST_CHECK enum status handling_machine(struct handling *handling, struct str arn, struct str revision_id,
                                        const struct machine **out_machine);

#endif
