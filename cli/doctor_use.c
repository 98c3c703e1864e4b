/* pawl at work: its group, what it could not do, and the time. */
#include "cli/doctor.h"

#include <inttypes.h>
#include <stdlib.h>

#define AHEAD_WARNING_MS 1000
#define AHEAD_ERROR_MS 60000

void doctor_check_group(struct doctor *doctor)
{
    const struct doctor_group *group = &doctor->answers->group;
    struct str name = doctor_text(doctor, "%.*s-processor", STR_ARGS(doctor->answers->prefix));
    uint32_t wanted = doctor_partition_count(doctor);
    doctor->sum = doctor_text(doctor, "%zu members own %zu partitions", group->member_count, group->partition_count);
    struct doctor_finding finding = {.level = DOCTOR_WARNING, .subject = name, .found = doctor->sum};
    if (group->problem.bytes != NULL) {
        finding.found = group->problem;
        finding.expected = STR("a stable group");
        finding.reason = STR("whether processors own all partitions can't be told");
        finding.fix = STR("pawl doctor again; if it stays, see topics and rights above, and the processors' logs");
    } else if (group->member_count == 0) {
        finding.found = STR("no processor runs");
        finding.reason = STR("commands wait until one does");
        finding.fix = STR("pawl serve");
    } else if (group->partition_count < wanted) {
        finding.level = DOCTOR_ERROR;
        finding.expected = doctor_text(doctor, "%" PRIu32, wanted);
        finding.reason = STR("nobody works on the others");
        finding.fix = STR("the processors' logs and /readyz tell why; restart the one that does not take them");
    } else {
        return;
    }
    doctor_find(doctor, &finding);
}

void doctor_check_dead_letters(struct doctor *doctor)
{
    int64_t count = doctor->answers->dead_letters;
    struct str name = doctor_text(doctor, "%.*s.dead-letters", STR_ARGS(doctor->answers->prefix));
    doctor->sum = STR("none");
    if (count < 0) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_WARNING,
                                .subject = name,
                                .found = STR("could not be asked"),
                                .reason = STR("what pawl could not handle lies there"),
                                .fix = STR("pawl topics create, or give pawl Read on its topics (rights)"),
                            });
    } else if (count > 0) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = DOCTOR_WARNING,
                                .subject = name,
                                .found = doctor_text(doctor, "holds %" PRId64 " offsets", count),
                                .expected = STR("none"),
                                .reason = STR("records that could not be read or handled; their headers say why"),
                                .fix = doctor_text(doctor, "pawl topics read --topic %.*s, mend the cause, send again what is "
                                                           "wanted, then pawl topics trim --topic %.*s --partition N --before OFFSET",
                                                   STR_ARGS(name), STR_ARGS(name)),
                            });
    }
}

void doctor_check_clock(struct doctor *doctor)
{
    const struct doctor_clock *clock = &doctor->answers->clock;
    if (!clock->asked) {
        doctor->sum = STR("not asked: --clock does, by a topic that is there for a moment");
        return;
    }
    doctor->sum = doctor_text(doctor, "%" PRId64 " ms ahead of the broker, give or take %" PRId64, clock->ahead_ms, clock->spread_ms);
    int64_t off_ms = llabs(clock->ahead_ms) - clock->spread_ms;
    if (off_ms > AHEAD_WARNING_MS) {
        doctor_find(doctor, &(struct doctor_finding){
                                .level = off_ms > AHEAD_ERROR_MS ? DOCTOR_ERROR : DOCTOR_WARNING,
                                .found = doctor->sum,
                                .expected = doctor_text(doctor, "within %d ms", AHEAD_WARNING_MS),
                                .reason = STR("timers and timestamps go by this machine's clock, retention by the broker's"),
                                .fix = STR("let both keep time by NTP: timedatectl set-ntp true"),
                            });
    }
}
