#include "oracle.h"
#include "samples.h"

#include "asl/value.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "schemas/codec/avsc.h"
#include "schemas/codec/binary_writer.h"
#include "schemas/codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ARENA_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define TIMING_ROUNDS 20000
#define MUTATIONS 20000

struct fixture {
    struct arena *arena;
    struct codec *codec;
};

/* Calls `check` for each record of each schema with each sample. */
static void for_each(struct fixture *fixture,
                     void (*check)(struct fixture *, enum schema_id, enum record_id, const void *))
{
    for (int schema = 0; schema < SCHEMA_COUNT; schema++) {
        for (uint32_t at = 0; at < record_schemas[schema].member_count; at++) {
            for (int sample = 0; sample < SAMPLE_COUNT; sample++) {
                arena_reset(fixture->arena);
                enum record_id record = record_schemas[schema].members[at];
                const void *value = sample_make(fixture->arena, record, (enum sample)sample);
                print_message("%s.%s %s\n", record_schemas[schema].name.bytes, record_types[record].name.bytes,
                              sample_names[sample]);
                check(fixture, (enum schema_id)schema, record, value);
            }
        }
    }
}

static struct str encode(struct fixture *fixture, enum codec_encoding encoding, enum schema_id schema,
                         enum record_id record, const void *value)
{
    struct str bytes = STR_NONE;
    assert_int_equal(codec_encode(fixture->arena, encoding, schema, record, value, &bytes), STATUS_OK);
    return bytes;
}

static void check_round_trip(struct fixture *fixture, enum schema_id schema, enum record_id record, const void *value)
{
    for (enum codec_encoding encoding = CODEC_AVRO; encoding <= CODEC_JSON; encoding++) {
        struct str bytes = encode(fixture, encoding, schema, record, value);
        enum record_id decoded_record = RECORD_COUNT;
        void *decoded = NULL;
        struct codec_error error = {0};
        struct str field = STR_NONE;
        enum status status =
            codec_decode(fixture->codec, fixture->arena, schema, bytes, &decoded_record, &decoded, &error);
        if (status != STATUS_OK) {
            fail_msg("%.*s", STR_ARGS(error.message));
        }
        assert_int_equal(decoded_record, record);
        if (!sample_equal(record, value, decoded, &field)) {
            fail_msg("%.*s differs", STR_ARGS(field));
        }
    }
}

static void test_round_trips(void **state)
{
    for_each(*state, check_round_trip);
}

static void check_oracle(struct fixture *fixture, enum schema_id schema, enum record_id record, const void *value)
{
    struct buffer avsc = buffer_in(fixture->arena);
    struct str what = STR_NONE;
    assert_int_equal(avsc_write(&avsc, schema), STATUS_OK);
    struct str bytes = encode(fixture, CODEC_AVRO, schema, record, value);
    if (oracle_check(fixture->arena, schema, buffer_text(&avsc), bytes, record, value, &what) != STATUS_OK) {
        fail_msg("avro-c: %.*s", STR_ARGS(what));
    }
}

static void test_avro_c_reads_it(void **state)
{
    for_each(*state, check_oracle);
}

/* ---- Malformed bytes: an error or a record, never a crash ---- */

/* From the heap, so that the address sanitizer sees a read past the end. */
static enum status decode_copy(struct fixture *fixture, enum schema_id schema, struct str bytes)
{
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    struct codec_error error = {0};
    char *copy = malloc(bytes.length + 1);
    assert_non_null(copy);
    memcpy(copy, bytes.bytes, bytes.length);
    char *exact = realloc(copy, bytes.length > 0 ? bytes.length : 1);
    enum status status = codec_decode(fixture->codec, fixture->arena, schema, (struct str){exact, bytes.length},
                                      &record, &value, &error);
    assert_true(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_LIMIT_EXCEEDED);
    assert_true(status != STATUS_INVALID || error.message.length > 0);
    free(exact);
    return status;
}

