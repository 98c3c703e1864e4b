#include "asl/parse.h"

#include "base/buffer.h"
#include "base/limits.h"

/* A vector's room for one more item. */
static enum status grow(struct arena *arena, void **items, size_t item_bytes, uint32_t count, uint32_t *capacity)
{
    if (count < *capacity) {
        return STATUS_OK;
    }
    uint32_t more = *capacity == 0 ? 16 : *capacity * 2;
    void *moved = arena_allocate_zeroed(arena, more, item_bytes);
    TRY_NEW(moved);
    if (count > 0) {
        memcpy(moved, *items, count * item_bytes);
    }
    *items = moved;
    *capacity = more;
    return STATUS_OK;
}

/* Which state may have been meant. */
static enum status hint_target(const struct parse_context *context, struct str name, bool elsewhere)
{
    struct parser *parser = context->parser;
    struct nearest nearest = nearest_begin(name);
    if (elsewhere) {
        return parse_hint(parser, "there is such a state in another branch or Map; transitions don't leave theirs");
    }
    for (uint32_t at = 0; parser->findings->count <= PARSE_HINTED_MAX && at < parser->state_count; at++) {
        if (parser->states[at]->machine == context->machine) {
            nearest_try(&nearest, parser->states[at]->name);
        }
    }
    return parse_hint_name(parser, &nearest);
}

/* A state's name is unique in the whole definition. One that is not, which is told, still means its own machine's state there:
 * that entry has a scope of its own. */
static const struct name_entry *find_state(const struct parser *parser, uint32_t machine, struct str name)
{
    const struct name_entry *own = name_table_find(&parser->names, machine + 1, name);
    return own != NULL ? own : name_table_find(&parser->names, 0, name);
}

enum status parse_target(const struct parse_context *context, const struct value *object, const struct parse_place *place,
                         struct str key, bool required, uint32_t *out_state)
{
    struct parser *parser = context->parser;
    const struct value *value = value_get(object, key);
    if (value == NULL) {
        return required ? parse_finding(parser, place, STR_NONE, object, PARSE_CODE_SCHEMA, "These fields are required: [%.*s]",
                                        STR_ARGS(key))
                        : STATUS_OK;
    }
    if (value->type != VALUE_STRING) {
        return parse_finding(parser, place, key, value, PARSE_CODE_SCHEMA, "Expected value of type String");
    }
    const struct name_entry *entry = find_state(parser, context->machine, value->string);
    if (entry == NULL || parser->states[entry->number]->machine != context->machine) {
        TRY(parse_finding(parser, place, key, value, FINDING_CODE_TRANSITION, "Missing 'Next' target: %.*s",
                          STR_ARGS(value->string)));
        return hint_target(context, value->string, entry != NULL);
    }
    *out_state = entry->number;
    return STATUS_OK;
}

struct field_rule {
    const char *name;
    const char *types;
    bool jsonpath;
    bool jsonata;
};

#define BOTH true, true
#define PATH true, false
#define NATA false, true
static const struct field_rule field_rules[] = {
#define FIELD(name, types, language) {name, types, language},
#include "asl/fields.def"
};
#undef BOTH
#undef PATH
#undef NATA

static const char type_letters[] = {'P', 'T', 'C', 'W', 'S', 'F', 'L', 'M'};
_Static_assert(sizeof type_letters == STATE_TYPE_COUNT, "a letter a state type, in the order of states.def");

/* Which states have the field, or which field of this one may have been meant. */
static enum status hint_field(const struct parse_context *context, struct str key, const struct field_rule *rule)
{
    static const struct str names[] = {
#define STATE(id, name, parse, enter) STR_INIT(name),
#include "asl/states.def"
    };
    struct buffer types = buffer_in(context->parser->arena);
    struct nearest nearest = nearest_begin(key);
    if (context->parser->findings->count > PARSE_HINTED_MAX) {
        return STATUS_OK;
    }
    if (rule != NULL) {
        for (size_t at = 0; at < STATE_TYPE_COUNT; at++) {
            if (strchr(rule->types, type_letters[at]) != NULL) {
                TRY(buffer_format(&types, "%s%.*s", types.length > 0 ? ", " : "", STR_ARGS(names[at])));
            }
        }
        return parse_hint(context->parser, "it belongs to %.*s", STR_ARGS(buffer_text(&types)));
    }
    for (size_t field = 0; field < sizeof field_rules / sizeof field_rules[0]; field++) {
        rule = &field_rules[field];
        if (strchr(rule->types, type_letters[context->state->type]) != NULL &&
            (context->state->jsonata ? rule->jsonata : rule->jsonpath)) {
            nearest_try(&nearest, str_of(rule->name));
        }
    }
    return parse_hint_name(context->parser, &nearest);
}

