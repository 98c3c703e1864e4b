#include "base/limits.h"
#include "base/nearest.h"
#include "cli/diagnosis.h"
#include "cli/json_flag.h"
#include "cli/junit.h"
#include "cli/mocks.h"
#include "cli/responder.h"
#include "cli/run_trace.h"
#include "cli/source.h"
#include "schemas/codec/history_event.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#define MEMORY_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define TRACE_CHARACTERS_MAX 2000 /* of a value on a terminal */

struct runs {
    struct context *context;
    struct definition_file file;
    struct str machine; /* its name: --machine, or the file's up to its first dot */
    struct str input;
    struct mocks mocks;
    struct responder responder;
    bool responds;
    bool express;
    bool lists; /* a line for each test case, instead of its output */
    size_t failed_count;
    struct junit_case *reports;
    size_t report_count;
};

/* What came of one run. */
struct verdict {
    struct str name;
    struct str problem;  /* STR_NONE: it went as it should */
    bool unanswered;     /* it waits for a task, for ever */
    int64_t duration_ms; /* of virtual time */
};

/* ---- What came of a run ---- */

static enum exit_code print_history(struct context *context, const struct interpreter *interpreter)
{
    struct buffer buffer = buffer_in(context->arena);
    TRY_MEMORY(context, buffer_add(&buffer, STR("{\"events\":[")));
    for (size_t at = 0; at < interpreter_event_count(interpreter); at++) {
        TRY_MEMORY(context, at == 0 ? STATUS_OK : buffer_add_byte(&buffer, ','));
        TRY_MEMORY(context, history_event_to_aws(&buffer, interpreter_event(interpreter, at)));
    }
    TRY_MEMORY(context, buffer_add(&buffer, STR("]}\n")));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

static enum status add_text(struct buffer *buffer, const char *name, struct str text)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, ",\"%s\":", name));
    return value_write_string(buffer, text);
}

