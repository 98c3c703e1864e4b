/* A row: version (1 byte), horizon and timestamp (8 each), key, value, count of headers (1), name and value of each. */
#include "bus/bus_record.h"

#include "base/assert.h"
#include "bus/bus_bytes.h"

#define RECORD_VERSION 1
#define HORIZON_AT 1
#define FIXED_BYTES (1 + 8 + 8 + 1)

size_t bus_record_bytes(const struct bus_message *message)
{
    size_t bytes = message->key.length + message->value.length;
    for (size_t at = 0; at < message->header_count; at++) {
        bytes += message->headers[at].name.length + message->headers[at].value.length;
    }
    return bytes;
}

enum status bus_record_encode(struct arena *arena, const struct bus_message *message, int64_t timestamp_ms,
                              struct str *out_row)
{
    ASSERT(message->header_count <= BUS_HEADERS_MAX);
    size_t size = FIXED_BYTES + bus_bytes_str_size(message->key) + bus_bytes_str_size(message->value);
    for (size_t at = 0; at < message->header_count; at++) {
        size += bus_bytes_str_size(message->headers[at].name) + bus_bytes_str_size(message->headers[at].value);
    }
    char *row = arena_allocate(arena, size);
    TRY_NEW(row);
    char *at = bus_bytes_put_u8(row, RECORD_VERSION);
    at = bus_bytes_put_u64(at, (uint64_t)-1);
    at = bus_bytes_put_u64(at, (uint64_t)timestamp_ms);
    at = bus_bytes_put_str(at, message->key);
    at = bus_bytes_put_str(at, message->value);
    at = bus_bytes_put_u8(at, (uint8_t)message->header_count);
    for (size_t header = 0; header < message->header_count; header++) {
        at = bus_bytes_put_str(at, message->headers[header].name);
        at = bus_bytes_put_str(at, message->headers[header].value);
    }
    ASSERT(at == row + size);
    *out_row = (struct str){row, size};
    return STATUS_OK;
}

enum status bus_record_decode(struct arena *arena, struct str row, struct bus_record *out_record)
{
    struct bus_bytes bytes = {.left = row};
    if (bus_bytes_u8(&bytes) != RECORD_VERSION) {
        return STATUS_INVALID;
    }
    (void)bus_bytes_u64(&bytes);
    int64_t timestamp_ms = (int64_t)bus_bytes_u64(&bytes);
    struct str key = bus_bytes_str(&bytes);
    struct str value = bus_bytes_str(&bytes);
    size_t header_count = bus_bytes_u8(&bytes);
    if (bytes.bad || header_count > BUS_HEADERS_MAX) {
        return STATUS_INVALID;
    }
    struct bus_header *headers = NULL;
    if (header_count > 0) {
        headers = arena_array(arena, struct bus_header, header_count);
        TRY_NEW(headers);
        for (size_t at = 0; at < header_count; at++) {
            headers[at].name = bus_bytes_str(&bytes);
            headers[at].value = bus_bytes_str(&bytes);
        }
    }
    if (!bus_bytes_ended(&bytes)) {
        return STATUS_INVALID;
    }
    out_record->timestamp_ms = timestamp_ms;
    out_record->key = key;
    out_record->value = value;
    out_record->headers = headers;
    out_record->header_count = header_count;
    return STATUS_OK;
}

int64_t bus_record_horizon_ms(struct str row)
{
    ASSERT(row.length >= FIXED_BYTES);
    struct bus_bytes bytes = {.left = str_from(row, HORIZON_AT)};
    return (int64_t)bus_bytes_u64(&bytes);
}

enum status bus_record_with_horizon(struct arena *arena, struct str row, int64_t horizon_ms, struct str *out_row)
{
    ASSERT(row.length >= FIXED_BYTES);
    char *copy = arena_allocate(arena, row.length);
    TRY_NEW(copy);
    memcpy(copy, row.bytes, row.length);
    bus_bytes_put_u64(copy + HORIZON_AT, (uint64_t)horizon_ms);
    *out_row = (struct str){copy, row.length};
    return STATUS_OK;
}
