/* The consumer of a group whose members share the work out. librdkafka would reset an offset that a broker does not know, and one
 * with an empty disk knows none (bus_kafka_position.c); so it resets none. A partition that can't be read from where it stands is
 * placed anew, and then all are assigned again, each where it stands. */
#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#define GROUP_BYTES_MAX 256
#define COMMITTED_MS_MAX 5000 /* for the group's offsets, before librdkafka asks for them itself */
#define PAUSE_MS 100          /* before a partition that has no offset is read again */

struct place {
    bool held;    /* assigned by the group */
    int64_t next; /* to be delivered next; RD_KAFKA_OFFSET_STORED: the group's; RD_KAFKA_OFFSET_BEGINNING */
    int64_t done; /* up to here; 0: nothing since it was given */
};

struct source {
    const struct bus_topic *topic;
    struct place *places; /* by partition */
    size_t place_count;
};

struct follower {
    struct bus_follower base;
    struct bus_kafka_owner owner;
    rd_kafka_t *client;
    bool stale; /* what is assigned in librdkafka is not what the places say */
    rd_kafka_message_t *message; /* what the last record borrows from */
    struct bus_header headers[BUS_HEADERS_MAX];
    size_t source_count;
    struct source sources[];
};

/* ---- Places ---- */

static struct source *source_of(struct follower *follower, const char *name)
{
    for (size_t at = 0; at < follower->source_count; at++) {
        if (strcmp(bus_kafka_topic_of(follower->sources[at].topic)->name, name) == 0) {
            return &follower->sources[at];
        }
    }
    UNREACHABLE("a topic that was not subscribed to");
}

/* Of a message; NULL: the partition is not held. */
static struct place *held_place(struct source *source, int32_t partition)
{
    bool is_known = partition >= 0 && (size_t)partition < source->place_count;
    return is_known && source->places[partition].held ? &source->places[partition] : NULL;
}

/* A topic may have more partitions than when it was opened. */
static void hold(struct source *source, int32_t partition, int64_t next)
{
    size_t count = (size_t)partition + 1;
    if (count > source->place_count) {
        struct place *grown = realloc(source->places, count * sizeof *grown);
        ASSERT(grown != NULL);
        memset(grown + source->place_count, 0, (count - source->place_count) * sizeof *grown);
        source->places = grown;
        source->place_count = count;
    }
    source->places[partition] = (struct place){.held = true, .next = next};
}

static void let_go(struct follower *follower)
{
    for (size_t at = 0; at < follower->source_count; at++) {
        struct source *source = &follower->sources[at];
        for (size_t partition = 0; partition < source->place_count; partition++) {
            source->places[partition].held = false;
        }
    }
}

/* Makes librdkafka read on from the places. What is done and has not reached the group it would forget. */
static rd_kafka_resp_err_t apply(struct follower *follower)
{
    rd_kafka_topic_partition_list_t *nexts = rd_kafka_topic_partition_list_new(0);
    rd_kafka_topic_partition_list_t *dones = rd_kafka_topic_partition_list_new(0);
    for (size_t at = 0; at < follower->source_count; at++) {
        const struct source *source = &follower->sources[at];
        const char *name = bus_kafka_topic_of(source->topic)->name;
        for (size_t partition = 0; partition < source->place_count; partition++) {
            const struct place *place = &source->places[partition];
            if (place->held) {
                rd_kafka_topic_partition_list_add(nexts, name, (int32_t)partition)->offset = place->next;
            }
            if (place->held && place->done > 0) {
                rd_kafka_topic_partition_list_add(dones, name, (int32_t)partition)->offset = place->done;
            }
        }
    }
    rd_kafka_resp_err_t code = bus_kafka_assign(follower->client, nexts);
    if (dones->cnt > 0) {
        rd_kafka_offsets_store(follower->client, dones);
    }
    rd_kafka_topic_partition_list_destroy(nexts);
    rd_kafka_topic_partition_list_destroy(dones);
    follower->stale = code != RD_KAFKA_RESP_ERR_NO_ERROR;
    return code;
}

/* ---- The group ---- */

