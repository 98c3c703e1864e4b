/* Rows of RocksDB that are not what was written: whatever they say, the processor works on. A partition that can't read its
 * rows is rebuilt from the changelog; an execution whose rows make no sense is parked, or fails. */
#include "tests/processor/fixture.h"

#include "kv/kv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 8
#define MACHINE                                                                                                            \
    "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Parallel\",\"End\":true,\"Branches\":["                              \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"" LAMBDA_ARN "work\",\"TimeoutSeconds\":900,"  \
    "\"Retry\":[{\"ErrorEquals\":[\"States.ALL\"]}],\"End\":true}}},"                                                      \
    "{\"StartAt\":\"M\",\"States\":{\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"End\":true,\"ItemProcessor\":"       \
    "{\"StartAt\":\"W\",\"States\":{\"W\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":true}}}}}}]}}}"
#define START_IT START("p", ",\"input\":{\"items\":[1,2,3]}")

struct dice {
    uint64_t state;
};

static uint64_t roll(struct dice *dice, uint64_t sides)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (dice->state >> 33) % sides;
}

/* One field of the record is changed into what it can't be, or may not be just now. */
static void spoil(struct dice *dice, enum record_id id, void *record)
{
    static const int64_t numbers[] = {-1, 0, 1, 2, 99, INT32_MAX, -INT32_MAX, INT64_MAX, INT64_MIN + 1, RECORD_NONE};
    static const struct str texts[] = {STR_INIT(""), STR_INIT("x"), STR_INIT("{"), STR_INIT("[[[[1]]]]"), STR_INIT("\xFF")};
    const struct record_type *type = &record_types[id];
    const struct record_field *field = &type->fields[roll(dice, type->field_count)];
    void *member = (char *)record + field->offset;
    switch (field->kind) {
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL: {
        int64_t number = numbers[roll(dice, 7)];
        *(int64_t *)member = number;
        return;
    }
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL:
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        *(int64_t *)member = numbers[roll(dice, field->kind == RECORD_KIND_LONG || field->kind == RECORD_KIND_TIME ? 9 : 10)];
        return;
    case RECORD_KIND_BOOLEAN:
        *(bool *)member = !*(bool *)member;
        return;
    case RECORD_KIND_INT_ARRAY:
        *(struct int_array *)member = (struct int_array){numbers, roll(dice, 5)};
        return;
    case RECORD_KIND_RECORD:
        spoil(dice, field->nested, member);
        return;
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
        *(struct str *)member = texts[roll(dice, sizeof texts / sizeof texts[0])];
        return;
    }
}

/* A row of the store, by its number among those of executions and definitions; STR_NONE: there are no more. */
static struct str find_row(struct fixture *fixture, struct kv *kv, size_t number, struct str *out_value)
{
    static const char kinds[] = "efpntdr";
    for (uint16_t partition = 0; partition < PARTITIONS; partition++) {
        for (const char *kind = kinds; *kind != '\0'; kind++) {
            const char prefix[] = {(char)(partition >> 8), (char)partition, *kind};
            struct kv_cursor *cursor;
            struct str key = STR_NONE;
            struct str found = STR_NONE;
            struct str value;
            assert_int_equal(kv_cursor_open(kv, NULL, (struct str){prefix, sizeof prefix}, STR(""), &cursor), STATUS_OK);
            while (found.bytes == NULL && kv_cursor_next(cursor, &key, &value) == STATUS_OK) {
                if (number-- == 0) {
                    assert_int_equal(arena_copy(fixture->arena, key, &found), STATUS_OK);
                    assert_int_equal(arena_copy(fixture->arena, value, out_value), STATUS_OK);
                }
            }
            kv_cursor_close(cursor);
            if (found.bytes != NULL) {
                return found;
            }
        }
    }
    return STR_NONE;
}

