/* Whether it is one record that makes batch after batch fail (design, section 3, rule 15).
 *
 * A batch that aborts twice runs again one record a transaction. The record that fails then is suspected; after each of
 * its failures an empty transaction is tried, and only if that one commits is the failure held against the record: a
 * broker in trouble fails both. After POISON_FAILURES of them the record is given up. */
#ifndef PAWL_PROCESSOR_POISON_H
#define PAWL_PROCESSOR_POISON_H

#include "processor/partition.h"

#define POISON_ABORTS 2
#define POISON_FAILURES 4

struct poison_subject {
    uint32_t partition;
    bool is_timer;
    enum input input;
    int64_t offset;
    struct timer_key timer;
};

struct poison {
    uint32_t aborts;       /* in a row */
    uint32_t singles_left; /* batches that still have one record at most; 0: any number */
    bool has_suspect;
    struct poison_subject suspect;
    uint32_t failures; /* held against it */
    bool probe;        /* the next batch is to be empty, of the suspect's partition */
};

bool poison_is_single(const struct poison *poison);

/* Whether the subject is to be given up. */
bool poison_is_proved(const struct poison *poison, const struct poison_subject *subject);

/* A batch of `records` records, the last (or only) one `subject` (NULL: none), was aborted or committed. */
void poison_aborted(struct poison *poison, uint32_t records, const struct poison_subject *subject);
void poison_committed(struct poison *poison, const struct poison_subject *subject);

#endif
