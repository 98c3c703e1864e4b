/* A definition as its author has it: a file of JSON or YAML, and what is to be said of its places. */
#ifndef PAWL_CLI_DEFINITION_FILE_H
#define PAWL_CLI_DEFINITION_FILE_H

#include "asl/machine.h"
#include "cli/context.h"
#include "cli/yaml.h"

struct definition_file {
    struct str path;       /* for messages; "stdin" of - */
    struct str source;     /* as it was written */
    struct str text;       /* JSON */
    struct yaml_json yaml; /* without marks when the source is the text */
    struct findings findings;
    const struct machine *machine; /* NULL: it has errors */
};

/* Reads the file (- is stdin) and compiles it. A file named *.yaml or *.yml is YAML, and so is what else does not begin as
 * JSON does. The findings' lines and columns are those of the source. Fails only for what can't be read. */
enum exit_code definition_file_read(struct context *context, struct str path, enum machine_type type,
                                    struct definition_file *out_file);

/* What --type says: STANDARD when it is not given. */
enum exit_code definition_file_type(struct context *context, enum flag_id flag, enum machine_type *out_type);

#endif
