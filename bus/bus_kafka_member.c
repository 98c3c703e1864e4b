/* The consumer of a stream thread. It has one mechanism for what it reads: rd_kafka_assign with an explicit offset for
 * each partition that is to be delivered. Seeks and pauses only note what is wanted; the next poll assigns it, all at
 * once. An assign starts every fetcher anew, so nothing that was fetched before is delivered, skipped or doubled;
 * pausing and seeking by librdkafka's own calls has had bugs in each of these (design, section 3, 5). */
#include "bus/bus_kafka_internal.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/mutant.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOPICS 2           /* commands and results */
#define STABLE_MS_MAX 1000 /* for pending transactions to end, before RETRIABLE */
#define LEAVE_MS_MAX 5000  /* to leave the group gracefully */
#define STEM_BYTES_MAX 400
#define LOG_LEVEL_WARNING 4 /* syslog's, as librdkafka's are */

struct input {
    bool held;   /* assigned by the group, both topics */
    bool active; /* to be delivered, from `next` on */
    int64_t next[TOPICS];
};

struct member {
    struct bus_member base;
    struct bus_kafka_owner owner;
    const struct bus_topic *topics[TOPICS];
    struct bus_member_events events;
    char group_name[STEM_BYTES_MAX];
    char instance[STEM_BYTES_MAX];
    rd_kafka_t *client; /* NULL: its instance id was fenced, and it is not yet time to join again */
    struct bus_kafka_fences fences;
    bool fenced;
    int64_t rejoin_ms; /* without a client: when to join again */
    pthread_mutex_t queue_lock;
    rd_kafka_queue_t *queue; /* the consumer's, for waking; guarded by the lock, and NULL without a client */
    struct bus_kafka_transactions *transactions;
    /* As it was when the partitions were assigned, so that a zombie is fenced by it; NULL while none are. */
    rd_kafka_consumer_group_metadata_t *group;
    bool stale;                  /* what is assigned in librdkafka is not what is active */
    bool left;                   /* the partitions were taken away at our own wish */
    rd_kafka_message_t *message; /* what the last record borrows from */
    struct bus_header headers[BUS_HEADERS_MAX];
    enum status failure; /* not OK: what every poll answers from now on */
    struct bus_error failure_error;
    uint32_t partition_count;
    uint32_t *listed; /* room for a callback's list of partitions */
    struct input inputs[];
};

static struct member *member_of(struct bus_member *base)
{
    return (struct member *)base;
}

static const char *name_of(const struct member *member, size_t topic)
{
    return bus_kafka_topic_of(member->topics[topic])->name;
}

/* Which of the input topics this is, or TOPICS. */
static size_t topic_index(const struct member *member, const char *name)
{
    size_t at = 0;
    while (at < TOPICS && strcmp(name_of(member, at), name) != 0) {
        at += 1;
    }
    return at;
}

/* ---- Assignment ---- */

/* Makes librdkafka read exactly what is active. */
static enum status apply(struct member *member, struct bus_error *out_error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)(member->partition_count * TOPICS));
    for (uint32_t at = 0; at < member->partition_count; at++) {
        const struct input *input = &member->inputs[at];
        for (size_t topic = 0; topic < TOPICS && input->active; topic++) {
            rd_kafka_topic_partition_list_add(list, name_of(member, topic), (int32_t)at)->offset = input->next[topic];
        }
    }
    rd_kafka_resp_err_t code = bus_kafka_assign(member->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: assign", out_error));
    member->stale = false;
    return STATUS_OK;
}

static void fail(struct member *member, enum status status, const char *text)
{
    if (member->failure == STATUS_OK) {
        member->failure = bus_port_fail(&member->failure_error, status, "%s", text);
    }
}

static void forget_group(struct member *member)
{
    if (member->group != NULL) {
        rd_kafka_consumer_group_metadata_destroy(member->group);
        member->group = NULL;
    }
}

