#include "asl/parse.h"

#include "asl/errors.h"
#include "base/limits.h"

static const char *const retrier_fields[] = {"ErrorEquals", "IntervalSeconds", "MaxAttempts",    "BackoffRate",
                                             "Comment",     "MaxDelaySeconds", "JitterStrategy"};

/* ErrorEquals: States.ALL alone, and only in the last retrier or catcher. AWS lets a Catcher's be empty, not a Retrier's. */
static enum status parse_error_equals(const struct parse_context *context, const struct value *object, bool last,
                                      const struct str **out_names, uint32_t *out_count)
{
    struct str key = STR("ErrorEquals");
    const struct value *value = value_get(object, key);
    if (value == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, object, "These fields are required: [ErrorEquals]");
    }
    if (value->type != VALUE_ARRAY) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type Array");
    }
    struct str *names = arena_array(context->parser->arena, struct str, value->count);
    TRY_NEW(names);
    for (uint32_t at = 0; at < value->count; at++) {
        const struct value *item = value->items[at];
        if (item->type != VALUE_STRING) {
            return PARSE_PROBLEM(context, key, item, "Expected value of type String");
        }
        if (str_equal(item->string, errors_name(ERROR_ALL)) && (value->count > 1 || !last)) {
            TRY(PARSE_PROBLEM(context, key, item, "'States.ALL' must stand alone, in the last element"));
        }
        TRY(arena_copy(context->parser->arena, item->string, &names[at]));
    }
    *out_names = names;
    *out_count = value->count;
    return STATUS_OK;
}

static enum status parse_backoff(const struct parse_context *context, const struct value *object, struct retrier *retrier)
{
    struct str key = STR("BackoffRate");
    const struct value *value = value_get(object, key);
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_NUMBER) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type Number");
    }
    if (!(value->number >= 1.0)) {
        return PARSE_PROBLEM(context, key, value, "Minimum value is 1.0");
    }
    retrier->backoff_rate = value->number;
    return STATUS_OK;
}

static enum status parse_retrier(const struct parse_context *context, const struct value *object, bool last, struct retrier *retrier)
{
    struct str jitter = STR("NONE");
    struct str comment = STR_NONE;
    *retrier = (struct retrier){.interval_seconds = 1, .attempts_max = 3, .backoff_rate = 2.0};
    if (object->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, STR_NONE, object, "Expected value of type Object");
    }
    TRY(parse_members(context, object, &context->place, retrier_fields, sizeof retrier_fields / sizeof retrier_fields[0]));
    TRY(parse_error_equals(context, object, last, &retrier->error_equals, &retrier->error_count));
    const struct value *errors = value_get(object, STR("ErrorEquals"));
    if (errors != NULL && errors->type == VALUE_ARRAY && errors->count == 0) {
        TRY(PARSE_PROBLEM(context, STR("ErrorEquals"), errors, "Value cannot be empty"));
    }
    TRY(parse_integer(context, object, STR("IntervalSeconds"), (struct parse_range){1, SECONDS_MAX}, &retrier->interval_seconds));
    TRY(parse_integer(context, object, STR("MaxAttempts"), (struct parse_range){0, SECONDS_MAX}, &retrier->attempts_max));
    TRY(parse_integer(context, object, STR("MaxDelaySeconds"), (struct parse_range){1, MAX_DELAY_SECONDS_BELOW - 1},
                      &retrier->delay_seconds_max));
    TRY(parse_backoff(context, object, retrier));
    TRY(parse_string(context, object, STR("Comment"), &comment));
    TRY(parse_string(context, object, STR("JitterStrategy"), &jitter));
    retrier->jitter_full = str_equal(jitter, STR("FULL"));
    if (!retrier->jitter_full && !str_equal(jitter, STR("NONE"))) {
        return PARSE_PROBLEM(context, STR("JitterStrategy"), value_get(object, STR("JitterStrategy")),
                             "The field 'JitterStrategy' should have one of these values: [FULL, NONE]");
    }
    return STATUS_OK;
}

