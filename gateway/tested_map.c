#include "gateway/tested_map.h"

#include "asl/expression.h"
#include "base/limits.h"
#include "gateway/mock.h"

#define ENOUGH_BYTES (TRIAL_MEMORY_BYTES_MAX / 2) /* no more iterations are begun past this; a step takes less than the rest */

static const struct value *field(const struct tested_map *map, const char *name)
{
    return value_get(map->trial->tested.state, str_of(name));
}

/* ---- The probe: a Map whose iterations end at once ---- */

static bool selects(const struct tested_map *map)
{
    return field(map, "ItemSelector") != NULL || field(map, "Parameters") != NULL;
}

/* As far as there is something to see: the first step has the items, each iteration its input. Memory bounds the loop. */
static enum status run_probe(const struct tested_map *map, struct interpreter *probe)
{
    while (selects(map) && interpreter_is_running(probe) && interpreter_next_due_ms(probe) != INT64_MAX &&
           arena_used(interpreter_arena(probe)) < ENOUGH_BYTES) {
        TRY(interpreter_fire(probe));
    }
    return STATUS_OK;
}

/* Stages of the iterations come in the iterations' order: they are begun one after another. */
static enum status join_inputs(struct call *call, const struct interpreter *probe, struct tested_map *map)
{
    struct buffer text = buffer_in(call->arena);
    int64_t count = 0;
    TRY(buffer_add_byte(&text, '['));
    for (size_t at = 0; at < interpreter_stage_count(probe) && buffer_text(&text).length < PAYLOAD_BYTES_MAX; at++) {
        const struct stage *stage = interpreter_stage(probe, at);
        if (stage->type == STAGE_ITEM_SELECTOR) {
            TRY(buffer_add(&text, count++ > 0 ? STR(",") : STR("")));
            TRY(buffer_add(&text, stage->value));
        }
    }
    TRY(buffer_add_byte(&text, ']'));
    if (count == map->count && buffer_text(&text).length <= PAYLOAD_BYTES_MAX) { /* the model's bound of a text of inspection */
        map->inputs = buffer_text(&text);
    }
    return STATUS_OK;
}

static enum status read_stages(struct call *call, const struct interpreter *probe, struct tested_map *map)
{
    const struct value *items;
    struct str input;
    for (size_t at = 0; at < interpreter_stage_count(probe); at++) {
        const struct stage *stage = interpreter_stage(probe, at);
        if (stage->type == STAGE_ITEMS && map->items.bytes == NULL) {
            TRY(arena_copy(call->arena, stage->value, &map->items));
            TRY(value_parse(call->arena, map->items, &items, NULL));
            map->count = items->count;
        } else if (stage->type == STAGE_INPUT_PATH && map->input == map->trial->input_value) {
            TRY(arena_copy(call->arena, stage->value, &input));
            TRY(value_parse(call->arena, input, &map->input, NULL));
        }
    }
    return STATUS_OK;
}

static enum status read_probe(struct call *call, const struct interpreter *probe, struct tested_map *map)
{
    const struct execution_status *status = interpreter_status(probe);
    if (status == NULL) {
        return STATUS_CORRUPT;
    }
    TRY(read_stages(call, probe, map));
    if (str_equal(status->status, STR("FAILED"))) {
        TRY(arena_copy(call->arena, status->error.bytes == NULL ? STR("") : status->error, &map->error));
        return status->cause.bytes == NULL ? STATUS_OK : arena_copy(call->arena, status->cause, &map->cause);
    }
    return selects(map) ? join_inputs(call, probe, map) : STATUS_OK;
}

static enum status probe(struct call *call, struct tested_map *map)
{
    struct interpreter *interpreter;
    enum status status = trial_start(call, map->trial, TESTED_AS_ITEMS, &interpreter);
    if (status == STATUS_OK) {
        status = run_probe(map, interpreter);
    }
    if (status == STATUS_OK) {
        status = read_probe(call, interpreter, map);
    }
    interpreter_destroy(interpreter);
    return status;
}

/* ---- Fields ---- */

/* The value of a field: "Name", or in JSONPath a path in "NamePath", in JSONata an expression. NULL: there is none, or it has
 * no value. */
