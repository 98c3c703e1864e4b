#include "base/arena.h"

#include "base/assert.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES_MIN ((size_t)16 * 1024) /* one usual step fits into it */
#define CHUNK_BYTES_KEPT_MAX ((size_t)4 * 1024 * 1024) /* a larger one goes back to the system with the reset */
#define ALIGNMENT alignof(max_align_t)

/* Under AddressSanitizer what is not handed out is poisoned, and a gap lies behind each allocation: else one that is written
 * past would go unseen, as its neighbour is in the same chunk. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#define GAP_BYTES ALIGNMENT
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* gcc takes a pointer to const for a promise to read */
#endif
void __asan_poison_memory_region(const volatile void *memory, size_t size);
void __asan_unpoison_memory_region(const volatile void *memory, size_t size);
#else
#define GAP_BYTES 0
#define __asan_poison_memory_region(memory, size) ((void)(memory), (void)(size))
#define __asan_unpoison_memory_region(memory, size) ((void)(memory), (void)(size))
#endif

struct chunk {
    struct chunk *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) char bytes[];
};

struct owned {
    struct owned *older;
    void *handle;
    void (*release)(void *handle);
};

struct arena {
    struct chunk *newest;
    struct owned *owned;
    size_t bytes_max;
    size_t bytes_back; /* of bytes_max, held back */
    size_t bytes_held;
    size_t bytes_used;
};

struct arena *arena_create(size_t bytes_max)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->bytes_max = bytes_max;
    }
    return arena;
}

static void release_owned(struct arena *arena)
{
    while (arena->owned != NULL) {
        struct owned *owned = arena->owned;
        arena->owned = owned->older;
        owned->release(owned->handle);
    }
}

/* The largest chunk that is worth keeping, or NULL. */
static struct chunk *chunk_to_keep(const struct arena *arena)
{
    struct chunk *largest = NULL;
    for (struct chunk *chunk = arena->newest; chunk != NULL; chunk = chunk->older) {
        if (chunk->capacity <= CHUNK_BYTES_KEPT_MAX && (largest == NULL || chunk->capacity > largest->capacity)) {
            largest = chunk;
        }
    }
    return largest;
}

void arena_reset(struct arena *arena)
{
    release_owned(arena);
    struct chunk *kept = chunk_to_keep(arena);
    for (struct chunk *chunk = arena->newest; chunk != NULL;) {
        struct chunk *older = chunk->older;
        if (chunk != kept) {
            __asan_unpoison_memory_region(chunk->bytes, chunk->capacity);
            free(chunk);
        }
        chunk = older;
    }
    arena->newest = kept;
    arena->bytes_held = 0;
    arena->bytes_used = 0;
    if (kept != NULL) {
        kept->older = NULL;
        kept->used = 0;
        __asan_poison_memory_region(kept->bytes, kept->capacity);
        arena->bytes_held = sizeof *kept + kept->capacity;
    }
}

void arena_destroy(struct arena *arena)
{
    if (arena != NULL) {
        arena_reset(arena);
        if (arena->newest != NULL) {
            __asan_unpoison_memory_region(arena->newest->bytes, arena->newest->capacity);
        }
        free(arena->newest);
        free(arena);
    }
}

size_t arena_used(const struct arena *arena)
{
    return arena->bytes_used;
}

void arena_hold_back(struct arena *arena, size_t bytes)
{
    arena->bytes_back = bytes;
}

static struct chunk *add_chunk(struct arena *arena, size_t size)
{
    size_t capacity = arena->newest == NULL ? CHUNK_BYTES_MIN : arena->newest->capacity * 2;
    if (capacity < size) {
        capacity = size;
    }
    size_t taken = arena->bytes_held + arena->bytes_back;
    size_t left = arena->bytes_max > taken ? arena->bytes_max - taken : 0;
    if (capacity + sizeof(struct chunk) > left) {
        capacity = size;
    }
    if (capacity + sizeof(struct chunk) > left) {
        return NULL;
    }
    struct chunk *chunk = malloc(sizeof *chunk + capacity);
    if (chunk != NULL) {
        chunk->older = arena->newest;
        chunk->capacity = capacity;
        chunk->used = 0;
        __asan_poison_memory_region(chunk->bytes, capacity);
        arena->newest = chunk;
        arena->bytes_held += sizeof *chunk + capacity;
    }
    return chunk;
}

void *arena_allocate(struct arena *arena, size_t size)
{
    if (size > arena->bytes_max) {
        return NULL;
    }
    size_t wanted = size;
    size = ((size + ALIGNMENT - 1) & ~(ALIGNMENT - 1)) + GAP_BYTES;
    struct chunk *chunk = arena->newest;
    if (chunk == NULL || chunk->capacity - chunk->used < size) {
        chunk = add_chunk(arena, size);
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += size;
    arena->bytes_used += size - GAP_BYTES;
    __asan_unpoison_memory_region(memory, wanted);
    return memory;
}

void *arena_allocate_zeroed(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *memory = arena_allocate(arena, bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

enum status arena_own(struct arena *arena, void *handle, void (*release)(void *handle))
{
    struct owned *owned = arena_new(arena, struct owned);
    if (owned == NULL) {
        release(handle);
        return STATUS_LIMIT_EXCEEDED;
    }
    *owned = (struct owned){arena->owned, handle, release};
    arena->owned = owned;
    return STATUS_OK;
}

enum status arena_copy(struct arena *arena, struct str text, struct str *out_copy)
{
    return arena_concat(arena, text, STR_NONE, out_copy);
}

enum status arena_concat(struct arena *arena, struct str a, struct str b, struct str *out_text)
{
    size_t length = a.length + b.length;
    char *bytes = arena_allocate(arena, length + 1);
    TRY_NEW(bytes);
    if (a.length > 0) {
        memcpy(bytes, a.bytes, a.length);
    }
    if (b.length > 0) {
        memcpy(bytes + a.length, b.bytes, b.length);
    }
    bytes[length] = '\0';
    *out_text = (struct str){bytes, length};
    return STATUS_OK;
}

enum status arena_format(struct arena *arena, struct str *out_text, const char *format, ...)
{
    va_list measured;
    va_list printed;
    va_start(measured, format);
    va_copy(printed, measured);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    ASSERT(length >= 0);
    char *bytes = arena_allocate(arena, (size_t)length + 1);
    if (bytes != NULL) {
        vsnprintf(bytes, (size_t)length + 1, format, printed);
    }
    va_end(printed);
    TRY_NEW(bytes);
    *out_text = (struct str){bytes, (size_t)length};
    return STATUS_OK;
}
