/* Consumer groups as others see them: how far one is, and who is in it. */
#include "bus/bus_kafka_internal.h"

#include "base/assert.h"

#include <stdlib.h>

#define GROUP_BYTES_MAX 255

static enum status name_group(struct str group, char out_name[GROUP_BYTES_MAX + 1], struct bus_error *out_error)
{
    if (group.length == 0 || group.length > GROUP_BYTES_MAX) {
        return bus_port_fail(out_error, STATUS_REFUSED, "a group's name has 1 to %d characters", GROUP_BYTES_MAX);
    }
    memcpy(out_name, group.bytes, group.length);
    out_name[group.length] = '\0';
    return STATUS_OK;
}

/* ---- How far ---- */

/* The group's offset out of an answer about one partition. */
static enum status read_next(const rd_kafka_event_t *event, const char *name, int64_t *out_next, struct bus_error *out_error)
{
    size_t count;
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result((rd_kafka_event_t *)event), &count);
    ASSERT(count == 1);
    const rd_kafka_error_t *error = rd_kafka_group_result_error(groups[0]);
    if (error != NULL && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
        *out_next = BUS_OFFSET_NONE;
        return STATUS_OK;
    }
    if (error != NULL) {
        return bus_kafka_error_report(rd_kafka_error_code(error), BUS_KAFKA_OUTSIDE, name, out_error);
    }
    const rd_kafka_topic_partition_list_t *offsets = rd_kafka_group_result_partitions(groups[0]);
    ASSERT(offsets->cnt == 1);
    TRY(bus_kafka_error_report(offsets->elems[0].err, BUS_KAFKA_OUTSIDE, name, out_error));
    *out_next = offsets->elems[0].offset < 0 ? BUS_OFFSET_NONE : offsets->elems[0].offset;
    return STATUS_OK;
}

