#include "asl/step_parts.h"

#include "asl/timestamp.h"
#include "asl/variables.h"
#include "base/assert.h"

/* An object being put together: at most this many members each. */
#define MEMBERS_MAX 8

struct members {
    struct value_member items[MEMBERS_MAX];
    size_t count;
};

static void add(struct members *members, struct str key, const struct value *value)
{
    ASSERT(members->count < MEMBERS_MAX);
    members->items[members->count++] = (struct value_member){.key = key, .value = value};
}

static enum status add_string(struct run *run, struct members *members, struct str key, struct str text)
{
    const struct value *value = &value_null;
    if (text.bytes != NULL) {
        TRY(value_string(run->arena, text, &value));
    }
    add(members, key, value);
    return STATUS_OK;
}

static enum status add_integer(struct run *run, struct members *members, struct str key, int64_t number)
{
    const struct value *value = NULL;
    TRY(value_integer(run->arena, number, &value));
    add(members, key, value);
    return STATUS_OK;
}

static enum status add_time(struct run *run, struct members *members, struct str key, int64_t time_us)
{
    char text[TIMESTAMP_TEXT_BYTES];
    struct str copy;
    timestamp_format_ms(time_us / 1000, text);
    TRY(arena_copy(run->arena, str_of(text), &copy));
    return add_string(run, members, key, copy);
}

static enum status close(struct run *run, const struct members *members, const struct value **out_object)
{
    struct value_member *items = arena_array(run->arena, struct value_member, members->count);
    TRY_NEW(items);
    memcpy(items, members->items, members->count * sizeof *items);
    return value_object(run->arena, items, members->count, out_object);
}

/* The last part of an ARN that is an execution's or a machine's name. */
static struct str name_in(struct str arn, size_t colons)
{
    for (size_t at = 0; at < colons; at++) {
        size_t colon = str_find(arn, ':');
        arn = colon == arn.length ? arn : str_from(arn, colon + 1);
    }
    return str_slice(arn, 0, str_find(arn, ':'));
}

static enum status build_execution(struct run *run, const struct value **out_object)
{
    struct members members = {.count = 0};
    const struct execution_row *execution = &run->execution;
    struct data *input = NULL;
    const struct value *input_value = NULL;
    TRY(run_execution_input(run, &input));
    TRY(data_value(run->arena, input, &input_value));
    TRY(add_string(run, &members, STR("Id"), execution->arn));
    add(&members, STR("Input"), input_value);
    TRY(add_time(run, &members, STR("StartTime"), execution->incarnation));
    TRY(add_string(run, &members, STR("Name"), name_in(execution->arn, 7)));
    TRY(add_string(run, &members, STR("RoleArn"), execution->role_arn));
    if (!execution->express) {
        TRY(add_integer(run, &members, STR("RedriveCount"), execution->redrive_count));
        if (execution->redrive_date != RECORD_NONE) {
            TRY(add_time(run, &members, STR("RedriveTime"), execution->redrive_date));
        }
    }
    return close(run, &members, out_object);
}

static enum status build_machine(struct run *run, const struct value **out_object)
{
    struct members members = {.count = 0};
    TRY(add_string(run, &members, STR("Id"), run->execution.state_machine_arn));
    TRY(add_string(run, &members, STR("Name"), name_in(run->execution.state_machine_arn, 6)));
    return close(run, &members, out_object);
}

static enum status build_state(struct run *run, struct run_frame *frame, const struct value **out_object)
{
    struct members members = {.count = 0};
    const struct state *state = run_state(run, frame);
    TRY(add_string(run, &members, STR("Name"), state->name));
    TRY(add_time(run, &members, STR("EnteredTime"), frame->row.entered_time));
    if (state->retrier_count > 0) {
        TRY(add_integer(run, &members, STR("RetryCount"), frame->row.retry_total));
    }
    return close(run, &members, out_object);
}

enum status context_item(struct run *run, int64_t index, const struct value *item, const struct value **out_item)
{
    struct members members = {.count = 0};
    TRY(add_integer(run, &members, STR("Index"), index));
    add(&members, STR("Value"), item);
    return close(run, &members, out_item);
}

/* The innermost iteration around the frame gives Map.Item. */
static enum status find_item(struct run *run, struct run_frame *frame, const struct value **out_item)
{
    *out_item = NULL;
    for (struct run_frame *at = frame; at->row.parent != FRAME_NO_PARENT;) {
        struct run_frame *parent = NULL;
        TRY(run_frame(run, at->row.parent, &parent));
        if (run_state(run, parent)->type == STATE_MAP) {
            const struct value *value = NULL;
            TRY(step_map_item(run, parent, at->row.index, &value));
            return context_item(run, at->row.index, value, out_item);
        }
        at = parent;
    }
    return STATUS_OK;
}

/* Map of the context object, of the item or the one around the frame; NULL: there is none. */
static enum status build_map(struct run *run, struct run_frame *frame, const struct value *item, const struct value **out_map)
{
    struct members members = {.count = 0};
    *out_map = NULL;
    if (item == NULL) {
        TRY(find_item(run, frame, &item));
    }
    if (item == NULL) {
        return STATUS_OK;
    }
    add(&members, STR("Item"), item);
    return close(run, &members, out_map);
}

enum status context_build(struct run *run, struct run_frame *frame, const struct value *item, struct str token,
                          const struct value **out_context)
{
    struct members members = {.count = 0};
    struct members inner = {.count = 0};
    const struct value *object = NULL;
    const struct value *map = NULL;
    TRY(build_map(run, frame, item, &map));
    if (run->step->context != NULL) {
        *out_context = run->step->context;
        return map == NULL ? STATUS_OK : value_object_with(run->arena, run->step->context, STR("Map"), map, out_context);
    }
    TRY(build_execution(run, &object));
    add(&members, STR("Execution"), object);
    TRY(build_machine(run, &object));
    add(&members, STR("StateMachine"), object);
    TRY(build_state(run, frame, &object));
    add(&members, STR("State"), object);
    if (map != NULL) {
        add(&members, STR("Map"), map);
    }
    if (token.bytes != NULL) {
        TRY(add_string(run, &inner, STR("Token"), token));
        TRY(close(run, &inner, &object));
        add(&members, STR("Task"), object);
    }
    return close(run, &members, out_context);
}

enum status context_scope(struct run *run, struct run_frame *frame, const struct value *input, struct expression_scope *out_scope)
{
    const struct state *state = run_state(run, frame);
    *out_scope = (struct expression_scope){.roots = {.input = input, .env = run->step->env}, .env = run->step->env};
    if (state->reads_context) {
        TRY(context_build(run, frame, NULL, STR_NONE, &out_scope->roots.context));
    }
    if (state->reads_variables) {
        TRY(variables_seen(run, frame, &out_scope->roots.variables));
    }
    if (state->jsonata) {
        struct data *raw = NULL;
        TRY(run_input(run, frame, &raw));
        TRY(data_value(run->arena, raw, &out_scope->states_input));
    }
    return STATUS_OK;
}
