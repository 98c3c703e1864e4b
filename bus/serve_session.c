#include "bus/serve_session.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "bus/bus_bytes.h"
#include "bus/bus_record.h"
#include "bus/local.h"
#include "bus/wire.h"

#include <poll.h>

#define SESSION_ARENA_BYTES_MAX ((size_t)128 * 1024 * 1024)
#define SLICE_MS 200 /* how soon a dead client, or the end of the bus, is noticed */
#define FLUSH_MS (10 * 1000)

struct session {
    struct bus *bus;
    int socket;
    const atomic_bool *stop;
    struct arena *arena; /* of one request */
    bool greeted;
    struct bus_bytes request;
    struct buffer answer;
    struct bus_error error;

    struct bus_producer *producer;
    struct bus_reader *reader; /* of the last READ */
    const struct bus_topic *reader_topic;
    uint32_t reader_partition;
    struct bus_follower *follower;
    const struct bus_topic *topics[WIRE_TOPICS_MAX]; /* the follower's */
    size_t topic_count;
};

/* What a request is answered with, beside the statuses: */
enum { NO_ANSWER = STATUS_COUNT, HANG_UP };

/* ---- Fields ---- */

/* INVALID unless all of the request was read, and no more. */
static enum status request_end(struct session *session)
{
    return bus_bytes_ended(&session->request)
               ? STATUS_OK
               : bus_port_fail(&session->error, STATUS_INVALID, "the request is malformed");
}

static enum status read_partition(struct session *session, const struct bus_topic **out_topic, uint32_t *out_partition)
{
    struct str name = bus_bytes_str(&session->request);
    uint32_t partition = bus_bytes_u32(&session->request);
    if (session->request.bad) {
        return request_end(session);
    }
    TRY(bus_topic_open(session->bus, name, out_topic, &session->error));
    if (partition >= (*out_topic)->partition_count) {
        return bus_port_fail(&session->error, STATUS_REFUSED, "topic %.*s has no partition %u", STR_ARGS(name),
                             (unsigned)partition);
    }
    *out_partition = partition;
    return STATUS_OK;
}

static enum status add_row(struct session *session, const struct bus_record *record)
{
    struct bus_message message = {
        .key = record->key, .value = record->value, .headers = record->headers, .header_count = record->header_count};
    struct str row;
    TRY(bus_record_encode(session->arena, &message, record->timestamp_ms, &row));
    TRY(bus_bytes_add_u64(&session->answer, (uint64_t)record->offset));
    return bus_bytes_add_str(&session->answer, row);
}

/* Room for a count that is known later; and writing it. */
static enum status reserve_count(struct session *session, size_t *out_at)
{
    *out_at = session->answer.length;
    return bus_bytes_add_u32(&session->answer, 0);
}

static void set_count(struct session *session, size_t at, uint32_t count)
{
    bus_bytes_put_u32(session->answer.bytes + at, count);
}

static int wait_of(struct session *session)
{
    uint32_t timeout_ms = bus_bytes_u32(&session->request);
    return timeout_ms > WIRE_WAIT_MS_MAX ? WIRE_WAIT_MS_MAX : (int)timeout_ms;
}

/* Whether waiting for records has lost its purpose. */
static bool is_over(struct session *session)
{
    struct pollfd peer = {.fd = session->socket, .events = POLLRDHUP};
    return atomic_load(session->stop) || (poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)));
}

/* ---- Topics ---- */

static enum status answer_hello(struct session *session)
{
    uint32_t magic = bus_bytes_u32(&session->request);
    uint8_t version = bus_bytes_u8(&session->request);
    TRY(request_end(session));
    if (magic != WIRE_MAGIC || version != WIRE_VERSION) {
        return bus_port_fail(&session->error, STATUS_REFUSED, "this bus speaks version %d", WIRE_VERSION);
    }
    session->greeted = true;
    return bus_bytes_add_str(&session->answer, bus_cluster_id(session->bus));
}

static enum status answer_topic_open(struct session *session)
{
    struct str name = bus_bytes_str(&session->request);
    TRY(request_end(session));
    const struct bus_topic *topic = NULL;
    TRY(bus_topic_open(session->bus, name, &topic, &session->error));
    TRY(bus_bytes_add_u32(&session->answer, topic->partition_count));
    TRY(bus_bytes_add_str(&session->answer, topic->mark));
    return bus_bytes_add_u64(&session->answer, (uint64_t)local_topic_of(topic)->config.max_message_bytes);
}

