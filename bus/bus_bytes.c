#include "bus/bus_bytes.h"

#include "base/assert.h"

#define LENGTH_NONE UINT32_MAX

static char *put(char *at, uint64_t number, size_t width)
{
    for (size_t byte = 0; byte < width; byte++) {
        at[byte] = (char)(number >> (8 * (width - 1 - byte)));
    }
    return at + width;
}

char *bus_bytes_put_u8(char *at, uint8_t number)
{
    return put(at, number, 1);
}

char *bus_bytes_put_u32(char *at, uint32_t number)
{
    return put(at, number, 4);
}

char *bus_bytes_put_u64(char *at, uint64_t number)
{
    return put(at, number, 8);
}

char *bus_bytes_put_str(char *at, struct str text)
{
    if (text.bytes == NULL) {
        return bus_bytes_put_u32(at, LENGTH_NONE);
    }
    ASSERT(text.length < LENGTH_NONE);
    at = bus_bytes_put_u32(at, (uint32_t)text.length);
    if (text.length > 0) {
        memcpy(at, text.bytes, text.length);
    }
    return at + text.length;
}

size_t bus_bytes_str_size(struct str text)
{
    return 4 + (text.bytes == NULL ? 0 : text.length);
}

static enum status add(struct buffer *buffer, uint64_t number, size_t width)
{
    char *at = buffer_reserve(buffer, width);
    TRY_NEW(at);
    put(at, number, width);
    buffer->length += width;
    return STATUS_OK;
}

enum status bus_bytes_add_u8(struct buffer *buffer, uint8_t number)
{
    return add(buffer, number, 1);
}

enum status bus_bytes_add_u32(struct buffer *buffer, uint32_t number)
{
    return add(buffer, number, 4);
}

enum status bus_bytes_add_u64(struct buffer *buffer, uint64_t number)
{
    return add(buffer, number, 8);
}

enum status bus_bytes_add_str(struct buffer *buffer, struct str text)
{
    size_t size = bus_bytes_str_size(text);
    char *at = buffer_reserve(buffer, size);
    TRY_NEW(at);
    bus_bytes_put_str(at, text);
    buffer->length += size;
    return STATUS_OK;
}

static uint64_t take(struct bus_bytes *bytes, size_t width)
{
    if (bytes->bad || bytes->left.length < width) {
        bytes->bad = true;
        return 0;
    }
    uint64_t number = 0;
    for (size_t byte = 0; byte < width; byte++) {
        number = number << 8 | (unsigned char)bytes->left.bytes[byte];
    }
    bytes->left = str_from(bytes->left, width);
    return number;
}

uint8_t bus_bytes_u8(struct bus_bytes *bytes)
{
    return (uint8_t)take(bytes, 1);
}

uint32_t bus_bytes_u32(struct bus_bytes *bytes)
{
    return (uint32_t)take(bytes, 4);
}

uint64_t bus_bytes_u64(struct bus_bytes *bytes)
{
    return take(bytes, 8);
}

struct str bus_bytes_str(struct bus_bytes *bytes)
{
    uint32_t length = bus_bytes_u32(bytes);
    if (bytes->bad || length == LENGTH_NONE) {
        return STR_NONE;
    }
    if (bytes->left.length < length) {
        bytes->bad = true;
        return STR_NONE;
    }
    struct str text = str_slice(bytes->left, 0, length);
    bytes->left = str_from(bytes->left, length);
    return text;
}

bool bus_bytes_ended(const struct bus_bytes *bytes)
{
    return !bytes->bad && bytes->left.length == 0;
}