static enum exit_code print_outcome(struct context *context, const struct execution_status *end)
{
    struct buffer buffer = buffer_in(context->arena);
    TRY_MEMORY(context, buffer_format(&buffer, "{\"status\":\"%.*s\"", STR_ARGS(end->status)));
    TRY_MEMORY(context, add_text(&buffer, "output", end->output));
    TRY_MEMORY(context, add_text(&buffer, "error", end->error));
    TRY_MEMORY(context, add_text(&buffer, "cause", end->cause));
    TRY_MEMORY(context, buffer_add(&buffer, STR("}\n")));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

/* "ok    Happy  (86405 s)", or "FAIL  Refused  Output differs …"; or a line of JSON. */
static enum exit_code print_verdict(struct context *context, const struct execution_status *end, const struct verdict *verdict)
{
    struct buffer buffer = buffer_in(context->arena);
    struct paint paint = paint_for(context->out);
    bool good = verdict->problem.bytes == NULL;
    if (!context->json) {
        fprintf(context->out, "%s%s%s  %s%.*s%s", good ? paint.good : paint.bad, good ? "ok  " : "FAIL", paint.off, paint.strong,
                STR_ARGS(verdict->name), paint.off);
        fprintf(context->out, "%s%.*s\n", good ? "" : ": ", STR_ARGS(verdict->problem));
        return EXIT_CODE_OK;
    }
    TRY_MEMORY(context, buffer_add(&buffer, STR("{\"testCase\":")));
    TRY_MEMORY(context, value_write_string(&buffer, verdict->name));
    TRY_MEMORY(context, buffer_format(&buffer, ",\"passed\":%s", good ? "true" : "false"));
    TRY_MEMORY(context, add_text(&buffer, "status", end->status));
    TRY_MEMORY(context, add_text(&buffer, "output", end->output));
    TRY_MEMORY(context, add_text(&buffer, "error", end->error));
    TRY_MEMORY(context, add_text(&buffer, "cause", end->cause));
    TRY_MEMORY(context, add_text(&buffer, "problem", verdict->problem));
    TRY_MEMORY(context, buffer_format(&buffer, ",\"virtualMs\":%" PRId64 "}\n", verdict->duration_ms));
    context_print(context, buffer_text(&buffer));
    return EXIT_CODE_OK;
}

/* What is shown of a run beside its verdict. */
static enum exit_code print_results(struct runs *runs, const struct interpreter *interpreter, const struct verdict *verdict)
{
    struct context *context = runs->context;
    const struct execution_status *end = interpreter_status(interpreter);
    if (context_given(context, FLAG_RUN_TRACE)) {
        struct buffer buffer = buffer_in(context->arena);
        bool terminal = isatty(fileno(context->errors)) != 0;
        const struct run_trace_style style = {.json = context_given(context, FLAG_JSON),
                                              .characters_max = terminal ? TRACE_CHARACTERS_MAX : 0,
                                              .paint = paint_for(context->errors)};
        TRY_MEMORY(context, run_trace_write(&buffer, interpreter, &style));
        fwrite(buffer_text(&buffer).bytes, 1, buffer.length, context->errors);
    }
    if (context_given(context, FLAG_RUN_HISTORY)) {
        return print_history(context, interpreter);
    }
    if (runs->lists) {
        return print_verdict(context, end, verdict);
    }
    if (verdict->unanswered) {
        return EXIT_CODE_OK;
    }
    if (context_given(context, FLAG_JSON)) {
        return print_outcome(context, end);
    }
    if (end->output.bytes != NULL) {
        context_print(context, end->output);
        context_print(context, STR("\n"));
    }
    return EXIT_CODE_OK;
}

/* ---- Verdicts ---- */

static enum status describe_waiting(struct arena *arena, const struct mocks_case *test_case, struct str state, struct str *out_reason)
{
    size_t count = 0;
    for (size_t at = 0; test_case != NULL && at < test_case->count; at++) {
        count += str_equal(test_case->mocks[at].state_name, state);
    }
    if (count > 0) {
        return arena_format(arena, out_reason, "state '%.*s' asks for its task once more: its %zu %s used up", STR_ARGS(state), count,
                            count == 1 ? "answer is" : "answers are");
    }
    return arena_format(arena, out_reason, "state '%.*s' waits for its task, which nothing answers (--mocks, --exec, --echo)",
                        STR_ARGS(state));
}

static enum status judge(struct arena *arena, const struct mocks_case *test_case, const struct interpreter *interpreter,
                         struct str waiting_for, struct verdict *verdict)
{
    static const struct expectation success = {.status = STR_INIT("SUCCEEDED")};
    verdict->duration_ms = interpreter_now_ms(interpreter) - interpreter_event(interpreter, 0)->incarnation / 1000;
    verdict->unanswered = waiting_for.bytes != NULL;
    if (verdict->unanswered) {
        return describe_waiting(arena, test_case, waiting_for, &verdict->problem);
    }
    if (test_case != NULL && test_case->name.bytes != NULL) {
        return expectation_check(arena, &test_case->expectation, interpreter, &verdict->problem);
    }
    return expectation_check(arena, &success, interpreter, &verdict->problem);
}

/* ---- One run ---- */

/* The input of a case, unless the command line has one. */
static enum status input_of(struct runs *runs, const struct mocks_case *test_case, struct str *out_input)
{
    *out_input = runs->input;
    if (test_case == NULL || test_case->input == NULL || context_given(runs->context, FLAG_RUN_INPUT)) {
        return STATUS_OK;
    }
    return value_to_text(runs->context->arena, test_case->input, out_input);
}

static enum exit_code play(struct runs *runs, const struct mocks_case *test_case, struct interpreter *interpreter,
                           struct verdict *verdict)
{
    struct context *context = runs->context;
    struct machine_run run = {.interpreter = interpreter, .must_answer = true, .mock_count = test_case == NULL ? 0 : test_case->count};
    struct str waiting_for = STR_NONE;
    struct str input;
    TRY_MEMORY(context, input_of(runs, test_case, &input));
    if (test_case != NULL) {
        TRY_MEMORY(context, mocks_fresh(context->arena, test_case, &run.mocks));
    }
    if (runs->responds) {
        run.answer = responder_answer;
        run.owner = &runs->responder;
    }
    enum status status = interpreter_start(interpreter, input);
    if (status == STATUS_OK) {
        status = machine_run(&run, &waiting_for);
    }
    if (status != STATUS_OK && status != STATUS_TIMED_OUT) {
        return context_fail(context, EXIT_CODE_FAILED, "the execution takes too much memory, or never ends");
    }
    waiting_for = status == STATUS_TIMED_OUT ? waiting_for : STR_NONE;
    if (status == STATUS_TIMED_OUT && waiting_for.bytes == NULL) {
        waiting_for = STR("?");
    }
    TRY_MEMORY(context, judge(context->arena, test_case, interpreter, waiting_for, verdict));
    return print_results(runs, interpreter, verdict);
}

/* The ARN's last part: the machine's name as far as it may stand there. */
static enum status name_arns(struct runs *runs, struct interpreter_options *options)
{
    struct buffer name = buffer_in(runs->context->arena);
    for (size_t at = 0; at < runs->machine.length; at++) {
        char byte = runs->machine.bytes[at];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
        TRY(buffer_add_byte(&name, plain ? byte : '-'));
    }
    TRY(name.length == 0 ? buffer_add(&name, STR("machine")) : STATUS_OK);
    struct str machine = buffer_text(&name);
    struct arena *arena = runs->context->arena;
    struct str region = settings_text(runs->context->settings, OPTION_AWS_REGION);
    struct str account = settings_text(runs->context->settings, OPTION_AWS_ACCOUNT);
    TRY(arena_format(arena, &options->arn, "arn:aws:states:%.*s:%.*s:%s:%.*s:run%s", STR_ARGS(region), STR_ARGS(account),
                     runs->express ? "express" : "execution", STR_ARGS(machine),
                     runs->express ? ":00000000-0000-4000-8000-000000000000" : ""));
    TRY(arena_format(arena, &options->role_arn, "arn:aws:iam::%.*s:role/pawl", STR_ARGS(account)));
    return arena_format(arena, &options->state_machine_arn, "arn:aws:states:%.*s:%.*s:stateMachine:%.*s", STR_ARGS(region),
                        STR_ARGS(account), STR_ARGS(machine));
}

static enum exit_code run_case(struct runs *runs, const struct mocks_case *test_case)
{
    struct context *context = runs->context;
    struct interpreter *interpreter = NULL;
    struct interpreter_options options = {
        .machine = runs->file.machine,
        .express = runs->express,
        .start_ms = child_now_ms(),
        .memory_bytes_max = MEMORY_BYTES_MAX,
        .observe = context_given(context, FLAG_RUN_TRACE),
    };
    bool named = test_case != NULL && test_case->name.bytes != NULL;
    struct verdict verdict = {.name = named ? test_case->name : runs->machine};
    if (getrandom(&options.seed, sizeof options.seed, 0) != (ssize_t)sizeof options.seed) {
        return context_fail(context, EXIT_CODE_FAILED, "no chance to be had: %s", strerror(errno));
    }
    if (named && context_given(context, FLAG_RUN_TRACE)) {
        fprintf(context->errors, "%.*s:\n", STR_ARGS(test_case->name));
    }
    TRY_MEMORY(context, name_arns(runs, &options));
    TRY_MEMORY(context, interpreter_create(&options, &interpreter));
    enum exit_code code = play(runs, test_case, interpreter, &verdict);
    interpreter_destroy(interpreter);
    TRY_RUN(code);
    runs->reports[runs->report_count++] = (struct junit_case){verdict.name, verdict.problem, child_now_ms() - options.start_ms};
    if (verdict.problem.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    runs->failed_count++;
    if (runs->lists && !context_given(context, FLAG_RUN_HISTORY)) {
        return EXIT_CODE_FAILED; /* its line has told */
    }
    struct paint paint = paint_for(context->errors);
    fflush(context->out);
    return context_fail(context, EXIT_CODE_FAILED, "%s%.*s%s%s%.*s%s", paint.strong, named ? (int)verdict.name.length : 0,
                        named ? verdict.name.bytes : "", named ? ": " : "", paint.bad, STR_ARGS(verdict.problem), paint.off);
}

/* All test cases, or the one of --test-case. */
static enum exit_code run_cases(struct runs *runs)
{
    struct context *context = runs->context;
    struct str wanted = context_flag(context, FLAG_RUN_TEST_CASE);
    enum exit_code worst = EXIT_CODE_OK;
    struct nearest nearest = nearest_begin(wanted);
    if (runs->mocks.count == 0) {
        return wanted.bytes == NULL ? run_case(runs, NULL)
                                    : context_fail(context, EXIT_CODE_USAGE, "--test-case needs --mocks");
    }
    runs->lists = wanted.bytes == NULL && runs->mocks.cases[0].name.bytes != NULL;
    for (size_t at = 0; at < runs->mocks.count; at++) {
        const struct mocks_case *test_case = &runs->mocks.cases[at];
        nearest_try(&nearest, test_case->name);
        if (wanted.bytes != NULL && !str_equal(test_case->name, wanted)) {
            continue;
        }
        enum exit_code code = run_case(runs, test_case);
        worst = code == EXIT_CODE_OK ? worst : code;
    }
    if (runs->report_count == 0 && worst == EXIT_CODE_OK) {
        return context_fail(context, EXIT_CODE_USAGE, "there is no test case '%.*s'%s%.*s%s", STR_ARGS(wanted),
                            nearest.best.length > 0 ? "; is it '" : "", STR_ARGS(nearest.best), nearest.best.length > 0 ? "'?" : "");
    }
    if (runs->lists && !context->json && !context_given(context, FLAG_RUN_HISTORY)) {
        fprintf(context->out, "%zu test %s: %zu passed, %zu failed\n", runs->report_count, runs->report_count == 1 ? "case" : "cases",
                runs->report_count - runs->failed_count, runs->failed_count);
    }
    return worst;
}

static enum exit_code write_junit(struct runs *runs)
{
    struct context *context = runs->context;
    const char *path = context_flag(context, FLAG_RUN_JUNIT).bytes;
    struct buffer buffer = buffer_in(context->arena);
    TRY_MEMORY(context, junit_write(&buffer, runs->machine, runs->reports, runs->report_count));
    FILE *file = fopen(path, "wbe");
    if (file == NULL) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path, strerror(errno));
    }
    bool written = fwrite(buffer_text(&buffer).bytes, 1, buffer.length, file) == buffer.length;
    if (fclose(file) != 0 || !written) {
        return context_fail(context, EXIT_CODE_FAILED, "%s: %s", path, strerror(errno));
    }
    return EXIT_CODE_OK;
}