static enum status answer_topic_create(struct session *session)
{
    struct bus_bytes *request = &session->request;
    struct bus_topic_config config = {.name = bus_bytes_str(request)};
    config.partition_count = bus_bytes_u32(request);
    config.cleanup = bus_bytes_u8(request) == 0 ? BUS_CLEANUP_DELETE : BUS_CLEANUP_COMPACT;
    config.retention_ms = (int64_t)bus_bytes_u64(request);
    config.min_compaction_lag_ms = (int64_t)bus_bytes_u64(request);
    config.delete_retention_ms = (int64_t)bus_bytes_u64(request);
    config.max_message_bytes = (int64_t)bus_bytes_u64(request);
    TRY(request_end(session));
    return bus_topic_create(session->bus, &config, &session->error);
}

static enum status answer_topic_list(struct session *session)
{
    struct str prefix = bus_bytes_str(&session->request);
    TRY(request_end(session));
    struct str *names = NULL;
    size_t count = 0;
    TRY(bus_topic_list(session->bus, session->arena, prefix, &names, &count, &session->error));
    TRY(bus_bytes_add_u32(&session->answer, (uint32_t)count));
    for (size_t at = 0; at < count; at++) {
        TRY(bus_bytes_add_str(&session->answer, names[at]));
    }
    return STATUS_OK;
}

static enum status answer_bounds(struct session *session)
{
    const struct bus_topic *topic = NULL;
    uint32_t partition = 0;
    TRY(read_partition(session, &topic, &partition));
    bool committed_only = bus_bytes_u8(&session->request) != 0;
    TRY(request_end(session));
    int64_t begin = 0;
    int64_t end = 0;
    TRY(bus_bounds(session->bus, topic, partition, committed_only, &begin, &end, &session->error));
    TRY(bus_bytes_add_u64(&session->answer, (uint64_t)begin));
    return bus_bytes_add_u64(&session->answer, (uint64_t)end);
}

static enum status answer_trim(struct session *session)
{
    const struct bus_topic *topic = NULL;
    uint32_t partition = 0;
    TRY(read_partition(session, &topic, &partition));
    int64_t offset = (int64_t)bus_bytes_u64(&session->request);
    TRY(request_end(session));
    return bus_trim(session->bus, topic, partition, offset, &session->error);
}

static enum status answer_group_next(struct session *session)
{
    const struct bus_topic *topic = NULL;
    uint32_t partition = 0;
    int64_t next = BUS_OFFSET_NONE;
    TRY(read_partition(session, &topic, &partition));
    struct str group = bus_bytes_str(&session->request);
    TRY(request_end(session));
    TRY(bus_group_next(session->bus, group, topic, partition, &next, &session->error));
    return bus_bytes_add_u64(&session->answer, (uint64_t)next);
}

/* ---- Reading and producing ---- */

static void close_reader(struct session *session)
{
    if (session->reader != NULL) {
        bus_reader_close(session->reader);
        session->reader = NULL;
    }
}

/* The reader that goes on where the last answer ended, or a new one. */
static enum status place_reader(struct session *session, const struct bus_topic *topic, uint32_t partition,
                                int64_t offset)
{
    if (session->reader != NULL && session->reader_topic == topic && session->reader_partition == partition &&
        bus_reader_position(session->reader) == offset) {
        return STATUS_OK;
    }
    close_reader(session);
    TRY(bus_reader_open(session->bus, topic, partition, offset, &session->reader, &session->error));
    session->reader_topic = topic;
    session->reader_partition = partition;
    return STATUS_OK;
}

/* The next of a batch: the first is waited for, the others must be there. */
static enum status next_read(struct session *session, int timeout_ms, struct bus_record *out_record)
{
    enum status status = bus_reader_next(session->reader, 0, out_record, &session->error);
    for (int waited_ms = 0; status == STATUS_END && waited_ms < timeout_ms && !is_over(session);
         waited_ms += SLICE_MS) {
        int left_ms = timeout_ms - waited_ms;
        status = bus_reader_next(session->reader, left_ms < SLICE_MS ? left_ms : SLICE_MS, out_record, &session->error);
    }
    return status;
}

