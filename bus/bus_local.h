/* The embedded bus: the same topics in a RocksDB of their own, one fsynced batch a transaction, retention and compaction
 * in the background. For `pawl dev`, tests and one-box use. One process owns the folder; other processes reach it through
 * the Unix socket that bus_local_serve opens (bus_remote_open). */
#ifndef PAWL_BUS_BUS_LOCAL_H
#define PAWL_BUS_BUS_LOCAL_H

#include "bus/bus.h"

struct bus_local_options {
    const char *path;    /* the folder; made when absent */
    size_t memory_bytes; /* cache and write buffers */
};

MUST_CHECK enum status bus_local_open(const struct bus_local_options *options, struct bus **out_bus, struct bus_error *out_error);

/* Lets other processes of this user use the bus: listens on the Unix socket `path` (mode 0600) until the bus is closed. */
MUST_CHECK enum status bus_local_serve(struct bus *bus, const char *path, struct bus_error *out_error);

/* One round of retention and compaction over all partitions, as at `now_ms`. The bus does it by itself every half minute;
 * this is for tests and tools. */
MUST_CHECK enum status bus_local_clean(struct bus *bus, int64_t now_ms, struct bus_error *out_error);

/* A bus served by another process: topics, readers, producers, followers. Members are refused. NOT_FOUND: nobody listens. */
MUST_CHECK enum status bus_remote_open(const char *path, struct bus **out_bus, struct bus_error *out_error);

#endif
