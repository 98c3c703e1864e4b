/* What Step Functions adds to JSONata: $partition, $range, $hash, $random, $uuid, $parse. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/operators.h"
#include "asl/jsonata/sequence.h"
#include "base/hash.h"
#include "base/limits.h"

#include <math.h>
#include <openssl/evp.h>

static enum status fail(struct evaluation *evaluation, struct str message)
{
    return evaluation_fail_message(evaluation, FAULT_D3142, message);
}

enum status aws_functions_partition(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum array = call->arguments[0];
    struct datum size = call->arguments[1];
    *out_result = DATUM_NONE;
    if (array.type == DATUM_UNDEFINED || size.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (!(size.number >= 1) || size.number != trunc(size.number)) {
        return fail(evaluation, STR("The second argument of $partition must be a positive integer"));
    }
    struct sequence parts = {0};
    uint32_t count = datum_count(array);
    uint32_t chunk = size.number > count ? count : (uint32_t)size.number;
    for (uint32_t from = 0; from < count; from += chunk) {
        struct sequence part = {0};
        chunk = count - from < chunk ? count - from : chunk;
        for (uint32_t at = from; at < from + chunk; at++) {
            TRY(sequence_push(evaluation, &part, datum_item(array, at)));
        }
        TRY(sequence_push(evaluation, &parts, sequence_array(&part, 0)));
    }
    *out_result = sequence_array(&parts, 0);
    return STATUS_OK;
}

enum status aws_functions_range(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    *out_result = DATUM_NONE;
    for (size_t at = 0; at < 3; at++) {
        if (call->arguments[at].type == DATUM_UNDEFINED) {
            return STATUS_OK;
        }
        TRY(operators_check_finite(evaluation, call->arguments[at]));
    }
    double first = call->arguments[0].number;
    double last = call->arguments[1].number;
    double step = call->arguments[2].number;
    if (step == 0) {
        return fail(evaluation, STR("The third argument of $range must not be zero"));
    }
    double count = floor((last - first) / step) + 1;
    if (count > JSONATA_RANGE_ITEMS_MAX) {
        return evaluation_fail_value(evaluation, FAULT_D2014, datum_number(count));
    }
    struct sequence items = {0};
    for (double at = 0; at < count; at++) {
        TRY(sequence_push(evaluation, &items, datum_number(first + at * step)));
    }
    *out_result = sequence_array(&items, DATUM_SEQUENCE);
    return STATUS_OK;
}

static const EVP_MD *find_digest(struct str name)
{
    static const struct {
        struct str name;
        const EVP_MD *(*digest)(void);
    } rows[] = {
        {STR_INIT("MD5"), EVP_md5},        {STR_INIT("SHA-1"), EVP_sha1},     {STR_INIT("SHA-256"), EVP_sha256},
        {STR_INIT("SHA-384"), EVP_sha384}, {STR_INIT("SHA-512"), EVP_sha512},
    };
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (str_equal(rows[at].name, name)) {
            return rows[at].digest();
        }
    }
    return NULL;
}

enum status aws_functions_hash(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum name = call->arguments[1];
    *out_result = DATUM_NONE;
    if (text.type == DATUM_UNDEFINED || name.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    const EVP_MD *digest = find_digest(name.string);
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const char *input = text.string.length == 0 ? "" : text.string.bytes;
    if (digest == NULL) {
        return fail(evaluation, STR("The second argument of $hash must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"));
    }
    if (EVP_Digest(input, text.string.length, bytes, &length, digest, NULL) != 1) {
        return fail(evaluation, STR("The hash cannot be computed"));
    }
    struct str hexadecimal;
    TRY(evaluation_charge(evaluation, text.string.length / 16));
    TRY(hash_hex_encode(evaluation->arena, (struct str){(const char *)bytes, length}, &hexadecimal));
    *out_result = datum_string(hexadecimal);
    return STATUS_OK;
}

/* The next `bits` of java.util.Random: the linear congruential generator that its documentation gives. */
static uint32_t java_next(uint64_t *state, int bits)
{
    *state = (*state * 0x5DEECE66DULL + 0xB) & ((1ULL << 48) - 1);
    return (uint32_t)(*state >> (48 - bits));
}

/* As Java narrows a double to a long. */
static int64_t java_long(double number)
{
    if (number >= 9223372036854775807.0) {
        return INT64_MAX;
    }
    return number <= -9223372036854775808.0 ? INT64_MIN : (int64_t)number;
}

/* Bit for bit java.util.Random(seed).nextDouble(); without a seed, from the step's own chance. */
enum status aws_functions_random(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    uint64_t bits = 0;
    if (call->arguments[0].type == DATUM_NUMBER) {
        uint64_t state = ((uint64_t)java_long(call->arguments[0].number) ^ 0x5DEECE66DULL) & ((1ULL << 48) - 1);
        bits = (uint64_t)java_next(&state, 26) << 27;
        bits += java_next(&state, 27);
    } else {
        env_random(evaluation->scope->env, (uint8_t *)&bits, sizeof bits);
        bits >>= 11;
    }
    *out_result = datum_number((double)bits * 0x1p-53);
    return STATUS_OK;
}

enum status aws_functions_uuid(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)call;
    char text[UUID_CHARACTERS + 1];
    struct str copy;
    env_uuid(evaluation->scope->env, text);
    TRY(arena_copy(evaluation->arena, (struct str){text, UUID_CHARACTERS}, &copy));
    *out_result = datum_string(copy);
    return STATUS_OK;
}

enum status aws_functions_parse(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    *out_result = DATUM_NONE;
    if (text.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    const struct value *value = NULL;
    struct value_error error = {0};
    TRY(evaluation_charge(evaluation, text.string.length / 16));
    enum status status = value_parse(evaluation->arena, text.string, &value, &error);
    if (status == STATUS_INVALID) {
        return fail(evaluation, error.message);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        return evaluation_fail_message(evaluation, FAULT_U1001, STR("The value is nested too deeply"));
    }
    TRY(status);
    *out_result = datum_of(value);
    if (str_equal(value->source, STR("-0"))) {
        *out_result = datum_number(0); /* recorded from AWS */
    }
    return STATUS_OK;
}
