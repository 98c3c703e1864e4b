#include "asl/value.h"
#include "cli/diagnosis.h"
#include "cli/lookup.h"
#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"
#include "gateway/answer.h"

/* What is defined. */
struct proposal {
    struct definition_file file;
    struct str text; /* the definition as it is sent: JSON */
    struct str name; /* of the state machine */
    struct str arn;
    struct str type; /* STR_NONE: not given */
};

/* --name, or the file's name up to its first dot. */
static enum exit_code name_it(struct context *context, struct proposal *proposal)
{
    proposal->name = context_flag(context, FLAG_DEFINE_NAME);
    if (proposal->name.bytes == NULL) {
        struct str name = context_positional(context);
        if (str_equal(name, STR("-"))) {
            return context_fail(context, EXIT_CODE_USAGE, "a definition from stdin needs --name");
        }
        for (size_t slash = str_find(name, '/'); slash < name.length; slash = str_find(name, '/')) {
            name = str_from(name, slash + 1);
        }
        proposal->name = str_slice(name, 0, str_find(name, '.'));
    }
    if (str_starts_with(proposal->name, STR("arn:"))) {
        return context_fail(context, EXIT_CODE_USAGE, "--name takes a name, not an ARN");
    }
    return name_machine(context, proposal->name, &proposal->arn);
}

/* The file, as JSON that the engine takes; its findings are told. */
static enum exit_code read_definition(struct context *context, struct proposal *proposal)
{
    struct definition_file *file = &proposal->file;
    struct buffer buffer = buffer_in(context->arena);
    const struct value *value = NULL;
    const struct diagnosis_view view = {.strict = true};
    enum machine_type type;
    proposal->type = context_flag(context, FLAG_DEFINE_TYPE);
    TRY_RUN(definition_file_type(context, FLAG_DEFINE_TYPE, &type));
    TRY_RUN(definition_file_read(context, context_positional(context), type, file));
    TRY_MEMORY(context, diagnosis_write_text(&buffer, file, &view, paint_for(context->errors)));
    fwrite(buffer_text(&buffer).bytes, 1, buffer.length, context->errors);
    if (file->machine == NULL) {
        return context_fail(context, EXIT_CODE_REFUSED, "InvalidDefinition: %zu %s", file->findings.error_count,
                            file->findings.error_count == 1 ? "error" : "errors");
    }
    proposal->text = file->text;
    if (file->yaml.mark_count > 0) {
        /* The JSON that was made of YAML has its own line breaks. */
        TRY_MEMORY(context, value_parse(context->arena, file->text, &value, NULL));
        TRY_MEMORY(context, value_to_text(context->arena, value, &proposal->text));
    }
    return EXIT_CODE_OK;
}

static enum exit_code create(struct context *context, struct request *request, const struct proposal *proposal,
                             struct reply *out_reply)
{
    struct create_state_machine command;
    record_init(RECORD_create_state_machine, &command);
    command.name = proposal->name;
    command.definition = proposal->text;
    command.role_arn = context_flag(context, FLAG_DEFINE_ROLE);
    command.type = proposal->type;
    REQUEST_ADDRESS(request, &command);
    return request_send(context, request, RECORD_create_state_machine, &command, proposal->arn, out_reply);
}

static enum exit_code update(struct context *context, struct request *request, const struct proposal *proposal,
                             struct reply *out_reply)
{
    struct update_state_machine command;
    record_init(RECORD_update_state_machine, &command);
    command.state_machine_arn = proposal->arn;
    command.definition = proposal->text;
    command.role_arn = context_flag(context, FLAG_DEFINE_ROLE);
    REQUEST_ADDRESS(request, &command);
    return request_send(context, request, RECORD_update_state_machine, &command, proposal->arn, out_reply);
}

/* A machine's type is for ever: one that is asked for must be the one it has. */
static enum exit_code check_type(struct context *context, const struct proposal *proposal)
{
    const struct definition *head;
    if (proposal->type.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(lookup_machine(context, proposal->arn, &head));
    if (head != NULL && !str_equal(head->type, proposal->type)) {
        return context_fail(context, EXIT_CODE_REFUSED,
                            "StateMachineAlreadyExists: %.*s is %.*s, and the type of a state machine can't be changed",
                            STR_ARGS(proposal->name), STR_ARGS(head->type));
    }
    return EXIT_CODE_OK;
}

static enum exit_code report(struct context *context, const struct proposal *proposal, const struct reply *reply,
                             bool created)
{
    struct answer answer;
    struct str text;
    const struct value *data = NULL;
    if (!context->json) {
        fprintf(context->out, "%s %.*s\n", created ? "defined" : "updated", STR_ARGS(proposal->arn));
        return EXIT_CODE_OK;
    }
    if (reply->data.bytes != NULL && value_parse(context->arena, reply->data, &data, NULL) != STATUS_OK) {
        data = NULL;
    }
    const struct value *revision = data == NULL ? NULL : value_get(data, STR("revisionId"));
    TRY_MEMORY(context, answer_begin(context->arena, &answer));
    TRY_MEMORY(context, answer_text(&answer, "stateMachineArn", proposal->arn));
    if (revision != NULL) {
        TRY_MEMORY(context, answer_text(&answer, "revisionId", revision->string));
    }
    TRY_MEMORY(context, answer_json(&answer, "created", created ? STR("true") : STR("false")));
    TRY_MEMORY(context, answer_end(&answer, &text));
    context_print(context, text);
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}

static enum exit_code define(struct context *context, struct request *request, const struct proposal *proposal)
{
    struct reply reply;
    bool created = true;
    TRY_RUN(create(context, request, proposal, &reply));
    if (str_equal(reply.error, STR("StateMachineAlreadyExists"))) {
        created = false;
        TRY_RUN(check_type(context, proposal));
        TRY_RUN(update(context, request, proposal, &reply));
    }
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    return report(context, proposal, &reply, created);
}

enum exit_code command_define(struct context *context)
{
    struct proposal proposal = {.name = STR_NONE};
    struct request request;
    bool check_only = context_given(context, FLAG_DEFINE_CHECK);
    if (!check_only) {
        TRY_RUN(name_it(context, &proposal));
    }
    TRY_RUN(read_definition(context, &proposal));
    if (check_only) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(side_open(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = define(context, &request, &proposal);
    request_close(context, &request);
    return code;
}