static enum status check_fields(const struct parse_context *context)
{
    char letter = type_letters[context->state->type];
    for (uint32_t at = 0; at < context->object->count; at++) {
        const struct value_member *member = &context->object->members[at];
        const struct field_rule *rule = NULL;
        for (size_t field = 0; field < sizeof field_rules / sizeof field_rules[0] && rule == NULL; field++) {
            rule = str_equal(member->key, str_of(field_rules[field].name)) ? &field_rules[field] : NULL;
        }
        if (rule == NULL || strchr(rule->types, letter) == NULL) {
            TRY(parse_unsupported(context, member));
            TRY(hint_field(context, member->key, rule));
        } else if (!(context->state->jsonata ? rule->jsonata : rule->jsonpath)) {
            TRY(parse_other_language(context, member));
        }
    }
    return STATUS_OK;
}

static enum status parse_query_language(const struct parse_context *context)
{
    struct parser *parser = context->parser;
    struct str language = STR_NONE;
    context->state->jsonata = parser->jsonata;
    TRY(parse_string(context, context->object, STR("QueryLanguage"), &language));
    if (language.bytes == NULL) {
        return STATUS_OK;
    }
    if (str_equal(language, STR("JSONata"))) {
        context->state->jsonata = true;
    } else if (!str_equal(language, STR("JSONPath"))) {
        return PARSE_PROBLEM(context, STR("QueryLanguage"), value_get(context->object, STR("QueryLanguage")),
                             "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]");
    } else if (parser->jsonata) {
        return parse_finding(parser, &context->place, STR_NONE, context->object, PARSE_CODE_SCHEMA,
                             "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine");
    }
    return STATUS_OK;
}

/* Next or End, of the types that have them. */
static enum status parse_next(const struct parse_context *context)
{
    const struct value *end = value_get(context->object, STR("End"));
    const struct value *next = value_get(context->object, STR("Next"));
    switch (context->state->type) {
    case STATE_CHOICE:
    case STATE_SUCCEED:
    case STATE_FAIL:
    case STATE_TYPE_COUNT:
        return STATUS_OK;
    case STATE_PASS:
    case STATE_TASK:
    case STATE_WAIT:
    case STATE_PARALLEL:
    case STATE_MAP:
        break;
    }
    if (end != NULL && (end->type != VALUE_BOOLEAN || (!end->boolean && next == NULL))) {
        return PARSE_PROBLEM(context, STR("End"), end, "The field 'End' must be true");
    }
    if (end != NULL && end->boolean && next != NULL) {
        return parse_exclusive(context, context->object, "Next", "End");
    }
    if (end == NULL && next == NULL) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "One of these fields is required: [Next, End]");
    }
    context->state->ends = next == NULL;
    return parse_target(context, context->object, &context->place, STR("Next"), false, &context->state->next);
}

static enum status parse_type(const struct parse_context *context)
{
    static const struct str names[] = {
#define STATE(id, name, parse, enter) STR_INIT(name),
#include "asl/states.def"
    };
    const struct value *type = value_get(context->object, STR("Type"));
    if (type == NULL) {
        context->state->type = STATE_TYPE_COUNT;
        return PARSE_PROBLEM(context, STR_NONE, context->object, "These fields are required: [Type]");
    }
    for (int at = 0; at < STATE_TYPE_COUNT; at++) {
        if (type->type == VALUE_STRING && str_equal(type->string, names[at])) {
            context->state->type = (enum state_type)at;
            return STATUS_OK;
        }
    }
    context->state->type = STATE_TYPE_COUNT;
    TRY(PARSE_PROBLEM(context, STR("Type"), type,
                      "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"));
    struct nearest nearest = nearest_begin(type->type == VALUE_STRING ? type->string : STR(""));
    for (int at = 0; at < STATE_TYPE_COUNT; at++) {
        nearest_try(&nearest, names[at]);
    }
    return parse_hint_name(context->parser, &nearest);
}

