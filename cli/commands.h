/* pawl's subcommands, from commands.def. */
#ifndef PAWL_CLI_COMMANDS_H
#define PAWL_CLI_COMMANDS_H

#include "base/str.h"
#include "cli/exit_code.h"

#include <stdbool.h>

#define COMMAND_POSITIONALS_MAX 1000 /* files of one `pawl validate` */

enum command_id {
#define COMMAND(name, arguments, least, most, line, help) COMMAND_##name,
#include "cli/commands.def"
    COMMAND_COUNT,
    COMMAND_ALL = COMMAND_COUNT /* whose flags belong to every command; no command */
};

struct context;

struct command {
    struct str name;
    struct str arguments; /* as the help shows them */
    size_t positionals_min;
    size_t positionals_max;
    struct str line; /* what it does, in one line */
    struct str help; /* the rest */
    enum exit_code (*run)(struct context *context);
};
extern const struct command command_table[COMMAND_COUNT];

bool commands_find(struct str name, enum command_id *out_id);

/* The command that a mistyped one may mean; STR_NONE: none. */
struct str commands_nearest(struct str name);

/* The commands, each in the file of its name. */
#define COMMAND(name, arguments, least, most, line, help) enum exit_code command_##name(struct context *context);
#include "cli/commands.def"

#endif
