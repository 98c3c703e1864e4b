/* Records that can't be handled go to pawl.dead-letters byte for byte, with Kafka Connect's headers saying why and
 * where from (design, section 10). */
#ifndef PAWL_PROCESSOR_DEAD_LETTER_H
#define PAWL_PROCESSOR_DEAD_LETTER_H

#include "processor/handling.h"

/* Adds the record to the outbox. `error` is a class ("InvalidRecord", AWS's exception name), `message` for people. What
 * is too large for the topic goes as key and headers, with the value's SHA-256 and size in headers. */
MUST_CHECK enum status dead_letter_add(struct handling *handling, struct str error, struct str message);

/* A letter about an execution that no record led to: its key is the ARN, its value empty. */
MUST_CHECK enum status dead_letter_of_timer(struct handling *handling, struct str arn, struct str error,
                                            struct str message);

#endif
