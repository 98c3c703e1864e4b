#include "asl/token.h"

#include "base/hash.h"

#define TOKEN_VERSION 1
#define TOKEN_BYTES (1 + 4 + EXECUTION_ID_BYTES + 8 + 4 + TOKEN_BITS_BYTES)

static void put_number(uint8_t *bytes, uint64_t number, int length)
{
    for (int at = 0; at < length; at++) {
        bytes[at] = (uint8_t)(number >> (8 * (length - 1 - at)));
    }
}

static uint64_t get_number(const uint8_t *bytes, int length)
{
    uint64_t number = 0;
    for (int at = 0; at < length; at++) {
        number = number << 8 | bytes[at];
    }
    return number;
}

enum status token_encode(struct arena *arena, const struct token *token, struct str *out_text)
{
    uint8_t bytes[TOKEN_BYTES];
    bytes[0] = TOKEN_VERSION;
    put_number(bytes + 1, token->arn_murmur2, 4);
    memcpy(bytes + 5, token->execution.bytes, EXECUTION_ID_BYTES);
    put_number(bytes + 21, (uint64_t)token->frame, 8);
    put_number(bytes + 29, token->attempt, 4);
    memcpy(bytes + 33, token->bits, TOKEN_BITS_BYTES);
    return hash_base64url_encode(arena, (struct str){(const char *)bytes, sizeof bytes}, out_text);
}

enum status token_decode(struct arena *arena, struct str text, struct token *out_token)
{
    struct str decoded;
    TRY(hash_base64url_decode(arena, text, &decoded));
    const uint8_t *bytes = (const uint8_t *)decoded.bytes;
    if (decoded.length != TOKEN_BYTES || bytes[0] != TOKEN_VERSION || (bytes[21] & 0x80) != 0) {
        return STATUS_INVALID;
    }
    out_token->arn_murmur2 = (uint32_t)get_number(bytes + 1, 4);
    memcpy(out_token->execution.bytes, bytes + 5, EXECUTION_ID_BYTES);
    out_token->frame = (int64_t)get_number(bytes + 21, 8);
    out_token->attempt = (uint32_t)get_number(bytes + 29, 4);
    memcpy(out_token->bits, bytes + 33, TOKEN_BITS_BYTES);
    return STATUS_OK;
}
