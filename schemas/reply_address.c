#include "schemas/reply_address.h"

#include <inttypes.h>

enum status reply_address_format(struct arena *arena, const struct reply_address *address, struct str *out_text)
{
    struct str place;
    TRY(arena_format(arena, &place, "%.*s-%" PRId64 "@", STR_ARGS(address->topic), address->partition));
    return arena_concat(arena, place, address->correlation_id, out_text);
}

bool reply_address_parse(struct str text, struct reply_address *out_address)
{
    size_t end = str_find(text, '@');
    size_t dash = end;
    while (dash > 0 && text.bytes[dash - 1] != '-') {
        dash--;
    }
    if (end == text.length || dash < 2) {
        return false;
    }
    out_address->topic = str_slice(text, 0, dash - 1);
    out_address->correlation_id = str_from(text, end + 1);
    return str_to_int64(str_slice(text, dash, end - dash), &out_address->partition);
}