/* ---- Arguments ---- */

static enum exit_code read_definition(struct runs *runs)
{
    const struct diagnosis_view view = {.strict = true, .errors_only = true};
    struct context *context = runs->context;
    enum machine_type type;
    struct buffer buffer = buffer_in(context->arena);
    TRY_RUN(definition_file_type(context, FLAG_RUN_TYPE, &type));
    TRY_RUN(definition_file_read(context, context_positional(context), type, &runs->file));
    if (runs->file.machine == NULL) {
        TRY_MEMORY(context, diagnosis_write_text(&buffer, &runs->file, &view, paint_for(context->errors)));
        fwrite(buffer_text(&buffer).bytes, 1, buffer.length, context->errors);
        return context_fail(context, EXIT_CODE_FAILED, "%.*s can't be run", STR_ARGS(runs->file.path));
    }
    struct str name = runs->file.path;
    for (size_t slash = str_find(name, '/'); slash < name.length; slash = str_find(name, '/')) {
        name = str_from(name, slash + 1);
    }
    runs->machine = str_slice(name, 0, str_find(name, '.'));
    runs->express = type == MACHINE_EXPRESS;
    if (context_given(context, FLAG_RUN_MACHINE)) {
        runs->machine = context_flag(context, FLAG_RUN_MACHINE);
    }
    return EXIT_CODE_OK;
}

