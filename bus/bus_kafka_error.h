/* What an error of librdkafka or of a broker means: one table, bus_kafka_error.def, with a test for every code. */
#ifndef PAWL_BUS_BUS_KAFKA_ERROR_H
#define PAWL_BUS_BUS_KAFKA_ERROR_H

#include "bus/bus.h"

/* Where an error turned up. */
enum bus_kafka_where {
    BUS_KAFKA_OUTSIDE,        /* of transactions: ABORTABLE has no meaning there and becomes RETRIABLE */
    BUS_KAFKA_IN_TRANSACTION, /* what is REFUSED there is ABORTABLE */
};

/* librdkafka's rd_kafka_resp_err_t (the protocol's error codes above 0) as a status; of a code that the table lacks (a
 * newer broker's): ABORTABLE. OK for 0. */
enum status bus_kafka_error_of(int code, enum bus_kafka_where where);

/* The code's name as librdkafka gives it (without RD_KAFKA_RESP_ERR_), or NULL when the table lacks it. */
const char *bus_kafka_error_name(int code);

/* The status of a librdkafka error object (rd_kafka_error_t), which is destroyed; OK for NULL. Its text goes to
 * `out_error` after `what`, unless out_error is NULL. */
enum status bus_kafka_error_take(void *error, enum bus_kafka_where where, const char *what,
                                 struct bus_error *out_error);

/* The same for a bare code. */
enum status bus_kafka_error_report(int code, enum bus_kafka_where where, const char *what, struct bus_error *out_error);

#endif
