/* Looking for one value in a JSON text without a tree of the rest: four times as fast as the parser (docs/benchmarks.md), as
 * long as few values are looked for. Every text must be valid JSON: it was checked where it came in. */
#ifndef PAWL_ASL_VALUE_SCAN_H
#define PAWL_ASL_VALUE_SCAN_H

#include "base/arena.h"

/* The text of a member's value, the last of that name as in the parser's trees; STATUS_NOT_FOUND, also when `text` is no
 * object. The arena is for names with escapes. */
MUST_CHECK enum status value_scan_member(struct arena *arena, struct str text, struct str name, struct str *out_value);

/* The text of an item, index ≥ 0; STATUS_NOT_FOUND, also when `text` is no array. */
MUST_CHECK enum status value_scan_item(struct str text, int64_t index, struct str *out_value);

#endif
