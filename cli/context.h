/* What a command is given: its arguments, the configuration, where to print. */
#ifndef PAWL_CLI_CONTEXT_H
#define PAWL_CLI_CONTEXT_H

#include "base/arena.h"
#include "bus/bus.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/settings.h"

#include <stdio.h>

#define CONTEXT_ARENA_BYTES_MAX ((size_t)4 * 1024 * 1024 * 1024) /* what one command may keep in memory */

struct connection;
struct side;

struct context {
    struct arena *arena; /* for the whole command */
    struct arguments arguments;
    const struct settings *settings;
    bool json;                     /* print JSON rather than text for people */
    FILE *out;                     /* results */
    FILE *errors;                  /* everything else */
    struct connection *connection; /* once it is open (cli/side.h, cli/connection.h); the program closes it */
    const struct side *side;       /* that a client command works on, once it is open */
};

/* Prints "pawl COMMAND: …" to context->errors and returns the code. */
enum exit_code context_fail(struct context *context, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what a bus answered: REFUSED is a matter of configuration, RETRIABLE and TIMED_OUT of reach. */
enum exit_code context_fail_bus(struct context *context, enum status status, const char *what,
                                const struct bus_error *error);

/* For a status that only memory can cause. */
enum exit_code context_fail_memory(struct context *context);

/* The only positional, or STR_NONE. */
struct str context_positional(const struct context *context);

/* The flag's value, or STR_NONE. */
struct str context_flag(const struct context *context, enum flag_id id);
bool context_given(const struct context *context, enum flag_id id);

/* Prints to context->out. */
void context_print(struct context *context, struct str text);

/* Returns from the caller with what `expression` answered unless that is EXIT_CODE_OK. */
#define TRY_RUN(expression)                                                                                            \
    do {                                                                                                               \
        enum exit_code try_code_ = (expression);                                                                       \
        if (try_code_ != EXIT_CODE_OK) {                                                                               \
            return try_code_;                                                                                          \
        }                                                                                                              \
    } while (0)

/* The same for a status that only memory can cause. */
#define TRY_MEMORY(context, expression)                                                                                \
    do {                                                                                                               \
        if ((expression) != STATUS_OK) {                                                                               \
            return context_fail_memory(context);                                                                       \
        }                                                                                                              \
    } while (0)

#endif
