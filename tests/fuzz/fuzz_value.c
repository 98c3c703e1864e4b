/* JSON texts: what value_parse accepts is what value_text_is_valid and jansson accept, and prints as it was written. */
#include "fuzz.h"

#include <jansson.h>

/* jansson refuses numbers that no double holds and surrogates that stand alone, which pawl keeps; it takes a NUL behind a
 * number for a blank. */
static bool comparable(struct str text, const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code != json_error_numeric_overflow && code != json_error_stack_overflow &&
           str_find_str(text, STR("\\u")) == text.length;
}

static void compare(struct str text, enum status status)
{
    json_error_t error = {0};
    if (str_find(text, '\0') < text.length) {
        return;
    }
    json_t *json = json_loadb(text.length == 0 ? "" : text.bytes, text.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json != NULL) {
        FUZZ_REQUIRE(status != STATUS_INVALID);
        json_decref(json);
    } else if (comparable(text, &error)) {
        FUZZ_REQUIRE(status != STATUS_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    struct str text = {(const char *)data, size};
    const struct value *value = NULL;
    struct value_error error = {0};
    struct str printed;
    enum status status = value_parse(arena, text, &value, &error);
    FUZZ_REQUIRE(value_text_is_valid(text) == (status == STATUS_OK));
    compare(text, status);
    if (status == STATUS_OK) {
        fuzz_check_value(arena, value);
        /* Compact and without keys twice: byte for byte. */
        if (value->boolean && (value->type == VALUE_ARRAY || value->type == VALUE_OBJECT)) {
            FUZZ_REQUIRE(value_to_text(arena, value, &printed) == STATUS_OK);
            FUZZ_REQUIRE(str_equal(printed, str_trim(text)));
        }
    } else {
        FUZZ_REQUIRE(error.message.length > 0 && error.offset <= size);
    }
    arena_destroy(arena);
    return 0;
}