static enum status answer_read(struct session *session)
{
    const struct bus_topic *topic = NULL;
    uint32_t partition = 0;
    TRY(read_partition(session, &topic, &partition));
    int64_t offset = (int64_t)bus_bytes_u64(&session->request);
    int timeout_ms = wait_of(session);
    TRY(request_end(session));
    if (offset < 0) {
        return bus_port_fail(&session->error, STATUS_REFUSED, "the offset is negative");
    }
    TRY(place_reader(session, topic, partition, offset));
    TRY(bus_bytes_add_u64(&session->answer, 0));
    size_t count_at = 0;
    TRY(reserve_count(session, &count_at));
    uint32_t count = 0;
    while (count < WIRE_READ_RECORDS_MAX && session->answer.length < WIRE_BATCH_BYTES) {
        struct bus_record record;
        enum status status = next_read(session, count == 0 ? timeout_ms : 0, &record);
        if (status == STATUS_END) {
            break;
        }
        if (status != STATUS_OK && count == 0) {
            close_reader(session);
        }
        if (status != STATUS_OK) {
            return status;
        }
        TRY(add_row(session, &record));
        count++;
    }
    bus_bytes_put_u64(session->answer.bytes + count_at - 8, (uint64_t)bus_reader_position(session->reader));
    set_count(session, count_at, count);
    return STATUS_OK;
}

static enum status send_one(struct session *session)
{
    struct bus_message message = {.topic = NULL};
    TRY(read_partition(session, &message.topic, &message.partition));
    struct str row = bus_bytes_str(&session->request);
    struct bus_record record;
    if (session->request.bad || bus_record_decode(session->arena, row, &record) != STATUS_OK) {
        return bus_port_fail(&session->error, STATUS_INVALID, "the request is malformed");
    }
    message.key = record.key;
    message.value = record.value;
    message.headers = record.headers;
    message.header_count = record.header_count;
    return bus_producer_send(session->producer, &message, &session->error);
}

static void close_producer(struct session *session)
{
    if (session->producer != NULL) {
        bus_producer_close(session->producer);
        session->producer = NULL;
    }
}

static enum status answer_produce(struct session *session)
{
    if (session->producer == NULL) {
        TRY(bus_producer_open(session->bus, &session->producer, &session->error));
    }
    uint32_t count = bus_bytes_u32(&session->request);
    enum status status = STATUS_OK;
    /* A count that lies ends at the first record that is not there. */
    for (uint32_t at = 0; status == STATUS_OK && at < count; at++) {
        status = send_one(session);
    }
    if (status == STATUS_OK) {
        status = request_end(session);
    }
    if (status == STATUS_OK) {
        status = bus_producer_flush(session->producer, FLUSH_MS, &session->error);
    }
    if (status != STATUS_OK) {
        close_producer(session); /* with what is still queued */
    }
    return status;
}

/* ---- Followers ---- */

static enum status answer_follow(struct session *session)
{
    struct str group = bus_bytes_str(&session->request);
    uint32_t count = bus_bytes_u32(&session->request);
    if (session->follower != NULL || count == 0 || count > WIRE_TOPICS_MAX || group.bytes == NULL) {
        return bus_port_fail(&session->error, STATUS_REFUSED, "one follower a connection, over 1 to %d topics",
                             WIRE_TOPICS_MAX);
    }
    for (uint32_t at = 0; at < count; at++) {
        struct str name = bus_bytes_str(&session->request);
        if (session->request.bad) {
            return request_end(session);
        }
        TRY(bus_topic_open(session->bus, name, &session->topics[at], &session->error));
        for (uint32_t other = 0; other < at; other++) {
            if (session->topics[other] == session->topics[at]) {
                return bus_port_fail(&session->error, STATUS_REFUSED, "topic %.*s is named twice", STR_ARGS(name));
            }
        }
    }
    TRY(request_end(session));
    TRY(bus_follower_open(session->bus, group, session->topics, count, &session->follower, &session->error));
    session->topic_count = count;
    return STATUS_OK;
}

static enum status next_follow(struct session *session, int timeout_ms, struct bus_record *out_record)
{
    enum status status = bus_follower_poll(session->follower, 0, out_record, &session->error);
    for (int waited_ms = 0; status == STATUS_END && waited_ms < timeout_ms && !is_over(session);
         waited_ms += SLICE_MS) {
        int left_ms = timeout_ms - waited_ms;
        status =
            bus_follower_poll(session->follower, left_ms < SLICE_MS ? left_ms : SLICE_MS, out_record, &session->error);
    }
    return status;
}

static uint32_t topic_index(const struct session *session, const struct bus_topic *topic)
{
    uint32_t at = 0;
    while (session->topics[at] != topic) {
        at++;
        ASSERT(at < session->topic_count);
    }
    return at;
}

