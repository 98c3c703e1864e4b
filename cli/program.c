#include "cli/program.h"

#include "base/log.h"
#include "cli/connection.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/side.h"

#include <errno.h>
#include <unistd.h>

static enum exit_code set_log_level(struct context *context)
{
    static const struct {
        struct str name;
        enum log_level level;
    } levels[] = {
        {STR_INIT("debug"), LOG_DEBUG},
        {STR_INIT("info"), LOG_INFO},
        {STR_INIT("warning"), LOG_WARNING},
        {STR_INIT("error"), LOG_ERROR},
    };
    enum command_id command = context->arguments.command;
    struct str wanted = context_flag(context, FLAG_LOG_LEVEL);
    bool server = command == COMMAND_serve || command == COMMAND_dev || command == COMMAND_worker;
    if (wanted.bytes == NULL) {
        log_level_set(server ? LOG_INFO : LOG_ERROR);
        return EXIT_CODE_OK;
    }
    for (size_t at = 0; at < sizeof levels / sizeof *levels; at++) {
        if (str_equal(wanted, levels[at].name)) {
            log_level_set(levels[at].level);
            return EXIT_CODE_OK;
        }
    }
    return context_fail(context, EXIT_CODE_USAGE, "--log-level must be debug, info, warning or error, not '%.*s'",
                        STR_ARGS(wanted));
}

static enum exit_code load_settings(struct context *context, const char *const *environment)
{
    const struct arguments *arguments = &context->arguments;
    struct settings_sources sources = {
        .file = context_flag(context, FLAG_CONFIG).bytes,
        .environment = environment,
        .sets = arguments->sets,
        .set_count = arguments->set_count,
    };
    struct str problem;
    enum status status = settings_load(context->arena, &sources, &context->settings, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

static enum exit_code run(struct context *context, int argc, char **argv, const char *const *environment)
{
    struct str problem;
    enum status status = arguments_parse(context->arena, argc, argv, &context->arguments, &problem);
    enum command_id command = context->arguments.command;
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    if (command == COMMAND_ALL) {
        help_overview(context_given(context, FLAG_HELP) ? context->out : context->errors);
        return context_given(context, FLAG_HELP) ? EXIT_CODE_OK : EXIT_CODE_USAGE;
    }
    if (context_given(context, FLAG_HELP)) {
        help_command(context->out, command);
        return EXIT_CODE_OK;
    }
    if (context_given(context, FLAG_JSON) && context_given(context, FLAG_TEXT)) {
        return context_fail(context, EXIT_CODE_USAGE, "--json and --text exclude each other");
    }
    context->json = context_given(context, FLAG_JSON) || (!context_given(context, FLAG_TEXT) && !isatty(fileno(context->out)));
    TRY_RUN(set_log_level(context));
    TRY_RUN(load_settings(context, environment));
    TRY_RUN(side_check(context));
    return command_table[command].run(context);
}

enum exit_code program_run(int argc, char **argv, const char *const *environment)
{
    struct context context = {
        .arena = arena_create(CONTEXT_ARENA_BYTES_MAX),
        .arguments = {.command = COMMAND_ALL},
        .out = stdout,
        .errors = stderr,
    };
    if (context.arena == NULL) {
        return context_fail_memory(&context);
    }
    enum exit_code code = run(&context, argc, argv, environment);
    if (context.connection != NULL) {
        connection_close(context.connection);
    }
    if ((fflush(context.out) != 0 || ferror(context.out)) && code == EXIT_CODE_OK) {
        code = context_fail(&context, EXIT_CODE_FAILED, "stdout: %s", strerror(errno));
    }
    arena_destroy(context.arena);
    return code;
}
