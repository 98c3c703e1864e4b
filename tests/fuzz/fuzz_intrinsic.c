/* A document in the first line and an intrinsic call behind it. */
#include "fuzz.h"

#include "asl/intrinsics/intrinsic.h"

#define FUZZ_DOCUMENT "{\"a\":[1,2,2,null,\"x\"],\"b\":{\"c\":\"a,b;c\"},\"n\":-1.5,\"s\":\"aGVsbG8=\",\"t\":\"{\\\"k\\\":[1]}\"}"

static void count(void *owner, const struct path *path)
{
    size_t *bytes = owner;
    *bytes += path_text(path).length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    struct env env = {.now_ms = 1709164800123, .seed = {7}};
    const struct value *document = NULL;
    const struct value *value = NULL;
    const struct intrinsic *call = NULL;
    struct failure failure = FAILURE_NONE;
    struct str message = STR_NONE;
    struct str text;
    size_t bytes = 0;
    fuzz_split(arena, data, size, &document, &text);
    if (document == NULL) {
        FUZZ_REQUIRE(value_parse(arena, STR(FUZZ_DOCUMENT), &document, NULL) == STATUS_OK);
    }
    const struct path_roots roots = {
        .input = document, .context = document, .variables = document->type == VALUE_OBJECT ? document : NULL};
    enum status status = intrinsic_compile(arena, text, &call, &message);
    FUZZ_REQUIRE(status == STATUS_OK || (status == STATUS_INVALID && message.length > 0));
    if (status == STATUS_OK) {
        FUZZ_REQUIRE(intrinsic_is_call(text) && str_starts_with(text, intrinsic_name(call)));
        intrinsic_paths(call, count, &bytes);
        status = intrinsic_evaluate(arena, call, &roots, &env, &value, &failure);
        if (status == STATUS_OK && !failure_is(&failure) && fuzz_is_text(text)) {
            fuzz_check_value(arena, value);
        } else if (failure_is(&failure) || status != STATUS_OK) {
            /* The limit is that of JSON's depth; step_apply makes a failure of it. */
            FUZZ_REQUIRE(status == STATUS_LIMIT_EXCEEDED || (failure.error.length > 0 && failure.cause.length > 0));
        }
    }
    arena_destroy(arena);
    return 0;
}
