#include "cli/engine.h"

#include "base/hash.h"
#include "base/log.h"
#include "cli/probes.h"
#include "gateway/gateway.h"
#include "processor/processor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define START_TRIES_MAX 60
#define START_PAUSE_MS 1000
#define WATCH_MS 100
#define INSTANCE_BYTES 8 /* chance in an instance id, which is their hexadecimal */
#define DAY_MS (24LL * 3600 * 1000)

/* ---- The state folder ---- */

static enum exit_code make_folder(struct context *context, struct str path)
{
    struct str copy;
    TRY_MEMORY(context, arena_copy(context->arena, path, &copy));
    char *bytes = (char *)copy.bytes;
    for (size_t at = 1; at <= copy.length; at++) {
        if (bytes[at] != '/' && bytes[at] != '\0') {
            continue;
        }
        char end = bytes[at];
        bytes[at] = '\0';
        if (mkdir(bytes, 0700) != 0 && errno != EEXIST) {
            return context_fail(context, EXIT_CODE_FAILED, "%s: %s", bytes, strerror(errno));
        }
        bytes[at] = end;
    }
    return EXIT_CODE_OK;
}

/* The file's id, or one made now. */
static enum exit_code read_instance(struct context *context, const char *path, int file, struct str *out_instance)
{
    char text[INSTANCE_BYTES * 2];
    uint8_t bytes[INSTANCE_BYTES];
    ssize_t length = pread(file, text, sizeof text, 0);
    if (length == (ssize_t)sizeof text) {
        for (size_t at = 0; at < sizeof text; at++) {
            if (strchr("0123456789abcdef", text[at]) == NULL || text[at] == '\0') {
                return context_fail(context, EXIT_CODE_FAILED, "%s holds no instance id; delete it", path);
            }
        }
        TRY_MEMORY(context, arena_copy(context->arena, (struct str){text, sizeof text}, out_instance));
        return EXIT_CODE_OK;
    }
    if (length < 0 || getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path, strerror(errno));
    }
    TRY_MEMORY(context, hash_hex_encode(context->arena, (struct str){(const char *)bytes, sizeof bytes}, out_instance));
    if (pwrite(file, out_instance->bytes, out_instance->length, 0) != (ssize_t)out_instance->length || fsync(file) != 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path, strerror(errno));
    }
    return EXIT_CODE_OK;
}

enum exit_code engine_open(struct context *context, struct engine *out_engine)
{
    struct str folder = settings_text(context->settings, OPTION_STATE_DIR);
    struct str path;
    sigset_t signals;
    TRY_RUN(make_folder(context, folder));
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/instance", STR_ARGS(folder)));
    out_engine->lock = open(path.bytes, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (out_engine->lock < 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path.bytes, strerror(errno));
    }
    if (flock(out_engine->lock, LOCK_EX | LOCK_NB) != 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s is in use by another process", STR_ARGS(folder));
    }
    TRY_RUN(read_instance(context, path.bytes, out_engine->lock, &out_engine->instance));
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return EXIT_CODE_OK;
}

/* ---- The processor ---- */

static void set_encodings(const struct settings *settings, enum codec_encoding encodings[TOPIC_COUNT])
{
    static const struct {
        enum topic_id topic;
        enum option_id option;
    } rows[] = {
        {TOPIC_COMMANDS, OPTION_ENCODING_COMMANDS},       {TOPIC_RESULTS, OPTION_ENCODING_RESULTS},
        {TOPIC_TASKS, OPTION_ENCODING_TASKS},             {TOPIC_HISTORY, OPTION_ENCODING_HISTORY},
        {TOPIC_EXECUTIONS, OPTION_ENCODING_EXECUTIONS},   {TOPIC_DEFINITIONS, OPTION_ENCODING_DEFINITIONS},
        {TOPIC_REPLIES, OPTION_ENCODING_REPLIES},         {TOPIC_USAGE, OPTION_ENCODING_USAGE},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        encodings[rows[at].topic] = settings_encoding(settings, rows[at].option);
    }
}

