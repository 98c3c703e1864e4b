#include "cli/evaluation.h"

#include "asl/interpreter.h"
#include "asl/intrinsics/intrinsic.h"
#include "asl/jsonata/jsonata.h"
#include "asl/jsonpath/path.h"
#include "base/limits.h"

#define TIMELIMIT_STEPS_PER_MS 2000 /* what a step of JSONata is taken to last, for a request's timelimit */
#define CHOICE_BYTES_MAX ((size_t)64 * 1024 * 1024)

static enum status fail(struct evaluation *evaluation, struct str error, struct str message)
{
    evaluation->error = error;
    evaluation->message = message;
    return STATUS_OK;
}

static enum status refuse(struct evaluation *evaluation, const char *message)
{
    return fail(evaluation, STR("InvalidLine"), str_of(message));
}

/* ---- The three expression languages ---- */

/* The root input: `data`, or, as some call it, `input`. */
static const struct value *data_of(const struct value *request)
{
    const struct value *data = value_get(request, STR("data"));
    return data != NULL ? data : value_get(request, STR("input"));
}

static const struct value *bindings_of(const struct value *request)
{
    const struct value *bindings = value_get(request, STR("bindings"));
    bindings = bindings != NULL ? bindings : value_get(request, STR("variables"));
    return bindings == NULL || bindings->type == VALUE_NULL ? NULL : bindings;
}

static struct path_roots roots_of(const struct value *request)
{
    return (struct path_roots){.input = data_of(request), .context = value_get(request, STR("context")), .variables = bindings_of(request)};
}

static bool read_expression(const struct value *request, struct str *out_text, struct evaluation *evaluation)
{
    const struct value *expression = value_get(request, STR("expr"));
    const struct value *bindings = bindings_of(request);
    const char *problem = NULL;
    if (expression == NULL || expression->type != VALUE_STRING) {
        problem = "expr must be a string";
    } else if (bindings != NULL && bindings->type != VALUE_OBJECT) {
        problem = "bindings must be an object";
    }
    if (problem != NULL) {
        evaluation->error = STR("InvalidLine");
        evaluation->message = str_of(problem);
        return false;
    }
    *out_text = expression->string;
    return true;
}

static enum status run_jsonpath(struct arena *arena, const struct value *request, struct env *env,
                                struct evaluation *evaluation)
{
    (void)env;
    const struct path *path = NULL;
    struct path_roots roots = roots_of(request);
    struct str message = STR_NONE;
    struct str text;
    if (!read_expression(request, &text, evaluation)) {
        return STATUS_OK;
    }
    enum status status = path_compile(arena, text, &path, &message);
    if (status == STATUS_INVALID) {
        return fail(evaluation, STR("invalid-path"), message);
    }
    TRY(status);
    status = path_evaluate(arena, path, &roots, &evaluation->value, &message);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID) {
        return fail(evaluation, status == STATUS_INVALID ? STR("evaluation-failed") : STR("path-not-found"), message);
    }
    return status;
}

/* The bindings, with the context object as `$states.context` where the request gives one by itself. */
static enum status jsonata_bindings(struct arena *arena, const struct value *request, const struct value **out_bindings)
{
    const struct value *context = value_get(request, STR("context"));
    *out_bindings = bindings_of(request);
    if (context == NULL) {
        return STATUS_OK;
    }
    const struct value *bindings = *out_bindings == NULL ? &value_empty_object : *out_bindings;
    const struct value *states = value_get(bindings, STR("states"));
    states = states == NULL || states->type != VALUE_OBJECT ? &value_empty_object : states;
    if (value_get(states, STR("context")) != NULL) {
        return STATUS_OK;
    }
    TRY(value_object_with(arena, states, STR("context"), context, &states));
    return value_object_with(arena, bindings, STR("states"), states, out_bindings);
}

/* `timelimit` (ms) and `depth`, as the cases of JSONata's own suite give them. */
static struct jsonata_limits limits_of(const struct value *request)
{
    struct jsonata_limits limits = jsonata_limits_default;
    const struct value *depth = value_get(request, STR("depth"));
    const struct value *timelimit = value_get(request, STR("timelimit"));
    int64_t number = 0;
    if (depth != NULL && value_to_int64(depth, &number) && number > 0 && number < limits.depth_max) {
        limits.depth_max = (uint32_t)number;
    }
    if (timelimit != NULL && value_to_int64(timelimit, &number) && number > 0 &&
        (uint64_t)number < limits.steps_max / TIMELIMIT_STEPS_PER_MS) {
        limits.steps_max = (uint64_t)number * TIMELIMIT_STEPS_PER_MS;
    }
    return limits;
}

static enum status fail_jsonata(struct evaluation *evaluation, const struct jsonata_error *error)
{
    evaluation->token = error->token;
    evaluation->position = error->position;
    return fail(evaluation, error->code, error->message);
}

