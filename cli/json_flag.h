/* Flags whose value is JSON: as it is, in a file, or on stdin. */
#ifndef PAWL_CLI_JSON_FLAG_H
#define PAWL_CLI_JSON_FLAG_H

#include "asl/value.h"
#include "cli/context.h"

/* The flag's JSON: its value itself, that of a file (@FILE, or FILE where it is no JSON), or stdin's (-). Not given: *out_text
 * is STR_NONE and *out_value NULL. What is no JSON is told, with its line and column. */
enum exit_code json_flag_read(struct context *context, enum flag_id id, struct str *out_text, const struct value **out_value);

/* The same of a file alone. `what` names it in messages. */
enum exit_code json_flag_read_file(struct context *context, const char *what, const char *path, struct str *out_text,
                                   const struct value **out_value);

#endif
