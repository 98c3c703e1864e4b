/* The AWS Step Functions API over HTTP, as a client of the topics (design, section 1): it writes commands, waits for their
 * replies, and answers queries from a view that it makes out of the output topics. */
#ifndef PAWL_GATEWAY_GATEWAY_H
#define PAWL_GATEWAY_GATEWAY_H

#include "asl/step.h"
#include "bus/bus.h"
#include "gateway/probe.h"
#include "gateway/tls.h"
#include "kv/kv.h"
#include "metrics/metrics.h"
#include "schemas/codec/codec.h"
#include "schemas/topics.h"

struct gateway;

struct gateway_status {
    bool failed;    /* it has given up: the process should end, `why` says why */
    bool ready;
    bool caught_up; /* its view has read what there was when it began */
    int64_t behind_ms; /* for how long there has been more to read than the view could */
    char why[768];  /* when it is not ready */
};

/* Texts are borrowed for the gateway's life. */
struct gateway_config {
    struct str listen;      /* HOST:PORT; port 0: any */
    bool insecure;          /* listen beyond loopback although nobody is asked who they are */
    struct tls_files tls;   /* all empty: HTTP without TLS */
    struct str prefix;      /* of topics */
    struct str instance;    /* of this process */
    const char *view_path;  /* RocksDB's folder; made when absent, and anew when it is broken */
    size_t memory_bytes;    /* of the view's RocksDB */
    enum codec_encoding encodings[TOPIC_COUNT]; /* of commands and results */
    struct step_config step;                    /* region, account, limits of payload, history and redrives */
    uint32_t thread_count;      /* that serve HTTP */
    uint32_t connection_count_max;
    int64_t idle_ms;            /* a connection may wait so long for its next request's line and headers */
    int64_t request_ms;         /* a request's body may take so long to arrive */
    int64_t answer_ms;          /* an answer may take so long to be read */
    size_t traffic_bytes_max;   /* memory of requests that arrive or are in hand; as much again of unread answers */
    int64_t reply_timeout_ms;   /* for a Reply */
    int64_t view_timeout_ms;    /* for the view to show what a Reply told of */
    int64_t poll_ms;            /* GetActivityTask waits so long for a task; AWS: 60 s */
    /* Quotas (gateway/quota.h); 0: none. */
    int64_t machines_max;
    int64_t activities_max;
    int64_t executions_max; /* Standard ones that run */
    int64_t workers_max;    /* that poll for one activity at the same time */
    int64_t behind_ms_max;      /* a view that is further behind is not ready */
    probe_fn probe;             /* answers the probes, from the moment of gateway_start on */
    void *owner;                /* of probe */
};
extern const struct gateway_config gateway_config_default;

/* Opens everything and starts to listen. INVALID: what is configured can't be; *out_error says what. */
MUST_CHECK enum status gateway_start(const struct gateway_config *config, struct bus *bus, struct gateway **out_gateway,
                                     struct bus_error *out_error);
/* Answers what is in flight with an exception, and ends. */
void gateway_stop(struct gateway *gateway);

/* Where it listens: "127.0.0.1:8083". Borrowed. */
struct str gateway_address(const struct gateway *gateway);
bool gateway_has_tls(const struct gateway *gateway);

/* Reads the files of its TLS again, for connections to come. INVALID: *out_error says what is wrong with them, and the old
 * certificate stays in use. Requires gateway_has_tls. */
MUST_CHECK enum status gateway_reload_tls(struct gateway *gateway, struct bus_error *out_error);

/* From any thread. */
void gateway_status(struct gateway *gateway, struct gateway_status *out_status);

/* What it has to tell, but for its store's figures. From any thread. */
void gateway_show(struct gateway *gateway, struct metrics_page *page);

/* The view's store, for metrics. Borrowed. */
const struct kv *gateway_kv(const struct gateway *gateway);

#endif
