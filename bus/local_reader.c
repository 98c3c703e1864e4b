#include "bus/local_reader.h"

#include "bus/local_commit.h"
#include "bus/local_feed.h"

#include <stdlib.h>

/* A producer writes by itself when it holds so much. */
#define PRODUCER_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct local_reader {
    struct bus_reader base;
    struct local_feed feed; /* one source is active */
    size_t source;
};

struct local_producer {
    struct bus_producer base;
    struct local *local;
    struct local_transaction transaction;
};

enum status local_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                              struct bus_reader **out_reader, struct bus_error *out_error)
{
    (void)out_error;
    struct local_reader *reader = calloc(1, sizeof *reader);
    TRY_NEW(reader);
    enum status status = local_feed_init(&reader->feed, (struct local *)bus, &topic, 1);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    reader->base.ops = bus->ops;
    reader->source = partition;
    reader->feed.sources[partition].active = true;
    reader->feed.sources[partition].next = offset;
    *out_reader = &reader->base;
    return STATUS_OK;
}

enum status local_reader_next(struct bus_reader *base, int timeout_ms, struct bus_record *out_record,
                              struct bus_error *out_error)
{
    struct local_reader *reader = (struct local_reader *)base;
    struct timespec deadline = local_deadline(timeout_ms);
    for (;;) {
        enum status status = local_feed_take(&reader->feed, out_record, out_error);
        if (status != STATUS_END || !local_feed_wait(&reader->feed, &deadline)) {
            return status;
        }
    }
}

int64_t local_reader_position(const struct bus_reader *base)
{
    const struct local_reader *reader = (const struct local_reader *)base;
    return reader->feed.sources[reader->source].next;
}

void local_reader_close(struct bus_reader *base)
{
    struct local_reader *reader = (struct local_reader *)base;
    local_feed_clear(&reader->feed);
    free(reader);
}

enum status local_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error)
{
    (void)out_error;
    struct local_producer *producer = calloc(1, sizeof *producer);
    TRY_NEW(producer);
    producer->base.ops = bus->ops;
    producer->local = (struct local *)bus;
    if (local_transaction_init(&producer->transaction) != STATUS_OK) {
        free(producer);
        return STATUS_LIMIT_EXCEEDED;
    }
    *out_producer = &producer->base;
    return STATUS_OK;
}

/* What could not be written stays, for the next flush. */
static enum status write_out(struct local_producer *producer, struct bus_error *out_error)
{
    if (producer->transaction.first == NULL) {
        return STATUS_OK;
    }
    struct local_commit commit = {.transaction = &producer->transaction};
    enum status status = local_commit_write(producer->local, &commit, out_error);
    if (status == STATUS_OK) {
        local_transaction_empty(&producer->transaction);
    }
    return status == STATUS_ABORTABLE ? STATUS_RETRIABLE : status;
}

enum status local_producer_send(struct bus_producer *base, const struct bus_message *message,
                                struct bus_error *out_error)
{
    struct local_producer *producer = (struct local_producer *)base;
    if (producer->transaction.bytes >= PRODUCER_BYTES_MAX) {
        TRY(write_out(producer, out_error));
    }
    return local_transaction_add(&producer->transaction, producer->local, message, out_error);
}

enum status local_producer_flush(struct bus_producer *base, int timeout_ms, struct bus_error *out_error)
{
    (void)timeout_ms;
    return write_out((struct local_producer *)base, out_error);
}

void local_producer_close(struct bus_producer *base)
{
    struct local_producer *producer = (struct local_producer *)base;
    local_transaction_clear(&producer->transaction);
    free(producer);
}