/* A group that has done nothing yet begins with what is there. */
static void take(struct follower *follower, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code = rd_kafka_committed(follower->client, list, COMMITTED_MS_MAX);
    let_go(follower);
    for (int at = 0; at < list->cnt; at++) {
        const rd_kafka_topic_partition_t *one = &list->elems[at];
        bool is_known = code == RD_KAFKA_RESP_ERR_NO_ERROR && one->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        int64_t next = one->offset >= 0 ? one->offset : RD_KAFKA_OFFSET_BEGINNING;
        hold(source_of(follower, one->topic), one->partition, is_known ? next : RD_KAFKA_OFFSET_STORED);
    }
}

/* Within rd_kafka_consumer_poll and rd_kafka_consumer_close. What goes wrong here, the next poll tries again. */
static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct bus_kafka_owner *owner = opaque;
    struct follower *follower = (struct follower *)((char *)owner - offsetof(struct follower, owner));
    (void)client;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !owner->closing) {
        take(follower, list);
        apply(follower);
    } else {
        let_go(follower);
        bus_kafka_assign(follower->client, NULL);
        follower->stale = false;
    }
}

/* ---- Opening and closing ---- */

static enum status subscribe(const struct follower *follower, struct bus_error *out_error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)follower->source_count);
    for (size_t at = 0; at < follower->source_count; at++) {
        rd_kafka_topic_partition_list_add(list, bus_kafka_topic_of(follower->sources[at].topic)->name, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(follower->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: subscribe", out_error);
}

static enum status start(struct follower *follower, struct str group, struct bus_error *out_error)
{
    rd_kafka_conf_t *config;
    char name[GROUP_BYTES_MAX];
    if (group.length == 0 || group.length >= sizeof name) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's name has 1 to %d characters", GROUP_BYTES_MAX - 1);
    }
    memcpy(name, group.bytes, group.length);
    name[group.length] = '\0';
    TRY(bus_kafka_config_make(&follower->owner, BUS_KAFKA_FOLLOWER, &config, out_error));
    bus_kafka_config_set(config, "group.id", name);
    rd_kafka_conf_set_rebalance_cb(config, on_rebalance);
    TRY(bus_kafka_config_start(config, BUS_KAFKA_FOLLOWER, &follower->client, out_error));
    rd_kafka_poll_set_consumer(follower->client);
    return subscribe(follower, out_error);
}

static void destroy(struct follower *follower)
{
    if (follower->client != NULL) {
        rd_kafka_destroy(follower->client);
    }
    for (size_t at = 0; at < follower->source_count; at++) {
        free(follower->sources[at].places);
    }
    free(follower);
}

enum status bus_kafka_follower_open(struct bus *base, struct str group, const struct bus_topic *const *topics,
                                    size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error)
{
    struct follower *follower = calloc(1, sizeof *follower + topic_count * sizeof follower->sources[0]);
    TRY_NEW(follower);
    follower->base.ops = base->ops;
    follower->owner.bus = bus_kafka_of(base);
    follower->source_count = topic_count;
    for (size_t at = 0; at < topic_count; at++) {
        follower->sources[at].topic = topics[at];
    }
    enum status status = start(follower, group, out_error);
    if (status != STATUS_OK) {
        destroy(follower);
        return status;
    }
    *out_follower = &follower->base;
    return STATUS_OK;
}

static void release_message(struct follower *follower)
{
    if (follower->message != NULL) {
        rd_kafka_message_destroy(follower->message);
        follower->message = NULL;
    }
}

void bus_kafka_follower_close(struct bus_follower *base)
{
    struct follower *follower = (struct follower *)base;
    release_message(follower);
    bus_kafka_consumer_close(follower->client); /* commits what was stored */
    destroy(follower);
}

/* ---- Polling ---- */

static void pause_a_while(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

/* Whether the leader has not the offset either. One that is no offset, as that of a group that has done nothing, it has not. */
static bool is_gone(struct follower *follower, const struct source *source, int32_t partition, int64_t offset)
{
    struct bus_error error;
    const struct bus_kafka_position at = {(uint32_t)partition, offset};
    if (offset < 0) {
        pause_a_while();
        return true;
    }
    return bus_kafka_position_check(follower->owner.bus, follower->client, source->topic, &at, &error) == STATUS_REFUSED;
}

/* librdkafka reads the partition no further: the group has no offset, or a broker says that one is out of range. Where it was read
 * up to, ahead of what was delivered, or before it was placed anew, does not count: it is the place that is asked for. */
static void displace(struct follower *follower, const rd_kafka_message_t *message)
{
    struct source *source = source_of(follower, rd_kafka_topic_name(message->rkt));
    struct place *place = held_place(source, message->partition);
    if (place != NULL) {
        int64_t offset = place->next >= 0 ? place->next : message->offset;
        if (is_gone(follower, source, message->partition, offset)) {
            place->next = RD_KAFKA_OFFSET_BEGINNING;
        }
        follower->stale = true;
    }
}

/* An error of a partition whose place librdkafka was to ask for itself: it may have given that up. */
static void ask_again(struct follower *follower, const rd_kafka_message_t *message)
{
    const struct place *place =
        message->rkt == NULL ? NULL : held_place(source_of(follower, rd_kafka_topic_name(message->rkt)), message->partition);
    if (place != NULL && place->next == RD_KAFKA_OFFSET_STORED) {
        pause_a_while();
        follower->stale = true;
    }
}

/* What a caller may hear: all but these passes by itself. */
static enum status passing(enum status status)
{
    return status == STATUS_OK || status == STATUS_FATAL || status == STATUS_REFUSED ? status : STATUS_RETRIABLE;
}

/* A message that is no record. OK: go on. */
static enum status consider_error(struct follower *follower, const rd_kafka_message_t *message, struct bus_error *out_error)
{
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        displace(follower, message);
        return STATUS_OK;
    }
    ask_again(follower, message);
    enum status status =
        passing(bus_kafka_error_report(message->err, BUS_KAFKA_OUTSIDE, rd_kafka_message_errstr(message), out_error));
    return status == STATUS_RETRIABLE ? STATUS_OK : status; /* a broker away, a rebalance: librdkafka has logged it */
}

/* Whether the record is one to be delivered; its place is then behind it. */
static bool is_next(struct follower *follower, const rd_kafka_message_t *message, struct source **out_source)
{
    *out_source = source_of(follower, rd_kafka_topic_name(message->rkt));
    struct place *place = held_place(*out_source, message->partition);
    if (place == NULL || message->offset < place->next) {
        return false;
    }
    place->next = message->offset + 1;
    return true;
}

enum status bus_kafka_follower_poll(struct bus_follower *base, int timeout_ms, struct bus_record *out_record,
                                    struct bus_error *out_error)
{
    struct follower *follower = (struct follower *)base;
    int64_t deadline_ms = clock_ms() + timeout_ms;
    release_message(follower);
    for (;;) {
        if (follower->stale) {
            TRY(passing(bus_kafka_error_report(apply(follower), BUS_KAFKA_OUTSIDE, "kafka: assign", out_error)));
        }
        int64_t left_ms = deadline_ms - clock_ms();
        rd_kafka_message_t *message = rd_kafka_consumer_poll(follower->client, left_ms > 0 ? (int)left_ms : 0);
        if (message == NULL) {
            return STATUS_END;
        }
        enum status status = STATUS_OK;
        struct source *source;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            status = consider_error(follower, message, out_error);
        } else if (is_next(follower, message, &source)) {
            follower->message = message;
            bus_kafka_record_set(message, source->topic, follower->headers, out_record);
            return STATUS_OK;
        }
        rd_kafka_message_destroy(message);
        TRY(status);
        if (follower->stale) {
            return STATUS_END; /* that took its time */
        }
    }
}

enum status bus_kafka_follower_done(struct bus_follower *base, const struct bus_record *record,
                                    struct bus_error *out_error)
{
    (void)out_error;
    struct follower *follower = (struct follower *)base;
    const char *name = bus_kafka_topic_of(record->topic)->name;
    struct place *place = held_place(source_of(follower, name), (int32_t)record->partition);
    if (place == NULL || record->offset < place->done) {
        return STATUS_OK; /* another member's by now, or done again after it went away and came back */
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, name, (int32_t)record->partition)->offset = record->offset + 1;
    place->done = record->offset + 1;
    /* It fails when the partition has been given to another member meanwhile, which will see the record again: that is
     * what a group without transactions promises. */
    rd_kafka_offsets_store(follower->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return STATUS_OK;
}
