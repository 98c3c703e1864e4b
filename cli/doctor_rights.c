/* The ACLs that pawl needs. librdkafka 2.0.2 can't ask what a client itself may do (authorized operations came with its 2.3);
 * so the cluster's ACLs are asked for, and what can't be told from them is said. */
#include "cli/doctor.h"

struct need {
    struct str type;
    struct str end; /* what follows topics.prefix */
    struct str operation;
    struct str word; /* for kafka-acls.sh */
    enum doctor_level level;
    struct str purpose;
};

static const struct need needs[] = {
#define DOCTOR_NEED(type, end, operation, word, level, purpose)                                                        \
    {STR_INIT(#type), STR_INIT(end), STR_INIT(#operation), STR_INIT(word), DOCTOR_##level, STR_INIT(purpose)},
#include "cli/doctor_needs.def"
};

#define NEED_COUNT (sizeof needs / sizeof *needs)

static bool is_cluster(const struct need *need)
{
    return str_equal(need->type, STR("CLUSTER"));
}

/* ---- Matching ---- */

/* librdkafka has the cluster's type as BROKER, and none of transactional ids. */
static bool is_of_type(const struct bus_kafka_cluster_acl *acl, const struct need *need)
{
    if (is_cluster(need)) {
        return str_equal(acl->type, STR("BROKER"));
    }
    return str_equal(acl->type, need->type) ||
           (str_equal(need->type, STR("TRANSACTIONAL_ID")) && str_equal(acl->type, STR("UNKNOWN")));
}

static bool is_for(const struct bus_kafka_cluster_acl *acl, struct str principal)
{
    return str_equal(acl->principal, principal) || str_equal(acl->principal, STR("User:*"));
}

/* An operation that allows another one, besides ALL. */
static bool implies(struct str held, struct str wanted)
{
    bool describes = str_equal(wanted, STR("DESCRIBE"));
    return (describes && (str_equal(held, STR("READ")) || str_equal(held, STR("WRITE")) || str_equal(held, STR("DELETE")) ||
                          str_equal(held, STR("ALTER")))) ||
           (str_equal(wanted, STR("DESCRIBE_CONFIGS")) && str_equal(held, STR("ALTER_CONFIGS")));
}

static bool is_about(const struct bus_kafka_cluster_acl *acl, struct str operation)
{
    return str_equal(acl->operation, STR("ALL")) || str_equal(acl->operation, operation) ||
           (!acl->denies && implies(acl->operation, operation));
}

/* Whether it covers all names that begin so. */
static bool covers(const struct bus_kafka_cluster_acl *acl, const struct need *need, struct str stem)
{
    if (is_cluster(need) || str_equal(acl->name, STR("*"))) {
        return true;
    }
    return str_equal(acl->pattern, STR("PREFIXED")) && str_starts_with(stem, acl->name);
}

/* Whether it is about some of those names. */
static bool touches(const struct bus_kafka_cluster_acl *acl, const struct need *need, struct str stem)
{
    return covers(acl, need, stem) || str_starts_with(acl->name, stem);
}

static bool is_held(struct doctor *doctor, const struct need *need, struct str stem)
{
    const struct bus_kafka_cluster_acls *acls = &doctor->answers->acls;
    bool held = false;
    for (size_t at = 0; at < acls->count; at++) {
        const struct bus_kafka_cluster_acl *acl = &acls->rows[at];
        if (!is_of_type(acl, need) || !is_for(acl, doctor->answers->principal) || !is_about(acl, need->operation)) {
            continue;
        }
        if (acl->denies && touches(acl, need, stem)) {
            return false;
        }
        held = held || (!acl->denies && covers(acl, need, stem));
    }
    return held;
}

static struct str stem_of(struct doctor *doctor, const struct need *need)
{
    return doctor_text(doctor, "%.*s%.*s", STR_ARGS(doctor->answers->prefix), STR_ARGS(need->end));
}

/* ---- Commands ---- */

static struct str resource_flags(struct doctor *doctor, const struct need *need)
{
    if (is_cluster(need)) {
        return STR("--cluster");
    }
    const char *flag = str_equal(need->type, STR("TOPIC"))   ? "--topic"
                       : str_equal(need->type, STR("GROUP")) ? "--group"
                                                             : "--transactional-id";
    return doctor_text(doctor, "%s %.*s --resource-pattern-type prefixed", flag, STR_ARGS(stem_of(doctor, need)));
}

/* The command that gives the rights from `at` on that are of one resource; *out_next: the first of another. */
static struct str add_command(struct doctor *doctor, size_t at, size_t *out_next)
{
    const struct need *first = &needs[at];
    struct str command = doctor_text(doctor, "%.*s --add --allow-principal %.*s",
                                     STR_ARGS(doctor_tool(doctor, "kafka-acls.sh")), STR_ARGS(doctor_principal(doctor)));
    for (; at < NEED_COUNT && str_equal(needs[at].type, first->type); at++) {
        command = doctor_text(doctor, "%.*s --operation %.*s", STR_ARGS(command), STR_ARGS(needs[at].word));
    }
    *out_next = at;
    return doctor_text(doctor, "%.*s %.*s", STR_ARGS(command), STR_ARGS(resource_flags(doctor, first)));
}

static struct str all_commands(struct doctor *doctor)
{
    struct str commands = STR("");
    for (size_t at = 0; at < NEED_COUNT;) {
        struct str command = add_command(doctor, at, &at);
        commands = doctor_text(doctor, "%.*s%s%.*s", STR_ARGS(commands), commands.length > 0 ? " && " : "", STR_ARGS(command));
    }
    return commands;
}

/* ---- Judging ---- */

static void find_unknown(struct doctor *doctor, struct str found, struct str reason, struct str fix)
{
    doctor_find(doctor, &(struct doctor_finding){.level = DOCTOR_WARNING, .found = found, .reason = reason, .fix = fix});
}

/* To have been told the ACLs takes Describe on the cluster: without an ACL for it the principal is a super user, or nobody
 * needs ACLs for what has none. */
static bool is_beyond(struct doctor *doctor)
{
    const struct need *describe = &needs[NEED_COUNT - 1];
    return !is_held(doctor, describe, stem_of(doctor, describe));
}

static void judge_needs(struct doctor *doctor)
{
    if (is_beyond(doctor)) {
        doctor->sum = doctor_text(doctor, "%.*s may do more than ACLs allow: a super user", STR_ARGS(doctor->answers->principal));
        return;
    }
    for (size_t at = 0; at < NEED_COUNT; at++) {
        const struct need *need = &needs[at];
        if (is_held(doctor, need, stem_of(doctor, need))) {
            continue;
        }
        doctor_find(doctor, &(struct doctor_finding){
                                .level = need->level,
                                .subject = doctor->answers->principal,
                                .found = doctor_text(doctor, "no ACL allows %.*s on %.*s %.*s%s", STR_ARGS(need->word),
                                                     STR_ARGS(need->type),
                                                     STR_ARGS(is_cluster(need) ? STR("") : stem_of(doctor, need)),
                                                     is_cluster(need) ? "" : "*"),
                                .reason = doctor_text(doctor, "needed for %.*s", STR_ARGS(need->purpose)),
                                .fix = doctor_text(doctor, "%.*s --add --allow-principal %.*s --operation %.*s %.*s",
                                                   STR_ARGS(doctor_tool(doctor, "kafka-acls.sh")),
                                                   STR_ARGS(doctor->answers->principal), STR_ARGS(need->word),
                                                   STR_ARGS(resource_flags(doctor, need))),
                            });
    }
    doctor->sum = doctor_text(doctor, "%.*s has all %zu", STR_ARGS(doctor->answers->principal), NEED_COUNT);
}

/* A broker without an authorizer answers no question about ACLs, but shows that it has none. */
static bool is_unguarded(const struct bus_kafka_cluster *cluster)
{
    for (size_t at = 0; at < cluster->broker_count; at++) {
        struct str name = bus_kafka_cluster_find(&cluster->brokers[at].settings, STR("authorizer.class.name"));
        if (name.bytes != NULL && name.length == 0) {
            return true;
        }
    }
    return false;
}

void doctor_check_rights(struct doctor *doctor)
{
    const struct doctor_answers *answers = doctor->answers;
    const struct bus_kafka_cluster_acls *acls = &answers->acls;
    if (is_unguarded(&answers->cluster)) {
        find_unknown(doctor, STR("the cluster has no authorizer: whoever reaches it may do everything"),
                     STR("anybody may write to pawl's topics, its state among them"),
                     doctor_text(doctor, "set authorizer.class.name and authentication on the brokers, then %.*s",
                                 STR_ARGS(all_commands(doctor))));
    } else if (acls->refusal.bytes != NULL) {
        find_unknown(doctor, doctor_text(doctor, "the cluster's ACLs could not be asked for: %.*s", STR_ARGS(acls->refusal)),
                     STR("what pawl may do shows only when it does it; these are the ACLs that it needs"), all_commands(doctor));
    } else if (answers->principal.bytes == NULL) {
        find_unknown(doctor, doctor_text(doctor, "which of the %zu ACLs are pawl's can't be told: the configuration has no "
                                                 "kafka.sasl.username", acls->count),
                     STR("these are the ACLs that it needs"), all_commands(doctor));
    } else {
        judge_needs(doctor);
    }
}
