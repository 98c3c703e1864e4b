#include "asl/jsonpath/path_token.h"
#include "base/assert.h"

/* What lies around the place that changes, from the outside in: objects (NULL: to be made) and arrays. */
struct level {
    const struct value *around;
    const struct path_token *token;
};

/* The level's container with `inner` at its token. */
static enum status rebuild(struct arena *arena, const struct level *level, const struct value *inner,
                           const struct value **out_value)
{
    if (level->token->type == PATH_TOKEN_PROPERTY) {
        const struct value *object = level->around == NULL ? &value_empty_object : level->around;
        return value_object_with(arena, object, level->token->names[0], inner, out_value);
    }
    return value_array_with(arena, level->around, (size_t)level->token->indexes[0], inner, out_value);
}

enum status path_put(struct arena *arena, const struct path *path, const struct value *input, const struct value *result,
                     const struct value **out_output)
{
    ASSERT(path->reference && path->root == PATH_ROOT_INPUT);
    struct level *levels = arena_array(arena, struct level, path->token_count);
    TRY_NEW(levels);
    const struct value *around = input;
    for (uint32_t at = 0; at < path->token_count; at++) {
        const struct path_token *token = &path->tokens[at];
        levels[at] = (struct level){around, token};
        if (token->type == PATH_TOKEN_PROPERTY) {
            if (around != NULL && around->type != VALUE_OBJECT) {
                return STATUS_NOT_FOUND;
            }
            around = value_get(around, token->names[0]);
        } else {
            around = value_item(around, (size_t)token->indexes[0]);
            if (around == NULL) {
                return STATUS_NOT_FOUND;
            }
        }
    }
    const struct value *output = result;
    for (uint32_t at = path->token_count; at > 0; at--) {
        TRY(rebuild(arena, &levels[at - 1], output, &output));
    }
    *out_output = output;
    return STATUS_OK;
}