static void check_truncated(struct fixture *fixture, enum schema_id schema, enum record_id record, const void *value)
{
    for (enum codec_encoding encoding = CODEC_AVRO; encoding <= CODEC_JSON; encoding++) {
        struct str bytes = encode(fixture, encoding, schema, record, value);
        for (size_t length = 0; length < bytes.length; length++) {
            assert_int_equal(decode_copy(fixture, schema, str_slice(bytes, 0, length)), STATUS_INVALID);
        }
        struct str longer = STR_NONE;
        assert_int_equal(arena_concat(fixture->arena, bytes, STR("x"), &longer), STATUS_OK);
        assert_int_equal(decode_copy(fixture, schema, longer), STATUS_INVALID);
    }
}

static void test_truncated(void **state)
{
    for_each(*state, check_truncated);
}

static uint32_t chance(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

static void test_mutated(void **state)
{
    struct fixture *fixture = *state;
    uint32_t seed = 7;
    for (int round = 0; round < MUTATIONS; round++) {
        static const uint8_t bytes_of_interest[] = {0x00, 0x01, 0x02, 0x7F, 0x80, 0xFE, 0xFF, '"', '{', '}', '\\', '9'};
        arena_reset(fixture->arena);
        enum schema_id schema = (enum schema_id)chance(&seed, SCHEMA_COUNT);
        enum record_id record = record_schemas[schema].members[chance(&seed, record_schemas[schema].member_count)];
        enum codec_encoding encoding = (enum codec_encoding)chance(&seed, 2);
        const void *value = sample_make(fixture->arena, record, (enum sample)chance(&seed, SAMPLE_COUNT));
        struct str bytes = encode(fixture, encoding, schema, record, value);
        struct str changed = STR_NONE;
        assert_int_equal(arena_copy(fixture->arena, bytes, &changed), STATUS_OK);
        for (uint32_t change = chance(&seed, 4) + 1; change > 0; change--) {
            size_t at = (encoding == CODEC_AVRO ? BINARY_HEADER_BYTES : 0);
            at += chance(&seed, (uint32_t)(changed.length - at));
            ((char *)changed.bytes)[at] =
                (char)(chance(&seed, 3) == 0 ? chance(&seed, 256) : bytes_of_interest[chance(&seed, 12)]);
        }
        (void)decode_copy(fixture, schema, changed);
    }
}

/* ---- Refusals ---- */

static void expect_message(struct fixture *fixture, enum schema_id schema, struct str bytes, const char *message)
{
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    struct codec_error error = {0};
    enum status status = codec_decode(fixture->codec, fixture->arena, schema, bytes, &record, &value, &error);
    print_message("%.*s\n", STR_ARGS(error.message));
    assert_int_equal(status, STATUS_INVALID);
    assert_string_equal(error.message.bytes, message);
}

/* `message` with the names of all commands for "<operations>". */
static const char *with_operations(struct fixture *fixture, const char *message)
{
    const struct record_schema *schema = &record_schemas[SCHEMA_command];
    struct buffer buffer = buffer_in(fixture->arena);
    struct str text = str_of(message);
    size_t place = str_find_str(text, STR("<operations>"));
    assert_int_equal(buffer_add(&buffer, str_slice(text, 0, place)), STATUS_OK);
    for (uint32_t at = 0; place < text.length && at < schema->member_count; at++) {
        assert_int_equal(buffer_add(&buffer, at == 0 ? STR("") : STR(", ")), STATUS_OK);
        assert_int_equal(buffer_add(&buffer, record_types[schema->members[at]].name), STATUS_OK);
    }
    if (place < text.length) {
        assert_int_equal(buffer_add(&buffer, str_from(text, place + sizeof "<operations>" - 1)), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&buffer, 0), STATUS_OK);
    return buffer.bytes;
}

#define START "{\"operation\":\"StartExecution\",\"stateMachineArn\":\"m\""

static void test_refused_json(void **state)
{
    static const struct {
        enum schema_id schema;
        const char *text;
        const char *message;
    } rows[] = {
        {SCHEMA_command, "{}",
         "Command: \"operation\" is missing; expected one of <operations>"},
        {SCHEMA_command, "{\"operation\":\"StartExecutions\"}",
         "Command: \"operation\" is \"StartExecutions\"; expected one of <operations> (is StartExecution meant?)"},
        {SCHEMA_command, "{\"operation\":7}",
         "Command: \"operation\" is 7; expected one of <operations>"},
        {SCHEMA_command, START ",\"inputs\":{}}", "StartExecution: has no field \"inputs\"; is \"input\" meant?"},
        {SCHEMA_command, START ",\"statemachineARN\":{}}",
         "StartExecution: has no field \"statemachineARN\"; is \"stateMachineArn\" meant?"},
        {SCHEMA_command, START ",\"zzz\":{}}", "StartExecution: has no field \"zzz\""},
        {SCHEMA_command, START ",\"name\":7}", "StartExecution.name: expected a string, found a number 7"},
        {SCHEMA_command, START ",\"name\":\"\\ud800\"}",
         "StartExecution.name: expected characters (half of a surrogate pair is none), found a string \"\\ud800\""},
        {SCHEMA_command, START ",\"replyPartition\":4294967296}",
         "StartExecution.replyPartition: expected a whole number of 32 bits, found a number 4294967296"},
        {SCHEMA_command, START ",\"minDefinitionVersion\":1.5}",
         "StartExecution.minDefinitionVersion: expected a whole number of 64 bits, found a number 1.5"},
        {SCHEMA_command, "{\"operation\":\"StartExecution\"}",
         "StartExecution.stateMachineArn: is missing (machine, version or alias)"},
        {SCHEMA_command, "{\"operation\":\"StartExecution\",\"stateMachineArn\":null}",
         "StartExecution.stateMachineArn: expected a string, found null"},
        {SCHEMA_command, "{\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":null}",
         "CreateStateMachine.definition: expected JSON, or a string of JSON text, found null"},
        {SCHEMA_command, "{\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":{},\"publish\":1}",
         "CreateStateMachine.publish: expected true or false, found a number 1"},
        {SCHEMA_task_result, "{\"type\":\"TaskSucceeded\",\"taskToken\":\"t\"}",
         "TaskSucceeded.output: is missing (the task's result)"},
        {SCHEMA_usage, "{\"stateMachineArn\":\"m\",\"minute\":\"yesterday\"}",
         "Usage.minute: expected an ISO 8601 time such as 2026-11-23T06:40:16.123Z, or a number of microseconds, found "
         "a "
         "string \"yesterday\""},
    };
    struct fixture *fixture = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        arena_reset(fixture->arena);
        expect_message(fixture, rows[at].schema, str_of(rows[at].text), with_operations(fixture, rows[at].message));
    }
}

