/* `pawl topics write`: records into a topic, as `pawl topics read` prints them. */
#ifndef PAWL_CLI_TOPICS_WRITE_H
#define PAWL_CLI_TOPICS_WRITE_H

#include "cli/context.h"

/* Reads lines of JSON from stdin to its end, and writes each as a record of the topic `name`:
 *
 *     {"key":"YWJj","value":"ww","headers":[["a","Yg"]]}
 *
 * Bytes are base64url without padding. A key or value that is null, or not there, is none; so are headers. "partition" is taken
 * when it is there, else the key decides, else chance; any other member is left alone, so that what `read` printed can be
 * written again. Each line is answered, once its record is durable, by {"partition":0}, or by {"error":…,"message":…}. */
enum exit_code topics_write(struct context *context, struct str name);

#endif
