/* `pawl doctor` judges made-up answers: a cluster that is well, and each thing that can be wrong with it, one at a time. */
#include "cli/doctor.h"

#include "bus/bus_kafka_wish.h"
#include "processor/topics.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PARTITIONS 4
#define SETTINGS_MAX 24
#define TOPICS_MAX 16

struct patient {
    struct arena *arena;
    struct doctor_answers answers;
    struct bus_kafka_cluster_broker brokers[3];
    struct bus_kafka_cluster_setting broker_settings[3][SETTINGS_MAX];
    struct bus_kafka_cluster_topic topics[TOPICS_MAX];
    struct bus_kafka_cluster_setting topic_settings[TOPICS_MAX][SETTINGS_MAX];
    struct bus_kafka_cluster_partition partitions[TOPICS_MAX][PARTITIONS];
    struct bus_kafka_cluster_acl acls[16];
    size_t acl_count;
};

/* ---- One that is well ---- */

static const struct bus_kafka_cluster_setting broker_settings[] = {
    {STR_INIT("transaction.partition.verification.enable"), STR_INIT("true")},
    {STR_INIT("transaction.max.timeout.ms"), STR_INIT("900000")},
    {STR_INIT("group.min.session.timeout.ms"), STR_INIT("6000")},
    {STR_INIT("group.max.session.timeout.ms"), STR_INIT("1800000")},
    {STR_INIT("unclean.leader.election.enable"), STR_INIT("false")},
    {STR_INIT("socket.request.max.bytes"), STR_INIT("104857600")},
    {STR_INIT("log.cleaner.enable"), STR_INIT("true")},
    {STR_INIT("transactional.id.expiration.ms"), STR_INIT("604800000")},
    {STR_INIT("offsets.retention.minutes"), STR_INIT("10080")},
    {STR_INIT("auto.create.topics.enable"), STR_INIT("false")},
    {STR_INIT("authorizer.class.name"), STR_INIT("org.apache.kafka.metadata.authorizer.StandardAuthorizer")},
    {STR_INIT("transaction.state.log.replication.factor"), STR_INIT("3")},
    {STR_INIT("transaction.state.log.min.isr"), STR_INIT("2")},
    {STR_INIT("offsets.topic.replication.factor"), STR_INIT("3")},
    {STR_INIT("min.insync.replicas"), STR_INIT("2")},
};

static struct bus_kafka_cluster_setting *setting_of(struct bus_kafka_cluster_setting *rows, const char *name)
{
    for (size_t at = 0; at < SETTINGS_MAX; at++) {
        if (rows[at].name.bytes == NULL || str_equal(rows[at].name, str_of(name))) {
            return &rows[at];
        }
    }
    fail_msg("no room for %s", name);
    return NULL;
}

static void set(struct bus_kafka_cluster_setting *rows, const char *name, const char *value)
{
    *setting_of(rows, name) = (struct bus_kafka_cluster_setting){str_of(name), str_of(value)};
}

static struct str keep(struct patient *patient, const char *text)
{
    struct str kept = STR_NONE;
    assert_int_equal(arena_copy(patient->arena, str_of(text), &kept), STATUS_OK);
    return kept;
}

static void add_topic(struct patient *patient, const char *name, uint32_t count)
{
    static const int32_t replicas[] = {1, 2, 3};
    size_t at = patient->answers.cluster.topic_count++;
    assert_true(at < TOPICS_MAX);
    for (uint32_t number = 0; number < PARTITIONS; number++) {
        patient->partitions[at][number] = (struct bus_kafka_cluster_partition){replicas, 3, 3, true};
    }
    patient->topics[at] = (struct bus_kafka_cluster_topic){
        .name = keep(patient, name),
        .partitions = patient->partitions[at],
        .partition_count = count,
        .settings = {.rows = patient->topic_settings[at], .count = SETTINGS_MAX},
    };
    set(patient->topic_settings[at], "min.insync.replicas", "2");
    set(patient->topic_settings[at], "retention.bytes", "-1");
    set(patient->topic_settings[at], "unclean.leader.election.enable", "false");
    set(patient->topic_settings[at], "message.timestamp.type", "CreateTime");
}

