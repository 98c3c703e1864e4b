/* librdkafka's statistics: a text of JSON that a client hands out every few seconds, while somebody polls it. The members'
 * consumers and their producers are; other clients are not asked for any. */
#include "bus/bus_kafka_statistics.h"

#include <jansson.h>
#include <string.h>

enum kind { COUNTER, GAUGE };
enum scope { CLIENT, BROKER, RTT, GROUP };

static const struct {
    enum kind kind;
    enum scope scope;
    const char *member;
    double scale;
} rows[] = {
#define STATISTIC(id, kind, name, scope, member, scale, help) {kind, scope, member, scale},
#include "bus/bus_statistics.def"
};

static double number_of(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    return json_is_number(value) ? json_number_value(value) : 0;
}

/* Over all brokers: the sum of a member, or the largest of their round-trip times. */
static double over_brokers(json_t *brokers, bool round_trip, const char *member)
{
    const char *name;
    json_t *broker;
    double value = 0;
    json_object_foreach(brokers, name, broker) {
        double one = number_of(round_trip ? json_object_get(broker, "rtt") : broker, member);
        value = !round_trip ? value + one : one > value ? one : value;
    }
    return value;
}

static double read_one(const json_t *told, size_t at)
{
    switch (rows[at].scope) {
    case CLIENT:
        return number_of(told, rows[at].member);
    case BROKER:
    case RTT:
        return over_brokers(json_object_get(told, "brokers"), rows[at].scope == RTT, rows[at].member);
    case GROUP:
        return number_of(json_object_get(told, "cgrp"), rows[at].member);
    }
    return 0;
}

/* A counter grows by what the client has counted since it last told; one that was made anew began with 0. A gauge of all clients
 * is the sum of what each told last, but for round trips: the latest. */
static double change_of(size_t at, double total, double last, double now)
{
    if (rows[at].scope == RTT) {
        return now;
    }
    if (rows[at].kind == COUNTER && now < last) {
        last = 0;
    }
    return total + now - last;
}

void bus_kafka_statistics_take(struct bus_kafka_statistics *totals, enum bus_client kind, struct bus_kafka_told *told,
                               const char *text, size_t length)
{
    json_t *object = json_loadb(text, length, 0, NULL);
    if (object == NULL) {
        return;
    }
    pthread_mutex_lock(&totals->lock);
    totals->sum.told[kind] = true;
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        double now = read_one(object, at) * rows[at].scale;
        double *total = &totals->sum.values[kind][at];
        *total = change_of(at, *total, told->values[at], now);
        told->values[at] = now;
    }
    pthread_mutex_unlock(&totals->lock);
    json_decref(object);
}

void bus_kafka_statistics_copy(struct bus_kafka_statistics *totals, struct bus_statistics *out_statistics)
{
    pthread_mutex_lock(&totals->lock);
    *out_statistics = totals->sum;
    pthread_mutex_unlock(&totals->lock);
}
