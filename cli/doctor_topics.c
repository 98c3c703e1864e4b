/* pawl's topics: that they are there, their partitions and replicas, how they are set; and Kafka's own two. */
#include "cli/doctor.h"

#include "base/buffer.h"
#include "bus/bus_kafka_wish.h"
#include "processor/topics.h"

#include <inttypes.h>

typedef void (*judge_fn)(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic);

static struct str topic_name(struct doctor *doctor, enum topic_id id)
{
    return doctor_text(doctor, "%.*s.%.*s", STR_ARGS(doctor->answers->prefix), STR_ARGS(topic_types[id].name));
}

/* Which of pawl's topics it is; those of routes are TOPIC_TASKS, and what is none of them TOPIC_COUNT. */
static enum topic_id topic_id_of(const struct doctor_answers *answers, struct str name)
{
    size_t stem = answers->prefix.length + 1;
    struct str rest = str_from(name, stem < name.length ? stem : name.length);
    if (!str_starts_with(name, answers->prefix) || rest.length == 0 || name.bytes[stem - 1] != '.') {
        return TOPIC_COUNT;
    }
    if (str_starts_with(rest, STR("tasks."))) {
        return TOPIC_TASKS;
    }
    for (int id = 0; id < TOPIC_COUNT; id++) {
        if (id != TOPIC_TASKS && str_equal(rest, topic_types[id].name)) {
            return (enum topic_id)id;
        }
    }
    return TOPIC_COUNT;
}

/* Of each of pawl's topics that are there. */
static size_t judge_each(struct doctor *doctor, judge_fn judge)
{
    size_t count = 0;
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    for (size_t at = 0; at < cluster->topic_count; at++) {
        enum topic_id id = topic_id_of(doctor->answers, cluster->topics[at].name);
        if (id != TOPIC_COUNT) {
            judge(doctor, id, &cluster->topics[at]);
            count += 1;
        }
    }
    return count;
}

/* ---- There, and of one number ---- */

static uint32_t wanted_partitions(struct doctor *doctor)
{
    uint32_t count = doctor_partition_count(doctor);
    return count > 0 ? count : (uint32_t)doctor->answers->partitions;
}

static struct str create_command(struct doctor *doctor)
{
    return doctor_text(doctor, "pawl topics create --partitions %" PRIu32, wanted_partitions(doctor));
}

void doctor_check_topics(struct doctor *doctor)
{
    for (int id = 0; id < TOPIC_COUNT; id++) {
        struct str name = topic_name(doctor, (enum topic_id)id);
        if (id != TOPIC_TASKS && doctor_topic(doctor->answers, name) == NULL) {
            doctor_find(doctor, &(struct doctor_finding){
                                    .level = DOCTOR_ERROR,
                                    .subject = name,
                                    .found = STR("it does not exist, or pawl may not see it"),
                                    .reason = STR("pawl does not start without it"),
                                    .fix = create_command(doctor),
                                });
        }
    }
    doctor->sum = doctor_text(doctor, "all %d", TOPIC_COUNT - 1);
}

/* A topic of a task may be given more; any other, and fewer, only by making it anew. */
static struct str fix_partitions(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic,
                                 uint32_t wanted)
{
    struct str tool = doctor_tool(doctor, "kafka-topics.sh");
    if (id == TOPIC_TASKS && topic->partition_count < wanted) {
        return doctor_text(doctor, "%.*s --alter --topic %.*s --partitions %" PRIu32, STR_ARGS(tool), STR_ARGS(topic->name), wanted);
    }
    return doctor_text(doctor, "while it holds nothing that is needed: %.*s --delete --topic %.*s && %.*s", STR_ARGS(tool),
                       STR_ARGS(topic->name),
                       STR_ARGS(id == TOPIC_TASKS ? STR("pawl define, of a machine that uses the task") : create_command(doctor)));
}

static void judge_partitions(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic)
{
    uint32_t wanted = topics_config(id, topic->name, wanted_partitions(doctor)).partition_count;
    bool several = id == TOPIC_REPLIES; /* one a gateway, or more */
    if (topic->partition_count == wanted || (several && topic->partition_count > wanted)) {
        return;
    }
    doctor_find(doctor, &(struct doctor_finding){
                            .level = DOCTOR_ERROR,
                            .subject = topic->name,
                            .found = doctor_text(doctor, "%" PRIu32 " partitions", topic->partition_count),
                            .expected = doctor_text(doctor, "%" PRIu32, wanted),
                            .reason = STR("the ARN decides the partition, the same of every topic"),
                            .fix = fix_partitions(doctor, id, topic, wanted),
                        });
}

