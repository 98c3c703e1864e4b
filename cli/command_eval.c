#include "cli/child.h"
#include "cli/evaluation.h"
#include "cli/json_flag.h"
#include "cli/lines.h"

#include <errno.h>
#include <sys/random.h>

struct asked {
    enum evaluation_language language;
    struct env env;
};

static enum exit_code make_env(struct context *context, struct env *out_env)
{
    *out_env = (struct env){.now_ms = child_now_ms()};
    if (getrandom(out_env->seed, sizeof out_env->seed, 0) != (ssize_t)sizeof out_env->seed) {
        return context_fail(context, EXIT_CODE_FAILED, "no chance to be had: %s", strerror(errno));
    }
    return EXIT_CODE_OK;
}

static enum status answer(void *owner, struct arena *arena, const struct value *line, struct buffer *buffer)
{
    struct asked *asked = owner;
    struct evaluation evaluation;
    asked->env.now_ms = child_now_ms();
    TRY(evaluation_run(arena, asked->language, line, &asked->env, &evaluation));
    return evaluation_write(buffer, &evaluation);
}

/* What the flags say, as a line has it. In JSONata the input is `$states.input` too, as a state's expressions read it. */
static enum exit_code make_request(struct context *context, enum evaluation_language language, struct str expression,
                                   const struct value **out_request)
{
    static const struct {
        enum flag_id flag;
        struct str name;
    } members[] = {
        {FLAG_EVAL_INPUT, STR_INIT("data")},
        {FLAG_EVAL_BINDINGS, STR_INIT("bindings")},
        {FLAG_EVAL_CONTEXT, STR_INIT("context")},
    };
    const struct value *request = &value_empty_object;
    const struct value *value = NULL;
    struct str text;
    if (!str_is_utf8(expression)) {
        return context_fail(context, EXIT_CODE_USAGE, "the expression must be UTF-8");
    }
    TRY_MEMORY(context, value_string(context->arena, expression, &value));
    TRY_MEMORY(context, value_object_with(context->arena, request, STR("expr"), value, &request));
    for (size_t at = 0; at < sizeof members / sizeof *members; at++) {
        TRY_RUN(json_flag_read(context, members[at].flag, &text, &value));
        if (value != NULL) {
            TRY_MEMORY(context, value_object_with(context->arena, request, members[at].name, value, &request));
        }
    }
    const struct value *data = value_get(request, STR("data"));
    const struct value *bindings = value_get(request, STR("bindings"));
    bindings = bindings == NULL ? &value_empty_object : bindings;
    if (language == EVALUATION_JSONATA && data != NULL && bindings->type == VALUE_OBJECT &&
        value_get(bindings, STR("states")) == NULL) {
        TRY_MEMORY(context, value_object_with(context->arena, &value_empty_object, STR("input"), data, &value));
        TRY_MEMORY(context, value_object_with(context->arena, bindings, STR("states"), value, &bindings));
        TRY_MEMORY(context, value_object_with(context->arena, request, STR("bindings"), bindings, &request));
    }
    *out_request = request;
    return EXIT_CODE_OK;
}

static enum exit_code report_error(struct context *context, const struct evaluation *evaluation)
{
    if (str_equal(evaluation->error, STR("InvalidLine"))) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(evaluation->message));
    }
    if (evaluation->position >= 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s: %.*s (character %lld)", STR_ARGS(evaluation->error),
                            STR_ARGS(evaluation->message), (long long)evaluation->position);
    }
    return context_fail(context, EXIT_CODE_FAILED, "%.*s: %.*s", STR_ARGS(evaluation->error),
                        STR_ARGS(evaluation->message));
}

static enum exit_code evaluate(struct context *context, struct asked *asked, struct str expression)
{
    const struct value *request = NULL;
    struct evaluation evaluation;
    struct buffer buffer = buffer_in(context->arena);
    TRY_RUN(make_request(context, asked->language, expression, &request));
    TRY_MEMORY(context, evaluation_run(context->arena, asked->language, request, &asked->env, &evaluation));
    if (evaluation.error.bytes != NULL) {
        return report_error(context, &evaluation);
    }
    if (evaluation.value == NULL) {
        return context_fail(context, EXIT_CODE_FAILED, "%s; a state fails by it",
                            evaluation.is_function ? "the result is a function" : "the result is undefined");
    }
    TRY_MEMORY(context, value_write(&buffer, evaluation.value));
    TRY_MEMORY(context, buffer_add_byte(&buffer, '\n'));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

enum exit_code command_eval(struct context *context)
{
    struct asked asked;
    const struct arguments *arguments = &context->arguments;
    bool lines = context_given(context, FLAG_EVAL_LINES);
    if (!evaluation_find(arguments->positionals[0], &asked.language)) {
        struct str names;
        TRY_MEMORY(context, evaluation_names(context->arena, &names));
        return context_fail(context, EXIT_CODE_USAGE, "the language must be %.*s, not '%.*s'", STR_ARGS(names),
                            STR_ARGS(arguments->positionals[0]));
    }
    TRY_RUN(make_env(context, &asked.env));
    if (lines) {
        const struct lines_answerer answerer = {answer, lines_refuse, &asked};
        if (arguments->positional_count > 1 || context_given(context, FLAG_EVAL_INPUT) ||
            context_given(context, FLAG_EVAL_BINDINGS) || context_given(context, FLAG_EVAL_CONTEXT)) {
            return context_fail(context, EXIT_CODE_USAGE, "with --lines, the lines hold the expression and its data");
        }
        return lines_run(context, &answerer);
    }
    if (asked.language == EVALUATION_CHOICE || asked.language == EVALUATION_RESULTPATH) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s works with --lines only", STR_ARGS(arguments->positionals[0]));
    }
    if (arguments->positional_count < 2) {
        return context_fail(context, EXIT_CODE_USAGE, "the expression is missing");
    }
    return evaluate(context, &asked, arguments->positionals[1]);
}
