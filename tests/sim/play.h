/* The client that sends commands, and the workers that answer tasks, late, twice or not at all. */
#ifndef PAWL_TESTS_SIM_PLAY_H
#define PAWL_TESTS_SIM_PLAY_H

#include "world.h"

#include "asl/machine.h"
#include "schemas/records.h"

#define MACHINES 8
#define STARTS_MAX 40
#define COMMANDS_MAX 200
#define TASKS_MAX 4000

struct play_machine {
    const char *name;
    const char *type;
    const char *definition;
    bool timed; /* its outcome depends on when workers answer */
    struct str arn;
    const struct machine *machine;
};

struct play_command {
    char correlation_id[24];
    bool is_start;
    int machine;
    char name[24]; /* of the execution; empty: none given */
    char input[128];
    bool poison;
    bool is_create;
};

struct play_task {
    struct str token;
    struct str arn;
    struct str state_name;
    struct str parameters;
    int64_t attempt;
};

struct play_answer {
    size_t task;
    int64_t due_ms;
};

struct play {
    struct arena *arena;
    struct play_machine machines[MACHINES];
    struct play_command commands[COMMANDS_MAX];
    size_t command_count;
    size_t starts_left;
    size_t garbage_count;
    size_t stop_count;
    struct play_task tasks[TASKS_MAX];
    size_t task_count;
    struct play_answer answers[2 * TASKS_MAX];
    size_t answer_count;
    int64_t positions[32][16]; /* of the workers: by task topic as found, and partition */
};

void play_create(struct world *world);
void play_destroy(struct world *world);

/* One command, one task read, one answer: what there is. */
void play_client(struct world *world);
void play_worker(struct world *world);

/* Whether the client has nothing more to send and no answer is outstanding. */
bool play_is_over(const struct world *world);

/* What a worker says to a task: a function of the task alone, so that the plain interpreter hears the same. True:
 * success. */
bool play_answer_of(struct arena *arena, struct str state_name, struct str parameters, int64_t attempt,
                    struct str *out_output, struct str *out_error);

#endif
