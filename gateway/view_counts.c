#include "gateway/view_parts.h"

#include "base/assert.h"

static struct view_key key_of(enum view_count count)
{
    struct view_key key;
    bool ok = view_keys_count(count, &key);
    ASSERT(ok);
    return key;
}

int64_t view_count(struct view *view, enum view_count count)
{
    return atomic_load(&view->counts[count]);
}

void view_counts_add(struct view *view, enum view_count count, int64_t number)
{
    atomic_fetch_add(&view->counts[count], number);
}

enum status view_counts_load(struct view *view)
{
    for (enum view_count count = 0; count < VIEW_COUNT_COUNT; count++) {
        struct view_key key = key_of(count);
        struct str value;
        int64_t number = 0;
        enum status status = kv_get(view->kv, NULL, view->arena, view_key_text(&key), &value);
        if (status == STATUS_OK) {
            number = view_keys_number(value);
        } else if (status != STATUS_NOT_FOUND) {
            return status;
        }
        atomic_store(&view->counts[count], number);
        view->counts_written[count] = number;
    }
    return STATUS_OK;
}

enum status view_counts_stage(struct view *view)
{
    for (enum view_count count = 0; count < VIEW_COUNT_COUNT; count++) {
        struct view_key key = key_of(count);
        char bytes[VIEW_NUMBER_BYTES];
        int64_t number = atomic_load(&view->counts[count]);
        if (number != view->counts_written[count]) {
            view_keys_number_write(number, bytes);
            TRY(kv_batch_put(view->batch, view_key_text(&key), (struct str){bytes, sizeof bytes}));
            view->counts_written[count] = number;
        }
    }
    return STATUS_OK;
}
