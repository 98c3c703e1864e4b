/* Frames on the embedded bus's socket: four bytes of length, then that many bytes. A request is its number and fields
 * (bus/wire.def); an answer is a status and fields, or a status and a text. Strings are as in bus/bus_bytes.h, rows as
 * in bus/bus_record.h. The first request of a connection is HELLO. */
#ifndef PAWL_BUS_WIRE_H
#define PAWL_BUS_WIRE_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/un.h>

#define WIRE_MAGIC 0x5041574Cu /* "PAWL" */
#define WIRE_VERSION 1
#define WIRE_FRAME_BYTES_MAX ((uint32_t)16 * 1024 * 1024)
#define WIRE_WAIT_MS_MAX (10 * 1000) /* longest a server waits before it answers that nothing came */
#define WIRE_TOPICS_MAX 256          /* of a follower */

/* Where a batch in a frame ends: after so many bytes or records. */
#define WIRE_BATCH_BYTES ((size_t)512 * 1024)
#define WIRE_READ_RECORDS_MAX 256
#define WIRE_FOLLOW_RECORDS_MAX 16 /* what a follower holds when its partition goes to another comes twice */

enum wire_op {
#define WIRE(id) WIRE_##id,
#include "bus/wire.def"
    WIRE_OP_COUNT
};

/* IO: the connection is broken (or timed out, as its socket is set). */
MUST_CHECK enum status wire_send(int socket, struct str payload);

/* The payload, in the arena. END: the other side closed it. INVALID: over the limit. */
MUST_CHECK enum status wire_receive(int socket, struct arena *arena, struct str *out_payload);

/* LIMIT_EXCEEDED: a socket's path has at most 107 bytes. */
MUST_CHECK enum status wire_address(const char *path, struct sockaddr_un *out_address);

#endif
