/* Which thread of this process holds a partition's rows. All threads share one database: a thread that has not noticed
 * yet that its partition is another's may still write what it committed, and no other may read or write those rows
 * before. */
#ifndef PAWL_PROCESSOR_OWNERS_H
#define PAWL_PROCESSOR_OWNERS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct owners;

MUST_CHECK enum status owners_create(uint32_t partition_count, struct owners **out_owners);
void owners_destroy(struct owners *owners);

/* Takes the partition for `thread`; false while another has it. Taking one's own again is fine. */
bool owners_take(struct owners *owners, uint32_t partition, uint32_t thread);

/* Requires that the thread holds it. */
void owners_give(struct owners *owners, uint32_t partition, uint32_t thread);

#endif