void doctor_check_partitions(struct doctor *doctor)
{
    size_t count = judge_each(doctor, judge_partitions);
    doctor->sum = doctor_text(doctor, "%" PRIu32 ", of %zu topics", doctor_partition_count(doctor), count);
}

/* ---- Replicas ---- */

static uint32_t fewest_replicas(const struct bus_kafka_cluster_topic *topic)
{
    uint32_t fewest = UINT32_MAX;
    for (uint32_t at = 0; at < topic->partition_count; at++) {
        uint32_t count = topic->partitions[at].replica_count;
        fewest = count < fewest ? count : fewest;
    }
    return topic->partition_count == 0 ? 0 : fewest;
}

static struct str fix_replicas(struct doctor *doctor)
{
    bool few = doctor->answers->cluster.broker_count < BUS_KAFKA_WISH_REPLICAS;
    return doctor_text(doctor, "%spawl doctor --plan > plan.json && %.*s --reassignment-json-file plan.json --execute",
                       few ? "once there are three brokers: " : "",
                       STR_ARGS(doctor_tool(doctor, "kafka-reassign-partitions.sh")));
}

static void judge_replicas(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic)
{
    (void)id;
    uint32_t count = fewest_replicas(topic);
    if (count < BUS_KAFKA_WISH_REPLICAS) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_ERROR,
                                .subject = topic->name,
                                .found = doctor_text(doctor, "replication factor %" PRIu32, count),
                                .expected = doctor_text(doctor, "%d", BUS_KAFKA_WISH_REPLICAS),
                                .reason = STR("with a broker's disk what only it has is lost"),
                                .fix = fix_replicas(doctor),
                            });
    }
}

void doctor_check_replication(struct doctor *doctor)
{
    doctor->sum = doctor_text(doctor, "%zu topics", judge_each(doctor, judge_replicas));
}

/* The value that it should have, or 0 when it is well. With too few replicas the replication is the finding, unless nothing
 * can be written at all. */
static int64_t mended_in_sync(int64_t number, uint32_t replicas)
{
    if (replicas < BUS_KAFKA_WISH_REPLICAS) {
        return number > replicas ? 1 : 0;
    }
    return number < BUS_KAFKA_WISH_IN_SYNC || number >= replicas ? BUS_KAFKA_WISH_IN_SYNC : 0;
}

static void judge_min_in_sync(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic)
{
    (void)id;
    int64_t number;
    uint32_t replicas = fewest_replicas(topic);
    struct str name = STR("min.insync.replicas");
    if (!str_to_int64(bus_kafka_cluster_find(&topic->settings, name), &number) || mended_in_sync(number, replicas) == 0) {
        return;
    }
    bool few = number < BUS_KAFKA_WISH_IN_SYNC;
    struct str value = doctor_text(doctor, "%" PRId64, mended_in_sync(number, replicas));
    doctor_find(doctor, &(struct doctor_finding){
                            .level = few || number > replicas ? DOCTOR_ERROR : DOCTOR_WARNING,
                            .subject = topic->name,
                            .found = doctor_text(doctor, "min.insync.replicas=%" PRId64 " of %" PRIu32 " replicas", number, replicas),
                            .expected = value,
                            .reason = few ? STR("a record that counts as written may be on one broker alone")
                                          : STR("with one broker away nothing can be written"),
                            .fix = doctor_fix_topic(doctor, topic->name, name, value),
                        });
}

void doctor_check_min_in_sync(struct doctor *doctor)
{
    doctor->sum = doctor_text(doctor, "%zu topics", judge_each(doctor, judge_min_in_sync));
}

static void judge_in_sync(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic)
{
    (void)id;
    uint32_t behind = 0;
    uint32_t leaderless = 0;
    for (uint32_t at = 0; at < topic->partition_count; at++) {
        behind += topic->partitions[at].in_sync_count < topic->partitions[at].replica_count;
        leaderless += !topic->partitions[at].led;
    }
    if (behind + leaderless > 0) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = leaderless > 0 ? DOCTOR_ERROR : DOCTOR_WARNING,
                                .subject = topic->name,
                                .found = doctor_text(doctor, "%" PRIu32 " partitions without a leader, %" PRIu32
                                                             " with a replica that is behind", leaderless, behind),
                                .expected = STR("none"),
                                .reason = STR("a broker is away or does not keep up"),
                                .fix = doctor_text(doctor, "%.*s --describe --topic %.*s tells which broker; see to it",
                                                   STR_ARGS(doctor_tool(doctor, "kafka-topics.sh")), STR_ARGS(topic->name)),
                            });
    }
}

void doctor_check_in_sync(struct doctor *doctor)
{
    doctor->sum = doctor_text(doctor, "%zu topics", judge_each(doctor, judge_in_sync));
}

/* ---- Settings ---- */

