#include "asl/variable_references.h"

#include "asl/jsonata/jsonata.h"
#include "asl/value.h"

#include <stdlib.h>

#define NAMES_MAX 512 /* variables of one definition */

struct names {
    struct str items[NAMES_MAX];
    size_t count;
};

struct search {
    struct arena *arena;
    struct names assigned; /* anywhere in the definition */
    struct names read;     /* by the present state */
    struct buffer text;
    bool any_state;
    bool jsonata_seen;
};

static bool has(const struct names *names, struct str name)
{
    for (size_t at = 0; at < names->count; at++) {
        if (str_equal(names->items[at], name)) {
            return true;
        }
    }
    return false;
}

static void add(struct names *names, struct str name)
{
    if (names->count < NAMES_MAX && !has(names, name)) {
        names->items[names->count++] = name;
    }
}

/* ---- What is assigned ---- */

/* An Assign's keys, without ".$". Whatever else is called so does no harm: only what is read as well is told. */
static void collect_assigned(struct search *search, const struct value *value)
{
    for (uint32_t at = 0; value->type == VALUE_ARRAY && at < value->count; at++) {
        collect_assigned(search, value_item(value, at));
    }
    for (uint32_t at = 0; value->type == VALUE_OBJECT && at < value->count; at++) {
        const struct value_member *member = &value->members[at];
        if (str_equal(member->key, STR("QueryLanguage")) && member->value->type == VALUE_STRING) {
            search->jsonata_seen = search->jsonata_seen || str_equal(member->value->string, STR("JSONata"));
        }
        if (str_equal(member->key, STR("Assign")) && member->value->type == VALUE_OBJECT) {
            for (uint32_t inner = 0; inner < member->value->count; inner++) {
                struct str key = member->value->members[inner].key;
                bool path = str_ends_with(key, STR(".$"));
                add(&search->assigned, path ? str_slice(key, 0, key.length - 2) : key);
            }
        }
        collect_assigned(search, member->value);
    }
}

/* ---- What is read ---- */

static void read_name(struct search *search, struct str name)
{
    if (has(&search->assigned, name)) {
        add(&search->read, name);
    }
}

static void visit(void *owner, struct str name)
{
    read_name(owner, name);
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (byte & 0x80) != 0;
}

/* "$name" in a path or intrinsic call, outside of '…'. */
static void read_path(struct search *search, struct str text)
{
    bool quoted = false;
    for (size_t at = 0; at < text.length; at++) {
        char byte = text.bytes[at];
        if (quoted && byte == '\\') {
            at++;
        } else if (byte == '\'') {
            quoted = !quoted;
        } else if (!quoted && byte == '$' && at + 1 < text.length && is_letter(text.bytes[at + 1])) {
            size_t end = at + 1;
            while (end < text.length && (is_letter(text.bytes[end]) || (text.bytes[end] >= '0' && text.bytes[end] <= '9'))) {
                end++;
            }
            read_name(search, str_slice(text, at + 1, end - at - 1));
            at = end - 1;
        }
    }
}

