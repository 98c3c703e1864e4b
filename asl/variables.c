#include "asl/variables.h"

#include "asl/errors.h"
#include "base/buffer.h"
#include "base/limits.h"

#define PAGE_BYTES_MAX VARIABLE_BYTES_MAX /* a page is closed before it grows past this; one variable may be larger, escaped */

static struct payload_id page_id(const struct run_frame *frame, int64_t page)
{
    return (struct payload_id){.scope = frame->row.id, .slot = PAYLOAD_VARIABLES, .index = page};
}

static enum status load_pages(struct run *run, struct run_frame *frame)
{
    const struct value *all = &value_empty_object;
    frame->variable_pages = arena_array(run->arena, struct str, (size_t)frame->stored_pages);
    TRY_NEW(frame->variable_pages);
    for (int64_t page = 0; page < frame->stored_pages; page++) {
        const struct payload_id id = page_id(frame, page);
        const struct value *members = NULL;
        TRY(run_payload_get(run, &id, &frame->variable_pages[page]));
        TRY(value_parse(run->arena, frame->variable_pages[page], &members, NULL));
        TRY(value_object_merge(run->arena, all, members, &all));
    }
    frame->variables = all;
    return STATUS_OK;
}

static enum status own_variables(struct run *run, struct run_frame *frame, const struct value **out_variables)
{
    if (frame->variables == NULL) {
        if (frame->stored_pages > 0) {
            TRY(load_pages(run, frame));
        } else if (frame->row.variables.bytes != NULL) {
            TRY(value_parse(run->arena, frame->row.variables, &frame->variables, NULL));
        } else {
            frame->variables = &value_empty_object;
        }
    }
    *out_variables = frame->variables;
    return STATUS_OK;
}

static enum status merge(struct run *run, const struct value *outer, const struct value *inner, const struct value **out_merged)
{
    *out_merged = outer->count == 0 ? inner : outer;
    return outer->count == 0 || inner->count == 0 ? STATUS_OK : value_object_merge(run->arena, outer, inner, out_merged);
}

enum status variables_seen(struct run *run, struct run_frame *frame, const struct value **out_variables)
{
    const struct value *merged = &value_empty_object;
    TRY(own_variables(run, frame, &merged));
    int64_t id = frame->row.parent;
    while (id != FRAME_NO_PARENT) { /* bounded as in run_frame_is_alive */
        struct run_frame *parent = NULL;
        const struct value *outer = NULL;
        TRY(run_frame(run, id, &parent));
        TRY(own_variables(run, parent, &outer));
        TRY(merge(run, outer, merged, &merged));
        id = parent->row.parent;
    }
    *out_variables = merged;
    return STATUS_OK;
}

enum status variables_check(struct run *run, struct run_frame *frame, const struct value *assigned, struct failure *out_failure)
{
    const struct value *seen = NULL;
    struct str text;
    TRY(value_to_text(run->arena, assigned, &text));
    if (text.length > VARIABLE_BYTES_MAX) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME),
                           "The size of the variables assigned, %zu bytes, exceeds the limit of %d bytes", text.length,
                           VARIABLE_BYTES_MAX);
    }
    TRY(variables_seen(run, frame, &seen));
    TRY(merge(run, seen, assigned, &seen));
    size_t total = 0;
    for (uint32_t at = 0; at < seen->count; at++) {
        TRY(value_to_text(run->arena, seen->members[at].value, &text));
        total += seen->members[at].key.length + text.length;
    }
    if (total > VARIABLES_BYTES_MAX) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME),
                           "The total size of the variables, %zu bytes, exceeds the limit of %d bytes", total, VARIABLES_BYTES_MAX);
    }
    return STATUS_OK;
}

enum status variables_assign(struct run *run, struct run_frame *frame, const struct value *assigned)
{
    const struct value *own = NULL;
    const struct value *written = NULL;
    struct str text;
    /* Values that know their text: what an expression computed would be written anew for each check of the sizes. */
    TRY(value_to_text(run->arena, assigned, &text));
    TRY(value_parse(run->arena, text, &written, NULL));
    TRY(own_variables(run, frame, &own));
    TRY(merge(run, own, written, &frame->variables));
    frame->variables_changed = true;
    frame->dirty = true;
    return STATUS_OK;
}

/* Writes the page unless it is in the store as it is. */
static enum status put_page(struct run *run, struct run_frame *frame, struct str text)
{
    int64_t page = frame->row.variable_pages++;
    const struct payload_id id = page_id(frame, page);
    bool same = frame->variable_pages != NULL && page < frame->stored_pages && str_equal(text, frame->variable_pages[page]);
    return same ? STATUS_OK : run_payload_put(run, &id, text);
}

static enum status put_pages(struct run *run, struct run_frame *frame)
{
    const struct value *variables = frame->variables;
    for (uint32_t from = 0, at = 0; from < variables->count; from = at) {
        const struct value *members = NULL;
        struct str text;
        size_t bytes = 0;
        for (at = from; at < variables->count; at++) {
            TRY(value_to_text(run->arena, variables->members[at].value, &text));
            bytes += variables->members[at].key.length + text.length;
            if (at > from && bytes > PAGE_BYTES_MAX) {
                break;
            }
        }
        TRY(value_object(run->arena, variables->members + from, at - from, &members));
        TRY(value_to_text(run->arena, members, &text));
        TRY(put_page(run, frame, text));
    }
    return STATUS_OK;
}

enum status variables_place(struct run *run, struct run_frame *frame)
{
    struct str text;
    TRY(value_to_text(run->arena, frame->variables, &text));
    frame->row.variables = STR_NONE;
    frame->row.variable_pages = 0;
    if (text.length <= RUN_INLINE_BYTES_MAX) {
        frame->row.variables = text;
    } else {
        TRY(put_pages(run, frame));
    }
    for (int64_t page = frame->row.variable_pages; page < frame->stored_pages; page++) {
        const struct payload_id id = page_id(frame, page);
        TRY(run_payload_delete(run, &id));
    }
    return STATUS_OK;
}
