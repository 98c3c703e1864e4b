/* The states with machines inside: Parallel and Map. */
#include "asl/parse.h"

#include "base/limits.h"

static const char *const machine_fields[] = {"StartAt", "States", "Comment"};
static const char *const config_fields[] = {"Mode", "ExecutionType"};
static const char *const processor_fields[] = {"StartAt", "States", "Comment", "ProcessorConfig"};

enum status parse_parallel(struct parse_context *context)
{
    struct str key = STR("Branches");
    const struct value *list = value_get(context->object, key);
    if (list == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "These fields are required: [Branches]");
    }
    if (list->type != VALUE_ARRAY) {
        return PARSE_PROBLEM(context, key, list, "Expected value of type Array");
    }
    if (list->count == 0) {
        return PARSE_PROBLEM(context, key, list, "Value cannot be empty");
    }
    uint32_t *branches = arena_array(context->parser->arena, uint32_t, list->count);
    TRY_NEW(branches);
    const struct parse_place list_place = {.parent = &context->place, .key = key};
    for (uint32_t at = 0; at < list->count; at++) {
        const struct parse_place place = {.parent = &list_place, .index = at};
        if (list->items[at]->type == VALUE_OBJECT) {
            TRY(parse_members(context, list->items[at], &place, machine_fields, sizeof machine_fields / sizeof machine_fields[0]));
        }
        TRY(parse_machine(context->parser, list->items[at], &place, context->index, context->depth + 1, &branches[at]));
    }
    context->state->parallel.branches = branches;
    context->state->parallel.branch_count = list->count;
    return STATUS_OK;
}

/* What ProcessorConfig says. */
struct processor_config {
    bool inlined; /* by a Mode that says so */
    bool distributed;
    bool express; /* its children */
};

static enum status parse_processor_config(struct parse_context *context, const struct value *processor, struct str key,
                                          struct processor_config *out_config)
{
    const struct value *config = value_get(processor, STR("ProcessorConfig"));
    const struct parse_place processor_place = {.parent = &context->place, .key = key};
    struct parse_context there = *context;
    there.place = (struct parse_place){.parent = &processor_place, .key = STR("ProcessorConfig")};
    struct str mode = STR("INLINE");
    struct str type = STR("STANDARD");
    if (config == NULL) {
        return STATUS_OK;
    }
    if (config->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(&there, STR_NONE, config, "Expected value of type Object");
    }
    TRY(parse_members(&there, config, &there.place, config_fields, sizeof config_fields / sizeof config_fields[0]));
    TRY(parse_string(&there, config, STR("Mode"), &mode));
    TRY(parse_string(&there, config, STR("ExecutionType"), &type));
    out_config->distributed = str_equal(mode, STR("DISTRIBUTED"));
    out_config->inlined = !out_config->distributed && value_get(config, STR("Mode")) != NULL;
    out_config->express = out_config->distributed && str_equal(type, STR("EXPRESS"));
    if (!out_config->distributed && !str_equal(mode, STR("INLINE"))) {
        return PARSE_PROBLEM(&there, STR("Mode"), value_get(config, STR("Mode")),
                             "The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]");
    }
    if (!out_config->distributed) {
        return STATUS_OK;
    }
    if (value_get(config, STR("ExecutionType")) == NULL) {
        TRY(PARSE_PROBLEM(&there, STR_NONE, config, "These fields are required: [ExecutionType]"));
    }
    if (context->parser->type == MACHINE_EXPRESS) {
        TRY(PARSE_PROBLEM(&there, STR("Mode"), value_get(config, STR("Mode")), "Express state machine does not support DISTRIBUTED Map"));
    }
    if (!out_config->express && !str_equal(type, STR("STANDARD"))) {
        TRY(PARSE_PROBLEM(&there, STR("ExecutionType"), value_get(config, STR("ExecutionType")),
                          "The field 'ExecutionType' should have one of these values: [STANDARD, EXPRESS]"));
    }
    return parse_finding(context->parser, &there.place, STR("Mode"), value_get(config, STR("Mode")), FINDING_CODE_NOT_SUPPORTED,
                         "pawl does not have Distributed Map yet: Mode DISTRIBUTED");
}

