#include "cli/diagnosis.h"
#include "cli/lines.h"

/* ---- Files ---- */

static enum exit_code report_text(struct context *context, const struct definition_file *file)
{
    struct paint paint = paint_for(context->out);
    struct buffer buffer = buffer_in(context->arena);
    size_t errors = 0;
    TRY_MEMORY(context, diagnosis_write_text(&buffer, file, paint));
    for (size_t at = 0; at < file->findings.count; at++) {
        errors += diagnosis_severity(&file->findings.items[at]) == FINDING_ERROR;
    }
    context_print(context, buffer_text(&buffer));
    fprintf(context->out, "%s%.*s: ", paint.strong, STR_ARGS(file->path));
    if (errors == 0) {
        fprintf(context->out, "%s%svalid%s\n", paint.off, paint.good, paint.off);
    } else {
        fprintf(context->out, "%s%s%zu %s%s\n", paint.off, paint.bad, errors, errors == 1 ? "error" : "errors", paint.off);
    }
    return EXIT_CODE_OK;
}

static enum exit_code report_json(struct context *context, const struct definition_file *file)
{
    struct buffer buffer = buffer_in(context->arena);
    TRY_MEMORY(context, buffer_add(&buffer, STR("{\"file\":")));
    TRY_MEMORY(context, value_write_string(&buffer, file->path));
    TRY_MEMORY(context, buffer_add_byte(&buffer, ','));
    TRY_MEMORY(context, diagnosis_write_json(&buffer, &file->findings));
    TRY_MEMORY(context, buffer_add(&buffer, STR("}\n")));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

/* Each file, whatever the one before was like. */
static enum exit_code validate_files(struct context *context, enum machine_type type)
{
    enum exit_code worst = EXIT_CODE_OK;
    for (size_t at = 0; at < context->arguments.positional_count; at++) {
        struct definition_file file;
        if (definition_file_read(context, context->arguments.positionals[at], type, &file) != EXIT_CODE_OK) {
            worst = EXIT_CODE_FAILED;
            continue;
        }
        TRY_RUN(context->json ? report_json(context, &file) : report_text(context, &file));
        if (diagnosis_has_errors(&file.findings)) {
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
    (void)arena;
    TRY(buffer_add_byte(buffer, '{'));
    TRY(diagnosis_write_json(buffer, &findings));
    return buffer_add_byte(buffer, '}');
}

static enum status answer(void *owner, struct arena *arena, const struct value *line, struct buffer *buffer)
{
    const enum machine_type *usual = owner;
    const struct value *text = value_get(line, STR("definition_text"));
    const struct value *object = value_get(line, STR("definition"));
    const struct value *type = value_get(line, STR("type"));
    const struct machine *machine = NULL;
    struct findings findings = {0};
    struct str definition;
    bool express = *usual == MACHINE_EXPRESS;
    if (type != NULL && type->type != VALUE_NULL) {
        express = type->type == VALUE_STRING && str_equal(type->string, STR("EXPRESS"));
        if (!express && (type->type != VALUE_STRING || !str_equal(type->string, STR("STANDARD")))) {
            return refuse(NULL, arena, STR("InvalidLine"), STR("type must be STANDARD or EXPRESS"), buffer);
        }
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
    TRY(diagnosis_write_json(buffer, &findings));
    return buffer_add_byte(buffer, '}');
}

enum exit_code command_validate(struct context *context)
{
    enum machine_type type;
    TRY_RUN(definition_file_type(context, FLAG_VALIDATE_TYPE, &type));
    if (context_given(context, FLAG_VALIDATE_LINES)) {
        const struct lines_answerer answerer = {answer, refuse, &type};
        if (context->arguments.positional_count > 0) {
            return context_fail(context, EXIT_CODE_USAGE, "with --lines, the lines hold the definitions");
        }
        return lines_run(context, &answerer);
    }
    if (context->arguments.positional_count == 0) {
        return context_fail(context, EXIT_CODE_USAGE, "FILE… is missing");
    }
    return validate_files(context, type);
}
