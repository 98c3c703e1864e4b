/* The execution rows that a partition read or wrote last, as bytes: a running execution's row is wanted again at each
 * of its steps, and a look into overlay and store costs ten times as much.
 *
 * One slot an id, the later one wins its slot. What it holds is what overlay over store would answer; whoever takes
 * staged rows back must take them out of here as well. */
#ifndef PAWL_STATE_ROW_CACHE_H
#define PAWL_STATE_ROW_CACHE_H

#include "asl/execution_id.h"
#include "base/str.h"

struct row_cache;

/* Bytes of a row that is worth keeping. */
#define ROW_CACHE_VALUE_BYTES_MAX 2048

/* Never fails: without memory, nothing is kept. All take NULL for a cache that is not there. */
struct row_cache *row_cache_create(void);
void row_cache_destroy(struct row_cache *cache);
void row_cache_clear(struct row_cache *cache);

/* STR_NONE: not here. Borrowed until the next change. */
struct str row_cache_get(const struct row_cache *cache, const struct execution_id *id);
void row_cache_put(struct row_cache *cache, const struct execution_id *id, struct str value);
void row_cache_remove(struct row_cache *cache, const struct execution_id *id);

#endif
