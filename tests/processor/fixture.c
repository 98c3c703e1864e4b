#include "tests/processor/fixture.h"

#include "base/buffer.h"
#include "bus/bus_local.h"
#include "tests/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void fixture_start_processor(struct fixture *fixture)
{
    struct bus_error error = {""};
    struct processor_status status;
    if (processor_open(&fixture->config, fixture->bus, &fixture->processor, &error) != STATUS_OK ||
        processor_start(fixture->processor, &error) != STATUS_OK) {
        fail_msg("%s", error.text);
    }
    for (int at = 0; at < WAIT_MS; at++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        processor_status(fixture->processor, &status);
        if (status.ready && status.active == PARTITIONS) {
            return;
        }
    }
    fail_msg("not ready: %s", status.text);
}

void fixture_stop_processor(struct fixture *fixture)
{
    processor_stop(fixture->processor);
    processor_close(fixture->processor);
    fixture->processor = NULL;
}

void fixture_lose_disk(struct fixture *fixture)
{
    folder_remove(fixture->state_path);
}

int fixture_set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct bus_error error = {""};
    const struct bus_topic *topic;
    snprintf(fixture->bus_path, sizeof fixture->bus_path, "/tmp/pawl-test-XXXXXX");
    snprintf(fixture->state_path, sizeof fixture->state_path, "/tmp/pawl-test-XXXXXX");
    assert_non_null(mkdtemp(fixture->bus_path));
    assert_non_null(mkdtemp(fixture->state_path));
    const struct bus_local_options options = {.path = fixture->bus_path, .memory_bytes = (size_t)16 << 20};
    assert_int_equal(bus_local_open(&options, &fixture->bus, &error), STATUS_OK);
    assert_int_equal(topics_create(fixture->bus, STR("pawl"), PARTITIONS, &error), STATUS_OK);
    assert_int_equal(codec_create(&fixture->codec), STATUS_OK);
    fixture->arena = arena_create((size_t)256 << 20);
    fixture->config = processor_config_default;
    fixture->config.state_dir = fixture->state_path;
    fixture->config.memory_bytes = (size_t)16 << 20;
    fixture->config.thread_count = 2;
    fixture->config.delete_linger_ms = 50;
    fixture->config.definition_wait_ms = 500;
    assert_int_equal(bus_topic_open(fixture->bus, STR("pawl.replies"), &topic, &error), STATUS_OK);
    assert_int_equal(bus_reader_open(fixture->bus, topic, 0, 0, &fixture->replies, &error), STATUS_OK);
    fixture_start_processor(fixture);
    *state = fixture;
    return 0;
}

int fixture_tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->processor != NULL) {
        fixture_stop_processor(fixture);
    }
    bus_reader_close(fixture->replies);
    bus_close(fixture->bus);
    codec_destroy(fixture->codec);
    arena_destroy(fixture->arena);
    folder_remove(fixture->bus_path);
    fixture_lose_disk(fixture);
    free(fixture);
    return 0;
}

/* ---- Sending and reading ---- */

static void send(struct fixture *fixture, const char *topic_name, struct bus_message message)
{
    struct bus_producer *producer;
    struct bus_error error = {""};
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(topic_name), &topic, &error), STATUS_OK);
    assert_int_equal(bus_producer_open(fixture->bus, &producer, &error), STATUS_OK);
    message.topic = topic;
    assert_int_equal(bus_producer_send(producer, &message, &error), STATUS_OK);
    assert_int_equal(bus_producer_flush(producer, WAIT_MS, &error), STATUS_OK);
    bus_producer_close(producer);
}

void fixture_send(struct fixture *fixture, const char *topic_name, uint32_t partition, struct str value)
{
    send(fixture, topic_name, (struct bus_message){.partition = partition, .value = value});
}

void fixture_send_addressed(struct fixture *fixture, const char *topic_name, uint32_t partition, struct str value,
                            const char *address)
{
    const struct bus_header header = {STR("pawl-reply-to"), str_of(address)};
    send(fixture, topic_name,
         (struct bus_message){.partition = partition, .value = value, .headers = &header, .header_count = 1});
}

const struct reply *fixture_reply(struct fixture *fixture)
{
    struct bus_record record;
    struct bus_error error = {""};
    struct codec_error codec_error;
    enum record_id id;
    void *reply;
    struct str bytes;
    if (bus_reader_next(fixture->replies, WAIT_MS, &record, &error) != STATUS_OK) {
        fail_msg("no reply");
    }
    assert_int_equal(arena_copy(fixture->arena, record.value, &bytes), STATUS_OK);
    assert_int_equal(codec_decode(fixture->codec, fixture->arena, SCHEMA_reply, bytes, &id, &reply, &codec_error),
                     STATUS_OK);
    return reply;
}

void fixture_post(struct fixture *fixture, const char *topic_name, uint32_t partition, const char *members)
{
    struct str value;
    assert_int_equal(arena_format(fixture->arena, &value,
                                  "{%s,\"replyTopic\":\"pawl.replies\",\"correlationId\":\"c%d\"}", members,
                                  fixture->correlation++),
                     STATUS_OK);
    fixture_send(fixture, topic_name, partition, value);
}

const struct reply *fixture_ask_at(struct fixture *fixture, uint32_t partition, const char *members)
{
    fixture_post(fixture, "pawl.commands", partition, members);
    return fixture_reply(fixture);
}

