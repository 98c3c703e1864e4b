#include "asl/value.h"
#include "base/limits.h"
#include "cli/file.h"
#include "cli/lookup.h"
#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"
#include "cli/start_each.h"
#include "gateway/answer.h"
#include "schemas/execution_statuses.h"

#include <errno.h>

/* --input: JSON, @FILE or - for stdin. STR_NONE: not given. */
static enum exit_code read_input(struct context *context, struct str *out_input)
{
    struct str given = context_flag(context, FLAG_START_INPUT);
    struct value_error error = {0};
    const struct value *value;
    enum status status = STATUS_OK;
    *out_input = given;
    if (given.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    if (str_equal(given, STR("-"))) {
        status = file_read_stream(context->arena, stdin, RECORD_BYTES_MAX, out_input);
    } else if (str_starts_with(given, STR("@"))) {
        status = file_read(context->arena, given.bytes + 1, RECORD_BYTES_MAX, out_input);
    }
    if (status == STATUS_LIMIT_EXCEEDED) {
        return context_fail(context, EXIT_CODE_USAGE, "--input is larger than %d bytes", RECORD_BYTES_MAX);
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_FAILED, "--input %s: %s", given.bytes, strerror(errno));
    }
    status = value_parse(context->arena, *out_input, &value, &error);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "--input is no JSON: line %u, column %u: %.*s", error.line,
                            error.column, STR_ARGS(error.message));
    }
    if (status != STATUS_OK) {
        return context_fail(context, EXIT_CODE_USAGE, "--input is nested too deeply");
    }
    *out_input = str_trim(*out_input);
    return EXIT_CODE_OK;
}

struct started {
    struct str arn;
    struct str data; /* the reply's */
    int64_t incarnation;
};

static enum exit_code start(struct context *context, struct request *request, struct start_execution *command,
                            struct str key, struct started *out_started)
{
    struct reply reply;
    const struct value *data;
    const struct value *arn = NULL;
    REQUEST_ADDRESS(request, command);
    TRY_RUN(request_send(context, request, RECORD_start_execution, command, key, &reply));
    if (reply.error.bytes != NULL) {
        return request_refusal(context, &reply);
    }
    if (reply.data.bytes != NULL && value_parse(context->arena, reply.data, &data, NULL) == STATUS_OK) {
        arn = value_get(data, STR("executionArn"));
    }
    if (arn == NULL || arn->type != VALUE_STRING) {
        return context_fail(context, EXIT_CODE_FAILED, "the reply names no execution: %.*s", STR_ARGS(reply.data));
    }
    *out_started = (struct started){arn->string, reply.data, reply.incarnation};
    return EXIT_CODE_OK;
}

/* ---- --wait ---- */

static enum exit_code report_end(struct context *context, const struct execution_status *end)
{
    struct str text = end->output;
    struct str refusal;
    if (context->json) {
        TRY_RUN(lookup_redrive_refusal(context, end, &refusal));
        TRY_MEMORY(context, answer_execution(context->arena, end, true, refusal, &text));
    }
    if (text.bytes != NULL) {
        context_print(context, text);
        context_print(context, STR("\n"));
    }
    if (str_equal(end->status, execution_status_name(EXECUTION_STATUS_SUCCEEDED))) {
        return EXIT_CODE_OK;
    }
    return context_fail(context, EXIT_CODE_NOT_SUCCEEDED, "%.*s %.*s%s%.*s%s%.*s", STR_ARGS(end->execution_arn),
                        STR_ARGS(end->status), end->error.length > 0 ? ": " : "", STR_ARGS(end->error),
                        end->cause.length > 0 ? ": " : "", STR_ARGS(end->cause));
}

static enum exit_code wait_for(struct context *context, const struct started *started)
{
    const struct execution_status *end;
    TRY_RUN(lookup_end(context, started->arn, started->incarnation, &end));
    return report_end(context, end);
}

enum exit_code command_start(struct context *context)
{
    struct start_execution command;
    struct request request;
    struct started started = {STR_NONE, STR_NONE, RECORD_NONE};
    struct str key = STR_NONE;
    record_init(RECORD_start_execution, &command);
    TRY_RUN(name_machine(context, context_positional(context), &command.state_machine_arn));
    if (context_given(context, FLAG_START_EACH)) {
        return start_each(context, command.state_machine_arn);
    }
    if (context_given(context, FLAG_START_NAME_BY)) {
        return context_fail(context, EXIT_CODE_USAGE, "--name-by goes with --each");
    }
    TRY_RUN(read_input(context, &command.input));
    command.name = context_flag(context, FLAG_START_NAME);
    if (command.name.bytes != NULL) {
        TRY_RUN(name_execution_of(context, command.state_machine_arn, command.name, &key));
    }
    TRY_RUN(side_open(context));
    TRY_RUN(request_open(context, &request));
    enum exit_code code = start(context, &request, &command, key, &started);
    request_close(context, &request);
    TRY_RUN(code);
    if (context_given(context, FLAG_START_WAIT)) {
        return wait_for(context, &started);
    }
    context_print(context, context->json ? started.data : started.arn);
    context_print(context, STR("\n"));
    return EXIT_CODE_OK;
}