/* Notes the partitions of which both topics are ours. Returns how many, listed in member->listed. */
static size_t take(struct member *member, const rd_kafka_topic_partition_list_t *list)
{
    uint8_t *seen = calloc(member->partition_count + 1, 1);
    if (seen == NULL) {
        fail(member, STATUS_FATAL, "kafka: no memory for an assignment");
        return 0;
    }
    for (int at = 0; at < list->cnt; at++) {
        const rd_kafka_topic_partition_t *one = &list->elems[at];
        size_t topic = topic_index(member, one->topic);
        if (topic < TOPICS && one->partition >= 0 && (uint32_t)one->partition < member->partition_count) {
            seen[one->partition] |= (uint8_t)(1 << topic);
        } else {
            fail(member, STATUS_REFUSED, "kafka: an input topic has more partitions than when it was opened");
        }
    }
    size_t count = 0;
    for (uint32_t at = 0; at < member->partition_count; at++) {
        member->inputs[at] = (struct input){.held = seen[at] == 3};
        if (seen[at] == 3) {
            member->listed[count++] = at;
        } else if (seen[at] != 0) {
            fail(member, STATUS_REFUSED,
                 "kafka: the group gave a partition of one input topic without that of the other; "
                 "do all members have the assignor `range` and both topics?");
        }
    }
    free(seen);
    return count;
}

static void on_assigned(struct member *member, const rd_kafka_topic_partition_list_t *list)
{
    size_t count = take(member, list);
    forget_group(member);
    char *id = rd_kafka_memberid(member->client);
    if (id != NULL && id[0] != '\0') { /* an empty one would pass for no member at all, which the broker lets through */
        member->group = rd_kafka_consumer_group_metadata(member->client);
    }
    if (id != NULL) {
        rd_kafka_mem_free(member->client, id);
    }
    struct bus_error error;
    member->stale = true;
    if (apply(member, &error) !=
        STATUS_OK) { /* nothing is active: an empty assignment, which completes the rebalance */
        fail(member, STATUS_FATAL, error.text);
    }
    if (count > 0) {
        member->events.assigned(member->events.owner, member->listed, count);
    }
}

/* A `revoked` may come late, when the group has moved on already (librdkafka notes only the first of the two): a commit
 * in it is then fenced by the group's metadata, as any zombie's. */
static void on_taken(struct member *member, bool lost)
{
    size_t count = 0;
    for (uint32_t at = 0; at < member->partition_count; at++) {
        if (member->inputs[at].held) {
            member->listed[count++] = at;
        }
    }
    if (lost) {
        forget_group(member); /* nothing may be committed any more */
    }
    if (count > 0) {
        (lost ? member->events.lost : member->events.revoked)(member->events.owner, member->listed, count);
    }
    forget_group(member);
    memset(member->inputs, 0, member->partition_count * sizeof member->inputs[0]);
    member->stale = false;
    member->left = true;
    rd_kafka_resp_err_t code = bus_kafka_assign(member->client, NULL);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__FATAL) {
        fail(member, STATUS_FATAL, rd_kafka_err2str(code));
    }
}

/* Within rd_kafka_consumer_poll and rd_kafka_consumer_close. */
static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    struct bus_kafka_owner *owner = opaque;
    struct member *member = (struct member *)((char *)owner - offsetof(struct member, owner));
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !owner->closing) {
        on_assigned(member, list);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        on_taken(member, rd_kafka_assignment_lost(client) != 0);
    } else {
        on_taken(member, true);
    }
    rd_kafka_yield(client); /* the poll returns, and assigns what the callback asked for */
}

/* ---- Opening and closing ---- */

static void release_message(struct member *member)
{
    if (member->message != NULL) {
        rd_kafka_message_destroy(member->message);
        member->message = NULL;
    }
}

static void set_queue(struct member *member, rd_kafka_queue_t *queue)
{
    pthread_mutex_lock(&member->queue_lock);
    if (member->queue != NULL) {
        rd_kafka_queue_destroy(member->queue);
    }
    member->queue = queue;
    pthread_mutex_unlock(&member->queue_lock);
}

