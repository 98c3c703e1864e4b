#include "bus/local_commit.h"

#include "base/assert.h"
#include "bus/bus_record.h"
#include "bus/local_log.h"

#define TRANSACTION_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* ---- Transactions ---- */

void local_transaction_empty(struct local_transaction *transaction)
{
    arena_reset(transaction->arena);
    transaction->first = NULL;
    transaction->end = &transaction->first;
    transaction->bytes = 0;
    memset(transaction->buckets, 0, sizeof transaction->buckets);
}

enum status local_transaction_init(struct local_transaction *transaction)
{
    transaction->arena = arena_create(TRANSACTION_BYTES_MAX);
    TRY_NEW(transaction->arena);
    local_transaction_empty(transaction);
    return STATUS_OK;
}

void local_transaction_clear(struct local_transaction *transaction)
{
    arena_destroy(transaction->arena);
    transaction->arena = NULL;
}

static size_t bucket_of(const struct local_topic *topic, uint32_t partition)
{
    return (topic->id * 31 + partition) % LOCAL_BUCKETS;
}

const struct local_entry *local_transaction_last(const struct local_transaction *transaction,
                                                 const struct local_topic *topic, uint32_t partition)
{
    const struct local_entry *entry = transaction->buckets[bucket_of(topic, partition)];
    while (entry != NULL && (entry->topic != topic || entry->partition != partition)) {
        entry = entry->older;
    }
    return entry;
}

enum status local_transaction_add(struct local_transaction *transaction, struct local *local,
                                  const struct bus_message *message, struct bus_error *out_error)
{
    struct local_topic *topic = local_topic_of(message->topic);
    size_t bytes = bus_record_bytes(message);
    if (bytes > (uint64_t)topic->config.max_message_bytes) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "a record of %zu bytes; topic %.*s takes %lld", bytes,
                             STR_ARGS(topic->base.name), (long long)topic->config.max_message_bytes);
    }
    struct local_entry *entry = arena_new(transaction->arena, struct local_entry);
    if (entry == NULL ||
        bus_record_encode(transaction->arena, message, bus_now_ms(&local->base), &entry->row) != STATUS_OK) {
        return bus_port_fail(out_error, STATUS_LIMIT_EXCEEDED, "a transaction of over %zu bytes",
                             TRANSACTION_BYTES_MAX);
    }
    entry->topic = topic;
    entry->partition = message->partition;
    entry->offset = BUS_OFFSET_NONE;
    *transaction->end = entry;
    transaction->end = &entry->next;
    struct local_entry **bucket = &transaction->buckets[bucket_of(topic, entry->partition)];
    entry->older = *bucket;
    *bucket = entry;
    transaction->bytes += entry->row.length;
    return STATUS_OK;
}

/* ---- The writer ---- */

static struct local_entry *first_entry(const struct local_commit *commit)
{
    return commit->transaction == NULL ? NULL : commit->transaction->first;
}

/* Gives the entries their offsets and stages all of one commit. */
static enum status stage(struct local *local, struct local_commit *commit)
{
    for (struct local_entry *entry = first_entry(commit); entry != NULL; entry = entry->next) {
        struct local_partition *partition = &entry->topic->partitions[entry->partition];
        entry->offset = partition->next++;
        struct local_key key = local_log_record_key(entry->topic->id, entry->partition, entry->offset);
        TRY(kv_batch_put(local->batch, local_key_text(&key), entry->row));
    }
    for (size_t at = 0; at < commit->offset_count; at++) {
        const struct local_offset *offset = &commit->offsets[at];
        struct local_key key = local_log_group_key(commit->group, offset->topic->id, offset->partition);
        TRY(local_log_put_offset(local->batch, &key, offset->offset));
    }
    return STATUS_OK;
}

/* Stages the new ends of the partitions; the last entry of each knows it. */
static enum status stage_ends(struct local *local, const struct local_commit *commits)
{
    for (const struct local_commit *commit = commits; commit != NULL; commit = commit->next) {
        for (struct local_entry *entry = first_entry(commit); entry != NULL; entry = entry->next) {
            int64_t next = entry->topic->partitions[entry->partition].next;
            if (entry->offset + 1 == next) {
                struct local_key key = local_log_partition_key('e', entry->topic->id, entry->partition);
                TRY(local_log_put_offset(local->batch, &key, next));
            }
        }
    }
    return STATUS_OK;
}

