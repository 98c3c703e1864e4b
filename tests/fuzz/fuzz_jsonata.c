/* The input in the first line and an expression behind it, evaluated within small limits. */
#include "fuzz.h"

#include "asl/jsonata/jsonata.h"

#define FUZZ_BINDINGS "{\"states\":{\"input\":{\"a\":[1,2.50,\"x\"],\"b\":{\"c\":null}},\"context\":{}},\"x\":1e2,\"y\":\"t\"}"

static void ignore(void *owner, struct str name)
{
    size_t *bytes = owner;
    *bytes += name.length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct jsonata_limits limits = {
        .steps_max = 20000, .depth_max = 300, .result_bytes_max = 200000, .memory_bytes_max = 16000000};
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    struct env env = {.now_ms = 1709164800123, .seed = {7}};
    struct jsonata_scope scope = {.limits = &limits, .env = &env};
    struct jsonata_error error = {STR_NONE, STR_NONE, 0, STR_NONE};
    const struct jsonata *program = NULL;
    const struct value *value = NULL;
    bool is_function = false;
    size_t bytes = 0;
    struct str text;
    fuzz_split(arena, data, size, &scope.input, &text);
    FUZZ_REQUIRE(value_parse(arena, STR(FUZZ_BINDINGS), &scope.bindings, NULL) == STATUS_OK);
    enum status status = jsonata_compile(arena, text, &program, &error);
    if (status == STATUS_OK) {
        jsonata_variables(program, ignore, &bytes);
        status = jsonata_evaluate(arena, program, &scope, &value, &is_function, &error);
        FUZZ_REQUIRE(status != STATUS_OK || !is_function || value == NULL);
    }
    if (status == STATUS_OK && value != NULL && fuzz_is_text(text)) {
        fuzz_check_value(arena, value);
    } else if (status == STATUS_INVALID) {
        FUZZ_REQUIRE(error.code.length > 0 && error.message.length > 0 && error.position <= size);
    }
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_INVALID);
    arena_destroy(arena);
    return 0;
}
