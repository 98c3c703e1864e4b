/* Parallel and Map while their children run: starting them, joining them, taking them down. */
#include "asl/errors.h"
#include "asl/step_parts.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <stdlib.h>

#define PAGE_ITEMS_MIN 64   /* items of a Map that share a payload row */
#define PAGES_MAX 256       /* and at most this many rows */
#define DELETE_AT_ONCE_MAX 200 /* payload rows looked for at once; more than this are swept by continuations */
#define ABORT_PAGE 150      /* frames taken down before a look at the step's bounds */

/* A run of a Parallel or Map, of which its frame may know no more. */
struct group {
    bool map;
    int64_t id;
    int64_t count;
    int64_t started;
    int64_t done;
    int64_t limit;
};

static struct group group_of(const struct run *run, const struct run_frame *parent)
{
    return (struct group){
        .map = run_state(run, parent)->type == STATE_MAP,
        .id = parent->row.child_group,
        .count = parent->row.child_count,
        .started = parent->row.child_started,
        .done = parent->row.child_done,
        .limit = parent->row.child_limit,
    };
}

static void set_group(struct run_frame *parent, const struct group *group)
{
    parent->row.child_group = group->id;
    parent->row.child_count = group->count;
    parent->row.child_started = group->started;
    parent->row.child_done = group->done;
    parent->row.child_limit = group->limit;
    parent->dirty = true;
}

void step_leave_group(struct run_frame *parent)
{
    set_group(parent, &(struct group){.id = FRAME_NO_GROUP});
}

static struct payload_id page_of(int64_t group, int64_t page)
{
    return (struct payload_id){.scope = group, .slot = PAYLOAD_ITEMS, .index = page};
}

static struct payload_id items_page(const struct run_frame *parent, int64_t page)
{
    return page_of(parent->row.child_group, page);
}

static int64_t page_items(int64_t count)
{
    int64_t items = (count + PAGES_MAX - 1) / PAGES_MAX;
    return items < PAGE_ITEMS_MIN ? PAGE_ITEMS_MIN : items;
}

/* A new scope for the children and what they leave. */
static void open_group(struct run *run, struct run_frame *parent, int64_t count, int64_t limit)
{
    set_group(parent, &(struct group){.id = run->execution.next_frame_id++, .count = count, .limit = limit});
    run->execution_dirty = true;
    run_phase(run, parent, FRAME_CHILDREN, RECORD_NONE);
}

/* ---- Parallel ---- */

enum status step_start_parallel(struct run *run, struct run_frame *frame)
{
    const struct state_parallel *parallel = &run_state(run, frame)->parallel;
    struct history_event *event = NULL;
    struct failure failure = FAILURE_NONE;
    struct data effective;
    struct data input;
    struct str text;
    TRY(dataflow_input(run, frame, &effective, &failure));
    if (!failure_is(&failure)) {
        TRY(dataflow_parameters(run, frame, effective, STR_NONE, &input, &failure));
    }
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    TRY(data_text(run->arena, &input, &text));
    if (text.length > run->step->config->payload_bytes_max) {
        return step_fail_parameters_size(run, frame);
    }
    open_group(run, frame, parallel->branch_count, 0);
    TRY(history_add_frame(run, frame, HISTORY_EVENT_PARALLEL_STATE_STARTED, &event));
    frame->row.pending_event_id = event->id; /* what every branch's first event names */
    /* The branches' common input is a row, as branches may be started by a later step. */
    const struct payload_id id = items_page(frame, 0);
    TRY(run_payload_put(run, &id, text));
    return step_start_children(run, frame);
}

enum status step_enter_parallel(struct run *run, struct run_frame *frame)
{
    return step_start_parallel(run, frame);
}

static enum status start_branch(struct run *run, struct run_frame *parent)
{
    const struct state_parallel *parallel = &run_state(run, parent)->parallel;
    struct run_frame *child = NULL;
    struct str input;
    const struct payload_id id = items_page(parent, 0);
    TRY(run_payload_get(run, &id, &input));
    int64_t index = parent->row.child_started++;
    TRY(run_frame_new(run, parent, index, parallel->branches[index], &child));
    run_set_input(run, child, data_of_text(input));
    child->row.previous_event_id = parent->row.pending_event_id;
    if (parent->row.child_started == parent->row.child_count) {
        TRY(run_payload_delete(run, &id));
    }
    return run_queue(run, child);
}