static void drop_client(struct member *member)
{
    release_message(member);
    set_queue(member, NULL);
    if (member->client != NULL) {
        rd_kafka_destroy_flags(member->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        member->client = NULL;
    }
}

static void destroy(struct member *member)
{
    release_message(member);
    if (member->transactions != NULL) {
        bus_kafka_transactions_close(member->transactions);
    }
    forget_group(member);
    drop_client(member);
    pthread_mutex_destroy(&member->queue_lock);
    free(member->listed);
    free(member);
}

static enum status join(struct member *member, struct bus_error *out_error)
{
    rd_kafka_conf_t *config;
    TRY(bus_kafka_config_make(&member->owner, BUS_KAFKA_MEMBER, &config, out_error));
    bus_kafka_config_set(config, "group.id", member->group_name);
    bus_kafka_config_set(config, "group.instance.id", member->instance);
    rd_kafka_conf_set_rebalance_cb(config, on_rebalance);
    TRY(bus_kafka_config_start(config, BUS_KAFKA_MEMBER, &member->client, out_error));
    rd_kafka_poll_set_consumer(member->client);
    set_queue(member, rd_kafka_queue_get_consumer(member->client));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(TOPICS);
    for (size_t at = 0; at < TOPICS; at++) {
        rd_kafka_topic_partition_list_add(list, name_of(member, at), RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(member->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: subscribe", out_error);
}

enum status bus_kafka_member_open(struct bus *base, const struct bus_member_config *config,
                                  struct bus_member **out_member, struct bus_error *out_error)
{
    TRY(bus_kafka_brokers_check(bus_kafka_of(base), out_error));
    if (config->group.length == 0 || config->group.length >= STEM_BYTES_MAX || config->instance.length == 0 ||
        config->instance.length >= STEM_BYTES_MAX - 16) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's or instance's name has 1 to %d characters",
                             STEM_BYTES_MAX - 17);
    }
    uint32_t count = bus_topic_partition_count(config->topics[0]);
    struct member *member = calloc(1, sizeof *member + count * sizeof member->inputs[0]);
    TRY_NEW(member);
    member->base.ops = base->ops;
    member->owner.bus = bus_kafka_of(base);
    pthread_mutex_init(&member->queue_lock, NULL);
    snprintf(member->group_name, sizeof member->group_name, "%.*s", STR_ARGS(config->group));
    snprintf(member->instance, sizeof member->instance, "%.*s-%" PRIu32, STR_ARGS(config->instance), config->thread);
    memcpy(member->topics, config->topics, sizeof member->topics);
    member->events = config->events;
    member->partition_count = count;
    member->listed = calloc(count + 1, sizeof *member->listed);
    /* First the producers, which fences, then the consumer: no partition is ours before its zombie is shut out. */
    enum status status = member->listed == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
    if (status == STATUS_OK) {
        status = bus_kafka_transactions_open(member->owner.bus, member->instance, &member->transactions, out_error);
    }
    if (status == STATUS_OK) {
        status = join(member, out_error);
    }
    if (status != STATUS_OK) {
        destroy(member);
        return status;
    }
    *out_member = &member->base;
    return STATUS_OK;
}

void bus_kafka_member_close(struct bus_member *base)
{
    destroy(member_of(base));
}

static bool is_member(rd_kafka_t *client)
{
    char *id = rd_kafka_memberid(client);
    bool answer = id != NULL && id[0] != '\0';
    if (id != NULL) {
        rd_kafka_mem_free(client, id);
    }
    return answer;
}

/* A static member that only closes keeps its partitions until the session is over; one that unsubscribes first, and
 * stays until they are revoked and the leave is sent, gives them away at once. */
void bus_kafka_member_leave(struct bus_member *base)
{
    struct member *member = member_of(base);
    int64_t deadline_ms = clock_ms() + LEAVE_MS_MAX;
    release_message(member);
    member->left = member->group == NULL;
    bool leaves = member->client != NULL && member->failure == STATUS_OK && !MUTANT(CLOSE_WITHOUT_LEAVING);
    if (leaves && rd_kafka_unsubscribe(member->client) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        while ((!member->left || is_member(member->client)) && clock_ms() < deadline_ms) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(member->client, 10);
            if (message != NULL) {
                rd_kafka_message_destroy(message);
            }
        }
    }
    if (bus_kafka_transactions_in_progress(member->transactions)) {
        (void)!bus_kafka_transactions_abort(member->transactions, NULL);
    }
    if (member->client != NULL) {
        bus_kafka_consumer_close(member->client);
    }
    destroy(member);
}

/* ---- Fenced, and joining again ---- */

static int64_t session_ms(const struct member *member)
{
    char text[16];
    size_t size = sizeof text;
    int64_t ms = 0;
    rd_kafka_conf_res_t known = rd_kafka_conf_get(rd_kafka_conf(member->client), "session.timeout.ms", text, &size);
    return known == RD_KAFKA_CONF_OK && str_to_int64(str_of(text), &ms) ? ms : 0;
}

static void tell_fenced(const struct member *member, int64_t wait_ms)
{
    const struct bus_kafka_options *options = &member->owner.bus->options;
    char line[STEM_BYTES_MAX + 128];
    if (options->log != NULL) {
        snprintf(line, sizeof line, "%s was fenced as if another process had its id, and joins again in %" PRId64 " ms",
                 member->instance, wait_ms);
        options->log(options->log_owner, LOG_LEVEL_WARNING, line);
    }
}

/* librdkafka gives a fenced consumer up for good. What was its is another's by now, if only for all that the broker knows: no
 * group, no commit. */
static void give_up_client(struct member *member)
{
    int64_t now_ms = clock_ms();
    member->fenced = false;
    member->rejoin_ms = bus_kafka_fences_note(&member->fences, now_ms, session_ms(member));
    on_taken(member, true);
    drop_client(member);
    if (member->rejoin_ms == BUS_KAFKA_FENCES_TOO_MANY) {
        member->failure = bus_port_fail(&member->failure_error, STATUS_FATAL,
                                        "kafka: two processes share an instance id: %s was fenced %" PRIu32 " times in a row",
                                        member->instance, member->fences.count);
    } else {
        tell_fenced(member, member->rejoin_ms - now_ms);
    }
}

/* Waits until it is time, and then joins. STATUS_END: it is not yet. */
static enum status rejoin(struct member *member, int64_t deadline_ms, struct bus_error *out_error)
{
    int64_t now_ms = clock_ms();
    if (now_ms < member->rejoin_ms) {
        int64_t until_ms = member->rejoin_ms < deadline_ms ? member->rejoin_ms : deadline_ms;
        int64_t ms = until_ms > now_ms ? until_ms - now_ms : 0;
        nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
        bus_kafka_transactions_serve(member->transactions);
        return STATUS_END;
    }
    return join(member, out_error);
}

/* ---- Polling ---- */

/* The input that the message is of, when it is to be delivered; else NULL. */
static struct input *active_input(struct member *member, const rd_kafka_message_t *message, size_t *out_topic)
{
    *out_topic = topic_index(member, rd_kafka_topic_name(message->rkt));
    if (*out_topic == TOPICS || message->partition < 0 || (uint32_t)message->partition >= member->partition_count) {
        return NULL;
    }
    struct input *input = &member->inputs[message->partition];
    return input->active ? input : NULL;
}

/* The end was reached: behind markers and aborted records, which are not delivered. */
static void pass_end(struct member *member, const rd_kafka_message_t *message)
{
    size_t topic;
    struct input *input = active_input(member, message, &topic);
    if (input != NULL && message->offset > input->next[topic]) {
        input->next[topic] = message->offset;
    }
}

/* librdkafka reads no further; another assign makes it. */
static enum status check_position(struct member *member, const rd_kafka_message_t *message, struct bus_error *out_error)
{
    size_t topic;
    const struct input *input = active_input(member, message, &topic);
    if (input == NULL) {
        return STATUS_OK; /* it is not ours any more */
    }
    const struct bus_kafka_position at = {(uint32_t)message->partition, input->next[topic]};
    TRY(bus_kafka_position_check(member->owner.bus, member->client, member->topics[topic], &at, out_error));
    member->stale = true;
    return STATUS_OK;
}

/* A message that is no record. OK: go on. */
static enum status consider_error(struct member *member, const rd_kafka_message_t *message, struct bus_error *out_error)
{
    if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
        char text[256];
        rd_kafka_resp_err_t code = rd_kafka_fatal_error(member->client, text, sizeof text);
        struct bus_error error;
        if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
            member->fenced = true;
            return STATUS_OK;
        }
        (void)!bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: consumer", &error);
        fail(member, STATUS_FATAL, error.text);
        return STATUS_OK;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        pass_end(member, message);
        return STATUS_OK;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        return check_position(member, message, out_error);
    }
    enum status status = bus_kafka_error_of(message->err, BUS_KAFKA_OUTSIDE);
    if (status == STATUS_REFUSED && message->rkt != NULL) {
        return bus_port_fail(out_error, status, "topic %s, partition %" PRId32 " can't be read from its position on: %s",
                             rd_kafka_topic_name(message->rkt), message->partition, rd_kafka_message_errstr(message));
    }
    if (status == STATUS_FATAL) {
        return bus_kafka_error_report(message->err, BUS_KAFKA_OUTSIDE, rd_kafka_message_errstr(message), out_error);
    }
    return STATUS_OK; /* passes by itself, or a callback tells (FENCED: `lost`); librdkafka logged it */
}

