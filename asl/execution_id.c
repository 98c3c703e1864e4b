#include "asl/execution_id.h"

#include "base/hash.h"

struct execution_id execution_id_of(struct str arn, int64_t incarnation)
{
    char time[8];
    for (int at = 0; at < 8; at++) {
        time[at] = (char)((uint64_t)incarnation >> (56 - 8 * at));
    }
    uint8_t digest[SHA256_BYTES];
    const struct str parts[] = {arn, {time, sizeof time}};
    hash_sha256(parts, 2, digest);
    struct execution_id id;
    memcpy(id.bytes, digest, sizeof id.bytes);
    return id;
}
