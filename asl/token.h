/* Task tokens (design, section 6): base64url of
 *
 *     byte 0        version, 1
 *     bytes 1–4     murmur2 of the execution ARN, big-endian: routes a result that came without a key
 *     bytes 5–20    execution id
 *     bytes 21–28   frame id, big-endian
 *     bytes 29–32   attempt, big-endian
 *     bytes 33–48   128 random bits, which the frame also holds: it can't be guessed */
#ifndef PAWL_ASL_TOKEN_H
#define PAWL_ASL_TOKEN_H

#include "asl/execution_id.h"
#include "base/arena.h"

#define TOKEN_BITS_BYTES 16

struct token {
    uint32_t arn_murmur2;
    struct execution_id execution;
    int64_t frame;
    uint32_t attempt;
    uint8_t bits[TOKEN_BITS_BYTES];
};

MUST_CHECK enum status token_encode(struct arena *arena, const struct token *token, struct str *out_text);

/* STATUS_INVALID for anything that token_encode cannot have made. */
MUST_CHECK enum status token_decode(struct arena *arena, struct str text, struct token *out_token);

#endif