static struct processor_config config_of(const struct context *context, const struct engine *engine, struct str store,
                                         size_t memory_bytes)
{
    const struct settings *settings = context->settings;
    struct processor_config config = processor_config_default;
    config.prefix = settings_text(settings, OPTION_TOPICS_PREFIX);
    config.instance = engine->instance;
    config.state_dir = store.bytes;
    config.memory_bytes = memory_bytes;
    config.thread_count = (uint32_t)settings_number(settings, OPTION_PROCESSOR_THREADS);
    config.restore_thread_count = (uint32_t)settings_number(settings, OPTION_STATE_RESTORE_THREADS);
    config.standby_replicas = settings_standby(settings, OPTION_STANDBY_REPLICAS);
    set_encodings(settings, config.encodings);
    config.route_table = settings_text(settings, OPTION_TASKS_ROUTES);
    config.step.region = settings_text(settings, OPTION_AWS_REGION);
    config.step.account = settings_text(settings, OPTION_AWS_ACCOUNT);
    config.step.payload_bytes_max = (size_t)settings_number(settings, OPTION_LIMITS_PAYLOAD_BYTES);
    config.step.history_events_max = settings_number(settings, OPTION_LIMITS_HISTORY_EVENTS);
    config.step.map_concurrency_default = settings_number(settings, OPTION_LIMITS_MAP_CONCURRENCY);
    config.step.retention_ms = settings_number(settings, OPTION_RETENTION_DAYS) * DAY_MS;
    config.step.redrive_ms = settings_number(settings, OPTION_REDRIVE_DAYS) * DAY_MS;
    config.versions_max = settings_number(settings, OPTION_LIMITS_VERSIONS);
    config.aliases_max = settings_number(settings, OPTION_LIMITS_ALIASES);
    config.batch_records_max = (uint32_t)settings_number(settings, OPTION_PROCESSOR_BATCH_RECORDS);
    config.batch_bytes_max = (size_t)settings_number(settings, OPTION_PROCESSOR_BATCH_BYTES);
    config.batch_ms_max = settings_number(settings, OPTION_PROCESSOR_BATCH_MS);
    config.commit_interval_ms_min = settings_number(settings, OPTION_PROCESSOR_COMMIT_INTERVAL_MS);
    config.machines_max = (uint32_t)settings_number(settings, OPTION_METRICS_MACHINES);
    config.cloud_events = settings_boolean(settings, OPTION_PROCESSOR_CLOUD_EVENTS);
    config.accept_loss = context_given(context, FLAG_SERVE_ACCEPT_LOSS);
    return config;
}

/* ---- The gateway ---- */

static enum exit_code start_gateway(struct context *context, const struct engine *engine, const struct engine_run *run,
                                    struct probes *probes, struct gateway **out_gateway)
{
    const struct settings *settings = context->settings;
    struct bus_error error = {""};
    struct str path;
    struct gateway_config config = gateway_config_default;
    TRY_MEMORY(context, arena_format(context->arena, &path, "%.*s/view", STR_ARGS(settings_text(settings, OPTION_STATE_DIR))));
    config.listen = settings_text(settings, OPTION_GATEWAY_LISTEN);
    config.insecure = run->insecure;
    config.tls.certificate = settings_text(settings, OPTION_GATEWAY_TLS_CERTIFICATE);
    config.tls.key = settings_text(settings, OPTION_GATEWAY_TLS_KEY);
    config.tls.client_ca = settings_text(settings, OPTION_GATEWAY_TLS_CLIENT_CA);
    config.prefix = settings_text(settings, OPTION_TOPICS_PREFIX);
    config.instance = engine->instance;
    config.view_path = path.bytes;
    config.memory_bytes = (size_t)settings_number(settings, OPTION_GATEWAY_MEMORY_BYTES);
    set_encodings(settings, config.encodings);
    config.step.region = settings_text(settings, OPTION_AWS_REGION);
    config.step.account = settings_text(settings, OPTION_AWS_ACCOUNT);
    config.step.payload_bytes_max = (size_t)settings_number(settings, OPTION_LIMITS_PAYLOAD_BYTES);
    config.step.history_events_max = settings_number(settings, OPTION_LIMITS_HISTORY_EVENTS);
    config.step.redrive_ms = settings_number(settings, OPTION_REDRIVE_DAYS) * DAY_MS;
    config.thread_count = (uint32_t)settings_number(settings, OPTION_GATEWAY_THREADS);
    config.connection_count_max = (uint32_t)settings_number(settings, OPTION_GATEWAY_CONNECTIONS);
    config.idle_ms = settings_number(settings, OPTION_GATEWAY_IDLE_MS);
    config.request_ms = settings_number(settings, OPTION_GATEWAY_REQUEST_MS);
    config.answer_ms = settings_number(settings, OPTION_GATEWAY_ANSWER_MS);
    config.traffic_bytes_max = (size_t)settings_number(settings, OPTION_GATEWAY_TRAFFIC_BYTES);
    config.reply_timeout_ms = settings_number(settings, OPTION_CLIENT_TIMEOUT_MS);
    config.behind_ms_max = settings_number(settings, OPTION_READY_VIEW_LAG_MS);
    config.probe = probes_answer;
    config.owner = probes;
    config.machines_max = settings_number(settings, OPTION_LIMITS_MACHINES);
    config.activities_max = settings_number(settings, OPTION_LIMITS_ACTIVITIES);
    config.executions_max = settings_number(settings, OPTION_LIMITS_EXECUTIONS);
    config.workers_max = settings_number(settings, OPTION_LIMITS_ACTIVITY_WORKERS);
    enum status status = gateway_start(&config, run->bus, out_gateway, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%s", error.text);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "gateway", &error);
    }
    log_event(LOG_INFO, "listening", "address=%.*s tls=%s", STR_ARGS(gateway_address(*out_gateway)),
              gateway_has_tls(*out_gateway) ? "true" : "false");
    return EXIT_CODE_OK;
}

