#include "cli/context.h"
#include "cli/help.h"

enum exit_code command_help(struct context *context)
{
    struct str topic = context_positional(context);
    enum command_id command;
    if (topic.bytes == NULL) {
        help_overview(context->out);
    } else if (str_equal(topic, STR("config"))) {
        help_config(context->out);
    } else if (str_equal(topic, STR("exit-codes"))) {
        help_exit_codes(context->out);
    } else if (commands_find(topic, &command)) {
        help_command(context->out, command);
    } else {
        return context_fail(context, EXIT_CODE_USAGE, "there is no help for '%.*s'", STR_ARGS(topic));
    }
    return EXIT_CODE_OK;
}
