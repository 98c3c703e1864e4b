/* HTTP for those who ask: POSTs to one URL, many at a time over few connections that are kept. The only user of libcurl. */
#ifndef PAWL_CLI_POSTER_H
#define PAWL_CLI_POSTER_H

#include "base/arena.h"

#include <stdint.h>

#define POSTER_CONNECTIONS_MAX 32                    /* of one poster, all of them at work at once */
#define POSTER_BODY_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of an answer; more is no answer */

struct poster;

/* Texts are borrowed as long as the poster lives; a NUL follows each. */
struct poster_config {
    struct str url;     /* http:// or https:// */
    struct str ca_file; /* PEM of who may vouch for an https:// server; STR_NONE: whom the system trusts */
    /* Credentials of AWS for a signature (version 4). STR_NONE: requests are not signed. */
    struct str access_key_id;
    struct str secret_access_key;
    struct str session_token; /* STR_NONE: none */
    struct str region;
};

/* How a request ended. */
enum poster_end {
    POSTER_ANSWERED,  /* http_status, error_type, body */
    POSTER_UNREACHED, /* nothing was sent */
    POSTER_BROKEN,    /* it was sent at least in part, and the connection broke */
    POSTER_TIMED_OUT, /* it was sent, and no answer came in time */
};

struct posted {
    uint64_t number; /* what poster_send was given */
    enum poster_end end;
    struct str problem; /* unless ANSWERED: what went wrong */
    long http_status;
    struct str content_type; /* empty: none */
    struct str error_type;   /* x-amzn-ErrorType; empty: none */
    struct str body;
};

/* Whether the URL is one that can be posted to; if not, *out_problem is what is wrong with it. */
bool poster_url_is_valid(struct str url, const char **out_problem);

/* LIMIT_EXCEEDED: no memory. Belongs to one thread at a time. */
MUST_CHECK enum status poster_create(const struct poster_config *config, struct poster **out_poster);
void poster_destroy(struct poster *poster);

/* What is sent: `target` is the header X-Amz-Target; `body` is copied. */
struct post {
    uint64_t number; /* the caller's, comes back in the end */
    struct str target;
    struct str body;
    int64_t timeout_ms; /* from now until the last byte of the answer */
};

/* Begins a request; poster_next lets it go on. Beyond POSTER_CONNECTIONS_MAX at a time, the rest wait their turn, which counts
 * as time. LIMIT_EXCEEDED: no memory. */
MUST_CHECK enum status poster_send(struct poster *poster, const struct post *post);

/* The next request that has ended, its texts copied to the arena; waits at most wait_ms, and no longer than until something
 * happens on a connection. END: none has ended yet, or none is on its way. LIMIT_EXCEEDED: the arena's limit. */
MUST_CHECK enum status poster_next(struct poster *poster, struct arena *arena, int wait_ms, struct posted *out_posted);

/* Has a poster_next that waits return, from any thread. */
void poster_wake(struct poster *poster);

#endif
