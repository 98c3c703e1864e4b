/* What members and followers read, given to librdkafka and taken away. */
#include "bus/bus_kafka_internal.h"

/* An assign that comes before the fetchers of the one before have stopped asks the same fetcher to stop again, and librdkafka ends
 * the process by an assertion when the second answer comes (its issue 5573; seen under tests/kafka/chaos.py). Its main thread does
 * everything in one order: behind the assign stand the stops, behind the first question those stops' answers, so that the second
 * question is answered behind all of them. */
rd_kafka_resp_err_t bus_kafka_assign(rd_kafka_t *client, const rd_kafka_topic_partition_list_t *list)
{
    const struct bus_kafka_owner *owner = rd_kafka_opaque(client);
    if (owner->closing) {
        return rd_kafka_assign(client, NULL); /* a question might wait for ever, and no other assign comes */
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(client, list);
    for (int questions = 0; questions < 2; questions++) {
        rd_kafka_topic_partition_list_t *subscription = NULL;
        if (rd_kafka_subscription(client, &subscription) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_topic_partition_list_destroy(subscription);
        }
    }
    return code;
}

void bus_kafka_consumer_close(rd_kafka_t *client)
{
    struct bus_kafka_owner *owner = rd_kafka_opaque(client);
    owner->closing = true;
    rd_kafka_consumer_close(client);
}
