/* Regular expressions of JavaScript, on pcre2, bounded: matching counts against the evaluation's steps. */
#ifndef PAWL_ASL_JSONATA_REGEX_H
#define PAWL_ASL_JSONATA_REGEX_H

#include "asl/jsonata/evaluation.h"

struct regex;

struct regex_source {
    struct str pattern;
    bool case_insensitive;
    bool multi_line;
};

/* The compiled pattern is owned by the arena and may be used by several threads. STATUS_INVALID: *out_message says why. */
MUST_CHECK enum status regex_compile(struct arena *arena, const struct regex_source *source, struct regex **out_regex,
                                     struct str *out_message);

/* A match, in bytes of the text. */
struct regex_match {
    bool found;
    size_t start;
    size_t end;
    struct datum *groups; /* strings; undefined for a group that took no part */
    size_t group_count;
};

/* The first match at or after byte `from`; it may be empty. Fails with U1001 when a limit is hit. */
MUST_CHECK enum status regex_find(struct evaluation *evaluation, const struct regex *regex, struct str text, size_t from,
                                  struct regex_match *out_match);

/* The same after another match: there is none at the end of the text, and an empty one fails with D1004 since the search
 * would not come on. */
MUST_CHECK enum status regex_find_next(struct evaluation *evaluation, const struct regex *regex, struct str text, size_t from,
                                       struct regex_match *out_match);

#endif
