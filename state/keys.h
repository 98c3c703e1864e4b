/* Keys of state rows (design, section 4). In the store:
 *
 *     bytes 0–1   partition, big-endian
 *     byte  2     kind (enum key_kind)
 *     then        c, o   nothing
 *                 e      execution id (16)
 *                 n      hash of the execution's ARN (16)
 *                 f      execution id, frame id (8)
 *                 p      execution id, scope (8), slot (1), index (8)
 *                 t      due in ms (8), execution id, frame id (8)
 *                 d      ARN of a machine, version, alias or activity
 *                 r      ARN '#' revision id
 *                 u      minute since 1970 (8), ARN
 *
 * Numbers are big-endian with the sign bit flipped, so that keys sort as the numbers do (TIMER_EXECUTION is -1). In
 * pawl.state the key is the same without the partition. */
#ifndef PAWL_STATE_KEYS_H
#define PAWL_STATE_KEYS_H

#include "asl/effects.h"
#include "asl/execution_id.h"
#include "asl/rows.h"
#include "base/status.h"

#include <stdbool.h>

enum key_kind {
    KEY_COMMIT = 'c',
    KEY_OFFSET = 'o',
    KEY_EXECUTION = 'e',
    KEY_NAME = 'n',
    KEY_FRAME = 'f',
    KEY_PAYLOAD = 'p',
    KEY_TIMER = 't',
    KEY_MACHINE = 'd',
    KEY_REVISION = 'r',
    KEY_USAGE = 'u',
};

#define KEYS_PARTITION_BYTES 2
/* An ARN of ARN_CHARACTERS_MAX characters has at most four bytes each; a revision id is a UUID. */
#define KEYS_BYTES_MAX 1280

struct key {
    char bytes[KEYS_BYTES_MAX];
    size_t length;
};

/* The key as the store has it, and as pawl.state has it (without the partition). Borrowed from `key`. */
struct str keys_stored(const struct key *key);
struct str keys_published(const struct key *key);

/* Only the partition and the kind: a prefix of all rows of that kind. */
void keys_kind(uint32_t partition, enum key_kind kind, struct key *out_key);

/* The range of all rows of the partition: [from, to). `to` of the last partition is past every key. */
void keys_partition(uint32_t partition, struct key *out_from, struct key *out_to);

void keys_execution(uint32_t partition, const struct execution_id *id, struct key *out_key);
void keys_frame(uint32_t partition, const struct execution_id *id, int64_t frame, struct key *out_key);
void keys_payload(uint32_t partition, const struct execution_id *id, const struct payload_id *payload,
                  struct key *out_key);
void keys_name(uint32_t partition, struct str arn, struct key *out_key);

/* Only the execution (of frames or payloads), and only one scope of its payloads: prefixes. */
void keys_of_execution(uint32_t partition, enum key_kind kind, const struct execution_id *id, struct key *out_key);
void keys_of_scope(uint32_t partition, const struct execution_id *id, int64_t scope, struct key *out_key);

struct timer_key {
    int64_t due_ms;
    struct execution_id execution;
    int64_t frame;
};

void keys_timer(uint32_t partition, const struct timer_key *timer, struct key *out_key);

/* INVALID: too long. */
MUST_CHECK enum status keys_machine(uint32_t partition, struct str arn, struct key *out_key);
MUST_CHECK enum status keys_revision(uint32_t partition, struct str arn, struct str revision, struct key *out_key);
MUST_CHECK enum status keys_usage(uint32_t partition, int64_t minute, struct str arn, struct key *out_key);

/* What a stored key says; false when it is none of that kind. */
bool keys_read_timer(struct str stored, struct timer_key *out_timer);
bool keys_read_payload(struct str stored, struct payload_id *out_payload);
bool keys_read_usage(struct str stored, int64_t *out_minute);

/* The stored key of a published one. INVALID: empty or too long. */
MUST_CHECK enum status keys_of_published(uint32_t partition, struct str published, struct key *out_key);

#endif
