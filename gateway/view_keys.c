#include "gateway/view_keys.h"

#include "base/assert.h"

#define NUMBER_BYTES VIEW_NUMBER_BYTES

static void begin(struct view_key *key, char kind)
{
    key->bytes[0] = kind;
    key->length = 1;
}

static bool add(struct view_key *key, struct str text)
{
    if (text.length > sizeof key->bytes - key->length) {
        return false;
    }
    if (text.length > 0) {
        memcpy(key->bytes + key->length, text.bytes, text.length);
    }
    key->length += text.length;
    return true;
}

static bool add_number(struct view_key *key, uint64_t number, int bytes)
{
    char text[NUMBER_BYTES];
    for (int at = 0; at < bytes; at++) {
        text[at] = (char)(number >> (8 * (bytes - 1 - at)));
    }
    return add(key, (struct str){text, (size_t)bytes});
}

bool view_keys_offset(enum topic_id topic, uint32_t partition, struct view_key *out_key)
{
    begin(out_key, 'o');
    return add_number(out_key, (uint64_t)topic, 1) && add_number(out_key, partition, 4);
}

bool view_keys_basis(struct view_key *out_key)
{
    begin(out_key, 'b');
    return true;
}

bool view_keys_count(int what, struct view_key *out_key)
{
    begin(out_key, 'n');
    return add_number(out_key, (uint64_t)what, 1);
}

bool view_keys_mark(enum topic_id topic, struct view_key *out_key)
{
    begin(out_key, 'b');
    return add_number(out_key, (uint64_t)topic, 1);
}

bool view_keys_tasks(struct str activity_arn, struct view_key *out_key)
{
    begin(out_key, VIEW_KIND_TASK);
    return add(out_key, activity_arn) && add(out_key, (struct str){"", 1});
}

bool view_keys_task(const struct view_task *task, struct view_key *out_key)
{
    return view_keys_tasks(task->activity_arn, out_key) && add_number(out_key, (uint64_t)task->time_us, NUMBER_BYTES) &&
           add_number(out_key, task->partition, 4) && add_number(out_key, (uint64_t)task->offset, NUMBER_BYTES);
}

bool view_keys_head(struct str arn, struct view_key *out_key)
{
    begin(out_key, 'd');
    return add(out_key, arn);
}

bool view_keys_revision(struct str arn_and_revision, struct view_key *out_key)
{
    begin(out_key, 'r');
    return add(out_key, arn_and_revision);
}

bool view_keys_execution(struct str arn, struct view_key *out_key)
{
    begin(out_key, 'x');
    return add(out_key, arn);
}

bool view_keys_pending(struct str arn, struct view_key *out_key)
{
    begin(out_key, 'p');
    return add(out_key, arn);
}

bool view_keys_express(struct str arn, struct view_key *out_key)
{
    begin(out_key, 'w');
    return add(out_key, arn);
}

bool view_keys_express_event(const struct execution_id *id, struct view_key *out_key)
{
    begin(out_key, 'e');
    return add(out_key, (struct str){(const char *)id->bytes, sizeof id->bytes});
}

bool view_keys_events(const struct execution_id *id, struct view_key *out_key)
{
    begin(out_key, 'h');
    return add(out_key, (struct str){(const char *)id->bytes, sizeof id->bytes});
}

bool view_keys_event(const struct execution_id *id, int64_t event_id, struct view_key *out_key)
{
    return view_keys_events(id, out_key) && add_number(out_key, (uint64_t)event_id, NUMBER_BYTES);
}

bool view_keys_index(const struct view_index *index, struct view_key *out_key)
{
    bool by_status = index->status != EXECUTION_STATUS_COUNT;
    begin(out_key, by_status ? 's' : 'm');
    if (!add(out_key, index->machine_arn) || !add(out_key, (struct str){"", 1})) {
        return false;
    }
    if (by_status && !add_number(out_key, (uint64_t)index->status, 1)) {
        return false;
    }
    return index->arn.length == 0 ||
           (add_number(out_key, ~(uint64_t)index->time_us, NUMBER_BYTES) && add(out_key, index->arn));
}

struct str view_keys_index_arn(struct str key, size_t prefix_length)
{
    ASSERT(key.length >= prefix_length + NUMBER_BYTES);
    return str_from(key, prefix_length + NUMBER_BYTES);
}

void view_keys_number_write(int64_t number, char out_bytes[VIEW_NUMBER_BYTES])
{
    for (int at = 0; at < NUMBER_BYTES; at++) {
        out_bytes[at] = (char)((uint64_t)number >> (8 * (NUMBER_BYTES - 1 - at)));
    }
}

int64_t view_keys_number(struct str bytes)
{
    uint64_t number = 0;
    for (size_t at = 0; at < bytes.length && at < NUMBER_BYTES; at++) {
        number = number << 8 | (unsigned char)bytes.bytes[at];
    }
    return (int64_t)number;
}
