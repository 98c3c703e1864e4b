/* A text that grows, in an arena. What it outgrew stays in the arena until the reset (at most as much again). */
#ifndef PAWL_BASE_BUFFER_H
#define PAWL_BASE_BUFFER_H

#include "base/arena.h"

struct buffer {
    struct arena *arena;
    char *bytes;
    size_t length;
    size_t capacity;
};

static inline struct buffer buffer_in(struct arena *arena)
{
    return (struct buffer){.arena = arena};
}

/* Room for `more` bytes after the present ones: where they go, or NULL at the arena's limit. The caller raises
 * buffer->length by what it wrote. */
char *buffer_reserve(struct buffer *buffer, size_t more);

MUST_CHECK enum status buffer_add(struct buffer *buffer, struct str text);
MUST_CHECK enum status buffer_add_byte(struct buffer *buffer, char byte);
MUST_CHECK enum status buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was added so far; borrowed from the arena, moved by the next addition. */
static inline struct str buffer_text(const struct buffer *buffer)
{
    return (struct str){buffer->bytes == NULL ? "" : buffer->bytes, buffer->length};
}

#endif
