/* Conformance cases: files with a JSON object a line. */
#ifndef PAWL_TESTS_ASL_CASE_FILE_H
#define PAWL_TESTS_ASL_CASE_FILE_H

#include "asl/value.h"

/* The cases of a file, in the arena. `relative` is a path below the shared languages folder ($PAWL_SHARED, else
 * ../shared/languages beside the sources), or below tests/conformance/ when `own`. NULL when the file is not there: says so. */
const struct value *case_file_load(struct arena *arena, const char *relative, bool own);

/* A member's string, or STR_NONE. */
struct str case_file_string(const struct value *row, const char *name);

#endif
