#include "tests/kv/kv_suite.h"

#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    const struct kv_suite *suite;
    struct kv *kv;
    struct kv_batch *batch;
    struct arena *arena;
};

char *kv_suite_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    assert_true(asprintf(&path, "%s/pawl-test-XXXXXX", base == NULL ? "/tmp" : base) > 0);
    assert_non_null(mkdtemp(path));
    return path;
}

void kv_suite_folder_remove(char *path)
{
    folder_remove(path);
    free(path);
}

void kv_suite_put(struct kv *kv, const char *key, const char *value)
{
    struct kv_batch *batch = NULL;
    assert_int_equal(kv_batch_create(kv, &batch), STATUS_OK);
    assert_int_equal(kv_batch_put(batch, str_of(key), str_of(value)), STATUS_OK);
    assert_int_equal(kv_batch_write(batch, NULL), STATUS_OK);
    kv_batch_destroy(batch);
}

static const char *get_through(struct kv *kv, const struct kv_batch *batch, struct arena *arena, const char *key)
{
    struct str value = STR_NONE;
    enum status status = kv_get(kv, batch, arena, str_of(key), &value);
    if (status == STATUS_NOT_FOUND) {
        return "(none)";
    }
    assert_int_equal(status, STATUS_OK);
    return value.bytes;
}

const char *kv_suite_get(struct kv *kv, struct arena *arena, const char *key)
{
    return get_through(kv, NULL, arena, key);
}

static void put(struct fixture *fixture, const char *key, const char *value)
{
    assert_int_equal(kv_batch_put(fixture->batch, str_of(key), str_of(value)), STATUS_OK);
}

static void drop(struct fixture *fixture, const char *key)
{
    assert_int_equal(kv_batch_delete(fixture->batch, str_of(key)), STATUS_OK);
}

static void write_batch(struct fixture *fixture)
{
    assert_int_equal(kv_batch_write(fixture->batch, NULL), STATUS_OK);
    assert_int_equal(kv_batch_count(fixture->batch), 0);
}

static void expect(struct fixture *fixture, const char *key, const char *stored, const char *staged)
{
    assert_string_equal(get_through(fixture->kv, NULL, fixture->arena, key), stored);
    assert_string_equal(get_through(fixture->kv, fixture->batch, fixture->arena, key), staged);
}

/* The rows as "a=1 b=2 ". */
static void expect_rows(struct fixture *fixture, const struct kv_batch *batch, struct str prefix, const char *from,
                        const char *rows)
{
    char text[1000] = "";
    size_t length = 0;
    struct kv_cursor *cursor = NULL;
    assert_int_equal(kv_cursor_open(fixture->kv, batch, prefix, str_of(from), &cursor), STATUS_OK);
    struct str key;
    struct str value;
    enum status status;
    while ((status = kv_cursor_next(cursor, &key, &value)) == STATUS_OK) {
        int more = snprintf(text + length, sizeof text - length, "%.*s=%.*s ", STR_ARGS(key), STR_ARGS(value));
        length += (size_t)more;
        assert_true(length < sizeof text);
    }
    assert_int_equal(status, STATUS_END);
    assert_int_equal(kv_cursor_next(cursor, &key, &value), STATUS_END);
    kv_cursor_close(cursor);
    assert_string_equal(text, rows);
}

static void test_reads_through(void **state)
{
    struct fixture *fixture = *state;
    expect(fixture, "a", "(none)", "(none)");
    put(fixture, "a", "1");
    put(fixture, "b", "2");
    expect(fixture, "a", "(none)", "1");
    write_batch(fixture);
    expect(fixture, "a", "1", "1");
    put(fixture, "a", "3");
    drop(fixture, "b");
    put(fixture, "c", "");
    expect(fixture, "a", "1", "3");
    expect(fixture, "b", "2", "(none)");
    expect(fixture, "c", "(none)", "");
    kv_batch_clear(fixture->batch);
    expect(fixture, "a", "1", "1");
    drop(fixture, "a");
    put(fixture, "a", "4");
    drop(fixture, "a");
    write_batch(fixture);
    expect(fixture, "a", "(none)", "(none)");
    expect(fixture, "b", "2", "2");
}

static void test_savepoint(void **state)
{
    struct fixture *fixture = *state;
    kv_suite_put(fixture->kv, "stored", "0");
    put(fixture, "a", "1");
    put(fixture, "gone", "1");
    drop(fixture, "gone");
    kv_batch_savepoint(fixture->batch);
    size_t count = kv_batch_count(fixture->batch);
    put(fixture, "a", "2");
    put(fixture, "a", "3");
    put(fixture, "b", "2");
    put(fixture, "gone", "2");
    drop(fixture, "stored");
    expect(fixture, "stored", "0", "(none)");
    kv_batch_rollback(fixture->batch);
    assert_int_equal(kv_batch_count(fixture->batch), count);
    expect(fixture, "a", "(none)", "1");
    expect(fixture, "b", "(none)", "(none)");
    expect(fixture, "gone", "(none)", "(none)");
    expect(fixture, "stored", "0", "0");

    /* A second savepoint takes the place of the first. */
    kv_batch_savepoint(fixture->batch);
    put(fixture, "c", "1");
    kv_batch_savepoint(fixture->batch);
    put(fixture, "c", "2");
    kv_batch_rollback(fixture->batch);
    expect_rows(fixture, fixture->batch, STR(""), "", "a=1 c=1 stored=0 ");
    write_batch(fixture);
    expect_rows(fixture, NULL, STR(""), "", "a=1 c=1 stored=0 ");
}

