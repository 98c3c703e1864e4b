/* The client that sends commands, the machines that it asks for, and the workers that answer tasks: late, twice, out of order,
 * by an old token or not at all. */
#ifndef PAWL_TESTS_SIM_PLAY_H
#define PAWL_TESTS_SIM_PLAY_H

#include "world.h"

#include "asl/machine.h"
#include "schemas/records.h"

#define MACHINES_FIXED 8
#define MACHINES_RANDOM 4
#define MACHINES (MACHINES_FIXED + MACHINES_RANDOM)
#define MACHINES_VERSIONED 3 /* a few, so that what they are asked meets */
#define COMMANDS_MAX 200
#define TASKS_MAX 20000
#define HISTORY_MAX 500 /* events of an execution: some random machines go round in circles */

struct play_machine {
    const char *name;
    const char *type;
    const char *definition;
    bool free; /* its outcome depends on who is first */
    struct str arn;
    const struct machine *machine;
};

struct play_command {
    char correlation_id[24];
    bool is_start;
    int machine;
    char name[24]; /* of the execution; empty: none given */
    char input[256];
    bool poison;
    struct str redrives; /* the execution's ARN; STR_NONE: it is no RedriveExecution */
    char token[24];      /* of a RedriveExecution; empty: none */
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
    struct chance chance; /* of client and workers */
    struct play_machine machines[MACHINES];
    struct play_command commands[COMMANDS_MAX];
    size_t command_count;
    size_t starts_left;
    size_t garbage_count;
    struct play_task *tasks; /* TASKS_MAX of them, as the next */
    size_t task_count;
    struct play_answer *answers;
    size_t answer_count;
    int64_t positions[32][16]; /* of the workers: by task topic as found, and partition */
};

void play_create(struct world *world);
void play_destroy(struct world *world);

/* machines.c: some that are always there, and random ones. */
void play_make_machines(struct play *play);

/* One command, one task read, one answer: what there is. */
void play_client(struct world *world);
void play_worker(struct world *world);

/* Sends a record, from outside of all transactions. */
void play_send(struct world *world, const char *topic_name, uint32_t partition, struct str key, struct str value);

/* Mostly where the key belongs, sometimes elsewhere; and either encoding. */
uint32_t play_partition(struct world *world, struct str arn);
enum codec_encoding play_encoding(struct world *world);

/* Whether the client has nothing more to send and no answer is outstanding. */
bool play_is_over(const struct world *world);

/* What a worker makes of a task is a function of the task alone, so that the plain interpreter hears the same. */
enum play_fate { PLAY_SUCCEEDS, PLAY_FAILS, PLAY_SILENT };

struct play_word {
    enum play_fate fate;
    struct str output;
    struct str error;
    struct str cause;
};

struct play_word play_word_of(struct arena *arena, struct str state_name, struct str parameters, int64_t attempt);

#endif
