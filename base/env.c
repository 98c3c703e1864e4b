#include "base/env.h"

#include "base/assert.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

void env_random(struct env *env, uint8_t *bytes, size_t length)
{
    ASSERT(length <= SHA256_BYTES);
    uint8_t digest[SHA256_BYTES];
    uint64_t draw = env->drawn++;
    const struct str parts[] = {
        {(const char *)env->seed, sizeof env->seed},
        {(const char *)&draw, sizeof draw},
    };
    hash_sha256(parts, 2, digest);
    memcpy(bytes, digest, length);
}

uint64_t env_random_below(struct env *env, uint64_t bound)
{
    ASSERT(bound > 0);
    uint64_t bits = 0;
    env_random(env, (uint8_t *)&bits, sizeof bits);
    return (uint64_t)((unsigned __int128)bits * bound >> 64);
}

void env_uuid_format(const uint8_t bytes[16], int version, char out_text[UUID_CHARACTERS + 1])
{
    uint8_t b[16];
    memcpy(b, bytes, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0F) | version << 4);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    snprintf(out_text, UUID_CHARACTERS + 1, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void env_uuid(struct env *env, char out_text[UUID_CHARACTERS + 1])
{
    uint8_t bytes[16];
    env_random(env, bytes, sizeof bytes);
    env_uuid_format(bytes, 4, out_text);
}