/* As `pawl topics create` would make it. */
static void add_our_topic(struct patient *patient, enum topic_id id)
{
    char name[64];
    struct bus_kafka_wish wishes[BUS_KAFKA_WISHES_MAX];
    snprintf(name, sizeof name, "pawl.%.*s%s", STR_ARGS(topic_types[id].name), id == TOPIC_TASKS ? ".charge" : "");
    struct bus_topic_config config = topics_config(id, str_of(name), PARTITIONS);
    size_t at = patient->answers.cluster.topic_count;
    add_topic(patient, name, config.partition_count);
    size_t count = bus_kafka_wish_topic(&config, 3, wishes);
    for (size_t wish = 0; wish < count; wish++) {
        set(patient->topic_settings[at], wishes[wish].name, keep(patient, wishes[wish].value).bytes);
    }
}

static void add_acl(struct patient *patient, const char *type, const char *name, const char *operation)
{
    patient->acls[patient->acl_count++] = (struct bus_kafka_cluster_acl){
        .principal = STR("User:pawl"),
        .host = STR("*"),
        .type = str_of(type),
        .pattern = STR("PREFIXED"),
        .name = str_of(name),
        .operation = str_of(operation),
    };
}

static void add_acls(struct patient *patient)
{
    static const char *const operations[] = {"READ", "WRITE", "DESCRIBE_CONFIGS", "CREATE", "DELETE"};
    for (size_t at = 0; at < sizeof operations / sizeof *operations; at++) {
        add_acl(patient, "TOPIC", "pawl.", operations[at]);
    }
    add_acl(patient, "GROUP", "pawl-", "READ");
    add_acl(patient, "UNKNOWN", "paw", "WRITE");
    add_acl(patient, "BROKER", "kafka-cluster", "DESCRIBE_CONFIGS");
    add_acl(patient, "BROKER", "kafka-cluster", "DESCRIBE");
}

static struct patient *patient_create(void)
{
    struct arena *arena = arena_create(64 * 1024 * 1024);
    struct patient *patient = arena_new(arena, struct patient);
    assert_non_null(patient);
    patient->arena = arena;
    patient->answers = (struct doctor_answers){
        .bootstrap = STR("k:9092"),
        .prefix = STR("pawl"),
        .principal = STR("User:pawl"),
        .librdkafka = STR("2.0.2"),
        .librdkafka_version = 0x020002ff,
        .partitions = 32,
        .cluster = {.own = {10000, 6000, 10485760}, .brokers = patient->brokers, .broker_count = 3, .topics = patient->topics},
        .acls = {.rows = patient->acls},
        .group = {.member_count = 2, .partition_count = PARTITIONS},
        .clock = {.asked = true, .ahead_ms = -3, .spread_ms = 2},
    };
    for (int at = 0; at < 3; at++) {
        memcpy(patient->broker_settings[at], broker_settings, sizeof broker_settings);
        patient->brokers[at] = (struct bus_kafka_cluster_broker){
            .id = at + 1, .settings = {.rows = patient->broker_settings[at], .count = SETTINGS_MAX}};
    }
    for (int id = 0; id < TOPIC_COUNT; id++) {
        add_our_topic(patient, (enum topic_id)id);
    }
    add_topic(patient, BUS_KAFKA_CLUSTER_OFFSETS, PARTITIONS);
    add_topic(patient, BUS_KAFKA_CLUSTER_TRANSACTIONS, PARTITIONS);
    add_acls(patient);
    return patient;
}

static struct doctor_report judge(struct patient *patient)
{
    struct doctor_report report;
    patient->answers.acls.count = patient->acl_count;
    assert_int_equal(doctor_judge(patient->arena, &patient->answers, &report), STATUS_OK);
    return report;
}

static size_t topic_at(const struct patient *patient, const char *name)
{
    for (size_t at = 0; at < patient->answers.cluster.topic_count; at++) {
        if (str_equal(patient->topics[at].name, str_of(name))) {
            return at;
        }
    }
    fail_msg("no topic %s", name);
    return 0;
}

