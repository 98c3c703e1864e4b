/* Records as the shapes of the API: what is a command on pawl.commands is an operation's request there, by the same names.
 * What the API has as text (a definition, an input) is JSON text in the record. */
#ifndef PAWL_CLI_SHAPE_H
#define PAWL_CLI_SHAPE_H

#include "asl/value.h"
#include "schemas/records.h"

/* The command (a struct of id `record`) as a request: its members but for those that are absent and those that only the topics
 * know (the reply's address, the principal, the definition's change number). Structures as JSON are not to be had. */
MUST_CHECK enum status shape_write(struct arena *arena, enum record_id record, const void *command, struct str *out_body);

/* The object's members as the record's fields of the same names; of the others none is touched. *record was initialised, and
 * borrows the arena. A member of another type than its field is left out. */
MUST_CHECK enum status shape_read(struct arena *arena, const struct value *object, enum record_id id, void *record);

/* An event of GetExecutionHistory as the flat record that it is on pawl.history, but for what only the topics know. */
MUST_CHECK enum status shape_read_event(struct arena *arena, const struct value *event, struct history_event *out_event);

/* A time of the API, seconds since 1970, in µs; RECORD_NONE: it is none. */
int64_t shape_time(const struct value *seconds);

#endif