static enum status run_jsonata(struct arena *arena, const struct value *request, struct env *env,
                               struct evaluation *evaluation)
{
    const struct jsonata *program = NULL;
    struct jsonata_error error = {STR_NONE, STR_NONE, 0, STR_NONE};
    struct jsonata_limits limits = limits_of(request);
    struct jsonata_scope scope = {.input = data_of(request), .limits = &limits, .env = env};
    struct str text;
    if (!read_expression(request, &text, evaluation)) {
        return STATUS_OK;
    }
    if (text.length >= 4 && str_starts_with(text, STR("{%")) && str_ends_with(text, STR("%}"))) {
        text = str_slice(text, 2, text.length - 4);
    }
    TRY(jsonata_bindings(arena, request, &scope.bindings));
    enum status status = jsonata_compile(arena, text, &program, &error);
    if (status == STATUS_OK) {
        status = jsonata_evaluate(arena, program, &scope, &evaluation->value, &evaluation->is_function, &error);
    }
    return status == STATUS_INVALID ? fail_jsonata(evaluation, &error) : status;
}

static enum status run_intrinsic(struct arena *arena, const struct value *request, struct env *env,
                                 struct evaluation *evaluation)
{
    const struct intrinsic *call = NULL;
    struct path_roots roots = roots_of(request);
    struct failure failure = FAILURE_NONE;
    struct str message = STR_NONE;
    struct str text;
    if (!read_expression(request, &text, evaluation)) {
        return STATUS_OK;
    }
    enum status status = intrinsic_compile(arena, text, &call, &message);
    if (status == STATUS_INVALID) {
        /* CreateStateMachine refuses it, but for a wrong number of arguments, which fails the state. */
        bool arguments = str_starts_with(message, STR("Wrong number of arguments"));
        return fail(evaluation, arguments ? STR("States.Runtime") : STR("InvalidDefinition"), message);
    }
    TRY(status);
    TRY(intrinsic_evaluate(arena, call, &roots, env, &evaluation->value, &failure));
    return failure_is(&failure) ? fail(evaluation, failure.error, failure.cause) : STATUS_OK;
}

/* ---- Fields ---- */

/* A Choice state with the one rule, and the input that its paths find the variable (and operand) in. */
static enum status write_choice(struct buffer *definition, struct buffer *input, const struct value *request)
{
    const struct value *variable = value_get(request, STR("variable"));
    const struct value *operand = value_get(request, STR("operand"));
    struct str operator_name = value_get(request, STR("operator"))->string;
    bool path = str_ends_with(operator_name, STR("Path"));
    TRY(buffer_add(definition, STR("{\"StartAt\":\"Choice\",\"States\":{\"Choice\":{\"Type\":\"Choice\",\"Choices\":["
                                   "{\"Variable\":\"$.variable\",\"Next\":\"True\",")));
    TRY(value_write_string(definition, operator_name));
    TRY(buffer_add_byte(definition, ':'));
    TRY(path ? buffer_add(definition, STR("\"$.operand\"")) : value_write(definition, operand));
    TRY(buffer_add(definition, STR("}],\"Default\":\"False\"},\"True\":{\"Type\":\"Pass\",\"Result\":true,\"End\":true},"
                                   "\"False\":{\"Type\":\"Pass\",\"Result\":false,\"End\":true}}}")));
    TRY(buffer_add_byte(input, '{'));
    if (path && operand != NULL) {
        TRY(buffer_add(input, STR("\"operand\":")));
        TRY(value_write(input, operand));
    }
    if (variable != NULL) {
        TRY(buffer_add(input, input->length > 1 ? STR(",\"variable\":") : STR("\"variable\":")));
        TRY(value_write(input, variable));
    }
    return buffer_add_byte(input, '}');
}

static enum status choose(struct arena *arena, const struct machine *machine, struct str input, struct evaluation *evaluation)
{
    struct interpreter *interpreter = NULL;
    const struct interpreter_options options = {.machine = machine, .memory_bytes_max = CHOICE_BYTES_MAX};
    struct str cause;
    TRY(interpreter_create(&options, &interpreter));
    enum status status = interpreter_start(interpreter, input);
    if (status == STATUS_OK) {
        const struct execution_status *end = interpreter_status(interpreter);
        if (str_equal(end->status, STR("SUCCEEDED"))) {
            evaluation->value = value_boolean(str_equal(end->output, STR("true")));
        } else {
            /* It goes away with the interpreter. */
            status = arena_copy(arena, end->cause, &cause);
            if (status == STATUS_OK) {
                status = fail(evaluation, STR("States.Runtime"), cause);
            }
        }
    }
    interpreter_destroy(interpreter);
    return status;
}

