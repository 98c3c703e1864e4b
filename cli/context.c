#include "cli/context.h"

enum exit_code context_fail(struct context *context, enum exit_code code, const char *format, ...)
{
    enum command_id command = context->arguments.command;
    fprintf(context->errors, "pawl");
    if (command != COMMAND_ALL) {
        fprintf(context->errors, " %.*s", STR_ARGS(command_table[command].name));
    }
    fprintf(context->errors, ": ");
    va_list arguments;
    va_start(arguments, format);
    vfprintf(context->errors, format, arguments);
    va_end(arguments);
    fputc('\n', context->errors);
    return code;
}

enum exit_code context_fail_bus(struct context *context, enum status status, const char *what,
                                const struct bus_error *error)
{
    enum exit_code code = EXIT_CODE_FAILED;
    if (status == STATUS_REFUSED) {
        code = EXIT_CODE_USAGE;
    } else if (status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT) {
        code = EXIT_CODE_UNREACHABLE;
    }
    return context_fail(context, code, "%s: %s", what, error->text[0] != '\0' ? error->text : status_text(status));
}

enum exit_code context_fail_memory(struct context *context)
{
    return context_fail(context, EXIT_CODE_FAILED, "this is too much to be held in memory");
}

struct str context_positional(const struct context *context)
{
    return context->arguments.positional_count == 0 ? STR_NONE : context->arguments.positionals[0];
}

struct str context_flag(const struct context *context, enum flag_id id)
{
    return context->arguments.given[id] ? context->arguments.values[id] : STR_NONE;
}

bool context_given(const struct context *context, enum flag_id id)
{
    return context->arguments.given[id];
}

void context_print(struct context *context, struct str text)
{
    fwrite(text.bytes, 1, text.length, context->out);
}
