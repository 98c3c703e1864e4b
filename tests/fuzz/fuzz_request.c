/* The body of a call: its first byte chooses the operation. The shapes' findings are those of what the request prints as; the
 * answer is JSON and no trouble of the gateway's own; a command that follows has an encoding. */
#include "fuzz.h"

#include "gateway/validate.h"
#include "tests/fuzz/served.h"

static bool same(struct str a, struct str b)
{
    return (a.bytes == NULL) == (b.bytes == NULL) && (a.bytes == NULL || str_equal(a, b));
}

static struct validate_findings validate(struct arena *arena, enum shape_id shape, const struct value *request)
{
    const struct validate_limits limits = {.payload_bytes_max = 0};
    struct validate_findings findings;
    FUZZ_REQUIRE(validate_request(arena, &limits, shape, request, &findings) == STATUS_OK);
    FUZZ_REQUIRE(findings.serialization.bytes == NULL || findings.validation.bytes == NULL);
    return findings;
}

static void check_shape(struct arena *arena, enum shape_id shape, struct str body)
{
    const struct value *request;
    const struct value *again;
    struct str text;
    if (value_parse(arena, body, &request, NULL) != STATUS_OK || value_to_text(arena, request, &text) != STATUS_OK ||
        value_parse(arena, text, &again, NULL) != STATUS_OK) {
        return;
    }
    struct validate_findings first = validate(arena, shape, request);
    struct validate_findings second = validate(arena, shape, again);
    FUZZ_REQUIRE(same(first.serialization, second.serialization) && same(first.validation, second.validation));
}

static void check_command(const struct call *call)
{
    enum schema_id schema =
        record_union_index(SCHEMA_command, call->command.record) >= 0 ? SCHEMA_command : SCHEMA_task_result;
    for (enum codec_encoding encoding = CODEC_AVRO; encoding <= CODEC_JSON; encoding++) {
        struct str bytes;
        FUZZ_REQUIRE(codec_encode(call->arena, encoding, schema, call->command.record, call->command.value, &bytes) == STATUS_OK);
    }
}

static void check_call(struct arena *arena, const struct operation *operation, struct str body)
{
    struct call call = served_call(arena);
    struct str target;
    FUZZ_REQUIRE(arena_concat(arena, STR("AWSStepFunctions."), operation->name, &target) == STATUS_OK);
    call_run(&call, target, body);
    switch (call.state) {
    case CALL_ANSWERED:
        FUZZ_REQUIRE(call.http_status == 200 || call.http_status == 400);
        FUZZ_REQUIRE((call.http_status == 200) == (call.error.bytes == NULL));
        FUZZ_REQUIRE(value_text_is_valid(call.body));
        return;
    case CALL_COMMANDS:
        check_command(&call);
        return;
    case CALL_POLLS:
        FUZZ_REQUIRE(call.poller.activity_arn.length > 0);
        return;
    case CALL_RUNNING:
        break;
    }
    FUZZ_REQUIRE(call.state != CALL_RUNNING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct operation *operation = &operations[data[0] % OPERATION_COUNT];
    struct str body = {(const char *)data + 1, size - 1};
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    check_shape(arena, operation->input, body);
    check_call(arena, operation, body);
    arena_destroy(arena);
    return 0;
}
