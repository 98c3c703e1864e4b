/* Executions and their history for people. */
#ifndef PAWL_CLI_TIMELINE_H
#define PAWL_CLI_TIMELINE_H

#include "base/buffer.h"
#include "schemas/records.h"

#include <stdbool.h>

#define TIMELINE_DATA_CHARACTERS_MAX 60 /* of an input or output, unless all of it is wanted */

/* One line: id, time, seconds since the start, type, state, details.
 *
 *      5  12:31:07.118  +0.004  TaskStateEntered      Charge   {"id":17,"amount":3}  */
MUST_CHECK enum status timeline_event(struct buffer *buffer, const struct history_event *event, bool all_data);

/* "2026-11-23 12:31:07.118" in UTC. */
MUST_CHECK enum status timeline_time(struct buffer *buffer, int64_t time_us);

/* Text for a terminal: control characters as \xNN, at most characters_max characters, then "…"; 0: all. */
MUST_CHECK enum status timeline_text(struct buffer *buffer, struct str text, size_t characters_max);

#endif
