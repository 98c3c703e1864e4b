#define PCRE2_CODE_UNIT_WIDTH 8
#include "asl/identifier.h"

#include <pcre2.h>

/* Text of ASCII, as nearly all names are. */
static bool is_plain(struct str text, bool *out_is)
{
    *out_is = text.length > 0;
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.bytes[at];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool later = (byte >= '0' && byte <= '9') || byte == '_';
        if ((byte & 0x80) != 0) {
            return false;
        }
        *out_is = *out_is && (letter || (later && at > 0));
    }
    return true;
}

static void release(void *pattern)
{
    pcre2_code_free(pattern);
}

static enum status compile(struct arena *arena, struct identifier *identifier)
{
    static const char text[] = "\\p{ID_Start}\\p{ID_Continue}*+";
    int code = 0;
    PCRE2_SIZE offset = 0;
    identifier->pattern = pcre2_compile((PCRE2_SPTR)text, sizeof text - 1,
                                        PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &offset, NULL);
    TRY_NEW(identifier->pattern);
    return arena_own(arena, identifier->pattern, release);
}

enum status identifier_is(struct arena *arena, struct identifier *identifier, struct str text, bool *out_is)
{
    if (is_plain(text, out_is)) {
        return STATUS_OK;
    }
    TRY(identifier->pattern == NULL ? compile(arena, identifier) : STATUS_OK);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    TRY_NEW(data);
    *out_is = pcre2_match(identifier->pattern, (PCRE2_SPTR)text.bytes, text.length, 0, PCRE2_NO_UTF_CHECK, data, NULL) >= 0;
    pcre2_match_data_free(data);
    return STATUS_OK;
}