static void test_refused_bytes(void **state)
{
    static const struct {
        struct str bytes;
        const char *message;
    } rows[] = {
        {STR_INIT(""), "Command: the value is empty"},
        {STR_INIT("\x00\x00\x00\x00\x07"), "Command: Confluent wire format: no schema registry is configured"},
        {STR_INIT("[]"), "Command: begins with byte 5b: neither Avro single-object encoding (c3 01) nor a JSON object"},
        {STR_INIT("\xC3\x01\x01\x02"), "Command: ends within the fingerprint of its Avro schema"},
        {STR_INIT("\xC3\x01\x08\x07\x06\x05\x04\x03\x02\x01"),
         "Command: written with an Avro schema unknown to this version, fingerprint 0102030405060708"},
    };
    struct fixture *fixture = *state;
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        arena_reset(fixture->arena);
        expect_message(fixture, SCHEMA_command, rows[at].bytes, rows[at].message);
    }
    struct str reply = encode(fixture, CODEC_AVRO, SCHEMA_reply, RECORD_reply,
                              sample_make(fixture->arena, RECORD_reply, SAMPLE_DEFAULTS));
    expect_message(fixture, SCHEMA_command, reply,
                   "Command expected, found a Reply (by the fingerprint of its Avro schema)");
}

static void test_refused_avro(void **state)
{
    static const struct {
        struct str body; /* of a TaskResult */
        const char *message;
    } rows[] = {
        {STR_INIT("\x0A"), "union: a branch that the union does not have, at byte 1 of 1 of the Avro value"},
        {STR_INIT("\x01"), "union: a branch that the union does not have, at byte 1 of 1 of the Avro value"},
        {STR_INIT("\x00"), "TaskSucceeded.taskToken: ends within a number, at byte 1 of 1 of the Avro value"},
        {STR_INIT("\x00\x01"), "TaskSucceeded.taskToken: a negative length, at byte 2 of 2 of the Avro value"},
        {STR_INIT("\x00\x04t"), "TaskSucceeded.taskToken: a length beyond the end, at byte 2 of 3 of the Avro value"},
        {STR_INIT("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"),
         "TaskSucceeded.taskToken: a negative length, at byte 11 of 11 of the Avro value"},
        {STR_INIT("\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"),
         "TaskSucceeded.taskToken: a number of more than 64 bits, at byte 11 of 11 of the Avro value"},
        {STR_INIT("\x00\x02\xC0\x02"
                  "1\x00\x00\x00"),
         "TaskSucceeded.taskToken: is not UTF-8, at byte 3 of 8 of the Avro value"},
        {STR_INIT("\x00\x02t\x02\xC0\x00\x00\x00"),
         "TaskSucceeded.output: is not UTF-8, at byte 5 of 8 of the Avro value"},
        {STR_INIT("\x00\x02t\x02"
                  "1\x04"),
         "TaskSucceeded.replyTopic: a branch that its union does not have, at byte 6 of 6 of the Avro value"},
        {STR_INIT("\x00\x02t\x02"
                  "1\x00\x02\xFE\xFF\xFF\xFF\x1F\x00"),
         "TaskSucceeded.replyPartition: an int of more than 32 bits, at byte 12 of 13 of the Avro value"},
        {STR_INIT("\x00\x02t\x02"
                  "1\x00\x00\x00\x00"),
         "TaskSucceeded: the value ends before its bytes do, at byte 8 of 9 of the Avro value"},
    };
    struct fixture *fixture = *state;
    struct str header = encode(fixture, CODEC_AVRO, SCHEMA_task_result, RECORD_task_started,
                               sample_make(fixture->arena, RECORD_task_started, SAMPLE_DEFAULTS));
    header = str_slice(header, 0, BINARY_HEADER_BYTES);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct str bytes = STR_NONE;
        assert_int_equal(arena_concat(fixture->arena, header, rows[at].body, &bytes), STATUS_OK);
        expect_message(fixture, SCHEMA_task_result, bytes, rows[at].message);
    }
}