/* ---- The probes of a processor without a gateway ---- */

static enum exit_code start_probes(struct context *context, const struct engine_run *run, struct probes *probes,
                                   struct probe_server **out_server)
{
    struct bus_error error = {""};
    const struct probe_config config = {
        .listen = settings_text(context->settings, OPTION_PROCESSOR_LISTEN),
        .option = "processor.listen",
        .insecure = run->insecure,
        .probe = probes_answer,
        .owner = probes,
    };
    if (config.listen.length == 0) {
        return EXIT_CODE_OK;
    }
    enum status status = probe_server_open(&config, out_server, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%s", error.text);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, "probes", &error);
    }
    log_event(LOG_INFO, "probes_listening", "address=%.*s", STR_ARGS(probe_server_address(*out_server)));
    return EXIT_CODE_OK;
}

/* ---- Watching ---- */

/* What runs, and what was last said of it. */
struct watch {
    const struct engine_run *run;
    struct processor *processor; /* NULL: that role is not ours */
    struct gateway *gateway;     /* NULL: that role is not ours */
    struct probes probes;
    struct probe_server *probe_server; /* NULL: there is none */
    struct str certificate;      /* its file; empty: it has no TLS */
    bool ready;
    bool ready_told;
    uint32_t assigned;
    uint32_t refused;
};

static enum exit_code watch_processor(struct context *context, struct watch *watch)
{
    struct processor_status status;
    char quoted[1024];
    processor_status(watch->processor, &status);
    if (status.refused > watch->refused) {
        log_event(LOG_ERROR, "partitions_refused", "count=%" PRIu32 " reason=%s", status.refused,
                  log_quote(str_of(status.text), quoted, sizeof quoted));
    }
    if (status.assigned != watch->assigned || status.ready != watch->ready) {
        log_event(LOG_INFO, "partitions", "assigned=%" PRIu32 " active=%" PRIu32 " ready=%s restore_lag=%" PRId64,
                  status.assigned, status.active, status.ready ? "true" : "false", status.restore_lag);
    }
    watch->ready = status.ready;
    watch->assigned = status.assigned;
    watch->refused = status.refused;
    return status.failed ? context_fail(context, EXIT_CODE_FAILED, "%s", status.text) : EXIT_CODE_OK;
}

static enum exit_code watch_gateway(struct context *context, struct watch *watch)
{
    struct gateway_status status;
    gateway_status(watch->gateway, &status);
    return status.failed ? context_fail(context, EXIT_CODE_FAILED, "%s", status.why) : EXIT_CODE_OK;
}

static void tell_ready(struct context *context, struct watch *watch)
{
    struct str endpoint = STR_NONE;
    char why[768];
    if (!watch->ready_told && probes_are_ready(&watch->probes, why, sizeof why)) {
        watch->ready_told = true;
        if (watch->gateway != NULL &&
            arena_format(context->arena, &endpoint, "%s://%.*s", gateway_has_tls(watch->gateway) ? "https" : "http",
                         STR_ARGS(gateway_address(watch->gateway))) != STATUS_OK) {
            endpoint = STR_NONE;
        }
        if (watch->run->ready != NULL) {
            watch->run->ready(context, endpoint);
        }
    }
}

/* A broken certificate must not end what works: it is told, and the old one stays. */
static void reload(struct watch *watch)
{
    struct bus_error error = {""};
    char quoted[700];
    if (gateway_reload_tls(watch->gateway, &error) == STATUS_OK) {
        log_event(LOG_INFO, "certificate_reloaded", "file=%.*s", STR_ARGS(watch->certificate));
    } else {
        log_event(LOG_ERROR, "certificate_refused", "reason=%s",
                  log_quote(str_of(error.text), quoted, sizeof quoted));
    }
}

/* Waits; whether a signal to stop came, which are blocked until then. `watch`: whose certificate SIGHUP reads again; NULL:
 * nothing is there yet that could. */
