#include "state/restore.h"

#include "bus/bus_local.h"
#include "state/keys.h"
#include "state/store.h"
#include "tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    char path[64];
    struct bus *bus;
    const struct bus_topic *topic;
    struct kv *kv;
    struct codec *codec;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    snprintf(fixture->path, sizeof fixture->path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    const struct bus_local_options options = {.path = fixture->path, .memory_bytes = (size_t)8 << 20};
    const struct bus_topic_config config = {
        .name = STR("state"),
        .partition_count = 2,
        .cleanup = BUS_CLEANUP_COMPACT,
        .retention_ms = -1,
        .delete_retention_ms = 3600000,
        .max_message_bytes = 1 << 20,
    };
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(bus_topic_create(fixture->bus, &config, &error), STATUS_OK);
    assert_int_equal(bus_topic_open(fixture->bus, STR("state"), &fixture->topic, &error), STATUS_OK);
    assert_int_equal(kv_memory_open(&fixture->kv), STATUS_OK);
    assert_int_equal(codec_create(&fixture->codec), STATUS_OK);
    fixture->arena = arena_create((size_t)16 << 20);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kv_close(fixture->kv);
    bus_close(fixture->bus);
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    folder_remove(fixture->path);
    free(fixture);
    return 0;
}

/* One character a record: a letter puts that row, a capital deletes it, a digit is the commit row of that sequence,
 * telling the right number of rows, and '!' makes the next one tell a wrong number. */
static void write_log(struct fixture *fixture, const char *script)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    int64_t rows = 0;
    bool lie = false;
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    for (const char *at = script; *at != '\0'; at++) {
        char key[2] = {'t', *at};
        struct bus_message message = {.topic = fixture->topic, .partition = 1, .key = {key, 2}};
        struct commit_row commit;
        if (*at == '!') {
            lie = true;
            continue;
        }
        rows++;
        if (*at >= 'a' && *at <= 'z') {
            message.value = STR("row");
        } else if (*at >= 'A' && *at <= 'Z') {
            key[1] = (char)(*at - 'A' + 'a');
        } else {
            record_init(RECORD_commit_row, &commit);
            commit.sequence = *at - '0';
            commit.row_count = rows + lie;
            message.key = STR("c");
            assert_int_equal(
                codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_state_row, RECORD_commit_row, &commit, &message.value),
                STATUS_OK);
            rows = 0;
            lie = false;
        }
        assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    }
    assert_int_equal(bus_producer_flush(producer, 5000, &error), STATUS_OK);
    bus_producer_close(producer);
}

static struct restore_config config_of(struct fixture *fixture)
{
    return (struct restore_config){.bus = fixture->bus,
                                   .kv = fixture->kv,
                                   .codec = fixture->codec,
                                   .topic = fixture->topic,
                                   .partition = 1,
                                   .delete_retention_ms = 3600000};
}

static enum status run(struct fixture *fixture, struct restore_progress *out_progress)
{
    struct restore *restore;
    struct bus_error error = {""};
    bool done = false;
    enum status status = STATUS_OK;
    const struct restore_config config = config_of(fixture);
    assert_int_equal(restore_create(&config, &restore), STATUS_OK);
    while (status == STATUS_OK && !done) {
        status = restore_step(restore, 2, 10, &done, &error);
    }
    if (status != STATUS_OK) {
        print_message("%s\n", error.text);
    }
    *out_progress = *restore_progress(restore);
    restore_destroy(restore);
    return status;
}

/* The rows of kind 't' that the store has, in order. */
static void expect_rows(struct fixture *fixture, const char *letters)
{
    struct key prefix;
    struct kv_cursor *cursor;
    struct str key;
    struct str value;
    keys_kind(1, KEY_TIMER, &prefix);
    assert_int_equal(kv_cursor_open(fixture->kv, NULL, keys_stored(&prefix), keys_stored(&prefix), &cursor), STATUS_OK);
    for (const char *at = letters; *at != '\0'; at++) {
        assert_int_equal(kv_cursor_next(cursor, &key, &value), STATUS_OK);
        assert_int_equal(key.bytes[key.length - 1], *at);
    }
    assert_int_equal(kv_cursor_next(cursor, &key, &value), STATUS_END);
    kv_cursor_close(cursor);
}

static void test_scripts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *script;
        enum status status;
        const char *rows;
    } cases[] = {
        {"empty", "", STATUS_OK, ""},
        {"one commit", "ab1", STATUS_OK, "ab"},
        {"three", "ab1c2A3", STATUS_OK, "bc"},
        {"only commits", "123", STATUS_OK, ""},
        {"a lost commit", "ab1c3", STATUS_CORRUPT, NULL},
        {"a doubled commit", "ab1c1", STATUS_CORRUPT, NULL},
        {"a lost first", "ab2", STATUS_CORRUPT, NULL},
        {"a lost row", "ab1!c2", STATUS_CORRUPT, NULL},
        {"no commit at the end", "ab1c", STATUS_CORRUPT, NULL},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        void *opened = NULL;
        struct restore_progress progress;
        print_message("%s\n", cases[at].name);
        set_up(&opened);
        write_log(opened, cases[at].script);
        assert_int_equal(run(opened, &progress), cases[at].status);
        if (cases[at].rows != NULL) {
            expect_rows(opened, cases[at].rows);
        }
        tear_down(&opened);
    }
}