/* Whether the record is one to be delivered; its position is then taken. */
static bool is_next(struct member *member, const rd_kafka_message_t *message, size_t *out_topic)
{
    struct input *input = active_input(member, message, out_topic);
    if (input == NULL || message->offset < input->next[*out_topic]) {
        return false;
    }
    input->next[*out_topic] = message->offset + 1;
    return true;
}

enum status bus_kafka_member_poll(struct bus_member *base, int timeout_ms, struct bus_record *out_record,
                                  struct bus_error *out_error)
{
    struct member *member = member_of(base);
    int64_t deadline_ms = timeout_ms > 0 ? clock_ms() + timeout_ms : 0;
    release_message(member);
    for (;;) {
        if (member->failure != STATUS_OK) {
            return bus_port_fail(out_error, member->failure, "%s", member->failure_error.text);
        }
        if (member->fenced) {
            give_up_client(member);
            return STATUS_END;
        }
        if (member->client == NULL) {
            TRY(rejoin(member, deadline_ms, out_error));
        }
        if (member->stale) {
            TRY(apply(member, out_error));
        }
        int64_t left_ms = timeout_ms > 0 ? deadline_ms - clock_ms() : 0;
        rd_kafka_message_t *message = rd_kafka_consumer_poll(member->client, left_ms > 0 ? (int)left_ms : 0);
        if (message == NULL) { /* time is up, or a rebalance was served, or somebody woke us */
            bus_kafka_transactions_serve(member->transactions);
            if (member->stale) {
                TRY(apply(member, out_error));
            }
            return STATUS_END;
        }
        enum status status = STATUS_OK;
        size_t topic;
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            status = consider_error(member, message, out_error);
        } else if (is_next(member, message, &topic)) {
            member->message = message;
            bus_kafka_record_set(message, member->topics[topic], member->headers, out_record);
            return STATUS_OK;
        }
        rd_kafka_message_destroy(message);
        TRY(status);
    }
}

