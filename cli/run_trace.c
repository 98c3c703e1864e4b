#include "cli/run_trace.h"

#include "asl/value.h"
#include "cli/timeline.h"
#include "schemas/codec/history_event.h"

#include <inttypes.h>

#define STATE_COLUMNS 20

/* How the lines of an event begin: by the end of its type. The first that fits. */
static const struct {
    struct str end;
    const char *words;
    char kind; /* b: bad, s: strong, g: good, n: none of these; h: nothing that is shown */
} rows[] = {
    {STR_INIT("ExecutionStarted"), "started", 's'},
    {STR_INIT("ExecutionSucceeded"), "SUCCEEDED", 'g'},
    {STR_INIT("ExecutionFailed"), "FAILED", 'b'},
    {STR_INIT("ExecutionAborted"), "ABORTED", 'b'},
    {STR_INIT("ExecutionTimedOut"), "TIMED_OUT", 'b'},
    {STR_INIT("StateEntered"), "enters", 's'},
    {STR_INIT("StateExited"), "leaves", 's'},
    {STR_INIT("EvaluationFailed"), "evaluation failed", 'b'},
    {STR_INIT("MapStateStarted"), "items", 'n'},
    {STR_INIT("MapIterationStarted"), "iteration started", 'n'},
    {STR_INIT("MapIterationSucceeded"), "iteration succeeded", 'n'},
    {STR_INIT("MapIterationFailed"), "iteration failed", 'b'},
    {STR_INIT("MapIterationAborted"), "iteration aborted", 'b'},
    {STR_INIT("StateAborted"), "aborted", 'b'},
    {STR_INIT("StateStarted"), "branches started", 'n'},
    {STR_INIT("StateSucceeded"), "succeeded", 'n'},
    {STR_INIT("StateFailed"), "failed", 'b'},
    {STR_INIT("ScheduleFailed"), "task failed", 'b'},
    {STR_INIT("StartFailed"), "task failed", 'b'},
    {STR_INIT("SubmitFailed"), "task failed", 'b'},
    {STR_INIT("Scheduled"), "task asked for", 'n'},
    {STR_INIT("Started"), "task started", 'h'},
    {STR_INIT("Submitted"), "task submitted", 'n'},
    {STR_INIT("Succeeded"), "task succeeded", 'n'},
    {STR_INIT("Failed"), "task failed", 'b'},
    {STR_INIT("TimedOut"), "task timed out", 'b'},
};

struct trace {
    struct buffer *buffer;
    const struct interpreter *interpreter;
    const struct run_trace_style *style;
    struct paint paint;
    size_t next_stage;
    bool *told; /* [id of a StateEntered]: its InputPath was shown */
};

/* The event of the id, or NULL: ids count from 1. */
static const struct history_event *event_of(const struct trace *trace, int64_t id)
{
    return id < 1 || (size_t)id > interpreter_event_count(trace->interpreter)
               ? NULL
               : interpreter_event(trace->interpreter, (size_t)id - 1);
}

static bool is_failure(const struct history_event *event)
{
    return event != NULL && (str_ends_with(event->type, STR("Failed")) || str_ends_with(event->type, STR("TimedOut")));
}

/* The state that an event belongs to: its own name, or that of the state around it. Going back through what caused it, that
 * is the first that was entered and not left again. */
static struct str state_of(const struct trace *trace, const struct history_event *event)
{
    bool around = str_starts_with(event->type, STR("MapState")) || str_starts_with(event->type, STR("ParallelState"));
    struct str type = str_starts_with(event->type, STR("MapState")) ? STR("MapStateE") : STR("ParallelStateE");
    size_t left = 0;
    if (event->name.length > 0 || str_starts_with(event->type, STR("Execution"))) {
        return event->name;
    }
    /* Each event's cause has a lower id. */
    for (; event != NULL; event = event->previous_event_id < event->id ? event_of(trace, event->previous_event_id) : NULL) {
        if (around && !str_starts_with(event->type, type)) {
            continue;
        }
        if (str_ends_with(event->type, STR("StateExited"))) {
            left++;
        } else if (str_ends_with(event->type, STR("StateEntered")) && left-- == 0) {
            return event->name;
        }
    }
    return STR("");
}

static enum status add_data(struct trace *trace, const char *name, struct str text)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_format(trace->buffer, "  %s%s%s ", trace->paint.faint, name, trace->paint.off));
    return timeline_text(trace->buffer, text, trace->style->characters_max);
}

