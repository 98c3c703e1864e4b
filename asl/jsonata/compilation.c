#include "asl/jsonata/compilation.h"

#include "asl/jsonata/builtins.h"
#include "asl/jsonata/table.h"
#include "base/assert.h"

enum status compilation_init(struct compilation *compilation, struct arena *arena)
{
    *compilation = (struct compilation){.arena = arena, .variable_ids = table_create(arena)};
    TRY_NEW(compilation->variable_ids);
    variable_id context = 0;
    variable_id root = 0;
    TRY(compilation_variable(compilation, STR(""), &context));
    TRY(compilation_variable(compilation, STR("$"), &root));
    ASSERT(context == VARIABLE_CONTEXT && root == VARIABLE_ROOT);
    return STATUS_OK;
}

void *compilation_grow(struct arena *arena, void *items, size_t size, size_t count, uint32_t *capacity)
{
    if (count < *capacity) {
        return items;
    }
    uint32_t wider = *capacity == 0 ? 4 : *capacity * 2;
    char *copy = arena_allocate_zeroed(arena, wider, size);
    if (copy != NULL && count > 0) {
        memcpy(copy, items, count * size);
    }
    *capacity = wider;
    return copy;
}

/* The built-in function as a value, its signature read; NULL for no function. */
static enum status make_function(struct compilation *compilation, const struct builtin *builtin, struct function **out_function)
{
    *out_function = NULL;
    if (builtin == NULL) {
        return STATUS_OK;
    }
    struct function *function = arena_new(compilation->arena, struct function);
    struct signature *signature = NULL;
    struct signature_error error = {0};
    TRY_NEW(function);
    TRY(signature_parse(compilation->arena, str_of(builtin->signature), &signature, &error));
    function->type = FUNCTION_BUILTIN;
    function->signature = signature;
    function->builtin = builtin;
    *out_function = function;
    return STATUS_OK;
}

enum status compilation_variable(struct compilation *compilation, struct str name, variable_id *out_id)
{
    const struct datum *known = name.bytes == NULL ? NULL : table_find(compilation->variable_ids, name);
    if (known != NULL) {
        *out_id = (variable_id)known->number;
        return STATUS_OK;
    }
    uint32_t count = compilation->variable_count;
    compilation->variables = compilation_grow(compilation->arena, compilation->variables, sizeof(struct variable), count,
                                              &compilation->variable_capacity);
    TRY_NEW(compilation->variables);
    if (name.bytes != NULL) {
        TRY(table_set(compilation->arena, compilation->variable_ids, name, datum_number(count)));
    }
    compilation->variables[count] = (struct variable){.name = name};
    TRY(make_function(compilation, builtins_find(name), &compilation->variables[count].function));
    compilation->variable_count++;
    *out_id = count;
    return STATUS_OK;
}

enum status compilation_fail(struct compilation *compilation, enum fault_code code, uint32_t position, struct datum token)
{
    compilation->fault = (struct fault){.code = code, .has_position = true, .position = position, .token = token};
    return STATUS_INVALID;
}