static enum status check_catcher_fields(const struct parse_context *context, const struct value *object)
{
    static const char *const both[] = {"ErrorEquals", "Next", "Assign", "Comment"};
    struct str own = context->state->jsonata ? STR("Output") : STR("ResultPath");
    struct str other = context->state->jsonata ? STR("ResultPath") : STR("Output");
    for (uint32_t at = 0; at < object->count; at++) {
        const struct value_member *member = &object->members[at];
        bool known = str_equal(member->key, own);
        for (size_t name = 0; name < sizeof both / sizeof both[0] && !known; name++) {
            known = str_equal(member->key, str_of(both[name]));
        }
        if (!known) {
            TRY(str_equal(member->key, other) ? parse_other_language(context, member) : parse_unsupported(context, member));
        }
    }
    return STATUS_OK;
}

static enum status parse_catcher(const struct parse_context *context, const struct value *object, bool last, struct catcher *catcher)
{
    bool jsonata = context->state->jsonata;
    *catcher = (struct catcher){.next = STATE_NONE};
    if (object->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, STR_NONE, object, "Expected value of type Object");
    }
    struct str comment = STR_NONE;
    TRY(check_catcher_fields(context, object));
    TRY(parse_string(context, object, STR("Comment"), &comment));
    TRY(parse_error_equals(context, object, last, &catcher->error_equals, &catcher->error_count));
    TRY(parse_target(context, object, &context->place, STR("Next"), true, &catcher->next));
    TRY(parse_assign(context, object, &context->place, &catcher->assign));
    if (jsonata) {
        return parse_template(context, object, STR("Output"), &catcher->output);
    }
    return parse_path_field(context, object, STR("ResultPath"), true, &catcher->result_path);
}

/* The items of Retry or Catch; NULL when absent or no array. */
static enum status parse_list(const struct parse_context *context, struct str key, const struct value **out_list)
{
    const struct value *list = value_get(context->object, key);
    *out_list = NULL;
    if (list != NULL && list->type != VALUE_ARRAY) {
        return PARSE_PROBLEM(context, key, list, "Expected value of type Array");
    }
    *out_list = list;
    return STATUS_OK;
}

enum status parse_retriers(const struct parse_context *context)
{
    const struct value *list = NULL;
    TRY(parse_list(context, STR("Retry"), &list));
    if (list == NULL) {
        return STATUS_OK;
    }
    struct retrier *retriers = arena_array(context->parser->arena, struct retrier, list->count);
    TRY_NEW(retriers);
    const struct parse_place retry_place = {.parent = &context->place, .key = STR("Retry")};
    for (uint32_t at = 0; at < list->count; at++) {
        struct parse_context there = *context;
        there.place = (struct parse_place){.parent = &retry_place, .index = at};
        TRY(parse_retrier(&there, list->items[at], at + 1 == list->count, &retriers[at]));
    }
    context->state->retriers = retriers;
    context->state->retrier_count = list->count;
    return STATUS_OK;
}

enum status parse_catchers(const struct parse_context *context)
{
    const struct value *list = NULL;
    TRY(parse_list(context, STR("Catch"), &list));
    if (list == NULL) {
        return STATUS_OK;
    }
    struct catcher *catchers = arena_array(context->parser->arena, struct catcher, list->count);
    TRY_NEW(catchers);
    const struct parse_place catch_place = {.parent = &context->place, .key = STR("Catch")};
    for (uint32_t at = 0; at < list->count; at++) {
        struct parse_context there = *context;
        there.sees = EXPRESSION_SEES_ERROR;
        there.place = (struct parse_place){.parent = &catch_place, .index = at};
        TRY(parse_catcher(&there, list->items[at], at + 1 == list->count, &catchers[at]));
    }
    context->state->catchers = catchers;
    context->state->catcher_count = list->count;
    return STATUS_OK;
}