struct rule {
    struct str name;
    struct str value; /* bytes == NULL: what the topic is made with */
    enum doctor_comparison comparison;
    enum doctor_level level;
    struct str reason;
};

static const struct rule rules[] = {
#define DOCTOR_WISHED(name, comparison, level, reason)                                                                 \
    {STR_INIT(name), {NULL, 0}, DOCTOR_##comparison, DOCTOR_##level, STR_INIT(reason)},
#define DOCTOR_ALWAYS(name, value, comparison, level, reason)                                                          \
    {STR_INIT(name), STR_INIT(value), DOCTOR_##comparison, DOCTOR_##level, STR_INIT(reason)},
#include "cli/doctor_topic_settings.def"
};

static void judge_setting(struct doctor *doctor, const struct bus_kafka_cluster_topic *topic, const struct rule *rule,
                          struct str value)
{
    struct doctor_wish wish = {rule->comparison, value};
    struct str found = bus_kafka_cluster_find(&topic->settings, rule->name);
    if (found.bytes == NULL || doctor_holds(wish, found)) {
        return;
    }
    doctor_find(doctor, &(struct doctor_finding){
                            .level = rule->level,
                            .subject = topic->name,
                            .found = doctor_text(doctor, "%.*s=%.*s", STR_ARGS(rule->name), STR_ARGS(found)),
                            .expected = doctor_wish_text(doctor, wish),
                            .reason = rule->reason,
                            .fix = doctor_fix_topic(doctor, topic->name, rule->name, value),
                        });
}

/* What the topic would be made with now, or STR_NONE. */
static struct str wished_value(struct doctor *doctor, const struct bus_kafka_wish *wishes, size_t count, struct str name)
{
    for (size_t at = 0; at < count; at++) {
        if (str_equal(str_of(wishes[at].name), name)) {
            return doctor_text(doctor, "%s", wishes[at].value);
        }
    }
    return STR_NONE;
}

static void judge_settings(struct doctor *doctor, enum topic_id id, const struct bus_kafka_cluster_topic *topic)
{
    struct bus_kafka_wish wishes[BUS_KAFKA_WISHES_MAX];
    struct bus_topic_config config = topics_config(id, topic->name, topic->partition_count);
    size_t count = bus_kafka_wish_topic(&config, fewest_replicas(topic), wishes);
    if (topic->settings.refusal.bytes != NULL) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_WARNING,
                                .subject = topic->name,
                                .found = doctor_text(doctor, "could not be asked for its settings: %.*s",
                                                     STR_ARGS(topic->settings.refusal)),
                                .reason = STR("they are not checked"),
                                .fix = STR("give pawl DescribeConfigs on its topics (rights)"),
                            });
    }
    for (size_t at = 0; at < sizeof rules / sizeof *rules; at++) {
        const struct rule *rule = &rules[at];
        struct str value = rule->value.bytes != NULL ? rule->value : wished_value(doctor, wishes, count, rule->name);
        if (value.bytes != NULL) {
            judge_setting(doctor, topic, rule, value);
        }
    }
}

void doctor_check_configuration(struct doctor *doctor)
{
    size_t count = judge_each(doctor, judge_settings);
    doctor->sum = doctor_text(doctor, "%zu settings of %zu topics", sizeof rules / sizeof *rules, count);
}

/* ---- Kafka's own ---- */

/* pawl needs no rights on these two topics, and may see them only with some. */
static struct str fix_future(struct doctor *doctor, struct str topic, struct str setting, int64_t least)
{
    struct str fix = doctor_text(doctor, "set %.*s=%" PRId64 " in server.properties of every broker and restart them, before pawl "
                                         "is started", STR_ARGS(setting), least);
    if (!doctor->answers->secured) {
        return fix;
    }
    return doctor_text(doctor, "%.*s; or, if the topic is there, let pawl see it: %.*s --add --allow-principal %.*s "
                               "--operation Describe --operation DescribeConfigs --topic %.*s", STR_ARGS(fix),
                       STR_ARGS(doctor_tool(doctor, "kafka-acls.sh")), STR_ARGS(doctor_principal(doctor)), STR_ARGS(topic));
}

static void find_future(struct doctor *doctor, struct str topic, struct str setting, struct str found, int64_t least)
{
    doctor_find(doctor, &(struct doctor_finding){
                            .level = DOCTOR_ERROR,
                            .subject = topic,
                            .found = doctor_text(doctor, "it is not there yet, or not seen, and is made with %.*s=%.*s",
                                                 STR_ARGS(setting), STR_ARGS(found)),
                            .expected = doctor_text(doctor, "at least %" PRId64, least),
                            .reason = STR("with a broker's disk offsets and the outcome of transactions are lost"),
                            .fix = fix_future(doctor, topic, setting, least),
                        });
}