static enum status run_choice(struct arena *arena, const struct value *request, struct env *env,
                              struct evaluation *evaluation)
{
    (void)env;
    const struct value *operator_name = value_get(request, STR("operator"));
    const struct machine *machine = NULL;
    struct buffer definition = buffer_in(arena);
    struct buffer input = buffer_in(arena);
    struct findings findings = {0};
    if (operator_name == NULL || operator_name->type != VALUE_STRING) {
        return refuse(evaluation, "operator must be a string");
    }
    if (value_get(request, STR("operand")) == NULL && !str_ends_with(operator_name->string, STR("Path"))) {
        return refuse(evaluation, "operand is missing");
    }
    TRY(write_choice(&definition, &input, request));
    enum status status = machine_compile(arena, buffer_text(&definition), MACHINE_STANDARD, &machine, &findings);
    if (status == STATUS_INVALID) {
        struct str message;
        TRY(findings_message(arena, &findings, &message));
        return fail(evaluation, STR("States.Runtime"), message);
    }
    TRY(status);
    return choose(arena, machine, buffer_text(&input), evaluation);
}

static enum status run_resultpath(struct arena *arena, const struct value *request, struct env *env,
                                  struct evaluation *evaluation)
{
    (void)env;
    const struct value *input = value_get(request, STR("input"));
    const struct value *result = value_get(request, STR("result"));
    const struct value *text = value_get(request, STR("result_path"));
    const struct path *path = NULL;
    struct str message = STR_NONE;
    if (input == NULL || result == NULL) {
        return refuse(evaluation, "input and result must be there");
    }
    if (text == NULL || text->type == VALUE_NULL) {
        evaluation->value = text == NULL ? result : input;
        return STATUS_OK;
    }
    if (text->type != VALUE_STRING) {
        return refuse(evaluation, "result_path must be a string or null");
    }
    enum status status = path_compile(arena, text->string, &path, &message);
    if (status == STATUS_INVALID) {
        return fail(evaluation, STR("invalid-path"), message);
    }
    TRY(status);
    if (!path_is_reference(path) || path_root(path) != PATH_ROOT_INPUT) {
        return fail(evaluation, STR("invalid-path"), STR("ResultPath must be a Reference Path into $"));
    }
    status = path_put(arena, path, input, result, &evaluation->value);
    if (status == STATUS_NOT_FOUND) {
        TRY(arena_format(arena, &message, "the result can't be put at '%.*s' of the input", STR_ARGS(text->string)));
        return fail(evaluation, STR("States.ResultPathMatchFailure"), message);
    }
    return status;
}

/* ---- All ---- */

static const struct {
    struct str name;
    enum status (*run)(struct arena *arena, const struct value *request, struct env *env, struct evaluation *evaluation);
} languages[EVALUATION_LANGUAGE_COUNT] = {
#define LANGUAGE(id, name, evaluate, about) {STR_INIT(name), evaluate},
#include "cli/languages.def"
};

bool evaluation_find(struct str name, enum evaluation_language *out_language)
{
    for (int at = 0; at < EVALUATION_LANGUAGE_COUNT; at++) {
        if (str_equal(languages[at].name, name)) {
            *out_language = (enum evaluation_language)at;
            return true;
        }
    }
    return false;
}

enum status evaluation_names(struct arena *arena, struct str *out_names)
{
    struct buffer buffer = buffer_in(arena);
    for (int at = 0; at < EVALUATION_LANGUAGE_COUNT; at++) {
        const char *between = at == 0 ? "" : at + 1 == EVALUATION_LANGUAGE_COUNT ? " or " : ", ";
        TRY(buffer_format(&buffer, "%s%.*s", between, STR_ARGS(languages[at].name)));
    }
    *out_names = buffer_text(&buffer);
    return STATUS_OK;
}

enum status evaluation_run(struct arena *arena, enum evaluation_language language, const struct value *request,
                           struct env *env, struct evaluation *out_evaluation)
{
    struct evaluation evaluation = {.position = -1};
    TRY(languages[language].run(arena, request, env, &evaluation));
    *out_evaluation = evaluation;
    return STATUS_OK;
}

enum status evaluation_write(struct buffer *buffer, const struct evaluation *evaluation)
{
    if (evaluation->error.bytes != NULL) {
        TRY(buffer_add(buffer, STR("{\"error\":")));
        TRY(value_write_string(buffer, evaluation->error));
        TRY(buffer_add(buffer, STR(",\"message\":")));
        TRY(value_write_string(buffer, evaluation->message));
        if (evaluation->position >= 0) {
            TRY(buffer_format(buffer, ",\"position\":%lld", (long long)evaluation->position));
        }
        if (evaluation->token.bytes != NULL) {
            TRY(buffer_add(buffer, STR(",\"token\":")));
            TRY(value_write_string(buffer, evaluation->token));
        }
        return buffer_add_byte(buffer, '}');
    }
    if (evaluation->value == NULL) {
        return buffer_add(buffer, STR("{\"undefined\":true}"));
    }
    TRY(buffer_add(buffer, STR("{\"result\":")));
    TRY(value_write(buffer, evaluation->value));
    return buffer_add_byte(buffer, '}');
}
