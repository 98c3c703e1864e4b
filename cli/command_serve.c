#include "cli/connection.h"
#include "cli/engine.h"

enum exit_code command_serve(struct context *context)
{
    struct engine engine;
    struct bus *bus;
    if (!settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "kafka.bootstrap.servers is not set (PAWL_KAFKA_BOOTSTRAP_SERVERS); `pawl dev` needs no Kafka");
    }
    TRY_RUN(engine_open(context, &engine));
    TRY_RUN(connection_open_kafka(context, &bus));
    size_t memory_bytes = (size_t)settings_number(context->settings, OPTION_STATE_MEMORY_BYTES);
    enum exit_code code = engine_run(context, &engine, bus, memory_bytes, NULL);
    bus_close(bus);
    return code;
}