static void test_goes_on_where_it_was(void **state)
{
    struct fixture *fixture = *state;
    struct restore_progress progress;
    write_log(fixture, "ab1");
    assert_int_equal(run(fixture, &progress), STATUS_OK);
    assert_non_null(progress.emptied);
    write_log(fixture, "c2");
    assert_int_equal(run(fixture, &progress), STATUS_OK);
    assert_null(progress.emptied);
    assert_int_equal(progress.row_count, 2);
    assert_int_equal(progress.proved_from, 2);
    expect_rows(fixture, "abc");
    write_log(fixture, "d4");
    assert_int_equal(run(fixture, &progress), STATUS_CORRUPT);
}

/* A store that can't be trusted is emptied, and what it alone had is gone. */
static void test_distrust(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *name;
        struct str cluster;
        int64_t offset;
        int64_t age_ms;
        bool emptied;
    } cases[] = {
        {"fine", STR_INIT(""), 3, 0, false},
        {"another cluster", STR_INIT("elsewhere"), 3, 0, true},
        {"beyond the end", STR_INIT(""), 99, 0, true},
        {"too old", STR_INIT(""), 3, 1800001, true},
    };
    write_log(fixture, "ab1");
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct restore_progress progress;
        struct store store;
        struct kv_batch *batch;
        struct kv_error error;
        struct offset_row row;
        struct key stray;
        print_message("%s\n", cases[at].name);
        assert_int_equal(restore_empty(fixture->kv, 1, &error), STATUS_OK);
        assert_int_equal(run(fixture, &progress), STATUS_OK);
        assert_int_equal(kv_batch_create(fixture->kv, &batch), STATUS_OK);
        store_init(&store, fixture->kv, batch, fixture->codec, 1);
        record_init(RECORD_offset_row, &row);
        row.offset = cases[at].offset;
        row.cluster_id = cases[at].cluster.length > 0 ? cases[at].cluster : bus_cluster_id(fixture->bus);
        row.topic_mark = bus_topic_mark(fixture->topic);
        row.time = (bus_now_ms(fixture->bus) - cases[at].age_ms) * 1000;
        assert_int_equal(store_put_offset(&store, fixture->arena, &row), STATUS_OK);
        assert_int_equal(keys_of_published(1, STR("tz"), &stray), STATUS_OK);
        assert_int_equal(kv_batch_put(batch, keys_stored(&stray), STR("stray")), STATUS_OK);
        assert_int_equal(kv_batch_write(batch, &error), STATUS_OK);
        kv_batch_destroy(batch);
        assert_int_equal(run(fixture, &progress), STATUS_OK);
        assert_int_equal(progress.emptied != NULL, cases[at].emptied);
        expect_rows(fixture, cases[at].emptied ? "ab" : "abz");
    }
}

/* Follows until nothing more comes. */
static enum status follow(struct restore *restore)
{
    struct bus_error error = {""};
    bool more = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && more) {
        status = restore_follow(restore, 2, &more, &error);
    }
    return status;
}

/* A standby copy has what is committed, whenever it is; and a restore has nothing left to do. */
static void test_follows(void **state)
{
    struct fixture *fixture = *state;
    struct restore *restore;
    struct restore_progress progress;
    const struct restore_config config = config_of(fixture);
    write_log(fixture, "ab1");
    assert_int_equal(restore_create(&config, &restore), STATUS_OK);
    assert_int_equal(follow(restore), STATUS_OK);
    expect_rows(fixture, "ab");
    assert_int_equal(restore_progress(restore)->next_offset, 3);
    assert_int_equal(restore_progress(restore)->end_offset, 3);
    write_log(fixture, "cA2d3");
    assert_int_equal(follow(restore), STATUS_OK);
    expect_rows(fixture, "bcd");
    restore_destroy(restore);
    assert_int_equal(run(fixture, &progress), STATUS_OK);
    assert_null(progress.emptied);
    assert_int_equal(progress.row_count, 0);
    expect_rows(fixture, "bcd");

    write_log(fixture, "e5");
    assert_int_equal(restore_create(&config, &restore), STATUS_OK);
    assert_int_equal(follow(restore), STATUS_CORRUPT);
    restore_destroy(restore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test_setup_teardown(test_goes_on_where_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_distrust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_follows, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("state/restore", tests, NULL, NULL);
}
