/* The live rows of one partition, as the changelog leaves them: of each only what `pawl verify` judges by, never a payload.
 *
 * All in one arena. What a deleted row took is taken by the next one of its kind, so that the memory is that of the most rows
 * that ever lived at once, about 100 bytes a row, 250 a frame, 350 an execution, however long the changelog is. */
#ifndef PAWL_CLI_VERIFY_ROWS_H
#define PAWL_CLI_VERIFY_ROWS_H

#include "asl/execution_id.h"
#include "asl/token.h"
#include "base/arena.h"
#include "schemas/records.h"
#include "state/keys.h"

/* A timer's, the longest of those that are kept, with room for a payload's: kind, execution id and up to 17 bytes more. */
#define VERIFY_KEY_BYTES_MAX 34

struct verify_run;

/* Of a frame row. Times in µs, RECORD_NONE: none. */
struct verify_frame {
    int64_t id;
    int64_t parent;
    int64_t group;
    int64_t phase;
    int64_t redrive; /* 0: none */
    int64_t retry_total;
    int64_t deadline;
    int64_t heartbeat_deadline;
    int64_t timer_due;
    int64_t child_group;
    int64_t child_count;
    int64_t child_started;
    int64_t child_done;
    int64_t child_limit;
    int64_t children; /* frames that hang below it in child_group, counted after the fold */
    uint8_t token_bits[TOKEN_BITS_BYTES];
    bool has_token;
};

/* Of an execution row. */
struct verify_execution {
    int64_t incarnation;
    int64_t status;
    int64_t last_event_id;
    int64_t last_time;
    int64_t redrive_count;
    int64_t timer_due;
    bool express;
    bool parked;
    bool walked; /* a redrive is on its way through the frames; found after the fold, as the next two */
    const struct verify_run *run; /* NULL: no history */
    struct str arn;
    struct verify_frame root;
};

struct verify_row {
    struct verify_row *next; /* at the same place of the table, or free */
    int64_t offset;          /* in the changelog */
    uint32_t hash;
    uint8_t key_length;
    char key[VERIFY_KEY_BYTES_MAX]; /* as published: begins with the kind */
    union {
        struct verify_execution *execution; /* e */
        struct verify_frame *frame;         /* f */
        struct execution_id named;          /* n: the execution that has the name */
    };
};

#define VERIFY_ROW_CLASSES 3

struct verify_rows {
    struct arena *arena;
    struct verify_row **places;
    size_t capacity;
    size_t count;
    struct verify_row *free[VERIFY_ROW_CLASSES];
};

static inline struct verify_rows verify_rows_in(struct arena *arena)
{
    return (struct verify_rows){.arena = arena};
}

/* Whether rows of that kind are kept: executions, names, frames, payloads and timers. */
bool verify_rows_keeps(char kind);

/* Whether a published key is as long as keys of its kind are, which is kept. */
bool verify_rows_fits(struct str key);

/* NULL: there is none. */
struct verify_row *verify_rows_get(const struct verify_rows *rows, struct str key);
struct verify_row *verify_rows_execution(const struct verify_rows *rows, const struct execution_id *id);
struct verify_row *verify_rows_frame(const struct verify_rows *rows, const struct execution_id *id, int64_t frame);
struct verify_row *verify_rows_timer(const struct verify_rows *rows, const struct timer_key *timer);
struct verify_row *verify_rows_name(const struct verify_rows *rows, struct str arn);

/* The row of that key, made when it is new; then what it holds is zero. The key fits. */
MUST_CHECK enum status verify_rows_put(struct verify_rows *rows, struct str key, struct verify_row **out_row);
void verify_rows_delete(struct verify_rows *rows, struct str key);

/* The first row (of NULL), or the next one; NULL: there is no other. The table stays as it is meanwhile. */
struct verify_row *verify_rows_next(const struct verify_rows *rows, const struct verify_row *row);

/* Whose a row is (not of a name), and what a timer's key says. */
struct execution_id verify_row_owner(const struct verify_row *row);
struct timer_key verify_row_timer(const struct verify_row *row);

/* When a timer's row is due, to be reckoned with: not before 1970. */
int64_t verify_row_due_ms(const struct verify_row *row);

#endif