/* After a failure: what was done about it. */
static enum status add_remedy(struct trace *trace, const struct history_event *event)
{
    const struct history_event *before = event_of(trace, event->previous_event_id);
    if (!is_failure(before)) {
        return STATUS_OK;
    }
    if (str_ends_with(event->type, STR("Scheduled")) || str_ends_with(event->type, STR("StateStarted"))) {
        int64_t after_ms = (event->timestamp - before->timestamp) / 1000;
        return buffer_format(trace->buffer, "  %s(retry after %" PRId64 ".%03d s)%s", trace->paint.warning, after_ms / 1000,
                             (int)(after_ms % 1000), trace->paint.off);
    }
    if (str_ends_with(event->type, STR("StateExited"))) {
        return buffer_format(trace->buffer, "  %s(caught)%s", trace->paint.warning, trace->paint.off);
    }
    return STATUS_OK;
}

static enum status add_details(struct trace *trace, const struct history_event *event)
{
    bool scheduled = str_ends_with(event->type, STR("Scheduled"));
    if (event->index != RECORD_NONE) {
        TRY(buffer_format(trace->buffer, " #%" PRId64, event->index));
    }
    if (event->length != RECORD_NONE) {
        TRY(buffer_format(trace->buffer, " %" PRId64, event->length));
    }
    TRY(add_remedy(trace, event));
    if (scheduled) {
        TRY(add_data(trace, "resource", event->resource));
    }
    TRY(add_data(trace, "at", event->location));
    TRY(add_data(trace, "error", event->error));
    TRY(add_data(trace, "cause", event->cause));
    TRY(add_data(trace, scheduled ? "parameters" : "input", event->input));
    TRY(add_data(trace, "parameters", event->parameters));
    TRY(add_data(trace, str_ends_with(event->type, STR("StateExited")) ? "output" : "result", event->output));
    return add_data(trace, "variables", event->assigned_variables);
}

static int64_t since_ms(const struct history_event *event)
{
    return (event->timestamp - event->incarnation) / 1000;
}

/* "    +5.000  Charge                " */
static enum status begin_line(struct trace *trace, int64_t ms, struct str state)
{
    TRY(buffer_format(trace->buffer, "%s%+8" PRId64 ".%03d%s  ", trace->paint.faint, ms / 1000, (int)(ms % 1000), trace->paint.off));
    size_t begin = trace->buffer->length;
    TRY(timeline_text(trace->buffer, state, 0));
    for (size_t column = trace->buffer->length - begin; column < STATE_COLUMNS; column++) {
        TRY(buffer_add_byte(trace->buffer, ' '));
    }
    return buffer_add(trace->buffer, STR("  "));
}

static enum status write_event(struct trace *trace, const struct history_event *event)
{
    const char *words = NULL;
    char kind = 'n';
    for (size_t at = 0; at < sizeof rows / sizeof *rows && words == NULL; at++) {
        if (str_ends_with(event->type, rows[at].end)) {
            words = rows[at].words;
            kind = rows[at].kind;
        }
    }
    if (kind == 'h') {
        return STATUS_OK;
    }
    const char *colour = kind == 'b' ? trace->paint.bad : kind == 's' ? trace->paint.strong : kind == 'g' ? trace->paint.good : "";
    TRY(begin_line(trace, since_ms(event), state_of(trace, event)));
    TRY(buffer_format(trace->buffer, "%s%s%s", colour, words == NULL ? event->type.bytes : words,
                      *colour == '\0' ? "" : trace->paint.off));
    TRY(add_details(trace, event));
    return buffer_add_byte(trace->buffer, '\n');
}

static enum status write_event_json(struct trace *trace, const struct history_event *event)
{
    struct str state = state_of(trace, event);
    TRY(buffer_format(trace->buffer, "{\"ms\":%" PRId64, since_ms(event)));
    if (state.length > 0) {
        TRY(buffer_add(trace->buffer, STR(",\"state\":")));
        TRY(value_write_string(trace->buffer, state));
    }
    TRY(buffer_format(trace->buffer, ",\"event\":\"%.*s\",\"id\":%" PRId64 ",\"details\":", STR_ARGS(event->type), event->id));
    TRY(history_event_to_aws(trace->buffer, event));
    return buffer_add(trace->buffer, STR("}\n"));
}

/* ---- Stages ---- */