static enum status read_jsonata(struct search *search, struct str text)
{
    const struct jsonata *program;
    struct jsonata_error error;
    text = str_trim(text);
    if (!str_starts_with(text, STR("{%")) || !str_ends_with(text, STR("%}")) || text.length < 4) {
        return STATUS_OK;
    }
    enum status status = jsonata_compile(search->arena, str_slice(text, 2, text.length - 4), &program, &error);
    if (status == STATUS_OK) {
        jsonata_variables(program, visit, search);
    }
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static bool holds_path(struct str key)
{
    return str_ends_with(key, STR(".$")) || str_ends_with(key, STR("Path")) || str_equal(key, STR("Variable"));
}

/* Machines inside have states of their own. */
static bool is_machine(struct str key)
{
    return str_equal(key, STR("ItemProcessor")) || str_equal(key, STR("Iterator")) || str_equal(key, STR("Branches"));
}

static enum status read_field(struct search *search, struct str key, const struct value *value, bool jsonata)
{
    if (value->type == VALUE_STRING) {
        if (jsonata) {
            return read_jsonata(search, value->string);
        }
        if (holds_path(key)) {
            read_path(search, value->string);
        }
        return STATUS_OK;
    }
    for (uint32_t at = 0; value->type == VALUE_ARRAY && at < value->count; at++) {
        TRY(read_field(search, STR(""), value_item(value, at), jsonata));
    }
    for (uint32_t at = 0; value->type == VALUE_OBJECT && at < value->count; at++) {
        const struct value_member *member = &value->members[at];
        TRY(read_field(search, member->key, member->value, jsonata));
    }
    return STATUS_OK;
}

/* ---- States ---- */

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum status tell(struct search *search, struct str state)
{
    if (search->read.count == 0) {
        return STATUS_OK;
    }
    qsort(search->read.items, search->read.count, sizeof search->read.items[0], compare);
    TRY(buffer_add_byte(&search->text, search->any_state ? ',' : '{'));
    search->any_state = true;
    TRY(value_write_string(&search->text, state));
    for (size_t at = 0; at < search->read.count; at++) {
        TRY(buffer_add(&search->text, at == 0 ? STR(":[") : STR(",")));
        TRY(value_write_string(&search->text, search->read.items[at]));
    }
    return buffer_add_byte(&search->text, ']');
}

static bool speaks_jsonata(const struct value *object, bool around)
{
    const struct value *language = value_get(object, STR("QueryLanguage"));
    return language == NULL || language->type != VALUE_STRING ? around : str_equal(language->string, STR("JSONata"));
}

static enum status search_machine(struct search *search, const struct value *machine, bool jsonata);

static enum status search_state(struct search *search, struct str name, const struct value *state, bool jsonata)
{
    search->read.count = 0;
    for (uint32_t at = 0; state->type == VALUE_OBJECT && at < state->count; at++) {
        const struct value_member *member = &state->members[at];
        if (!is_machine(member->key) && !str_equal(member->key, STR("Result")) && !str_equal(member->key, STR("Comment"))) {
            TRY(read_field(search, member->key, member->value, jsonata));
        }
    }
    TRY(tell(search, name));
    for (uint32_t at = 0; state->type == VALUE_OBJECT && at < state->count; at++) {
        const struct value_member *member = &state->members[at];
        if (is_machine(member->key) && member->value->type == VALUE_OBJECT) {
            TRY(search_machine(search, member->value, jsonata));
        }
        for (uint32_t branch = 0; is_machine(member->key) && member->value->type == VALUE_ARRAY && branch < member->value->count;
             branch++) {
            TRY(search_machine(search, value_item(member->value, branch), jsonata));
        }
    }
    return STATUS_OK;
}

static enum status search_machine(struct search *search, const struct value *machine, bool jsonata)
{
    const struct value *states = value_get(machine, STR("States"));
    jsonata = speaks_jsonata(machine, jsonata);
    for (uint32_t at = 0; states != NULL && states->type == VALUE_OBJECT && at < states->count; at++) {
        const struct value_member *state = &states->members[at];
        TRY(search_state(search, state->key, state->value, speaks_jsonata(state->value, jsonata)));
    }
    return STATUS_OK;
}

enum status variable_references_find(struct arena *arena, struct str definition, struct variable_references *out_references)
{
    const struct value *machine;
    *out_references = (struct variable_references){.text = STR_NONE};
    enum status status = value_parse(arena, definition, &machine, NULL);
    if (status == STATUS_INVALID) {
        return STATUS_OK;
    }
    TRY(status);
    struct search *search = arena_new(arena, struct search);
    TRY_NEW(search);
    search->arena = arena;
    search->text = buffer_in(arena);
    collect_assigned(search, machine);
    TRY(search_machine(search, machine, false));
    out_references->is_present_day = search->assigned.count > 0 || search->jsonata_seen;
    if (search->any_state) {
        TRY(buffer_add_byte(&search->text, '}'));
        out_references->text = buffer_text(&search->text);
    }
    return STATUS_OK;
}
