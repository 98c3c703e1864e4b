/* The client's side of transactions: the three producers of a member, in turn, by the rules of bus_kafka_transaction.c and with
 * librdkafka's behaviour underneath (a request without an answer is sent again, the old one may still arrive). The statuses are
 * those of bus/bus.h. */
#ifndef PAWL_TESTS_SIM_CLIENT_H
#define PAWL_TESTS_SIM_CLIENT_H

#include "broker_parts.h"

struct client;

/* Fences every earlier producer of `stem` and makes three. */
MUST_CHECK enum status client_open(struct sim_bus *bus, struct str stem, struct client **out_client,
                                   struct bus_error *out_error);
void client_free(struct client *client);

MUST_CHECK enum status client_begin(struct client *client, struct bus_error *out_error);
MUST_CHECK enum status client_produce(struct client *client, const struct bus_message *message,
                                      struct bus_error *out_error);
MUST_CHECK enum status client_commit(struct client *client, struct group_sender sender,
                                     const struct bus_position *positions, size_t count, struct bus_error *out_error);
MUST_CHECK enum status client_abort(struct client *client, struct bus_error *out_error);
int64_t client_last_offset(const struct client *client, const struct bus_topic *topic, uint32_t partition);

#endif
