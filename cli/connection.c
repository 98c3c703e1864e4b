#include "cli/connection.h"

#include "base/log.h"
#include "bus/bus_local.h"
#include "cli/api.h"

static void log_kafka(void *owner, int level, const char *text)
{
    char quoted[2048];
    (void)owner;
    enum log_level own = level <= 3 ? LOG_ERROR : level == 4 ? LOG_WARNING : level <= 6 ? LOG_INFO : LOG_DEBUG;
    log_event(own, "kafka", "text=%s", log_quote(str_of(text), quoted, sizeof quoted));
}

/* A worker takes no records while all its children are busy, for hours if need be: that is no reason to take its partitions
 * away, as a broker does after max.poll.interval.ms. Its session still ends when the process dies. */
static enum exit_code set_patience(struct context *context, struct bus_kafka_options *options)
{
    static const struct bus_kafka_property patience = {"max.poll.interval.ms", "86400000"};
    struct bus_kafka_property *consumer =
        arena_array(context->arena, struct bus_kafka_property, options->consumer_count + 1);
    if (consumer == NULL) {
        return context_fail_memory(context);
    }
    /* The user's own come after it, and win. */
    consumer[0] = patience;
    for (size_t at = 0; at < options->consumer_count; at++) {
        consumer[at + 1] = options->consumer[at];
    }
    options->consumer = consumer;
    options->consumer_count++;
    return EXIT_CODE_OK;
}

enum exit_code connection_open_kafka(struct context *context, struct bus **out_bus)
{
    struct bus_error error = {""};
    struct bus_kafka_options options = settings_kafka(context->settings);
    options.log = log_kafka;
    if (context->arguments.command == COMMAND_worker) {
        TRY_RUN(set_patience(context, &options));
    }
    enum status status = bus_kafka_open(&options, out_bus, &error);
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, "kafka", &error);
}

enum exit_code connection_socket(struct context *context, struct str *out_path)
{
    struct str folder = settings_text(context->settings, OPTION_STATE_DIR);
    TRY_MEMORY(context, arena_format(context->arena, out_path, "%.*s/socket", STR_ARGS(folder)));
    return EXIT_CODE_OK;
}

static enum exit_code open_remote(struct context *context, struct bus **out_bus)
{
    struct bus_error error = {""};
    struct str path;
    TRY_RUN(connection_socket(context, &path));
    enum status status = bus_remote_open(path.bytes, out_bus, &error);
    if (status == STATUS_NOT_FOUND) {
        return context_fail(context, EXIT_CODE_UNREACHABLE,
                            "no `pawl dev` runs in %.*s; start it, or set state.dir (PAWL_STATE_DIR) to its folder, or "
                            "kafka.bootstrap.servers (PAWL_KAFKA_BOOTSTRAP_SERVERS) to work on Kafka",
                            STR_ARGS(settings_text(context->settings, OPTION_STATE_DIR)));
    }
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, path.bytes, &error);
}

enum exit_code connection_open(struct context *context)
{
    struct connection *connection = arena_new(context->arena, struct connection);
    if (connection == NULL) {
        return context_fail_memory(context);
    }
    if (settings_has_kafka(context->settings)) {
        TRY_RUN(connection_open_kafka(context, &connection->bus));
    } else {
        TRY_RUN(open_remote(context, &connection->bus));
    }
    context->connection = connection;
    TRY_MEMORY(context, codec_create(&connection->codec));
    return EXIT_CODE_OK;
}

void connection_close(struct connection *connection)
{
    if (connection->codec != NULL) {
        codec_destroy(connection->codec);
    }
    if (connection->bus != NULL) {
        bus_close(connection->bus);
    }
    if (connection->api != NULL) {
        api_close(connection->api);
    }
}

enum exit_code connection_topic_name(struct context *context, enum topic_id id, struct str route, struct str *out_name)
{
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    TRY_MEMORY(context, arena_format(context->arena, out_name, "%.*s.%.*s%s%.*s", STR_ARGS(prefix),
                                     STR_ARGS(topic_types[id].name), route.length > 0 ? "." : "", STR_ARGS(route)));
    return EXIT_CODE_OK;
}

enum exit_code connection_topic(struct context *context, enum topic_id id, const struct bus_topic **out_topic)
{
    struct connection *connection = context->connection;
    struct bus_error error = {""};
    struct str name;
    if (connection->topics[id] == NULL) {
        TRY_RUN(connection_topic_name(context, id, STR_NONE, &name));
        enum status status = bus_topic_open(connection->bus, name, &connection->topics[id], &error);
        if (status == STATUS_NOT_FOUND) {
            return context_fail(context, EXIT_CODE_FAILED, "the topic %.*s does not exist; `pawl topics create` makes it",
                                STR_ARGS(name));
        }
        if (status != STATUS_OK) {
            return context_fail_bus(context, status, name.bytes, &error);
        }
    }
    *out_topic = connection->topics[id];
    return EXIT_CODE_OK;
}
