#include "base/buffer.h"

#include "base/assert.h"

#include <stdio.h>

#define CAPACITY_MIN 128

char *buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->length >= more && buffer->bytes != NULL) {
        return buffer->bytes + buffer->length;
    }
    size_t needed = 0;
    if (__builtin_add_overflow(buffer->length, more, &needed)) {
        return NULL;
    }
    size_t capacity = buffer->capacity < CAPACITY_MIN ? CAPACITY_MIN : buffer->capacity;
    while (capacity < needed) {
        capacity = capacity > needed / 2 ? needed : capacity * 2;
    }
    if (capacity < buffer->capacity * 2) {
        capacity = buffer->capacity * 2;
    }
    char *bytes = arena_allocate(buffer->arena, capacity);
    if (bytes == NULL) {
        return NULL;
    }
    if (buffer->length > 0) {
        memcpy(bytes, buffer->bytes, buffer->length);
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return bytes + buffer->length;
}

enum status buffer_add(struct buffer *buffer, struct str text)
{
    char *end = buffer_reserve(buffer, text.length);
    TRY_NEW(end);
    if (text.length > 0) {
        memcpy(end, text.bytes, text.length);
        buffer->length += text.length;
    }
    return STATUS_OK;
}

enum status buffer_add_byte(struct buffer *buffer, char byte)
{
    char *end = buffer_reserve(buffer, 1);
    TRY_NEW(end);
    *end = byte;
    buffer->length++;
    return STATUS_OK;
}

enum status buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list measured;
    va_list printed;
    va_start(measured, format);
    va_copy(printed, measured);
    int length = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    ASSERT(length >= 0);
    char *end = buffer_reserve(buffer, (size_t)length + 1);
    if (end != NULL) {
        vsnprintf(end, (size_t)length + 1, format, printed);
        buffer->length += (size_t)length;
    }
    va_end(printed);
    return end == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
}
