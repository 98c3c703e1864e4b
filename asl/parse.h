/* Reading a definition: from asl/value to asl/machine_parts. For asl/parse*.c alone.
 *
 * Problems become findings, and reading goes on; a function's status tells only that memory or a limit ran out. After a
 * finding of severity ERROR the half-made machine is not used. */
#ifndef PAWL_ASL_PARSE_H
#define PAWL_ASL_PARSE_H

#include "asl/identifier.h"
#include "asl/machine_parts.h"
#include "asl/name_table.h"
#include "base/nearest.h"

/* Where in the definition: a path of keys, printed as "/States/X/Retry[0]". */
struct parse_place {
    const struct parse_place *parent; /* NULL: the root */
    struct str key;                   /* STR_NONE: an item of an array */
    uint32_t index;
};

struct parser {
    struct arena *arena;
    struct str text; /* the definition's; every value's source lies in it */
    enum machine_type type;
    struct str route_table; /* of the configuration; STR_NONE: none */
    bool jsonata; /* the machine's query language */
    struct findings *findings;
    struct state **states;
    uint32_t state_count;
    uint32_t state_capacity;
    struct submachine *submachines;
    uint32_t submachine_count;
    uint32_t submachine_capacity;
    struct str *routes;
    uint32_t route_count;
    uint32_t route_capacity;
    struct identifier identifier;
    uint64_t seed;                 /* of the tables of names */
    struct name_table names;       /* of states, to their index */
    struct name_table route_names; /* of routes */
    struct name_table labels;      /* of its Maps */
};

/* One state, as its type's function reads it. */
struct parse_context {
    struct parser *parser;
    const struct value *object;
    struct parse_place place;
    struct state *state;
    uint32_t index;   /* of the state */
    uint32_t machine; /* index of the machine it is in */
    uint32_t depth;   /* machines around it */
    uint32_t level;   /* parts of the state's own place; `place` may lie below it */
    enum expression_sees sees; /* which of $states' members the fields that are read have */
};

/* How many characters of UTF-8 the text has. */
size_t parse_characters(struct str text);

/* How many parts the place has below the root. */
uint32_t parse_depth(const struct parse_place *place);

#define PARSE_CODE_SCHEMA STR("SCHEMA_VALIDATION_FAILED")

/* Adds a finding about the member `key` of what `place` names (STR_NONE: about itself; `place` NULL: without a location).
 * `value` tells line and column; may be NULL. The message is as printf's. */