static void test_savepoint_of_empty(void **state)
{
    struct fixture *fixture = *state;
    kv_batch_savepoint(fixture->batch);
    put(fixture, "a", "1");
    kv_batch_rollback(fixture->batch);
    assert_int_equal(kv_batch_count(fixture->batch), 0);
    write_batch(fixture);
    expect_rows(fixture, fixture->batch, STR(""), "", "");
}

static void test_cursor(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "a1", "s");
    put(fixture, "b1", "s");
    put(fixture, "b2", "s");
    put(fixture, "b4", "s");
    put(fixture, "c1", "s");
    write_batch(fixture);
    put(fixture, "b0", "t");
    put(fixture, "b2", "t");
    put(fixture, "b5", "t");
    put(fixture, "c0", "t");
    drop(fixture, "b4");
    drop(fixture, "b9");
    expect_rows(fixture, NULL, STR("b"), "b", "b1=s b2=s b4=s ");
    expect_rows(fixture, fixture->batch, STR("b"), "b", "b0=t b1=s b2=t b5=t ");
    expect_rows(fixture, fixture->batch, STR("b"), "b2", "b2=t b5=t ");
    expect_rows(fixture, fixture->batch, STR("b"), "b21", "b5=t ");
    expect_rows(fixture, fixture->batch, STR("b"), "a", "b0=t b1=s b2=t b5=t ");
    expect_rows(fixture, fixture->batch, STR("b"), "c", "");
    expect_rows(fixture, fixture->batch, STR("x"), "x", "");
    expect_rows(fixture, fixture->batch, STR(""), "", "a1=s b0=t b1=s b2=t b5=t c0=t c1=s ");
    expect_rows(fixture, fixture->batch, STR("c0"), "", "c0=t ");
    write_batch(fixture);
    expect_rows(fixture, NULL, STR("b"), "b", "b0=t b1=s b2=t b5=t ");
}

static void test_cursor_bytes(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "\xFF\xFF", "1");
    put(fixture, "\xFF\xFF\x01", "2");
    put(fixture, "\xFE\xFF\x01", "3");
    put(fixture, "\xFF", "4");
    expect_rows(fixture, fixture->batch, STR("\xFF\xFF"), "", "\xFF\xFF=1 \xFF\xFF\x01=2 ");
    write_batch(fixture);
    expect_rows(fixture, NULL, STR("\xFF\xFF"), "", "\xFF\xFF=1 \xFF\xFF\x01=2 ");
    expect_rows(fixture, fixture->batch, STR("\xFE\xFF"), "", "\xFE\xFF\x01=3 ");

    struct str key = STR("n\0l");
    struct str value = STR("v\0\0");
    struct str got = STR_NONE;
    assert_int_equal(kv_batch_put(fixture->batch, key, value), STATUS_OK);
    write_batch(fixture);
    assert_int_equal(kv_get(fixture->kv, fixture->batch, fixture->arena, key, &got), STATUS_OK);
    assert_true(str_equal(got, value));
    expect(fixture, "n", "(none)", "(none)");
}

static void test_bounds(void **state)
{
    struct fixture *fixture = *state;
    static char bytes[4097];
    memset(bytes, 'k', sizeof bytes);
    struct str value = STR_NONE;
    assert_int_equal(kv_batch_put(fixture->batch, (struct str){bytes, 4097}, STR("v")), STATUS_INVALID);
    assert_int_equal(kv_batch_put(fixture->batch, STR(""), STR("v")), STATUS_INVALID);
    assert_int_equal(kv_batch_delete(fixture->batch, STR_NONE), STATUS_INVALID);
    assert_int_equal(kv_get(fixture->kv, NULL, fixture->arena, STR_NONE, &value), STATUS_NOT_FOUND);
    assert_int_equal(kv_batch_count(fixture->batch), 0);
    assert_int_equal(kv_batch_put(fixture->batch, (struct str){bytes, 4096}, STR("v")), STATUS_OK);
    write_batch(fixture);
    assert_int_equal(kv_get(fixture->kv, NULL, fixture->arena, (struct str){bytes, 4096}, &value), STATUS_OK);

    size_t length = (size_t)4 * 1024 * 1024;
    char *big = calloc(1, length);
    assert_int_equal(kv_batch_put(fixture->batch, STR("big"), (struct str){big, length}), STATUS_OK);
    write_batch(fixture);
    assert_int_equal(kv_get(fixture->kv, NULL, fixture->arena, STR("big"), &value), STATUS_OK);
    assert_int_equal(value.length, length);
    free(big);
}

