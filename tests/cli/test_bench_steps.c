#include "cli/bench_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/pawl-test-steps.XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void what_was_saved_is_loaded(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    const struct bus_header headers[] = {{STR_INIT("content-type"), STR_INIT("application/avro")}, {STR_INIT("empty"), STR_INIT("")}};
    const struct bus_record record = {.key = STR("key"), .value = STR("a\0b"), .headers = headers, .header_count = 2};
    struct bench_step_record records[2];
    struct bench_step step = {records, 2};
    const struct bench_steps saved = {&step, 1};
    struct bench_steps loaded;
    (void)state;
    assert_int_equal(bench_steps_keep(arena, TOPIC_HISTORY, &record, &records[0]), STATUS_OK);
    assert_int_equal(bench_steps_keep(arena, TOPIC_STATE, &record, &records[1]), STATUS_OK);
    assert_int_equal(bench_steps_save(&saved, path), STATUS_OK);
    assert_int_equal(bench_steps_load(arena, path, &loaded), STATUS_OK);
    assert_int_equal(loaded.count, 1);
    assert_int_equal(loaded.items[0].count, 2);
    const struct bench_step_record *first = &loaded.items[0].records[0];
    assert_int_equal(first->topic, TOPIC_HISTORY);
    assert_true(first->is_execution);
    assert_false(loaded.items[0].records[1].is_execution);
    assert_true(str_equal(first->value, STR("a\0b")));
    assert_int_equal(first->header_count, 2);
    assert_true(str_equal(first->headers[0].value, STR("application/avro")));
    assert_int_equal(first->headers[1].value.length, 0);
    arena_destroy(arena);
}

static void what_is_no_file_of_steps_is_refused(void **state)
{
    static const struct {
        const char *name;
        struct str text;
    } rows[] = {
        {"nothing", STR_INIT("")},
        {"no steps", STR_INIT("\0\0\0\0")},
        {"cut short", STR_INIT("\1\0\0\0\1\0\0\0\2\0")},
        {"too many", STR_INIT("\xff\xff\xff\xff")},
        {"a text too long", STR_INIT("\1\0\0\0\1\0\0\0\2\0\0\0\xff\xff\xff\xff")},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct arena *arena = arena_create(1 << 20);
        struct bench_steps steps;
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fwrite(rows[row].text.bytes, 1, rows[row].text.length, file);
        fclose(file);
        if (bench_steps_load(arena, path, &steps) != STATUS_INVALID) {
            fail_msg("%s: was loaded", rows[row].name);
        }
        arena_destroy(arena);
    }
}

static void a_file_that_is_not_there(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    struct bench_steps steps;
    (void)state;
    assert_int_equal(bench_steps_load(arena, "/nowhere/steps", &steps), STATUS_NOT_FOUND);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_saved_is_loaded),
        cmocka_unit_test(what_is_no_file_of_steps_is_refused),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