MUST_CHECK enum status parse_finding(struct parser *parser, const struct parse_place *place, struct str key,
                                     const struct value *value, struct str code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Says how the finding that was added last may be mended. */
MUST_CHECK enum status parse_hint(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum parse_warning_type { PARSE_WARNING_NO_DOLLAR, PARSE_WARNING_NO_PATH, PARSE_WARNING_PASS_RESULT_IS_STATIC };

/* The same as a warning, in AWS's words. */
MUST_CHECK enum status parse_warning(struct parser *parser, const struct parse_place *place, struct str key,
                                     const struct value *value, enum parse_warning_type type);

/* ---- parse_warning.c: values that look like what they are not ---- */

/* NO_DOLLAR at members of a payload template that look like paths or calls, though their keys don't end in ".$". */
MUST_CHECK enum status parse_dollars(const struct parse_context *context, struct str key, const struct value *value);

/* NO_PATH when the constant of a JSONPath state looks like a path. */
MUST_CHECK enum status parse_path_like(const struct parse_context *context, struct str key, const struct value *value);

/* PASS_RESULT_IS_STATIC when a Pass's Result has what looks like a path. */
MUST_CHECK enum status parse_static_result(const struct parse_context *context);

/* ---- parse_field.c: members by kind. Absent: *out is left as it is. ---- */

/* SCHEMA_VALIDATION_FAILED at the member, in short. */
#define PARSE_PROBLEM(context, key, value, ...)                                                                        \
    parse_finding((context)->parser, &(context)->place, (key), (value), PARSE_CODE_SCHEMA, __VA_ARGS__)

MUST_CHECK enum status parse_string(const struct parse_context *context, const struct value *object, struct str key,
                                    struct str *out_text);

struct parse_range {
    int64_t min;
    int64_t max;
};
MUST_CHECK enum status parse_integer(const struct parse_context *context, const struct value *object, struct str key,
                                     struct parse_range range, int64_t *out_number);
MUST_CHECK enum status parse_path_field(const struct parse_context *context, const struct value *object, struct str key,
                                        bool reference, struct path_field *out_field);

/* A payload template (JSONPath) or a value with expressions (JSONata). */
MUST_CHECK enum status parse_template(const struct parse_context *context, const struct value *object, struct str key,
                                      const struct expression **out_expression);

/* A number given as `key` (constant; JSONata: or expression) or as `key`Path (reference path). Both: a finding. */
MUST_CHECK enum status parse_number(const struct parse_context *context, struct str key, struct parse_range range,
                                    const struct expression **out_expression);

/* A text given as `key` or `key`Path; `intrinsics`: the Path form may be a call. */
MUST_CHECK enum status parse_text(const struct parse_context *context, struct str key, bool intrinsics,
                                  const struct expression **out_expression);

/* Assign of a state, a rule or a catcher; checks the names. */
MUST_CHECK enum status parse_assign(const struct parse_context *context, const struct value *object, const struct parse_place *place,
                                    const struct expression **out_assign);

/* The state that a member names, in the same machine. Sets *out_state; `required`: absence is a finding. */
MUST_CHECK enum status parse_target(const struct parse_context *context, const struct value *object, const struct parse_place *place,
                                    struct str key, bool required, uint32_t *out_state);

/* Notes what a state's expression reads. */
void parse_note(struct state *state, const struct expression *expression);

/* "Field 'X' is not supported", at what has it. */
MUST_CHECK enum status parse_unsupported(const struct parse_context *context, const struct value_member *member);

/* A field that only the other query language has. */
MUST_CHECK enum status parse_other_language(const struct parse_context *context, const struct value_member *member);

/* Two fields of `object`, which is at the context's place, that exclude each other. */
MUST_CHECK enum status parse_exclusive(const struct parse_context *context, const struct value *object, const char *one,
                                       const char *other);

/* "Value is not a Reference Path". */
MUST_CHECK enum status parse_not_a_reference(const struct parse_context *context, struct str key, const struct value *value);

#define PARSE_HINTED_MAX 100 /* findings whose names are compared with what they may have meant: it takes time */

/* The hint of an unknown name: the nearest of those that are known, if one is near. */
MUST_CHECK enum status parse_hint_name(struct parser *parser, const struct nearest *nearest);

/* Unknown or misplaced members, against a list of names. */
MUST_CHECK enum status parse_members(const struct parse_context *context, const struct value *object,
                                     const struct parse_place *place, const char *const *names, size_t name_count);

/* ---- One function a state type (states.def) ---- */
#define STATE(id, name, parse, enter) MUST_CHECK enum status parse(struct parse_context *context);
#include "asl/states.def"

/* ---- parse_machine.c ---- */

/* Reads a machine (the top, a branch, an item processor) and gives its index. */
MUST_CHECK enum status parse_machine(struct parser *parser, const struct value *object, const struct parse_place *place,
                                     uint32_t parent_state, uint32_t depth, uint32_t *out_index);

/* ---- parse_scopes.c ---- */

/* No state may assign a variable that a scope around it has. */
MUST_CHECK enum status parse_scopes(struct parser *parser);

/* ---- parse_distributed.c ---- */

/* The fields that only a distributed Map has: checked, and refused by name as long as pawl does not have it. `inlined`: the Map
 * says that it is none; the linters let one pass that has no ProcessorConfig. */
MUST_CHECK enum status parse_distributed(const struct parse_context *context, bool inlined);

/* ---- parse_retry.c ---- */
MUST_CHECK enum status parse_retriers(const struct parse_context *context);
MUST_CHECK enum status parse_catchers(const struct parse_context *context);

#endif