enum status bus_kafka_group_next(struct bus *base, struct str group, const struct bus_topic *topic, uint32_t partition,
                                 int64_t *out_next, struct bus_error *out_error)
{
    struct bus_kafka *bus = bus_kafka_of(base);
    char name[GROUP_BYTES_MAX + 1];
    TRY(name_group(group, name, out_error));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, bus_kafka_topic_of(topic)->name, (int32_t)partition);
    rd_kafka_ListConsumerGroupOffsets_t *wanted = rd_kafka_ListConsumerGroupOffsets_new(name, list);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_ListConsumerGroupOffsets(bus->client, &wanted, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status = bus_kafka_await(queue, RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT, name, &event, out_error);
    if (status == STATUS_OK) {
        status = read_next(event, name, out_next, out_error);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

/* ---- Who ---- */

/* By the older call, which tells the members' assignments as they go over the wire: rd_kafka_DescribeConsumerGroups of librdkafka
 * 2.0.2 ends the process by an assertion when a broker does not answer it in time (its issue 4605; seen in tests/kafka). */
#define MEMBERS_MS_MAX 5000

#define UUID_BYTES 36

/* What is left of a text of bytes. */
struct wire {
    const unsigned char *at;
    size_t left;
};

static bool read_number(struct wire *wire, size_t bytes, int64_t *out_number)
{
    if (wire->left < bytes) {
        return false;
    }
    uint64_t number = 0;
    for (size_t at = 0; at < bytes; at++) {
        number = number << 8 | wire->at[at];
    }
    wire->at += bytes;
    wire->left -= bytes;
    *out_number = bytes == 2 ? (int16_t)number : (int32_t)number;
    return true;
}

static bool read_name(struct wire *wire, struct str *out_name)
{
    int64_t length;
    if (!read_number(wire, 2, &length) || length < 0 || (size_t)length > wire->left) {
        return false;
    }
    *out_name = (struct str){(const char *)wire->at, (size_t)length};
    wire->at += length;
    wire->left -= (size_t)length;
    return true;
}

/* The partitions of one topic; they count when it is ours. */
static enum status read_topic(struct wire *wire, struct arena *arena, struct str topic, struct bus_group_member *member)
{
    struct str name;
    int64_t count;
    int64_t partition;
    if (!read_name(wire, &name) || !read_number(wire, 4, &count) || count < 0 || (size_t)count > wire->left / 4) {
        return STATUS_INVALID;
    }
    uint32_t *partitions = arena_array(arena, uint32_t, (size_t)count + 1);
    TRY_NEW(partitions);
    for (int64_t at = 0; at < count; at++) {
        if (!read_number(wire, 4, &partition) || partition < 0) {
            return STATUS_INVALID;
        }
        partitions[at] = (uint32_t)partition;
    }
    if (str_equal(name, topic)) {
        member->partitions = partitions;
        member->partition_count = (size_t)count;
    }
    return STATUS_OK;
}

/* Kafka's ConsumerProtocolAssignment: version, topics with their partitions, and what the assignor adds. */
static enum status read_assignment(struct arena *arena, const struct rd_kafka_group_member_info *info, struct str topic,
                                   struct bus_group_member *member)
{
    struct wire wire = {info->member_assignment, info->member_assignment_size < 0 ? 0 : (size_t)info->member_assignment_size};
    int64_t version;
    int64_t count;
    if (wire.left == 0) {
        return STATUS_OK; /* it has none yet */
    }
    if (!read_number(&wire, 2, &version) || !read_number(&wire, 4, &count)) {
        return STATUS_INVALID;
    }
    for (int64_t at = 0; at < count; at++) {
        TRY(read_topic(&wire, arena, topic, member));
    }
    return STATUS_OK;
}

/* The broker makes a static member's id of its group.instance.id, which is "<instance>-<thread>", and a UUID. Anybody else is a
 * process of his own. */
static struct str instance_of(struct str id)
{
    size_t end = id.length > UUID_BYTES + 1 ? id.length - UUID_BYTES - 1 : 0;
    while (end > 0 && id.bytes[end - 1] != '-') {
        end--;
    }
    return end > 1 ? str_slice(id, 0, end - 1) : id;
}

static enum status describe(struct arena *arena, const struct rd_kafka_group_member_info *info, struct str topic,
                            struct bus_group_member *out_member)
{
    *out_member = (struct bus_group_member){.partition_count = 0};
    TRY(arena_copy(arena, str_of(info->member_id), &out_member->id));
    out_member->instance = instance_of(out_member->id);
    return read_assignment(arena, info, topic, out_member);
}

static int by_id(const void *a, const void *b)
{
    const struct bus_group_member *one = a;
    const struct bus_group_member *other = b;
    return str_compare(one->id, other->id);
}

static enum status read_members(struct arena *arena, const struct rd_kafka_group_info *group, struct str topic,
                                struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error)
{
    size_t count = group->member_cnt < 0 ? 0 : (size_t)group->member_cnt;
    if (group->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return bus_kafka_error_report(group->err, BUS_KAFKA_OUTSIDE, "kafka: a group", out_error);
    }
    if (count > 0 && (group->state == NULL || strcmp(group->state, "Stable") != 0)) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "the group is being shared out anew");
    }
    struct bus_group_member *members = arena_array(arena, struct bus_group_member, count + 1);
    TRY_NEW(members);
    for (size_t at = 0; at < count; at++) {
        enum status status = describe(arena, &group->members[at], topic, &members[at]);
        if (status == STATUS_INVALID) {
            return bus_port_fail(out_error, STATUS_RETRIABLE, "the group's assignment can't be read");
        }
        TRY(status);
    }
    qsort(members, count, sizeof *members, by_id);
    *out_members = members;
    *out_count = count;
    return STATUS_OK;
}

enum status bus_kafka_group_members(struct bus *base, struct arena *arena, struct str group,
                                    const struct bus_topic *topic, struct bus_group_member **out_members,
                                    size_t *out_count, struct bus_error *out_error)
{
    char name[GROUP_BYTES_MAX + 1];
    const struct rd_kafka_group_list *list = NULL;
    TRY(name_group(group, name, out_error));
    *out_members = NULL;
    *out_count = 0;
    rd_kafka_resp_err_t code = rd_kafka_list_groups(bus_kafka_of(base)->client, name, &list, MEMBERS_MS_MAX);
    enum status status = STATUS_OK;
    if (code == RD_KAFKA_RESP_ERR__PARTIAL) {
        status = bus_port_fail(out_error, STATUS_RETRIABLE, "kafka: groups: not all brokers answered");
    } else {
        status = bus_kafka_error_report(code, BUS_KAFKA_OUTSIDE, "kafka: groups", out_error);
    }
    if (status == STATUS_OK && list->group_cnt > 0) {
        status = read_members(arena, &list->groups[0], bus_topic_name(topic), out_members, out_count, out_error);
    }
    if (list != NULL) {
        rd_kafka_group_list_destroy(list);
    }
    return status;
}
