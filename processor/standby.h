/* Standby copies: the rows of partitions that other processes own, kept up to date from the changelog, so that taking one
 * over takes no longer than reading what is still missing.
 *
 * One thread, or the simulator, does all the work, in standby_step. Stream threads only say which partitions are theirs: a
 * copy is let go of before its partition's rows are given to a stream thread (processor/owners.h), and taken up again,
 * from where the rows are, when the partition has gone elsewhere. */
#ifndef PAWL_PROCESSOR_STANDBY_H
#define PAWL_PROCESSOR_STANDBY_H

#include "processor/config.h"
#include "processor/counters.h"
#include "processor/owners.h"
#include "processor/topics.h"

#include <stdbool.h>

struct standby;

struct standby_parts {
    const struct processor_config *config;
    struct bus *bus;
    struct kv *kv;
    struct topics *topics;
    const struct codec *codec;
    struct owners *owners;
    struct counters *counters;
};

/* Borrows everything. */
MUST_CHECK enum status standby_create(const struct standby_parts *parts, struct standby **out_standby);
void standby_destroy(struct standby *standby);

/* The partition is a stream thread's of this process, or no longer; calls come in pairs, from any thread. Its rows may be
 * had some milliseconds later. */
void standby_suspend(struct standby *standby, uint32_t partition);
void standby_resume(struct standby *standby, uint32_t partition);

/* Asks now and then who owns what, and brings each copy on a little. *out_idle: there was nothing to do. By one thread. */
void standby_step(struct standby *standby, bool *out_idle);

struct standby_status {
    uint32_t wanted; /* partitions to keep copies of */
    uint32_t copies; /* that are followed */
    int64_t lag;     /* changelog records, committed and not applied yet, of all copies */
};

/* From any thread. */
void standby_status(struct standby *standby, struct standby_status *out_status);

#endif
