/* A file that its author wrote as JSON or YAML, so that its values can be told by line and column. */
#ifndef PAWL_CLI_SOURCE_H
#define PAWL_CLI_SOURCE_H

#include "asl/value.h"
#include "cli/context.h"
#include "cli/yaml.h"

struct source {
    struct str path;
    struct str text;       /* JSON */
    struct yaml_json yaml; /* without marks when it was written as JSON */
    const struct value *value;
};

/* Reads and parses the file, which is YAML when it is named *.yaml or *.yml. What is neither is told with its place. */
enum exit_code source_read(struct context *context, struct str path, size_t bytes_max, struct source *out_source);

/* Where in the file the value stands; false when it is not of the file. */
bool source_place(const struct source *source, const struct value *value, uint32_t *out_line, uint32_t *out_column);

/* Prints "pawl COMMAND: file:line:column: message" and returns EXIT_CODE_USAGE. */
enum exit_code source_refuse(struct context *context, const struct source *source, const struct value *value, struct str message);

#endif
