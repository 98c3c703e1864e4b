/* A document in the first line and a path behind it. */
#include "fuzz.h"

#include "asl/jsonpath/path.h"

#define FUZZ_DOCUMENT "{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":2.5,\"c\":null},[1,2,[3]]],\"d\":{\"e\":true,\"f\":[]},\"\":\"é\"}"

/* What a path gives is the same when it is asked again, and when the path is compiled again from the text it says it has. */
static void check_again(struct arena *arena, const struct path *path, const struct path_roots *roots, enum status first,
                        const struct value *value)
{
    const struct path *same = NULL;
    const struct value *again = NULL;
    FUZZ_REQUIRE(path_compile(arena, path_text(path), &same, NULL) == STATUS_OK);
    FUZZ_REQUIRE(path_root(same) == path_root(path) && path_is_reference(same) == path_is_reference(path));
    FUZZ_REQUIRE(path_evaluate(arena, same, roots, &again, NULL) == first);
    FUZZ_REQUIRE(first != STATUS_OK || value_equal(value, again));
}

/* What is put at a reference path into `$` is found there. */
static void check_put(struct arena *arena, const struct path *path, const struct path_roots *roots)
{
    const struct value *output = NULL;
    const struct value *found = NULL;
    if (!path_is_reference(path) || path_root(path) != PATH_ROOT_INPUT) {
        return;
    }
    enum status status = path_put(arena, path, roots->input, &value_true, &output);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_NOT_FOUND);
    if (status == STATUS_OK) {
        const struct path_roots after = {.input = output};
        FUZZ_REQUIRE(path_evaluate(arena, path, &after, &found, NULL) == STATUS_OK && found == &value_true);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    const struct value *document = NULL;
    const struct value *value = NULL;
    const struct path *path = NULL;
    struct str message = STR_NONE;
    struct str text;
    fuzz_split(arena, data, size, &document, &text);
    if (document == NULL) {
        FUZZ_REQUIRE(value_parse(arena, STR(FUZZ_DOCUMENT), &document, NULL) == STATUS_OK);
    }
    const struct path_roots roots = {
        .input = document, .context = document, .variables = document->type == VALUE_OBJECT ? document : NULL};
    enum status status = path_compile(arena, text, &path, &message);
    FUZZ_REQUIRE(status == STATUS_OK || (status == STATUS_INVALID && message.length > 0));
    if (status == STATUS_OK) {
        status = path_evaluate(arena, path, &roots, &value, &message);
        if (status == STATUS_OK && fuzz_is_text(text)) {
            fuzz_check_value(arena, value);
        } else if (status != STATUS_OK) {
            FUZZ_REQUIRE((status == STATUS_NOT_FOUND || status == STATUS_INVALID) && message.length > 0);
        }
        check_again(arena, path, &roots, status, value);
        check_put(arena, path, &roots);
    }
    arena_destroy(arena);
    return 0;
}
