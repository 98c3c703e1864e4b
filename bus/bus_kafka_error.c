#include "bus/bus_kafka_error.h"

#include "base/assert.h"
#include "bus/bus_port.h"

#include <librdkafka/rdkafka.h>

static const struct row {
    int code;
    enum status status;
    const char *name;
} rows[] = {
#define ERROR_CODE(code, name, status) {code, STATUS_##status, #name},
#include "bus/bus_kafka_error.def"
};

static const struct row *find(int code)
{
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (rows[at].code == code) {
            return &rows[at];
        }
    }
    return NULL;
}

static enum status at_place(enum status status, enum bus_kafka_where where)
{
    switch (where) {
    case BUS_KAFKA_OUTSIDE:
        return status == STATUS_ABORTABLE ? STATUS_RETRIABLE : status;
    case BUS_KAFKA_IN_TRANSACTION:
        return status == STATUS_REFUSED ? STATUS_ABORTABLE : status;
    }
    UNREACHABLE("place of an error");
}

enum status bus_kafka_error_of(int code, enum bus_kafka_where where)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return STATUS_OK;
    }
    const struct row *row = find(code);
    return at_place(row == NULL ? STATUS_ABORTABLE : row->status, where);
}

const char *bus_kafka_error_name(int code)
{
    const struct row *row = find(code);
    return row == NULL ? NULL : row->name;
}

/* librdkafka's flags say what it will let us do next; the table says what happened. */
static enum status with_flags(const rd_kafka_error_t *error, enum bus_kafka_where where)
{
    enum status status = bus_kafka_error_of(rd_kafka_error_code(error), where);
    if (status == STATUS_FATAL || status == STATUS_FENCED) {
        return status;
    }
    if (rd_kafka_error_is_fatal(error)) {
        return STATUS_FENCED; /* this producer is finished, a new one with a newer epoch is not */
    }
    if (rd_kafka_error_txn_requires_abort(error)) {
        return at_place(STATUS_ABORTABLE, where);
    }
    return rd_kafka_error_is_retriable(error) ? STATUS_RETRIABLE : status;
}

static enum status tell(enum status status, int code, const char *what, const char *text, struct bus_error *out_error)
{
    return bus_port_fail(out_error, status, "%s: %s (%s)", what, text, rd_kafka_err2name(code));
}

enum status bus_kafka_error_take(void *error, enum bus_kafka_where where, const char *what, struct bus_error *out_error)
{
    if (error == NULL) {
        return STATUS_OK;
    }
    enum status status = with_flags(error, where);
    status = tell(status, rd_kafka_error_code(error), what, rd_kafka_error_string(error), out_error);
    rd_kafka_error_destroy(error);
    return status;
}

enum status bus_kafka_error_report(int code, enum bus_kafka_where where, const char *what, struct bus_error *out_error)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return STATUS_OK;
    }
    return tell(bus_kafka_error_of(code, where), code, what, rd_kafka_err2str(code), out_error);
}
