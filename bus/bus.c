#include "bus/bus.h"

#include "base/assert.h"
#include "bus/bus_port.h"

struct str bus_cluster_id(const struct bus *bus)
{
    return bus->cluster_id;
}

struct str bus_topic_name(const struct bus_topic *topic)
{
    return topic->name;
}

uint32_t bus_topic_partition_count(const struct bus_topic *topic)
{
    return topic->partition_count;
}

int64_t bus_topic_record_bytes_max(const struct bus_topic *topic)
{
    return topic->record_bytes_max;
}

struct str bus_topic_mark(const struct bus_topic *topic)
{
    return topic->mark;
}

void bus_close(struct bus *bus)
{
    bus->ops->close(bus);
}

int64_t bus_now_ms(struct bus *bus)
{
    return bus->ops->now_ms(bus);
}

void bus_random(struct bus *bus, uint8_t *bytes, size_t length)
{
    bus->ops->random(bus, bytes, length);
}

bool bus_topic_name_is_valid(struct str name)
{
    if (name.length == 0 || name.length > TOPIC_NAME_BYTES_MAX || str_equal(name, STR(".")) ||
        str_equal(name, STR(".."))) {
        return false;
    }
    for (size_t at = 0; at < name.length; at++) {
        char byte = name.bytes[at];
        bool good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                    byte == '.' || byte == '_' || byte == '-';
        if (!good) {
            return false;
        }
    }
    return true;
}

void bus_statistics(struct bus *bus, struct bus_statistics *out_statistics)
{
    bus->ops->statistics(bus, out_statistics);
}

enum status bus_topic_open(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                           struct bus_error *out_error)
{
    if (!bus_topic_name_is_valid(name)) { /* a broker's answer to it looks like one that may pass */
        return bus_port_fail(out_error, STATUS_NOT_FOUND, "'%.*s' is no name of a topic", STR_ARGS(name));
    }
    return bus->ops->topic_open(bus, name, out_topic, out_error);
}

enum status bus_topic_create(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error)
{
    return bus->ops->topic_create(bus, config, out_error);
}

enum status bus_topic_list(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                           size_t *out_count, struct bus_error *out_error)
{
    return bus->ops->topic_list(bus, arena, prefix, out_names, out_count, out_error);
}

enum status bus_topics_check(struct bus *bus, struct bus_error *out_error)
{
    return bus->ops->topics_check(bus, out_error);
}

enum status bus_bounds(struct bus *bus, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                       int64_t *out_begin, int64_t *out_end, struct bus_error *out_error)
{
    ASSERT(partition < topic->partition_count);
    return bus->ops->bounds(bus, topic, partition, committed_only, out_begin, out_end, out_error);
}

enum status bus_group_next(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                           int64_t *out_next, struct bus_error *out_error)
{
    ASSERT(partition < topic->partition_count);
    return bus->ops->group_next(bus, group, topic, partition, out_next, out_error);
}

enum status bus_group_members(struct bus *bus, struct arena *arena, struct str group, const struct bus_topic *topic,
                              struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error)
{
    return bus->ops->group_members(bus, arena, group, topic, out_members, out_count, out_error);
}

enum status bus_trim(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                     struct bus_error *out_error)
{
    ASSERT(partition < topic->partition_count);
    return bus->ops->trim(bus, topic, partition, offset, out_error);
}

enum status bus_member_open(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                            struct bus_error *out_error)
{
    ASSERT(config->topics[0]->partition_count == config->topics[1]->partition_count);
    return bus->ops->member_open(bus, config, out_member, out_error);
}

void bus_member_leave(struct bus_member *member)
{
    member->ops->member_leave(member);
}

void bus_member_close(struct bus_member *member)
{
    member->ops->member_close(member);
}

enum status bus_member_poll(struct bus_member *member, int timeout_ms, struct bus_record *out_record,
                            struct bus_error *out_error)
{
    return member->ops->member_poll(member, timeout_ms, out_record, out_error);
}

void bus_member_wake(struct bus_member *member)
{
    member->ops->member_wake(member);
}

