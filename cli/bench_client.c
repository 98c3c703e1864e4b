#include "cli/bench_client.h"

#include "asl/arn.h"
#include "base/hash.h"

#include <inttypes.h>
#include <stdlib.h>

#define NOISE_BYTES ((size_t)1 << 20)
#define NAME_CHARACTERS 32
#define NUMBER_CHARACTERS 8
#define ARENA_BYTES ((size_t)16 << 20)
#define FLUSH_MS 30000
#define PAYLOAD_BYTES_MIN 16

/* ---- Opening ---- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void fill_noise(struct bench *bench, char *noise)
{
    for (size_t at = 0; at < NOISE_BYTES; at++) {
        noise[at] = letters[bench_chance(bench) >> 58];
    }
}

static enum exit_code open_parts(struct bench_client *client)
{
    struct bench *bench = client->side->bench;
    struct bus_error error = {""};
    if (client->arena == NULL || client->noise == NULL) {
        return context_fail_memory(bench->context);
    }
    const struct step_config config = {
        .region = settings_text(bench->context->settings, OPTION_AWS_REGION),
        .account = settings_text(bench->context->settings, OPTION_AWS_ACCOUNT),
    };
    TRY_MEMORY(bench->context, arn_machine(bench->context->arena, &config, STR("bench"), &client->machine_arn));
    fill_noise(bench, client->noise);
    return bench_check(bench, "a producer", bus_producer_open(bench->bus, &client->producer, &error), &error);
}

enum exit_code bench_client_open(struct bench_side *side, struct bench_client *out_client)
{
    struct bench_client client = {.side = side, .arena = arena_create(ARENA_BYTES), .noise = malloc(NOISE_BYTES)};
    enum exit_code code = open_parts(&client);
    if (code != EXIT_CODE_OK) {
        bench_client_close(&client);
        return code;
    }
    *out_client = client;
    return EXIT_CODE_OK;
}

void bench_client_close(struct bench_client *client)
{
    if (client->producer != NULL) {
        bus_producer_close(client->producer);
    }
    if (client->arena != NULL) {
        arena_destroy(client->arena);
    }
    free(client->noise);
}

enum exit_code bench_client_flush(struct bench_client *client)
{
    struct bus_error error = {""};
    return bench_check(client->side->bench, "sending", bus_producer_flush(client->producer, FLUSH_MS, &error), &error);
}

/* ---- Names ---- */

void bench_client_name(struct bench_client *client, uint32_t number, struct bench_execution *out_execution)
{
    const struct settings *settings = client->side->bench->context->settings;
    uint64_t chance = bench_chance(client->side->bench);
    uint32_t more = (uint32_t)bench_chance(client->side->bench);
    int length = snprintf(out_execution->key, sizeof out_execution->key,
                          "arn:aws:states:%.*s:%.*s:execution:bench:%016" PRIx64 "%08" PRIx32 "%08" PRIx32,
                          STR_ARGS(settings_text(settings, OPTION_AWS_REGION)),
                          STR_ARGS(settings_text(settings, OPTION_AWS_ACCOUNT)), chance, more, number);
    out_execution->key_bytes = (size_t)length;
}

bool bench_client_number(struct str key, uint32_t *out_number)
{
    uint32_t number = 0;
    if (key.length < NAME_CHARACTERS) {
        return false;
    }
    for (size_t at = key.length - NUMBER_CHARACTERS; at < key.length; at++) {
        char digit = key.bytes[at];
        if (digit >= '0' && digit <= '9') {
            number = number * 16 + (uint32_t)(digit - '0');
        } else if (digit >= 'a' && digit <= 'f') {
            number = number * 16 + (uint32_t)(digit - 'a' + 10);
        } else {
            return false;
        }
    }
    *out_number = number;
    return true;
}

/* ---- Sending ---- */

static enum exit_code payload(struct bench_client *client, struct str *out_text)
{
    struct bench *bench = client->side->bench;
    size_t length = bench->options.payload_bytes < PAYLOAD_BYTES_MIN ? PAYLOAD_BYTES_MIN : bench->options.payload_bytes;
    char *text = arena_allocate(client->arena, length);
    if (text == NULL) {
        return context_fail_memory(bench->context);
    }
    memcpy(text, client->noise + bench_chance(bench) % (NOISE_BYTES - length), length);
    memcpy(text, "{\"v\":\"", 6);
    memcpy(text + length - 2, "\"}", 2);
    *out_text = (struct str){text, length};
    return EXIT_CODE_OK;
}

/* The value has been made in the client's arena. */
static enum exit_code send(struct bench_client *client, enum topic_id topic, struct str key, struct str value)
{
    struct bus_error error = {""};
    const struct topics *topics = client->side->topics;
    const struct bus_message message = {
        .topic = topics_get(topics, topic),
        .partition = hash_partition(key, topics_partition_count(topics)),
        .key = key,
        .value = value,
    };
    enum status status = bus_producer_send(client->producer, &message, &error);
    return bench_check(client->side->bench, "sending", status, &error);
}

enum exit_code bench_client_define(struct bench_client *client, struct str definition)
{
    struct create_state_machine command;
    struct str value;
    arena_reset(client->arena);
    record_init(RECORD_create_state_machine, &command);
    command.name = STR("bench");
    command.definition = definition;
    TRY_MEMORY(client->side->bench->context, codec_encode(client->arena, CODEC_AVRO, SCHEMA_command, RECORD_create_state_machine,
                                                          &command, &value));
    TRY_RUN(send(client, TOPIC_COMMANDS, client->machine_arn, value));
    return bench_client_flush(client);
}

static enum exit_code send_result(struct bench_client *client, struct str key, struct str token)
{
    struct task_succeeded result;
    struct str value;
    record_init(RECORD_task_succeeded, &result);
    result.task_token = token;
    TRY_RUN(payload(client, &result.output));
    TRY_MEMORY(client->side->bench->context,
               codec_encode(client->arena, CODEC_AVRO, SCHEMA_task_result, RECORD_task_succeeded, &result, &value));
    return send(client, TOPIC_RESULTS, key, value);
}

enum exit_code bench_client_start(struct bench_client *client, const struct bench_execution *execution, struct str input)
{
    struct str key = {execution->key, execution->key_bytes};
    struct start_execution command;
    struct str value;
    arena_reset(client->arena);
    if (client->side->kind == BENCH_CEILING) {
        return send_result(client, key, STR("a token, which the forwarder does not look at"));
    }
    record_init(RECORD_start_execution, &command);
    command.state_machine_arn = client->machine_arn;
    command.name = str_from(key, key.length - NAME_CHARACTERS);
    command.input = input;
    if (input.bytes == NULL) {
        TRY_RUN(payload(client, &command.input));
    }
    TRY_MEMORY(client->side->bench->context,
               codec_encode(client->arena, CODEC_AVRO, SCHEMA_command, RECORD_start_execution, &command, &value));
    return send(client, TOPIC_COMMANDS, key, value);
}

enum exit_code bench_client_answer(struct bench_client *client, const struct bus_record *task)
{
    struct bench *bench = client->side->bench;
    struct codec_error error;
    enum record_id record;
    void *request;
    arena_reset(client->arena);
    enum status status = codec_decode(bench->codec, client->arena, SCHEMA_task_request, task->value, &record, &request, &error);
    if (status != STATUS_OK) {
        return context_fail(bench->context, EXIT_CODE_FAILED, "a task request can't be read: %s", status_text(status));
    }
    return send_result(client, task->key, ((const struct task_request *)request)->task_token);
}