static void test_well(void **state)
{
    (void)state;
    struct patient *patient = patient_create();
    struct doctor_report report = judge(patient);
    bool seen[DOCTOR_CHECK_COUNT] = {false};
    for (size_t at = 0; at < report.count; at++) {
        const struct doctor_finding *finding = &report.findings[at];
        if (finding->level != DOCTOR_OK) {
            fail_msg("%s: %.*s: %.*s", doctor_check_names[finding->check], STR_ARGS(finding->subject), STR_ARGS(finding->found));
        }
        seen[finding->check] |= finding->found.length > 0;
    }
    for (int check = 0; check < DOCTOR_CHECK_COUNT; check++) {
        assert_true(seen[check]);
    }
    assert_int_equal(report.error_count + report.warning_count, 0);
    arena_destroy(patient->arena);
}

/* ---- One finding ---- */

struct expected {
    enum doctor_check check;
    enum doctor_level level;
    const char *subject; /* all of it */
    const char *fix;     /* in it */
};

static void expect_one(const char *name, struct patient *patient, struct expected expected)
{
    struct doctor_report report = judge(patient);
    const struct doctor_finding *found = NULL;
    for (size_t at = 0; at < report.count; at++) {
        const struct doctor_finding *finding = &report.findings[at];
        if (finding->level == DOCTOR_OK) {
            continue;
        }
        if (found != NULL) {
            fail_msg("%s: also %s: %.*s: %.*s", name, doctor_check_names[finding->check], STR_ARGS(finding->subject),
                     STR_ARGS(finding->found));
        }
        found = finding;
    }
    if (found == NULL) {
        fail_msg("%s: nothing was found", name);
        return;
    }
    if (found->check != expected.check || found->level != expected.level || !str_equal(found->subject, str_of(expected.subject)) ||
        str_find_str(found->fix, str_of(expected.fix)) == found->fix.length) {
        fail_msg("%s: %s %s '%.*s': %.*s\nfix: %.*s", name, doctor_level_names[found->level], doctor_check_names[found->check],
                 STR_ARGS(found->subject), STR_ARGS(found->found), STR_ARGS(found->fix));
    }
    assert_true(found->found.length > 0 && found->reason.length > 0);
}

/* ---- Settings ---- */

#define CONFIGS "kafka-configs.sh --bootstrap-server k:9092 --alter --entity-type "
#define OF_TOPIC(topic) CONFIGS "topics --entity-name " topic " --add-config "

