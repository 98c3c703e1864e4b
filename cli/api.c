#include "cli/api.h"

#include "base/assert.h"
#include "base/limits.h"
#include "cli/connection.h"

#include <stdatomic.h>
#include <stdlib.h>

#define WAIT_MS 1000
#define TARGET "AWSStepFunctions."

struct api {
    struct str endpoint;
    struct poster *poster;
    atomic_bool cancelled;
};

static struct str environment(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == '\0' ? STR_NONE : str_of(value);
}

static struct str region_of(const struct context *context)
{
    struct str region = environment("AWS_REGION");
    if (region.bytes == NULL) {
        region = environment("AWS_DEFAULT_REGION");
    }
    return region.bytes != NULL ? region : settings_text(context->settings, OPTION_AWS_REGION);
}

enum exit_code api_open(struct context *context, struct str endpoint, struct api **out_api)
{
    const struct poster_config config = {
        .url = endpoint,
        .ca_file = settings_text(context->settings, OPTION_CLIENT_CA_FILE),
        .access_key_id = environment("AWS_ACCESS_KEY_ID"),
        .secret_access_key = environment("AWS_SECRET_ACCESS_KEY"),
        .session_token = environment("AWS_SESSION_TOKEN"),
        .region = region_of(context),
    };
    const char *problem;
    if (!poster_url_is_valid(endpoint, &problem)) {
        return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no endpoint: %s", STR_ARGS(endpoint), problem);
    }
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        return context_fail_memory(context);
    }
    api->endpoint = endpoint;
    if (poster_create(&config, &api->poster) != STATUS_OK) {
        free(api);
        return context_fail_memory(context);
    }
    *out_api = api;
    return EXIT_CODE_OK;
}

void api_close(struct api *api)
{
    poster_destroy(api->poster);
    free(api);
}

/* ---- Answers ---- */

static enum status read_end(struct arena *arena, struct str endpoint, const struct posted *posted, struct api_answer *answer)
{
    switch (posted->end) {
    case POSTER_ANSWERED:
        return STATUS_OK;
    case POSTER_UNREACHED:
        answer->code = EXIT_CODE_UNREACHABLE;
        return arena_format(arena, &answer->problem,
                            "%.*s can't be reached: %.*s; does a `pawl dev` or `pawl serve` listen there (gateway.listen), and "
                            "is it what --endpoint or client.endpoint should say?",
                            STR_ARGS(endpoint), STR_ARGS(posted->problem));
    case POSTER_BROKEN:
        answer->code = EXIT_CODE_NO_REPLY;
        return arena_format(arena, &answer->problem, "%.*s gave no answer: %.*s; what was asked for may still happen",
                            STR_ARGS(endpoint), STR_ARGS(posted->problem));
    case POSTER_TIMED_OUT:
        answer->code = EXIT_CODE_NO_REPLY;
        return arena_format(arena, &answer->problem,
                            "%.*s gave no answer in time: %.*s; what was asked for may still happen", STR_ARGS(endpoint),
                            STR_ARGS(posted->problem));
    }
    UNREACHABLE("end of a request");
}

/* "prefix#Name:more" → "Name". */
static struct str exception_name(struct str text)
{
    size_t hash = str_find(text, '#');
    text = hash < text.length ? str_from(text, hash + 1) : text;
    return str_slice(text, 0, str_find(text, ':'));
}

static struct str member(const struct value *object, const char *name)
{
    const struct value *value = object == NULL ? NULL : value_get(object, str_of(name));
    return value != NULL && value->type == VALUE_STRING ? value->string : STR_NONE;
}

static enum status read_refusal(struct api_answer *answer, const struct posted *posted, const struct value *body)
{
    struct str type = member(body, "__type");
    struct str message = member(body, "message");
    if (message.bytes == NULL) {
        message = member(body, "Message");
    }
    answer->error = exception_name(type.bytes != NULL ? type : posted->error_type);
    answer->message = message.bytes == NULL ? STR("") : message;
    return STATUS_OK;
}

