#include "cli/connection.h"
#include "cli/engine.h"

enum exit_code command_serve(struct context *context)
{
    struct engine engine;
    struct bus *bus;
    struct str role = context_flag(context, FLAG_SERVE_ROLE);
    if (role.bytes != NULL && !str_equal(role, STR("gateway")) && !str_equal(role, STR("processor"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--role must be processor or gateway, not '%.*s'", STR_ARGS(role));
    }
    if (!settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "kafka.bootstrap.servers is not set (PAWL_KAFKA_BOOTSTRAP_SERVERS); `pawl dev` needs no Kafka");
    }
    TRY_RUN(engine_open(context, &engine));
    TRY_RUN(connection_open_kafka(context, &bus));
    size_t memory_bytes = (size_t)settings_number(context->settings, OPTION_STATE_MEMORY_BYTES);
    const struct engine_run run = {
        .bus = bus,
        .processor = !str_equal(role, STR("gateway")),
        .gateway = !str_equal(role, STR("processor")),
        .insecure = context_given(context, FLAG_SERVE_INSECURE),
        .memory_bytes = memory_bytes,
    };
    enum exit_code code = engine_run(context, &engine, &run);
    bus_close(bus);
    return code;
}
