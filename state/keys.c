#include "state/keys.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

#define KIND_AT KEYS_PARTITION_BYTES
#define BODY_AT (KEYS_PARTITION_BYTES + 1)
#define NUMBER_BYTES 8
#define SIGN_BIT (UINT64_C(1) << 63)

static void add_bytes(struct key *key, const void *bytes, size_t length)
{
    ASSERT(length <= KEYS_BYTES_MAX - key->length);
    memcpy(key->bytes + key->length, bytes, length);
    key->length += length;
}

static void add_number(struct key *key, int64_t number)
{
    uint64_t flipped = (uint64_t)number ^ SIGN_BIT;
    uint8_t bytes[NUMBER_BYTES];
    for (int at = 0; at < NUMBER_BYTES; at++) {
        bytes[at] = (uint8_t)(flipped >> (8 * (NUMBER_BYTES - 1 - at)));
    }
    add_bytes(key, bytes, sizeof bytes);
}

static int64_t read_number(const char *bytes)
{
    uint64_t flipped = 0;
    for (int at = 0; at < NUMBER_BYTES; at++) {
        flipped = flipped << 8 | (uint8_t)bytes[at];
    }
    return (int64_t)(flipped ^ SIGN_BIT);
}

/* An outside text; leaves `key` unfinished when it is too long. */
static enum status add_text(struct key *key, struct str text)
{
    if (text.length > KEYS_BYTES_MAX - key->length) {
        return STATUS_INVALID;
    }
    add_bytes(key, text.bytes == NULL ? "" : text.bytes, text.length);
    return STATUS_OK;
}

static void begin(struct key *key, uint32_t partition)
{
    ASSERT(partition < PARTITIONS_MAX);
    key->bytes[0] = (char)(partition >> 8);
    key->bytes[1] = (char)partition;
    key->length = KEYS_PARTITION_BYTES;
}

struct str keys_stored(const struct key *key)
{
    return (struct str){key->bytes, key->length};
}

struct str keys_published(const struct key *key)
{
    return (struct str){key->bytes + KEYS_PARTITION_BYTES, key->length - KEYS_PARTITION_BYTES};
}

void keys_kind(uint32_t partition, enum key_kind kind, struct key *out_key)
{
    char byte = (char)kind;
    begin(out_key, partition);
    add_bytes(out_key, &byte, 1);
}

void keys_partition(uint32_t partition, struct key *out_from, struct key *out_to)
{
    begin(out_from, partition);
    begin(out_to, partition);
    /* Kinds are letters: no row sorts at or after this one. */
    add_bytes(out_to, "\xff", 1);
}

void keys_of_execution(uint32_t partition, enum key_kind kind, const struct execution_id *id, struct key *out_key)
{
    keys_kind(partition, kind, out_key);
    add_bytes(out_key, id->bytes, EXECUTION_ID_BYTES);
}

void keys_execution(uint32_t partition, const struct execution_id *id, struct key *out_key)
{
    keys_of_execution(partition, KEY_EXECUTION, id, out_key);
}

void keys_frame(uint32_t partition, const struct execution_id *id, int64_t frame, struct key *out_key)
{
    keys_of_execution(partition, KEY_FRAME, id, out_key);
    add_number(out_key, frame);
}

void keys_of_scope(uint32_t partition, const struct execution_id *id, int64_t scope, struct key *out_key)
{
    keys_of_execution(partition, KEY_PAYLOAD, id, out_key);
    add_number(out_key, scope);
}

void keys_payload(uint32_t partition, const struct execution_id *id, const struct payload_id *payload,
                  struct key *out_key)
{
    char slot = (char)payload->slot;
    keys_of_scope(partition, id, payload->scope, out_key);
    add_bytes(out_key, &slot, 1);
    add_number(out_key, payload->index);
}

void keys_name(uint32_t partition, struct str arn, struct key *out_key)
{
    uint8_t digest[SHA256_BYTES];
    hash_sha256(&arn, 1, digest);
    keys_kind(partition, KEY_NAME, out_key);
    add_bytes(out_key, digest, EXECUTION_ID_BYTES);
}

void keys_timer(uint32_t partition, const struct timer_key *timer, struct key *out_key)
{
    keys_kind(partition, KEY_TIMER, out_key);
    add_number(out_key, timer->due_ms);
    add_bytes(out_key, timer->execution.bytes, EXECUTION_ID_BYTES);
    add_number(out_key, timer->frame);
}

enum status keys_machine(uint32_t partition, struct str arn, struct key *out_key)
{
    keys_kind(partition, KEY_MACHINE, out_key);
    return add_text(out_key, arn);
}

enum status keys_revision(uint32_t partition, struct str arn, struct str revision, struct key *out_key)
{
    keys_kind(partition, KEY_REVISION, out_key);
    TRY(add_text(out_key, arn));
    TRY(add_text(out_key, STR("#")));
    return add_text(out_key, revision);
}

enum status keys_usage(uint32_t partition, int64_t minute, struct str arn, struct key *out_key)
{
    keys_kind(partition, KEY_USAGE, out_key);
    add_number(out_key, minute);
    return add_text(out_key, arn);
}

static bool is_kind(struct str stored, enum key_kind kind, size_t length)
{
    return stored.length == length && stored.bytes[KIND_AT] == (char)kind;
}

bool keys_read_timer(struct str stored, struct timer_key *out_timer)
{
    if (!is_kind(stored, KEY_TIMER, BODY_AT + NUMBER_BYTES + EXECUTION_ID_BYTES + NUMBER_BYTES)) {
        return false;
    }
    out_timer->due_ms = read_number(stored.bytes + BODY_AT);
    memcpy(out_timer->execution.bytes, stored.bytes + BODY_AT + NUMBER_BYTES, EXECUTION_ID_BYTES);
    out_timer->frame = read_number(stored.bytes + BODY_AT + NUMBER_BYTES + EXECUTION_ID_BYTES);
    return true;
}

bool keys_read_payload(struct str stored, struct payload_id *out_payload)
{
    size_t scope_at = BODY_AT + EXECUTION_ID_BYTES;
    if (!is_kind(stored, KEY_PAYLOAD, scope_at + NUMBER_BYTES + 1 + NUMBER_BYTES)) {
        return false;
    }
    out_payload->scope = read_number(stored.bytes + scope_at);
    out_payload->slot = (enum payload_slot)stored.bytes[scope_at + NUMBER_BYTES];
    out_payload->index = read_number(stored.bytes + scope_at + NUMBER_BYTES + 1);
    return true;
}

bool keys_read_usage(struct str stored, int64_t *out_minute)
{
    if (stored.length < BODY_AT + NUMBER_BYTES || stored.bytes[KIND_AT] != KEY_USAGE) {
        return false;
    }
    *out_minute = read_number(stored.bytes + BODY_AT);
    return true;
}

enum status keys_of_published(uint32_t partition, struct str published, struct key *out_key)
{
    if (published.bytes == NULL || published.length == 0) {
        return STATUS_INVALID;
    }
    begin(out_key, partition);
    return add_text(out_key, published);
}