enum status api_read(struct arena *arena, struct str endpoint, const struct posted *posted, struct api_answer *out_answer)
{
    struct api_answer answer = {.number = posted->number, .body = posted->body};
    const struct value *body = NULL;
    TRY(read_end(arena, endpoint, posted, &answer));
    if (posted->end != POSTER_ANSWERED) {
        *out_answer = answer;
        return STATUS_OK;
    }
    if (value_parse(arena, posted->body, &body, NULL) != STATUS_OK || body->type != VALUE_OBJECT) {
        body = NULL;
    }
    bool named = posted->error_type.length > 0 || member(body, "__type").bytes != NULL;
    if (posted->http_status == 200 && body != NULL) {
        answer.code = EXIT_CODE_OK;
    } else if (posted->http_status >= 400 && named) {
        TRY(read_refusal(&answer, posted, body));
    } else {
        bool busy = posted->http_status == 503;
        answer.code = busy ? EXIT_CODE_NO_REPLY : EXIT_CODE_FAILED;
        TRY(arena_format(arena, &answer.problem, "%.*s answered HTTP %ld (%.*s), and not as the AWS API does: %s",
                         STR_ARGS(endpoint), posted->http_status,
                         STR_ARGS(posted->content_type.length > 0 ? posted->content_type : STR("of no content type")),
                         busy ? "it is not there at the moment" : "is it the endpoint of another service?"));
    }
    *out_answer = answer;
    return STATUS_OK;
}

/* ---- Calls ---- */

enum status api_send(struct api *api, struct arena *arena, const struct api_call *call)
{
    struct post post = {.number = call->number, .body = call->body, .timeout_ms = call->timeout_ms};
    TRY(arena_concat(arena, STR(TARGET), call->operation, &post.target));
    return poster_send(api->poster, &post);
}

enum status api_next(struct api *api, struct arena *arena, int wait_ms, struct api_answer *out_answer)
{
    struct posted posted;
    TRY(poster_next(api->poster, arena, wait_ms, &posted));
    return api_read(arena, api->endpoint, &posted, out_answer);
}

enum status api_call(struct api *api, struct arena *arena, const struct api_call *call, struct api_answer *out_answer)
{
    enum status status = STATUS_END;
    TRY(api_send(api, arena, call));
    while (status == STATUS_END && !atomic_load(&api->cancelled)) {
        status = api_next(api, arena, WAIT_MS, out_answer);
    }
    return status;
}

void api_cancel(struct api *api)
{
    atomic_store(&api->cancelled, true);
    poster_wake(api->poster);
}

enum exit_code api_refusal_code(struct str error)
{
    bool unanswered = str_equal(error, STR("ServiceUnavailableException")) || str_equal(error, STR("ServiceUnavailable"));
    return unanswered ? EXIT_CODE_NO_REPLY : EXIT_CODE_REFUSED;
}

enum exit_code api_ask(struct context *context, struct arena *arena, const char *operation, struct str body,
                       const char *absent, const struct value **out_value)
{
    const struct api_call call = {
        .operation = str_of(operation),
        .body = body,
        .timeout_ms = settings_number(context->settings, OPTION_CLIENT_TIMEOUT_MS),
    };
    struct api_answer answer;
    *out_value = NULL;
    TRY_MEMORY(context, api_call(context->connection->api, arena, &call, &answer));
    if (answer.code != EXIT_CODE_OK) {
        return context_fail(context, answer.code, "%.*s", STR_ARGS(answer.problem));
    }
    if (answer.error.bytes == NULL) {
        TRY_MEMORY(context, value_parse(arena, answer.body, out_value, NULL));
        return EXIT_CODE_OK;
    }
    if (absent != NULL && str_equal(answer.error, str_of(absent))) {
        return EXIT_CODE_OK;
    }
    return context_fail(context, api_refusal_code(answer.error), "%.*s: %.*s", STR_ARGS(answer.error),
                        STR_ARGS(answer.message));
}
