/* Holds the place until JSONata lands: delete this file with it. An expression is refused at definition. */
#include "asl/jsonata/jsonata.h"

enum status jsonata_compile(struct arena *arena, struct str text, const struct jsonata **out_program, struct jsonata_error *out_error)
{
    (void)arena;
    (void)text;
    (void)out_program;
    *out_error = (struct jsonata_error){.code = STR("NOT_SUPPORTED_YET"), .message = STR("pawl does not have JSONata yet")};
    return STATUS_INVALID;
}

enum status jsonata_evaluate(struct arena *arena, const struct jsonata *program, const struct jsonata_scope *scope,
                             const struct value **out_value, bool *out_is_function, struct jsonata_error *out_error)
{
    (void)arena;
    (void)program;
    (void)scope;
    (void)out_value;
    (void)out_is_function;
    (void)out_error;
    return STATUS_REFUSED;
}

void jsonata_variables(const struct jsonata *program, void (*visit)(void *owner, struct str name), void *owner)
{
    (void)program;
    (void)visit;
    (void)owner;
}
