#include "cli/start_each.h"

#include "asl/value.h"
#include "base/limits.h"
#include "cli/name.h"
#include "cli/request.h"
#include "cli/side.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct each {
    struct context *context;
    struct str machine_arn;
    struct request request;
    struct arena *line_arena;  /* of one line */
    struct arena *reply_arena; /* of one answer */
    int64_t line;              /* from 1 */
    int64_t sent;
    int64_t answered;
    int64_t refused;
};

/* The member of the input that is the name. */
static enum exit_code read_name(struct each *each, const struct value *input, struct str member, struct str *out_name)
{
    const struct value *name = value_get(input, member);
    if (name == NULL || (name->type != VALUE_STRING && name->type != VALUE_NUMBER)) {
        return context_fail(each->context, EXIT_CODE_USAGE, "line %" PRId64 " has no name: no text or number \"%.*s\"",
                            each->line, STR_ARGS(member));
    }
    *out_name = name->type == VALUE_STRING ? name->string : name->source;
    return EXIT_CODE_OK;
}

static enum exit_code send_line(struct each *each, struct str line)
{
    struct context *context = each->context;
    struct value_error error = {0};
    struct start_execution command;
    const struct value *input;
    struct str key = STR_NONE;
    struct str member = context_flag(context, FLAG_START_NAME_BY);
    if (value_parse(each->line_arena, line, &input, &error) != STATUS_OK) {
        return context_fail(context, EXIT_CODE_USAGE, "line %" PRId64 ", column %u is no JSON: %.*s", each->line,
                            error.column, STR_ARGS(error.message));
    }
    record_init(RECORD_start_execution, &command);
    command.state_machine_arn = each->machine_arn;
    command.input = line;
    if (member.bytes != NULL) {
        TRY_RUN(read_name(each, input, member, &command.name));
        TRY_RUN(name_execution_of(context, each->machine_arn, command.name, &key));
    }
    REQUEST_ADDRESS(&each->request, &command);
    TRY_MEMORY(context, arena_format(each->line_arena, &command.correlation_id, "%s-%" PRId64,
                                     each->request.correlation_id, each->line));
    TRY_RUN(request_post(context, &each->request, RECORD_start_execution, &command, key));
    each->sent++;
    return EXIT_CODE_OK;
}

static void report(struct each *each, const struct reply *reply)
{
    struct context *context = each->context;
    const struct value *data;
    const struct value *arn = NULL;
    each->answered++;
    if (reply->error.bytes != NULL) {
        each->refused++;
        context_fail(context, EXIT_CODE_REFUSED, "line %.*s: %.*s: %.*s",
                     STR_ARGS(str_from(reply->correlation_id, UUID_CHARACTERS + 1)), STR_ARGS(reply->error),
                     STR_ARGS(reply->message));
        return;
    }
    if (!context->json && value_parse(each->reply_arena, reply->data, &data, NULL) == STATUS_OK) {
        arn = value_get(data, STR("executionArn"));
    }
    context_print(context, arn == NULL ? reply->data : arn->string);
    context_print(context, STR("\n"));
}

/* Until at most `left` are unanswered. */
static enum exit_code collect(struct each *each, int64_t left)
{
    struct context *context = each->context;
    int64_t timeout_ms = settings_number(context->settings, OPTION_CLIENT_TIMEOUT_MS);
    TRY_RUN(request_flush(context, &each->request));
    while (each->sent - each->answered > left) {
        struct reply reply;
        bool more;
        arena_reset(each->reply_arena);
        TRY_RUN(request_next(context, &each->request, each->reply_arena, (int)timeout_ms, &reply, &more));
        if (!more) {
            return request_unanswered(context);
        }
        if (reply.correlation_id.length > UUID_CHARACTERS) {
            report(each, &reply);
        }
    }
    return EXIT_CODE_OK;
}

static enum exit_code send_lines(struct each *each)
{
    struct context *context = each->context;
    char *bytes = NULL;
    size_t capacity = 0;
    enum exit_code code = EXIT_CODE_OK;
    while (code == EXIT_CODE_OK) {
        ssize_t length = getline(&bytes, &capacity, stdin);
        if (length < 0) {
            break;
        }
        struct str line = str_trim((struct str){bytes, (size_t)length});
        each->line++;
        arena_reset(each->line_arena);
        if (line.length > RECORD_BYTES_MAX) {
            code = context_fail(context, EXIT_CODE_USAGE, "line %" PRId64 " is larger than %d bytes", each->line,
                                RECORD_BYTES_MAX);
        } else if (line.length > 0) {
            code = send_line(each, line);
        }
        if (code == EXIT_CODE_OK && each->sent - each->answered >= each->request.window) {
            code = collect(each, each->request.window / 2);
        }
    }
    free(bytes);
    if (code == EXIT_CODE_OK && ferror(stdin)) {
        code = context_fail(context, EXIT_CODE_FAILED, "stdin: %s", strerror(errno));
    }
    /* What was sent before a bad line has been asked for: its answers are told too. */
    enum exit_code rest = code == EXIT_CODE_OK || code == EXIT_CODE_USAGE ? collect(each, 0) : code;
    if (code == EXIT_CODE_USAGE && each->sent > 0) { /* which would say that nothing was done */
        return EXIT_CODE_FAILED;
    }
    return code == EXIT_CODE_OK ? rest : code;
}

enum exit_code start_each(struct context *context, struct str machine_arn)
{
    struct each each = {.context = context, .machine_arn = machine_arn};
    if (context_given(context, FLAG_START_INPUT) || context_given(context, FLAG_START_NAME) ||
        context_given(context, FLAG_START_WAIT)) {
        return context_fail(context, EXIT_CODE_USAGE, "--each takes inputs from stdin, and no --input, --name or --wait");
    }
    TRY_RUN(side_open(context));
    TRY_RUN(request_open(context, &each.request));
    each.line_arena = arena_create(STEP_ARENA_BYTES_MAX);
    each.reply_arena = arena_create(STEP_ARENA_BYTES_MAX);
    enum exit_code code = each.line_arena == NULL || each.reply_arena == NULL ? context_fail_memory(context)
                                                                              : send_lines(&each);
    if (each.line_arena != NULL) {
        arena_destroy(each.line_arena);
    }
    if (each.reply_arena != NULL) {
        arena_destroy(each.reply_arena);
    }
    request_close(context, &each.request);
    if (code == EXIT_CODE_OK && each.refused > 0) {
        code = context_fail(context, EXIT_CODE_REFUSED, "%" PRId64 " of %" PRId64 " starts were refused", each.refused,
                            each.sent);
    }
    return code;
}
