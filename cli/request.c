#include "cli/request.h"

#include "cli/api.h"
#include "cli/side.h"

enum exit_code request_open(struct context *context, struct request *out_request)
{
    return context->side->request_open(context, out_request);
}

void request_close(struct context *context, struct request *request)
{
    context->side->request_close(request);
}

enum exit_code request_post(struct context *context, struct request *request, enum record_id record, const void *command,
                            struct str key)
{
    return context->side->request_post(context, request, record, command, key);
}

enum exit_code request_flush(struct context *context, struct request *request)
{
    return context->side->request_flush(context, request);
}

enum exit_code request_next(struct context *context, struct request *request, struct arena *arena, int timeout_ms,
                            struct reply *out_reply, bool *out_more)
{
    return context->side->request_next(context, request, arena, timeout_ms, out_reply, out_more);
}

enum exit_code request_send(struct context *context, struct request *request, enum record_id record, const void *command,
                            struct str key, struct reply *out_reply)
{
    int64_t timeout_ms = settings_number(context->settings, OPTION_CLIENT_TIMEOUT_MS);
    bool more;
    TRY_RUN(request_post(context, request, record, command, key));
    TRY_RUN(request_flush(context, request));
    TRY_RUN(request_next(context, request, context->arena, (int)timeout_ms, out_reply, &more));
    return more ? EXIT_CODE_OK : request_unanswered(context);
}

enum exit_code request_unanswered(struct context *context)
{
    return context_fail(context, EXIT_CODE_NO_REPLY,
                        "no answer within %lld ms: is a processor running? What was asked for may still happen",
                        (long long)settings_number(context->settings, OPTION_CLIENT_TIMEOUT_MS));
}

enum exit_code request_refusal(struct context *context, const struct reply *reply)
{
    return context_fail(context, api_refusal_code(reply->error), "%.*s: %.*s", STR_ARGS(reply->error),
                        STR_ARGS(reply->message));
}