/* ---- Map ---- */

/* Items, of whichever form, and what is wrong with them. */
static enum status evaluate_items(struct run *run, struct run_frame *frame, struct data effective, const struct value **out_items,
                                  struct failure *out_failure)
{
    const struct state *state = run_state(run, frame);
    const struct expression *items = state->map.items;
    const struct value *input = NULL;
    struct expression_scope scope;
    TRY(data_value(run->arena, &effective, &input));
    *out_items = input;
    if (items != NULL) {
        TRY(context_scope(run, frame, input, &scope));
        if (items->kind == EXPRESSION_PATH) {
            struct str message;
            enum status status = path_evaluate(run->arena, items->path, &scope.roots, out_items, &message);
            if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
                return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Invalid path '%.*s' : %.*s",
                                   STR_ARGS(items->text), STR_ARGS(message));
            }
            TRY(status);
        } else {
            TRY(expression_evaluate(run->arena, items, &scope, out_items, out_failure));
        }
    }
    if (failure_is(out_failure) || (*out_items)->type == VALUE_ARRAY) {
        return STATUS_OK;
    }
    if (!state->jsonata) {
        return failure_set(run->arena, out_failure, errors_name(ERROR_RUNTIME), "Reference path \"%s\" must point to array.",
                           items == NULL ? "$" : items->text.bytes);
    }
    if (items == NULL) {
        struct str text;
        TRY(value_to_text(run->arena, *out_items, &text));
        return failure_set(run->arena, out_failure, errors_name(ERROR_QUERY_EVALUATION_ERROR),
                           "Map state input must be an array but was: %.*s", STR_ARGS(text));
    }
    return expression_unexpected(run->arena, items, "array", *out_items, out_failure);
}

static enum status evaluate_concurrency(struct run *run, struct run_frame *frame, struct data effective, int64_t *out_limit,
                                        struct failure *out_failure)
{
    const struct expression *expression = run_state(run, frame)->map.max_concurrency;
    const struct value *input = NULL;
    const struct value *value = NULL;
    struct expression_scope scope;
    int64_t limit = 0;
    if (expression != NULL) {
        TRY(data_value(run->arena, &effective, &input));
        TRY(context_scope(run, frame, input, &scope));
        TRY(expression_evaluate(run->arena, expression, &scope, &value, out_failure));
        if (failure_is(out_failure)) {
            return STATUS_OK;
        }
        /* Seen on AWS: a string of digits will do, and a string is shown without its quotes. */
        bool number = value->type == VALUE_STRING ? str_to_int64(value->string, &limit)
                                                  : value->type == VALUE_NUMBER && value_to_int64(value, &limit);
        if (expression->kind == EXPRESSION_JSONATA && value->type != VALUE_NUMBER) {
            return expression_unexpected(run->arena, expression, "number", value, out_failure);
        }
        if (!number || limit < 0) {
            struct str text = value->string;
            if (value->type != VALUE_STRING) {
                TRY(value_to_text(run->arena, value, &text));
            }
            return failure_set(run->arena, out_failure,
                               errors_name(run_state(run, frame)->jsonata ? ERROR_QUERY_EVALUATION_ERROR : ERROR_RUNTIME),
                               "The %.*s field refers to value \"%.*s\" which is not a valid integer: %.*s",
                               STR_ARGS(expression->field), STR_ARGS(text), STR_ARGS(expression->text));
        }
    }
    int64_t most = run->step->config->map_concurrency_default;
    *out_limit = limit == 0 || (most > 0 && limit > most) ? most : limit;
    return STATUS_OK;
}