static enum status answer_follow_poll(struct session *session)
{
    int timeout_ms = wait_of(session);
    TRY(request_end(session));
    if (session->follower == NULL) {
        return bus_port_fail(&session->error, STATUS_REFUSED, "this connection follows nothing");
    }
    size_t count_at = 0;
    TRY(reserve_count(session, &count_at));
    uint32_t count = 0;
    while (count < WIRE_FOLLOW_RECORDS_MAX && session->answer.length < WIRE_BATCH_BYTES) {
        struct bus_record record;
        enum status status = next_follow(session, count == 0 ? timeout_ms : 0, &record);
        if (status == STATUS_END) {
            break;
        }
        TRY(status);
        TRY(bus_bytes_add_u32(&session->answer, topic_index(session, record.topic)));
        TRY(bus_bytes_add_u32(&session->answer, record.partition));
        TRY(add_row(session, &record));
        count++;
    }
    set_count(session, count_at, count);
    return STATUS_OK;
}

static int answer_follow_done(struct session *session)
{
    uint32_t topic = bus_bytes_u32(&session->request);
    struct bus_record record = {.partition = bus_bytes_u32(&session->request)};
    record.offset = (int64_t)bus_bytes_u64(&session->request);
    if (!bus_bytes_ended(&session->request) || session->follower == NULL || topic >= session->topic_count) {
        return HANG_UP;
    }
    record.topic = session->topics[topic];
    return record.offset >= 0 && bus_follower_done(session->follower, &record, NULL) == STATUS_OK ? NO_ANSWER : HANG_UP;
}

static void close_follower(struct session *session)
{
    if (session->follower != NULL) {
        bus_follower_close(session->follower);
        session->follower = NULL;
    }
}

/* ---- The session ---- */

static int answer(struct session *session, enum wire_op op)
{
    switch (op) {
    case WIRE_HELLO:
        return answer_hello(session);
    case WIRE_TOPIC_OPEN:
        return answer_topic_open(session);
    case WIRE_TOPIC_CREATE:
        return answer_topic_create(session);
    case WIRE_TOPIC_LIST:
        return answer_topic_list(session);
    case WIRE_BOUNDS:
        return answer_bounds(session);
    case WIRE_TRIM:
        return answer_trim(session);
    case WIRE_GROUP_NEXT:
        return answer_group_next(session);
    case WIRE_READ:
        return answer_read(session);
    case WIRE_PRODUCE:
        return answer_produce(session);
    case WIRE_FOLLOW:
        return answer_follow(session);
    case WIRE_FOLLOW_POLL:
        return answer_follow_poll(session);
    case WIRE_FOLLOW_DONE:
        return answer_follow_done(session);
    case WIRE_FOLLOW_CLOSE:
        close_follower(session);
        return request_end(session);
    case WIRE_OP_COUNT:
        break;
    }
    UNREACHABLE("request");
}

/* Serves one request; false ends the connection. */
static bool serve_one(struct session *session)
{
    arena_reset(session->arena);
    struct str payload;
    if (wire_receive(session->socket, session->arena, &payload) != STATUS_OK) {
        return false;
    }
    session->request = (struct bus_bytes){.left = payload};
    session->answer = buffer_in(session->arena);
    session->error.text[0] = '\0';
    uint8_t op = bus_bytes_u8(&session->request);
    if (session->request.bad || op >= WIRE_OP_COUNT || (!session->greeted && op != WIRE_HELLO) ||
        bus_bytes_add_u8(&session->answer, STATUS_OK) != STATUS_OK) {
        return false;
    }
    int status = answer(session, (enum wire_op)op);
    if (status == NO_ANSWER || status == HANG_UP) {
        return status == NO_ANSWER;
    }
    if (status != STATUS_OK || session->answer.length > WIRE_FRAME_BYTES_MAX) {
        status = status == STATUS_OK ? STATUS_LIMIT_EXCEEDED : status;
        arena_reset(session->arena);
        session->answer = buffer_in(session->arena);
        if (bus_bytes_add_u8(&session->answer, (uint8_t)status) != STATUS_OK ||
            bus_bytes_add_str(&session->answer, str_of(session->error.text)) != STATUS_OK) {
            return false;
        }
    }
    return wire_send(session->socket, buffer_text(&session->answer)) == STATUS_OK;
}

void serve_session_run(struct bus *bus, int socket, const atomic_bool *stop)
{
    struct session session = {.bus = bus, .socket = socket, .stop = stop};
    session.arena = arena_create(SESSION_ARENA_BYTES_MAX);
    while (session.arena != NULL && !atomic_load(stop) && serve_one(&session)) {
    }
    close_follower(&session);
    close_reader(&session);
    close_producer(&session);
    arena_destroy(session.arena);
}