/* Before Kafka has made the topic, or where pawl may not see it: what it is made with. */
static void judge_future(struct doctor *doctor, struct str topic, struct str setting, int64_t least)
{
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    struct doctor_wish wish = {DOCTOR_AT_LEAST, doctor_text(doctor, "%" PRId64, least)};
    bool told = false;
    for (size_t at = 0; at < cluster->broker_count; at++) {
        struct str found = bus_kafka_cluster_find(&cluster->brokers[at].settings, setting);
        told = told || found.bytes != NULL;
        if (found.bytes != NULL && !doctor_holds(wish, found)) {
            find_future(doctor, topic, setting, found, least);
            return;
        }
    }
    if (!told) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_WARNING,
                                .subject = topic,
                                .found = doctor_text(doctor, "%.*s could not be asked", STR_ARGS(setting)),
                                .reason = STR("neither is the topic seen, nor does a broker tell what it is made with"),
                                .fix = doctor_text(doctor, "give pawl DescribeConfigs on the cluster (rights); it must be at least "
                                                           "%" PRId64, least),
                            });
    }
}

static void judge_internal(struct doctor *doctor, struct str name, struct str replication_setting, struct str in_sync_setting)
{
    const struct bus_kafka_cluster_topic *topic = doctor_topic(doctor->answers, name);
    if (topic == NULL) {
        judge_future(doctor, name, replication_setting, BUS_KAFKA_WISH_REPLICAS);
        judge_future(doctor, name, in_sync_setting, BUS_KAFKA_WISH_IN_SYNC);
        return;
    }
    judge_replicas(doctor, TOPIC_COUNT, topic);
    judge_min_in_sync(doctor, TOPIC_COUNT, topic);
    judge_in_sync(doctor, TOPIC_COUNT, topic);
}

void doctor_check_internal(struct doctor *doctor)
{
    doctor->sum = STR("replicated as pawl's topics");
    judge_internal(doctor, STR(BUS_KAFKA_CLUSTER_TRANSACTIONS), STR("transaction.state.log.replication.factor"),
                   STR("transaction.state.log.min.isr"));
    judge_internal(doctor, STR(BUS_KAFKA_CLUSTER_OFFSETS), STR("offsets.topic.replication.factor"), STR("min.insync.replicas"));
}

/* ---- The plan ---- */

static bool has_replica(const struct bus_kafka_cluster_partition *partition, int32_t id)
{
    for (uint32_t at = 0; at < partition->replica_count; at++) {
        if (partition->replicas[at] == id) {
            return true;
        }
    }
    return false;
}

/* What the partition has, then brokers in turn, beginning with another one for each partition. */
static enum status plan_partition(struct buffer *buffer, const struct bus_kafka_cluster *cluster, struct str topic, uint32_t number,
                                  const struct bus_kafka_cluster_partition *partition, bool first)
{
    uint32_t count = partition->replica_count;
    TRY(buffer_format(buffer, "%s{\"topic\":\"%.*s\",\"partition\":%" PRIu32 ",\"replicas\":[", first ? "" : ",", STR_ARGS(topic),
                      number));
    for (uint32_t at = 0; at < count; at++) {
        TRY(buffer_format(buffer, "%s%" PRId32, at == 0 ? "" : ",", partition->replicas[at]));
    }
    for (size_t at = 0; at < cluster->broker_count && count < BUS_KAFKA_WISH_REPLICAS; at++) {
        int32_t id = cluster->brokers[(number + at) % cluster->broker_count].id;
        if (!has_replica(partition, id)) {
            TRY(buffer_format(buffer, "%s%" PRId32, count == 0 ? "" : ",", id));
            count += 1;
        }
    }
    return buffer_add(buffer, STR("]}"));
}

enum status doctor_plan(struct arena *arena, const struct doctor_answers *answers, struct str *out_plan)
{
    struct buffer buffer = buffer_in(arena);
    bool first = true;
    TRY(buffer_add(&buffer, STR("{\"version\":1,\"partitions\":[")));
    for (size_t at = 0; at < answers->cluster.topic_count; at++) {
        const struct bus_kafka_cluster_topic *topic = &answers->cluster.topics[at];
        bool ours = str_starts_with(topic->name, STR("__")) || topic_id_of(answers, topic->name) != TOPIC_COUNT;
        for (uint32_t number = 0; ours && number < topic->partition_count; number++) {
            if (topic->partitions[number].replica_count < BUS_KAFKA_WISH_REPLICAS) {
                TRY(plan_partition(&buffer, &answers->cluster, topic->name, number, &topic->partitions[number], first));
                first = false;
            }
        }
    }
    TRY(buffer_add(&buffer, STR("]}\n")));
    *out_plan = buffer_text(&buffer);
    return STATUS_OK;
}
