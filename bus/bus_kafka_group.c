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

/* "<instance>-<thread>", as a member's group.instance.id is made; without one, he is a process of his own. */
static struct str instance_of(const rd_kafka_MemberDescription_t *member)
{
    const char *text = rd_kafka_MemberDescription_group_instance_id(member);
    const char *dash = text == NULL ? NULL : strrchr(text, '-');
    if (dash == NULL) {
        return str_of(rd_kafka_MemberDescription_consumer_id(member));
    }
    return (struct str){text, (size_t)(dash - text)};
}

static enum status describe(struct arena *arena, const rd_kafka_MemberDescription_t *member, const char *topic,
                            struct bus_group_member *out_member)
{
    const rd_kafka_topic_partition_list_t *assigned =
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));
    uint32_t *partitions = arena_array(arena, uint32_t, (size_t)assigned->cnt + 1);
    size_t count = 0;
    TRY_NEW(partitions);
    for (int at = 0; at < assigned->cnt; at++) {
        if (strcmp(assigned->elems[at].topic, topic) == 0) {
            partitions[count++] = (uint32_t)assigned->elems[at].partition;
        }
    }
    out_member->partitions = partitions;
    out_member->partition_count = count;
    TRY(arena_copy(arena, str_of(rd_kafka_MemberDescription_consumer_id(member)), &out_member->id));
    return arena_copy(arena, instance_of(member), &out_member->instance);
}

static int by_id(const void *a, const void *b)
{
    const struct bus_group_member *one = a;
    const struct bus_group_member *other = b;
    return str_compare(one->id, other->id);
}

static enum status read_members(struct arena *arena, const rd_kafka_event_t *event, const char *topic,
                                struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error)
{
    size_t group_count;
    const rd_kafka_ConsumerGroupDescription_t **groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result((rd_kafka_event_t *)event), &group_count);
    ASSERT(group_count == 1);
    const rd_kafka_error_t *error = rd_kafka_ConsumerGroupDescription_error(groups[0]);
    if (error != NULL && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) {
        return bus_kafka_error_report(rd_kafka_error_code(error), BUS_KAFKA_OUTSIDE, "kafka: a group", out_error);
    }
    size_t count = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
    if (count > 0 && rd_kafka_ConsumerGroupDescription_state(groups[0]) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE) {
        return bus_port_fail(out_error, STATUS_RETRIABLE, "the group is being shared out anew");
    }
    struct bus_group_member *members = arena_array(arena, struct bus_group_member, count + 1);
    TRY_NEW(members);
    for (size_t at = 0; at < count; at++) {
        TRY(describe(arena, rd_kafka_ConsumerGroupDescription_member(groups[0], at), topic, &members[at]));
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
    struct bus_kafka *bus = bus_kafka_of(base);
    char bytes[GROUP_BYTES_MAX + 1];
    const char *name = bytes;
    TRY(name_group(group, bytes, out_error));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(bus->client);
    rd_kafka_DescribeConsumerGroups(bus->client, &name, 1, NULL, queue);
    rd_kafka_event_t *event = NULL;
    enum status status = bus_kafka_await(queue, RD_KAFKA_EVENT_DESCRIBECONSUMERGROUPS_RESULT, name, &event, out_error);
    if (status == STATUS_OK) {
        status = read_members(arena, event, bus_kafka_topic_of(topic)->name, out_members, out_count, out_error);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return status;
}