void bus_kafka_member_wake(struct bus_member *base)
{
    struct member *member = member_of(base);
    pthread_mutex_lock(&member->queue_lock);
    if (member->queue != NULL) {
        rd_kafka_queue_yield(member->queue);
    }
    pthread_mutex_unlock(&member->queue_lock);
}

/* ---- Positions ---- */

enum status bus_kafka_member_stable(struct bus_member *base, uint32_t partition, struct bus_position *out_position,
                                    struct bus_error *out_error)
{
    struct member *member = member_of(base);
    struct bus_position position = {.partition = partition};
    if (member->client == NULL) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "kafka: the member is about to join again");
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(TOPICS);
    for (size_t at = 0; at < TOPICS; at++) {
        rd_kafka_topic_partition_list_add(list, name_of(member, at), (int32_t)partition);
    }
    rd_kafka_resp_err_t code = rd_kafka_committed(member->client, list, STABLE_MS_MAX);
    for (size_t at = 0; at < TOPICS; at++) {
        const rd_kafka_topic_partition_t *one =
            rd_kafka_topic_partition_list_find(list, name_of(member, at), (int32_t)partition);
        ASSERT(one != NULL);
        code = code == RD_KAFKA_RESP_ERR_NO_ERROR ? one->err : code;
        position.next[at] = one->offset >= 0 ? one->offset : BUS_OFFSET_NONE;
    }
    rd_kafka_topic_partition_list_destroy(list);
    TRY(bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: the group's offsets", out_error));
    *out_position = position;
    return STATUS_OK;
}