/* An array of one-item blocks, and one that claims more than there is. */
static void test_array_blocks(void **state)
{
    struct fixture *fixture = *state;
    struct frame_row *row = sample_make(fixture->arena, RECORD_frame_row, SAMPLE_DEFAULTS);
    struct str bytes = encode(fixture, CODEC_AVRO, SCHEMA_state_row, RECORD_frame_row, row);
    size_t array_at = BINARY_HEADER_BYTES + 1 + 11; /* the branch and eleven fields before it, a byte each */
    assert_string_equal(record_types[RECORD_frame_row].fields[11].name.bytes, "retryCounts");
    static const struct {
        struct str blocks;
        enum status status;
        size_t count;
    } rows[] = {
        {STR_INIT("\x00"), STATUS_OK, 0},
        {STR_INIT("\x02\x0E\x02\x10\x02\x12\x00"), STATUS_OK, 3},
        {STR_INIT("\x01\x02\x0E\x00"), STATUS_OK, 1}, /* a count of -1, then the block's size */
        {STR_INIT("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x0E"), STATUS_INVALID, 0},
        {STR_INIT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02"), STATUS_INVALID, 0},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        struct str changed = STR_NONE;
        enum record_id record = RECORD_COUNT;
        void *value = NULL;
        struct codec_error error = {0};
        assert_int_equal(arena_concat(fixture->arena, str_slice(bytes, 0, array_at), rows[at].blocks, &changed),
                         STATUS_OK);
        assert_int_equal(arena_concat(fixture->arena, changed, str_from(bytes, array_at + 1), &changed), STATUS_OK);
        enum status status =
            codec_decode(fixture->codec, fixture->arena, SCHEMA_state_row, changed, &record, &value, &error);
        assert_int_equal(status, rows[at].status);
        if (status == STATUS_OK) {
            assert_int_equal(((struct frame_row *)value)->retry_counts.count, rows[at].count);
        }
    }
}

/* ---- JSON as people write it ---- */

static void test_json_by_hand(void **state)
{
    struct fixture *fixture = *state;
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    struct codec_error error = {0};
    struct str text = STR(" {\"stateMachineArn\":\"m\", \"input\": {\"n\": 1.10},\"operation\":\"StartExecution\","
                          "\"name\":null, \"correlationId\":\"\\u00e9\\u0000\"}\n");
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_command, text, &record, &value, &error),
                     STATUS_OK);
    assert_int_equal(record, RECORD_start_execution);
    const struct start_execution *start = value;
    assert_true(str_equal(start->input, STR("{\"n\": 1.10}")));
    assert_true(str_equal(start->correlation_id, STR("é\0")));
    assert_null(start->name.bytes);
    assert_true(start->reply_partition == RECORD_NONE);
    text = STR("{\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":{\"StartAt\": "
               "\"A\"},\"type\":\"EXPRESS\"}");
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_command, text, &record, &value, &error),
                     STATUS_OK);
    const struct create_state_machine *create = value;
    assert_true(str_equal(create->definition, STR("{\"StartAt\": \"A\"}")));
    assert_false(create->publish);
    text = STR("{\"operation\":\"StartExecution\",\"stateMachineArn\":\"m\",\"input\":null}");
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_command, text, &record, &value, &error),
                     STATUS_OK);
    start = value;
    assert_true(str_equal(start->input, STR("null")));
    text = STR("{\"stateMachineArn\":\"m\",\"minute\":1763880016123456,\"partition\":3,\"transitions\":1,"
               "\"executionsStarted\":0,\"ofANewerPawl\":1}");
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_usage, text, &record, &value, &error),
                     STATUS_OK);
    assert_true(((const struct usage *)value)->minute == 1763880016123456);
}

