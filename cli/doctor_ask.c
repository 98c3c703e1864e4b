#include "cli/doctor_ask.h"

#include <inttypes.h>

static struct str find_property(const struct bus_kafka_options *options, struct str name)
{
    struct str found = STR_NONE;
    for (size_t at = 0; at < options->common_count; at++) {
        if (str_equal(str_of(options->common[at].name), name)) {
            found = str_of(options->common[at].value);
        }
    }
    return found;
}

static enum exit_code read_configuration(struct context *context, struct doctor_answers *answers)
{
    struct bus_kafka_options options = settings_kafka(context->settings);
    struct str user = find_property(&options, STR("sasl.username"));
    struct str protocol = find_property(&options, STR("security.protocol"));
    answers->bootstrap = find_property(&options, STR("bootstrap.servers"));
    answers->prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    answers->partitions = settings_number(context->settings, OPTION_TOPICS_PARTITIONS);
    answers->secured = protocol.length > 0 && !str_equal(protocol, STR("plaintext")) && !str_equal(protocol, STR("PLAINTEXT"));
    answers->librdkafka = str_of(bus_kafka_version());
    answers->librdkafka_version = bus_kafka_version_number();
    if (user.length > 0) {
        TRY_MEMORY(context, arena_format(context->arena, &answers->principal, "User:%.*s", STR_ARGS(user)));
    }
    return EXIT_CODE_OK;
}

static enum exit_code ask_group(struct context *context, struct doctor_group *out_group)
{
    struct bus_error error = {""};
    struct str topic_name;
    struct str name;
    const struct bus_topic *topic;
    struct bus_group_member *members = NULL;
    size_t count = 0;
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    TRY_MEMORY(context, arena_format(context->arena, &name, "%.*s-processor", STR_ARGS(prefix)));
    TRY_RUN(connection_topic_name(context, TOPIC_COMMANDS, STR_NONE, &topic_name));
    enum status status = bus_topic_open(context->connection->bus, topic_name, &topic, &error);
    if (status == STATUS_OK) {
        status = bus_group_members(context->connection->bus, context->arena, name, topic, &members, &count, &error);
    }
    if (status != STATUS_OK) {
        TRY_MEMORY(context, arena_copy(context->arena, str_of(error.text), &out_group->problem));
        return EXIT_CODE_OK;
    }
    out_group->member_count = count;
    for (size_t at = 0; at < count; at++) {
        out_group->partition_count += members[at].partition_count;
    }
    return EXIT_CODE_OK;
}

static int64_t count_offsets(struct context *context, struct str name)
{
    struct bus_error error;
    const struct bus_topic *topic;
    int64_t count = 0;
    enum status status = bus_topic_open(context->connection->bus, name, &topic, &error);
    for (uint32_t at = 0; status == STATUS_OK && at < bus_topic_partition_count(topic); at++) {
        int64_t begin;
        int64_t end;
        status = bus_bounds(context->connection->bus, topic, at, true, &begin, &end, &error);
        count += status == STATUS_OK ? end - begin : 0;
    }
    return status == STATUS_OK ? count : -1;
}

static enum exit_code ask_clock(struct context *context, struct doctor_clock *out_clock)
{
    struct bus_error error = {""};
    struct str name;
    uint32_t chance;
    struct bus *bus = context->connection->bus;
    bus_random(bus, (uint8_t *)&chance, sizeof chance);
    TRY_MEMORY(context, arena_format(context->arena, &name, "%.*s.doctor-%08" PRIx32,
                                     STR_ARGS(settings_text(context->settings, OPTION_TOPICS_PREFIX)), chance));
    enum status status =
        bus_kafka_cluster_ask_clock(bus, name.bytes, &out_clock->ahead_ms, &out_clock->spread_ms, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "clock", &error);
    }
    out_clock->asked = true;
    return EXIT_CODE_OK;
}

enum exit_code doctor_ask(struct context *context, bool with_clock, struct doctor_answers *out_answers)
{
    struct bus_error error = {""};
    struct str stem;
    struct str dead_letters;
    struct doctor_answers answers = {.dead_letters = -1};
    struct bus *bus = context->connection->bus;
    TRY_RUN(read_configuration(context, &answers));
    TRY_MEMORY(context, arena_format(context->arena, &stem, "%.*s.", STR_ARGS(answers.prefix)));
    TRY_RUN(connection_topic_name(context, TOPIC_DEAD_LETTERS, STR_NONE, &dead_letters));
    enum status status = bus_kafka_cluster_ask(bus, context->arena, stem, &answers.cluster, &error);
    if (status == STATUS_OK) {
        status = bus_kafka_cluster_ask_acls(bus, context->arena, &answers.acls, &error);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "kafka", &error);
    }
    TRY_RUN(ask_group(context, &answers.group));
    answers.dead_letters = count_offsets(context, dead_letters);
    if (with_clock) {
        TRY_RUN(ask_clock(context, &answers.clock));
    }
    *out_answers = answers;
    return EXIT_CODE_OK;
}