static enum status store_items(struct run *run, struct run_frame *frame, const struct value *items)
{
    int64_t page_size = page_items(items->count);
    for (int64_t from = 0; from < (int64_t)items->count; from += page_size) {
        int64_t left = (int64_t)items->count - from;
        const struct value *page = NULL;
        struct str text;
        TRY(value_array(run->arena, items->items + from, (size_t)(left < page_size ? left : page_size), &page));
        TRY(value_to_text(run->arena, page, &text));
        const struct payload_id id = items_page(frame, from / page_size);
        TRY(run_payload_put(run, &id, text));
    }
    return STATUS_OK;
}

static enum status join(struct run *run, struct run_frame *parent);

enum status step_start_map(struct run *run, struct run_frame *frame)
{
    struct history_event *event = NULL;
    struct failure failure = FAILURE_NONE;
    struct data effective;
    const struct value *items = NULL;
    int64_t limit = 0;
    TRY(dataflow_input(run, frame, &effective, &failure));
    if (!failure_is(&failure)) {
        TRY(evaluate_items(run, frame, effective, &items, &failure));
    }
    if (!failure_is(&failure)) {
        TRY(evaluate_concurrency(run, frame, effective, &limit, &failure));
    }
    if (failure_is(&failure)) {
        return step_fail_evaluation(run, frame, failure);
    }
    const struct expression *given = run_state(run, frame)->map.items;
    const struct step_sight sight = {.data = items->source.length > 0 ? data_of_text(items->source) : data_of_value(items),
                                     .given = given != NULL,
                                     .index = STAGE_NO_INDEX,
                                     .path_text = given != NULL && given->kind == EXPRESSION_PATH ? given->text : STR_NONE};
    TRY(step_observe(run, frame, STAGE_ITEMS, &sight));
    open_group(run, frame, items->count, limit);
    TRY(history_add_frame(run, frame, HISTORY_EVENT_MAP_STATE_STARTED, &event));
    event->length = items->count;
    if (items->count == 0) {
        return join(run, frame);
    }
    TRY(store_items(run, frame, items));
    return step_start_children(run, frame);
}

enum status step_enter_map(struct run *run, struct run_frame *frame)
{
    return step_start_map(run, frame);
}

/* A page never changes: its neighbours' iterations need not parse it again. */
static enum status load_items(struct run *run, const struct run_frame *parent, int64_t page)
{
    const struct payload_id id = items_page(parent, page);
    struct str text;
    if (run->items_page != NULL && run->items_group == id.scope && run->items_page_index == page) {
        return STATUS_OK;
    }
    TRY(run_payload_get(run, &id, &text));
    TRY(value_parse(run->arena, text, &run->items_page, NULL));
    run->items_group = id.scope;
    run->items_page_index = page;
    return STATUS_OK;
}

enum status step_map_item(struct run *run, struct run_frame *parent, int64_t index, const struct value **out_item)
{
    int64_t page_size = page_items(parent->row.child_count);
    TRY(load_items(run, parent, index / page_size));
    *out_item = value_item(run->items_page, (size_t)(index % page_size));
    ASSERT(*out_item != NULL);
    return STATUS_OK;
}