static struct str nested(struct fixture *fixture, const char *before, size_t depth, const char *after)
{
    struct buffer text = buffer_in(fixture->arena);
    assert_int_equal(buffer_add(&text, str_of(before)), STATUS_OK);
    for (size_t at = 0; at < depth; at++) {
        assert_int_equal(buffer_add(&text, at % 2 == 0 ? STR("[") : STR("{\"]\\\"\":")), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, STR("1")), STATUS_OK);
    for (size_t at = depth; at > 0; at--) {
        assert_int_equal(buffer_add(&text, at % 2 == 1 ? STR("]") : STR("}")), STATUS_OK);
    }
    assert_int_equal(buffer_add(&text, str_of(after)), STATUS_OK);
    return buffer_text(&text);
}

/* A record can be read however deep its payload is: whether that is too deep says who handles it. */
static void test_deep_json(void **state)
{
    struct fixture *fixture = *state;
    static const size_t depths[] = {1, 510, 511, 512, 513, 100000};
    for (size_t at = 0; at < sizeof depths / sizeof depths[0]; at++) {
        enum record_id record = RECORD_COUNT;
        void *value = NULL;
        struct codec_error error = {0};
        arena_reset(fixture->arena);
        struct str input = nested(fixture, "", depths[at], "");
        struct str text = nested(fixture, START ",\"input\":", depths[at], ",\"name\":\"n\"}");
        print_message("%zu\n", depths[at]);
        assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_command, text, &record, &value, &error),
                         STATUS_OK);
        const struct start_execution *start = value;
        assert_true(str_equal(start->input, input));
        assert_true(str_equal(start->name, STR("n")));
    }
    static const struct {
        const char *before;
        const char *after;
        const char *message;
    } rows[] = {
        {"{\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"tags\":", "}",
         "CreateStateMachine.definition: is missing (Amazon States Language)"},
        {"{\"operation\":\"CreateStateMachine\",\"name\":\"m\",\"definition\":{},\"tags\":", "}",
         "CreateStateMachine.tags: is nested deeper than 512 levels"},
        {START ",\"name\":", "}", "StartExecution.name: expected a string, found an array"},
        {START ",\"none\":", "}", "StartExecution: has no field \"none\""},
        {"", "", "Command: begins with byte 5b: neither Avro single-object encoding (c3 01) nor a JSON object"},
        {START ",\"input\":", "",
         "Command: not JSON: Unexpected end-of-input: expected close marker for Object (start marker at [Source: "
         "(String)\"{\"operation\":\"StartExecution\",\"stateMachineArn\":\"m\",\"input\":[]\"; line: 1, column: 1]), at "
         "line 1, column 63"},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        arena_reset(fixture->arena);
        struct str text = nested(fixture, rows[at].before, 600, rows[at].after);
        expect_message(fixture, SCHEMA_command, text, rows[at].message);
    }
    arena_reset(fixture->arena);
    struct str torn = nested(fixture, START ",\"input\":", 600, "");
    expect_message(fixture, SCHEMA_command, str_slice(torn, 0, torn.length - 1),
                   "Command: not JSON: Document nesting depth (513) exceeds the maximum allowed (512), at line 1, column 2102");
}

