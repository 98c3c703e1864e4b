/* Memory that is freed all at once (STYLE 15–17): one arena an event, reset after it.
 *
 * Everything handed out is aligned for any type, is zeroed only where said, and stays valid until the next reset or
 * rollback past it. An arena belongs to one thread at a time. */
#ifndef PAWL_BASE_ARENA_H
#define PAWL_BASE_ARENA_H

#include "base/status.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* An empty arena that will hold at most `bytes_max` bytes (its own bookkeeping included). NULL when the system has no memory. */
struct arena *arena_create(size_t bytes_max);
void arena_destroy(struct arena *arena);

/* Releases what the arena owns, newest first, and keeps one chunk (at most 4 MiB) for the next use. */
void arena_reset(struct arena *arena);

/* Bytes handed out since creation or the last reset. */
size_t arena_used(const struct arena *arena);

/* Keeps the last `bytes` back until this is called again with 0: for what is to be said when the rest is used up. */
void arena_hold_back(struct arena *arena, size_t bytes);

/* `size` bytes, not initialised; NULL only at the arena's limit. */
void *arena_allocate(struct arena *arena, size_t size);

/* `count` × `size` zeroed bytes; NULL at the limit or when the product overflows. */
void *arena_allocate_zeroed(struct arena *arena, size_t count, size_t size);

#define arena_new(arena, type) ((type *)arena_allocate_zeroed((arena), 1, sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_allocate_zeroed((arena), (count), sizeof(type)))

/* Has `release(handle)` called at the next reset. On failure the handle is released at once. */
MUST_CHECK enum status arena_own(struct arena *arena, void *handle, void (*release)(void *handle));

/* Copies into the arena; a NUL follows the copy. */
MUST_CHECK enum status arena_copy(struct arena *arena, struct str text, struct str *out_copy);

/* As printf; a NUL follows. */
MUST_CHECK enum status arena_format(struct arena *arena, struct str *out_text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* a followed by b. */
MUST_CHECK enum status arena_concat(struct arena *arena, struct str a, struct str b, struct str *out_text);

#endif
