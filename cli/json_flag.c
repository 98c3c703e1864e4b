#include "cli/json_flag.h"

#include "base/limits.h"
#include "cli/file.h"

#include <errno.h>

static enum exit_code parse(struct context *context, const char *what, struct str text, struct str *out_text,
                            const struct value **out_value)
{
    struct value_error error = {0};
    enum status status = value_parse(context->arena, text, out_value, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%s is no JSON: line %u, column %u: %.*s", what, error.line,
                            error.column, STR_ARGS(error.message));
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_USAGE, "%s is nested too deeply", what);
    }
    *out_text = str_trim(text);
    return EXIT_CODE_OK;
}

static enum exit_code unreadable(struct context *context, const char *what, const char *path, enum status status)
{
    if (status == STATUS_LIMIT_EXCEEDED) {
        return context_fail(context, EXIT_CODE_USAGE, "%s is larger than %d bytes", what, RECORD_BYTES_MAX);
    }
    return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path, strerror(errno));
}

enum exit_code json_flag_read_file(struct context *context, const char *what, const char *path, struct str *out_text,
                                   const struct value **out_value)
{
    struct str text;
    enum status status = file_read(context->arena, path, RECORD_BYTES_MAX, &text);
    return status == STATUS_OK ? parse(context, what, text, out_text, out_value) : unreadable(context, what, path, status);
}

enum exit_code json_flag_read(struct context *context, enum flag_id id, struct str *out_text, const struct value **out_value)
{
    struct str given = context_flag(context, id);
    struct str what;
    *out_text = STR_NONE;
    *out_value = NULL;
    if (given.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context, arena_format(context->arena, &what, "--%.*s", STR_ARGS(flag_table[id].name)));
    if (str_equal(given, STR("-"))) {
        struct str text;
        enum status status = file_read_stream(context->arena, stdin, RECORD_BYTES_MAX, &text);
        return status == STATUS_OK ? parse(context, what.bytes, text, out_text, out_value)
                                   : unreadable(context, what.bytes, "stdin", status);
    }
    if (str_starts_with(given, STR("@"))) {
        return json_flag_read_file(context, what.bytes, given.bytes + 1, out_text, out_value);
    }
    if (!value_text_is_valid(given)) {
        FILE *file = fopen(given.bytes, "rbe");
        if (file != NULL) {
            fclose(file);
            return json_flag_read_file(context, what.bytes, given.bytes, out_text, out_value);
        }
    }
    return parse(context, what.bytes, given, out_text, out_value);
}
