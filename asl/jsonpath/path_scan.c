/* Reference paths over a text that has not been parsed. */
#include "asl/jsonpath/path_token.h"

#include "asl/value_scan.h"
#include "base/assert.h"

enum status path_scan(struct arena *arena, const struct path *path, struct str text, const struct value **out_value)
{
    ASSERT(path->reference && path->root == PATH_ROOT_INPUT);
    for (uint32_t at = 0; at < path->token_count; at++) {
        const struct path_token *token = &path->tokens[at];
        TRY(token->type == PATH_TOKEN_PROPERTY ? value_scan_member(arena, text, token->names[0], &text)
                                               : value_scan_item(text, token->indexes[0], &text));
    }
    return value_parse(arena, text, out_value, NULL);
}
