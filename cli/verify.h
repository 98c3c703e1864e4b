/* Proves from the topics that nothing was lost and nothing done twice: what `pawl verify` prints.
 *
 * Partition by partition, as everything about an execution lies on one; each rule of verify_rules.def is a sentence about
 * the records that must hold.
 *
 * Others write while it reads. First of all it takes down where each partition's history and inputs end. An execution with
 * an event behind that is left out: it went on. Of all others each topic has every record of the transactions that the
 * history shows: each is read to an end that no open transaction of then lies before, and the history last of all. */
#ifndef PAWL_CLI_VERIFY_H
#define PAWL_CLI_VERIFY_H

#include "cli/map.h"
#include "cli/scan.h"
#include "cli/verify_rows.h"

#include <stdint.h>

#define VERIFY_FINDINGS_SHOWN_MAX 100
#define VERIFY_PROVED_MS (12LL * 3600 * 1000) /* commit rows younger than this are contiguous: compaction waits longer */
#define VERIFY_GRACE_MS 60000 /* a timer may be so late: its partition changes hands, or its batch is a long one */
#define VERIFY_IDLE_MS (10LL * 60 * 1000) /* and so late where its owner shows no sign of life: it may be reading rows */

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
    bool young;        /* it went on since the reading began */
    struct verify_run *earlier; /* of the same ARN */
};

/* An execution's present status. */
struct verify_status {
    int64_t incarnation;
    int64_t version;
    struct str status;
    struct verify_place place;
};

/* Where a partition ended when the reading began. */
struct verify_start {
    int64_t history;
    int64_t inputs[2]; /* commands, results */
};

/* The changelog as it is read. */
struct verify_log {
    int64_t rows;      /* since the last commit row */
    bool fired_late;   /* one of them deletes a timer that was overdue */
    bool any;          /* a commit row was seen; then */
    int64_t sequence;  /* its number, */
    int64_t time_ms;   /* when it was written, */
    int64_t next[2];   /* how far the inputs had been read, */
    bool catching_up;  /* whether it fired timers that were overdue, */
    struct verify_place commit; /* and where it lies */
    struct verify_place last;   /* the last row of all */
};

struct verify {
    struct context *context;
    struct arena *arena; /* of one partition */
    struct arena *scratch; /* of one judgement */
    uint32_t partition;
    int64_t start_us;
    const struct verify_start *starts; /* of each partition */
    int64_t history_time; /* of the first event held, in µs; INT64_MIN: none was cut off */
    struct map runs;     /* ARN → its runs, the latest first */
    struct map statuses; /* ARN → struct verify_status */
    struct map tokens;   /* task token → where it was first seen */
    struct map waiting;  /* token of a task that a running execution waits for → its frame's row */
    bool tasks_cut;      /* requests were trimmed: there may be fewer than the history knows */
    struct verify_log log;
    struct verify_rows rows;
    const struct bus_topic *state; /* the changelog's */
    int64_t counts[VERIFY_RULE_COUNT]; /* what each rule was proved of */
    int64_t found[VERIFY_RULE_COUNT];
    int64_t shown;
    int64_t parked; /* executions that wait for `pawl resume`, and */
    int64_t late;   /* timers that are late, and nobody's fault that topics would show */
};

extern const char *const verify_rule_names[VERIFY_RULE_COUNT];
extern const char *const verify_rule_texts[VERIFY_RULE_COUNT];

/* Takes down where everything ends, in the context's arena: before anything is read or listed. */
enum exit_code verify_begin(struct verify *verify);

/* One partition of each topic; `tasks` are the topics of routes. */
enum exit_code verify_partition(struct verify *verify, const struct bus_topic *const *tasks, size_t task_count);

/* Every record that is committed, to an end that no transaction lies before which is open now. */
enum exit_code verify_open(struct verify *verify, const struct bus_topic *topic, struct scan *out_scan);

/* What is done with a record. */
typedef enum exit_code (*verify_take_fn)(struct verify *verify, struct scan *scan, const struct bus_record *record);

/* Takes every record of the scan, to its end, and closes it. */
enum exit_code verify_take(struct verify *verify, struct scan *scan, verify_take_fn take);

/* Its parts about the changelog and the inputs: folds the first, then, when everything was read, judges both. */
enum exit_code verify_fold(struct verify *verify);
enum exit_code verify_inputs(struct verify *verify);

/* Judges the rows, and the executions of the runs by them; the timers that are late. */
enum exit_code verify_executions(struct verify *verify);
enum exit_code verify_timers(struct verify *verify);

/* Looks for the answers to the tasks that verify_executions found to be waited for. */
enum exit_code verify_answers(struct verify *verify);

/* The status that an execution has whose history ends with that event; bytes == NULL: it runs. */
struct str verify_status_of(struct str end);

/* How long executions are kept, in µs. */
int64_t verify_retention_us(const struct verify *verify);

/* Whether the history topic's retention may have taken all events of a run that began then. */
bool verify_forgets(const struct verify *verify, int64_t incarnation);

/* A remark that is no violation. */
void verify_note(struct verify *verify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells a violation at a record; of one that verify_record_at made, topic == NULL is the whole partition. */
void verify_report(struct verify *verify, enum verify_rule rule, const struct bus_record *record, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct verify_place verify_place_of(const struct bus_record *record);

/* A record at that place for verify_report: nothing else of it is known any more. */
struct bus_record verify_record_at(const struct verify *verify, struct verify_place place);

#endif
