#include "asl/finding.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <stdlib.h>

enum status findings_add(struct arena *arena, struct findings *findings, struct finding finding)
{
    findings->error_count += finding.severity == FINDING_ERROR;
    findings->unsupported_count += str_equal(finding.code, FINDING_CODE_NOT_SUPPORTED);
    findings->transition_count += str_equal(finding.code, FINDING_CODE_TRANSITION);
    if (findings->count == FINDINGS_MAX) {
        return STATUS_OK;
    }
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity == 0 ? 8 : findings->capacity * 2;
        struct finding *items = arena_array(arena, struct finding, capacity);
        TRY_NEW(items);
        if (findings->count > 0) {
            memcpy(items, findings->items, findings->count * sizeof *items);
        }
        findings->items = items;
        findings->capacity = capacity;
    }
    findings->items[findings->count++] = finding;
    return STATUS_OK;
}

static int compare_offsets(const void *left, const void *right)
{
    const struct finding *const *a = left;
    const struct finding *const *b = right;
    return (*a)->offset < (*b)->offset ? -1 : (*a)->offset > (*b)->offset;
}

enum status findings_locate(struct arena *arena, struct findings *findings, struct str text)
{
    struct finding **order = arena_array(arena, struct finding *, findings->count);
    TRY_NEW(order);
    size_t count = 0;
    for (size_t at = 0; at < findings->count; at++) {
        if (findings->items[at].offset <= text.length) {
            order[count++] = &findings->items[at];
        }
    }
    qsort(order, count, sizeof *order, compare_offsets);
    uint32_t line = 1;
    uint32_t column = 1;
    size_t at = 0;
    for (size_t next = 0; next < count; next++) {
        for (; at < order[next]->offset; at++) {
            bool ends = text.bytes[at] == '\n';
            line += ends;
            column = ends ? 1 : column + ((text.bytes[at] & 0xC0) != 0x80);
        }
        order[next]->line = line;
        order[next]->column = column;
    }
    return STATUS_OK;
}

enum status findings_message(struct arena *arena, const struct findings *findings, struct str *out_message)
{
    struct buffer buffer = buffer_in(arena);
    TRY(buffer_add(&buffer, STR("Invalid State Machine Definition: '")));
    bool first = true;
    size_t told = 0;
    for (size_t at = 0; at < findings->count && buffer.length < FINDINGS_MESSAGE_BYTES_MAX; at++) {
        const struct finding *finding = &findings->items[at];
        if (finding->severity != FINDING_ERROR) {
            continue;
        }
        told++;
        TRY(buffer_format(&buffer, "%s%.*s: %.*s", first ? "" : ", ", STR_ARGS(finding->code), STR_ARGS(finding->message)));
        /* Seen on AWS: "… at null". */
        struct str location = finding->location.length > 0 ? finding->location : STR("null");
        TRY(buffer_format(&buffer, " at %.*s", STR_ARGS(location)));
        first = false;
    }
    if (buffer.length > FINDINGS_MESSAGE_BYTES_MAX) {
        buffer.length = str_cut(buffer_text(&buffer), FINDINGS_MESSAGE_BYTES_MAX).length;
        TRY(buffer_add(&buffer, STR("…")));
    }
    if (told < findings->error_count) {
        TRY(buffer_format(&buffer, ", and %zu more", findings->error_count - told));
    }
    TRY(buffer_add(&buffer, STR("'")));
    *out_message = buffer_text(&buffer);
    return STATUS_OK;
}