static bool wait_for_signal(int64_t ms, struct watch *watch)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    int number = sigtimedwait(&signals, NULL, &pause);
    if (number <= 0) {
        return false;
    }
    if (number == SIGHUP && watch != NULL && watch->gateway != NULL && gateway_has_tls(watch->gateway)) {
        reload(watch);
        return false;
    }
    log_event(LOG_INFO, "stopping", "signal=SIG%s", sigabbrev_np(number));
    /* From here on they end the process, as they do by default. */
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    return true;
}

/* Until a signal, or until something fails. */
static enum exit_code watch_all(struct context *context, struct watch *watch)
{
    for (;;) {
        if (watch->processor != NULL) {
            TRY_RUN(watch_processor(context, watch));
        }
        if (watch->gateway != NULL) {
            TRY_RUN(watch_gateway(context, watch));
        }
        tell_ready(context, watch);
        if (wait_for_signal(WATCH_MS, watch)) {
            return EXIT_CODE_OK;
        }
    }
}

/* ---- Both ---- */

static enum status open_processor(const struct processor_config *config, struct bus *bus, struct processor **out_processor,
                                  struct bus_error *out_error)
{
    struct processor *processor;
    TRY(processor_open(config, bus, &processor, out_error));
    enum status status = processor_start(processor, out_error);
    if (status != STATUS_OK) {
        processor_close(processor);
        return status;
    }
    *out_processor = processor;
    return STATUS_OK;
}

/* *out_processor stays NULL when a signal came first. */
static enum exit_code start_processor(struct context *context, const struct engine *engine, const struct engine_run *run,
                                      struct processor **out_processor)
{
    struct bus_error error = {""};
    struct str store;
    struct str folder = settings_text(context->settings, OPTION_STATE_DIR);
    TRY_MEMORY(context, arena_format(context->arena, &store, "%.*s/store", STR_ARGS(folder)));
    struct processor_config config = config_of(context, engine, store, run->memory_bytes);
    /* The broker was there a moment ago: that it does not answer now is no reason to give up. */
    for (int tries = 1;; tries++) {
        enum status status = open_processor(&config, run->bus, out_processor, &error);
        bool away = status == STATUS_RETRIABLE || status == STATUS_TIMED_OUT;
        if (status == STATUS_OK) {
            return EXIT_CODE_OK;
        }
        if (!away || tries == START_TRIES_MAX) {
            return context_fail_bus(context, status, "processor", &error);
        }
        log_event(LOG_WARNING, "waiting", "tries=%d reason=\"%s\"", tries, error.text);
        if (wait_for_signal(START_PAUSE_MS, NULL)) {
            return EXIT_CODE_OK;
        }
    }
}

static enum exit_code start_and_watch(struct context *context, const struct engine *engine, const struct engine_run *run,
                                      struct watch *watch)
{
    if (run->processor && !run->gateway) {
        TRY_RUN(start_probes(context, run, &watch->probes, &watch->probe_server));
    }
    if (run->processor) {
        TRY_RUN(start_processor(context, engine, run, &watch->processor));
        if (watch->processor == NULL) {
            return EXIT_CODE_OK; /* told to stop before it could start */
        }
        atomic_store(&watch->probes.processor, watch->processor);
    }
    if (run->gateway) {
        TRY_RUN(start_gateway(context, engine, run, &watch->probes, &watch->gateway));
        atomic_store(&watch->probes.gateway, watch->gateway);
    }
    log_event(LOG_INFO, "started", "version=%s instance=%.*s prefix=%.*s processor=%s gateway=%s", PAWL_VERSION,
              STR_ARGS(engine->instance), STR_ARGS(settings_text(context->settings, OPTION_TOPICS_PREFIX)),
              run->processor ? "true" : "false", run->gateway ? "true" : "false");
    return watch_all(context, watch);
}

enum exit_code engine_run(struct context *context, const struct engine *engine, const struct engine_run *run)
{
    struct watch watch = {
        .run = run,
        .certificate = settings_text(context->settings, OPTION_GATEWAY_TLS_CERTIFICATE),
        .probes = {
            .bus = run->bus,
            .has_processor = run->processor,
            .has_gateway = run->gateway,
            .commit_ms_max = settings_number(context->settings, OPTION_READY_COMMIT_MS),
        },
    };
    enum exit_code code = start_and_watch(context, engine, run, &watch);
    if (watch.probe_server != NULL) {
        probe_server_close(watch.probe_server);
    }
    if (watch.gateway != NULL) {
        gateway_stop(watch.gateway);
    }
    if (watch.processor != NULL) {
        processor_stop(watch.processor);
        processor_close(watch.processor);
    }
    log_event(LOG_INFO, "stopped", "code=%d", (int)code);
    return code;
}
