/* Holds the place until the intrinsic functions land: delete this file with them. A call is refused at definition. */
#include "asl/intrinsics/intrinsic.h"

bool intrinsic_is_call(struct str text)
{
    return str_starts_with(text, STR("States."));
}

enum status intrinsic_compile(struct arena *arena, struct str text, const struct intrinsic **out_call, struct str *out_message)
{
    (void)arena;
    (void)text;
    (void)out_call;
    *out_message = STR("intrinsic functions are not there yet");
    return STATUS_INVALID;
}

struct str intrinsic_name(const struct intrinsic *call)
{
    (void)call;
    return STR_NONE;
}

void intrinsic_paths(const struct intrinsic *call, void (*visit)(void *owner, const struct path *path), void *owner)
{
    (void)call;
    (void)visit;
    (void)owner;
}

enum status intrinsic_evaluate(struct arena *arena, const struct intrinsic *call, const struct path_roots *roots, struct env *env,
                               const struct value **out_value, struct failure *out_failure)
{
    (void)arena;
    (void)call;
    (void)roots;
    (void)env;
    (void)out_value;
    (void)out_failure;
    return STATUS_REFUSED;
}
