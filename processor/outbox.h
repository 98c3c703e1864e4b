/* The messages of one step, in the step's arena: nothing is produced until the step is whole (design, section 9). */
#ifndef PAWL_PROCESSOR_OUTBOX_H
#define PAWL_PROCESSOR_OUTBOX_H

#include "bus/bus.h"

struct outbox {
    struct arena *arena;
    struct bus_message *items;
    size_t count;
    size_t capacity;
    size_t bytes; /* keys, values and headers of all messages */
};

/* Kafka's own bytes around a record: an allowance that max.message.bytes must have room for. */
#define OUTBOX_OVERHEAD_BYTES 1024

/* Key, value and headers. */
size_t outbox_message_bytes(const struct bus_message *message);

/* Adds the message, whose texts must live in the arena. LIMIT_EXCEEDED: larger than bytes_max, or the arena is full. */
MUST_CHECK enum status outbox_add(struct outbox *outbox, const struct bus_message *message, int64_t bytes_max);

#endif
