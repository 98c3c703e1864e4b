#include "base/hash.h"

#include "base/assert.h"

#include <openssl/evp.h>

#define CRC64_AVRO_EMPTY 0xC15D213AA4D7A795ULL

uint32_t hash_murmur2(struct str text)
{
    const uint8_t *bytes = (const uint8_t *)text.bytes;
    const uint32_t m = 0x5BD1E995;
    uint32_t length = (uint32_t)text.length;
    uint32_t hash = 0x9747B28CU ^ length;
    uint32_t whole = length / 4 * 4;
    for (uint32_t at = 0; at < whole; at += 4) {
        uint32_t word = (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
                        (uint32_t)bytes[at + 3] << 24;
        word *= m;
        word ^= word >> 24;
        word *= m;
        hash *= m;
        hash ^= word;
    }
    uint32_t rest = length - whole;
    if (rest >= 3) {
        hash ^= (uint32_t)bytes[whole + 2] << 16;
    }
    if (rest >= 2) {
        hash ^= (uint32_t)bytes[whole + 1] << 8;
    }
    if (rest >= 1) {
        hash ^= (uint32_t)bytes[whole];
        hash *= m;
    }
    hash ^= hash >> 13;
    hash *= m;
    hash ^= hash >> 15;
    return hash;
}

uint32_t hash_partition(struct str key, uint32_t partition_count)
{
    ASSERT(partition_count > 0);
    return (hash_murmur2(key) & 0x7FFFFFFFU) % partition_count;
}

uint64_t hash_crc64_avro(struct str bytes)
{
    uint64_t crc = CRC64_AVRO_EMPTY;
    for (size_t at = 0; at < bytes.length; at++) {
        crc ^= (uint8_t)bytes.bytes[at];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (CRC64_AVRO_EMPTY & (0ULL - (crc & 1)));
        }
    }
    return crc;
}

void hash_sha256(const struct str *parts, size_t part_count, uint8_t out_digest[SHA256_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    ASSERT(context != NULL);
    int good = EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t at = 0; at < part_count; at++) {
        good &= EVP_DigestUpdate(context, parts[at].bytes, parts[at].length);
    }
    unsigned int length = 0;
    good &= EVP_DigestFinal_ex(context, out_digest, &length);
    EVP_MD_CTX_free(context);
    ASSERT(good == 1 && length == SHA256_BYTES);
}

enum status hash_hex_encode(struct arena *arena, struct str bytes, struct str *out_text)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_allocate(arena, bytes.length * 2 + 1);
    TRY_NEW(text);
    for (size_t at = 0; at < bytes.length; at++) {
        text[at * 2] = digits[(uint8_t)bytes.bytes[at] >> 4];
        text[at * 2 + 1] = digits[(uint8_t)bytes.bytes[at] & 15];
    }
    text[bytes.length * 2] = '\0';
    *out_text = (struct str){text, bytes.length * 2};
    return STATUS_OK;
}

static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum status hash_base64url_encode(struct arena *arena, struct str bytes, struct str *out_text)
{
    size_t length = (bytes.length * 4 + 2) / 3;
    char *text = arena_allocate(arena, length + 1);
    TRY_NEW(text);
    uint32_t bits = 0;
    int bit_count = 0;
    size_t end = 0;
    for (size_t at = 0; at < bytes.length; at++) {
        bits = bits << 8 | (uint8_t)bytes.bytes[at];
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            text[end++] = base64url_digits[(bits >> bit_count) & 63];
        }
    }
    if (bit_count > 0) {
        text[end++] = base64url_digits[(bits << (6 - bit_count)) & 63];
    }
    ASSERT(end == length);
    text[end] = '\0';
    *out_text = (struct str){text, length};
    return STATUS_OK;
}

enum status hash_base64url_decode(struct arena *arena, struct str text, struct str *out_bytes)
{
    if (text.length % 4 == 1) {
        return STATUS_INVALID;
    }
    size_t length = text.length * 3 / 4;
    char *bytes = arena_allocate(arena, length + 1);
    TRY_NEW(bytes);
    uint32_t bits = 0;
    int bit_count = 0;
    size_t end = 0;
    for (size_t at = 0; at < text.length; at++) {
        const char *digit = text.bytes[at] == '\0' ? NULL : strchr(base64url_digits, text.bytes[at]);
        if (digit == NULL) {
            return STATUS_INVALID;
        }
        bits = bits << 6 | (uint32_t)(digit - base64url_digits);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[end++] = (char)(bits >> bit_count);
        }
    }
    /* Bits left over must be zero, so that every text has one decoding and every token one spelling. */
    if ((bits & ((1U << bit_count) - 1)) != 0) {
        return STATUS_INVALID;
    }
    bytes[end] = '\0';
    *out_bytes = (struct str){bytes, end};
    return STATUS_OK;
}
