#include "schemas/codec/deep_text.h"

#include "base/buffer.h"
#include "base/limits.h"

struct span {
    size_t end;   /* behind it */
    size_t depth; /* containers inside each other */
};

/* Past the string that begins at `at`; the text's length when it does not end. */
static size_t skip_string(struct str text, size_t at)
{
    for (at++; at < text.length && text.bytes[at] != '"'; at++) {
        at += text.bytes[at] == '\\';
    }
    return at < text.length ? at + 1 : text.length;
}

static bool is_open(char byte)
{
    return byte == '{' || byte == '[';
}

static bool is_close(char byte)
{
    return byte == '}' || byte == ']';
}

/* The container that begins at `at`. Brackets are counted, not matched: what is inside is looked at by whose it is. */
static enum status measure(struct str text, size_t at, struct span *out_span)
{
    size_t depth = 0;
    struct span span = {0};
    do {
        if (at == text.length) {
            return STATUS_INVALID;
        }
        char byte = text.bytes[at];
        depth += is_open(byte);
        depth -= is_close(byte);
        span.depth = depth > span.depth ? depth : span.depth;
        at = byte == '"' ? skip_string(text, at) : at + 1;
    } while (depth > 0);
    span.end = at;
    *out_span = span;
    return STATUS_OK;
}

static enum status fold_member(struct deep_text *text, struct str member, struct buffer *folded)
{
    text->members[text->count].text = member;
    text->members[text->count].stand_in = NULL; /* the buffer may move yet */
    text->count++;
    return buffer_add(folded, member.bytes[0] == '[' ? STR("[]") : STR("{}"));
}

enum status deep_text_fold(struct arena *arena, struct str object, struct deep_text *out_text)
{
    struct buffer folded = buffer_in(arena);
    /* A member that is too deep has that many brackets at least. */
    size_t capacity = object.length / JSON_DEPTH_MAX + 1;
    struct deep_text text = {.members = arena_array(arena, struct deep_member, capacity)};
    size_t *places = arena_array(arena, size_t, capacity);
    TRY_NEW(text.members);
    TRY_NEW(places);
    size_t at = str_find(object, '{');
    at += at < object.length;
    TRY(buffer_add(&folded, str_slice(object, 0, at)));
    while (at < object.length) {
        struct span span = {.end = at + 1};
        if (object.bytes[at] == '"') {
            span.end = skip_string(object, at);
        } else if (is_open(object.bytes[at])) {
            TRY(measure(object, at, &span));
        }
        struct str part = str_slice(object, at, span.end - at);
        if (span.depth >= JSON_DEPTH_MAX) { /* the object around it counts too */
            places[text.count] = folded.length;
            TRY(fold_member(&text, part, &folded));
        } else {
            TRY(buffer_add(&folded, part));
        }
        at = span.end;
    }
    text.folded = buffer_text(&folded);
    for (size_t member = 0; member < text.count; member++) {
        text.members[member].stand_in = text.folded.bytes + places[member];
    }
    *out_text = text;
    return STATUS_OK;
}

struct str deep_text_member(const struct deep_text *text, struct str source)
{
    for (size_t at = 0; at < text->count; at++) {
        if (text->members[at].stand_in == source.bytes) {
            return text->members[at].text;
        }
    }
    return STR_NONE;
}