static void spoil_value(struct fixture *fixture, struct dice *dice, struct str *value)
{
    enum record_id id;
    void *row;
    struct codec_error error;
    if (roll(dice, 4) == 0) {
        size_t at = roll(dice, value->length);
        ((char *)value->bytes)[at] ^= (char)(1 + roll(dice, 255));
        *value = roll(dice, 3) == 0 ? str_slice(*value, 0, at) : *value;
        return;
    }
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_state_row, *value, &id, &row, &error), STATUS_OK);
    spoil(dice, id, row);
    assert_int_equal(codec_encode(fixture->arena, CODEC_AVRO, SCHEMA_state_row, id, row, value), STATUS_OK);
}

static void spoil_store(struct fixture *fixture, struct dice *dice)
{
    struct kv *kv;
    struct kv_error error;
    struct kv_batch *batch;
    struct str value = STR_NONE;
    const struct kv_options options = {.path = fixture->state_path, .log = KV_LOG_NONE, .memory_bytes = (size_t)8 << 20};
    assert_int_equal(kv_rocksdb_open(&options, &kv, &error), STATUS_OK);
    assert_int_equal(kv_batch_create(kv, &batch), STATUS_OK);
    size_t count = 0;
    while (find_row(fixture, kv, count, &value).bytes != NULL) {
        count++;
    }
    assert_true(count > 5);
    for (int more = 0; more < 3; more++) {
        struct str key = find_row(fixture, kv, roll(dice, count), &value);
        spoil_value(fixture, dice, &value);
        print_message(" %c", key.bytes[2]);
        assert_int_equal(kv_batch_put(batch, key, value), STATUS_OK);
    }
    assert_int_equal(kv_batch_write(batch, &error), STATUS_OK);
    assert_int_equal(kv_flush(kv, &error), STATUS_OK);
    kv_batch_destroy(batch);
    kv_close(kv);
}

/* Until what is due has been handled, or the processor has given up. */
static void run(struct fixture *fixture, struct str token)
{
    struct bus_error error = {""};
    struct processor_status status;
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members, "{\"type\":\"TaskFailed\",\"error\":\"E\",\"taskToken\":\"%.*s\"}",
                                  STR_ARGS(token)),
                     STATUS_OK);
    fixture_send(fixture, "pawl.results", 0, members);
    fixture_send(fixture, "pawl.commands", 1, STR("{" START_IT "}"));
    if (processor_open(&fixture->config, fixture->bus, &fixture->processor, &error) != STATUS_OK) {
        fail_msg("not opened: %s", error.text);
    }
    assert_int_equal(processor_start(fixture->processor, &error), STATUS_OK);
    for (int tries = 0; tries < 60; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        processor_status(fixture->processor, &status);
        if (status.failed) {
            break;
        }
    }
    const struct counters *counters = processor_counters(fixture->processor);
    print_message(": %s, %lld timers, %lld results, %lld parked\n", status.failed ? status.text : "runs",
                  (long long)counters_get(counters, COUNTER_TIMERS), (long long)counters_get(counters, COUNTER_RESULTS),
                  (long long)counters_get(counters, COUNTER_PARKED));
    /* Whatever is given up is given up once. */
    assert_true(counters_get(counters, COUNTER_PARKED) <= 2);
    assert_true(counters_get(counters, COUNTER_DEAD_LETTERS) <= 10);
    assert_false(status.failed);
    fixture_stop_processor(fixture);
}

static void test_spoilt_rows(void **unused)
{
    const char *rounds = getenv("PAWL_TEST_ROUNDS");
    (void)unused;
    for (int round = 0; round < (rounds == NULL ? ROUNDS : atoi(rounds)); round++) {
        void *state = NULL;
        struct dice dice = {.state = (uint64_t)round * 7919};
        fixture_set_up(&state);
        struct fixture *fixture = state;
        fixture_create(fixture, "p", MACHINE);
        fixture_expect_accepted(fixture, START_IT);
        const struct task_request *request = fixture_find(fixture, "pawl.tasks.work", SCHEMA_task_request, ":p:", 0);
        fixture_stop_processor(fixture);
        print_message("%d:", round);
        spoil_store(fixture, &dice);
        run(fixture, request->task_token);
        fixture_tear_down(&state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spoilt_rows),
    };
    return cmocka_run_group_tests_name("processor/rows", tests, NULL, NULL);
}
