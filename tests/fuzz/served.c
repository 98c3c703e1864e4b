#include "tests/fuzz/served.h"

#include "bus/bus_local.h"
#include "schemas/definition_kinds.h"
#include "schemas/topics.h"
#include "tests/folder.h"
#include "tests/fuzz/fuzz.h"

#include <time.h>

#define REVISION "11111111-1111-4111-8111-111111111111"
#define MACHINE_TEXT "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}"
#define SECOND_US 1000000
#define TRIES 1000

static struct served {
    char path[64];
    struct gateway gateway;
    struct bus_producer *producer;
    struct arena *arena; /* while it opens */
} served; /* for the whole run: opening takes longer than a thousand inputs */

static void close_served(void)
{
    view_close(served.gateway.view);
    kv_close(served.gateway.kv);
    bus_close(served.gateway.bus);
    codec_destroy(served.gateway.codec);
    folder_remove(served.path);
}

static void make_topic(const char *name, enum bus_cleanup cleanup)
{
    struct bus_error error;
    const struct bus_topic_config config = {
        .name = str_of(name),
        .partition_count = 1,
        .cleanup = cleanup,
        .retention_ms = -1,
        .delete_retention_ms = 3600000,
        .max_message_bytes = 1 << 20,
    };
    FUZZ_REQUIRE(bus_topic_create(served.gateway.bus, &config, &error) == STATUS_OK);
}

static void send(const char *topic, struct str key, enum schema_id schema, enum record_id record, const void *value)
{
    struct bus_error error;
    struct bus_message message = {.key = key};
    FUZZ_REQUIRE(codec_encode(served.arena, CODEC_AVRO, schema, record, value, &message.value) == STATUS_OK);
    FUZZ_REQUIRE(bus_topic_open(served.gateway.bus, str_of(topic), &message.topic, &error) == STATUS_OK);
    FUZZ_REQUIRE(bus_producer_send(served.producer, &message, &error) == STATUS_OK);
}

static void send_definition(const struct definition *definition, struct str key)
{
    send("t.definitions", key, SCHEMA_definition, RECORD_definition, definition);
}

static struct definition definition_of(struct str name)
{
    struct definition definition;
    record_init(RECORD_definition, &definition);
    definition.name = name;
    definition.version = 1;
    definition.type = STR("STANDARD");
    definition.status = STR("ACTIVE");
    definition.creation_date = SECOND_US;
    definition.update_date = SECOND_US;
    return definition;
}

static void send_machine(void)
{
    struct definition machine = definition_of(STR("m"));
    machine.state_machine_arn = STR(SERVED_MACHINE);
    machine.revision_id = STR(REVISION);
    machine.revision_number = 1;
    machine.last_version = 1;
    machine.role_arn = STR("arn:aws:iam::000000000000:role/r");
    machine.tags = STR("[{\"key\":\"k\",\"value\":\"v\"}]");
    send_definition(&machine, STR(SERVED_MACHINE));
    struct definition revision = machine;
    revision.definition = STR(MACHINE_TEXT);
    send_definition(&revision, STR(SERVED_MACHINE "#" REVISION));
    struct definition version = machine;
    version.kind = DEFINITION_KIND_VERSION;
    version.resource_arn = STR(SERVED_MACHINE ":1");
    version.description = STR("first");
    send_definition(&version, version.resource_arn);
    struct definition alias = machine;
    alias.kind = DEFINITION_KIND_ALIAS;
    alias.resource_arn = STR(SERVED_MACHINE ":live");
    alias.routing_configuration = STR("[{\"stateMachineVersionArn\":\"" SERVED_MACHINE ":1\",\"weight\":100}]");
    send_definition(&alias, alias.resource_arn);
    struct definition activity = definition_of(STR("a"));
    activity.kind = DEFINITION_KIND_ACTIVITY;
    activity.resource_arn = STR(SERVED_ACTIVITY);
    send_definition(&activity, activity.resource_arn);
}

static void send_execution(void)
{
    struct execution_status execution;
    record_init(RECORD_execution_status, &execution);
    execution.execution_arn = STR(SERVED_EXECUTION);
    execution.incarnation = SECOND_US;
    execution.start_date = SECOND_US;
    execution.state_machine_arn = STR(SERVED_MACHINE);
    execution.revision_id = STR(REVISION);
    execution.name = STR("e");
    execution.type = STR("STANDARD");
    execution.status = STR("RUNNING");
    execution.input = STR("{}");
    execution.version = 2;
    send("t.executions", execution.execution_arn, SCHEMA_execution_status, RECORD_execution_status, &execution);
    for (int64_t id = 1; id <= 2; id++) {
        struct history_event event;
        record_init(RECORD_history_event, &event);
        event.execution_arn = execution.execution_arn;
        event.incarnation = SECOND_US;
        event.state_machine_arn = execution.state_machine_arn;
        event.id = id;
        event.type = id == 1 ? STR("ExecutionStarted") : STR("PassStateEntered");
        event.name = id == 1 ? STR_NONE : STR("A");
        event.input = STR("{}");
        send("t.history", event.execution_arn, SCHEMA_history_event, RECORD_history_event, &event);
    }
}

static void open_view(void)
{
    struct bus_error error;
    const struct view_config config = {
        .bus = served.gateway.bus,
        .codec = served.gateway.codec,
        .prefix = STR("t"),
        .kv = served.gateway.kv,
        .wait_ms = 1000,
    };
    struct view_status status = {0};
    FUZZ_REQUIRE(view_open(&config, &served.gateway.view, &error) == STATUS_OK);
    for (int tries = 0; tries < TRIES && !status.caught_up; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000L}, NULL);
        view_status(served.gateway.view, &status);
    }
    FUZZ_REQUIRE(status.caught_up);
}

static void open_served(void)
{
    struct bus_error error;
    struct gateway *gateway = &served.gateway;
    snprintf(served.path, sizeof served.path, "/tmp/pawl-fuzz-XXXXXX");
    FUZZ_REQUIRE(mkdtemp(served.path) != NULL);
    const struct bus_local_options options = {.path = served.path, .memory_bytes = (size_t)8 << 20};
    FUZZ_REQUIRE(bus_local_open(&options, &gateway->bus, &error) == STATUS_OK);
    FUZZ_REQUIRE(codec_create(&gateway->codec) == STATUS_OK);
    FUZZ_REQUIRE(kv_memory_open(&gateway->kv) == STATUS_OK);
    gateway->config = gateway_config_default;
    served.arena = arena_create(FUZZ_ARENA_BYTES);
    make_topic("t.definitions", BUS_CLEANUP_COMPACT);
    make_topic("t.executions", BUS_CLEANUP_COMPACT);
    make_topic("t.history", BUS_CLEANUP_DELETE);
    FUZZ_REQUIRE(bus_producer_open(gateway->bus, &served.producer, &error) == STATUS_OK);
    send_machine();
    send_execution();
    FUZZ_REQUIRE(bus_producer_flush(served.producer, 1000, &error) == STATUS_OK);
    bus_producer_close(served.producer);
    arena_destroy(served.arena);
    open_view();
    atexit(close_served);
}

struct gateway *served_gateway(void)
{
    if (served.gateway.view == NULL) {
        open_served();
    }
    return &served.gateway;
}

struct call served_call(struct arena *arena)
{
    return (struct call){.gateway = served_gateway(), .arena = arena, .now_ms = SERVED_NOW_MS};
}
