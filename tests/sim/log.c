#include "log.h"

#include "base/assert.h"
#include "txn.h"

#include <stdlib.h>

struct str log_keep(struct arena *arena, struct str text)
{
    struct str copy = STR_NONE;
    if (text.bytes != NULL) {
        ASSERT(arena_copy(arena, text, &copy) == STATUS_OK);
    }
    return copy;
}

struct log_record log_record_of(struct arena *arena, const struct bus_message *message)
{
    struct log_record item = {.marker = false};
    struct bus_header *headers = arena_array(arena, struct bus_header, message->header_count + 1);
    for (size_t at = 0; at < message->header_count; at++) {
        headers[at].name = log_keep(arena, message->headers[at].name);
        headers[at].value = log_keep(arena, message->headers[at].value);
    }
    item.record.key = log_keep(arena, message->key);
    item.record.value = log_keep(arena, message->value);
    item.record.headers = headers;
    item.record.header_count = message->header_count;
    return item;
}

int64_t log_append(struct topic *topic, uint32_t partition, const struct log_record *item, int64_t now_ms)
{
    struct log *log = &topic->logs[partition];
    if (log->count == log->capacity) {
        log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
        log->items = realloc(log->items, log->capacity * sizeof *log->items);
    }
    log->items[log->count] = *item;
    log->items[log->count].record.topic = &topic->base;
    log->items[log->count].record.partition = partition;
    log->items[log->count].record.offset = (int64_t)log->count;
    log->items[log->count].record.timestamp_ms = now_ms;
    return (int64_t)log->count++;
}

int64_t log_stable_end(struct log *log)
{
    while (log->stable < log->count) {
        const struct log_record *item = &log->items[log->stable];
        if (item->txn != NULL && !item->marker && !item->touched->ended) {
            break;
        }
        log->stable++;
    }
    return (int64_t)log->stable;
}

bool log_is_visible(struct log *log, size_t index)
{
    const struct log_record *item = &log->items[index];
    return (int64_t)index < log_stable_end(log) && !item->marker &&
           (item->txn == NULL || item->txn->state == TXN_COMMITTED);
}