/* The input of an iteration: the item, or what ItemSelector makes of it. */
static enum status iteration_input(struct run *run, struct run_frame *parent, int64_t index, struct data *out_input,
                                   struct failure *out_failure)
{
    const struct state *state = run_state(run, parent);
    const struct expression *selector = state->map.selector;
    const struct value *item = NULL;
    const struct value *input = NULL;
    const struct value *selected = NULL;
    struct expression_scope scope;
    struct data *raw = NULL;
    struct data effective;
    TRY(step_map_item(run, parent, index, &item));
    *out_input = data_of_value(item);
    if (selector == NULL) {
        return STATUS_OK;
    }
    TRY(run_input(run, parent, &raw));
    TRY(data_value(run->arena, raw, &input)); /* kept: once for all iterations of the step */
    TRY(dataflow_input(run, parent, &effective, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    TRY(data_value(run->arena, &effective, &input));
    TRY(context_scope(run, parent, input, &scope));
    if (selector->reads_context) {
        const struct value *context_item_value = NULL;
        TRY(context_item(run, index, item, &context_item_value));
        TRY(context_build(run, parent, context_item_value, STR_NONE, &scope.roots.context));
    }
    TRY(expression_evaluate(run->arena, selector, &scope, &selected, out_failure));
    if (failure_is(out_failure)) {
        return STATUS_OK;
    }
    struct str text;
    *out_input = data_of_value(selected);
    TRY(data_text(run->arena, out_input, &text));
    TRY(step_observe(run, parent, STAGE_ITEM_SELECTOR, &(struct step_sight){.data = *out_input, .given = true, .index = index}));
    return text.length > run->step->config->payload_bytes_max ? step_parameters_size(run, parent, out_failure) : STATUS_OK;
}

static enum status add_iteration_event(struct run *run, struct run_frame *parent, enum history_event_type type, int64_t previous_event_id,
                                       int64_t index, int64_t *out_id)
{
    struct history_event *event = NULL;
    TRY(history_add(run, type, previous_event_id, &event));
    event->name = run_state(run, parent)->name;
    event->index = index;
    *out_id = event->id;
    return STATUS_OK;
}

/* The Map itself fails while its iterations run: an ItemSelector that finds nothing. */
static enum status fail_while_running(struct run *run, struct run_frame *parent, const struct failure *failure);

static enum status start_iteration(struct run *run, struct run_frame *parent)
{
    struct failure failure = FAILURE_NONE;
    struct data input;
    struct run_frame *child = NULL;
    int64_t index = parent->row.child_started;
    TRY(iteration_input(run, parent, index, &input, &failure));
    if (failure_is(&failure)) {
        return fail_while_running(run, parent, &failure);
    }
    parent->row.child_started++;
    TRY(run_frame_new(run, parent, index, run_state(run, parent)->map.processor, &child));
    run_set_input(run, child, input);
    TRY(add_iteration_event(run, parent, HISTORY_EVENT_MAP_ITERATION_STARTED, parent->row.previous_event_id, index,
                            &child->row.previous_event_id));
    return run_queue(run, child);
}

/* ---- Both ---- */

enum status step_start_children(struct run *run, struct run_frame *parent)
{
    bool map = run_state(run, parent)->type == STATE_MAP;
    parent->dirty = true;
    if (parent->row.phase == FRAME_CHILDREN && parent->row.child_done == parent->row.child_count) {
        return join(run, parent); /* a redrive: the failure came after the last of them */
    }
    while (parent->row.phase == FRAME_CHILDREN && parent->row.child_started < parent->row.child_count && run_is_open(run)) {
        int64_t running = parent->row.child_started - parent->row.child_done;
        if (parent->row.child_limit > 0 && running >= parent->row.child_limit) {
            return STATUS_OK;
        }
        if (run_is_full(run)) {
            return run_queue(run, parent); /* the step's end makes a continuation of it */
        }
        TRY(map ? start_iteration(run, parent) : start_branch(run, parent));
    }
    return STATUS_OK;
}

/* Deletes what a group left: its rows at once when they are few, else through a frame that sweeps. */
static enum status drop_group(struct run *run, const struct group *group)
{
    int64_t page_size = page_items(group->count);
    int64_t pages = group->map ? (group->count + page_size - 1) / page_size : group->started < group->count ? 1 : 0;
    if ((group->done > 0 ? group->count : 0) + pages <= DELETE_AT_ONCE_MAX) {
        for (int64_t at = 0; at < group->count && group->done > 0; at++) {
            const struct payload_id id = {.scope = group->id, .slot = PAYLOAD_OUTPUT, .index = at};
            struct str text;
            enum status status = run_payload_get(run, &id, &text);
            if (status == STATUS_OK) {
                TRY(run_payload_delete(run, &id));
            } else if (status != STATUS_NOT_FOUND) {
                return status;
            }
        }
        for (int64_t at = 0; at < pages; at++) {
            const struct payload_id id = page_of(group->id, at);
            TRY(run_payload_delete(run, &id));
        }
        return STATUS_OK;
    }
    struct run_frame *sweep = NULL;
    TRY(run_frame_new(run, NULL, 0, 0, &sweep));
    sweep->row.group = group->id;
    run_phase(run, sweep, FRAME_SWEEP, run->step->env->now_ms);
    return STATUS_OK;
}

enum status step_sweep(struct run *run, struct run_frame *sweep)
{
    struct payload_id *ids = NULL;
    size_t count = 0;
    TRY(run->step->rows->payloads(run->step->rows->owner, run->arena, &run->id, sweep->row.group, run_effects_max(run) / 2, &ids, &count));
    for (size_t at = 0; at < count; at++) {
        TRY(run_payload_delete(run, &ids[at]));
    }
    if (count < run_effects_max(run) / 2) {
        return run_frame_delete(run, sweep);
    }
    run_phase(run, sweep, FRAME_SWEEP, run->step->env->now_ms);
    return STATUS_OK;
}

/* The outputs of all children, in order, as one array. */
static enum status collect_outputs(struct run *run, const struct run_frame *parent, struct str *out_text, bool *out_fits)
{
    struct buffer buffer = buffer_in(run->arena);
    size_t most = run->step->config->payload_bytes_max;
    TRY(buffer_add_byte(&buffer, '['));
    *out_fits = true;
    for (int64_t at = 0; at < parent->row.child_count; at++) {
        const struct payload_id id = {.scope = parent->row.child_group, .slot = PAYLOAD_OUTPUT, .index = at};
        struct str text;
        TRY(run_payload_get(run, &id, &text));
        if (buffer.length + text.length + 2 > most) {
            *out_fits = false;
            return STATUS_OK;
        }
        if (at > 0) {
            TRY(buffer_add_byte(&buffer, ','));
        }
        TRY(buffer_add(&buffer, text));
    }
    TRY(buffer_add_byte(&buffer, ']'));
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

/* What is left of a group that nobody goes on with. At an execution's end everything is seen to. */
static enum status drop_if_open(struct run *run, const struct group *group)
{
    return run_is_open(run) ? drop_group(run, group) : STATUS_OK;
}

/* Whether the frame is down and may be redriven: it has not gone on, and was not deleted with what is around it. */
static bool is_down(const struct run_frame *frame)
{
    return !frame->deleted && frame->row.phase == FRAME_DOWN;
}

/* The Parallel or Map fails when no child of it runs any more. The group stays named until the failure is handled: see
 * step_fail. `keeps`: its children are there, down, and it stays theirs when the frame is. */
static enum status fail_group(struct run *run, struct run_frame *parent, const struct failure *failure, bool heartbeat, bool keeps)
{
    const struct group group = group_of(run, parent);
    TRY(step_fail(run, parent, failure, heartbeat));
    if (parent->row.phase == FRAME_DOWN && (keeps || parent->deleted)) {
        return STATUS_OK; /* kept, or gone with what is around it and its group, too */
    }
    if (!parent->deleted) {
        step_leave_group(parent);
    }
    return drop_if_open(run, &group);
}

/* All children have succeeded. …StateSucceeded and …StateExited name the same event. What fails after that leaves their
 * outputs to a redrive; AWS runs all of them again after States.DataLimitExceeded. */
static enum status join(struct run *run, struct run_frame *parent)
{
    const struct state *state = run_state(run, parent);
    struct history_event *event = NULL;
    struct str result;
    bool fits = false;
    TRY(collect_outputs(run, parent, &result, &fits));
    if (!fits) {
        struct failure failure;
        TRY(failure_set(run->arena, &failure, errors_name(ERROR_DATA_LIMIT_EXCEEDED),
                        "The state/task '%.*s' returned a result with a size exceeding the maximum number of bytes service limit.",
                        STR_ARGS(state->name)));
        return fail_group(run, parent, &failure, false, false);
    }
    const struct group group = group_of(run, parent);
    step_leave_group(parent);
    TRY(history_add(run, state->type == STATE_MAP ? HISTORY_EVENT_MAP_STATE_SUCCEEDED : HISTORY_EVENT_PARALLEL_STATE_SUCCEEDED,
                    parent->row.previous_event_id, &event));
    TRY(step_finish(run, parent, data_of_text(result)));
    if (is_down(parent)) {
        set_group(parent, &group);
        return STATUS_OK;
    }
    return drop_if_open(run, &group);
}

enum status step_child_succeeded(struct run *run, struct run_frame *child, struct data output)
{
    struct run_frame *parent = NULL;
    struct str text;
    TRY(run_frame(run, child->row.parent, &parent));
    ASSERT(parent->row.phase == FRAME_CHILDREN && parent->row.child_group == child->row.group);
    TRY(data_text(run->arena, &output, &text));
    const struct payload_id id = {.scope = child->row.group, .slot = PAYLOAD_OUTPUT, .index = child->row.index};
    TRY(run_payload_put(run, &id, text));
    parent->row.child_done++;
    parent->dirty = true;
    parent->row.previous_event_id = child->row.previous_event_id;
    int64_t succeeded = child->row.previous_event_id;
    if (run_state(run, parent)->type == STATE_MAP) {
        TRY(add_iteration_event(run, parent, HISTORY_EVENT_MAP_ITERATION_SUCCEEDED, child->row.previous_event_id, child->row.index,
                                &succeeded));
    }
    TRY(run_frame_delete(run, child));
    if (parent->row.child_done == parent->row.child_count) {
        parent->row.previous_event_id = succeeded;
        return join(run, parent);
    }
    return step_start_children(run, parent);
}

/* ---- Taking down ---- */

/* Remembers the failure in the frame, because its children may take more than one step to go. */
static enum status begin_abort(struct run *run, struct run_frame *parent, const struct failure *failure, bool heartbeat)
{
    parent->row.pending_error = failure->error;
    parent->row.pending_cause = failure->cause;
    parent->row.pending_event_id = parent->row.previous_event_id;
    parent->row.pending_heartbeat = heartbeat;
    parent->row.walked = RECORD_NONE;
    run_phase(run, parent, FRAME_ABORT, RECORD_NONE);
    return step_abort_children(run, parent);
}

enum status step_child_failed(struct run *run, struct run_frame *child, const struct failure *failure, bool heartbeat)
{
    struct run_frame *parent = NULL;
    int64_t ignored = 0;
    TRY(run_frame(run, child->row.parent, &parent));
    ASSERT(parent->row.phase == FRAME_CHILDREN && parent->row.child_group == child->row.group);
    parent->row.previous_event_id = child->row.previous_event_id;
    if (run_state(run, parent)->type == STATE_MAP) {
        TRY(add_iteration_event(run, parent, HISTORY_EVENT_MAP_ITERATION_FAILED, child->row.previous_event_id, child->row.index,
                                &ignored));
    }
    if (run_state(run, child)->type == STATE_TASK) {
        /* Seen on AWS: the very task that failed is told as aborted, too, whether the Parallel or Map answers or not. */
        struct history_event *event = NULL;
        TRY(history_add(run, HISTORY_EVENT_TASK_STATE_ABORTED, child->row.previous_event_id, &event));
    }
    return begin_abort(run, parent, failure, heartbeat);
}

static enum status fail_while_running(struct run *run, struct run_frame *parent, const struct failure *failure)
{
    struct failure told = *failure;
    TRY(step_record_evaluation(run, parent, &told));
    return begin_abort(run, parent, &told, false);
}

/* …StateAborted of the state that the frame is at work at. */
static enum status record_state_aborted(struct run *run, struct run_frame *frame, int64_t event_id)
{
    struct history_event *event = NULL;
    if (frame->row.phase == FRAME_ENTER || frame->row.phase == FRAME_REDRIVE) {
        return STATUS_OK; /* it was about to */
    }
    switch (run_state(run, frame)->type) {
    case STATE_TASK:
        return history_add(run, HISTORY_EVENT_TASK_STATE_ABORTED, event_id, &event);
    case STATE_WAIT:
        return history_add(run, HISTORY_EVENT_WAIT_STATE_ABORTED, event_id, &event);
    case STATE_PARALLEL:
        return history_add(run, HISTORY_EVENT_PARALLEL_STATE_ABORTED, event_id, &event);
    case STATE_MAP:
        return history_add(run, HISTORY_EVENT_MAP_STATE_ABORTED, event_id, &event);
    case STATE_PASS:
    case STATE_CHOICE:
    case STATE_SUCCEED:
    case STATE_FAIL:
        return STATUS_OK;
    case STATE_TYPE_COUNT:
        break;
    }
    UNREACHABLE("state type");
}

/* That, after MapIterationAborted of the iteration that it is. */
static enum status record_aborted(struct run *run, struct run_frame *frame, int64_t event_id)
{
    struct run_frame *parent = NULL;
    int64_t ignored = 0;
    if (frame->row.phase == FRAME_DOWN || frame->row.phase == FRAME_AHEAD) {
        return STATUS_OK; /* that was told when it went down */
    }
    enum status status = run_frame(run, frame->row.parent, &parent);
    if (status == STATUS_OK && run_state(run, parent)->type == STATE_MAP) {
        TRY(add_iteration_event(run, parent, HISTORY_EVENT_MAP_ITERATION_ABORTED, event_id, frame->row.index, &ignored));
    } else if (status != STATUS_NOT_FOUND) {
        TRY(status);
    }
    return record_state_aborted(run, frame, event_id);
}

/* Whether the frame hangs below `parent`: through frames that are there, or below one that was taken down already. */
static enum status is_doomed(struct run *run, const struct run_frame *parent, const struct run_frame *frame, bool *out_doomed)
{
    int64_t id = frame->row.parent;
    while (id != FRAME_NO_PARENT && id != parent->row.id) {
        struct run_frame *ancestor = NULL;
        enum status status = run_frame(run, id, &ancestor);
        if (status == STATUS_NOT_FOUND) {
            *out_doomed = true;
            return STATUS_OK;
        }
        TRY(status);
        id = ancestor->row.parent;
    }
    *out_doomed = id == parent->row.id;
    return STATUS_OK;
}

/* Loads every frame with an id above the parent's that is in the store, a page of them, into the run. */
static enum status load_page(struct run *run, int64_t from, int64_t *out_last)
{
    const struct frame_row **rows = NULL;
    size_t count = 0;
    TRY(run->step->rows->frames(run->step->rows->owner, run->arena, &run->id, from, ABORT_PAGE, &rows, &count));
    *out_last = INT64_MAX;
    for (size_t at = 0; at < count; at++) {
        struct run_frame *frame = NULL;
        enum status status = run_frame(run, rows[at]->id, &frame);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        *out_last = rows[at]->id;
    }
    if (count < ABORT_PAGE) {
        *out_last = INT64_MAX; /* the store has no more */
    }
    return STATUS_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct run_frame *const *left = a;
    const struct run_frame *const *right = b;
    return ((*left)->row.id > (*right)->row.id) - ((*left)->row.id < (*right)->row.id);
}

/* The doomed frames that the run knows, in order of id. */
static enum status known_doomed(struct run *run, const struct run_frame *parent, struct run_frame ***out_frames, size_t *out_count)
{
    uint32_t known = run->frame_count; /* looking for ancestors may load more, which were seen to before */
    struct run_frame **frames = arena_array(run->arena, struct run_frame *, known);
    size_t count = 0;
    TRY_NEW(frames);
    for (uint32_t at = 0; at < known; at++) {
        struct run_frame *frame = run->frames[at];
        bool doomed = false;
        if (!frame->deleted && frame->row.id > parent->row.id && frame->row.phase != FRAME_SWEEP) {
            TRY(is_doomed(run, parent, frame, &doomed));
        }
        if (doomed) {
            frames[count++] = frame;
        }
    }
    qsort(frames, count, sizeof *frames, by_id);
    *out_frames = frames;
    *out_count = count;
    return STATUS_OK;
}

/* Hangs each frame below the doomed one that it belongs to, lowest ids first; returns the first of those that belong to none. */
static enum status link_doomed(struct run *run, struct run_frame **frames, size_t count, struct run_frame **out_first)
{
    *out_first = NULL;
    for (size_t at = 0; at < count; at++) {
        frames[at]->doomed_child = NULL;
    }
    for (size_t at = count; at-- > 0;) {
        struct run_frame *above = NULL;
        enum status status = run_frame(run, frames[at]->row.parent, &above);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        bool inner = status == STATUS_OK && bsearch(&above, frames, count, sizeof *frames, by_id) != NULL;
        struct run_frame **head = inner ? &above->doomed_child : out_first;
        frames[at]->doomed_next = *head;
        *head = frames[at];
    }
    return STATUS_OK;
}

bool step_keeps_children(const struct run *run, const struct run_frame *parent)
{
    const struct failure failure = {.error = parent->row.pending_error, .cause = parent->row.pending_cause, .is = true};
    return step_is_redrivable(run) && !step_is_answered(run, parent, &failure, parent->row.pending_heartbeat);
}

/* The frame stays as it is, and waits for nothing but a redrive. */
static void take_down(struct run *run, struct run_frame *frame)
{
    enum frame_phase phase = (enum frame_phase)frame->row.phase;
    if (phase == FRAME_DOWN || phase == FRAME_AHEAD) {
        return;
    }
    if (phase == FRAME_ABORT && !step_keeps_children(run, frame)) {
        step_leave_group(frame); /* some of its children are gone: it begins anew */
    }
    run_phase(run, frame, phase == FRAME_ENTER ? FRAME_AHEAD : FRAME_DOWN, RECORD_NONE);
    run->rows_estimated += 2;
}

static enum status delete_frame(struct run *run, struct run_frame *frame)
{
    if (frame->row.child_group != FRAME_NO_GROUP) {
        const struct group group = group_of(run, frame);
        TRY(drop_group(run, &group));
    }
    return run_frame_delete(run, frame);
}

/* Takes a frame down, and those below it first, as long as the step has room. */
static enum status abort_tree(struct run *run, const struct run_frame *parent, struct run_frame *frame, int depth)
{
    ASSERT(depth <= MACHINE_DEPTH_MAX + 1);
    for (struct run_frame *child = frame->doomed_child; child != NULL && !run_is_full(run); child = child->doomed_next) {
        TRY(abort_tree(run, parent, child, depth + 1));
    }
    if (run_is_full(run)) {
        return STATUS_OK;
    }
    TRY(record_aborted(run, frame, parent->row.pending_event_id));
    if (step_keeps_children(run, parent)) {
        take_down(run, frame);
        return STATUS_OK;
    }
    return delete_frame(run, frame);
}

/* Takes down the doomed frames the run knows, in their order and inner ones first, as long as the step has room. */
static enum status abort_known(struct run *run, struct run_frame *parent)
{
    struct run_frame **frames = NULL;
    struct run_frame *first = NULL;
    size_t count = 0;
    TRY(known_doomed(run, parent, &frames, &count));
    TRY(link_doomed(run, frames, count, &first));
    for (struct run_frame *frame = first; frame != NULL && !run_is_full(run); frame = frame->doomed_next) {
        TRY(abort_tree(run, parent, frame, 0));
    }
    return STATUS_OK;
}

static enum status handle_pending(struct run *run, struct run_frame *parent)
{
    const struct failure failure = {.error = parent->row.pending_error, .cause = parent->row.pending_cause, .is = true};
    bool heartbeat = parent->row.pending_heartbeat;
    bool keeps = step_keeps_children(run, parent);
    parent->row.pending_error = STR_NONE;
    parent->row.pending_cause = STR_NONE;
    parent->row.pending_heartbeat = false;
    parent->dirty = true;
    return fail_group(run, parent, &failure, heartbeat, keeps);
}

enum status step_abort_children(struct run *run, struct run_frame *parent)
{
    int64_t from = parent->row.walked == RECORD_NONE ? parent->row.id + 1 : parent->row.walked;
    while (from < INT64_MAX) {
        int64_t last = 0;
        TRY(load_page(run, from, &last));
        TRY(abort_known(run, parent));
        if (run_is_full(run)) {
            return run_queue(run, parent); /* comes back by a continuation, and begins with this page */
        }
        from = last == INT64_MAX ? last : last + 1;
        parent->row.walked = from;
    }
    return handle_pending(run, parent);
}