enum status bus_member_stable(struct bus_member *member, uint32_t partition, struct bus_position *out_position,
                              struct bus_error *out_error)
{
    return member->ops->member_stable(member, partition, out_position, out_error);
}

enum status bus_member_seek(struct bus_member *member, const struct bus_position *position, struct bus_error *out_error)
{
    ASSERT(position->next[0] >= 0 && position->next[1] >= 0);
    return member->ops->member_seek(member, position, out_error);
}

enum status bus_member_pause(struct bus_member *member, uint32_t partition, struct bus_error *out_error)
{
    return member->ops->member_pause(member, partition, out_error);
}

enum status bus_begin(struct bus_member *member, struct bus_error *out_error)
{
    return member->ops->begin(member, out_error);
}

enum status bus_produce(struct bus_member *member, const struct bus_message *message, struct bus_error *out_error)
{
    ASSERT(message->partition < message->topic->partition_count);
    ASSERT(message->header_count <= BUS_HEADERS_MAX);
    return member->ops->produce(member, message, out_error);
}

enum status bus_commit(struct bus_member *member, const struct bus_position *positions, size_t position_count,
                       struct bus_error *out_error)
{
    return member->ops->commit(member, positions, position_count, out_error);
}

enum status bus_abort(struct bus_member *member, struct bus_error *out_error)
{
    return member->ops->abort(member, out_error);
}

int64_t bus_last_offset(const struct bus_member *member, const struct bus_topic *topic, uint32_t partition)
{
    return member->ops->last_offset(member, topic, partition);
}

int64_t bus_member_position(const struct bus_member *member, size_t topic, uint32_t partition)
{
    ASSERT(topic < 2);
    return member->ops->member_position(member, topic, partition);
}

int64_t bus_member_end(const struct bus_member *member, size_t topic, uint32_t partition)
{
    ASSERT(topic < 2);
    return member->ops->member_end(member, topic, partition);
}

uint32_t bus_member_renewals(const struct bus_member *member)
{
    return member->ops->member_renewals(member);
}

enum status bus_reader_open(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                            struct bus_reader **out_reader, struct bus_error *out_error)
{
    ASSERT(partition < topic->partition_count);
    ASSERT(offset >= 0);
    return bus->ops->reader_open(bus, topic, partition, offset, out_reader, out_error);
}

enum status bus_reader_next(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                            struct bus_error *out_error)
{
    return reader->ops->reader_next(reader, timeout_ms, out_record, out_error);
}

int64_t bus_reader_position(const struct bus_reader *reader)
{
    return reader->ops->reader_position(reader);
}

void bus_reader_close(struct bus_reader *reader)
{
    reader->ops->reader_close(reader);
}

enum status bus_producer_open(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error)
{
    return bus->ops->producer_open(bus, out_producer, out_error);
}

enum status bus_producer_send(struct bus_producer *producer, const struct bus_message *message,
                              struct bus_error *out_error)
{
    ASSERT(message->partition < message->topic->partition_count);
    ASSERT(message->header_count <= BUS_HEADERS_MAX);
    return producer->ops->producer_send(producer, message, out_error);
}

enum status bus_producer_flush(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error)
{
    return producer->ops->producer_flush(producer, timeout_ms, out_error);
}

void bus_producer_close(struct bus_producer *producer)
{
    producer->ops->producer_close(producer);
}

enum status bus_follower_open(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                              size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error)
{
    ASSERT(topic_count > 0);
    return bus->ops->follower_open(bus, group, topics, topic_count, out_follower, out_error);
}

enum status bus_follower_poll(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                              struct bus_error *out_error)
{
    return follower->ops->follower_poll(follower, timeout_ms, out_record, out_error);
}

enum status bus_follower_done(struct bus_follower *follower, const struct bus_record *record,
                              struct bus_error *out_error)
{
    return follower->ops->follower_done(follower, record, out_error);
}

void bus_follower_close(struct bus_follower *follower)
{
    follower->ops->follower_close(follower);
}
