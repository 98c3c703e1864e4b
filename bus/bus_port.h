/* What an implementation of the bus provides: bus_kafka.c, bus_local.c, bus_remote.c, and the simulator's.
 *
 * Each object of a bus begins with the struct of its kind below, so that bus.c finds the table of functions; what
 * follows is the implementation's own:
 *
 *     struct local_member {
 *         struct bus_member base;
 *         …
 *     };
 *
 * An implementation fills `base` when it makes the object. Contracts are those of bus/bus.h; bus.c adds nothing but the
 * assertions about its callers. A function is never NULL: what a bus can't do answers STATUS_REFUSED with a text. */
#ifndef PAWL_BUS_BUS_PORT_H
#define PAWL_BUS_BUS_PORT_H

#include "bus/bus.h"
#include "bus/bus_statistics.h"

struct bus_ops;

struct bus {
    const struct bus_ops *ops;
    struct str cluster_id;
};

struct bus_topic {
    const struct bus_ops *ops;
    struct str name;
    uint32_t partition_count;
    struct str mark;
    int64_t record_bytes_max;
};

struct bus_member {
    const struct bus_ops *ops;
};

struct bus_reader {
    const struct bus_ops *ops;
};

struct bus_producer {
    const struct bus_ops *ops;
};

struct bus_follower {
    const struct bus_ops *ops;
};

/* One function of bus/bus.h each, of the same name without `bus_`. */
struct bus_ops {
    void (*close)(struct bus *bus);
    int64_t (*now_ms)(struct bus *bus);
    void (*random)(struct bus *bus, uint8_t *bytes, size_t length);
    void (*statistics)(struct bus *bus, struct bus_statistics *out_statistics);

    enum status (*topic_open)(struct bus *bus, struct str name, const struct bus_topic **out_topic,
                              struct bus_error *out_error);
    enum status (*topic_create)(struct bus *bus, const struct bus_topic_config *config, struct bus_error *out_error);
    enum status (*topic_list)(struct bus *bus, struct arena *arena, struct str prefix, struct str **out_names,
                              size_t *out_count, struct bus_error *out_error);
    enum status (*topics_check)(struct bus *bus, struct bus_error *out_error);
    enum status (*bounds)(struct bus *bus, const struct bus_topic *topic, uint32_t partition, bool committed_only,
                          int64_t *out_begin, int64_t *out_end, struct bus_error *out_error);
    enum status (*trim)(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                        struct bus_error *out_error);

    enum status (*group_next)(struct bus *bus, struct str group, const struct bus_topic *topic, uint32_t partition,
                              int64_t *out_next, struct bus_error *out_error);
    enum status (*group_members)(struct bus *bus, struct arena *arena, struct str group, const struct bus_topic *topic,
                                 struct bus_group_member **out_members, size_t *out_count, struct bus_error *out_error);

    enum status (*member_open)(struct bus *bus, const struct bus_member_config *config, struct bus_member **out_member,
                               struct bus_error *out_error);
    void (*member_leave)(struct bus_member *member);
    void (*member_close)(struct bus_member *member);
    enum status (*member_poll)(struct bus_member *member, int timeout_ms, struct bus_record *out_record,
                               struct bus_error *out_error);
    void (*member_wake)(struct bus_member *member);
    enum status (*member_stable)(struct bus_member *member, uint32_t partition, struct bus_position *out_position,
                                 struct bus_error *out_error);
    enum status (*member_seek)(struct bus_member *member, const struct bus_position *position,
                               struct bus_error *out_error);
    enum status (*member_pause)(struct bus_member *member, uint32_t partition, struct bus_error *out_error);
    enum status (*begin)(struct bus_member *member, struct bus_error *out_error);
    enum status (*produce)(struct bus_member *member, const struct bus_message *message, struct bus_error *out_error);
    enum status (*commit)(struct bus_member *member, const struct bus_position *positions, size_t position_count,
                          struct bus_error *out_error);
    enum status (*abort)(struct bus_member *member, struct bus_error *out_error);
    int64_t (*last_offset)(const struct bus_member *member, const struct bus_topic *topic, uint32_t partition);

    int64_t (*member_position)(const struct bus_member *member, size_t topic, uint32_t partition);
    int64_t (*member_end)(const struct bus_member *member, size_t topic, uint32_t partition);
    uint32_t (*member_renewals)(const struct bus_member *member);

    enum status (*reader_open)(struct bus *bus, const struct bus_topic *topic, uint32_t partition, int64_t offset,
                               struct bus_reader **out_reader, struct bus_error *out_error);
    enum status (*reader_next)(struct bus_reader *reader, int timeout_ms, struct bus_record *out_record,
                               struct bus_error *out_error);
    int64_t (*reader_position)(const struct bus_reader *reader);
    void (*reader_close)(struct bus_reader *reader);

    enum status (*producer_open)(struct bus *bus, struct bus_producer **out_producer, struct bus_error *out_error);
    enum status (*producer_send)(struct bus_producer *producer, const struct bus_message *message,
                                 struct bus_error *out_error);
    enum status (*producer_flush)(struct bus_producer *producer, int timeout_ms, struct bus_error *out_error);
    void (*producer_close)(struct bus_producer *producer);

    enum status (*follower_open)(struct bus *bus, struct str group, const struct bus_topic *const *topics,
                                 size_t topic_count, struct bus_follower **out_follower, struct bus_error *out_error);
    enum status (*follower_poll)(struct bus_follower *follower, int timeout_ms, struct bus_record *out_record,
                                 struct bus_error *out_error);
    enum status (*follower_done)(struct bus_follower *follower, const struct bus_record *record,
                                 struct bus_error *out_error);
    void (*follower_close)(struct bus_follower *follower);
};

/* ---- For implementations that have no better ---- */

/* The wall clock and the system's chance (getrandom). */
int64_t bus_port_now_ms(struct bus *bus);
void bus_port_random(struct bus *bus, uint8_t *bytes, size_t length);

/* Of a bus whose clients have nothing to say. */
void bus_port_no_statistics(struct bus *bus, struct bus_statistics *out_statistics);

#define TOPIC_NAME_BYTES_MAX 249

/* Whether Kafka allows a topic to have that name; bus_topic_open has asked before it calls an implementation. */
bool bus_topic_name_is_valid(struct str name);

/* Writes the text, cut to fit, and returns `status`: `return bus_port_fail(out_error, STATUS_IO, "…", …);` out_error
 * may be NULL. */
enum status bus_port_fail(struct bus_error *out_error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