/* The fields that several types have; which type may have which is check_fields' matter. */
static enum status parse_common(struct parse_context *context)
{
    struct state *state = context->state;
    struct str comment = STR_NONE;
    struct parse_context after = *context; /* the work is done */
    bool works = state->type == STATE_TASK || state->type == STATE_PARALLEL || state->type == STATE_MAP;
    after.sees = works ? EXPRESSION_SEES_RESULT : EXPRESSION_SEES_INPUT;
    TRY(parse_string(context, context->object, STR("Comment"), &comment));
    TRY(parse_path_field(context, context->object, STR("InputPath"), false, &state->input_path));
    TRY(parse_path_field(context, context->object, STR("OutputPath"), false, &state->output_path));
    TRY(parse_path_field(context, context->object, STR("ResultPath"), true, &state->result_path));
    if (state->jsonata) {
        TRY(parse_template(&after, context->object, STR("Output"), &state->output));
        TRY(parse_template(context, context->object, STR("Arguments"), &state->parameters));
    } else {
        TRY(parse_template(context, context->object, STR("ResultSelector"), &state->result_selector));
        if (state->type != STATE_MAP) {
            TRY(parse_template(context, context->object, STR("Parameters"), &state->parameters));
        }
    }
    TRY(parse_assign(&after, context->object, &context->place, &state->assign));
    TRY(parse_next(context));
    if (works) {
        TRY(parse_retriers(context));
        TRY(parse_catchers(context));
    }
    return STATUS_OK;
}

static enum status parse_state(struct parse_context *context)
{
    static enum status (*const readers[])(struct parse_context *) = {
#define STATE(id, name, parse, enter) parse,
#include "asl/states.def"
    };
    if (context->object->type != VALUE_OBJECT) {
        return PARSE_PROBLEM(context, STR_NONE, context->object, "Expected value of type Object");
    }
    TRY(parse_query_language(context));
    TRY(parse_type(context));
    if (context->state->type == STATE_TYPE_COUNT) {
        return STATUS_OK;
    }
    TRY(check_fields(context));
    TRY(parse_common(context));
    return readers[context->state->type](context);
}

/* Names the states of a machine, so that transitions find them, before any is read. */
static enum status add_states(struct parser *parser, const struct value *states, const struct parse_place *place, uint32_t machine)
{
    for (uint32_t at = 0; at < states->count; at++) {
        TRY(grow(parser->arena, (void **)&parser->states, sizeof(struct state *), parser->state_count, &parser->state_capacity));
        struct str key = states->members[at].key;
        struct state *state = arena_new(parser->arena, struct state);
        TRY_NEW(state);
        state->machine = machine;
        state->next = STATE_NONE;
        TRY(arena_copy(parser->arena, key, &state->name));
        /* Half of a surrogate pair, which JSON can write, has no UTF-8: the history could not tell it. */
        if (key.length == 0 || parse_characters(key) > NAME_CHARACTERS_MAX || !str_is_utf8(key)) {
            TRY(parse_finding(parser, place, key, states->members[at].value, STR("INVALID_STATE_NAME"),
                              "State names have 1 to %d characters", NAME_CHARACTERS_MAX));
        }
        const struct name_entry *other = find_state(parser, machine, key);
        if (other != NULL) {
            TRY(parse_finding(parser, place, key, states->members[at].value, STR("DUPLICATE_STATE_NAME"), "Duplicate state name: %.*s",
                              STR_ARGS(key)));
        }
        if (other == NULL || parser->states[other->number]->machine != machine) {
            uint32_t scope = other == NULL ? 0 : machine + 1;
            TRY(name_table_add(parser->arena, &parser->names,
                               (struct name_entry){.name = state->name, .scope = scope, .number = parser->state_count}));
        }
        parser->states[parser->state_count++] = state;
    }
    return STATUS_OK;
}

/* Which states of the machine can be reached from its start, following every transition; without a start, what any state
 * leads to. An explicit stack: no recursion. */
static enum status mark_reachable(struct parser *parser, uint32_t start, uint32_t first, uint32_t count, bool *reached)
{
    uint32_t *stack = arena_array(parser->arena, uint32_t, 2 * (size_t)count);
    TRY_NEW(stack);
    uint32_t depth = 0;
    for (uint32_t at = 0; at < count; at++) {
        if (start == STATE_NONE || start == first + at) {
            stack[depth++] = first + at;
            reached[at] = start != STATE_NONE;
        }
    }
    while (depth > 0) {
        const struct state *state = parser->states[stack[--depth]];
        uint32_t rules = state->type == STATE_CHOICE ? state->choice.rule_count + 1 : 1;
        for (uint32_t at = 0; at < rules + state->catcher_count; at++) {
            uint32_t next = state->next;
            if (at >= rules) {
                next = state->catchers[at - rules].next;
            } else if (state->type == STATE_CHOICE) {
                next = at < state->choice.rule_count ? state->choice.rules[at].next : state->choice.default_next;
            }
            if (next != STATE_NONE && !reached[next - first]) {
                reached[next - first] = true;
                stack[depth++] = next;
            }
        }
    }
    return STATUS_OK;
}

/* A state whose Next names nothing is none. */
static bool is_terminal(const struct state *state)
{
    return state->type == STATE_SUCCEED || state->type == STATE_FAIL || state->ends;
}

