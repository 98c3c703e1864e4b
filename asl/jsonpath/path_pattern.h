/* Regular expressions of filters: Java's, as far as PCRE2 reads them alike. Private to asl/jsonpath/. */
#ifndef PAWL_ASL_JSONPATH_PATH_PATTERN_H
#define PAWL_ASL_JSONPATH_PATH_PATTERN_H

#include "asl/jsonpath/path_evaluate.h"
#include "asl/jsonpath/path_reader.h"

struct path_pattern;

/* The pattern between the slashes and the letters behind them (d i x m s u U). The arena owns it. */
MUST_CHECK enum status path_pattern_compile(struct path_reader *reader, struct str pattern, struct str flags,
                                            const struct path_pattern **out_pattern);

/* Whether the whole text matches. STATUS_INVALID when that takes more than PATH_PATTERN_STEPS_MAX steps. */
MUST_CHECK enum status path_pattern_match(struct path_evaluation *evaluation, const struct path_pattern *pattern,
                                          struct str text, bool *out_matches);

#endif