enum status bus_kafka_member_seek(struct bus_member *base, const struct bus_position *position,
                                  struct bus_error *out_error)
{
    struct member *member = member_of(base);
    if (position->partition >= member->partition_count || !member->inputs[position->partition].held) {
        return bus_port_fail(out_error, STATUS_REFUSED, "partition %" PRIu32 " is not assigned", position->partition);
    }
    member->inputs[position->partition] = (struct input){true, true, {position->next[0], position->next[1]}};
    member->stale = true;
    return STATUS_OK;
}

enum status bus_kafka_member_pause(struct bus_member *base, uint32_t partition, struct bus_error *out_error)
{
    struct member *member = member_of(base);
    if (partition >= member->partition_count || !member->inputs[partition].held) {
        return bus_port_fail(out_error, STATUS_REFUSED, "partition %" PRIu32 " is not assigned", partition);
    }
    member->inputs[partition].active = false;
    member->stale = true;
    return STATUS_OK;
}

/* ---- Figures ---- */

int64_t bus_kafka_member_position(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct input *input = &((const struct member *)base)->inputs[partition];
    return input->active ? input->next[topic] : BUS_OFFSET_NONE;
}

int64_t bus_kafka_member_end(const struct bus_member *base, size_t topic, uint32_t partition)
{
    const struct member *member = (const struct member *)base;
    int64_t low;
    int64_t high;
    if (member->client == NULL) {
        return BUS_OFFSET_NONE;
    }
    rd_kafka_resp_err_t code = rd_kafka_get_watermark_offsets(member->client, name_of(member, topic), (int32_t)partition,
                                                              &low, &high); /* of the last fetch */
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : BUS_OFFSET_NONE;
}

uint32_t bus_kafka_member_renewals(const struct bus_member *base)
{
    return bus_kafka_transactions_replaced(((const struct member *)base)->transactions);
}

/* ---- Transactions ---- */

struct bus_kafka_transactions *bus_kafka_member_transactions(struct bus_member *base)
{
    return member_of(base)->transactions;
}

enum status bus_kafka_begin(struct bus_member *base, struct bus_error *out_error)
{
    return bus_kafka_transactions_begin(member_of(base)->transactions, out_error);
}

enum status bus_kafka_produce(struct bus_member *base, const struct bus_message *message, struct bus_error *out_error)
{
    return bus_kafka_transactions_produce(member_of(base)->transactions, message, out_error);
}

/* Planted bugs: the group as it is now, or as if nobody were in it. */
static void plant_group(struct member *member)
{
    char name[STEM_BYTES_MAX];
    size_t size = sizeof name;
    if (member->client == NULL) {
        return;
    }
    if (MUTANT(GROUP_OF_NOW)) {
        forget_group(member);
        member->group = rd_kafka_consumer_group_metadata(member->client);
    }
    if (MUTANT(GROUP_OF_NOBODY) &&
        rd_kafka_conf_get(rd_kafka_conf(member->client), "group.id", name, &size) == RD_KAFKA_CONF_OK) {
        forget_group(member);
        member->group = rd_kafka_consumer_group_metadata_new(name);
    }
}

enum status bus_kafka_commit(struct bus_member *base, const struct bus_position *positions, size_t position_count,
                             struct bus_error *out_error)
{
    struct member *member = member_of(base);
    ASSERT(position_count > 0); /* without offsets in it nothing fences the transaction */
    plant_group(member);
    if (member->group == NULL) {
        (void)!bus_kafka_transactions_abort(member->transactions, NULL);
        return bus_port_fail(out_error, STATUS_FENCED, "the partitions are no longer this member's");
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)(position_count * TOPICS));
    for (size_t at = 0; at < position_count; at++) {
        for (size_t topic = 0; topic < TOPICS; topic++) {
            ASSERT(positions[at].next[topic] >= 0);
            rd_kafka_topic_partition_list_add(list, name_of(member, topic), (int32_t)positions[at].partition)->offset =
                positions[at].next[topic];
        }
    }
    enum status status = bus_kafka_transactions_commit(member->transactions, list, member->group, out_error);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

enum status bus_kafka_abort(struct bus_member *base, struct bus_error *out_error)
{
    return bus_kafka_transactions_abort(member_of(base)->transactions, out_error);
}

int64_t bus_kafka_last_offset(const struct bus_member *base, const struct bus_topic *topic, uint32_t partition)
{
    return bus_kafka_transactions_last_offset(((const struct member *)base)->transactions, topic, partition);
}
