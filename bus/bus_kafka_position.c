/* Whether an offset that can't be read is gone, or only unknown to the broker that was asked.
 *
 * A client asks the broker that it takes for a partition's leader. One that was the leader and came back with an empty disk answers
 * consumers as a follower (KIP-392), and what it has not copied yet is out of its range. The Java client asks the leader then
 * (KIP-320); librdkafka asks again when it knew that it read from a follower, and else takes the answer for the leader's. */
#include "bus/bus_kafka_internal.h"

#include <inttypes.h>
#include <time.h>

#define METADATA_MS_MAX 5000
#define PAUSE_MS 100 /* before it is read again */

/* The client learns who leads its topics now. */
static void refresh(rd_kafka_t *client)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(client, 0, NULL, &metadata, METADATA_MS_MAX) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(metadata);
    }
}

enum status bus_kafka_position_check(struct bus_kafka *bus, rd_kafka_t *client, const struct bus_topic *topic,
                                     const struct bus_kafka_position *at, struct bus_error *out_error)
{
    int64_t begin;
    int64_t end;
    struct bus_error error;
    refresh(client);
    enum status status = bus_kafka_bounds(&bus->base, topic, at->partition, false, &begin, &end, &error);
    if (status == STATUS_OK && (at->next < begin || at->next > end)) {
        return bus_port_fail(out_error, STATUS_REFUSED,
                             "topic %s, partition %" PRIu32 " can't be read from its position on: %" PRId64
                             " is not within %" PRId64 " to %" PRId64,
                             bus_kafka_topic_of(topic)->name, at->partition, at->next, begin, end);
    }
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    return STATUS_OK;
}