const struct reply *fixture_ask(struct fixture *fixture, const char *members)
{
    return fixture_ask_at(fixture, (uint32_t)fixture->correlation % PARTITIONS, members);
}

void fixture_expect_refused(struct fixture *fixture, const char *members, const char *error, const char *message)
{
    const struct reply *reply = fixture_ask(fixture, members);
    if (!str_equal(reply->error, str_of(error)) || !str_equal(reply->message, str_of(message))) {
        fail_msg("%s: %.*s: %.*s", members, STR_ARGS(reply->error), STR_ARGS(reply->message));
    }
}

const struct reply *fixture_expect_accepted(struct fixture *fixture, const char *members)
{
    const struct reply *reply = fixture_ask(fixture, members);
    if (reply->error.bytes != NULL) {
        fail_msg("%s: %.*s: %.*s", members, STR_ARGS(reply->error), STR_ARGS(reply->message));
    }
    return reply;
}

const struct reply *fixture_create(struct fixture *fixture, const char *name, const char *definition)
{
    struct str members;
    assert_int_equal(arena_format(fixture->arena, &members,
                                  "\"operation\":\"CreateStateMachine\",\"name\":\"%s\",\"definition\":%s", name,
                                  definition),
                     STATUS_OK);
    return fixture_expect_accepted(fixture, members.bytes);
}

/* The committed records of a topic's partitions, decoded, until `count` of them with that key have been seen. */
const void *fixture_find(struct fixture *fixture, const char *topic_name, enum schema_id schema,
                               const char *contains, size_t number)
{
    struct bus_error error = {""};
    const struct bus_topic *topic;
    assert_int_equal(bus_topic_open(fixture->bus, str_of(topic_name), &topic, &error), STATUS_OK);
    for (int tries = 0; tries < WAIT_MS / 20; tries++) {
        size_t seen = 0;
        for (uint32_t partition = 0; partition < bus_topic_partition_count(topic); partition++) {
            struct bus_reader *reader;
            struct bus_record record;
            const void *found = NULL;
            assert_int_equal(bus_reader_open(fixture->bus, topic, partition, 0, &reader, &error), STATUS_OK);
            while (found == NULL && bus_reader_next(reader, 5, &record, &error) == STATUS_OK) {
                enum record_id id;
                void *value;
                struct codec_error codec_error;
                struct str bytes;
                if (record.value.bytes == NULL || str_find_str(record.key, str_of(contains)) == record.key.length ||
                    seen++ != number) {
                    continue;
                }
                assert_int_equal(arena_copy(fixture->arena, record.value, &bytes), STATUS_OK);
                assert_int_equal(codec_decode(fixture->codec, fixture->arena, schema, bytes, &id, &value, &codec_error),
                                 STATUS_OK);
                found = value;
            }
            bus_reader_close(reader);
            if (found != NULL) {
                return found;
            }
        }
    }
    fail_msg("%s has no record %zu of %s", topic_name, number, contains);
    return NULL;
}

const struct execution_status *fixture_await_status(struct fixture *fixture, const char *name, const char *status)
{
    for (size_t number = 0; number < 10; number++) {
        const struct execution_status *record =
            fixture_find(fixture, "pawl.executions", SCHEMA_execution_status, name, number);
        if (str_equal(record->status, str_of(status))) {
            return record;
        }
    }
    fail_msg("%s does not become %s", name, status);
    return NULL;
}

void fixture_await_count(struct fixture *fixture, enum counter counter, int64_t count)
{
    const struct counters *counters = processor_counters(fixture->processor);
    for (int tries = 0; tries < WAIT_MS && counters_get(counters, counter) < count; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(counters_get(counters, counter), count);
}

const char *fixture_types(struct fixture *fixture, const char *name, size_t count)
{
    struct buffer types = buffer_in(fixture->arena);
    for (size_t at = 0; at < count; at++) {
        const struct history_event *event =
            fixture_find(fixture, "pawl.history", SCHEMA_history_event, name, at);
        assert_int_equal(event->id, (int64_t)at + 1);
        assert_int_equal(buffer_format(&types, "%s%.*s", at == 0 ? "" : " ", STR_ARGS(event->type)), STATUS_OK);
    }
    assert_int_equal(buffer_add_byte(&types, 0), STATUS_OK);
    return types.bytes;
}

/* ---- The log ---- */

void fixture_log_begin(struct fixture *fixture)
{
    fflush(stderr);
    fixture->log = tmpfile();
    assert_non_null(fixture->log);
    fixture->stderr_kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(fixture->log), STDERR_FILENO), STDERR_FILENO);
}

const char *fixture_log_end(struct fixture *fixture)
{
    fflush(stderr);
    assert_int_equal(dup2(fixture->stderr_kept, STDERR_FILENO), STDERR_FILENO);
    close(fixture->stderr_kept);
    struct buffer text = buffer_in(fixture->arena);
    char chunk[4096];
    size_t length;
    rewind(fixture->log);
    while ((length = fread(chunk, 1, sizeof chunk, fixture->log)) > 0) {
        assert_int_equal(buffer_add(&text, (struct str){chunk, length}), STATUS_OK);
    }
    fclose(fixture->log);
    assert_int_equal(buffer_add_byte(&text, 0), STATUS_OK);
    return text.bytes;
}
