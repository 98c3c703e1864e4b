/* Upper and lower case as JavaScript's toUpperCase and toLowerCase have it (Unicode's default mappings). */
#ifndef PAWL_ASL_JSONATA_LETTER_CASE_H
#define PAWL_ASL_JSONATA_LETTER_CASE_H

#include "base/buffer.h"

MUST_CHECK enum status letter_case_upper(struct buffer *buffer, struct str text);
MUST_CHECK enum status letter_case_lower(struct buffer *buffer, struct str text);

#endif
