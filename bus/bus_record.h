/* A record as bytes: the value of its row in the embedded bus, and on its socket. */
#ifndef PAWL_BUS_BUS_RECORD_H
#define PAWL_BUS_BUS_RECORD_H

#include "bus/bus.h"

/* What key, value and headers of the message take; the measure that max_message_bytes bounds. */
size_t bus_record_bytes(const struct bus_message *message);

/* The encoded message, in the arena. timestamp_ms is the record's. */
MUST_CHECK enum status bus_record_encode(struct arena *arena, const struct bus_message *message, int64_t timestamp_ms,
                                         struct str *out_row);

/* Reads a row into key, value, headers (in the arena, borrowing from `row`) and timestamp of *out_record; the other
 * members are left alone. INVALID: not a record. */
MUST_CHECK enum status bus_record_decode(struct arena *arena, struct str row, struct bus_record *out_record);

/* When a tombstone may go (compaction, bus/local_clean.c): -1 when none was set. Requires a row that decodes. */
int64_t bus_record_horizon_ms(struct str row);

/* The row with that horizon, in the arena. */
MUST_CHECK enum status bus_record_with_horizon(struct arena *arena, struct str row, int64_t horizon_ms,
                                               struct str *out_row);

#endif
