/* A command line as commands.def and flags.def have it. Flags are --name VALUE or --name=VALUE and may stand anywhere; what
 * follows -- is no flag. */
#ifndef PAWL_CLI_ARGUMENTS_H
#define PAWL_CLI_ARGUMENTS_H

#include "base/arena.h"
#include "cli/commands.h"

#include <stdbool.h>
#include <stdint.h>

enum flag_id {
#define FLAG(command, id, name, value, help) FLAG_##id,
#include "cli/flags.def"
    FLAG_COUNT
};

struct flag {
    enum command_id command; /* COMMAND_ALL: of every command */
    struct str name;
    struct str value; /* what stands for its value in the help; STR_NONE: it takes none */
    struct str help;
};
extern const struct flag flag_table[FLAG_COUNT];

struct arguments {
    enum command_id command; /* COMMAND_ALL: none was given */
    struct str positionals[COMMAND_POSITIONALS_MAX];
    size_t positional_count;
    bool given[FLAG_COUNT];
    struct str values[FLAG_COUNT]; /* the last one given */
    const struct str *sets;        /* of each --set */
    size_t set_count;
};

/* INVALID: *out_problem says what is wrong. The texts borrow argv. With --help nothing is asked of positionals. */
MUST_CHECK enum status arguments_parse(struct arena *arena, int argc, char **argv, struct arguments *out_arguments,
                                       struct str *out_problem);

/* The flag's number in least ..= most, or `initial` when it was not given. INVALID: *out_problem. */
struct argument_range {
    int64_t initial;
    int64_t least;
    int64_t most;
};
MUST_CHECK enum status arguments_number(struct arena *arena, const struct arguments *arguments, enum flag_id id,
                                        struct argument_range range, int64_t *out_number, struct str *out_problem);

#endif
