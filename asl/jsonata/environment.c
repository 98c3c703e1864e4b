#include "asl/jsonata/environment.h"

#include "asl/jsonata/function.h"

enum status environment_chain(struct evaluation *evaluation, const struct binding *bindings, variable_id variable,
                              struct datum datum, const struct binding **out_bindings)
{
    struct binding *binding = arena_new(evaluation->arena, struct binding);
    TRY_NEW(binding);
    *binding = (struct binding){.variable = variable, .datum = datum, .next = bindings};
    *out_bindings = binding;
    return STATUS_OK;
}

enum status environment_bind(struct evaluation *evaluation, struct environment *environment, variable_id variable,
                             struct datum datum)
{
    return environment_chain(evaluation, environment->bindings, variable, datum, &environment->bindings);
}

struct datum environment_find(struct evaluation *evaluation, const struct environment *environment, variable_id variable)
{
    for (; environment != NULL; environment = environment->outer) {
        for (const struct binding *binding = environment->bindings; binding != NULL; binding = binding->next) {
            if (binding->variable == variable) {
                return binding->datum;
            }
        }
    }
    if (variable == VARIABLE_ROOT) {
        return evaluation->input;
    }
    const struct variable *known = &evaluation->program->variables[variable];
    if (known->name.bytes == NULL) {
        return DATUM_NONE;
    }
    const struct value *bound = evaluation->scope->bindings == NULL ? NULL : value_get(evaluation->scope->bindings, known->name);
    if (bound != NULL) {
        return datum_of(bound);
    }
    return known->function == NULL ? DATUM_NONE : datum_function(known->function);
}
