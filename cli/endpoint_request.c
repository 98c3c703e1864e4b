#include "asl/arn.h"
#include "base/clock.h"
#include "base/env.h"
#include "base/limits.h"
#include "cli/api.h"
#include "cli/request.h"
#include "cli/shape.h"
#include "cli/side.h"

#include <inttypes.h>
#include <sys/random.h>

#define WINDOW (POSTER_CONNECTIONS_MAX * 2) /* some wait for a connection, so that none of them is idle */

static void make_uuid(char out_uuid[UUID_CHARACTERS + 1])
{
    uint8_t chance[16] = {0};
    if (getrandom(chance, sizeof chance, 0) != sizeof chance) {
        memset(chance, 0, sizeof chance); /* never: it is short, and interrupted only while the system starts */
    }
    env_uuid_format(chance, 4, out_uuid);
}

enum exit_code endpoint_request_open(struct context *context, struct request *out_request)
{
    (void)context;
    *out_request = (struct request){.window = WINDOW};
    make_uuid(out_request->correlation_id);
    return EXIT_CODE_OK;
}

void endpoint_request_close(struct request *request)
{
    (void)request;
}

/* What the API wants and the topics do not. A start has its name from here, a redrive its token: sent twice, as when a connection
 * that was kept turns out to be closed, they act once. */
static enum status complete(struct context *context, struct arena *arena, enum record_id record, void *command)
{
    char uuid[UUID_CHARACTERS + 1];
    make_uuid(uuid);
    if (record == RECORD_start_execution) {
        struct start_execution *start = command;
        return start->name.bytes == NULL ? arena_copy(arena, str_of(uuid), &start->name) : STATUS_OK;
    }
    if (record == RECORD_redrive_execution) {
        struct redrive_execution *redrive = command;
        return redrive->client_token.bytes == NULL ? arena_copy(arena, str_of(uuid), &redrive->client_token) : STATUS_OK;
    }
    if (record == RECORD_create_state_machine) {
        struct create_state_machine *create = command;
        if (create->role_arn.bytes == NULL) {
            return arena_format(arena, &create->role_arn, "arn:aws:iam::%.*s:role/pawl",
                                STR_ARGS(settings_text(context->settings, OPTION_AWS_ACCOUNT)));
        }
    }
    return STATUS_OK;
}

/* The number that follows the request's own correlation id in the command's, or 0: how start_each tells its answers apart. */
static uint64_t number_of(const struct request *request, struct str correlation_id)
{
    uint64_t number = 0;
    struct str own = {request->correlation_id, UUID_CHARACTERS};
    if (!str_starts_with(correlation_id, own)) {
        return 0;
    }
    for (size_t at = UUID_CHARACTERS + 1; at < correlation_id.length; at++) {
        number = number * 10 + (uint64_t)(correlation_id.bytes[at] - '0');
    }
    return number;
}

static struct str correlation_of(enum record_id record, const void *command)
{
    const struct record_type *type = &record_types[record];
    for (uint32_t at = 0; at < type->field_count; at++) {
        if (str_equal(type->fields[at].name, STR("correlationId"))) {
            return *(const struct str *)(const void *)((const char *)command + type->fields[at].offset);
        }
    }
    return STR_NONE;
}

/* ---- Sending ---- */

static enum exit_code send(struct context *context, struct arena *arena, struct request *request, enum record_id record,
                           const void *command)
{
    const struct record_type *type = &record_types[record];
    struct api_call call = {
        .number = number_of(request, correlation_of(record, command)),
        .operation = type->name,
        .timeout_ms = settings_number(context->settings, OPTION_CLIENT_TIMEOUT_MS),
    };
    void *complete_command = arena_allocate(arena, type->size);
    if (complete_command == NULL) {
        return context_fail_memory(context);
    }
    memcpy(complete_command, command, type->size);
    TRY_MEMORY(context, complete(context, arena, record, complete_command));
    TRY_MEMORY(context, shape_write(arena, record, complete_command, &call.body));
    TRY_MEMORY(context, api_send(context->connection->api, arena, &call));
    return EXIT_CODE_OK;
}

enum exit_code endpoint_request_post(struct context *context, struct request *request, enum record_id record,
                                     const void *command, struct str key)
{
    (void)key;
    struct arena *arena = arena_create(STEP_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return context_fail_memory(context);
    }
    enum exit_code code = send(context, arena, request, record, command);
    arena_destroy(arena);
    return code;
}

enum exit_code endpoint_request_flush(struct context *context, struct request *request)
{
    (void)context, (void)request;
    return EXIT_CODE_OK;
}

/* ---- Answers ---- */

static enum status make_reply(struct arena *arena, const struct request *request, const struct api_answer *answer,
                              struct reply *out_reply)
{
    record_init(RECORD_reply, out_reply);
    out_reply->error = answer->error;
    out_reply->message = answer->message;
    out_reply->data = answer->error.bytes == NULL ? answer->body : STR_NONE;
    if (answer->number == 0) {
        return arena_copy(arena, str_of(request->correlation_id), &out_reply->correlation_id);
    }
    return arena_format(arena, &out_reply->correlation_id, "%s-%" PRIu64, request->correlation_id, answer->number);
}

enum exit_code endpoint_request_next(struct context *context, struct request *request, struct arena *arena, int timeout_ms,
                                     struct reply *out_reply, bool *out_more)
{
    struct api_answer answer;
    int64_t until_ms = clock_ms() + timeout_ms;
    enum status status;
    do { /* each look ends with whatever happens on a connection */
        int64_t left_ms = until_ms - clock_ms();
        status = api_next(context->connection->api, arena, left_ms > 0 ? (int)left_ms : 0, &answer);
    } while (status == STATUS_END && clock_ms() < until_ms);
    *out_more = status == STATUS_OK;
    if (status == STATUS_END) {
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context, status);
    if (answer.code != EXIT_CODE_OK) {
        return context_fail(context, answer.code, "%.*s", STR_ARGS(answer.problem));
    }
    TRY_MEMORY(context, make_reply(arena, request, &answer, out_reply));
    return EXIT_CODE_OK;
}
