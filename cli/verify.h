/* Proves from the topics that nothing was lost and nothing done twice: what `pawl verify` prints.
 *
 * Partition by partition, as everything about an execution lies on one; each rule of verify_rules.def is a sentence about
 * the records that must hold. What began while it reads is left out: executions with records younger than its start. */
#ifndef PAWL_CLI_VERIFY_H
#define PAWL_CLI_VERIFY_H

#include "cli/map.h"
#include "cli/scan.h"

#include <stdint.h>

#define VERIFY_FINDINGS_SHOWN_MAX 100
#define VERIFY_PROVED_MS (12LL * 3600 * 1000) /* commit rows younger than this are contiguous: compaction waits longer */

enum verify_rule {
#define VERIFY_RULE(id, name, text) VERIFY_##id,
#include "cli/verify_rules.def"
    VERIFY_RULE_COUNT
};

/* Where a record lies, on the partition that is being proved. topic == NULL: nowhere. */
struct verify_place {
    const struct bus_topic *topic;
    int64_t offset;
};

/* One run of an execution: (ARN, incarnation). */
struct verify_run {
    int64_t incarnation;
    int64_t last_id;
    int64_t last_time; /* µs, of the last event */
    int64_t scheduled; /* tasks, by the history */
    int64_t requested; /* tasks, by the requests */
    struct str end;    /* the event that ended it; bytes == NULL: none */
    struct verify_place last; /* the last event; without a history, the last request */
    bool cut;          /* its first events are no longer held */
    bool has_history;
    struct verify_run *earlier; /* of the same ARN */
};

/* An execution's present status. */
struct verify_status {
    int64_t incarnation;
    int64_t version;
    struct str status;
    struct verify_place place;
};

struct verify {
    struct context *context;
    struct arena *arena; /* of one partition */
    uint32_t partition;
    int64_t start_us;
    struct map runs;     /* ARN → its runs, the latest first */
    struct map statuses; /* ARN → struct verify_status */
    struct map tokens;   /* task token → where it was first seen */
    bool tasks_cut;      /* requests were trimmed: there may be fewer than the history knows */
    int64_t counts[VERIFY_RULE_COUNT]; /* what each rule was proved of */
    int64_t found[VERIFY_RULE_COUNT];
    int64_t shown;
};

extern const char *const verify_rule_names[VERIFY_RULE_COUNT];
extern const char *const verify_rule_texts[VERIFY_RULE_COUNT];

/* One partition of each topic; `tasks` are the topics of routes. */
enum exit_code verify_partition(struct verify *verify, const struct bus_topic *const *tasks, size_t task_count);

/* Its part about the changelog and the inputs. */
enum exit_code verify_state(struct verify *verify);

/* Tells a violation at a record; of one that verify_record_at made, topic == NULL is the whole partition. */
void verify_report(struct verify *verify, enum verify_rule rule, const struct bus_record *record, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct verify_place verify_place_of(const struct bus_record *record);

/* A record at that place for verify_report: nothing else of it is known any more. */
struct bus_record verify_record_at(const struct verify *verify, struct verify_place place);

#endif