static enum status check_transitions(struct parser *parser, const struct parse_place *states_place, const struct value *states,
                                     uint32_t start, uint32_t first)
{
    uint32_t count = states->count;
    bool *reached = arena_array(parser->arena, bool, count);
    bool terminal = false;
    TRY_NEW(reached);
    for (uint32_t at = 0; at < count; at++) {
        terminal |= is_terminal(parser->states[first + at]);
    }
    if (!terminal) {
        /* Seen on AWS: no location, and no word of what can't be reached. */
        TRY(parse_finding(parser, NULL, STR_NONE, states, STR("MISSING_END_STATE"), "Workflow has no terminal state"));
        return parse_hint(parser, "give one state \"End\": true, or add a Succeed or Fail");
    }
    TRY(mark_reachable(parser, start, first, count, reached));
    for (uint32_t at = 0; at < count; at++) {
        const struct state *state = parser->states[first + at];
        if (!reached[at]) {
            TRY(parse_finding(parser, states_place, state->name, states->members[at].value, FINDING_CODE_TRANSITION,
                              "State \"%.*s\" is not reachable.", STR_ARGS(state->name)));
        }
    }
    return STATUS_OK;
}

static enum status check_required(struct parser *parser, const struct value *object, const struct parse_place *place, bool *out_good)
{
    const struct value *start = value_get(object, STR("StartAt"));
    const struct value *states = value_get(object, STR("States"));
    *out_good = false;
    if (start == NULL || states == NULL) {
        return parse_finding(parser, place, STR_NONE, object, PARSE_CODE_SCHEMA, "These fields are required: [%s%s%s]",
                             states == NULL ? "States" : "", start == NULL && states == NULL ? ", " : "",
                             start == NULL ? "StartAt" : "");
    }
    if (states->type != VALUE_OBJECT) {
        return parse_finding(parser, place, STR("States"), states, PARSE_CODE_SCHEMA, "Expected value of type Object");
    }
    if (states->count == 0) {
        return parse_finding(parser, place, STR("States"), states, PARSE_CODE_SCHEMA, "Value cannot be empty");
    }
    *out_good = true;
    return STATUS_OK;
}

/* Errors but those of transitions and of what pawl lacks: with one of them the graph says little. */
static size_t schema_errors(const struct parser *parser)
{
    const struct findings *findings = parser->findings;
    return findings->error_count - findings->unsupported_count - findings->transition_count;
}

enum status parse_machine(struct parser *parser, const struct value *object, const struct parse_place *place, uint32_t parent_state,
                          uint32_t depth, uint32_t *out_index)
{
    bool good = false;
    if (object->type != VALUE_OBJECT) {
        return parse_finding(parser, place, STR_NONE, object, PARSE_CODE_SCHEMA, "Expected value of type Object");
    }
    if (depth > MACHINE_DEPTH_MAX) {
        return parse_finding(parser, place, STR_NONE, object, STR("TOO_DEEPLY_NESTED"), "More than %d machines inside each other",
                             MACHINE_DEPTH_MAX);
    }
    TRY(check_required(parser, object, place, &good));
    if (!good) {
        return STATUS_OK;
    }
    const struct parse_context here = {.parser = parser, .place = *place, .machine = parser->submachine_count};
    if (parent_state != STATE_NONE) {
        struct str comment = STR_NONE;
        TRY(parse_string(&here, object, STR("Comment"), &comment));
    }
    uint32_t machine = parser->submachine_count;
    TRY(grow(parser->arena, (void **)&parser->submachines, sizeof(struct submachine), machine, &parser->submachine_capacity));
    parser->submachines[machine] = (struct submachine){.start_at = STATE_NONE, .parent_state = parent_state};
    parser->submachine_count++;
    const struct value *states = value_get(object, STR("States"));
    const struct parse_place states_place = {.parent = place, .key = STR("States")};
    uint32_t first = parser->state_count;
    TRY(add_states(parser, states, &states_place, machine));
    size_t errors = schema_errors(parser);
    uint32_t level = parse_depth(&states_place) + 1;
    for (uint32_t at = 0; at < states->count; at++) {
        struct parse_context context = {
            .parser = parser,
            .object = states->members[at].value,
            .place = {.parent = &states_place, .key = states->members[at].key},
            .state = parser->states[first + at],
            .index = first + at,
            .machine = machine,
            .depth = depth,
            .level = level,
        };
        TRY(parse_state(&context));
    }
    uint32_t start = STATE_NONE;
    TRY(parse_target(&here, object, place, STR("StartAt"), true, &start));
    parser->submachines[machine].start_at = start;
    if (schema_errors(parser) == errors) {
        TRY(check_transitions(parser, &states_place, states, start, first));
    }
    *out_index = machine;
    return STATUS_OK;
}
