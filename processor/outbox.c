#include "processor/outbox.h"

size_t outbox_message_bytes(const struct bus_message *message)
{
    size_t bytes = message->key.length + message->value.length;
    for (size_t at = 0; at < message->header_count; at++) {
        bytes += message->headers[at].name.length + message->headers[at].value.length;
    }
    return bytes;
}

enum status outbox_add(struct outbox *outbox, const struct bus_message *message, int64_t bytes_max)
{
    size_t bytes = outbox_message_bytes(message);
    if (bytes + OUTBOX_OVERHEAD_BYTES > (size_t)bytes_max) {
        return STATUS_LIMIT_EXCEEDED;
    }
    if (outbox->count == outbox->capacity) {
        size_t capacity = outbox->capacity == 0 ? 16 : outbox->capacity * 2;
        struct bus_message *items = arena_array(outbox->arena, struct bus_message, capacity);
        TRY_NEW(items);
        if (outbox->count > 0) {
            memcpy(items, outbox->items, outbox->count * sizeof *items);
        }
        outbox->items = items;
        outbox->capacity = capacity;
    }
    outbox->items[outbox->count++] = *message;
    outbox->bytes += bytes;
    return STATUS_OK;
}
