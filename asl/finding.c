#include "asl/finding.h"

#include "base/buffer.h"

enum status findings_message(struct arena *arena, const struct findings *findings, struct str *out_message)
{
    struct buffer buffer = buffer_in(arena);
    TRY(buffer_add(&buffer, STR("Invalid State Machine Definition: '")));
    bool first = true;
    for (size_t at = 0; at < findings->count; at++) {
        const struct finding *finding = &findings->items[at];
        if (finding->severity != FINDING_ERROR) {
            continue;
        }
        TRY(buffer_format(&buffer, "%s%.*s: %.*s", first ? "" : ", ", STR_ARGS(finding->code), STR_ARGS(finding->message)));
        if (finding->location.length > 0) {
            TRY(buffer_format(&buffer, " at %.*s", STR_ARGS(finding->location)));
        }
        first = false;
    }
    TRY(buffer_add(&buffer, STR("'")));
    *out_message = buffer_text(&buffer);
    return STATUS_OK;
}