static enum status write_all(struct local *local, struct local_commit *commits, struct bus_error *out_error)
{
    enum status status = STATUS_OK;
    struct kv_error error = {{0}};
    for (struct local_commit *commit = commits; status == STATUS_OK && commit != NULL; commit = commit->next) {
        status = stage(local, commit);
    }
    if (status == STATUS_OK) {
        status = stage_ends(local, commits);
    }
    if (status == STATUS_OK) {
        status = kv_batch_write(local->batch, &error);
    }
    kv_batch_clear(local->batch);
    return status == STATUS_OK ? STATUS_OK : local_kv_failed(status, &error, out_error);
}

/* Under the lock: shows what was written and wakes who waits for it; or takes the offsets back. */
static void publish(struct local *local, struct local_commit *commits, enum status status)
{
    for (struct local_commit *commit = commits; commit != NULL; commit = commit->next) {
        for (struct local_entry *entry = first_entry(commit); entry != NULL; entry = entry->next) {
            struct local_partition *partition = &entry->topic->partitions[entry->partition];
            if (status == STATUS_OK) {
                partition->end = entry->offset + 1;
                entry->topic->touched = local->writes_begun;
            } else {
                partition->next = partition->end;
                entry->offset = BUS_OFFSET_NONE;
            }
        }
    }
    for (struct local_waiter *waiter = local->waiters; status == STATUS_OK && waiter != NULL; waiter = waiter->next) {
        for (size_t at = 0; at < waiter->topic_count; at++) {
            if (waiter->topics[at]->touched == local->writes_begun) {
                local_waiter_poke(waiter);
                break;
            }
        }
    }
}

/* Takes the fenced out of the queue, which are done with that. The rest: a list. */
static struct local_commit *take_queue(struct local *local)
{
    struct local_commit *commits = local->queue;
    local->queue = NULL;
    local->queue_end = &local->queue;
    struct local_commit **link = &commits;
    while (*link != NULL) {
        struct local_commit *commit = *link;
        if (commit->fenced != NULL && *commit->fenced) {
            *link = commit->next;
            commit->status =
                bus_port_fail(&commit->error, STATUS_FENCED, "a newer member has this instance and thread");
            commit->done = true;
        } else {
            link = &commit->next;
        }
    }
    return commits;
}

/* Writes all that is queued. Called and left with the lock held. */
static void write_queue(struct local *local)
{
    struct local_commit *commits = take_queue(local);
    if (commits != NULL) {
        local->writing = true;
        local->writes_begun++;
        pthread_mutex_unlock(&local->lock);
        struct bus_error error = {{0}};
        enum status status = write_all(local, commits, &error);
        pthread_mutex_lock(&local->lock);
        publish(local, commits, status);
        struct local_commit *next = NULL;
        for (struct local_commit *commit = commits; commit != NULL; commit = next) {
            next = commit->next; /* once it is done its owner may take it away */
            commit->status = status;
            commit->error = error;
            commit->done = true;
        }
        local->writes_ended = local->writes_begun;
        local->writing = false;
    }
    pthread_cond_broadcast(&local->written);
}

enum status local_commit_write(struct local *local, struct local_commit *commit, struct bus_error *out_error)
{
    commit->done = false;
    commit->next = NULL;
    pthread_mutex_lock(&local->lock);
    *local->queue_end = commit;
    local->queue_end = &commit->next;
    while (!commit->done) {
        if (local->writing) {
            pthread_cond_wait(&local->written, &local->lock);
        } else {
            write_queue(local);
        }
    }
    pthread_mutex_unlock(&local->lock);
    if (commit->status != STATUS_OK && out_error != NULL) {
        *out_error = commit->error;
    }
    return commit->status;
}

void local_commit_settle(struct local *local)
{
    uint64_t target = local->writes_begun;
    while (local->writes_ended < target) {
        pthread_cond_wait(&local->written, &local->lock);
    }
}
