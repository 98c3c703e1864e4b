/* Files that are made of records.def are as records.def says. `test_schemas_generated --write` makes them anew;
 * `test_schemas_generated --release 0.2` keeps the present schemas as what release 0.2 wrote, then does the same. */
#include "generated.h"

#include "base/assert.h"
#include "schemas/codec/avsc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* True for --write and --release. */
static bool is_writing;

static void check_file(struct arena *arena, const char *path, struct str made)
{
    struct str present = STR_NONE;
    print_message("%s\n", path);
    assert_int_equal(generated_read(arena, path, &present), STATUS_OK);
    if (is_writing && !str_equal(present, made)) {
        assert_int_equal(generated_write(path, made), STATUS_OK);
        return;
    }
    if (!str_equal(present, made)) {
        fail_msg("%s is not what records.def says: run test_schemas_generated --write", path);
    }
}

static void test_avsc_files(void **state)
{
    struct arena *arena = *state;
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        struct buffer avsc = buffer_in(arena);
        struct str path = STR_NONE;
        assert_int_equal(avsc_write(&avsc, (enum schema_id)schema), STATUS_OK);
        assert_int_equal(arena_format(arena, &path, GENERATED_AVSC_PATH, record_schemas[schema].name.bytes), STATUS_OK);
        check_file(arena, path.bytes, buffer_text(&avsc));
    }
}

static void test_fingerprints(void **state)
{
    struct buffer made = buffer_in(*state);
    assert_int_equal(generated_fingerprints(&made), STATUS_OK);
    check_file(*state, GENERATED_FINGERPRINTS_PATH, buffer_text(&made));
}

static void test_released(void **state)
{
    struct buffer made = buffer_in(*state);
    assert_int_equal(generated_released(&made), STATUS_OK);
    check_file(*state, GENERATED_RELEASED_PATH, buffer_text(&made));
}

static void test_docs(void **state)
{
    struct buffer made = buffer_in(*state);
    struct str page = STR_NONE;
    assert_int_equal(generated_read(*state, GENERATED_DOCS_PATH, &page), STATUS_OK);
    assert_true(page.length > 0);
    assert_int_equal(generated_docs(&made, page), STATUS_OK);
    check_file(*state, GENERATED_DOCS_PATH, buffer_text(&made));
    for (int id = 0; id < RECORD_COUNT; id++) { /* state rows are nobody's to read */
        struct str marker = STR_NONE;
        assert_int_equal(arena_format(*state, &marker, "records.def: %s -->", record_types[id].name.bytes), STATUS_OK);
        bool is_row = record_union_index(SCHEMA_state_row, (enum record_id)id) >= 0;
        if (!is_row && str_find_str(page, marker) == page.length) {
            fail_msg("docs/records.md lacks %s", record_types[id].name.bytes);
        }
    }
}

static int setup(void **state)
{
    *state = arena_create(ARENA_BYTES_MAX);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(int count, char **arguments)
{
    const char *option = count > 1 ? arguments[1] : "";
    if (strcmp(option, "--release") == 0 && count == 3) {
        struct arena *arena = arena_create(ARENA_BYTES_MAX);
        enum status status = arena == NULL ? STATUS_LIMIT_EXCEEDED : generated_release(arena, arguments[2]);
        arena_destroy(arena);
        if (status != STATUS_OK) {
            fprintf(stderr, "release: %s\n", status_text(status));
            return 1;
        }
    }
    is_writing = strcmp(option, "--write") == 0 || strcmp(option, "--release") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avsc_files),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_released),
        cmocka_unit_test(test_docs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
