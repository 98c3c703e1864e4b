#include "bus/bus_kafka.h"
#include "cli/context.h"

enum exit_code command_version(struct context *context)
{
    if (context_given(context, FLAG_JSON)) {
        fprintf(context->out, "{\"version\":\"%s\",\"librdkafka\":\"%s\"}\n", PAWL_VERSION, bus_kafka_version());
    } else {
        fprintf(context->out, "pawl %s (librdkafka %s)\n", PAWL_VERSION, bus_kafka_version());
    }
    return EXIT_CODE_OK;
}
