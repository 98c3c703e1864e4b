#include "gateway/gateway.h"

#include "base/limits.h"
#include "gateway/activities.h"
#include "gateway/api_counts.h"
#include "gateway/gateway_parts.h"
#include "gateway/http.h"
#include "gateway/listen.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

const struct gateway_config gateway_config_default = {
    .listen = STR_INIT("127.0.0.1:8083"),
    .prefix = STR_INIT("pawl"),
    .memory_bytes = (size_t)64 * 1024 * 1024,
    .step =
        {
            .region = STR_INIT("us-east-1"),
            .account = STR_INIT("000000000000"),
            .payload_bytes_max = PAYLOAD_BYTES_MAX,
            .history_events_max = HISTORY_EVENTS_MAX,
            .redrive_ms = (int64_t)REDRIVE_DAYS * 24 * 3600 * 1000,
        },
    .thread_count = 2,
    .connection_count_max = 10000,
    .idle_ms = 75000,
    .request_ms = 60000,
    .answer_ms = 60000,
    .traffic_bytes_max = (size_t)512 * 1024 * 1024,
    .reply_timeout_ms = 30000,
    .view_timeout_ms = 5000,
    .poll_ms = 60000,
    .behind_ms_max = 5000,
    .machines_max = MACHINES_MAX,
    .activities_max = ACTIVITIES_MAX,
    .executions_max = EXECUTIONS_RUNNING_MAX,
    .workers_max = ACTIVITY_WORKERS_MAX,
};

/* ---- The view's store ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static enum status open_store(struct gateway *gateway, struct bus_error *out_error)
{
    const struct kv_options options = {
        .path = gateway->config.view_path,
        .log = KV_LOG_NONE,
        .memory_bytes = gateway->config.memory_bytes,
    };
    struct kv_error error = {""};
    enum status status = kv_rocksdb_open(&options, &gateway->kv, &error);
    if (status == STATUS_CORRUPT && nftw(options.path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0) {
        status = kv_rocksdb_open(&options, &gateway->kv, &error);
    }
    if (status != STATUS_OK) {
        snprintf(out_error->text, sizeof out_error->text, "the gateway's view: %.400s", error.text);
    }
    return status;
}

/* ---- Its life ---- */

/* A connection is a file. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum status find_address(const struct gateway_config *config, union listen_address *out_address,
                                struct bus_error *out_error)
{
    if (listen_parse(config->listen, out_address) != STATUS_OK) {
        snprintf(out_error->text, sizeof out_error->text,
                 "gateway.listen is '%.*s', but must be ADDRESS:PORT, as 127.0.0.1:8083 or [::1]:8083",
                 STR_ARGS(config->listen));
        return STATUS_INVALID;
    }
    /* TLS keeps a secret; only a certificate that clients must have says who they are. */
    if (!listen_is_loopback(out_address) && !config->insecure && config->tls.client_ca.length == 0) {
        snprintf(out_error->text, sizeof out_error->text,
                 "gateway.listen is %.*s, which others can reach, and nobody is asked who they are; --insecure allows it, or "
                 "gateway.tls.client.ca, which asks them for a certificate",
                 STR_ARGS(config->listen));
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status open_tls(struct gateway *gateway, struct bus_error *out_error)
{
    const struct tls_files *files = &gateway->config.tls;
    if (files->certificate.length == 0 && files->key.length == 0 && files->client_ca.length == 0) {
        return STATUS_OK;
    }
    return tls_open(files, &gateway->tls, out_error);
}

static enum status start(struct gateway *gateway, struct bus_error *out_error)
{
    const struct gateway_config *config = &gateway->config;
    union listen_address address;
    TRY(find_address(config, &address, out_error));
    TRY(open_tls(gateway, out_error));
    TRY(api_counts_create(&gateway->counts));
    raise_file_limit();
    TRY(codec_create(&gateway->codec));
    TRY(open_store(gateway, out_error));
    const struct activities_config activities_config = {
        .bus = gateway->bus,
        .kv = gateway->kv,
        .codec = gateway->codec,
        .poll_ms = config->poll_ms,
        .workers_max = config->workers_max,
    };
    TRY(activities_open(&activities_config, &gateway->activities));
    const struct view_config view_config = {
        .bus = gateway->bus,
        .codec = gateway->codec,
        .prefix = config->prefix,
        .kv = gateway->kv,
        .wait_ms = config->view_timeout_ms,
        .task_came = activities_task_came,
        .owner = gateway->activities,
    };
    TRY(view_open(&view_config, &gateway->view, out_error));
    struct client_config client_config = {
        .bus = gateway->bus,
        .prefix = config->prefix,
        .instance = config->instance,
        .timeout_ms = config->reply_timeout_ms,
    };
    memcpy(client_config.encodings, config->encodings, sizeof client_config.encodings);
    TRY(client_open(&client_config, &gateway->client, out_error));
    TRY(activities_start(gateway->activities, gateway->view, gateway->client));
    return http_open(gateway, &address, &gateway->http, out_error);
}

enum status gateway_start(const struct gateway_config *config, struct bus *bus, struct gateway **out_gateway,
                          struct bus_error *out_error)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    TRY_NEW(gateway);
    gateway->config = *config;
    gateway->bus = bus;
    enum status status = start(gateway, out_error);
    if (status != STATUS_OK) {
        gateway_stop(gateway);
        return status;
    }
    *out_gateway = gateway;
    return STATUS_OK;
}