static enum status parse_processor(struct parse_context *context)
{
    const struct value *processor = value_get(context->object, STR("ItemProcessor"));
    const struct value *iterator = value_get(context->object, STR("Iterator"));
    struct str key = processor != NULL ? STR("ItemProcessor") : STR("Iterator");
    if (processor != NULL && iterator != NULL) {
        return parse_exclusive(context, context->object, "ItemProcessor", "Iterator");
    }
    processor = processor != NULL ? processor : iterator;
    if (processor == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "These fields are required: [ItemProcessor]");
    }
    const struct parse_place place = {.parent = &context->place, .key = key};
    struct processor_config config = {false, false, false};
    if (processor->type == VALUE_OBJECT) {
        TRY(parse_members(context, processor, &place, processor_fields, sizeof processor_fields / sizeof processor_fields[0]));
        TRY(parse_processor_config(context, processor, key, &config));
    }
    TRY(parse_distributed(context, config.inlined));
    /* Children that are Express executions may have in their states what Express machines may. */
    enum machine_type around = context->parser->type;
    context->parser->type = config.express ? MACHINE_EXPRESS : around;
    enum status status =
        parse_machine(context->parser, processor, &place, context->index, context->depth + 1, &context->state->map.processor);
    context->parser->type = around;
    return status;
}

/* Items: in JSONata an expression, in JSONPath a constant array. */
static enum status parse_constant_items(struct parse_context *context, const struct value *value)
{
    bool jsonata = context->state->jsonata;
    bool expression = jsonata && value->type == VALUE_STRING && expression_is_jsonata(value->string);
    if (value->type != VALUE_ARRAY && !(jsonata && value->type == VALUE_OBJECT) && !expression) {
        return PARSE_PROBLEM(context, STR("Items"), value, "Expected %sa value of type Array", jsonata ? "a JSONata expression or " : "");
    }
    if (jsonata) {
        return parse_template(context, context->object, STR("Items"), &context->state->map.items);
    }
    return expression_constant(context->parser->arena, value, STR("Items"), &context->state->map.items);
}

static enum status parse_items(struct parse_context *context)
{
    struct state_map *map = &context->state->map;
    struct str key = STR("ItemsPath");
    const struct value *items = value_get(context->object, STR("Items"));
    const struct value *value = value_get(context->object, key);
    struct str problem;
    if (items != NULL && value != NULL) {
        return parse_exclusive(context, context->object, "Items", "ItemsPath");
    }
    if (items != NULL) {
        return parse_constant_items(context, items);
    }
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return PARSE_PROBLEM(context, key, value, "Expected value of type String");
    }
    enum status status = expression_path(context->parser->arena, value->string, key, false, &map->items, &problem);
    if (status == STATUS_INVALID || (status == STATUS_OK && !path_is_reference(map->items->path))) {
        return parse_not_a_reference(context, key, value);
    }
    TRY(status);
    parse_note(context->state, map->items);
    return STATUS_OK;
}

/* 0…100, fractions allowed; or the Path form. */
static enum status parse_percentage(const struct parse_context *context, const struct expression **out_expression)
{
    struct str key = STR("ToleratedFailurePercentage");
    const struct value *value = value_get(context->object, key);
    if (value == NULL || value->type != VALUE_NUMBER) {
        /* What is no number is told as parse_number tells it. */
        return parse_number(context, key, (struct parse_range){0, 100}, out_expression);
    }
    if (value->number < 0) {
        TRY(PARSE_PROBLEM(context, key, value, "Minimum value is 0.0"));
    } else if (value->number > 100) {
        TRY(PARSE_PROBLEM(context, key, value, "Maximum value is 100.0"));
    }
    return parse_exclusive(context, context->object, "ToleratedFailurePercentage", "ToleratedFailurePercentagePath");
}

enum status parse_map(struct parse_context *context)
{
    struct state_map *map = &context->state->map;
    const struct value *parameters = value_get(context->object, STR("Parameters"));
    const struct expression *tolerated = NULL;
    TRY(parse_items(context));
    TRY(parse_exclusive(context, context->object, "ItemSelector", "Parameters"));
    TRY(parse_template(context, context->object, parameters != NULL ? STR("Parameters") : STR("ItemSelector"), &map->selector));
    TRY(parse_number(context, STR("MaxConcurrency"), (struct parse_range){0, INT32_MAX}, &map->max_concurrency));
    /* An inline Map has them without effect: any failed item fails it. */
    TRY(parse_number(context, STR("ToleratedFailureCount"), (struct parse_range){0, INT32_MAX}, &tolerated));
    tolerated = NULL;
    TRY(parse_percentage(context, &tolerated));
    return parse_processor(context);
}
