#include "log.h"

#include "base/assert.h"

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
    struct log_record item = {.producer = LOG_NO_PRODUCER, .outcome = LOG_COMMITTED};
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

enum log_answer log_produce(struct topic *topic, uint32_t partition, const struct log_sequence *sequence,
                            const struct log_record *item, int64_t now_ms, int64_t *out_offset)
{
    struct log *log = &topic->logs[partition];
    struct log_producer *known = &log->producers[sequence->producer];
    if (sequence->epoch < known->epoch) {
        return LOG_FENCED;
    }
    int64_t next = sequence->epoch > known->epoch ? 0 : known->next_sequence;
    if (sequence->number > next) {
        return LOG_OUT_OF_ORDER;
    }
    if (sequence->number == next) {
        struct log_record kept = *item;
        kept.producer = sequence->producer;
        kept.outcome = LOG_UNDECIDED;
        known->epoch = sequence->epoch;
        known->next_sequence = next + 1;
        known->last_offset = log_append(topic, partition, &kept, now_ms);
        if (!known->open) {
            known->open = true;
            known->open_from = (size_t)known->last_offset;
        }
    }
    *out_offset = known->last_offset;
    return LOG_OK;
}

void log_mark(struct topic *topic, uint32_t partition, int32_t producer, int64_t epoch, enum log_outcome outcome,
              int64_t now_ms)
{
    struct log *log = &topic->logs[partition];
    struct log_producer *known = &log->producers[producer];
    for (size_t at = known->open_from; known->open && at < log->count; at++) {
        if (log->items[at].producer == producer && log->items[at].outcome == LOG_UNDECIDED) {
            log->items[at].outcome = outcome;
        }
    }
    known->open = false;
    if (epoch > known->epoch) {
        known->epoch = epoch;
        known->next_sequence = 0;
    }
    log_append(topic, partition, &(struct log_record){.producer = producer, .marker = true, .outcome = outcome}, now_ms);
}

int64_t log_stable_end(struct log *log)
{
    while (log->stable < log->count && log->items[log->stable].outcome != LOG_UNDECIDED) {
        log->stable++;
    }
    return (int64_t)log->stable;
}

bool log_is_visible(struct log *log, size_t index)
{
    const struct log_record *item = &log->items[index];
    return !item->marker && item->outcome == LOG_COMMITTED && (int64_t)index < log_stable_end(log);
}
