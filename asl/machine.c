#include "asl/machine.h"

#include "asl/parse.h"
#include "asl/utf.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

#include <stdio.h>

static const struct str state_type_names[] = {
#define STATE(id, name, parse, enter) STR_INIT(name),
#include "asl/states.def"
};

struct str machine_state_type_name(enum state_type type)
{
    ASSERT((unsigned)type < STATE_TYPE_COUNT);
    return state_type_names[type];
}

size_t machine_state_count(const struct machine *machine)
{
    return machine->state_count;
}

struct str machine_state_name(const struct machine *machine, size_t index)
{
    ASSERT(index < machine->state_count);
    return machine->states[index].name;
}

bool machine_state_is_task(const struct machine *machine, size_t index)
{
    ASSERT(index < machine->state_count);
    return machine->states[index].type == STATE_TASK;
}

size_t machine_find_state(const struct machine *machine, struct str name)
{
    size_t at = 0;
    while (at < machine->state_count && !str_equal(machine->states[at].name, name)) {
        at++;
    }
    return at;
}

size_t machine_route_count(const struct machine *machine)
{
    return machine->route_count;
}

struct str machine_route(const struct machine *machine, size_t index)
{
    ASSERT(index < machine->route_count);
    return machine->routes[index];
}

/* The finding for a text that is no JSON; AWS words it after its parser, Jackson. */
static enum status report_syntax(struct parser *parser, const struct value_error *error)
{
    const struct parse_place root = {0};
    struct str text;
    struct str message;
    TRY(utf_repair(parser->arena, parser->text, &text));
    TRY(utf_repair(parser->arena, error->message, &message));
    if (str_trim(text).length == 0) {
        TRY(parse_finding(parser, &root, STR_NONE, NULL, PARSE_CODE_SCHEMA, "Definition must be a valid JSON object"));
    } else {
        TRY(parse_finding(parser, &root, STR_NONE, NULL, STR("INVALID_JSON_DESCRIPTION"),
                          "%.*s\n at [Source: (String)\"%.*s\"; line: %u, column: %u]", STR_ARGS(message),
                          STR_ARGS(text), error->line, error->column));
    }
    struct finding *finding = &parser->findings->items[parser->findings->count - 1];
    finding->location = STR_NONE;
    finding->line = error->line;
    finding->column = error->column;
    if (str_trim(text).length > 0) {
        TRY(arena_format(parser->arena, &finding->location, "[Source: (String)\"%.*s\"; line: %u, column: %u]",
                         STR_ARGS(text), error->line, error->column));
    }
    return STATUS_INVALID;
}

/* Whoever chooses names cannot know how they will lie in the tables. */
static void seed_tables(struct parser *parser)
{
    uint8_t digest[SHA256_BYTES];
    hash_sha256(&parser->text, 1, digest);
    memcpy(&parser->seed, digest, sizeof parser->seed);
    parser->names.seed = parser->seed;
    parser->route_names.seed = parser->seed;
    parser->labels.seed = parser->seed;
}

/* The members that only the top has. */
static enum status parse_top(struct parser *parser, const struct value *object, const struct parse_place *root,
                             int64_t *out_timeout_seconds)
{
    static const char *const fields[] = {"StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"};
    struct state nothing = {0};
    const struct parse_context context = {.parser = parser, .object = object, .place = *root, .state = &nothing};
    struct str version = STR("1.0");
    struct str language = STR("JSONPath");
    struct str comment = STR_NONE;
    TRY(parse_string(&context, object, STR("Comment"), &comment));
    TRY(parse_members(&context, object, root, fields, sizeof fields / sizeof fields[0]));
    TRY(parse_string(&context, object, STR("Version"), &version));
    if (!str_equal(version, STR("1.0"))) {
        TRY(PARSE_PROBLEM(&context, STR("Version"), value_get(object, STR("Version")),
                          "The field 'Version' should have one of these values: [1.0]"));
    }
    TRY(parse_integer(&context, object, STR("TimeoutSeconds"), (struct parse_range){1, SECONDS_MAX}, out_timeout_seconds));
    TRY(parse_string(&context, object, STR("QueryLanguage"), &language));
    parser->jsonata = str_equal(language, STR("JSONata"));
    if (!parser->jsonata && !str_equal(language, STR("JSONPath"))) {
        TRY(PARSE_PROBLEM(&context, STR("QueryLanguage"), value_get(object, STR("QueryLanguage")),
                          "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]"));
    }
    return STATUS_OK;
}

static enum status finish(struct parser *parser, int64_t timeout_seconds, const struct machine **out_machine)
{
    struct machine *machine = arena_new(parser->arena, struct machine);
    struct state *states = arena_array(parser->arena, struct state, parser->state_count);
    TRY_NEW(machine);
    TRY_NEW(states);
    for (uint32_t at = 0; at < parser->state_count; at++) {
        states[at] = *parser->states[at];
    }
    *machine = (struct machine){
        .states = states,
        .state_count = parser->state_count,
        .submachines = parser->submachines,
        .submachine_count = parser->submachine_count,
        .type = parser->type,
        .timeout_seconds = timeout_seconds,
        .routes = parser->routes,
        .route_count = parser->route_count,
    };
    *out_machine = machine;
    return STATUS_OK;
}

enum status machine_compile(struct arena *arena, struct str text, enum machine_type type, const struct machine **out_machine,
                            struct findings *out_findings)
{
    return machine_compile_routed(arena, text, type, STR_NONE, out_machine, out_findings);
}

/* Reads the parser's text; findings have offsets, not yet lines. */
static enum status compile_text(struct parser *parser, const struct machine **out_machine)
{
    const struct parse_place root = {0};
    const struct findings *findings = parser->findings;
    const struct value *object = NULL;
    struct value_error error = {0};
    int64_t timeout_seconds = 0;
    uint32_t top = 0;
    if (parser->text.length > DEFINITION_BYTES_MAX) {
        TRY(parse_finding(parser, &root, STR_NONE, NULL, PARSE_CODE_SCHEMA, "The definition has %zu bytes; at most %d are allowed",
                          parser->text.length, DEFINITION_BYTES_MAX));
        return STATUS_INVALID;
    }
    enum status status = value_parse_unique(parser->arena, parser->text, &object, &error);
    bool is_deep = status == STATUS_LIMIT_EXCEEDED && error.line > 0;
    if (status == STATUS_INVALID || is_deep) {
        return report_syntax(parser, &error);
    }
    TRY(status);
    if (object->type != VALUE_OBJECT) {
        TRY(parse_finding(parser, &root, STR_NONE, object, PARSE_CODE_SCHEMA, "Definition must be a valid JSON object"));
        return STATUS_INVALID;
    }
    TRY(parse_top(parser, object, &root, &timeout_seconds));
    TRY(parse_machine(parser, object, &root, STATE_NONE, 0, &top));
    if (findings->error_count == 0) {
        TRY(parse_scopes(parser));
    }
    return findings->error_count > 0 ? STATUS_INVALID : finish(parser, timeout_seconds, out_machine);
}

enum status machine_compile_routed(struct arena *arena, struct str text, enum machine_type type, struct str routes,
                                   const struct machine **out_machine, struct findings *out_findings)
{
    struct parser parser = {.arena = arena, .type = type, .route_table = routes, .findings = out_findings};
    *out_findings = (struct findings){0};
    TRY(arena_copy(arena, text, &parser.text));
    seed_tables(&parser);
    enum status status = compile_text(&parser, out_machine);
    if (status == STATUS_OK || status == STATUS_INVALID) {
        TRY(findings_locate(arena, out_findings, parser.text));
    }
    return status;
}
