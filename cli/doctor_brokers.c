/* librdkafka, and the brokers: how many, how old, how they are set. */
#include "cli/doctor.h"

#include "bus/bus_kafka_wish.h"

#include <inttypes.h>

/* ---- librdkafka ---- */

#define VERSION(major, minor, patch) ((major) << 24 | (minor) << 16 | (patch) << 8)
#define UNKNOWN INT32_MAX

struct defect {
    int from;
    int before;
    enum doctor_level level;
    struct str what;
    struct str meaning;
    struct str fix;
};

static const struct defect defects[] = {
#define DOCTOR_DEFECT(from, before, level, what, meaning, fix)                                                         \
    {from, before, DOCTOR_##level, STR_INIT(what), STR_INIT(meaning), STR_INIT(fix)},
#include "cli/doctor_defects.def"
};

void doctor_check_librdkafka(struct doctor *doctor)
{
    const struct doctor_answers *answers = doctor->answers;
    int version = answers->librdkafka_version & ~0xff; /* the last byte tells candidates from releases */
    int kept_clear = 0;
    for (size_t at = 0; at < sizeof defects / sizeof *defects; at++) {
        const struct defect *defect = &defects[at];
        if (version >= defect->from && version < defect->before) {
            doctor_find(doctor, &(struct doctor_finding){
                                    .level = defect->level,
                                    .subject = doctor_text(doctor, "librdkafka %.*s", STR_ARGS(answers->librdkafka)),
                                    .found = defect->what,
                                    .reason = defect->meaning,
                                    .fix = defect->fix,
                                });
            kept_clear += defect->level == DOCTOR_OK;
        }
    }
    doctor->sum = doctor_text(doctor, "%.*s; pawl keeps clear of %d known defects (--json tells them)",
                              STR_ARGS(answers->librdkafka), kept_clear);
}

/* ---- How many, how old ---- */

static struct str broker_name(struct doctor *doctor, const struct bus_kafka_cluster_broker *broker)
{
    return doctor_text(doctor, "broker %" PRId32, broker->id);
}

static bool is_silent(const struct bus_kafka_cluster_broker *broker)
{
    return broker->settings.refusal.bytes != NULL;
}

void doctor_check_brokers(struct doctor *doctor)
{
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    doctor->sum = doctor_text(doctor, "brokers: %zu", cluster->broker_count);
    if (cluster->broker_count < BUS_KAFKA_WISH_REPLICAS) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_ERROR,
                                .found = doctor->sum,
                                .expected = doctor_text(doctor, "at least %d", BUS_KAFKA_WISH_REPLICAS),
                                .reason = STR("with a broker's disk records are lost, and while one is away nothing goes on"),
                                .fix = STR("add brokers to the cluster, then give the topics their replicas (replication)"),
                            });
    }
    for (size_t at = 0; at < cluster->broker_count; at++) {
        if (is_silent(&cluster->brokers[at])) {
            doctor_find(doctor, &(struct doctor_finding){
                                    .level = DOCTOR_WARNING,
                                    .subject = broker_name(doctor, &cluster->brokers[at]),
                                    .found = doctor_text(doctor, "could not be asked for its settings: %.*s",
                                                         STR_ARGS(cluster->brokers[at].settings.refusal)),
                                    .reason = STR("version and settings are not checked"),
                                    .fix = STR("give pawl DescribeConfigs on the cluster (rights), or start the broker"),
                                });
        }
    }
}

/* Brokers tell clients no version (ApiVersions, which librdkafka keeps to itself, has none either), but their settings do:
 * inter.broker.protocol.version went with 4.0, transaction.partition.verification.enable came with 3.6. */
