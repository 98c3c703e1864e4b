#include "cli/source.h"

#include "cli/file.h"

#include <errno.h>

static enum exit_code parse(struct context *context, struct source *source)
{
    struct value_error error = {0};
    enum status status = value_parse(context->arena, source->text, &source->value, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s:%u:%u: it is no JSON: %.*s", STR_ARGS(source->path), error.line,
                            error.column, STR_ARGS(error.message));
    }
    return status == STATUS_OK ? EXIT_CODE_OK
                               : context_fail(context, EXIT_CODE_USAGE, "%.*s is nested too deeply", STR_ARGS(source->path));
}

enum exit_code source_read(struct context *context, struct str path, size_t bytes_max, struct source *out_source)
{
    struct source source = {.path = path};
    struct yaml_error error;
    enum status status = file_read(context->arena, path.bytes, bytes_max, &source.text);
    if (status == STATUS_LIMIT_EXCEEDED) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s is larger than %zu bytes", STR_ARGS(path), bytes_max);
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s: %s", STR_ARGS(path), strerror(errno));
    }
    if (str_ends_with(path, STR(".yaml")) || str_ends_with(path, STR(".yml"))) {
        status = yaml_to_json(context->arena, source.text, bytes_max, &source.yaml, &error);
        if (status == STATUS_INVALID) {
            return context_fail(context, EXIT_CODE_USAGE, "%.*s:%u:%u: %.*s", STR_ARGS(path), error.mark.line, error.mark.column,
                                STR_ARGS(error.message));
        }
        TRY_MEMORY(context, status);
        source.text = source.yaml.text;
    }
    TRY_RUN(parse(context, &source));
    *out_source = source;
    return EXIT_CODE_OK;
}

bool source_place(const struct source *source, const struct value *value, uint32_t *out_line, uint32_t *out_column)
{
    struct str text = source->text;
    if (value == NULL || value->source.bytes == NULL || value->source.bytes < text.bytes ||
        value->source.bytes > text.bytes + text.length) {
        return false;
    }
    *out_line = 1;
    *out_column = 1;
    for (const char *at = text.bytes; at < value->source.bytes; at++) {
        *out_line += *at == '\n';
        *out_column = *at == '\n' ? 1 : *out_column + ((*at & 0xC0) != 0x80);
    }
    if (source->yaml.mark_count > 0 && *out_line <= source->yaml.mark_count) {
        struct yaml_mark mark = source->yaml.marks[*out_line - 1];
        *out_line = mark.line;
        *out_column = mark.column;
    }
    return true;
}

enum exit_code source_refuse(struct context *context, const struct source *source, const struct value *value, struct str message)
{
    uint32_t line = 0;
    uint32_t column = 0;
    if (source_place(source, value, &line, &column)) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s:%u:%u: %.*s", STR_ARGS(source->path), line, column, STR_ARGS(message));
    }
    return context_fail(context, EXIT_CODE_USAGE, "%.*s: %.*s", STR_ARGS(source->path), STR_ARGS(message));
}
