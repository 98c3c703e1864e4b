#include "cli/side.h"

#include "cli/api.h"
#include "cli/chronicle.h"
#include "cli/connection.h"
#include "cli/executions.h"
#include "cli/lookup.h"
#include "cli/request.h"

static const struct side topics = {
#define SIDE_DOES(type, name, parameters) .name = topics_##name,
#include "cli/side.def"
};

static const struct side endpoint = {
#define SIDE_DOES(type, name, parameters) .name = endpoint_##name,
#include "cli/side.def"
};

/* The commands that have two sides. */
static const enum command_id two_sided[] = {
    COMMAND_define, COMMAND_start, COMMAND_stop, COMMAND_redrive, COMMAND_describe, COMMAND_history, COMMAND_list,
};

enum exit_code side_check(struct context *context)
{
    enum command_id command = context->arguments.command;
    if (!context_given(context, FLAG_ENDPOINT)) {
        return EXIT_CODE_OK;
    }
    for (size_t at = 0; at < sizeof two_sided / sizeof *two_sided; at++) {
        if (two_sided[at] == command) {
            return EXIT_CODE_OK;
        }
    }
    return context_fail(context, EXIT_CODE_USAGE,
                        "it does not work at an --endpoint: define, start, stop, redrive, describe, history and list do");
}

struct str side_endpoint(const struct context *context)
{
    struct str given = context_flag(context, FLAG_ENDPOINT);
    struct str set = settings_text(context->settings, OPTION_CLIENT_ENDPOINT);
    if (given.bytes != NULL) {
        return given;
    }
    return set.length > 0 ? set : STR_NONE;
}

enum exit_code side_open(struct context *context)
{
    context->side = side_endpoint(context).bytes != NULL ? &endpoint : &topics;
    return context->side->connect(context);
}

enum exit_code side_open_topics(struct context *context)
{
    context->side = &topics;
    return context->side->connect(context);
}

enum exit_code topics_connect(struct context *context)
{
    return connection_open(context);
}

enum exit_code endpoint_connect(struct context *context)
{
    struct connection *connection = arena_new(context->arena, struct connection);
    if (connection == NULL) {
        return context_fail_memory(context);
    }
    TRY_RUN(api_open(context, side_endpoint(context), &connection->api));
    context->connection = connection;
    return EXIT_CODE_OK;
}
