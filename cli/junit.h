/* A report of tests in the XML that JUnit made common, for CI. */
#ifndef PAWL_CLI_JUNIT_H
#define PAWL_CLI_JUNIT_H

#include "base/buffer.h"

struct junit_case {
    struct str name;
    struct str failure; /* STR_NONE: it passed; its first line is the message */
    int64_t time_ms;    /* it took, by a real clock */
};

MUST_CHECK enum status junit_write(struct buffer *buffer, struct str suite, const struct junit_case *cases, size_t count);

#endif
