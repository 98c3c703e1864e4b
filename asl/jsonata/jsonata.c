#include "asl/jsonata/jsonata.h"

#include "asl/jsonata/compilation.h"
#include "asl/jsonata/environment.h"
#include "asl/jsonata/evaluate.h"
#include "asl/jsonata/free_variables.h"
#include "asl/jsonata/grammar.h"
#include "asl/jsonata/resolver.h"
#include "base/limits.h"

#include <math.h>

const struct jsonata_limits jsonata_limits_default = {
    .steps_max = JSONATA_STEPS_MAX,
    .depth_max = JSONATA_DEPTH_MAX,
    .result_bytes_max = JSONATA_STRING_BYTES_MAX,
    .memory_bytes_max = JSONATA_MEMORY_BYTES_MAX,
};

/* A fault as the caller sees it: STATUS_INVALID with *out_error, or the trouble of telling it. */
static enum status report(struct arena *arena, const struct fault *fault, struct jsonata_error *out_error)
{
    TRY(fault_describe(arena, fault, out_error));
    return STATUS_INVALID;
}

enum status jsonata_compile(struct arena *arena, struct str text, const struct jsonata **out_program,
                            struct jsonata_error *out_error)
{
    struct compilation compilation;
    struct node *root = NULL;
    struct str copy;
    TRY(arena_copy(arena, text, &copy)); /* nodes borrow from it */
    TRY(compilation_init(&compilation, arena));
    struct free_variables found = {0};
    enum status status = grammar_parse(&compilation, copy, &root);
    if (status == STATUS_OK) {
        status = resolver_resolve(&compilation, root, &root);
    }
    if (status == STATUS_OK) {
        status = free_variables_find(&compilation, root, &found);
    }
    if (status == STATUS_INVALID) {
        return report(arena, &compilation.fault, out_error);
    }
    TRY(status);
    struct jsonata *program = arena_new(arena, struct jsonata);
    TRY_NEW(program);
    *program = (struct jsonata){.root = root,
                                .variables = compilation.variables,
                                .variable_count = compilation.variable_count,
                                .free_variables = found.variables,
                                .free_variable_count = found.variable_count,
                                .references = found.references,
                                .reference_count = found.reference_count};
    *out_program = program;
    return STATUS_OK;
}

void jsonata_variables(const struct jsonata *program, void (*visit)(void *owner, struct str name), void *owner)
{
    for (uint32_t at = 0; at < program->free_variable_count; at++) {
        visit(owner, program->variables[program->free_variables[at]].name);
    }
}

void jsonata_references(const struct jsonata *program, void (*visit)(void *owner, enum jsonata_reference type, struct str name),
                        void *owner)
{
    for (uint32_t at = 0; at < program->reference_count; at++) {
        visit(owner, program->references[at].type, program->references[at].name);
    }
}

/* The first context: an input that is an array is one context, not many. */
static enum status wrap_input(struct evaluation *evaluation, struct datum *out_context)
{
    struct datum *items = arena_new(evaluation->arena, struct datum);
    TRY_NEW(items);
    *items = evaluation->input;
    bool is_array = evaluation->input.type == DATUM_ARRAY;
    *out_context = is_array ? datum_array(items, 1, DATUM_SEQUENCE | DATUM_OUTER) : evaluation->input;
    return STATUS_OK;
}

/* The result as JSON. Computed numbers that are none any more cannot be told. */
static enum status convert(struct evaluation *evaluation, struct datum result, const struct value **out_value)
{
    if (result.type == DATUM_NUMBER && result.origin == NULL && !isfinite(result.number)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, result);
    }
    size_t used = arena_used(evaluation->arena) - evaluation->arena_used_before;
    size_t left = used < evaluation->limits.memory_bytes_max ? evaluation->limits.memory_bytes_max - used : 0;
    struct datum_work work = {.steps_max = left / DATUM_VALUE_BYTES_MAX};
    enum status status = datum_to_value(evaluation->arena, &work, result, out_value);
    if (status == STATUS_INVALID) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The result is nested too deeply"));
    }
    TRY(status);
    if (datum_work_is_over(&work)) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The result is too large"));
    }
    return evaluation_charge(evaluation, work.steps);
}

enum status jsonata_evaluate(struct arena *arena, const struct jsonata *program, const struct jsonata_scope *scope,
                             const struct value **out_value, bool *out_is_function, struct jsonata_error *out_error)
{
    struct evaluation evaluation = {
        .arena = arena,
        .program = program,
        .scope = scope,
        .limits = scope->limits == NULL ? jsonata_limits_default : *scope->limits,
        .arena_used_before = arena_used(arena),
        .input = datum_of(scope->input),
    };
    uint64_t left = env_work_left(scope->env);
    evaluation.work.steps_max = left < evaluation.limits.steps_max ? left : evaluation.limits.steps_max;
    struct datum context = DATUM_NONE;
    struct environment *environment = arena_new(arena, struct environment);
    TRY_NEW(environment);
    TRY(wrap_input(&evaluation, &context));
    struct datum result = DATUM_NONE;
    const struct value *value = NULL;
    enum status status = evaluate_node(&evaluation, program->root, context, environment, &result);
    if (status == STATUS_OK) {
        status = convert(&evaluation, result, &value);
    }
    env_work_add(scope->env, evaluation.work.steps);
    if (status == STATUS_INVALID) {
        return report(arena, &evaluation.fault, out_error);
    }
    TRY(status);
    *out_value = value;
    *out_is_function = result.type == DATUM_FUNCTION;
    return STATUS_OK;
}
