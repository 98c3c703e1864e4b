/* Readers and producers of the embedded bus. */
#ifndef PAWL_BUS_LOCAL_READER_H
#define PAWL_BUS_LOCAL_READER_H

#include "bus/local.h"

MUST_CHECK enum status local_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition,
                                         int64_t offset, struct bus_reader **out_reader, struct bus_error *out_error);
MUST_CHECK enum status local_reader_next(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                                         struct bus_error *out_error);
int64_t local_reader_position(const struct bus_reader *reader);
void local_reader_close(struct bus_reader *reader);

MUST_CHECK enum status local_producer_open(struct bus *bus, struct bus_producer **out_producer,
                                           struct bus_error *out_error);
MUST_CHECK enum status local_producer_send(struct bus_producer *producer, const struct bus_message *message,
                                           struct bus_error *out_error);
MUST_CHECK enum status local_producer_flush(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error);
void local_producer_close(struct bus_producer *producer);

#endif
