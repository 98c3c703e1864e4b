#include "cli/expectation.h"

#include "asl/pattern.h"
#include "base/buffer.h"

/* ---- Reading ---- */

static enum status refuse(struct expectation_problem *problem, const struct value *value, const char *message)
{
    *problem = (struct expectation_problem){str_of(message), value};
    return STATUS_INVALID;
}

static enum status read_text(const struct value *object, const char *name, struct str *out_text, struct expectation_problem *problem)
{
    const struct value *value = value_get(object, str_of(name));
    if (value == NULL) {
        return STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return refuse(problem, value, "Status, Error and Cause must be texts");
    }
    *out_text = value->string.bytes == NULL ? STR("") : value->string;
    return STATUS_OK;
}

static enum status check_members(struct arena *arena, const struct value *object, struct expectation_problem *problem)
{
    static const char *const names[] = {"Status", "Output", "Error", "Cause", "States"};
    for (uint32_t at = 0; at < object->count; at++) {
        bool known = false;
        for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
            known = known || str_equal(object->members[at].key, str_of(names[name]));
        }
        if (!known) {
            problem->value = object->members[at].value;
            TRY(arena_format(arena, &problem->message, "Expect has no '%.*s'; it has Status, Output, Error, Cause and States",
                             STR_ARGS(object->members[at].key)));
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static bool is_status(struct str status)
{
    return str_equal(status, STR("SUCCEEDED")) || str_equal(status, STR("FAILED")) || str_equal(status, STR("TIMED_OUT")) ||
           str_equal(status, STR("ABORTED"));
}

enum status expectation_read(struct arena *arena, const struct value *value, struct expectation *out_expectation,
                             struct expectation_problem *out_problem)
{
    struct expectation expectation = {.given = true, .output = value_get(value, STR("Output")), .states = value_get(value, STR("States"))};
    if (value == NULL) {
        *out_expectation = (struct expectation){.status = STR("SUCCEEDED")};
        return STATUS_OK;
    }
    if (value->type != VALUE_OBJECT) {
        return refuse(out_problem, value, "Expect must be an object: {\"Output\": …} or {\"Error\": …}");
    }
    TRY(check_members(arena, value, out_problem));
    TRY(read_text(value, "Status", &expectation.status, out_problem));
    TRY(read_text(value, "Error", &expectation.error, out_problem));
    TRY(read_text(value, "Cause", &expectation.cause, out_problem));
    if (expectation.status.bytes != NULL && !is_status(expectation.status)) {
        return refuse(out_problem, value_get(value, STR("Status")), "Status must be SUCCEEDED, FAILED, TIMED_OUT or ABORTED");
    }
    if (expectation.states != NULL && expectation.states->type != VALUE_ARRAY) {
        return refuse(out_problem, expectation.states, "States must be an array of names");
    }
    if (expectation.status.bytes == NULL) {
        bool fails = expectation.error.bytes != NULL || expectation.cause.bytes != NULL;
        expectation.status = fails ? STR("FAILED") : STR("SUCCEEDED");
    }
    *out_expectation = expectation;
    return STATUS_OK;
}

/* ---- Comparing ---- */

static enum status add_pointer(struct buffer *pointer, struct str key)
{
    TRY(buffer_add_byte(pointer, '/'));
    for (size_t at = 0; at < key.length; at++) {
        char byte = key.bytes[at];
        TRY(byte == '~' ? buffer_add(pointer, STR("~0")) : byte == '/' ? buffer_add(pointer, STR("~1")) : buffer_add_byte(pointer, byte));
    }
    return STATUS_OK;
}

/* The first place where the two differ: its pointer in the buffer, and what is there; NULL where nothing is. */
static enum status find_difference(struct buffer *pointer, const struct value **wanted, const struct value **got)
{
    /* Bounded by the nesting that value_parse allows. */
    while (*wanted != NULL && *got != NULL && (*wanted)->type == (*got)->type) {
        const struct value *a = *wanted;
        const struct value *b = *got;
        uint32_t count = a->count > b->count ? a->count : b->count;
        bool found = false;
        for (uint32_t at = 0; a->type == VALUE_ARRAY && at < count && !found; at++) {
            *wanted = value_item(a, at);
            *got = value_item(b, at);
            found = *wanted == NULL || *got == NULL || !value_equal(*wanted, *got);
            TRY(found ? buffer_format(pointer, "/%u", at) : STATUS_OK);
        }
        for (uint32_t at = 0; a->type == VALUE_OBJECT && at < a->count && !found; at++) {
            *wanted = a->members[at].value;
            *got = value_get(b, a->members[at].key);
            found = *got == NULL || !value_equal(*wanted, *got);
            TRY(found ? add_pointer(pointer, a->members[at].key) : STATUS_OK);
        }
        for (uint32_t at = 0; a->type == VALUE_OBJECT && at < b->count && !found; at++) {
            *wanted = value_get(a, b->members[at].key);
            *got = b->members[at].value;
            found = *wanted == NULL;
            TRY(found ? add_pointer(pointer, b->members[at].key) : STATUS_OK);
        }
        if (!found) {
            return STATUS_OK; /* scalars */
        }
    }
    return STATUS_OK;
}

static enum status add_value(struct buffer *buffer, const struct value *value)
{
    struct str text;
    if (value == NULL) {
        return buffer_add(buffer, STR("nothing"));
    }
    TRY(value_to_text(buffer->arena, value, &text));
    return buffer_add(buffer, text);
}

static enum status tell_values(struct buffer *buffer, const char *what, const struct value *wanted, const struct value *got)
{
    struct buffer pointer = buffer_in(buffer->arena);
    TRY(buffer_format(buffer, "%s differs", what));
    const struct value *inner_wanted = wanted;
    const struct value *inner_got = got;
    TRY(find_difference(&pointer, &inner_wanted, &inner_got));
    if (pointer.length > 0) {
        TRY(buffer_format(buffer, " at %.*s: wanted ", STR_ARGS(buffer_text(&pointer))));
        TRY(add_value(buffer, inner_wanted));
        TRY(buffer_add(buffer, STR(", got ")));
        TRY(add_value(buffer, inner_got));
    }
    TRY(buffer_add(buffer, STR("\n    wanted ")));
    TRY(add_value(buffer, wanted));
    TRY(buffer_add(buffer, STR("\n    got    ")));
    return add_value(buffer, got);
}

static enum status tell_texts(struct buffer *buffer, const char *what, struct str wanted, struct str got)
{
    TRY(buffer_format(buffer, "%s differs\n    wanted %.*s\n    got    ", what, STR_ARGS(wanted)));
    return got.bytes == NULL ? buffer_add(buffer, STR("nothing")) : buffer_add(buffer, got);
}

/* "FAILED: Error: cause", and instead of what. */
static enum status tell_status(struct buffer *buffer, const struct expectation *expectation, const struct execution_status *end)
{
    TRY(buffer_add(buffer, end->status));
    if (expectation->given) {
        TRY(buffer_format(buffer, " instead of %.*s", STR_ARGS(expectation->status)));
    }
    return buffer_format(buffer, "%s%.*s%s%.*s", end->error.length > 0 ? ": " : "", STR_ARGS(end->error),
                         end->cause.length > 0 ? ": " : "", STR_ARGS(end->cause));
}

/* The names of the states that were entered, in order. */
static enum status entered_states(struct arena *arena, const struct interpreter *interpreter, const struct value **out_states)
{
    size_t event_count = interpreter_event_count(interpreter);
    const struct value **names = arena_array(arena, const struct value *, event_count);
    size_t count = 0;
    TRY_NEW(names);
    for (size_t at = 0; at < event_count; at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        if (str_ends_with(event->type, STR("StateEntered"))) {
            TRY(value_string(arena, event->name, &names[count]));
            count++;
        }
    }
    return value_array(arena, names, count, out_states);
}

enum status expectation_check(struct arena *arena, const struct expectation *expectation, const struct interpreter *interpreter,
                              struct str *out_difference)
{
    const struct execution_status *end = interpreter_status(interpreter);
    struct buffer buffer = buffer_in(arena);
    const struct value *output = NULL;
    const struct value *states = NULL;
    if (end->output.bytes != NULL) {
        TRY(value_parse(arena, end->output, &output, NULL));
    }
    if (expectation->states != NULL) {
        TRY(entered_states(arena, interpreter, &states));
    }
    if (!str_equal(end->status, expectation->status)) {
        TRY(tell_status(&buffer, expectation, end));
    } else if (expectation->error.bytes != NULL && !pattern_matches(end->error, expectation->error)) {
        TRY(tell_texts(&buffer, "Error", expectation->error, end->error));
    } else if (expectation->cause.bytes != NULL && !pattern_matches(end->cause, expectation->cause)) {
        TRY(tell_texts(&buffer, "Cause", expectation->cause, end->cause));
    } else if (expectation->output != NULL && (output == NULL || !value_equal(expectation->output, output))) {
        TRY(tell_values(&buffer, "Output", expectation->output, output));
    } else if (states != NULL && !value_equal(expectation->states, states)) {
        TRY(tell_values(&buffer, "States", expectation->states, states));
    }
    *out_difference = buffer.length > 0 ? buffer_text(&buffer) : STR_NONE;
    return STATUS_OK;
}