static void test_delete_range(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "a", "1");
    put(fixture, "b", "1");
    put(fixture, "b1", "1");
    put(fixture, "c", "1");
    write_batch(fixture);
    assert_int_equal(kv_delete_range(fixture->kv, STR("b"), STR("c"), NULL), STATUS_OK);
    expect_rows(fixture, fixture->batch, STR(""), "", "a=1 c=1 ");
    assert_int_equal(kv_delete_range(fixture->kv, STR("z"), STR("a"), NULL), STATUS_OK);
    put(fixture, "b", "2");
    write_batch(fixture);
    assert_int_equal(kv_flush(fixture->kv, NULL), STATUS_OK);
    expect_rows(fixture, fixture->batch, STR(""), "", "a=1 b=2 c=1 ");
    uint64_t disk = 0;
    uint64_t memory = 0;
    kv_size(fixture->kv, &disk, &memory);
    assert_true(disk + memory > 0);
    struct kv_figures figures;
    kv_figures(fixture->kv, &figures);
    assert_true(figures.keys > 0 && figures.stopped == 0);
}

/* ---- Against a model: an array of what each of 64 keys holds ---- */

#define MODEL_KEYS 64

struct model {
    int stored[MODEL_KEYS]; /* 0: none */
    int staged[MODEL_KEYS];
    int saved[MODEL_KEYS];
    bool savepoint;
};

static uint32_t chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void model_check(struct fixture *fixture, const struct model *model)
{
    char rows[MODEL_KEYS * 24] = "";
    size_t length = 0;
    struct kv_cursor *cursor = NULL;
    assert_int_equal(kv_cursor_open(fixture->kv, fixture->batch, STR("k"), STR("k"), &cursor), STATUS_OK);
    struct str key;
    struct str value;
    for (int at = 0; at < MODEL_KEYS; at++) {
        char name[16];
        snprintf(name, sizeof name, "k%02d", at);
        snprintf(rows, sizeof rows, "%d", model->staged[at]);
        assert_string_equal(get_through(fixture->kv, fixture->batch, fixture->arena, name),
                            model->staged[at] == 0 ? "(none)" : rows);
        snprintf(rows, sizeof rows, "%d", model->stored[at]);
        assert_string_equal(get_through(fixture->kv, NULL, fixture->arena, name),
                            model->stored[at] == 0 ? "(none)" : rows);
        if (model->staged[at] != 0) {
            assert_int_equal(kv_cursor_next(cursor, &key, &value), STATUS_OK);
            assert_true(str_equal(key, str_of(name)));
            length++;
        }
    }
    assert_int_equal(kv_cursor_next(cursor, &key, &value), STATUS_END);
    kv_cursor_close(cursor);
    arena_reset(fixture->arena);
}

static void model_step(struct fixture *fixture, struct model *model, uint64_t *seed, int number)
{
    char key[16];
    char value[16];
    uint32_t at = chance(seed) % MODEL_KEYS;
    snprintf(key, sizeof key, "k%02u", at);
    snprintf(value, sizeof value, "%d", number);
    uint32_t what = chance(seed) % 100;
    if (what < 60) {
        put(fixture, key, value);
        model->staged[at] = number;
    } else if (what < 85) {
        drop(fixture, key);
        model->staged[at] = 0;
    } else if (what < 90) {
        kv_batch_savepoint(fixture->batch);
        memcpy(model->saved, model->staged, sizeof model->saved);
        model->savepoint = true;
    } else if (what < 95 && model->savepoint) {
        kv_batch_rollback(fixture->batch);
        memcpy(model->staged, model->saved, sizeof model->saved);
        model->savepoint = false;
    } else if (what < 99) {
        write_batch(fixture);
        memcpy(model->stored, model->staged, sizeof model->stored);
        model->savepoint = false;
    } else {
        assert_int_equal(kv_flush(fixture->kv, NULL), STATUS_OK);
    }
}

static void test_model(void **state)
{
    struct fixture *fixture = *state;
    struct model model = {0};
    uint64_t seed = 7041;
    for (int number = 1; number <= 3000; number++) {
        model_step(fixture, &model, &seed, number);
        if (number % 10 == 0) {
            model_check(fixture, &model);
        }
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    fixture->kv = fixture->suite->open(fixture->suite->owner);
    fixture->arena = arena_create((size_t)64 * 1024 * 1024);
    return fixture->kv == NULL || kv_batch_create(fixture->kv, &fixture->batch) != STATUS_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kv_batch_destroy(fixture->batch);
    fixture->suite->close(fixture->suite->owner, fixture->kv);
    arena_destroy(fixture->arena);
    return 0;
}

int kv_suite_run(const char *name, const struct kv_suite *suite)
{
    struct fixture fixture = {.suite = suite};
#define CASE(function)                                                                                                 \
    {                                                                                                                  \
#function, function, set_up, tear_down, &fixture                                                               \
    }
    const struct CMUnitTest tests[] = {
        CASE(test_reads_through), CASE(test_savepoint), CASE(test_savepoint_of_empty), CASE(test_cursor),
        CASE(test_cursor_bytes),  CASE(test_bounds),    CASE(test_delete_range),       CASE(test_model),
    };
#undef CASE
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
