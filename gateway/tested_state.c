#include "gateway/tested_state.h"

#include "asl/machine.h"
#include "base/assert.h"

/* As JSON. No state that is tested can have this name. */
#define ITSELF STR("\"\\u0002itself\"")

static struct str text_of(const struct value *object, struct str name)
{
    const struct value *value = value_get(object, name);
    return value == NULL || value->type != VALUE_STRING ? STR_NONE : value->string;
}

static bool speaks_jsonata(const struct value *object, bool around)
{
    struct str language = text_of(object, STR("QueryLanguage"));
    return language.bytes == NULL ? around : str_equal(language, STR("JSONata"));
}

/* ---- Finding ---- */

/* In the machine, or in one inside of its states. The nesting of JSON bounds the recursion. */
static bool search(const struct value *machine, bool jsonata, struct tested_state *tested)
{
    const struct value *states = value_get(machine, STR("States"));
    if (states == NULL || states->type != VALUE_OBJECT) {
        return false;
    }
    jsonata = speaks_jsonata(machine, jsonata);
    const struct value *found = value_get(states, tested->name);
    if (found != NULL && found->type == VALUE_OBJECT) {
        tested->state = found;
        tested->jsonata = speaks_jsonata(found, jsonata);
        return true;
    }
    for (uint32_t at = 0; at < states->count; at++) {
        const struct value *state = states->members[at].value;
        const struct value *branches = value_get(state, STR("Branches"));
        const struct value *inner = value_get(state, STR("ItemProcessor"));
        inner = inner != NULL ? inner : value_get(state, STR("Iterator"));
        if (inner != NULL && search(inner, jsonata, tested)) {
            return true;
        }
        for (uint32_t branch = 0; branches != NULL && branches->type == VALUE_ARRAY && branch < branches->count; branch++) {
            if (search(value_item(branches, branch), jsonata, tested)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Writing machines ---- */

struct names {
    struct str *items;
    uint32_t count;
    uint32_t capacity;
};

static enum status note_name(struct call *call, struct names *names, struct str name)
{
    for (uint32_t at = 0; at < names->count; at++) {
        if (str_equal(names->items[at], name)) {
            return STATUS_OK;
        }
    }
    if (names->count == names->capacity) {
        struct str *items = arena_array(call->arena, struct str, names->capacity * 2 + 8);
        TRY_NEW(items);
        if (names->count > 0) {
            memcpy(items, names->items, names->count * sizeof *items);
        }
        names->items = items;
        names->capacity = names->capacity * 2 + 8;
    }
    names->items[names->count++] = name;
    return STATUS_OK;
}

static enum status note_next(struct call *call, struct names *names, const struct value *object, struct str member)
{
    struct str name = text_of(object, member);
    return name.bytes == NULL ? STATUS_OK : note_name(call, names, name);
}

static enum status note_each_next(struct call *call, struct names *names, const struct value *list)
{
    for (uint32_t at = 0; list != NULL && list->type == VALUE_ARRAY && at < list->count; at++) {
        TRY(note_next(call, names, value_item(list, at), STR("Next")));
    }
    return STATUS_OK;
}

static enum status write_targets(struct call *call, struct buffer *text, const struct tested_state *tested)
{
    struct names names = {0};
    TRY(note_next(call, &names, tested->state, STR("Next")));
    TRY(note_next(call, &names, tested->state, STR("Default")));
    TRY(note_each_next(call, &names, value_get(tested->state, STR("Choices"))));
    TRY(note_each_next(call, &names, value_get(tested->state, STR("Catch"))));
    for (uint32_t at = 0; at < names.count; at++) {
        bool itself = str_equal(names.items[at], tested->name);
        TRY(buffer_add_byte(text, ','));
        TRY(itself ? buffer_add(text, ITSELF) : value_write_string(text, names.items[at]));
        TRY(buffer_add(text, STR(":{\"Type\":\"Succeed\"}")));
    }
    return STATUS_OK;
}

/* What a Map or Parallel has and a task has not. */
static bool is_of_children(struct str key, struct str type)
{
    static const struct str keys[] = {
        STR_INIT("Type"),          STR_INIT("Branches"),           STR_INIT("ItemProcessor"),
        STR_INIT("Iterator"),      STR_INIT("Items"),              STR_INIT("ItemsPath"),
        STR_INIT("ItemSelector"),  STR_INIT("ItemReader"),         STR_INIT("ItemBatcher"),
        STR_INIT("ResultWriter"),  STR_INIT("Label"),              STR_INIT("MaxConcurrency"),
        STR_INIT("MaxConcurrencyPath"), STR_INIT("ToleratedFailureCount"), STR_INIT("ToleratedFailureCountPath"),
        STR_INIT("ToleratedFailurePercentage"), STR_INIT("ToleratedFailurePercentagePath"), STR_INIT("QueryLanguage"),
    };
    for (size_t at = 0; at < sizeof keys / sizeof *keys; at++) {
        if (str_equal(keys[at], key)) {
            return true;
        }
    }
    return str_equal(key, STR("Parameters")) && str_equal(type, STR("Map"));
}

static enum status write_member(struct buffer *text, const struct tested_state *tested, const struct value_member *member)
{
    const struct value *value = member->value;
    bool target = str_equal(member->key, STR("Next")) || str_equal(member->key, STR("Default"));
    bool targets = str_equal(member->key, STR("Choices")) || str_equal(member->key, STR("Catch"));
    TRY(value_write_string(text, member->key));
    TRY(buffer_add_byte(text, ':'));
    if (target && value->type == VALUE_STRING && str_equal(value->string, tested->name)) {
        return buffer_add(text, ITSELF);
    }
    if (!targets || value->type != VALUE_ARRAY) {
        return value_write(text, value);
    }
    TRY(buffer_add_byte(text, '['));
    for (uint32_t at = 0; at < value->count; at++) {
        const struct value *item = value_item(value, at);
        const struct value *next = value_get(item, STR("Next"));
        TRY(buffer_add(text, at == 0 ? STR("") : STR(",")));
        if (next == NULL || next->type != VALUE_STRING || !str_equal(next->string, tested->name)) {
            TRY(value_write(text, item));
            continue;
        }
        for (uint32_t inner = 0; inner < item->count; inner++) {
            TRY(buffer_add(text, inner == 0 ? STR("{") : STR(",")));
            TRY(write_member(text, tested, &item->members[inner]));
        }
        TRY(buffer_add_byte(text, '}'));
    }
    return buffer_add_byte(text, ']');
}

/* What makes the inputs of a Map's iterations. */
static bool is_of_items(struct str key)
{
    static const struct str keys[] = {
        STR_INIT("Type"),  STR_INIT("InputPath"),    STR_INIT("ItemsPath"),
        STR_INIT("Items"), STR_INIT("ItemSelector"), STR_INIT("Parameters"),
    };
    for (size_t at = 0; at < sizeof keys / sizeof *keys; at++) {
        if (str_equal(keys[at], key)) {
            return true;
        }
    }
    return false;
}

static bool is_kept(const struct tested_state *tested, enum tested_form form, struct str key)
{
    switch (form) {
    case TESTED_AS_IT_IS:
        return !str_equal(key, STR("QueryLanguage"));
    case TESTED_AS_TASK:
        return !is_of_children(key, tested->type);
    case TESTED_AS_ITEMS:
        return is_of_items(key);
    case TESTED_FORM_COUNT:
        break;
    }
    UNREACHABLE("form of a tested state");
}

/* What a form has that the state has not. */
static struct str added(enum tested_form form)
{
    switch (form) {
    case TESTED_AS_IT_IS:
        return STR("");
    case TESTED_AS_TASK:
        return STR(",\"Type\":\"Task\",\"Resource\":\"arn:aws:lambda:us-east-1:000000000000:function:mock\"");
    case TESTED_AS_ITEMS: /* outputs as short as can be: all of them together are bounded */
        return STR(",\"End\":true,\"ItemProcessor\":{\"StartAt\":\"I\",\"States\":{\"I\":"
                   "{\"QueryLanguage\":\"JSONata\",\"Type\":\"Succeed\",\"Output\":0}}}");
    case TESTED_FORM_COUNT:
        break;
    }
    UNREACHABLE("form of a tested state");
}

static enum status write_state(struct buffer *text, const struct tested_state *tested, enum tested_form form)
{
    TRY(buffer_format(text, "{\"QueryLanguage\":\"%s\"", tested->jsonata ? "JSONata" : "JSONPath"));
    TRY(buffer_add(text, added(form)));
    for (uint32_t at = 0; at < tested->state->count; at++) {
        const struct value_member *member = &tested->state->members[at];
        if (is_kept(tested, form, member->key)) {
            TRY(buffer_add_byte(text, ','));
            TRY(write_member(text, tested, member));
        }
    }
    return buffer_add_byte(text, '}');
}

enum status tested_state_machine(struct call *call, const struct tested_state *tested, enum tested_form form,
                                 struct str *out_definition)
{
    struct buffer text = buffer_in(call->arena);
    TRY(buffer_add(&text, STR("{\"StartAt\":")));
    TRY(value_write_string(&text, tested->name));
    TRY(buffer_add(&text, STR(",\"States\":{")));
    TRY(value_write_string(&text, tested->name));
    TRY(buffer_add_byte(&text, ':'));
    TRY(write_state(&text, tested, form));
    if (form != TESTED_AS_ITEMS) {
        TRY(write_targets(call, &text, tested));
    }
    TRY(buffer_add(&text, STR("}}")));
    *out_definition = buffer_text(&text);
    return STATUS_OK;
}

/* ---- Validating ---- */

/* What the engine does not have yet, but AWS has, is no reason to refuse: a mock stands for it. */
static enum status validate(struct call *call, struct str definition, bool *out_refused)
{
    const struct machine *machine;
    struct findings findings = {0};
    struct str message;
    enum status status = machine_compile(call->arena, definition, MACHINE_STANDARD, &machine, &findings);
    *out_refused = false;
    if (status != STATUS_INVALID) {
        return status;
    }
    if (findings.error_count == findings.unsupported_count) {
        return STATUS_OK;
    }
    *out_refused = true;
    TRY(findings_message(call->arena, &findings, &message));
    return call_refuse(call, STR("InvalidDefinition"), "%.*s", STR_ARGS(message));
}

enum status tested_state_check_variables(struct call *call, const struct value *variables, bool *out_refused)
{
    const struct machine *machine;
    struct findings findings = {0};
    struct buffer text = buffer_in(call->arena);
    /* JSONata, where a name that ends in ".$" is none. */
    TRY(buffer_add(&text, STR("{\"QueryLanguage\":\"JSONata\",\"StartAt\":\"V\",\"States\":{\"V\":{\"Type\":\"Pass\",\"End\":true,"
                              "\"Assign\":{")));
    for (uint32_t at = 0; at < variables->count; at++) {
        TRY(buffer_add(&text, at == 0 ? STR("") : STR(",")));
        TRY(value_write_string(&text, variables->members[at].key));
        TRY(buffer_add(&text, STR(":0")));
    }
    TRY(buffer_add(&text, STR("}}}}")));
    enum status status = machine_compile(call->arena, buffer_text(&text), MACHINE_STANDARD, &machine, &findings);
    *out_refused = status == STATUS_INVALID;
    if (!*out_refused) {
        return status;
    }
    return call_refuse_quoting(call, STR("ValidationException"), "Variables are not valid", findings.items[0].message);
}

enum status tested_state_find(struct call *call, struct tested_state *out_tested, bool *out_refused)
{
    struct str definition = call_text(call, "definition");
    struct str name = call_text(call, "stateName");
    struct tested_state tested = {.name = name.bytes == NULL ? TESTED_STATE_NAME : name};
    const struct value *value;
    enum status status = value_parse(call->arena, definition, &value, NULL);
    if (status == STATUS_INVALID || (status == STATUS_OK && value->type != VALUE_OBJECT)) {
        TRY(validate(call, definition, out_refused));
        return *out_refused ? STATUS_OK : STATUS_CORRUPT;
    }
    TRY(status);
    if (name.bytes == NULL) {
        tested.state = value;
        tested.jsonata = speaks_jsonata(value, false);
        TRY(tested_state_machine(call, &tested, TESTED_AS_IT_IS, &definition));
    } else if (!search(value, false, &tested)) {
        *out_refused = true;
        return call_refuse(call, STR("ValidationException"), "State not found in definition");
    }
    TRY(validate(call, definition, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    tested.type = text_of(tested.state, STR("Type"));
    *out_tested = tested;
    return STATUS_OK;
}
