#include "cli/verify_rows.h"

#include "base/assert.h"
#include "base/hash.h"

#define CAPACITY_MIN 1024
#define NUMBER_BYTES 8

/* Which rows may take each other's memory. */
enum row_class { CLASS_EXECUTION, CLASS_FRAME, CLASS_SMALL };

static const struct kept {
    enum key_kind kind;
    enum row_class class;
    size_t key_length;
} kept[] = {
    {KEY_EXECUTION, CLASS_EXECUTION, 1 + EXECUTION_ID_BYTES},
    {KEY_NAME, CLASS_SMALL, 1 + EXECUTION_ID_BYTES},
    {KEY_FRAME, CLASS_FRAME, 1 + EXECUTION_ID_BYTES + NUMBER_BYTES},
    {KEY_TIMER, CLASS_SMALL, 1 + EXECUTION_ID_BYTES + 2 * NUMBER_BYTES},
    {KEY_PAYLOAD, CLASS_SMALL, 1 + EXECUTION_ID_BYTES + 2 * NUMBER_BYTES + 1},
};

static const struct kept *kept_of(char kind)
{
    for (size_t at = 0; at < sizeof kept / sizeof *kept; at++) {
        if (kind == (char)kept[at].kind) {
            return &kept[at];
        }
    }
    return NULL;
}

bool verify_rows_keeps(char kind)
{
    return kept_of(kind) != NULL;
}

bool verify_rows_fits(struct str key)
{
    const struct kept *kind = key.length == 0 ? NULL : kept_of(key.bytes[0]);
    return kind != NULL && key.length == kind->key_length;
}

static struct str key_of(const struct verify_row *row)
{
    return (struct str){row->key, row->key_length};
}

/* Where the row hangs, or would: the pointer to it. */
static struct verify_row **find(const struct verify_rows *rows, struct str key, uint32_t hash)
{
    struct verify_row **at = &rows->places[hash & (rows->capacity - 1)];
    while (*at != NULL && ((*at)->hash != hash || !str_equal(key_of(*at), key))) {
        at = &(*at)->next;
    }
    return at;
}

struct verify_row *verify_rows_get(const struct verify_rows *rows, struct str key)
{
    return rows->capacity == 0 ? NULL : *find(rows, key, hash_murmur2(key));
}

static enum status grow(struct verify_rows *rows)
{
    size_t capacity = rows->capacity == 0 ? CAPACITY_MIN : rows->capacity * 2;
    struct verify_row **places = arena_array(rows->arena, struct verify_row *, capacity);
    TRY_NEW(places);
    for (size_t at = 0; at < rows->capacity; at++) {
        struct verify_row *next;
        for (struct verify_row *row = rows->places[at]; row != NULL; row = next) {
            struct verify_row **place = &places[row->hash & (capacity - 1)];
            next = row->next;
            row->next = *place;
            *place = row;
        }
    }
    rows->places = places;
    rows->capacity = capacity;
    return STATUS_OK;
}

/* A row with room for what its class holds, all zero. */
static enum status new_row(struct verify_rows *rows, enum row_class class, struct verify_row **out_row)
{
    struct verify_row *row = rows->free[class];
    if (row == NULL) {
        row = arena_new(rows->arena, struct verify_row);
        TRY_NEW(row);
        if (class == CLASS_EXECUTION) {
            row->execution = arena_new(rows->arena, struct verify_execution);
            TRY_NEW(row->execution);
        } else if (class == CLASS_FRAME) {
            row->frame = arena_new(rows->arena, struct verify_frame);
            TRY_NEW(row->frame);
        }
        *out_row = row;
        return STATUS_OK;
    }
    rows->free[class] = row->next;
    if (class == CLASS_EXECUTION) {
        *row->execution = (struct verify_execution){0};
    } else if (class == CLASS_FRAME) {
        *row->frame = (struct verify_frame){0};
    }
    *out_row = row;
    return STATUS_OK;
}

enum status verify_rows_put(struct verify_rows *rows, struct str key, struct verify_row **out_row)
{
    ASSERT(verify_rows_fits(key));
    uint32_t hash = hash_murmur2(key);
    if (rows->count >= rows->capacity) {
        TRY(grow(rows));
    }
    struct verify_row **place = find(rows, key, hash);
    if (*place == NULL) {
        struct verify_row *row;
        TRY(new_row(rows, kept_of(key.bytes[0])->class, &row));
        memcpy(row->key, key.bytes, key.length);
        row->key_length = (uint8_t)key.length;
        row->hash = hash;
        row->next = NULL;
        *place = row;
        rows->count++;
    }
    *out_row = *place;
    return STATUS_OK;
}

void verify_rows_delete(struct verify_rows *rows, struct str key)
{
    if (rows->capacity == 0) {
        return;
    }
    struct verify_row **place = find(rows, key, hash_murmur2(key));
    struct verify_row *row = *place;
    if (row != NULL) {
        enum row_class class = kept_of(key.bytes[0])->class;
        *place = row->next;
        row->next = rows->free[class];
        rows->free[class] = row;
        rows->count--;
    }
}

struct verify_row *verify_rows_next(const struct verify_rows *rows, const struct verify_row *row)
{
    if (row != NULL && row->next != NULL) {
        return row->next;
    }
    for (size_t at = row == NULL ? 0 : (row->hash & (rows->capacity - 1)) + 1; at < rows->capacity; at++) {
        if (rows->places[at] != NULL) {
            return rows->places[at];
        }
    }
    return NULL;
}

/* ---- By what keys say; the partition is not in published ones ---- */

struct verify_row *verify_rows_execution(const struct verify_rows *rows, const struct execution_id *id)
{
    struct key key;
    keys_execution(0, id, &key);
    return verify_rows_get(rows, keys_published(&key));
}

struct verify_row *verify_rows_frame(const struct verify_rows *rows, const struct execution_id *id, int64_t frame)
{
    struct key key;
    keys_frame(0, id, frame, &key);
    return verify_rows_get(rows, keys_published(&key));
}

struct verify_row *verify_rows_timer(const struct verify_rows *rows, const struct timer_key *timer)
{
    struct key key;
    keys_timer(0, timer, &key);
    return verify_rows_get(rows, keys_published(&key));
}

struct verify_row *verify_rows_name(const struct verify_rows *rows, struct str arn)
{
    struct key key;
    keys_name(0, arn, &key);
    return verify_rows_get(rows, keys_published(&key));
}

struct timer_key verify_row_timer(const struct verify_row *row)
{
    struct key key;
    struct timer_key timer = {0};
    enum status status = keys_of_published(0, key_of(row), &key);
    ASSERT(status == STATUS_OK);
    bool is_timer = keys_read_timer(keys_stored(&key), &timer);
    ASSERT(is_timer);
    return timer;
}

int64_t verify_row_due_ms(const struct verify_row *row)
{
    int64_t due_ms = verify_row_timer(row).due_ms;
    return due_ms < 0 ? 0 : due_ms;
}

struct execution_id verify_row_owner(const struct verify_row *row)
{
    struct execution_id id;
    if (row->key[0] == KEY_TIMER) {
        return verify_row_timer(row).execution;
    }
    memcpy(id.bytes, row->key + 1, EXECUTION_ID_BYTES);
    return id;
}
