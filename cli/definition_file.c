#include "cli/definition_file.h"

#include "base/limits.h"
#include "cli/file.h"

#include <errno.h>

static enum exit_code read_source(struct context *context, struct str path, struct definition_file *file)
{
    bool from_stdin = str_equal(path, STR("-"));
    enum status status;
    file->path = from_stdin ? STR("stdin") : path;
    if (from_stdin) {
        status = file_read_stream(context->arena, stdin, DEFINITION_BYTES_MAX, &file->source);
    } else {
        status = file_read(context->arena, path.bytes, DEFINITION_BYTES_MAX, &file->source);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        return context_fail(context, EXIT_CODE_FAILED, "%s is larger than %d bytes", file->path.bytes, DEFINITION_BYTES_MAX);
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", file->path.bytes, strerror(errno));
    }
    return EXIT_CODE_OK;
}

static bool is_yaml(const struct definition_file *file)
{
    struct str start = str_trim(file->source);
    if (str_ends_with(file->path, STR(".yaml")) || str_ends_with(file->path, STR(".yml"))) {
        return true;
    }
    return !str_ends_with(file->path, STR(".json")) && start.length > 0 && strchr("{[\"", start.bytes[0]) == NULL &&
           str_find_str(start, STR("StartAt:")) < start.length;
}

/* The one finding of a text that can't be read as YAML. */
static enum status add_yaml_finding(struct context *context, const struct yaml_error *error, struct definition_file *file)
{
    struct finding *finding = arena_new(context->arena, struct finding);
    TRY_NEW(finding);
    *finding = (struct finding){
        .severity = FINDING_ERROR,
        .code = STR("INVALID_YAML_DESCRIPTION"),
        .message = error->message,
        .line = error->mark.line,
        .column = error->mark.column,
    };
    file->findings = (struct findings){.items = finding, .count = 1, .capacity = 1, .error_count = 1};
    return STATUS_OK;
}

static void locate_in_yaml(struct definition_file *file)
{
    for (size_t at = 0; at < file->findings.count; at++) {
        struct finding *finding = &file->findings.items[at];
        if (finding->line > 0 && finding->line <= file->yaml.mark_count) {
            struct yaml_mark mark = file->yaml.marks[finding->line - 1];
            finding->line = mark.line;
            finding->column = mark.column;
        }
    }
}

enum exit_code definition_file_read(struct context *context, struct str path, enum machine_type type,
                                    struct definition_file *out_file)
{
    struct yaml_error error;
    struct definition_file file = {.machine = NULL};
    TRY_RUN(read_source(context, path, &file));
    file.text = file.source;
    if (is_yaml(&file)) {
        enum status status = yaml_to_json(context->arena, file.source, DEFINITION_BYTES_MAX, &file.yaml, &error);
        if (status == STATUS_INVALID) {
            TRY_MEMORY(context, add_yaml_finding(context, &error, &file));
            *out_file = file;
            return EXIT_CODE_OK;
        }
        TRY_MEMORY(context, status);
        file.text = file.yaml.text;
    }
    enum status status = machine_compile(context->arena, file.text, type, &file.machine, &file.findings);
    if (status != STATUS_OK && status != STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_FAILED, "%s is nested too deeply, or too large", file.path.bytes);
    }
    if (status == STATUS_INVALID) {
        file.machine = NULL;
    }
    locate_in_yaml(&file);
    *out_file = file;
    return EXIT_CODE_OK;
}

enum exit_code definition_file_type(struct context *context, enum flag_id flag, enum machine_type *out_type)
{
    struct str type = context_flag(context, flag);
    *out_type = str_equal(type, STR("EXPRESS")) ? MACHINE_EXPRESS : MACHINE_STANDARD;
    if (type.bytes != NULL && *out_type == MACHINE_STANDARD && !str_equal(type, STR("STANDARD"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--type must be STANDARD or EXPRESS, not '%.*s'", STR_ARGS(type));
    }
    return EXIT_CODE_OK;
}
