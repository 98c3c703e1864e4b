#include "cli/api.h"
#include "cli/chronicle.h"
#include "cli/shape.h"
#include "cli/side.h"
#include "gateway/answer.h"

#include <time.h>

#define PAGE_MAX 1000
#define PAGE_ARENA_BYTES_MAX ((size_t)256 * 1024 * 1024)

static enum status write_query(const struct chronicle *chronicle, struct str *out_body)
{
    struct answer body;
    TRY(answer_begin(chronicle->page.arena, &body));
    TRY(answer_text(&body, "executionArn", chronicle->arn));
    TRY(answer_number(&body, "maxResults", PAGE_MAX));
    TRY(answer_text(&body, "nextToken", chronicle->page.token));
    return answer_end(&body, out_body);
}

/* Keeps those of the page that are new. */
static enum exit_code keep_items(struct context *context, struct chronicle *chronicle, const struct value *items)
{
    for (size_t at = 0; value_item(items, at) != NULL; at++) {
        struct history_event *event = arena_new(context->arena, struct history_event);
        struct str text;
        const struct value *own;
        if (event == NULL) {
            return context_fail_memory(context);
        }
        /* The page goes with its arena; the event is read from a copy of its text. */
        TRY_MEMORY(context, value_to_text(context->arena, value_item(items, at), &text));
        TRY_MEMORY(context, value_parse(context->arena, text, &own, NULL));
        TRY_MEMORY(context, shape_read_event(context->arena, own, event));
        if (event->id > chronicle->page.last_id) {
            chronicle->incarnation = event->id == 1 ? event->timestamp : chronicle->incarnation;
            event->incarnation = chronicle->incarnation; /* to the millisecond, which is what the API tells */
            chronicle->page.last_id = event->id;
            TRY_RUN(chronicle_keep(context, chronicle, event));
        }
    }
    return EXIT_CODE_OK;
}

/* Reads on, from the page that was the last one before: it may have grown. */
static enum exit_code read_on(struct context *context, struct chronicle *chronicle)
{
    for (;;) {
        const struct value *page;
        struct str body;
        arena_reset(chronicle->page.arena);
        TRY_MEMORY(context, write_query(chronicle, &body));
        /* Tokens expire. */
        const char *absent = chronicle->page.token.bytes == NULL ? "ExecutionDoesNotExist" : "InvalidToken";
        TRY_RUN(api_ask(context, chronicle->page.arena, "GetExecutionHistory", body, absent, &page));
        if (page == NULL && chronicle->page.token.bytes != NULL) {
            chronicle->page.token = STR_NONE;
            continue;
        }
        TRY_RUN(keep_items(context, chronicle, page == NULL ? NULL : value_get(page, STR("events"))));
        const struct value *token = page == NULL ? NULL : value_get(page, STR("nextToken"));
        if (token == NULL || token->type != VALUE_STRING) {
            return EXIT_CODE_OK;
        }
        TRY_MEMORY(context, arena_copy(context->arena, token->string, &chronicle->page.token));
    }
}

enum exit_code endpoint_chronicle_open(struct context *context, struct str arn, struct chronicle *out_chronicle)
{
    struct chronicle chronicle = {.arn = arn};
    chronicle.page.arena = arena_create(PAGE_ARENA_BYTES_MAX);
    if (chronicle.page.arena == NULL) {
        return context_fail_memory(context);
    }
    enum exit_code code = read_on(context, &chronicle);
    if (code != EXIT_CODE_OK) {
        endpoint_chronicle_close(&chronicle);
        return code;
    }
    *out_chronicle = chronicle;
    return EXIT_CODE_OK;
}

void endpoint_chronicle_close(struct chronicle *chronicle)
{
    arena_destroy(chronicle->page.arena);
}

/* What was read beyond the chronicle's count lies in it already: the follower walks it. */
enum exit_code endpoint_chronicle_follow(struct context *context, struct chronicle *chronicle, int timeout_ms,
                                         const struct history_event **out_event)
{
    const struct timespec pause = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};
    size_t count = chronicle->count;
    *out_event = NULL;
    TRY_RUN(read_on(context, chronicle));
    if (chronicle->count == count) {
        nanosleep(&pause, NULL);
    }
    return EXIT_CODE_OK;
}
