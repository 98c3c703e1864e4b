/* The states without machines inside: Pass, Task, Wait, Succeed, Fail. */
#include "asl/parse.h"

#include "asl/route.h"
#include "asl/timestamp.h"
#include "base/limits.h"

enum status parse_pass(struct parse_context *context)
{
    /* Result is no template: a key "a.$" in it stays as it is. */
    context->state->result = value_get(context->object, STR("Result"));
    return parse_static_result(context);
}

enum status parse_succeed(struct parse_context *context)
{
    context->state->next = STATE_NONE;
    return STATUS_OK;
}

/* The functions that ErrorPath and CausePath may call (ASL.md, section 4.5). */
static const char *const fail_functions[] = {"States.Format",       "States.JsonToString", "States.ArrayGetItem", "States.Base64Encode",
                                             "States.Base64Decode", "States.Hash",         "States.UUID"};

static enum status check_fail_function(const struct parse_context *context, struct str key, const struct expression *expression)
{
    if (expression == NULL || expression->kind != EXPRESSION_INTRINSIC) {
        return STATUS_OK;
    }
    for (size_t at = 0; at < sizeof fail_functions / sizeof fail_functions[0]; at++) {
        if (str_equal(intrinsic_name(expression->intrinsic), str_of(fail_functions[at]))) {
            return STATUS_OK;
        }
    }
    return PARSE_PROBLEM(context, key, value_get(context->object, key), "The intrinsic function %.*s is not supported here",
                         STR_ARGS(intrinsic_name(expression->intrinsic)));
}

enum status parse_fail(struct parse_context *context)
{
    struct state_fail *fail = &context->state->fail;
    TRY(parse_text(context, STR("Error"), true, &fail->error));
    TRY(parse_text(context, STR("Cause"), true, &fail->cause));
    TRY(check_fail_function(context, STR("ErrorPath"), fail->error));
    return check_fail_function(context, STR("CausePath"), fail->cause);
}

static bool is_constant_text(const struct expression *expression)
{
    return expression != NULL && expression->kind == EXPRESSION_CONSTANT;
}

