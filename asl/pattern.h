/* Patterns with `*`, as StringMatches and the table of routes have them. */
#ifndef PAWL_ASL_PATTERN_H
#define PAWL_ASL_PATTERN_H

#include "base/str.h"

/* Whether the whole text matches: `*` is any run of characters, empty too; `\*` a star, `\\` a backslash; nothing else is
 * special. Takes time in proportion to both lengths; without memory for a pattern with backslashes nothing matches. */
bool pattern_matches(struct str text, struct str pattern);

#endif
