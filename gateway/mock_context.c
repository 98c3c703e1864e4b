#include "gateway/mock_context.h"

#include "asl/timestamp.h"
#include "base/env.h"
#include "gateway/mock.h"

/* Waits for somebody who has the token: only these have one in their context. */
static bool has_token(const struct tested_state *tested)
{
    const struct value *resource = value_get(tested->state, STR("Resource"));
    if (resource == NULL || resource->type != VALUE_STRING) {
        return false;
    }
    return str_find_str(resource->string, STR(".sync")) < resource->string.length ||
           str_ends_with(resource->string, STR(".waitForTaskToken"));
}

static enum status refuse(struct call *call, const char *what, struct str name, const char *rest, bool *out_refused)
{
    *out_refused = true;
    return call_refuse(call, STR("ValidationException"), "Invalid Context object provided: %s%.*s%s", what, STR_ARGS(name), rest);
}

static bool is_allowed(struct str key)
{
    return str_equal(key, STR("Execution")) || str_equal(key, STR("State")) || str_equal(key, STR("StateMachine")) ||
           str_equal(key, STR("Task"));
}

/* The members of Execution, State and so on that must be texts. */
static enum status check_texts(struct call *call, struct str name, const struct value *object, bool *out_refused)
{
    static const struct str texts[] = {
        STR_INIT("Id"), STR_INIT("Name"), STR_INIT("RoleArn"), STR_INIT("StartTime"), STR_INIT("EnteredTime"), STR_INIT("Token"),
    };
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        const struct value *member = value_get(object, texts[at]);
        if (member != NULL && member->type != VALUE_STRING) {
            struct str path;
            TRY(arena_format(call->arena, &path, "%.*s.%.*s", STR_ARGS(name), STR_ARGS(texts[at])));
            return refuse(call, "", path, " must be a string", out_refused);
        }
    }
    return STATUS_OK;
}

static enum status check(struct call *call, const struct tested_state *tested, const struct value *context, bool *out_refused)
{
    if (context->type != VALUE_OBJECT) {
        return refuse(call, "", STR(""), "Context must be a JSON object", out_refused);
    }
    for (uint32_t at = 0; at < context->count && !*out_refused; at++) {
        struct str key = context->members[at].key;
        if (str_equal(key, STR("Map"))) {
            return refuse(call, "", STR(""), "'Map' field is not supported when mocking a Context object", out_refused);
        }
        if (!is_allowed(key)) {
            return refuse(call, "Field '", key, "' is not allowed", out_refused);
        }
        if (str_equal(key, STR("Task")) && !has_token(tested)) {
            return refuse(call, "", STR(""),
                          "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
                          "service integration pattern",
                          out_refused);
        }
        TRY(check_texts(call, key, context->members[at].value, out_refused));
    }
    return STATUS_OK;
}

/* ---- As AWS makes it ---- */

static enum status write_id(struct call *call, struct buffer *text)
{
    uint8_t chance[16];
    char uuid[UUID_CHARACTERS + 1];
    bus_random(call->gateway->bus, chance, sizeof chance);
    env_uuid_format(chance, 4, uuid);
    return buffer_add(text, (struct str){uuid, UUID_CHARACTERS});
}

static bool counts_retries(struct str type)
{
    return str_equal(type, STR("Task")) || str_equal(type, STR("Map")) || str_equal(type, STR("Parallel"));
}

static enum status write(struct call *call, const struct tested_state *tested, struct str input, struct buffer *text)
{
    const struct step_config *config = &call->gateway->config.step;
    struct buffer machine = buffer_in(call->arena);
    struct buffer execution = buffer_in(call->arena);
    struct str role = call_text(call, "roleArn");
    const struct value *retries = mock_configuration(call, STR("retrierRetryCount"));
    int64_t retry_count = 0;
    char now[TIMESTAMP_TEXT_BYTES];
    timestamp_format_ms(call->now_ms, now);
    TRY(write_id(call, &machine));
    TRY(write_id(call, &execution));
    TRY(buffer_format(text, "{\"Execution\":{\"Id\":\"arn:aws:states:%.*s:%.*s:express:%.*s:%.*s\",\"Input\":", STR_ARGS(config->region),
                      STR_ARGS(config->account), STR_ARGS(buffer_text(&machine)), STR_ARGS(buffer_text(&execution))));
    TRY(buffer_add(text, input));
    TRY(buffer_format(text, ",\"StartTime\":\"%s\",\"Name\":\"%.*s\",\"RoleArn\":", now, STR_ARGS(buffer_text(&execution))));
    TRY(role.bytes == NULL ? buffer_add(text, STR("null")) : value_write_string(text, role));
    TRY(buffer_format(text, "},\"StateMachine\":{\"Id\":\"arn:aws:states:%.*s:%.*s:stateMachine:%.*s\",\"Name\":\"%.*s\"}",
                      STR_ARGS(config->region), STR_ARGS(config->account), STR_ARGS(buffer_text(&machine)),
                      STR_ARGS(buffer_text(&machine))));
    TRY(buffer_format(text, ",\"State\":{\"Name\":\"StateName\",\"EnteredTime\":\"%s\"", now));
    if (counts_retries(tested->type)) {
        if (retries != NULL && !value_to_int64(retries, &retry_count)) {
            retry_count = 0;
        }
        TRY(buffer_format(text, ",\"RetryCount\":%lld", (long long)retry_count));
    }
    TRY(buffer_add_byte(text, '}'));
    if (has_token(tested)) {
        TRY(buffer_add(text, STR(",\"Task\":{\"Token\":\"")));
        TRY(write_id(call, text));
        TRY(buffer_add(text, STR("\"}")));
    }
    return buffer_add_byte(text, '}');
}

enum status mock_context_read(struct call *call, const struct tested_state *tested, struct str input,
                              const struct value **out_context, bool *out_refused)
{
    struct str given = call_text(call, "context");
    struct buffer text = buffer_in(call->arena);
    *out_refused = false;
    if (given.bytes == NULL) {
        TRY(write(call, tested, input, &text));
        given = buffer_text(&text);
        return value_parse(call->arena, given, out_context, NULL);
    }
    enum status status = value_parse(call->arena, given, out_context, NULL);
    if (status == STATUS_INVALID) {
        return refuse(call, "", STR(""), "Context must be valid JSON", out_refused);
    }
    TRY(status);
    return check(call, tested, *out_context, out_refused);
}
