/* Restores partitions off the committing threads: a list of jobs that some threads, or the simulator, work on. */
#ifndef PAWL_PROCESSOR_RESTORER_H
#define PAWL_PROCESSOR_RESTORER_H

#include "processor/counters.h"
#include "processor/topics.h"
#include "state/restore.h"

struct restorer;
struct restorer_job;

enum restorer_state { RESTORER_RUNNING, RESTORER_DONE, RESTORER_FAILED };

MUST_CHECK enum status restorer_create(struct bus *bus, struct kv *kv, struct topics *topics, const struct codec *codec,
                                       struct counters *counters, struct restorer **out_restorer);

/* All jobs must be closed before. */
void restorer_destroy(struct restorer *restorer);

/* Begins to restore the partition, whose stable offsets the caller has and whose rows it holds. */
MUST_CHECK enum status restorer_submit(struct restorer *restorer, uint32_t partition, struct restorer_job **out_job);

/* FAILED: *out_error tells why. */
enum restorer_state restorer_state(struct restorer *restorer, struct restorer_job *job,
                                   struct restore_progress *out_progress, struct bus_error *out_error);

/* The status that a FAILED one failed by. */
MUST_CHECK enum status restorer_failure(struct restorer *restorer, struct restorer_job *job);

/* Ends the job, done or not; waits while it is being worked on. */
void restorer_close(struct restorer *restorer, struct restorer_job *job);

/* Works on a job that nobody works on, waiting at most timeout_ms for records. *out_idle: there was none. Any thread. */
void restorer_step(struct restorer *restorer, int timeout_ms, bool *out_idle);

#endif
