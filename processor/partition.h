/* One partition that a stream thread was given: its phase, its positions, its rows. */
#ifndef PAWL_PROCESSOR_PARTITION_H
#define PAWL_PROCESSOR_PARTITION_H

#include "bus/bus.h"
#include "processor/machine_counts.h"
#include "state/store.h"

/* A partition that was assigned goes down this list; being fenced takes it back to the top. */
enum partition_phase {
    PARTITION_ASSIGNED,  /* fetch the group's stable offsets, and then … */
    PARTITION_WAITING,   /* … wait until no other thread of this process holds its rows, nor a standby, and then … */
    PARTITION_RESTORING, /* … wait for the restorer, and then … */
    PARTITION_RESTORED,  /* … compare commit row and stable offsets, seek, and then it is … */
    PARTITION_ACTIVE,
    PARTITION_REFUSED, /* … or can't be taken over: `refusal` says why */
    PARTITION_PARKED,  /* the store has no room, or can't be read: `refusal` says why. Later it begins at the top again */
};

#define PARTITION_USAGE_UNKNOWN INT64_MIN /* of usage_minute: the rows must be looked at */

enum input { INPUT_COMMANDS, INPUT_RESULTS, INPUT_COUNT };

/* What a commit makes true and an abort takes back. */
struct partition_progress {
    int64_t next[INPUT_COUNT]; /* offsets to be read next */
    int64_t sequence;          /* of the last commit row */
};

/* A record or timer that is being tried again: what was done for it since it was first seen. */
struct partition_attempt {
    bool is_timer;
    enum input input;
    int64_t offset; /* of the record */
    struct timer_key timer;
    uint32_t count;          /* needs met for it */
    bool definition_awaited; /* pawl.definitions was read to the end: what is not there now does not exist */
    bool definition_overdue; /* it was waited for as long as a start waits */
    bool rows_unreadable;    /* what it needs of the rows could not be read; they were rebuilt since */
    bool routes_refused;     /* `refusal` says why */
    char refusal[512];
};

/* Uses of one machine in one minute, and how its executions ended, by the present batch. */
struct partition_usage {
    struct partition_usage *next;
    int64_t minute;
    struct str state_machine_arn;
    int64_t transitions;
    int64_t executions_started;
    struct machine_counts counts; /* for the metrics */
};

struct restorer_job;

struct partition {
    uint32_t id;
    enum partition_phase phase;
    bool holds_rows; /* the process's owner table names this thread */
    char refusal[512];     /* kept from being parked until it is active again; empty: nothing is wrong */
    int64_t parked_ms;     /* since when */
    uint32_t io_failures;  /* that parked it, without a write since */
    uint32_t disagreements; /* between group and commit row, in a row */
    bool rows_broken;       /* a row can't be read: they are to be rebuilt from the changelog */
    uint32_t rebuilds;      /* for that reason */
    struct bus_position stable;
    struct restorer_job *restore;
    struct store store;

    struct partition_progress committed;
    struct partition_progress current;

    /* The present batch. */
    bool touched;
    int64_t row_count;             /* changelog records */
    struct partition_usage *usage; /* in the batch's arena */

    /* Waits for pawl.definitions to be read up to `wait_end`, paused. */
    bool waiting;
    int64_t wait_end;
    int64_t wait_until_ms;
    struct partition_attempt attempt;

    bool seek_pending;    /* the bus must be told to deliver from `current` */
    int64_t usage_minute; /* of the oldest usage row; INT64_MAX: none */
};

/* Whether its records are delivered from `current` on: then each that was delivered is handled. */
static inline bool partition_is_ready(const struct partition *partition)
{
    return partition->phase == PARTITION_ACTIVE && !partition->waiting && !partition->seek_pending;
}

#endif
