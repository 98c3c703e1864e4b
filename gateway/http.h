/* The HTTP server. `POST /` with X-Amz-Target is a call of the API (gateway/call.h);
 * `GET` of a probe (gateway/probe.h) is for whoever watches the process; everything else is refused as AWS refuses it.
 *
 *     a request ─ headers, body ─► call_run ─┬─► answered
 *                                            └─► suspended: costs no thread, until call->answered resumes it
 *
 * Bounded are: connections, and how long one may wait for its next request (gateway/door.h); the bytes of a request's headers
 * and body, the time that it may take to arrive, the memory of all requests together; the time that an answer may take to be
 * read, the memory of all answers together. Beyond: 413 or 503, or the end of the connection when time is over. */
#ifndef PAWL_GATEWAY_HTTP_H
#define PAWL_GATEWAY_HTTP_H

#include "gateway/gateway_parts.h"
#include "gateway/listen.h"

struct http;

/* IO with *out_error: the address can't be listened on. */
MUST_CHECK enum status http_open(struct gateway *gateway, const union listen_address *address, struct http **out_http,
                                 struct bus_error *out_error);

/* Where it listens: "127.0.0.1:8083". Borrowed. */
struct str http_address(const struct http *http);

/* From now on calls are refused. Those that are in flight must be answered before http_close. */
void http_drain(struct http *http);
void http_close(struct http *http);

#endif
