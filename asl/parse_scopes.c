/* Variables and scopes: no state may assign a variable that a scope around its machine has (ASL.md, "Variables"). */
#include "asl/parse.h"

/* How many variables an Assign sets; NULL sets none. */
static uint32_t assign_count(const struct expression *assign)
{
    if (assign == NULL) {
        return 0;
    }
    if (assign->kind == EXPRESSION_CONSTANT) {
        return assign->constant->type == VALUE_OBJECT ? assign->constant->count : 0;
    }
    return assign->kind == EXPRESSION_OBJECT ? assign->count : 0;
}

static struct str assign_name(const struct expression *assign, uint32_t at)
{
    return assign->kind == EXPRESSION_CONSTANT ? assign->constant->members[at].key : assign->members[at].key;
}

/* Notes that the state assigns these, in the table of (machine, variable): by which state, or that several do. */
static enum status note_assign(struct parser *parser, struct name_table *table, uint32_t state, const struct expression *assign)
{
    uint32_t machine = parser->states[state]->machine;
    for (uint32_t at = 0; at < assign_count(assign); at++) {
        struct str name = assign_name(assign, at);
        struct name_entry *entry = name_table_find(table, machine, name);
        if (entry == NULL) {
            TRY(name_table_add(parser->arena, table, (struct name_entry){.name = name, .scope = machine, .number = state}));
        } else if (entry->number != state) {
            entry->several = true;
        }
    }
    return STATUS_OK;
}

static enum status note_state(struct parser *parser, struct name_table *table, uint32_t at)
{
    const struct state *state = parser->states[at];
    TRY(note_assign(parser, table, at, state->assign));
    for (uint32_t catcher = 0; catcher < state->catcher_count; catcher++) {
        TRY(note_assign(parser, table, at, state->catchers[catcher].assign));
    }
    for (uint32_t rule = 0; state->type == STATE_CHOICE && rule < state->choice.rule_count; rule++) {
        TRY(note_assign(parser, table, at, state->choice.rules[rule].assign));
    }
    return STATUS_OK;
}

/* Whether any state beside `around` in its machine, not in those inside it, assigns the variable. The state around the inner
 * scope may (its Assign comes when the inner scope is over): AWS accepts that. */
static bool is_assigned_beside(const struct parser *parser, const struct name_table *table, uint32_t around, struct str name)
{
    const struct name_entry *entry = name_table_find(table, parser->states[around]->machine, name);
    return entry != NULL && (entry->several || entry->number != around);
}

static enum status check_state(struct parser *parser, const struct name_table *table, const struct state *state)
{
    const struct parse_place root = {0};
    uint32_t count = assign_count(state->assign);
    uint32_t parent = parser->submachines[state->machine].parent_state;
    for (; parent != STATE_NONE && count > 0; parent = parser->submachines[parser->states[parent]->machine].parent_state) {
        for (uint32_t member = 0; member < count; member++) {
            struct str name = assign_name(state->assign, member);
            if (is_assigned_beside(parser, table, parent, name)) {
                TRY(parse_finding(parser, &root, STR("States"), NULL, PARSE_CODE_SCHEMA,
                                  "State '%.*s' cannot assign the variable '%.*s' of an outer scope", STR_ARGS(state->name),
                                  STR_ARGS(name)));
            }
        }
    }
    return STATUS_OK;
}

enum status parse_scopes(struct parser *parser)
{
    struct name_table table = {.seed = parser->seed};
    for (uint32_t at = 0; at < parser->state_count; at++) {
        TRY(note_state(parser, &table, at));
    }
    for (uint32_t at = 0; at < parser->state_count; at++) {
        TRY(check_state(parser, &table, parser->states[at]));
    }
    return STATUS_OK;
}