void gateway_stop(struct gateway *gateway)
{
    /* No call may be in flight when the server ends: those that are, are answered by whoever has them. */
    if (gateway->http != NULL) {
        http_drain(gateway->http);
    }
    if (gateway->client != NULL) {
        client_stop(gateway->client);
    }
    if (gateway->activities != NULL) {
        activities_stop(gateway->activities);
    }
    if (gateway->view != NULL) {
        view_stop(gateway->view);
    }
    if (gateway->http != NULL) {
        http_close(gateway->http);
    }
    if (gateway->tls != NULL) {
        tls_close(gateway->tls);
    }
    if (gateway->counts != NULL) {
        api_counts_destroy(gateway->counts);
    }
    if (gateway->client != NULL) {
        client_close(gateway->client);
    }
    if (gateway->view != NULL) {
        view_close(gateway->view);
    }
    if (gateway->activities != NULL) {
        activities_close(gateway->activities); /* after the view, whose thread tells it of tasks */
    }
    if (gateway->kv != NULL) {
        kv_close(gateway->kv);
    }
    if (gateway->codec != NULL) {
        codec_destroy(gateway->codec);
    }
    free(gateway);
}

struct str gateway_address(const struct gateway *gateway)
{
    return http_address(gateway->http);
}

bool gateway_has_tls(const struct gateway *gateway)
{
    return gateway->tls != NULL;
}

enum status gateway_reload_tls(struct gateway *gateway, struct bus_error *out_error)
{
    return tls_reload(gateway->tls, out_error);
}

void gateway_status(struct gateway *gateway, struct gateway_status *out_status)
{
    struct view_status view;
    struct bus_error error = {""};
    view_status(gateway->view, &view);
    client_failure(gateway->client, &error);
    struct gateway_status status = {
        .failed = error.text[0] != '\0' || view.failed,
        .caught_up = view.caught_up,
        .behind_ms = view.behind_ms,
    };
    if (status.failed) {
        snprintf(status.why, sizeof status.why, "%s", error.text[0] != '\0' ? error.text : view.error.text);
    } else if (!view.caught_up) {
        snprintf(status.why, sizeof status.why, "the gateway's view is being made of the topics");
    } else if (view.behind_ms > gateway->config.behind_ms_max) {
        snprintf(status.why, sizeof status.why, "the gateway's view is behind the topics, for %" PRId64 " ms",
                 view.behind_ms);
    }
    status.ready = status.why[0] == '\0';
    *out_status = status;
}

void gateway_show(struct gateway *gateway, struct metrics_page *page)
{
    struct gateway_status status;
    gateway_status(gateway, &status);
    metrics_add(page, &metric_table[METRIC_GATEWAY_READY], NULL, status.ready);
    metrics_add(page, &metric_table[METRIC_VIEW_CAUGHT_UP], NULL, status.caught_up);
    metrics_add(page, &metric_table[METRIC_VIEW_LAG], NULL, (double)status.behind_ms / 1000);
    if (gateway->tls != NULL) {
        metrics_add(page, &metric_table[METRIC_CERTIFICATE_EXPIRY], NULL, (double)tls_expires_ms(gateway->tls) / 1000);
    }
    api_counts_show(gateway->counts, page);
}

const struct kv *gateway_kv(const struct gateway *gateway)
{
    return gateway->kv;
}
