#include "cli/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const doctor_check_names[DOCTOR_CHECK_COUNT] = {
#define DOCTOR_CHECK(id, name, text) [DOCTOR_CHECK_##id] = #name,
#include "cli/doctor_checks.def"
};

const char *const doctor_level_names[DOCTOR_LEVEL_COUNT] = {"ok", "warning", "error"};

static const struct {
    void (*judge)(struct doctor *doctor);
} checks[DOCTOR_CHECK_COUNT] = {
#define DOCTOR_CHECK(id, name, text) [DOCTOR_CHECK_##id] = {doctor_check_##name},
#include "cli/doctor_checks.def"
};

/* ---- Findings ---- */

static bool grow(struct doctor *doctor)
{
    if (doctor->count < doctor->capacity) {
        return true;
    }
    size_t capacity = 2 * doctor->capacity + 64;
    struct doctor_finding *findings = arena_array(doctor->arena, struct doctor_finding, capacity);
    if (findings == NULL) {
        doctor->status = STATUS_LIMIT_EXCEEDED;
        return false;
    }
    if (doctor->count > 0) {
        memcpy(findings, doctor->findings, doctor->count * sizeof *findings);
    }
    doctor->findings = findings;
    doctor->capacity = capacity;
    return true;
}

void doctor_find(struct doctor *doctor, const struct doctor_finding *finding)
{
    if (!grow(doctor)) {
        return;
    }
    doctor->findings[doctor->count] = *finding;
    doctor->findings[doctor->count].check = doctor->check;
    doctor->count += 1;
    doctor->check_count += finding->level != DOCTOR_OK;
}

struct str doctor_text(struct doctor *doctor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *bytes = length < 0 ? NULL : arena_allocate(doctor->arena, (size_t)length + 1);
    if (bytes == NULL) {
        doctor->status = STATUS_LIMIT_EXCEEDED;
        return STR_NONE;
    }
    va_start(arguments, format);
    vsnprintf(bytes, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (struct str){bytes, (size_t)length};
}

struct str doctor_tool(struct doctor *doctor, const char *name)
{
    return doctor_text(doctor, "%s --bootstrap-server %.*s%s", name, STR_ARGS(doctor->answers->bootstrap),
                       doctor->answers->secured ? " --command-config admin.properties" : "");
}

struct str doctor_fix_topic(struct doctor *doctor, struct str topic, struct str setting, struct str value)
{
    return doctor_text(doctor, "%.*s --alter --entity-type topics --entity-name %.*s --add-config %.*s=%.*s",
                       STR_ARGS(doctor_tool(doctor, "kafka-configs.sh")), STR_ARGS(topic), STR_ARGS(setting), STR_ARGS(value));
}

struct str doctor_principal(const struct doctor *doctor)
{
    return doctor->answers->principal.bytes == NULL ? STR("User:PAWL") : doctor->answers->principal;
}

enum status doctor_judge(struct arena *arena, const struct doctor_answers *answers, struct doctor_report *out_report)
{
    struct doctor doctor = {.arena = arena, .answers = answers, .status = STATUS_OK};
    for (int check = 0; check < DOCTOR_CHECK_COUNT; check++) {
        doctor.check = (enum doctor_check)check;
        doctor.check_count = 0;
        doctor.sum = STR_NONE;
        checks[check].judge(&doctor);
        if (doctor.check_count == 0) {
            doctor_find(&doctor, &(struct doctor_finding){.level = DOCTOR_OK, .found = doctor.sum});
        }
    }
    TRY(doctor.status);
    *out_report = (struct doctor_report){.findings = doctor.findings, .count = doctor.count};
    for (size_t at = 0; at < doctor.count; at++) {
        out_report->warning_count += doctor.findings[at].level == DOCTOR_WARNING;
        out_report->error_count += doctor.findings[at].level == DOCTOR_ERROR;
    }
    return STATUS_OK;
}

/* ---- Topics ---- */

const struct bus_kafka_cluster_topic *doctor_topic(const struct doctor_answers *answers, struct str name)
{
    for (size_t at = 0; at < answers->cluster.topic_count; at++) {
        if (str_equal(answers->cluster.topics[at].name, name)) {
            return &answers->cluster.topics[at];
        }
    }
    return NULL;
}

uint32_t doctor_partition_count(struct doctor *doctor)
{
    struct str name = doctor_text(doctor, "%.*s.commands", STR_ARGS(doctor->answers->prefix));
    const struct bus_kafka_cluster_topic *topic = doctor_topic(doctor->answers, name);
    return topic == NULL ? 0 : topic->partition_count;
}

/* ---- Comparing ---- */

static bool compare(struct doctor_wish wish, struct str found)
{
    int64_t wanted;
    int64_t number;
    if (!str_to_int64(wish.value, &wanted) || !str_to_int64(found, &number)) {
        return false;
    }
    if (wish.comparison == DOCTOR_AT_MOST) {
        return number <= wanted;
    }
    return number == -1 || (wanted != -1 && number >= wanted);
}

bool doctor_holds(struct doctor_wish wish, struct str found)
{
    switch (wish.comparison) {
    case DOCTOR_IS:
    case DOCTOR_IS_TRUE:
    case DOCTOR_IS_FALSE:
        return str_equal(doctor_wish_value(wish), found);
    case DOCTOR_AT_LEAST:
    case DOCTOR_AT_MOST:
        return compare(wish, found);
    }
    UNREACHABLE("comparison");
}

struct str doctor_wish_value(struct doctor_wish wish)
{
    switch (wish.comparison) {
    case DOCTOR_IS_TRUE:
        return STR("true");
    case DOCTOR_IS_FALSE:
        return STR("false");
    case DOCTOR_IS:
    case DOCTOR_AT_LEAST:
    case DOCTOR_AT_MOST:
        return wish.value;
    }
    UNREACHABLE("comparison");
}

struct str doctor_wish_text(struct doctor *doctor, struct doctor_wish wish)
{
    bool bare = (wish.comparison != DOCTOR_AT_LEAST && wish.comparison != DOCTOR_AT_MOST) || str_equal(wish.value, STR("-1"));
    return bare ? doctor_wish_value(wish)
                : doctor_text(doctor, "%s %.*s", wish.comparison == DOCTOR_AT_LEAST ? "at least" : "at most",
                              STR_ARGS(wish.value));
}
