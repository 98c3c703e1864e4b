/* The simulated world: processes of the processor over a broker model, their disks, a client, workers, and everything
 * that can go wrong, all from one seed (design, section 12). */
#ifndef PAWL_TESTS_SIM_WORLD_H
#define PAWL_TESTS_SIM_WORLD_H

#include "broker.h"
#include "processor/processor.h"

#define PROCESSES_MAX 3
#define THREADS_MAX 2

/* What is played: all that the seed says, or less of it. */
struct world_options {
    uint64_t seed;
    bool trace;
    const struct fault_list *only; /* no other fault strikes; NULL: the seed's */
    uint32_t starts_max;           /* executions that the client asks for */
    uint32_t steps_max;            /* until nothing goes wrong any more */
    uint32_t processes_max;
};

extern const struct world_options world_options_whole; /* nothing is left out; the seed is to be set */

struct process {
    struct bus *bus;             /* NULL: down, and cleaned up */
    struct processor *processor; /* NULL: down */
    struct kv *kv;
    int64_t full_until_ms; /* nothing fits on its disk before */
    uint32_t thread_count;
    bool joined[THREADS_MAX];
    bool in_step[THREADS_MAX]; /* on the stack */
    bool noticed[THREADS_MAX]; /* has worked while no broker was there, for longer than a session */
    bool in_restore;
    bool in_follow;
    bool in_standby;
    bool in_open;
    char instance[16];
};

struct play;  /* client and workers: play.h */
struct watch; /* what the topics say: watch.h */

struct world {
    struct world_options options;
    bool chaos;   /* things go wrong */
    bool forgets; /* ended executions are forgotten soon, and their names used again */
    struct step_config step;
    struct chance chance; /* of what comes next */
    struct faults faults;
    struct broker *broker;
    struct bus *bus; /* the test's own */
    uint32_t partition_count;
    struct process processes[PROCESSES_MAX];
    int process_count;
    int depth; /* of what runs while something stalls */
    struct codec *codec;
    struct play *play;
    struct watch *watch;
    int64_t away_ms;  /* for how long the brokers are, or were, away */
    uint32_t leap_ms; /* time passes by up to that at once */
    uint64_t steps;
    uint64_t crashes;
    uint64_t silences; /* times that a process was found not ready without a broker */
    uint64_t executions;
    uint64_t compared;    /* executions whose outcome was compared with the plain interpreter's */
    size_t late_requests; /* that arrived when their senders had given them up */
    char failure[1024]; /* what broke first; empty: nothing */
};

void world_trace(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes what broke; the first one counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The faults' kind that has struck, and when: for the trace. */
bool world_strikes(struct world *world, enum fault_kind kind);

/* Plays the whole seed: chaos, then calm until everything has settled, then the checks. True: all held. out_world->faults.struck
 * tells what went wrong; world_forget frees it. */
bool world_play(const struct world_options *options, struct world *out_world);
void world_forget(struct world *world);

/* One thing that happens. */
void world_step(struct world *world);

/* ---- process.c ---- */

/* One thing that some process does. */
void process_step(struct world *world, struct process *process);
void process_kill(struct world *world, struct process *process);

/* Takes away what a dead process left, once nothing of it is on the stack. */
void process_bury(struct world *world, struct process *process);
void process_pass_time(struct world *world);

/* ---- check*.c: from the topics and disks alone ---- */

/* Whether nothing is left to happen but timers far away; and what must hold then. */
bool world_is_settled(struct world *world);
void check_all(struct world *world);

/* The outcomes are the plain interpreter's. */
void check_outcomes(struct world *world);

/* Changelog, disks and the group's offsets agree. */
void check_rows(struct world *world);

/* What is published of machines, versions and aliases is of one piece, and what their owners have. */
void check_definitions(struct world *world);

#endif
