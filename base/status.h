/* How a function says that the machine is in trouble (STYLE 11, 12).
 *
 * A result goes to an `out_` parameter and is written only on STATUS_OK. */
#ifndef PAWL_BASE_STATUS_H
#define PAWL_BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum status {
#define STATUS(id, text) STATUS_##id,
#include "base/status.def"
    STATUS_COUNT
};

/* The status in words, for messages. Static storage. */
const char *status_text(enum status status);

/* Returns from the caller with what `expression` answered unless that is STATUS_OK. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        enum status try_status_ = (expression);                                                    \
        if (try_status_ != STATUS_OK) {                                                            \
            return try_status_;                                                                    \
        }                                                                                          \
    } while (0)

/* Returns STATUS_LIMIT_EXCEEDED when an arena had no room for `pointer`. */
#define TRY_NEW(pointer)                                                                           \
    do {                                                                                           \
        if ((pointer) == NULL) {                                                                   \
            return STATUS_LIMIT_EXCEEDED;                                                          \
        }                                                                                          \
    } while (0)

#endif
