#include "asl/rows_single.h"

static enum status get_execution(void *owner, struct arena *arena, const struct execution_id *id, const struct execution_row **out_row)
{
    (void)arena, (void)id;
    const struct execution_row *const *row = owner;
    *out_row = *row;
    return *row == NULL ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status get_frame(void *owner, struct arena *arena, const struct execution_id *id, int64_t frame,
                             const struct frame_row **out_row)
{
    (void)owner, (void)arena, (void)id, (void)frame, (void)out_row;
    return STATUS_NOT_FOUND;
}

static enum status get_payload(void *owner, struct arena *arena, const struct execution_id *id, const struct payload_id *payload,
                               struct str *out_text)
{
    (void)owner, (void)arena, (void)id, (void)payload, (void)out_text;
    return STATUS_NOT_FOUND;
}

static enum status get_frames(void *owner, struct arena *arena, const struct execution_id *id, int64_t from, size_t count_max,
                              const struct frame_row ***out_rows, size_t *out_count)
{
    (void)owner, (void)arena, (void)id, (void)from, (void)count_max;
    *out_rows = NULL;
    *out_count = 0;
    return STATUS_OK;
}

static enum status get_payloads(void *owner, struct arena *arena, const struct execution_id *id, int64_t scope, size_t count_max,
                                struct payload_id **out_payloads, size_t *out_count)
{
    (void)owner, (void)arena, (void)id, (void)scope, (void)count_max;
    *out_payloads = NULL;
    *out_count = 0;
    return STATUS_OK;
}

struct rows rows_single(const struct execution_row **row)
{
    return (struct rows){row, get_execution, get_frame, get_payload, get_frames, get_payloads};
}
