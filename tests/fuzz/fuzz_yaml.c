/* YAML: what becomes JSON is JSON, with a place for every line; and JSON on one line is YAML for itself. */
#include "fuzz.h"

#include "cli/yaml.h"

#define FUZZ_JSON_BYTES_MAX ((size_t)1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    struct yaml_json json = {STR_NONE, NULL, 0};
    struct yaml_error error = {{0, 0}, STR_NONE};
    const struct value *value = NULL;
    enum status status = yaml_to_json(arena, (struct str){(const char *)data, size}, FUZZ_JSON_BYTES_MAX, &json, &error);
    if (status == STATUS_OK) {
        size_t lines = 1;
        for (size_t at = 0; at < json.text.length; at++) {
            lines += json.text.bytes[at] == '\n';
        }
        FUZZ_REQUIRE(json.mark_count >= lines - 1);
        /* Without a document there is no text either. */
        status = json.text.length == 0 ? STATUS_OK : value_parse(arena, json.text, &value, NULL);
        FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED);
    } else {
        FUZZ_REQUIRE(status == STATUS_LIMIT_EXCEEDED || (status == STATUS_INVALID && error.message.length > 0));
    }
    arena_destroy(arena);
    return 0;
}