static void test_json_text(void **state)
{
    struct fixture *fixture = *state;
    struct task_succeeded result;
    record_init(RECORD_task_succeeded, &result);
    result.task_token = STR("t\"");
    result.output = STR("{\"a\" : 1.0}");
    struct str text = encode(fixture, CODEC_JSON, SCHEMA_task_result, RECORD_task_succeeded, &result);
    assert_true(str_equal(text, STR("{\"type\":\"TaskSucceeded\",\"taskToken\":\"t\\\"\",\"output\":{\"a\" : 1.0}}")));
    struct usage usage;
    record_init(RECORD_usage, &usage);
    usage.state_machine_arn = STR("m");
    usage.minute = 1763880016123456;
    text = encode(fixture, CODEC_JSON, SCHEMA_usage, RECORD_usage, &usage);
    assert_true(
        str_equal(text, STR("{\"stateMachineArn\":\"m\",\"minute\":\"2025-11-23T06:40:16.123456Z\",\"partition\":0,"
                            "\"transitions\":0,\"executionsStarted\":0}")));
}

/* ---- Speed: printed, not judged ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void test_speed(void **state)
{
    struct fixture *fixture = *state;
    struct history_event event;
    record_init(RECORD_history_event, &event);
    event.execution_arn =
        STR("arn:aws:states:us-east-1:123456789012:execution:orders:6f1f6a3e-5f3f-4c58-9d0e-0d6c0e1d8a11");
    event.state_machine_arn = STR("arn:aws:states:us-east-1:123456789012:stateMachine:orders");
    event.incarnation = 1763880016123456;
    event.timestamp = 1763880016223456;
    event.id = 17;
    event.previous_event_id = 16;
    event.type = STR("TaskStateEntered");
    event.name = STR("ChargeCard");
    event.input =
        STR("{\"order\":\"o-1\",\"items\":[{\"sku\":\"a\",\"count\":2},{\"sku\":\"b\",\"count\":1}],\"total\":1234}");
    struct str bytes = STR_NONE;
    enum record_id record = RECORD_COUNT;
    void *value = NULL;
    struct codec_error error = {0};
    int64_t begin = now_ns();
    for (int round = 0; round < TIMING_ROUNDS; round++) {
        arena_reset(fixture->arena);
        bytes = encode(fixture, CODEC_AVRO, SCHEMA_history_event, RECORD_history_event, &event);
    }
    int64_t middle = now_ns();
    for (int round = 0; round < TIMING_ROUNDS; round++) {
        assert_int_equal(
            codec_decode(fixture->codec, fixture->arena, SCHEMA_history_event, bytes, &record, &value, &error),
            STATUS_OK);
    }
    print_message("history event of %zu bytes: encoded in %d ns, decoded in %d ns\n", bytes.length,
                  (int)((middle - begin) / TIMING_ROUNDS), (int)((now_ns() - middle) / TIMING_ROUNDS));
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (fixture == NULL || codec_create(&fixture->codec) != STATUS_OK) {
        return -1;
    }
    fixture->arena = arena_create(ARENA_BYTES_MAX);
    *state = fixture;
    return fixture->arena == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    free(fixture);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),  cmocka_unit_test(test_avro_c_reads_it),
        cmocka_unit_test(test_truncated),    cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_refused_json), cmocka_unit_test(test_refused_bytes),
        cmocka_unit_test(test_refused_avro), cmocka_unit_test(test_array_blocks),
        cmocka_unit_test(test_json_by_hand), cmocka_unit_test(test_deep_json),
        cmocka_unit_test(test_json_text),
        cmocka_unit_test(test_speed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
