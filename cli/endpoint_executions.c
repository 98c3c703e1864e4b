#include "cli/api.h"
#include "cli/connection.h"
#include "cli/executions.h"
#include "cli/shape.h"
#include "cli/side.h"
#include "gateway/answer.h"

#define PAGE_MAX 1000

/* One list of the API, page by page. */
struct pages {
    const char *operation;
    const char *member; /* of the answer: the items */
    struct str machine_arn; /* STR_NONE: the operation takes none */
    struct str status;      /* STR_NONE: any */
    struct str token;       /* of the next page; STR_NONE: the first, or there is none */
};

static enum status write_query(struct arena *arena, const struct pages *pages, struct str *out_body)
{
    struct answer body;
    TRY(answer_begin(arena, &body));
    TRY(answer_text(&body, "stateMachineArn", pages->machine_arn));
    TRY(answer_text(&body, "statusFilter", pages->status));
    TRY(answer_number(&body, "maxResults", PAGE_MAX));
    TRY(answer_text(&body, "nextToken", pages->token));
    return answer_end(&body, out_body);
}

/* The next page's items; NULL: the machine can't be listed (it is an Express one, or has just gone). */
static enum exit_code read_page(struct context *context, struct pages *pages, const char *absent, const struct value **out_items)
{
    const struct value *page;
    struct str body;
    TRY_MEMORY(context, write_query(context->arena, pages, &body));
    TRY_RUN(api_ask(context, context->arena, pages->operation, body, absent, &page));
    const struct value *token = page == NULL ? NULL : value_get(page, STR("nextToken"));
    pages->token = token != NULL && token->type == VALUE_STRING ? token->string : STR_NONE;
    *out_items = page == NULL ? NULL : value_get(page, str_of(pages->member));
    return EXIT_CODE_OK;
}

/* What is found, as it grows. */
struct finding {
    struct context *context;
    const struct executions_filter *filter;
    struct executions executions;
    size_t capacity;
    bool cut; /* some were not asked for */
};

static enum exit_code keep(struct finding *finding, const struct value *item)
{
    struct context *context = finding->context;
    struct executions *executions = &finding->executions;
    struct execution_status *status = arena_new(context->arena, struct execution_status);
    if (status != NULL && executions->count == finding->capacity) {
        size_t capacity = finding->capacity == 0 ? 256 : finding->capacity * 2;
        const struct execution_status **items = arena_array(context->arena, const struct execution_status *, capacity);
        for (size_t at = 0; items != NULL && at < executions->count; at++) {
            items[at] = executions->items[at];
        }
        executions->items = items;
        finding->capacity = capacity;
    }
    if (status == NULL || executions->items == NULL) {
        return context_fail_memory(context);
    }
    record_init(RECORD_execution_status, status);
    TRY_MEMORY(context, shape_read(context->arena, item, RECORD_execution_status, status));
    executions->items[executions->count++] = status;
    return EXIT_CODE_OK;
}

/* The executions of one machine, the latest first: no more than are wanted of all. */
static enum exit_code find_of(struct finding *finding, struct str machine_arn, const char *absent)
{
    struct pages pages = {.operation = "ListExecutions", .member = "executions", .machine_arn = machine_arn};
    int64_t count = 0;
    int64_t max = finding->filter->max;
    pages.status = finding->filter->status;
    do {
        const struct value *items;
        TRY_RUN(read_page(finding->context, &pages, absent, &items));
        for (size_t at = 0; value_item(items, at) != NULL; at++) {
            TRY_RUN(keep(finding, value_item(items, at)));
            count++;
        }
    } while (pages.token.bytes != NULL && (max == 0 || count < max));
    finding->cut = finding->cut || pages.token.bytes != NULL;
    return EXIT_CODE_OK;
}

static enum exit_code find_of_all(struct finding *finding)
{
    struct pages pages = {.operation = "ListStateMachines", .member = "stateMachines"};
    do {
        const struct value *items;
        TRY_RUN(read_page(finding->context, &pages, NULL, &items));
        for (size_t at = 0; value_item(items, at) != NULL; at++) {
            const struct value *arn = value_get(value_item(items, at), STR("stateMachineArn"));
            const struct value *type = value_get(value_item(items, at), STR("type"));
            bool standard = type != NULL && str_equal(type->string, STR("STANDARD")); /* others can't be listed */
            if (standard && arn != NULL && arn->type == VALUE_STRING) {
                TRY_RUN(find_of(finding, arn->string, "StateMachineDoesNotExist"));
            }
        }
    } while (pages.token.bytes != NULL);
    return EXIT_CODE_OK;
}

enum exit_code endpoint_executions_find(struct context *context, const struct executions_filter *filter,
                                        struct executions *out_executions)
{
    struct finding finding = {.context = context, .filter = filter};
    if (filter->machine_arn.bytes != NULL) {
        TRY_RUN(find_of(&finding, filter->machine_arn, NULL));
    } else {
        TRY_RUN(find_of_all(&finding));
    }
    executions_arrange(&finding.executions, filter->max);
    if (finding.cut) {
        finding.executions.left = EXECUTIONS_LEFT_UNKNOWN;
    }
    *out_executions = finding.executions;
    return EXIT_CODE_OK;
}
