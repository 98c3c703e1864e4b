/* The simulated world: processes of the processor over a broker model, their disks, a client, workers, and everything
 * that can go wrong, all from one seed (design, section 12). */
#ifndef PAWL_TESTS_SIM_WORLD_H
#define PAWL_TESTS_SIM_WORLD_H

#include "broker.h"
#include "processor/processor.h"

#define PROCESSES_MAX 3
#define THREADS_MAX 2

struct process {
    struct bus *bus;             /* NULL: down, and cleaned up */
    struct processor *processor; /* NULL: down */
    struct kv *kv;
    uint32_t thread_count;
    bool joined[THREADS_MAX];
    bool in_step[THREADS_MAX]; /* on the stack */
    bool in_restore;
    bool in_follow;
    bool in_open;
    char instance[16];
};

struct play; /* client and workers: play.h */

struct world {
    uint64_t seed;
    bool trace;
    bool chaos;   /* things go wrong */
    bool forgets; /* ended executions are forgotten soon, and their names used again */
    struct chance chance;
    struct broker *broker;
    struct bus *bus; /* the test's own */
    uint32_t partition_count;
    struct process processes[PROCESSES_MAX];
    int process_count;
    int depth; /* of what runs while something stalls */
    struct codec *codec;
    struct play *play;
    uint64_t steps;
    uint64_t crashes;
    char failure[1024]; /* what broke first; empty: nothing */
};

void world_trace(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes what broke; the first one counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Plays the whole seed: chaos, then calm until everything has settled, then the checks. True: all held. */
bool world_play(uint64_t seed, bool trace, struct world *out_world);

/* check.c: whether nothing is left to happen but timers far away; and what must hold then. */
bool world_is_settled(struct world *world);
void check_all(struct world *world);

/* check_definitions.c: what is published of machines, versions and aliases is of one piece, and what their owners have. */
void check_definitions(struct world *world);

#endif
