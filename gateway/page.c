#include "gateway/page.h"

#include "base/hash.h"
#include "base/limits.h"

#define VERSION 1
#define DIGEST_BYTES 16
#define HOUR_MS (3600LL * 1000)

struct page_token {
    char version;
    char expiry_ms[8];
    char digest[DIGEST_BYTES];
    char position[];
};

static void put_time(char bytes[8], int64_t time_ms)
{
    for (int at = 0; at < 8; at++) {
        bytes[at] = (char)((uint64_t)time_ms >> (8 * (7 - at)));
    }
}

static int64_t get_time(const char bytes[8])
{
    uint64_t time_ms = 0;
    for (int at = 0; at < 8; at++) {
        time_ms = time_ms << 8 | (unsigned char)bytes[at];
    }
    return (int64_t)time_ms;
}

/* The query: the operation and every member of the request but those that choose the page. */
static enum status query_text(const struct call *call, struct str *out_text)
{
    const struct shape *shape = &shapes[call->operation->input];
    struct buffer text = buffer_in(call->arena);
    TRY(buffer_format(&text, "%.*s", STR_ARGS(call->operation->name)));
    for (uint32_t at = 0; at < shape->member_count; at++) {
        struct str name = shape->members[at].name;
        const struct value *value = value_get(call->request, name);
        if (value != NULL && value->type != VALUE_NULL && !str_equal(name, STR("nextToken")) &&
            !str_equal(name, STR("maxResults"))) {
            TRY(buffer_format(&text, "\n%.*s=", STR_ARGS(name)));
            TRY(value_write(&text, value));
        }
    }
    *out_text = buffer_text(&text);
    return STATUS_OK;
}

static enum status digest_of(const struct call *call, const struct page_token *token, struct str position,
                             char out_digest[DIGEST_BYTES])
{
    uint8_t digest[SHA256_BYTES];
    struct str query;
    TRY(query_text(call, &query));
    const struct str parts[] = {
        STR("pawl page\n"), bus_cluster_id(call->gateway->bus), {token->expiry_ms, 8}, position, STR("\n"), query,
    };
    hash_sha256(parts, sizeof parts / sizeof *parts, digest);
    memcpy(out_digest, digest, DIGEST_BYTES);
    return STATUS_OK;
}

static enum status token_read(const struct call *call, struct str text, struct str *out_position)
{
    struct str bytes;
    char digest[DIGEST_BYTES];
    TRY(hash_base64url_decode(call->arena, text, &bytes));
    if (bytes.length < sizeof(struct page_token)) {
        return STATUS_INVALID;
    }
    const struct page_token *token = (const struct page_token *)bytes.bytes;
    struct str position = str_from(bytes, sizeof(struct page_token));
    TRY(digest_of(call, token, position, digest));
    if (token->version != VERSION || memcmp(digest, token->digest, sizeof digest) != 0 ||
        get_time(token->expiry_ms) < call->now_ms) {
        return STATUS_INVALID;
    }
    *out_position = position;
    return STATUS_OK;
}

static enum status token_write(const struct call *call, struct str position, struct str *out_text)
{
    size_t length = sizeof(struct page_token) + position.length;
    struct page_token *token = arena_allocate(call->arena, length);
    TRY_NEW(token);
    token->version = VERSION;
    put_time(token->expiry_ms, call->now_ms + GATEWAY_PAGE_TOKEN_HOURS * HOUR_MS);
    memcpy(token->position, position.bytes, position.length);
    TRY(digest_of(call, token, position, token->digest));
    return hash_base64url_encode(call->arena, (struct str){(const char *)token, length}, out_text);
}

enum status page_begin(struct call *call, struct page *out_page, bool *out_refused)
{
    int64_t results_max = call_number(call, "maxResults");
    struct str token = call_text(call, "nextToken");
    *out_refused = false;
    *out_page = (struct page){
        .call = call,
        .results_max = results_max == RECORD_NONE || results_max == 0 ? PAGE_RESULTS_DEFAULT : results_max,
        .items = buffer_in(call->arena),
    };
    if (token.bytes == NULL) {
        return STATUS_OK;
    }
    enum status status = token_read(call, token, &out_page->position);
    if (status == STATUS_INVALID) {
        *out_refused = true;
        return call_refuse(call, STR("InvalidToken"), "Invalid Token: 'Invalid token'");
    }
    return status;
}

bool page_has_room(struct page *page)
{
    page->full = page->count >= page->results_max || page->items.length >= GATEWAY_PAGE_BYTES_MAX;
    return !page->full;
}

enum status page_item_begin(struct page *page)
{
    return page->count == 0 ? STATUS_OK : buffer_add_byte(&page->items, ',');
}

enum status page_item_end(struct page *page, struct str position)
{
    page->count += 1;
    return arena_copy(page->call->arena, position, &page->last);
}

enum status page_skip(struct page *page, struct str position)
{
    page->full = true;
    TRY(arena_copy(page->call->arena, position, &page->last));
    return STATUS_END;
}

enum status page_answer(struct page *page, const char *name)
{
    struct str token;
    struct buffer answer = buffer_in(page->call->arena);
    TRY(buffer_format(&answer, "{\"%s\":[", name));
    TRY(buffer_add(&answer, buffer_text(&page->items)));
    TRY(buffer_add_byte(&answer, ']'));
    if (page->full && page->last.bytes != NULL) {
        TRY(token_write(page->call, page->last, &token));
        TRY(buffer_format(&answer, ",\"nextToken\":\"%.*s\"", STR_ARGS(token)));
    }
    TRY(buffer_add_byte(&answer, '}'));
    return call_answer(page->call, buffer_text(&answer));
}
