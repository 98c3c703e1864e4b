/* Whole files, for what a user names on the command line. */
#ifndef PAWL_CLI_FILE_H
#define PAWL_CLI_FILE_H

#include "base/arena.h"

#include <stdio.h>

/* The file's bytes in the arena, a NUL after them. LIMIT_EXCEEDED: more than bytes_max. NOT_FOUND, IO: errno tells. */
MUST_CHECK enum status file_read(struct arena *arena, const char *path, size_t bytes_max, struct str *out_text);

/* The same of an open stream, up to its end. */
MUST_CHECK enum status file_read_stream(struct arena *arena, FILE *stream, size_t bytes_max, struct str *out_text);

#endif
