/* JSON lines in, a line each out: how programs ask pawl many things in a row. */
#ifndef PAWL_CLI_LINES_H
#define PAWL_CLI_LINES_H

#include "asl/value.h"
#include "cli/context.h"

#define LINES_BYTES_MAX ((size_t)64 * 1024 * 1024)        /* one line; a longer one is answered as a bad line */
#define LINES_ARENA_BYTES_MAX ((size_t)512 * 1024 * 1024) /* what answering one line may take */

struct lines_answerer {
    /* Adds the answer to a line (an object), without its end. */
    enum status (*answer)(void *owner, struct arena *arena, const struct value *line, struct buffer *buffer);
    /* Adds the answer to a line that is no JSON object, or that answer() failed for; error is "InvalidLine" or
     * "LimitExceeded". */
    enum status (*refuse)(void *owner, struct arena *arena, struct str error, struct str message, struct buffer *buffer);
    void *owner;
};

/* Reads context's stdin to its end and answers each line, in order, whatever it is. Each answer is written at once. */
enum exit_code lines_run(struct context *context, const struct lines_answerer *answerer);

/* The usual refusal: {"error":…,"message":…}. `owner` is not used. */
MUST_CHECK enum status lines_refuse(void *owner, struct arena *arena, struct str error, struct str message, struct buffer *buffer);

#endif
