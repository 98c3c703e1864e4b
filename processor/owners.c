#include "processor/owners.h"

#include "base/assert.h"

#include <stdatomic.h>
#include <stdlib.h>

struct owners {
    uint32_t partition_count;
    _Atomic uint32_t threads[]; /* 0: nobody, else the thread plus 1 */
};

enum status owners_create(uint32_t partition_count, struct owners **out_owners)
{
    struct owners *owners = calloc(1, sizeof *owners + partition_count * sizeof owners->threads[0]);
    if (owners == NULL) {
        return STATUS_LIMIT_EXCEEDED;
    }
    owners->partition_count = partition_count;
    *out_owners = owners;
    return STATUS_OK;
}

void owners_destroy(struct owners *owners)
{
    free(owners);
}

bool owners_take(struct owners *owners, uint32_t partition, uint32_t thread)
{
    ASSERT(partition < owners->partition_count);
    uint32_t nobody = 0;
    return atomic_compare_exchange_strong(&owners->threads[partition], &nobody, thread + 1) || nobody == thread + 1;
}

void owners_give(struct owners *owners, uint32_t partition, uint32_t thread)
{
    ASSERT(partition < owners->partition_count);
    ASSERT(atomic_load(&owners->threads[partition]) == thread + 1);
    atomic_store(&owners->threads[partition], 0);
}