static enum status field_value(struct call *call, const struct tested_map *map, const char *name, const struct value **out_value)
{
    struct arena *arena = call->arena;
    const struct trial *trial = map->trial;
    struct str path_name;
    struct str problem;
    const struct expression *expression = NULL;
    const struct expression_problem *problems = NULL;
    struct failure failure;
    const struct value *literal = field(map, name);
    const struct expression_scope scope = {
        .roots = {.input = map->input, .context = trial->context,
                  .variables = trial->variables == NULL ? &value_empty_object : trial->variables},
        .states_input = trial->input_value,
        .env = &(struct env){.now_ms = call->now_ms},
    };
    *out_value = NULL;
    TRY(arena_format(arena, &path_name, "%sPath", name));
    const struct value *path = value_get(trial->tested.state, path_name);
    enum status status = STATUS_OK;
    if (path != NULL && path->type == VALUE_STRING && !trial->tested.jsonata) {
        status = expression_path(arena, path->string, path_name, false, &expression, &problem);
    } else if (literal != NULL && trial->tested.jsonata) {
        const struct expression_place place = {.field = str_of(name), .sees = EXPRESSION_SEES_INPUT};
        status = expression_jsonata(arena, literal, &place, &expression, &problems);
    } else {
        *out_value = literal;
        return STATUS_OK;
    }
    if (status == STATUS_OK && problems == NULL) {
        status = expression_evaluate(arena, expression, &scope, out_value, &failure);
    }
    return status == STATUS_LIMIT_EXCEEDED ? status : STATUS_OK;
}

enum status tested_map_evaluate(struct call *call, const struct trial *trial, struct str mocked, struct tested_map *out_map)
{
    const struct value *concurrency;
    *out_map = (struct tested_map){.trial = trial, .mocked = mocked, .input = trial->input_value, .count = TESTED_MAP_NO_COUNT};
    if (field(out_map, "ItemReader") == NULL) {
        TRY(probe(call, out_map));
    }
    TRY(field_value(call, out_map, "MaxConcurrency", &concurrency));
    if (concurrency != NULL && !value_to_int64(concurrency, &out_map->concurrency)) {
        out_map->concurrency = 0;
    }
    TRY(field_value(call, out_map, "ToleratedFailureCount", &out_map->tolerated_count));
    return field_value(call, out_map, "ToleratedFailurePercentage", &out_map->tolerated_percentage);
}

/* ---- Failed iterations ---- */

/* How many the caller says have failed; 0: it does not say. */
static int64_t failed_count(const struct call *call)
{
    const struct value *failed = mock_configuration(call, STR("mapIterationFailureCount"));
    int64_t count = 0;
    return failed != NULL && value_to_int64(failed, &count) ? count : 0;
}

enum status tested_map_check_failures(struct call *call, const struct tested_map *map, bool *out_refused)
{
    const struct value *mocked;
    int64_t failed = failed_count(call);
    *out_refused = map->count != TESTED_MAP_NO_COUNT && failed > map->count;
    if (map->mocked.bytes != NULL) {
        TRY(value_parse(call->arena, map->mocked, &mocked, NULL));
        *out_refused = *out_refused || (mocked->type == VALUE_ARRAY && failed > mocked->count);
    }
    if (!*out_refused) {
        return STATUS_OK;
    }
    return call_refuse(call, STR("ValidationException"),
                       "Map iteration failure count must be less than or equal to the number of Map iterations");
}

bool tested_map_fails(const struct call *call, const struct tested_map *map)
{
    const struct value *percentage = map->tolerated_percentage;
    int64_t failed = failed_count(call);
    int64_t tolerated;
    if (map->tolerated_count != NULL && value_to_int64(map->tolerated_count, &tolerated) && failed > tolerated) {
        return true;
    }
    return percentage != NULL && percentage->type == VALUE_NUMBER && map->count != TESTED_MAP_NO_COUNT &&
           (double)failed * 100 > percentage->number * (double)map->count;
}

/* ---- The answer ---- */

enum status tested_map_tell(struct answer *answer, const struct call *call, const struct tested_map *map)
{
    const struct value *percentage = map->tolerated_percentage;
    int64_t number;
    if (!map->trial->tested.jsonata) {
        TRY(answer_text(answer, "afterItemsPath", map->items));
    }
    TRY(answer_text(answer, "afterItemSelector", map->inputs));
    TRY(answer_number(answer, "maxConcurrency", map->concurrency));
    if (map->tolerated_count != NULL && value_to_int64(map->tolerated_count, &number)) {
        TRY(answer_number(answer, "toleratedFailureCount", number));
    }
    if (percentage != NULL && percentage->type == VALUE_NUMBER) {
        struct str text;
        TRY(arena_format(call->arena, &text, "%.15g", percentage->number));
        TRY(answer_json(answer, "toleratedFailurePercentage", text));
    }
    return STATUS_OK;
}
