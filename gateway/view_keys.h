/* How the view's rows are keyed. An ARN is text without NUL; numbers are big-endian, so that keys sort as they count.
 *
 *     o topic partition                    next offset to be read                     (8 bytes)
 *     b                                    cluster id and the topics' marks: what the view is of
 *     d ARN                                a state machine's head                     (Definition, as it came)
 *     r ARN # revision                     a revision                                 (Definition)
 *     x ARN                                an execution's latest status               (ExecutionStatus)
 *     p ARN                                its end, while the last event is not here  (time in ms, ExecutionStatus)
 *     m ARN of a machine NUL ~time ARN     its executions, latest first               (empty)
 *     s ARN of a machine NUL status ~time ARN    the same by status                   (empty)
 *     h execution id, event id             history                                    (HistoryEvent)
 *     w ARN                                an Express execution: running, or ended lately   (ExecutionStatus)
 *     a ARN of an activity NUL scheduled time, partition, offset      a task that nobody has claimed   (TaskRequest)
 *     y the same                           one that is being claimed                (TaskRequest)
 *     e execution id                       its last event's id                      (8 bytes)
 *     n what                               how many there are: enum view_count      (8 bytes) */
#ifndef PAWL_GATEWAY_VIEW_KEYS_H
#define PAWL_GATEWAY_VIEW_KEYS_H

#include "asl/execution_id.h"
#include "schemas/execution_statuses.h"
#include "schemas/topics.h"

#define VIEW_KEY_BYTES_MAX 1024

struct view_key {
    size_t length;
    char bytes[VIEW_KEY_BYTES_MAX];
};

static inline struct str view_key_text(const struct view_key *key)
{
    return (struct str){key->bytes, key->length};
}

/* Each false, and the key is not to be used, when the ARN is too long to be one. */
bool view_keys_offset(enum topic_id topic, uint32_t partition, struct view_key *out_key);
bool view_keys_basis(struct view_key *out_key);
bool view_keys_count(int what, struct view_key *out_key);
bool view_keys_head(struct str arn, struct view_key *out_key);
bool view_keys_revision(struct str arn_and_revision, struct view_key *out_key);
bool view_keys_execution(struct str arn, struct view_key *out_key);
bool view_keys_pending(struct str arn, struct view_key *out_key);
bool view_keys_express(struct str arn, struct view_key *out_key);
bool view_keys_express_event(const struct execution_id *id, struct view_key *out_key);
bool view_keys_event(const struct execution_id *id, int64_t event_id, struct view_key *out_key);
/* What all events of an execution begin with. */
bool view_keys_events(const struct execution_id *id, struct view_key *out_key);

/* An index row. status == EXECUTION_STATUS_COUNT: the one of all. arn of length 0: what all of its rows begin with, and
 * time_us is not looked at. */
struct view_index {
    struct str machine_arn;
    enum execution_status_id status;
    int64_t time_us;
    struct str arn;
};
bool view_keys_index(const struct view_index *index, struct view_key *out_key);

/* The execution's ARN of an index row's key. Requires such a key. */
struct str view_keys_index_arn(struct str key, size_t prefix_length);

/* A number as rows hold it. */
#define VIEW_NUMBER_BYTES 8
void view_keys_number_write(int64_t number, char out_bytes[VIEW_NUMBER_BYTES]);
int64_t view_keys_number(struct str bytes);

/* What the store knows of the topic by. */
bool view_keys_mark(enum topic_id topic, struct view_key *out_key);

/* A task's row, and what all those of an activity begin with. */
#define VIEW_KIND_TASK 'a'
#define VIEW_KIND_CLAIMED 'y'
struct view_task {
    struct str activity_arn;
    int64_t time_us;
    uint32_t partition;
    int64_t offset;
};
bool view_keys_task(const struct view_task *task, struct view_key *out_key);
bool view_keys_tasks(struct str activity_arn, struct view_key *out_key);

#endif
