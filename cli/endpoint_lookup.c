#include "cli/api.h"
#include "cli/connection.h"
#include "cli/shape.h"
#include "cli/side.h"
#include "gateway/answer.h"
#include "schemas/execution_statuses.h"

#include <time.h>

#define WAIT_MS_MIN 20   /* between the first two looks at whether an execution has ended; then half as long again, … */
#define WAIT_MS_MAX 1000 /* … but no longer than this */
#define POLL_ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* {"<name>":"<arn>"} to the operation. *out_value is NULL when the answer is the exception `absent`. */
static enum exit_code ask(struct context *context, struct arena *arena, const char *operation, const char *name, struct str arn,
                          const char *absent, const struct value **out_value)
{
    struct answer body;
    struct str text;
    TRY_MEMORY(context, answer_begin(arena, &body));
    TRY_MEMORY(context, answer_text(&body, name, arn));
    TRY_MEMORY(context, answer_end(&body, &text));
    return api_ask(context, arena, operation, text, absent, out_value);
}

static enum exit_code describe(struct context *context, struct arena *arena, struct str arn, const struct value **out_value)
{
    return ask(context, arena, "DescribeExecution", "executionArn", arn, "ExecutionDoesNotExist", out_value);
}

static enum exit_code read_status(struct context *context, const struct value *value, const struct execution_status **out_status)
{
    struct execution_status *status = arena_new(context->arena, struct execution_status);
    if (status == NULL) {
        return context_fail_memory(context);
    }
    record_init(RECORD_execution_status, status);
    TRY_MEMORY(context, shape_read(context->arena, value, RECORD_execution_status, status));
    *out_status = status;
    return EXIT_CODE_OK;
}

enum exit_code endpoint_lookup_execution(struct context *context, struct str arn, const struct execution_status **out_status)
{
    const struct value *value;
    *out_status = NULL;
    TRY_RUN(describe(context, context->arena, arn, &value));
    return value == NULL ? EXIT_CODE_OK : read_status(context, value, out_status);
}

/* ---- The end ---- */

/* *out_end is NULL while it runs. */
static enum exit_code look(struct context *context, struct arena *arena, struct str arn, const struct execution_status **out_end)
{
    const struct value *value;
    *out_end = NULL;
    TRY_RUN(describe(context, arena, arn, &value));
    if (value == NULL) {
        return context_fail(context, EXIT_CODE_REFUSED, "ExecutionDoesNotExist: Execution Does Not Exist: '%.*s'",
                            STR_ARGS(arn));
    }
    const struct value *status = value_get(value, STR("status"));
    bool runs = status != NULL && str_equal(status->string, execution_status_name(EXECUTION_STATUS_RUNNING));
    /* Once more, into the command's own arena. */
    return runs ? EXIT_CODE_OK : endpoint_lookup_execution(context, arn, out_end);
}

enum exit_code endpoint_lookup_end(struct context *context, struct str arn, int64_t incarnation,
                                   const struct execution_status **out_end)
{
    int64_t pause_ms = WAIT_MS_MIN;
    struct arena *arena = arena_create(POLL_ARENA_BYTES_MAX);
    enum exit_code code = EXIT_CODE_OK;
    (void)incarnation; /* the API does not tell incarnations */
    if (arena == NULL) {
        return context_fail_memory(context);
    }
    for (;;) {
        arena_reset(arena);
        code = look(context, arena, arn, out_end);
        if (code != EXIT_CODE_OK || *out_end != NULL) {
            break;
        }
        const struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000L};
        nanosleep(&pause, NULL);
        pause_ms = pause_ms * 3 / 2 > WAIT_MS_MAX ? WAIT_MS_MAX : pause_ms * 3 / 2;
    }
    arena_destroy(arena);
    return code;
}

enum exit_code endpoint_lookup_redrive_refusal(struct context *context, const struct execution_status *status,
                                               struct str *out_reason)
{
    const struct value *value;
    *out_reason = STR_NONE;
    TRY_RUN(describe(context, context->arena, status->execution_arn, &value));
    const struct value *reason = value == NULL ? NULL : value_get(value, STR("redriveStatusReason"));
    if (reason != NULL && reason->type == VALUE_STRING) {
        *out_reason = reason->string;
    }
    return EXIT_CODE_OK;
}

/* ---- State machines ---- */

enum exit_code endpoint_lookup_machine(struct context *context, struct str arn, const struct definition **out_head)
{
    const struct value *value;
    *out_head = NULL;
    TRY_RUN(ask(context, context->arena, "DescribeStateMachine", "stateMachineArn", arn, "StateMachineDoesNotExist", &value));
    if (value == NULL) {
        return EXIT_CODE_OK;
    }
    struct definition *head = arena_new(context->arena, struct definition);
    if (head == NULL) {
        return context_fail_memory(context);
    }
    record_init(RECORD_definition, head);
    head->update_date = RECORD_NONE; /* which the API does not tell */
    TRY_MEMORY(context, shape_read(context->arena, value, RECORD_definition, head));
    /* The API shows the revision's id once there was an update. */
    head->revision_number = head->revision_id.length > 0 ? 2 : 1;
    *out_head = head;
    return EXIT_CODE_OK;
}
