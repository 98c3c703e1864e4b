#ifndef PAWL_TESTS_FUZZ_CANARY_H
#define PAWL_TESTS_FUZZ_CANARY_H

#include "base/str.h"

/* utf_unescape with a bug; see canary.c. */
size_t canary_unescape(struct str text, uint32_t *out_point);

#endif
