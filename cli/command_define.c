#include "asl/machine.h"
#include "asl/value.h"
#include "base/limits.h"
#include "cli/file.h"
#include "cli/lookup.h"
#include "cli/name.h"
#include "cli/request.h"
#include "gateway/answer.h"

#include <errno.h>

struct definition_file {
    struct str path; /* for messages */
    struct str text;
    struct str name; /* of the state machine */
    struct str arn;
    struct str type; /* STR_NONE: not given */
};

static enum exit_code read_file(struct context *context, struct definition_file *file)
{
    bool from_stdin = str_equal(context_positional(context), STR("-"));
    enum status status;
    file->path = from_stdin ? STR("stdin") : context_positional(context);
    if (from_stdin) {
        status = file_read_stream(context->arena, stdin, DEFINITION_BYTES_MAX, &file->text);
    } else {
        status = file_read(context->arena, file->path.bytes, DEFINITION_BYTES_MAX, &file->text);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        return context_fail(context, EXIT_CODE_REFUSED, "InvalidDefinition: %s is larger than %d bytes", file->path.bytes,
                            DEFINITION_BYTES_MAX);
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", file->path.bytes, strerror(errno));
    }
    return EXIT_CODE_OK;
}

/* --name, or the file's name up to its first dot. */
static enum exit_code name_it(struct context *context, struct definition_file *file)
{
    file->name = context_flag(context, FLAG_DEFINE_NAME);
    if (file->name.bytes == NULL) {
        struct str name = context_positional(context);
        if (str_equal(name, STR("-"))) {
            return context_fail(context, EXIT_CODE_USAGE, "a definition from stdin needs --name");
        }
        for (size_t slash = str_find(name, '/'); slash < name.length; slash = str_find(name, '/')) {
            name = str_from(name, slash + 1);
        }
        file->name = str_slice(name, 0, str_find(name, '.'));
    }
    if (str_starts_with(file->name, STR("arn:"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--name takes a name, not an ARN");
    }
    return name_machine(context, file->name, &file->arn);
}

static enum exit_code read_type(struct context *context, struct definition_file *file)
{
    file->type = context_flag(context, FLAG_DEFINE_TYPE);
    if (file->type.bytes != NULL && !str_equal(file->type, STR("STANDARD")) && !str_equal(file->type, STR("EXPRESS"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--type must be STANDARD or EXPRESS, not '%.*s'",
                            STR_ARGS(file->type));
    }
    return EXIT_CODE_OK;
}

/* "order.json:12:9: error: SCHEMA_VALIDATION_FAILED: … (/States/A/Type)", as compilers print. */
static void print_finding(struct context *context, const struct definition_file *file, const struct finding *finding)
{
    fprintf(context->errors, "%.*s:", STR_ARGS(file->path));
    if (finding->line > 0) {
        fprintf(context->errors, "%u:%u:", finding->line, finding->column);
    }
    fprintf(context->errors, " %s: %.*s: %.*s", finding->severity == FINDING_ERROR ? "error" : "warning",
            STR_ARGS(finding->code), STR_ARGS(finding->message));
    if (finding->location.length > 0) {
        fprintf(context->errors, " (%.*s)", STR_ARGS(finding->location));
    }
    fputc('\n', context->errors);
}

static enum exit_code check(struct context *context, const struct definition_file *file)
{
    const struct machine *machine;
    struct findings findings = {0};
    enum machine_type type = str_equal(file->type, STR("EXPRESS")) ? MACHINE_EXPRESS : MACHINE_STANDARD;
    enum status status = machine_compile(context->arena, file->text, type, &machine, &findings);
    if (status != STATUS_OK && status != STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_REFUSED, "InvalidDefinition: the definition is too large");
    }
    for (size_t at = 0; at < findings.count; at++) {
        print_finding(context, file, &findings.items[at]);
    }
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_REFUSED, "InvalidDefinition: %zu %s", findings.error_count,
                            findings.error_count == 1 ? "error" : "errors");
    }
    return EXIT_CODE_OK;
}

static enum exit_code create(struct context *context, struct request *request, const struct definition_file *file,
                             struct reply *out_reply)
{
    struct create_state_machine command;
    record_init(RECORD_create_state_machine, &command);
    command.name = file->name;
    command.definition = file->text;
    command.role_arn = context_flag(context, FLAG_DEFINE_ROLE);
    command.type = file->type;
    REQUEST_ADDRESS(request, &command);
    return request_send(context, request, RECORD_create_state_machine, &command, file->arn, out_reply);
}

static enum exit_code update(struct context *context, struct request *request, const struct definition_file *file,
                             struct reply *out_reply)
{
    struct update_state_machine command;
    record_init(RECORD_update_state_machine, &command);
    command.state_machine_arn = file->arn;
    command.definition = file->text;
    command.role_arn = context_flag(context, FLAG_DEFINE_ROLE);
    REQUEST_ADDRESS(request, &command);
    return request_send(context, request, RECORD_update_state_machine, &command, file->arn, out_reply);
}

/* A machine's type is for ever: one that is asked for must be the one it has. */
static enum exit_code check_type(struct context *context, const struct definition_file *file)
{
    const struct definition *head;
    if (file->type.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(lookup_machine(context, file->arn, &head));
    if (head != NULL && !str_equal(head->type, file->type)) {
        return context_fail(context, EXIT_CODE_REFUSED,
                            "StateMachineAlreadyExists: %.*s is %.*s, and the type of a state machine can't be changed",
                            STR_ARGS(file->name), STR_ARGS(head->type));
    }
    return EXIT_CODE_OK;
}

static enum exit_code report(struct context *context, const struct definition_file *file, const struct reply *reply,
                             bool created)
{
    struct answer answer;
    struct str text;
    const struct value *data = NULL;
    if (!context->json) {
        fprintf(context->out, "%s %.*s\n", created ? "defined" : "updated", STR_ARGS(file->arn));
        return EXIT_CODE_OK;
    }
    if (reply->data.bytes != NULL && value_parse(context->arena, reply->data, &data, NULL) != STATUS_OK) {
        data = NULL;
    }
    const struct value *revision = data == NULL ? NULL : value_get(data, STR("revisionId"));
    TRY_MEMORY(context, answer_begin(context->arena, &answer));
    TRY_MEMORY(context, answer_text(&answer, "stateMachineArn", file->arn));
    if (revision != NULL) {
        TRY_MEMORY(context, answer_text(&answer, "revisionId", revision->string));
    }
    TRY_MEMORY(context, answer_json(&answer, "created", created ? STR("true") : STR("false")));
    TRY_MEMORY(context, answer_end(&answer, &text));
    context_print(context, text);
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}

static enum exit_code define(struct context *context, struct request *request, const struct definition_file *file)
{
    struct reply reply;
    bool created = true;
    TRY_RUN(create(context, request, file, &reply));
    if (str_equal(reply.error, STR("StateMachineAlreadyExists"))) {
        created = false;
        TRY_RUN(check_type(context, file));
        TRY_RUN(update(context, request, file, &reply));
    }
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    return report(context, file, &reply, created);
}

enum exit_code command_define(struct context *context)
{
    struct definition_file file = {STR_NONE, STR_NONE, STR_NONE, STR_NONE, STR_NONE};
    struct request request;
    bool check_only = context_given(context, FLAG_DEFINE_CHECK);
    TRY_RUN(read_type(context, &file));
    if (!check_only) {
        TRY_RUN(name_it(context, &file));
    }
    TRY_RUN(read_file(context, &file));
    TRY_RUN(check(context, &file));
    if (check_only) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(connection_open(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = define(context, &request, &file);
    request_close(&request);
    return code;
}