static const struct {
    const char *topic; /* NULL: of broker 2 */
    const char *setting;
    const char *value;
    enum doctor_check check;
    enum doctor_level level;
    const char *fix;
} settings[] = {
    {NULL, "transaction.partition.verification.enable", "false", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR,
     CONFIGS "brokers --entity-default --add-config transaction.partition.verification.enable=true"},
    {NULL, "transaction.max.timeout.ms", "9999", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR,
     "set transaction.max.timeout.ms=10000 in server.properties"},
    {NULL, "group.min.session.timeout.ms", "6001", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR, "group.min.session.timeout.ms=6000"},
    {NULL, "group.max.session.timeout.ms", "5999", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR, "group.max.session.timeout.ms=6000"},
    {NULL, "unclean.leader.election.enable", "true", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR,
     CONFIGS "brokers --entity-default --add-config unclean.leader.election.enable=false"},
    {NULL, "socket.request.max.bytes", "1048576", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR, "socket.request.max.bytes=10485760"},
    {NULL, "log.cleaner.enable", "false", DOCTOR_CHECK_SETTINGS, DOCTOR_ERROR, "log.cleaner.enable=true"},
    {NULL, "transactional.id.expiration.ms", "3600000", DOCTOR_CHECK_SETTINGS, DOCTOR_WARNING,
     "transactional.id.expiration.ms=86400000"},
    {NULL, "offsets.retention.minutes", "1440", DOCTOR_CHECK_SETTINGS, DOCTOR_WARNING, "offsets.retention.minutes=10080"},
    {NULL, "auto.create.topics.enable", "true", DOCTOR_CHECK_SETTINGS, DOCTOR_WARNING, "auto.create.topics.enable=false"},
    {"pawl.state", "cleanup.policy", "compact,delete", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.state") "cleanup.policy=compact"},
    {"pawl.history", "cleanup.policy", "compact", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.history") "cleanup.policy=delete"},
    {"pawl.state", "min.compaction.lag.ms", "0", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.state") "min.compaction.lag.ms=86400000"},
    {"pawl.executions", "delete.retention.ms", "1", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.executions") "delete.retention.ms=86400000"},
    {"pawl.commands", "retention.ms", "604799999", DOCTOR_CHECK_CONFIGURATION, DOCTOR_WARNING,
     OF_TOPIC("pawl.commands") "retention.ms=604800000"},
    {"pawl.tasks.charge", "retention.ms", "604800000", DOCTOR_CHECK_CONFIGURATION, DOCTOR_WARNING,
     OF_TOPIC("pawl.tasks.charge") "retention.ms=-1"},
    {"pawl.dead-letters", "max.message.bytes", "8388608", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.dead-letters") "max.message.bytes=9437184"},
    {"pawl.usage", "retention.bytes", "1000", DOCTOR_CHECK_CONFIGURATION, DOCTOR_WARNING,
     OF_TOPIC("pawl.usage") "retention.bytes=-1"},
    {"pawl.results", "unclean.leader.election.enable", "true", DOCTOR_CHECK_CONFIGURATION, DOCTOR_ERROR,
     OF_TOPIC("pawl.results") "unclean.leader.election.enable=false"},
    {"pawl.history", "message.timestamp.type", "LogAppendTime", DOCTOR_CHECK_CONFIGURATION, DOCTOR_WARNING,
     OF_TOPIC("pawl.history") "message.timestamp.type=CreateTime"},
    {"pawl.commands", "min.insync.replicas", "1", DOCTOR_CHECK_MIN_IN_SYNC, DOCTOR_ERROR,
     OF_TOPIC("pawl.commands") "min.insync.replicas=2"},
    {"pawl.commands", "min.insync.replicas", "3", DOCTOR_CHECK_MIN_IN_SYNC, DOCTOR_WARNING,
     OF_TOPIC("pawl.commands") "min.insync.replicas=2"},
    {"pawl.commands", "min.insync.replicas", "4", DOCTOR_CHECK_MIN_IN_SYNC, DOCTOR_ERROR,
     OF_TOPIC("pawl.commands") "min.insync.replicas=2"},
    {"__transaction_state", "min.insync.replicas", "1", DOCTOR_CHECK_INTERNAL, DOCTOR_ERROR,
     OF_TOPIC("__transaction_state") "min.insync.replicas=2"},
    {"__consumer_offsets", "min.insync.replicas", "1", DOCTOR_CHECK_INTERNAL, DOCTOR_ERROR,
     OF_TOPIC("__consumer_offsets") "min.insync.replicas=2"},
};

#define SETTING_COUNT (sizeof settings / sizeof *settings)

static void test_settings(void **state)
{
    (void)state;
    for (size_t at = 0; at < SETTING_COUNT; at++) {
        const char *topic = settings[at].topic;
        struct patient *patient = patient_create();
        set(topic == NULL ? patient->broker_settings[1] : patient->topic_settings[topic_at(patient, topic)], settings[at].setting,
            settings[at].value);
        struct expected expected = {settings[at].check, settings[at].level, topic == NULL ? "broker 2" : topic, settings[at].fix};
        expect_one(settings[at].setting, patient, expected);
        arena_destroy(patient->arena);
    }
}

/* What is more than what is wished for is well. */
static void test_generous(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"pawl.commands", "retention.ms", "-1"},           {"pawl.commands", "retention.ms", "700000000"},
        {"pawl.state", "max.message.bytes", "9437184"},    {"pawl.state", "delete.retention.ms", "900000000"},
        {"pawl.state", "retention.ms", "1"},               {"pawl.history", "delete.retention.ms", "1"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        struct patient *patient = patient_create();
        set(patient->topic_settings[topic_at(patient, rows[at][0])], rows[at][1], rows[at][2]);
        struct doctor_report report = judge(patient);
        assert_int_equal(report.error_count + report.warning_count, 0);
        arena_destroy(patient->arena);
    }
}

/* Each row of the tables of settings fails in a row above, and no wish of a topic goes unjudged. */
static void test_every_setting(void **state)
{
    (void)state;
    static const char *const names[] = {
#define DOCTOR_BROKER_SETTING(name, comparison, number, level, change, reason) name,
#include "cli/doctor_broker_settings.def"
#define DOCTOR_WISHED(name, comparison, level, reason) name,
#define DOCTOR_ALWAYS(name, value, comparison, level, reason) name,
#include "cli/doctor_topic_settings.def"
    };
    static const char *const wishes[] = {"cleanup.policy", "min.compaction.lag.ms", "delete.retention.ms", "retention.ms",
                                         "max.message.bytes", "min.insync.replicas"};
    size_t count = sizeof names / sizeof *names;
    for (size_t at = 0; at < count + sizeof wishes / sizeof *wishes; at++) {
        const char *name = at < count ? names[at] : wishes[at - count];
        bool found = false;
        for (size_t row = 0; row < SETTING_COUNT; row++) {
            found = found || strcmp(settings[row].setting, name) == 0;
        }
        if (!found) {
            fail_msg("%s is not tried", name);
        }
    }
    for (int id = 0; id < TOPIC_COUNT; id++) {
        struct bus_kafka_wish made[BUS_KAFKA_WISHES_MAX];
        struct bus_topic_config config = topics_config((enum topic_id)id, STR("x"), PARTITIONS);
        size_t made_count = bus_kafka_wish_topic(&config, 3, made);
        for (size_t at = 0; at < made_count; at++) {
            size_t known = 0;
            while (known < sizeof wishes / sizeof *wishes && strcmp(wishes[known], made[at].name) != 0) {
                known += 1;
            }
            assert_true(known < sizeof wishes / sizeof *wishes);
        }
    }
}

/* ---- Everything else ---- */

static void old_librdkafka(struct patient *patient)
{
    patient->answers.librdkafka_version = 0x010902ff;
    patient->answers.librdkafka = STR("1.9.2");
}

static void two_brokers(struct patient *patient)
{
    patient->answers.cluster.broker_count = 2;
}

static void silent_broker(struct patient *patient)
{
    patient->brokers[2].settings = (struct bus_kafka_cluster_settings){.refusal = STR("Cluster authorization failed")};
}

static void old_broker(struct patient *patient)
{
    *setting_of(patient->broker_settings[0], "transaction.partition.verification.enable") =
        (struct bus_kafka_cluster_setting){STR("x"), STR("x")};
    set(patient->broker_settings[0], "inter.broker.protocol.version", "3.5-IV2");
}

static void no_replies(struct patient *patient)
{
    patient->topics[topic_at(patient, "pawl.replies")].name = STR("pawl.answers");
}

static void two_definitions(struct patient *patient)
{
    patient->topics[topic_at(patient, "pawl.definitions")].partition_count = 2;
}

static void few_partitions(struct patient *patient)
{
    patient->topics[topic_at(patient, "pawl.usage")].partition_count = 3;
}

static void few_task_partitions(struct patient *patient)
{
    patient->topics[topic_at(patient, "pawl.tasks.charge")].partition_count = 1;
}

static void one_partition_with_two_replicas(struct patient *patient)
{
    struct bus_kafka_cluster_partition *partition = &patient->partitions[topic_at(patient, "pawl.state")][3];
    partition->replica_count = partition->in_sync_count = 2;
}

static void internal_replica(struct patient *patient)
{
    struct bus_kafka_cluster_partition *partition = &patient->partitions[topic_at(patient, "__transaction_state")][0];
    partition->replica_count = partition->in_sync_count = 2;
}

static void internal_to_come(struct patient *patient)
{
    patient->topics[topic_at(patient, "__consumer_offsets")].name = STR("__other");
    set(patient->broker_settings[1], "offsets.topic.replication.factor", "1");
}

static void internal_hidden(struct patient *patient)
{
    internal_to_come(patient);
    patient->answers.secured = true;
}

static void replica_behind(struct patient *patient)
{
    patient->partitions[topic_at(patient, "pawl.state")][1].in_sync_count = 2;
}

static void no_leader(struct patient *patient)
{
    patient->partitions[topic_at(patient, "pawl.state")][1].led = false;
}

static void silent_topic(struct patient *patient)
{
    patient->topics[topic_at(patient, "pawl.state")].settings =
        (struct bus_kafka_cluster_settings){.refusal = STR("Topic authorization failed")};
}

static void no_authorizer(struct patient *patient)
{
    set(patient->broker_settings[0], "authorizer.class.name", "");
    patient->acl_count = 0;
}

static void no_acls_told(struct patient *patient)
{
    patient->answers.acls.refusal = STR("none were told");
    patient->answers.secured = true;
}

static void no_principal(struct patient *patient)
{
    patient->answers.principal = STR_NONE;
}

static void denied(struct patient *patient)
{
    add_acl(patient, "TOPIC", "pawl.state", "WRITE");
    patient->acls[patient->acl_count - 1].denies = true;
}

static void shared_out(struct patient *patient)
{
    patient->answers.group.problem = STR("the group is being shared out anew");
}

static void no_processor(struct patient *patient)
{
    patient->answers.group = (struct doctor_group){.member_count = 0};
}

static void orphans(struct patient *patient)
{
    patient->answers.group.partition_count = PARTITIONS - 1;
}

static void some_dead_letters(struct patient *patient)
{
    patient->answers.dead_letters = 7;
}

static void hidden_dead_letters(struct patient *patient)
{
    patient->answers.dead_letters = -1;
}

static void two_seconds_behind(struct patient *patient)
{
    patient->answers.clock.ahead_ms = -2000;
}

static void a_day_ahead(struct patient *patient)
{
    patient->answers.clock.ahead_ms = 86400000;
}

#define ACLS "kafka-acls.sh --bootstrap-server k:9092 --add --allow-principal User:"

static const struct {
    const char *name;
    void (*spoil)(struct patient *patient);
    struct expected expected;
} ills[] = {
    {"old librdkafka", old_librdkafka, {DOCTOR_CHECK_LIBRDKAFKA, DOCTOR_ERROR, "librdkafka 1.9.2", "2.0.2 or newer"}},
    {"two brokers", two_brokers, {DOCTOR_CHECK_BROKERS, DOCTOR_ERROR, "", "add brokers"}},
    {"silent broker", silent_broker, {DOCTOR_CHECK_BROKERS, DOCTOR_WARNING, "broker 3", "DescribeConfigs"}},
    {"old broker", old_broker, {DOCTOR_CHECK_VERSION, DOCTOR_ERROR, "broker 1", "upgrade"}},
    {"no replies", no_replies, {DOCTOR_CHECK_TOPICS, DOCTOR_ERROR, "pawl.replies", "pawl topics create --partitions 4"}},
    {"two definitions", two_definitions, {DOCTOR_CHECK_PARTITIONS, DOCTOR_ERROR, "pawl.definitions",
     "kafka-topics.sh --bootstrap-server k:9092 --delete --topic pawl.definitions && pawl topics create --partitions 4"}},
    {"few partitions", few_partitions, {DOCTOR_CHECK_PARTITIONS, DOCTOR_ERROR, "pawl.usage", "--delete --topic pawl.usage"}},
    {"few task partitions", few_task_partitions, {DOCTOR_CHECK_PARTITIONS, DOCTOR_ERROR, "pawl.tasks.charge",
     "kafka-topics.sh --bootstrap-server k:9092 --alter --topic pawl.tasks.charge --partitions 4"}},
    {"two replicas", one_partition_with_two_replicas, {DOCTOR_CHECK_REPLICATION, DOCTOR_ERROR, "pawl.state",
     "pawl doctor --plan > plan.json && kafka-reassign-partitions.sh --bootstrap-server k:9092 "
     "--reassignment-json-file plan.json --execute"}},
    {"internal replica", internal_replica, {DOCTOR_CHECK_INTERNAL, DOCTOR_ERROR, "__transaction_state", "pawl doctor --plan"}},
    {"internal to come", internal_to_come, {DOCTOR_CHECK_INTERNAL, DOCTOR_ERROR, "__consumer_offsets",
     "set offsets.topic.replication.factor=3"}},
    {"internal hidden", internal_hidden, {DOCTOR_CHECK_INTERNAL, DOCTOR_ERROR, "__consumer_offsets",
     "admin.properties --add --allow-principal User:pawl --operation Describe --operation DescribeConfigs --topic __consumer_offsets"}},
    {"replica behind", replica_behind, {DOCTOR_CHECK_IN_SYNC, DOCTOR_WARNING, "pawl.state", "--describe --topic pawl.state"}},
    {"no leader", no_leader, {DOCTOR_CHECK_IN_SYNC, DOCTOR_ERROR, "pawl.state", "--describe --topic pawl.state"}},
    {"silent topic", silent_topic, {DOCTOR_CHECK_CONFIGURATION, DOCTOR_WARNING, "pawl.state", "DescribeConfigs"}},
    {"no authorizer", no_authorizer, {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "", "set authorizer.class.name"}},
    {"no ACLs told", no_acls_told, {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "",
     "kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal User:pawl --operation Read "
     "--operation Write --operation DescribeConfigs --operation Create --operation Delete --topic pawl. "
     "--resource-pattern-type prefixed && "}},
    {"no principal", no_principal, {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "", ACLS "PAWL --operation Read"}},
    {"denied", denied, {DOCTOR_CHECK_RIGHTS, DOCTOR_ERROR, "User:pawl", "--operation Write --topic pawl."}},
    {"shared out", shared_out, {DOCTOR_CHECK_GROUP, DOCTOR_WARNING, "pawl-processor", "pawl doctor again"}},
    {"no processor", no_processor, {DOCTOR_CHECK_GROUP, DOCTOR_WARNING, "pawl-processor", "pawl serve"}},
    {"orphans", orphans, {DOCTOR_CHECK_GROUP, DOCTOR_ERROR, "pawl-processor", "/readyz"}},
    {"dead letters", some_dead_letters, {DOCTOR_CHECK_DEAD_LETTERS, DOCTOR_WARNING, "pawl.dead-letters",
     "pawl topics read --topic pawl.dead-letters"}},
    {"hidden dead letters", hidden_dead_letters, {DOCTOR_CHECK_DEAD_LETTERS, DOCTOR_WARNING, "pawl.dead-letters", "Read"}},
    {"two seconds behind", two_seconds_behind, {DOCTOR_CHECK_CLOCK, DOCTOR_WARNING, "", "timedatectl"}},
    {"a day ahead", a_day_ahead, {DOCTOR_CHECK_CLOCK, DOCTOR_ERROR, "", "timedatectl"}},
};

static void test_ills(void **state)
{
    (void)state;
    bool tried[DOCTOR_CHECK_COUNT] = {false};
    for (size_t at = 0; at < sizeof ills / sizeof *ills; at++) {
        struct patient *patient = patient_create();
        ills[at].spoil(patient);
        expect_one(ills[at].name, patient, ills[at].expected);
        tried[ills[at].expected.check] = true;
        arena_destroy(patient->arena);
    }
    for (size_t at = 0; at < SETTING_COUNT; at++) {
        tried[settings[at].check] = true;
    }
    for (int check = 0; check < DOCTOR_CHECK_COUNT; check++) {
        if (!tried[check]) {
            fail_msg("nothing fails %s", doctor_check_names[check]);
        }
    }
}

/* What could not be asked is not called well. */
static void test_silence(void **state)
{
    (void)state;
    static const struct bus_kafka_cluster_settings silent = {.refusal = STR_INIT("Cluster authorization failed")};
    struct patient *patient = patient_create();
    for (int at = 0; at < 3; at++) {
        patient->brokers[at].settings = silent;
    }
    patient->answers.cluster.topic_count = 0;
    patient->acl_count = 0;
    patient->answers.acls.refusal = STR("none were told");
    patient->answers.dead_letters = -1;
    patient->answers.group.problem = STR("Topic authorization failed");
    struct doctor_report report = judge(patient);
    static const enum doctor_check told[] = {DOCTOR_CHECK_BROKERS, DOCTOR_CHECK_VERSION,  DOCTOR_CHECK_SETTINGS,
                                             DOCTOR_CHECK_TOPICS,  DOCTOR_CHECK_INTERNAL, DOCTOR_CHECK_RIGHTS,
                                             DOCTOR_CHECK_GROUP,   DOCTOR_CHECK_DEAD_LETTERS};
    for (size_t row = 0; row < sizeof told / sizeof *told; row++) {
        bool found = false;
        for (size_t at = 0; at < report.count; at++) {
            found = found || (report.findings[at].check == told[row] && report.findings[at].level != DOCTOR_OK);
        }
        if (!found) {
            fail_msg("%s is called well", doctor_check_names[told[row]]);
        }
    }
    arena_destroy(patient->arena);
}

/* ---- Rights ---- */

/* Each ACL is missed, but that for asking: who is told without it needs none. */
static void test_needs(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {DOCTOR_CHECK_RIGHTS, DOCTOR_ERROR, "User:pawl", ACLS "pawl --operation Read --topic pawl. --resource-pattern-type prefixed"},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_ERROR, "User:pawl", "--operation Write --topic pawl. "},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "User:pawl", "--operation DescribeConfigs --topic pawl. "},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "User:pawl", "--operation Create --topic pawl. "},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "User:pawl", "--operation Delete --topic pawl. "},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_ERROR, "User:pawl", "--operation Read --group pawl- --resource-pattern-type prefixed"},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_ERROR, "User:pawl", "--operation Write --transactional-id pawl- "},
        {DOCTOR_CHECK_RIGHTS, DOCTOR_WARNING, "User:pawl", "--operation DescribeConfigs --cluster"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        static const char *const others[] = {"User:other", "User:pawl"};
        struct patient *patient = patient_create();
        patient->acls[at].principal = str_of(others[at % 2]); /* another's, or on other names */
        patient->acls[at].name = at % 2 == 0 ? patient->acls[at].name : STR("pawl.x");
        patient->acls[at].type = at == 7 ? STR("GROUP") : patient->acls[at].type;
        expect_one(rows[at].fix, patient, rows[at]);
        arena_destroy(patient->arena);
    }
}