static enum exit_code read_mocks(struct runs *runs)
{
    struct context *context = runs->context;
    struct str path = context_flag(context, FLAG_RUN_MOCKS);
    const struct mocks_subject subject = {runs->machine, runs->file.machine};
    struct expectation_problem problem;
    struct source source;
    if (path.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(source_read(context, path, RECORD_BYTES_MAX, &source));
    enum status status = mocks_read(context->arena, source.value, &subject, &runs->mocks, &problem);
    if (status == STATUS_INVALID) {
        return source_refuse(context, &source, problem.value, problem.message);
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

static enum exit_code read_arguments(struct runs *runs)
{
    struct context *context = runs->context;
    const struct value *input = NULL;
    if (context_given(context, FLAG_RUN_EXEC) && context_given(context, FLAG_RUN_ECHO)) {
        return context_fail(context, EXIT_CODE_USAGE, "--exec and --echo exclude each other");
    }
    TRY_RUN(read_definition(runs));
    TRY_RUN(json_flag_read(context, FLAG_RUN_INPUT, &runs->input, &input));
    if (runs->input.bytes == NULL) {
        runs->input = STR("{}");
    }
    if (runs->input.length > PAYLOAD_BYTES_MAX) {
        return context_fail(context, EXIT_CODE_USAGE, "--input is larger than %d bytes", PAYLOAD_BYTES_MAX);
    }
    TRY_RUN(read_mocks(runs));
    runs->responder.runner.command = context_flag(context, FLAG_RUN_EXEC).bytes;
    runs->responds = context_given(context, FLAG_RUN_EXEC) || context_given(context, FLAG_RUN_ECHO);
    runs->reports = arena_array(context->arena, struct junit_case, runs->mocks.count + 1);
    return runs->reports == NULL ? context_fail_memory(context) : EXIT_CODE_OK;
}

enum exit_code command_run(struct context *context)
{
    struct runs runs = {.context = context};
    TRY_RUN(read_arguments(&runs));
    /* A command may end before it has read its input. */
    signal(SIGPIPE, SIG_IGN);
    enum exit_code code = run_cases(&runs);
    if (context_given(context, FLAG_RUN_JUNIT)) {
        TRY_RUN(write_junit(&runs));
    }
    return code;
}
