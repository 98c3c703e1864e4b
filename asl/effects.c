#include "asl/effects.h"

#define CAPACITY_FIRST 32

enum status effects_add(struct effects *effects, enum effect_type type, struct effect **out_effect)
{
    if (effects->count == effects->capacity) {
        size_t capacity = effects->capacity == 0 ? CAPACITY_FIRST : effects->capacity * 2;
        struct effect *items = arena_array(effects->arena, struct effect, capacity);
        TRY_NEW(items);
        if (effects->count > 0) {
            memcpy(items, effects->items, effects->count * sizeof *items);
        }
        effects->items = items;
        effects->capacity = capacity;
    }
    struct effect *effect = &effects->items[effects->count++];
    effect->type = type;
    *out_effect = effect;
    return STATUS_OK;
}