static void test_enough(void **state)
{
    (void)state;
    struct patient *patient = patient_create();
    patient->acl_count = 0;
    add_acl(patient, "TOPIC", "*", "ALL");
    add_acl(patient, "GROUP", "*", "ALL");
    add_acl(patient, "UNKNOWN", "*", "ALL");
    add_acl(patient, "BROKER", "kafka-cluster", "ALL");
    patient->acls[0].pattern = STR("LITERAL");
    patient->acls[1].principal = STR("User:*");
    assert_int_equal(judge(patient).error_count + judge(patient).warning_count, 0);
    patient->acl_count = 0;
    add_acl(patient, "TOPIC", "others.", "READ"); /* told without Describe on the cluster: a super user */
    assert_int_equal(judge(patient).error_count + judge(patient).warning_count, 0);
    arena_destroy(patient->arena);
}

/* ---- The plan ---- */

static void test_plan(void **state)
{
    (void)state;
    static const int32_t two[] = {3, 1};
    static const int32_t one[] = {2};
    struct patient *patient = patient_create();
    struct str plan;
    assert_int_equal(doctor_plan(patient->arena, &patient->answers, &plan), STATUS_OK);
    assert_true(str_equal(plan, STR("{\"version\":1,\"partitions\":[]}\n")));
    add_topic(patient, "pawl.somebody", 1);
    patient->partitions[topic_at(patient, "pawl.somebody")][0].replica_count = 1; /* not pawl's own */
    patient->partitions[topic_at(patient, "pawl.state")][2] = (struct bus_kafka_cluster_partition){two, 2, 2, true};
    patient->partitions[topic_at(patient, "__consumer_offsets")][1] = (struct bus_kafka_cluster_partition){one, 1, 1, true};
    assert_int_equal(doctor_plan(patient->arena, &patient->answers, &plan), STATUS_OK);
    if (!str_equal(plan, STR("{\"version\":1,\"partitions\":["
                             "{\"topic\":\"pawl.state\",\"partition\":2,\"replicas\":[3,1,2]},"
                             "{\"topic\":\"__consumer_offsets\",\"partition\":1,\"replicas\":[2,3,1]}]}\n"))) {
        fail_msg("%.*s", STR_ARGS(plan));
    }
    arena_destroy(patient->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well),          cmocka_unit_test(test_settings), cmocka_unit_test(test_generous),
        cmocka_unit_test(test_every_setting), cmocka_unit_test(test_ills),     cmocka_unit_test(test_needs),
        cmocka_unit_test(test_enough),        cmocka_unit_test(test_plan),     cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
