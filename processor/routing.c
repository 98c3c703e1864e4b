#include "processor/routing.h"

#include "asl/arn.h"
#include "asl/value.h"
#include "base/buffer.h"

#include <inttypes.h>

static enum status add_item(struct buffer *buffer, size_t at, struct str text)
{
    return buffer_format(buffer, "%s%.*s", at == 0 ? "" : ", ", STR_ARGS(text));
}

/* As AWS shows a list of structures: the Java way. */
static enum status refuse_count(struct arena *arena, const struct value *list, struct str *out_problem)
{
    struct buffer shown = buffer_in(arena);
    for (uint32_t at = 0; at < list->count && at < 100; at++) {
        const struct value *arn = value_get(list->items[at], STR("stateMachineVersionArn"));
        const struct value *weight = value_get(list->items[at], STR("weight"));
        struct str item;
        TRY(arena_format(arena, &item, "RoutingConfigurationListItem(stateMachineVersionArn=%.*s, weight=%.*s)",
                         STR_ARGS(arn == NULL ? STR("null") : arn->string),
                         STR_ARGS(weight == NULL ? STR("null") : weight->source)));
        TRY(add_item(&shown, at, item));
    }
    TRY(arena_format(arena, out_problem,
                     "1 validation error detected: Value '[%.*s]' at 'routingConfiguration' failed to satisfy "
                     "constraint: Member must have length %s than or equal to %d",
                     STR_ARGS(buffer_text(&shown)), list->count == 0 ? "greater" : "less",
                     list->count == 0 ? 1 : ROUTING_VERSIONS_MAX));
    return STATUS_INVALID;
}

static enum status refuse_item(struct arena *arena, size_t at, const char *member, struct str *out_problem)
{
    TRY(arena_format(arena, out_problem,
                     "1 validation error detected: Value at 'routingConfiguration.%zu.member.%s' failed to satisfy "
                     "constraint: Member must not be null",
                     at + 1, member));
    return STATUS_INVALID;
}

static enum status read_item(struct arena *arena, size_t at, const struct value *item, struct routing_version *version,
                             struct str *out_problem)
{
    const struct value *arn = value_get(item, STR("stateMachineVersionArn"));
    const struct value *weight = value_get(item, STR("weight"));
    if (arn == NULL || arn->type != VALUE_STRING) {
        return refuse_item(arena, at, "stateMachineVersionArn", out_problem);
    }
    if (weight == NULL || weight->type != VALUE_NUMBER || !value_to_int64(weight, &version->weight)) {
        return refuse_item(arena, at, "weight", out_problem);
    }
    if (version->weight < 0 || version->weight > ROUTING_WEIGHTS_SUM) {
        TRY(arena_format(arena, out_problem,
                         "1 validation error detected: Value '%" PRId64
                         "' at 'routingConfiguration.%zu.member.weight' failed to satisfy constraint: Member must "
                         "have value %s than or equal to %d",
                         version->weight, at + 1, version->weight < 0 ? "greater" : "less",
                         version->weight < 0 ? 0 : ROUTING_WEIGHTS_SUM));
        return STATUS_INVALID;
    }
    version->arn = arn->string;
    return STATUS_OK;
}

/* What the constraint is broken with, all values of it. */
static enum status refuse_whole(struct arena *arena, const struct routing *routing, const char *constraint, bool weights,
                                struct str *out_problem)
{
    struct buffer shown = buffer_in(arena);
    for (size_t at = 0; at < routing->count; at++) {
        struct str item = routing->versions[at].arn;
        if (weights) {
            TRY(arena_format(arena, &item, "%" PRId64, routing->versions[at].weight));
        }
        TRY(add_item(&shown, at, item));
    }
    TRY(arena_format(arena, out_problem, "%s Received: [%.*s]", constraint, STR_ARGS(buffer_text(&shown))));
    return STATUS_INVALID;
}

static bool is_version(struct str arn, struct str *out_machine_arn)
{
    struct str qualifier;
    if (arn_type_of(arn) != ARN_QUALIFIED) {
        return false;
    }
    arn_split_qualified(arn, out_machine_arn, &qualifier);
    return arn_qualifier_is_version(qualifier);
}

static enum status check_whole(struct arena *arena, const struct routing *routing, struct str *out_problem)
{
    int64_t sum = 0;
    struct str machine_arns[ROUTING_VERSIONS_MAX];
    for (size_t at = 0; at < routing->count; at++) {
        if (!is_version(routing->versions[at].arn, &machine_arns[at])) {
            return refuse_whole(arena, routing, "Routing configuration must contain state machine version ARNs.", false,
                                out_problem);
        }
        sum += routing->versions[at].weight;
    }
    for (size_t at = 1; at < routing->count; at++) {
        if (str_equal(routing->versions[at].arn, routing->versions[0].arn)) {
            return refuse_whole(arena, routing,
                                "Routing configuration must contain distinct state machine version ARNs.", false,
                                out_problem);
        }
        if (!str_equal(machine_arns[at], machine_arns[0])) {
            return refuse_whole(arena, routing,
                                "Routing configuration must contain version ARNs of the same state machine.", false,
                                out_problem);
        }
    }
    return sum == ROUTING_WEIGHTS_SUM
               ? STATUS_OK
               : refuse_whole(arena, routing, "Sum of routing configuration weights must equal 100.", true, out_problem);
}

enum status routing_read(struct arena *arena, struct str text, struct routing *out_routing, struct str *out_problem)
{
    const struct value *list;
    struct routing routing = {0};
    enum status status = value_parse(arena, text, &list, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && list->type != VALUE_ARRAY)) {
        *out_problem = STR("1 validation error detected: Value at 'routingConfiguration' failed to satisfy constraint: "
                           "Member must not be null");
        return STATUS_INVALID;
    }
    TRY(status);
    if (list->count == 0 || list->count > ROUTING_VERSIONS_MAX) {
        return refuse_count(arena, list, out_problem);
    }
    for (; routing.count < list->count; routing.count++) {
        TRY(read_item(arena, routing.count, list->items[routing.count], &routing.versions[routing.count], out_problem));
    }
    TRY(check_whole(arena, &routing, out_problem));
    *out_routing = routing;
    return STATUS_OK;
}

enum status routing_write(struct arena *arena, const struct routing *routing, struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    for (size_t at = 0; at < routing->count; at++) {
        TRY(buffer_add(&buffer, at == 0 ? STR("[{\"stateMachineVersionArn\":") : STR(",{\"stateMachineVersionArn\":")));
        TRY(value_write_string(&buffer, routing->versions[at].arn));
        TRY(buffer_format(&buffer, ",\"weight\":%" PRId64 "}", routing->versions[at].weight));
    }
    TRY(buffer_add_byte(&buffer, ']'));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

bool routing_names(const struct routing *routing, struct str version_arn)
{
    for (size_t at = 0; at < routing->count; at++) {
        if (str_equal(routing->versions[at].arn, version_arn)) {
            return true;
        }
    }
    return false;
}
