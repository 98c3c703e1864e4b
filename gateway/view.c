#include "gateway/view.h"

#include "base/assert.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "gateway/view_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUND_BYTES_MAX ((int64_t)8 * 1024 * 1024) /* of the records in one write */
#define ROUND_RECORDS_MAX 256                      /* of one reader in a round */
#define PAUSE_WAITED_US 500                        /* between two looks at the topics while somebody has begun to wait */
#define PAUSE_ROUNDS 64                            /* in vain, after which it looks half as often */
#define PAUSE_IDLE_US 20000                        /* and while nobody does */
#define FLUSH_MS 30000
#define FORMAT 2 /* of the rows; a store of another one is made anew */

static const enum topic_id topics[] = {TOPIC_DEFINITIONS, TOPIC_EXECUTIONS, TOPIC_HISTORY};

/* ---- What the store is of ---- */

static enum status basis_text(struct view *view, struct str *out_text)
{
    struct buffer buffer = buffer_in(view->arena);
    TRY(buffer_format(&buffer, "%d ", FORMAT));
    TRY(buffer_add(&buffer, bus_cluster_id(view->config.bus)));
    for (size_t at = 0; at < view->reader_count; at++) {
        const struct view_reader *reader = &view->readers[at];
        if (reader->topic == TOPIC_TASKS) {
            continue; /* comes later, and has a mark of its own */
        }
        TRY(buffer_format(&buffer, " %d-%" PRIu32 ":%.*s", (int)reader->topic, reader->partition,
                          STR_ARGS(bus_topic_mark(reader->handle))));
    }
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

static enum status tell_kv(enum status status, const struct kv_error *kv_error, struct bus_error *out_error)
{
    if (status != STATUS_OK) {
        snprintf(out_error->text, sizeof out_error->text, "the gateway's view: %.400s", kv_error->text);
    }
    return status;
}

static enum status wipe(struct view *view, struct bus_error *out_error)
{
    static const char last[] = {(char)0xFF};
    struct kv_error error = {""};
    enum status status = kv_delete_range(view->kv, (struct str){"\x01", 1}, (struct str){last, 1}, &error);
    return tell_kv(status, &error, out_error);
}

/* A store of another cluster, of topics that were made anew, or in another format, is of no use. */
static enum status check_basis(struct view *view, struct bus_error *out_error)
{
    struct view_key key;
    struct str present;
    struct str wanted;
    struct kv_error error = {""};
    bool ok = view_keys_basis(&key);
    ASSERT(ok);
    TRY(basis_text(view, &wanted));
    enum status status = kv_get(view->kv, NULL, view->arena, view_key_text(&key), &present);
    if (status == STATUS_OK && str_equal(present, wanted)) {
        return view_counts_load(view);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    TRY(wipe(view, out_error));
    TRY(kv_batch_put(view->batch, view_key_text(&key), wanted));
    TRY(tell_kv(kv_batch_write(view->batch, &error), &error, out_error));
    return view_counts_load(view);
}

/* ---- Readers ---- */

static enum status list_readers(struct view *view, struct bus_error *out_error)
{
    const struct bus_topic *handles[sizeof topics / sizeof *topics];
    size_t count = 0;
    for (size_t at = 0; at < sizeof topics / sizeof *topics; at++) {
        char name[256];
        snprintf(name, sizeof name, "%.*s.%.*s", STR_ARGS(view->config.prefix), STR_ARGS(topic_types[topics[at]].name));
        enum status status = bus_topic_open(view->config.bus, str_of(name), &handles[at], out_error);
        if (status == STATUS_NOT_FOUND) {
            snprintf(out_error->text, sizeof out_error->text,
                     "the topic %s does not exist; `pawl topics create` makes it", name);
        }
        TRY(status);
        count += bus_topic_partition_count(handles[at]);
    }
    view->readers = calloc(count, sizeof *view->readers);
    TRY_NEW(view->readers);
    for (size_t at = 0; at < sizeof topics / sizeof *topics; at++) {
        for (uint32_t partition = 0; partition < bus_topic_partition_count(handles[at]); partition++) {
            view->readers[view->reader_count++] =
                (struct view_reader){.topic = topics[at], .partition = partition, .handle = handles[at]};
        }
    }
    return STATUS_OK;
}

/* From where the store has read to, or from the topic's start. REFUSED: what the store has not read is gone. */
static enum status open_reader(struct view *view, struct view_reader *reader, struct bus_error *out_error)
{
    struct view_key key;
    struct str value;
    int64_t begin;
    bool ok = view_keys_offset(reader->topic, reader->partition, &key);
    ASSERT(ok);
    TRY(bus_bounds(view->config.bus, reader->handle, reader->partition, true, &begin, &reader->goal, out_error));
    enum status status = kv_get(view->kv, NULL, view->arena, view_key_text(&key), &value);
    if (status == STATUS_OK) {
        reader->written = view_keys_number(value);
    } else if (status == STATUS_NOT_FOUND) {
        reader->written = begin;
    } else {
        return status;
    }
    if (reader->written < begin || reader->written > reader->goal) {
        return STATUS_REFUSED;
    }
    return bus_reader_open(view->config.bus, reader->handle, reader->partition, reader->written, &reader->reader,
                           out_error);
}

enum status view_add_readers(struct view *view, enum topic_id topic, const struct bus_topic *handle,
                             struct bus_error *out_error)
{
    uint32_t count = bus_topic_partition_count(handle);
    struct view_reader *readers = realloc(view->readers, (view->reader_count + count) * sizeof *readers);
    TRY_NEW(readers);
    view->readers = readers;
    for (uint32_t partition = 0; partition < count; partition++) {
        struct view_reader *reader = &view->readers[view->reader_count];
        *reader = (struct view_reader){.topic = topic, .partition = partition, .handle = handle};
        TRY(open_reader(view, reader, out_error));
        view->reader_count += 1;
    }
    return STATUS_OK;
}

static void close_readers(struct view *view)
{
    for (size_t at = 0; at < view->reader_count; at++) {
        if (view->readers[at].reader != NULL) {
            bus_reader_close(view->readers[at].reader);
            view->readers[at].reader = NULL;
        }
    }
}

static enum status open_readers(struct view *view, struct bus_error *out_error)
{
    for (size_t at = 0; at < view->reader_count; at++) {
        enum status status = open_reader(view, &view->readers[at], out_error);
        if (status != STATUS_OK) {
            close_readers(view);
            return status;
        }
    }
    return STATUS_OK;
}

/* ---- A round ---- */

static enum status stage_offset(struct view *view, struct view_reader *reader, int64_t position)
{
    struct view_key key;
    char bytes[VIEW_NUMBER_BYTES];
    bool ok = view_keys_offset(reader->topic, reader->partition, &key);
    ASSERT(ok);
    view_keys_number_write(position, bytes);
    return kv_batch_put(view->batch, view_key_text(&key), (struct str){bytes, sizeof bytes});
}

/* *out_full: it stopped before it had all. */
static enum status read_some(struct view *view, struct view_reader *reader, bool *out_full, struct bus_error *out_error)
{
    *out_full = true;
    for (uint32_t count = 0; count < ROUND_RECORDS_MAX && view->batch_bytes < ROUND_BYTES_MAX; count++) {
        struct bus_record record;
        enum status status = bus_reader_next(reader->reader, 0, &record, out_error);
        if (status == STATUS_END || status == STATUS_RETRIABLE) {
            *out_full = false;
            break;
        }
        TRY(status);
        view->batch_bytes += (int64_t)(record.key.length + record.value.length);
        status = view_apply(view, reader->topic, &record);
        /* What can't be read was no engine's doing: the view goes on without it. */
        if (status != STATUS_OK && status != STATUS_CORRUPT) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Reads what there is, and writes it. *out_found: there was something. *out_more: there is more already. */
static enum status run_round(struct view *view, bool *out_found, bool *out_more, struct bus_error *out_error)
{
    struct kv_error kv_error = {""};
    bool moved = false;
    bool full;
    *out_more = false;
    view->batch_bytes = 0;
    arena_reset(view->arena);
    TRY(view_express_forget(view, bus_now_ms(view->config.bus), &moved));
    TRY(view_pending_sweep(view, bus_now_ms(view->config.bus), &moved));
    for (size_t count = 0; count < view->reader_count; count++) {
        struct view_reader *reader = &view->readers[view->turn];
        view->turn = (view->turn + 1) % view->reader_count;
        TRY(read_some(view, reader, &full, out_error));
        *out_more = *out_more || full;
        int64_t position = bus_reader_position(reader->reader);
        if (position != reader->written) {
            TRY(stage_offset(view, reader, position));
            reader->written = position;
            moved = true;
        }
    }
    if (moved) {
        TRY(view_counts_stage(view));
        TRY(tell_kv(kv_batch_write(view->batch, &kv_error), &kv_error, out_error));
        view->dirty = true;
    }
    view_tasks_tell(view);
    *out_found = view->batch_bytes > 0;
    return STATUS_OK;
}

static bool is_caught_up(const struct view *view)
{
    for (size_t at = 0; at < view->reader_count; at++) {
        if (view->readers[at].written < view->readers[at].goal) {
            return false;
        }
    }
    return true;
}

static enum status keep_flushed(struct view *view, int64_t now_ms, struct bus_error *out_error)
{
    struct kv_error error = {""};
    if (!view->dirty || now_ms - view->flushed_ms < FLUSH_MS) {
        return STATUS_OK;
    }
    view->dirty = false;
    view->flushed_ms = now_ms;
    return tell_kv(kv_flush(view->kv, &error), &error, out_error);
}

/* Until there may be something: soon when somebody waits for it. */
static void rest(struct view *view)
{
    pthread_mutex_lock(&view->lock);
    long pause_us = PAUSE_IDLE_US;
    if (view->wait_count > 0) {
        view->vain_rounds += 1;
        for (pause_us = PAUSE_WAITED_US; pause_us < PAUSE_IDLE_US / 2 && view->vain_rounds * PAUSE_WAITED_US > pause_us * PAUSE_ROUNDS;) {
            pause_us *= 2;
        }
    }
    const struct timespec until = clock_deadline(pause_us);
    if (!atomic_load(&view->stopping)) {
        pthread_cond_timedwait(&view->woken, &view->lock, &until);
    }
    pthread_mutex_unlock(&view->lock);
}

static void note(struct view *view, int64_t now_ms, bool more)
{
    if (!more) {
        view->idle_ms = now_ms;
    }
    pthread_mutex_lock(&view->lock);
    view->status.caught_up = view->status.caught_up || is_caught_up(view);
    view->status.behind_ms = now_ms - view->idle_ms;
    pthread_mutex_unlock(&view->lock);
}

/* What the store has not read is gone from the topics: everything anew. */
static enum status start_anew(struct view *view, struct bus_error *out_error)
{
    close_readers(view);
    kv_batch_clear(view->batch);
    arena_reset(view->arena);
    view->pending_count = 0;
    TRY(wipe(view, out_error));
    TRY(check_basis(view, out_error));
    return open_readers(view, out_error);
}

static void *run(void *owner)
{
    struct view *view = owner;
    struct bus_error error = {""};
    enum status status = STATUS_OK;
    view->idle_ms = bus_now_ms(view->config.bus);
    while (status == STATUS_OK && !atomic_load(&view->stopping)) {
        bool found = true;
        bool more = true;
        status = view_tasks_look(view, bus_now_ms(view->config.bus), &error);
        if (status == STATUS_OK) {
            status = run_round(view, &found, &more, &error);
        }
        if (status == STATUS_REFUSED) {
            status = start_anew(view, &error);
            continue;
        }
        if (status == STATUS_OK) {
            int64_t now_ms = bus_now_ms(view->config.bus);
            note(view, now_ms, more);
            view_waits_check(view, now_ms);
            status = keep_flushed(view, now_ms, &error);
        }
        if (status == STATUS_OK && !found) {
            rest(view);
        }
    }
    if (status != STATUS_OK) {
        pthread_mutex_lock(&view->lock);
        view->status.failed = true;
        view->status.error = error;
        if (error.text[0] == '\0') {
            snprintf(view->status.error.text, sizeof view->status.error.text, "the gateway's view: %s",
                     status_text(status));
        }
        pthread_mutex_unlock(&view->lock);
    }
    view_waits_end(view, STATUS_RETRIABLE);
    return NULL;
}

/* ---- Its life ---- */

static enum status prepare(struct view *view, struct bus_error *out_error)
{
    view->arena = arena_create(STEP_ARENA_BYTES_MAX);
    TRY_NEW(view->arena);
    TRY(kv_batch_create(view->kv, &view->batch));
    TRY(list_readers(view, out_error));
    TRY(check_basis(view, out_error));
    TRY(view_express_clear(view));
    TRY(view_pending_load(view));
    enum status status = open_readers(view, out_error);
    return status == STATUS_REFUSED ? start_anew(view, out_error) : status;
}

enum status view_open(const struct view_config *config, struct view **out_view, struct bus_error *out_error)
{
    struct view *view = calloc(1, sizeof *view);
    TRY_NEW(view);
    view->config = *config;
    view->kv = config->kv;
    pthread_mutex_init(&view->lock, NULL);
    clock_cond_init(&view->woken);
    enum status status = prepare(view, out_error);
    if (status == STATUS_OK && pthread_create(&view->thread, NULL, run, view) != 0) {
        status = STATUS_LIMIT_EXCEEDED;
    }
    if (status != STATUS_OK) {
        view_close(view);
        return status;
    }
    view->joins = true;
    *out_view = view;
    return STATUS_OK;
}

void view_stop(struct view *view)
{
    pthread_mutex_lock(&view->lock);
    atomic_store(&view->stopping, true);
    pthread_cond_signal(&view->woken);
    pthread_mutex_unlock(&view->lock);
    if (view->joins) {
        pthread_join(view->thread, NULL);
        view->joins = false;
    }
}

void view_close(struct view *view)
{
    struct kv_error error;
    view_stop(view);
    close_readers(view);
    view_express_drop(view);
    free(view->readers);
    if (view->batch != NULL) {
        if (kv_flush(view->kv, &error) != STATUS_OK) {
            /* A store that is behind is read on from there. */
        }
        kv_batch_destroy(view->batch);
    }
    arena_destroy(view->arena);
    pthread_cond_destroy(&view->woken);
    pthread_mutex_destroy(&view->lock);
    free(view);
}

void view_status(struct view *view, struct view_status *out_status)
{
    pthread_mutex_lock(&view->lock);
    *out_status = view->status;
    pthread_mutex_unlock(&view->lock);
}
