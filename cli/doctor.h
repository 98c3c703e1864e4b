/* Judges a Kafka cluster before pawl goes to production on it: what `pawl doctor` prints.
 *
 *     doctor_ask.c       asks                       doctor_brokers.c  librdkafka and the brokers
 *     doctor.c           judges, by the table       doctor_topics.c   the topics
 *     command_doctor.c   prints                     doctor_rights.c   ACLs
 *                                                   doctor_use.c      the group, dead letters, the clock
 *
 * Judging is pure: answers in, findings out. */
#ifndef PAWL_CLI_DOCTOR_H
#define PAWL_CLI_DOCTOR_H

#include "base/arena.h"
#include "base/assert.h"
#include "bus/bus_kafka_cluster.h"

enum doctor_check {
#define DOCTOR_CHECK(id, name, text) DOCTOR_CHECK_##id,
#include "cli/doctor_checks.def"
    DOCTOR_CHECK_COUNT
};

extern const char *const doctor_check_names[DOCTOR_CHECK_COUNT];

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR, DOCTOR_LEVEL_COUNT };

extern const char *const doctor_level_names[DOCTOR_LEVEL_COUNT];

struct doctor_group {
    struct str problem; /* why nothing is known of it; bytes == NULL: it is */
    size_t member_count;
    size_t partition_count; /* that its members own */
};

struct doctor_clock {
    bool asked;
    int64_t ahead_ms;  /* this machine's clock before the broker's */
    int64_t spread_ms; /* and how far that may be wrong */
};

struct doctor_answers {
    struct str bootstrap;
    struct str prefix;    /* topics.prefix */
    struct str principal; /* "User:pawl"; bytes == NULL: not known here */
    bool secured;         /* brokers ask who somebody is: their tools need properties of their own */
    struct str librdkafka;
    int librdkafka_version; /* 0x020002ff: 2.0.2 */
    int64_t partitions;     /* topics.partitions: of topics that are still to be made */
    struct bus_kafka_cluster cluster;
    struct bus_kafka_cluster_acls acls;
    struct doctor_group group;
    int64_t dead_letters; /* offsets that the topic holds; -1: not known */
    struct doctor_clock clock;
};

struct doctor_finding {
    enum doctor_check check;
    enum doctor_level level;
    struct str subject; /* a topic, a broker; none: the whole cluster, and of OK the sum of the check */
    struct str found;
    struct str expected;
    struct str reason;
    struct str fix; /* what to do; commands as a shell takes them */
};

struct doctor_report {
    const struct doctor_finding *findings; /* in the order of the checks; at least one of each */
    size_t count;
    size_t warning_count;
    size_t error_count;
};

/* Fails at the arena's limit only. */
MUST_CHECK enum status doctor_judge(struct arena *arena, const struct doctor_answers *answers, struct doctor_report *out_report);

/* The reassignment that gives each partition of pawl's topics, and Kafka's own two, three replicas, as
 * kafka-reassign-partitions.sh takes it: JSON. What a partition has stays. */
MUST_CHECK enum status doctor_plan(struct arena *arena, const struct doctor_answers *answers, struct str *out_plan);

/* ---- For the checks ---- */

struct doctor {
    struct arena *arena;
    const struct doctor_answers *answers;
    enum status status; /* of the first thing that found no memory */
    enum doctor_check check;
    struct str sum; /* what to say of the present check when nothing was found */
    struct doctor_finding *findings;
    size_t count;
    size_t capacity;
    size_t check_count; /* warnings and errors of the present check */
};

#define DOCTOR_CHECK(id, name, text) void doctor_check_##name(struct doctor *doctor);
#include "cli/doctor_checks.def"

/* Notes the finding, as one of the present check. */
void doctor_find(struct doctor *doctor, const struct doctor_finding *finding);

/* Text in the arena. */
struct str doctor_text(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "kafka-configs.sh --bootstrap-server …", up to where its arguments begin. */
struct str doctor_tool(struct doctor *doctor, const char *name);

/* Whom commands give rights to; "User:PAWL" where that is not known. */
struct str doctor_principal(const struct doctor *doctor);

/* The command that sets a topic's setting. */
struct str doctor_fix_topic(struct doctor *doctor, struct str topic, struct str setting, struct str value);

const struct bus_kafka_cluster_topic *doctor_topic(const struct doctor_answers *answers, struct str name);

/* Partitions of pawl.commands, which all others go by; 0: it is not there. */
uint32_t doctor_partition_count(struct doctor *doctor);

/* ---- Comparing ---- */

enum doctor_comparison {
    DOCTOR_IS,
    DOCTOR_IS_TRUE,
    DOCTOR_IS_FALSE,
    DOCTOR_AT_LEAST, /* -1 is more than any number */
    DOCTOR_AT_MOST,
};

struct doctor_wish {
    enum doctor_comparison comparison;
    struct str value; /* nothing of IS_TRUE and IS_FALSE */
};

bool doctor_holds(struct doctor_wish wish, struct str found);

/* The value that makes it hold, and how to say what is wished for. */
struct str doctor_wish_value(struct doctor_wish wish);
struct str doctor_wish_text(struct doctor *doctor, struct doctor_wish wish);

#endif