/* Whether there is anything to tell: a field that the definition has not, has done nothing; an InputPath is evaluated anew for
 * each attempt and iteration. */
static bool is_news(struct trace *trace, const struct stage *stage)
{
    if (stage->type != STAGE_INPUT_PATH || !stage->given) {
        return stage->given;
    }
    if ((size_t)stage->entered_event_id > interpreter_event_count(trace->interpreter)) {
        return true; /* of a step that was given up at a limit */
    }
    bool told = trace->told[stage->entered_event_id];
    trace->told[stage->entered_event_id] = true;
    return !told;
}

/* "ItemSelector #2", "ResultPath $.a", "Choices[1] is true". */
static enum status write_stage_name(struct trace *trace, const struct stage *stage)
{
    if (stage->type == STAGE_CHOICE && stage->index < 0) {
        return buffer_add(trace->buffer, STR("Default"));
    }
    TRY(buffer_add(trace->buffer, stage_name(stage->type)));
    if (stage->type == STAGE_ITEM_SELECTOR) {
        TRY(buffer_format(trace->buffer, " #%" PRId64, stage->index));
    } else if (stage->index != STAGE_NO_INDEX) {
        TRY(buffer_format(trace->buffer, "[%" PRId64 "]%s", stage->index, stage->type == STAGE_CHOICE ? " is true" : ""));
    }
    if (stage->path.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_add_byte(trace->buffer, ' '));
    return timeline_text(trace->buffer, stage->path, 0);
}

static enum status write_stage(struct trace *trace, int64_t ms, const struct stage *stage)
{
    TRY(begin_line(trace, ms, stage->state));
    TRY(buffer_add(trace->buffer, str_of(trace->paint.stage)));
    TRY(write_stage_name(trace, stage));
    TRY(buffer_add(trace->buffer, str_of(trace->paint.off)));
    if (stage->type == STAGE_CHOICE) {
        TRY(add_data(trace, "next", stage->value));
    } else {
        TRY(buffer_add(trace->buffer, STR("  ")));
        TRY(timeline_text(trace->buffer, stage->value, trace->style->characters_max));
    }
    return buffer_add_byte(trace->buffer, '\n');
}

static enum status write_stage_json(struct trace *trace, int64_t ms, const struct stage *stage)
{
    TRY(buffer_format(trace->buffer, "{\"ms\":%" PRId64 ",\"state\":", ms));
    TRY(value_write_string(trace->buffer, stage->state));
    TRY(buffer_format(trace->buffer, ",\"stage\":\"%.*s\"", STR_ARGS(stage_name(stage->type))));
    if (stage->index != STAGE_NO_INDEX) {
        TRY(buffer_format(trace->buffer, ",\"index\":%" PRId64, stage->index));
    }
    if (stage->path.bytes != NULL) {
        TRY(buffer_add(trace->buffer, STR(",\"path\":")));
        TRY(value_write_string(trace->buffer, stage->path));
    }
    TRY(buffer_add(trace->buffer, STR(",\"value\":")));
    TRY(buffer_add(trace->buffer, stage->value));
    return buffer_add(trace->buffer, STR("}\n"));
}

/* The stages that came right after the event. */
static enum status write_stages(struct trace *trace, const struct history_event *event)
{
    for (; trace->next_stage < interpreter_stage_count(trace->interpreter); trace->next_stage++) {
        const struct stage *stage = interpreter_stage(trace->interpreter, trace->next_stage);
        int64_t ms = stage->time_ms - event->incarnation / 1000;
        if (stage->after_event_id > event->id) {
            break;
        }
        if (is_news(trace, stage)) {
            TRY(trace->style->json ? write_stage_json(trace, ms, stage) : write_stage(trace, ms, stage));
        }
    }
    return STATUS_OK;
}

enum status run_trace_write(struct buffer *buffer, const struct interpreter *interpreter, const struct run_trace_style *style)
{
    size_t count = interpreter_event_count(interpreter);
    struct trace trace = {.buffer = buffer, .interpreter = interpreter, .style = style, .paint = style->paint};
    trace.told = arena_array(buffer->arena, bool, count + 1);
    TRY_NEW(trace.told);
    for (size_t at = 0; at < count; at++) {
        const struct history_event *event = interpreter_event(interpreter, at);
        TRY(style->json ? write_event_json(&trace, event) : write_event(&trace, event));
        TRY(write_stages(&trace, event));
    }
    return STATUS_OK;
}
