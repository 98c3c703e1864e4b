#include "bus/bus_local.h"
#include "cli/connection.h"
#include "cli/engine.h"
#include "gateway/answer.h"
#include "processor/topics.h"

#include <inttypes.h>
#include <stdlib.h>

#define PARTITIONS_DEFAULT 4 /* of what runs on one machine */

static enum exit_code make_topics(struct context *context, struct bus *bus)
{
    struct bus_error error = {""};
    struct str commands;
    const struct bus_topic *topic;
    uint32_t count = PARTITIONS_DEFAULT;
    bool chosen = settings_is_set(context->settings, OPTION_TOPICS_PARTITIONS);
    TRY_RUN(connection_topic_name(context, TOPIC_COMMANDS, STR_NONE, &commands));
    if (chosen) {
        count = (uint32_t)settings_number(context->settings, OPTION_TOPICS_PARTITIONS);
    } else if (bus_topic_open(bus, commands, &topic, &error) == STATUS_OK) {
        /* Made by an earlier run which was told a number. */
        count = bus_topic_partition_count(topic);
    }
    enum status status = topics_create(bus, settings_text(context->settings, OPTION_TOPICS_PREFIX), count, &error);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, "topics", &error);
}

/* {"ready":true,"stateDir":"…","endpoint":"http://127.0.0.1:8083"} */
static enum status ready_text(struct arena *arena, const char *folder, struct str endpoint, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_json(&answer, "ready", STR("true")));
    TRY(answer_text(&answer, "stateDir", str_of(folder)));
    TRY(answer_text(&answer, "endpoint", endpoint));
    return answer_end(&answer, out_text);
}

static void tell_ready(struct context *context, struct str endpoint)
{
    struct str text = STR_NONE;
    struct str folder = settings_text(context->settings, OPTION_STATE_DIR);
    char *whole = realpath(folder.bytes, NULL);
    const char *shown = whole == NULL ? folder.bytes : whole;
    if (context->json) {
        if (ready_text(context->arena, shown, endpoint, &text) == STATUS_OK) {
            context_print(context, text);
            context_print(context, STR("\n"));
        }
    } else {
        fprintf(context->out,
                "pawl is ready, without Kafka; everything is in %s. From another terminal:\n"
                "\n"
                "  export PAWL_STATE_DIR=%s\n"
                "  pawl define FILE.json && pawl start NAME --input '{}' --wait\n"
                "\n"
                "The AWS Step Functions API is at %.*s, for any AWS SDK:\n"
                "\n"
                "  aws stepfunctions list-state-machines --endpoint-url %.*s\n"
                "\n",
                shown, shown, STR_ARGS(endpoint), STR_ARGS(endpoint));
    }
    fflush(context->out);
    free(whole);
}

static enum exit_code serve(struct context *context, const struct engine *engine, struct bus *bus, size_t memory_bytes)
{
    struct bus_error error = {""};
    struct str socket;
    TRY_RUN(make_topics(context, bus));
    TRY_RUN(connection_socket(context, &socket));
    enum status status = bus_local_serve(bus, socket.bytes, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, socket.bytes, &error);
    }
    const struct engine_run run = {
        .bus = bus,
        .processor = true,
        .gateway = true,
        .insecure = context_given(context, FLAG_DEV_INSECURE),
        .memory_bytes = memory_bytes,
        .ready = tell_ready,
    };
    return engine_run(context, engine, &run);
}

enum exit_code command_dev(struct context *context)
{
    struct bus_error error = {""};
    struct engine engine;
    struct bus *bus;
    struct str path;
    /* One half for the topics, one for the processor's store. */
    size_t memory_bytes = (size_t)settings_number(context->settings, OPTION_STATE_MEMORY_BYTES) / 2;
    if (settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE, "kafka.bootstrap.servers is set: `pawl serve` works on Kafka");
    }
    TRY_RUN(engine_open(context, &engine));
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/bus",
                                     STR_ARGS(settings_text(context->settings, OPTION_STATE_DIR))));
    const struct bus_local_options options = {.path = path.bytes, .memory_bytes = memory_bytes};
    enum status status = bus_local_open(&options, &bus, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, path.bytes, &error);
    }
    enum exit_code code = serve(context, &engine, bus, memory_bytes);
    bus_close(bus);
    return code;
}