static void judge_version(struct doctor *doctor, const struct bus_kafka_cluster_broker *broker)
{
    struct str protocol = bus_kafka_cluster_find(&broker->settings, STR("inter.broker.protocol.version"));
    doctor->sum = protocol.bytes == NULL ? STR("Kafka 4.0 or newer")
                                         : doctor_text(doctor, "Kafka 3.6 or newer (protocol %.*s)", STR_ARGS(protocol));
    if (bus_kafka_cluster_find(&broker->settings, STR("transaction.partition.verification.enable")).bytes == NULL) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_ERROR,
                                .subject = broker_name(doctor, broker),
                                .found = STR("it has no transaction.partition.verification.enable"),
                                .expected = STR("Kafka 3.6 or newer"),
                                .reason = STR("a late record may else be written after its transaction's end"),
                                .fix = STR("upgrade the broker"),
                            });
    }
}

/* Tells that no broker told its settings; whether one did. */
static bool was_told(struct doctor *doctor)
{
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    for (size_t at = 0; at < cluster->broker_count; at++) {
        if (!is_silent(&cluster->brokers[at])) {
            return true;
        }
    }
    doctor_find(doctor, &(struct doctor_finding){
                            .level = DOCTOR_WARNING,
                            .found = STR("could not be asked"),
                            .reason = STR("no broker tells its settings"),
                            .fix = STR("give pawl DescribeConfigs on the cluster (rights)"),
                        });
    return false;
}

void doctor_check_version(struct doctor *doctor)
{
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    if (!was_told(doctor)) {
        return;
    }
    for (size_t at = 0; at < cluster->broker_count; at++) {
        if (!is_silent(&cluster->brokers[at])) {
            judge_version(doctor, &cluster->brokers[at]);
        }
    }
}

/* ---- How they are set ---- */

enum change { CHANGE_DYNAMIC, CHANGE_STATIC };

struct rule {
    struct str name;
    enum doctor_comparison comparison;
    int64_t number;
    enum doctor_level level;
    enum change change;
    struct str reason;
};

static struct str fix_broker(struct doctor *doctor, const struct rule *rule, struct str value)
{
    if (rule->change == CHANGE_STATIC) {
        return doctor_text(doctor, "set %.*s=%.*s in server.properties of every broker and restart them, one after the other",
                           STR_ARGS(rule->name), STR_ARGS(value));
    }
    return doctor_text(doctor, "%.*s --alter --entity-type brokers --entity-default --add-config %.*s=%.*s",
                       STR_ARGS(doctor_tool(doctor, "kafka-configs.sh")), STR_ARGS(rule->name), STR_ARGS(value));
}

static void judge_broker(struct doctor *doctor, const struct bus_kafka_cluster_broker *broker, const struct rule *rule)
{
    struct doctor_wish wish = {rule->comparison, doctor_text(doctor, "%" PRId64, rule->number)};
    struct str found = bus_kafka_cluster_find(&broker->settings, rule->name);
    if (found.bytes == NULL || doctor_holds(wish, found)) {
        return;
    }
    doctor_find(doctor, &(struct doctor_finding){
                            .level = rule->level,
                            .subject = broker_name(doctor, broker),
                            .found = doctor_text(doctor, "%.*s=%.*s", STR_ARGS(rule->name), STR_ARGS(found)),
                            .expected = doctor_wish_text(doctor, wish),
                            .reason = rule->reason,
                            .fix = fix_broker(doctor, rule, doctor_wish_value(wish)),
                        });
}

void doctor_check_settings(struct doctor *doctor)
{
    const struct bus_kafka_cluster *cluster = &doctor->answers->cluster;
    const struct bus_kafka_cluster_own *own = &cluster->own;
    const struct rule rules[] = {
#define DOCTOR_BROKER_SETTING(name, comparison, number, level, change, reason)                                         \
    {STR_INIT(name), DOCTOR_##comparison, number, DOCTOR_##level, CHANGE_##change, STR_INIT(reason)},
#include "cli/doctor_broker_settings.def"
    };
    doctor->sum = doctor_text(doctor, "%zu settings of each broker that tells them", sizeof rules / sizeof *rules);
    if (!was_told(doctor)) {
        return;
    }
    for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++) {
        for (size_t at = 0; at < cluster->broker_count; at++) {
            judge_broker(doctor, &cluster->brokers[at], &rules[rule]);
        }
    }
}
