/* `pawl topics read`: records as they lie in a topic, for whoever wants to look at them or to check them. */
#ifndef PAWL_CLI_TOPICS_READ_H
#define PAWL_CLI_TOPICS_READ_H

#include "cli/context.h"

/* Prints one line of JSON for each committed record of `name` (STR_NONE: of every topic of the prefix):
 *
 *     {"topic":"pawl.history","partition":0,"offset":7,"timestamp":1790000000000,"key":"YWJj","value":"ww…","headers":[["a","Yg"]]}
 *
 * Bytes are base64url without padding; a key or value that is not there is null. */
enum exit_code topics_read(struct context *context, struct str name);

#endif
