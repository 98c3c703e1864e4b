#include "base/limits.h"
#include "cli/diagnosis.h"
#include "cli/lines.h"

/* ---- Files ---- */

struct validation {
    enum machine_type type; /* unless a line says otherwise */
    struct diagnosis_view view;
};

static enum exit_code report_text(struct context *context, const struct validation *validation, const struct definition_file *file)
{
    struct paint paint = paint_for(context->out);
    struct buffer buffer = buffer_in(context->arena);
    size_t errors = diagnosis_error_count(&validation->view, &file->findings);
    TRY_MEMORY(context, diagnosis_write_text(&buffer, file, &validation->view, paint));
    context_print(context, buffer_text(&buffer));
    fprintf(context->out, "%s%.*s: ", paint.strong, STR_ARGS(file->path));
    if (errors == 0) {
        fprintf(context->out, "%s%svalid%s\n", paint.off, paint.good, paint.off);
    } else {
        fprintf(context->out, "%s%s%zu %s%s\n", paint.off, paint.bad, errors, errors == 1 ? "error" : "errors", paint.off);
    }
    return EXIT_CODE_OK;
}

static enum exit_code report_json(struct context *context, const struct validation *validation, const struct definition_file *file)
{
    struct buffer buffer = buffer_in(context->arena);
    TRY_MEMORY(context, buffer_add(&buffer, STR("{\"file\":")));
    TRY_MEMORY(context, value_write_string(&buffer, file->path));
    TRY_MEMORY(context, buffer_add_byte(&buffer, ','));
    TRY_MEMORY(context, diagnosis_write_json(&buffer, &file->findings, &validation->view));
    TRY_MEMORY(context, buffer_add(&buffer, STR("}\n")));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

/* Each file, whatever the one before was like. */
static enum exit_code validate_files(struct context *context, const struct validation *validation)
{
    enum exit_code worst = EXIT_CODE_OK;
    for (size_t at = 0; at < context->arguments.positional_count; at++) {
        struct definition_file file;
        if (definition_file_read(context, context->arguments.positionals[at], validation->type, &file) != EXIT_CODE_OK) {
            worst = EXIT_CODE_FAILED;
            continue;
        }
        TRY_RUN(context->json ? report_json(context, validation, &file) : report_text(context, validation, &file));
        if (diagnosis_error_count(&validation->view, &file.findings) > 0) {
            worst = EXIT_CODE_FAILED;
        }
    }
    return worst;
}

/* ---- Lines ---- */

static enum status refuse(void *owner, struct arena *arena, struct str error, struct str message, struct buffer *buffer)
{
    (void)owner;
    struct finding finding = {.severity = FINDING_ERROR, .code = error, .message = message};
    struct findings findings = {.items = &finding, .count = 1, .capacity = 1, .error_count = 1};
    const struct diagnosis_view view = {.strict = false};
    (void)arena;
    TRY(buffer_add_byte(buffer, '{'));
    TRY(diagnosis_write_json(buffer, &findings, &view));
    return buffer_add_byte(buffer, '}');
}

/* A line's severity and maxResults, as ValidateStateMachineDefinition has them; NULL, or what is wrong. */
static const char *read_view(const struct value *line, struct diagnosis_view *view)
{
    const struct value *severity = value_get(line, STR("severity"));
    const struct value *max = value_get(line, STR("maxResults"));
    int64_t number = 0;
    if (severity != NULL) {
        view->errors_only = severity->type == VALUE_STRING && str_equal(severity->string, STR("ERROR"));
        if (!view->errors_only && (severity->type != VALUE_STRING || !str_equal(severity->string, STR("WARNING")))) {
            return "severity must be ERROR or WARNING";
        }
    }
    if (max != NULL) {
        if (max->type != VALUE_NUMBER || !value_to_int64(max, &number) || number < 0 || number > FINDINGS_MAX) {
            return "maxResults must be a number, not below 0";
        }
        view->max = (size_t)number;
    }
    return NULL;
}

static enum status answer(void *owner, struct arena *arena, const struct value *line, struct buffer *buffer)
{
    const struct validation *validation = owner;
    struct diagnosis_view view = validation->view;
    const struct value *text = value_get(line, STR("definition_text"));
    const struct value *object = value_get(line, STR("definition"));
    const struct value *type = value_get(line, STR("type"));
    const struct machine *machine = NULL;
    struct findings findings = {0};
    struct str definition;
    bool express = validation->type == MACHINE_EXPRESS;
    const char *problem = read_view(line, &view);
    if (type != NULL && type->type != VALUE_NULL) {
        express = type->type == VALUE_STRING && str_equal(type->string, STR("EXPRESS"));
        if (!express && (type->type != VALUE_STRING || !str_equal(type->string, STR("STANDARD")))) {
            return refuse(NULL, arena, STR("InvalidLine"), STR("type must be STANDARD or EXPRESS"), buffer);
        }
    }
    if (problem != NULL) {
        return refuse(NULL, arena, STR("InvalidLine"), str_of(problem), buffer);
    }
    if (text != NULL && text->type == VALUE_STRING) {
        definition = text->string;
    } else if (object != NULL) {
        TRY(value_to_text(arena, object, &definition));
    } else {
        return refuse(NULL, arena, STR("InvalidLine"), STR("definition_text, or definition, must be there"), buffer);
    }
    enum status status = machine_compile(arena, definition, express ? MACHINE_EXPRESS : MACHINE_STANDARD, &machine, &findings);
    if (status != STATUS_OK && status != STATUS_INVALID) {
        return refuse(NULL, arena, STR("SCHEMA_VALIDATION_FAILED"), STR("The definition is nested too deeply, or too large"),
                      buffer);
    }
    TRY(buffer_add_byte(buffer, '{'));
    TRY(diagnosis_write_json(buffer, &findings, &view));
    return buffer_add_byte(buffer, '}');
}

static enum exit_code read_validation(struct context *context, struct validation *validation)
{
    struct str severity = context_flag(context, FLAG_VALIDATE_SEVERITY);
    const struct argument_range range = {.least = 0, .most = FINDINGS_MAX, .initial = 0};
    struct str problem;
    int64_t max = 0;
    TRY_RUN(definition_file_type(context, FLAG_VALIDATE_TYPE, &validation->type));
    validation->view.errors_only = str_equal(severity, STR("ERROR"));
    if (severity.bytes != NULL && !validation->view.errors_only && !str_equal(severity, STR("WARNING"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--severity must be ERROR or WARNING, not '%.*s'", STR_ARGS(severity));
    }
    enum status status = arguments_number(context->arena, &context->arguments, FLAG_VALIDATE_MAX_RESULTS, range, &max, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    validation->view.max = (size_t)max;
    return EXIT_CODE_OK;
}

enum exit_code command_validate(struct context *context)
{
    struct validation validation = {.type = MACHINE_STANDARD};
    TRY_RUN(read_validation(context, &validation));
    if (context_given(context, FLAG_VALIDATE_LINES)) {
        const struct lines_answerer answerer = {answer, refuse, &validation};
        if (context->arguments.positional_count > 0) {
            return context_fail(context, EXIT_CODE_USAGE, "with --lines, the lines hold the definitions");
        }
        return lines_run(context, &answerer);
    }
    if (context->arguments.positional_count == 0) {
        return context_fail(context, EXIT_CODE_USAGE, "FILE… is missing");
    }
    return validate_files(context, &validation);
}