enum status parse_wait(struct parse_context *context)
{
    struct state_wait *wait = &context->state->wait;
    TRY(parse_number(context, STR("Seconds"), (struct parse_range){0, SECONDS_MAX}, &wait->seconds));
    TRY(parse_text(context, STR("Timestamp"), false, &wait->timestamp));
    static const char *const forms[] = {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"};
    int count = 0;
    for (size_t at = 0; at < sizeof forms / sizeof forms[0]; at++) {
        count += value_get(context->object, str_of(forms[at])) != NULL;
    }
    if (count != 1) {
        return PARSE_PROBLEM(context, STR_NONE, context->object,
                             "Exactly one of these fields is required: [Seconds, SecondsPath, Timestamp, TimestampPath]");
    }
    struct timestamp timestamp;
    if (is_constant_text(wait->timestamp) && !timestamp_parse(wait->timestamp->constant->string, &timestamp)) {
        return PARSE_PROBLEM(context, STR("Timestamp"), wait->timestamp->constant, "String does not match RFC3339 timestamp");
    }
    return STATUS_OK;
}

/* The FunctionName of lambda:invoke when it is constant: it names the route. */
static struct str constant_function(const struct parse_context *context, const struct resource *resource)
{
    if (resource->kind != RESOURCE_INTEGRATION || !str_equal(resource->service, STR("lambda"))) {
        return STR_NONE;
    }
    const struct value *parameters = value_get(context->object, context->state->jsonata ? STR("Arguments") : STR("Parameters"));
    const struct value *function = value_get(parameters, STR("FunctionName"));
    if (function == NULL || function->type != VALUE_STRING ||
        (context->state->jsonata && expression_is_jsonata(function->string))) {
        return STR_NONE;
    }
    return function->string;
}

static enum status add_route(struct parser *parser, struct str route)
{
    if (name_table_find(&parser->route_names, 0, route) != NULL) {
        return STATUS_OK;
    }
    TRY(name_table_add(parser->arena, &parser->route_names, (struct name_entry){.name = route}));
    if (parser->route_count == parser->route_capacity) {
        uint32_t capacity = parser->route_capacity == 0 ? 8 : parser->route_capacity * 2;
        struct str *routes = arena_array(parser->arena, struct str, capacity);
        TRY_NEW(routes);
        if (parser->route_count > 0) {
            memcpy(routes, parser->routes, parser->route_count * sizeof *routes);
        }
        parser->routes = routes;
        parser->route_capacity = capacity;
    }
    parser->routes[parser->route_count++] = route;
    return STATUS_OK;
}

static enum status hint_resource(const struct parse_context *context, const struct state_task *task)
{
    struct resource resource;
    struct parser *parser = context->parser;
    if (!str_starts_with(task->resource_text, STR("arn:"))) {
        return parse_hint(parser, "it is an ARN, like arn:aws:states:::lambda:invoke");
    }
    if (resource_parse(task->resource_text, &resource) != STATUS_OK || resource.kind != RESOURCE_INTEGRATION) {
        return STATUS_OK;
    }
    if (str_starts_with(resource.service, STR("aws-sdk:"))) {
        return parse_hint(parser, "aws-sdk actions begin in lower case, and have no .sync");
    }
    size_t dot = str_find(resource.action, '.');
    struct str name;
    TRY(arena_format(parser->arena, &name, "%.*s:%.*s", STR_ARGS(resource.service), (int)dot, resource.action.bytes));
    struct nearest nearest = nearest_begin(name);
    resource_try_names(&nearest);
    if (nearest.distance == 0 && dot < resource.action.length) {
        return parse_hint(parser, "%.*s has no '%.*s'", STR_ARGS(name), STR_ARGS(str_from(resource.action, dot)));
    }
    return nearest.best.length > 0 ? parse_hint_name(parser, &nearest)
                                   : parse_hint(parser, "is it arn:aws:states:::aws-sdk:%.*s?", STR_ARGS(name));
}

static enum status parse_resource(struct parse_context *context)
{
    struct str key = STR("Resource");
    struct state_task *task = &context->state->task;
    const struct value *value = value_get(context->object, key);
    if (value == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "These fields are required: [Resource]");
    }
    TRY(parse_string(context, context->object, key, &task->resource_text));
    if (task->resource_text.bytes == NULL) {
        return STATUS_OK;
    }
    if (resource_parse(task->resource_text, &task->resource) != STATUS_OK || !resource_is_known(&task->resource)) {
        TRY(PARSE_PROBLEM(context, key, value,
                          "The resource provided %.*s is not recognized. The value is not a valid resource ARN, or the resource is "
                          "not available in this region.",
                          STR_ARGS(task->resource_text)));
        return hint_resource(context, task);
    }
    if (context->parser->type == MACHINE_EXPRESS) {
        if (task->resource.kind == RESOURCE_ACTIVITY) {
            return PARSE_PROBLEM(context, key, value, "Express state machine does not support Activity ARN");
        }
        if (task->resource.pattern == RESOURCE_SYNC) {
            return PARSE_PROBLEM(context, key, value, "Express state machine does not support '.sync' service integration");
        }
        if (task->resource.pattern == RESOURCE_WAIT_FOR_TASK_TOKEN) {
            /* AWS's text ends in a blank. */
            return PARSE_PROBLEM(context, key, value, "Express state machine does not support '.waitForTaskToken' service integration ");
        }
    }
    struct str configured = route_table_find(context->parser->route_table, task->resource_text);
    if (configured.length > 0) {
        TRY(arena_copy(context->parser->arena, configured, &task->route));
    } else {
        TRY(route_of(context->parser->arena, task->resource_text, constant_function(context, &task->resource), &task->route));
    }
    return add_route(context->parser, task->route);
}

static enum status parse_credentials(struct parse_context *context)
{
    struct str key = STR("Credentials");
    const struct value *value = value_get(context->object, key);
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type Object");
    }
    const struct value *role = value_get(value, STR("RoleArn"));
    if (role != NULL && role->type != VALUE_STRING) {
        const struct parse_place place = {.parent = &context->place, .key = key};
        return parse_finding(context->parser, &place, STR("RoleArn"), role, PARSE_CODE_SCHEMA, "Expected value of type String");
    }
    if (role == NULL && (context->state->jsonata || value_get(value, STR("RoleArn.$")) == NULL)) {
        return PARSE_PROBLEM(context, key, value, "The field 'RoleArn' is required but was missing");
    }
    return parse_template(context, context->object, key, &context->state->task.credentials);
}

enum status parse_task(struct parse_context *context)
{
    struct state_task *task = &context->state->task;
    const struct parse_range range = {1, SECONDS_MAX};
    TRY(parse_resource(context));
    TRY(parse_number(context, STR("TimeoutSeconds"), range, &task->timeout));
    TRY(parse_number(context, STR("HeartbeatSeconds"), range, &task->heartbeat));
    int64_t timeout = 0;
    int64_t heartbeat = 0;
    if (is_constant_text(task->timeout) && is_constant_text(task->heartbeat) && value_to_int64(task->timeout->constant, &timeout) &&
        value_to_int64(task->heartbeat->constant, &heartbeat) && heartbeat >= timeout) {
        TRY(PARSE_PROBLEM(context, STR("HeartbeatSeconds"), task->heartbeat->constant,
                          "HeartbeatSeconds must be smaller than TimeoutSeconds"));
    }
    return parse_credentials(context);
}
