#include "processor/forward.h"

#include "base/limits.h"
#include "base/mutant.h"
#include "processor/dead_letter.h"
#include "processor/headers.h"

#include <inttypes.h>

#define FORWARDED STR("pawl-forwarded")

/* As Java's default partitioner: toPositive(murmur2(ARN)) % count. */
static uint32_t owner_of(const struct handling *handling, uint32_t murmur2)
{
    return (murmur2 & 0x7FFFFFFFu) % topics_partition_count(handling->topics);
}

bool forward_is_owner(const struct handling *handling, uint32_t murmur2)
{
    return owner_of(handling, murmur2) == handling->partition->id || MUTANT(HANDLE_MISPLACED);
}

enum status forward_add(struct handling *handling, uint32_t murmur2)
{
    const struct bus_record *record = handling->record;
    struct str before = headers_find(record, FORWARDED);
    if (before.bytes != NULL) {
        struct str message;
        TRY(arena_format(handling->arena, &message,
                         "was forwarded from %.*s to a partition that does not own it either", STR_ARGS(before)));
        return dead_letter_add(handling, STR("WrongPartition"), message);
    }
    struct str from;
    TRY(arena_format(handling->arena, &from, "%.*s-%" PRIu32 "@%" PRId64, STR_ARGS(bus_topic_name(record->topic)),
                     record->partition, record->offset));
    const struct bus_header more = {FORWARDED, from};
    struct headers headers;
    TRY(headers_with(handling->arena, record, &more, 1, &headers));
    struct bus_message message = {
        .topic = record->topic,
        .partition = owner_of(handling, murmur2),
        .key = record->key,
        .value = record->value,
        .headers = headers.items,
        .header_count = headers.count,
    };
    TRY(outbox_add(&handling->outbox, &message, RECORD_BYTES_MAX));
    handling_count(handling, COUNTER_FORWARDED);
    return STATUS_OK;
}
