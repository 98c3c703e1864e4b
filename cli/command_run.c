#include "base/limits.h"
#include "cli/diagnosis.h"
#include "cli/json_flag.h"
#include "cli/junit.h"
#include "cli/mocks.h"
#include "cli/responder.h"
#include "cli/run_trace.h"
#include "schemas/codec/history_event.h"

#include <errno.h>
#include <signal.h>
#include <sys/random.h>

#define MEMORY_BYTES_MAX ((size_t)1024 * 1024 * 1024)

struct runs {
    struct context *context;
    struct definition_file file;
    struct str machine; /* its name: --machine, or the file's up to its first dot */
    struct str input;
    struct mocks mocks;
    struct responder responder;
    bool responds;
    struct junit_case *reports;
    size_t report_count;
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

static enum exit_code print_results(struct runs *runs, const struct interpreter *interpreter, struct str waiting_for)
{
    struct context *context = runs->context;
    const struct execution_status *end = interpreter_status(interpreter);
    if (context_given(context, FLAG_RUN_TRACE)) {
        struct buffer buffer = buffer_in(context->arena);
        TRY_MEMORY(context, run_trace_write(&buffer, interpreter, paint_for(context->errors)));
        fwrite(buffer_text(&buffer).bytes, 1, buffer.length, context->errors);
    }
    if (context_given(context, FLAG_RUN_HISTORY)) {
        return print_history(context, interpreter);
    }
    if (waiting_for.bytes != NULL) {
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

/* Why the run did not succeed, or STR_NONE. */
static enum status describe(struct arena *arena, const struct execution_status *end, struct str waiting_for, struct str *out_reason)
{
    *out_reason = STR_NONE;
    if (waiting_for.bytes != NULL) {
        return arena_format(arena, out_reason, "state '%.*s' waits for its task, which nothing answers (--mocks, --exec, --echo)",
                            STR_ARGS(waiting_for));
    }
    if (str_equal(end->status, STR("SUCCEEDED"))) {
        return STATUS_OK;
    }
    return arena_format(arena, out_reason, "%.*s%s%.*s%s%.*s", STR_ARGS(end->status), end->error.length > 0 ? ": " : "",
                        STR_ARGS(end->error), end->cause.length > 0 ? ": " : "", STR_ARGS(end->cause));
}

/* ---- One run ---- */

static enum exit_code play(struct runs *runs, const struct mocks_case *test_case, struct interpreter *interpreter, struct str *out_reason)
{
    struct context *context = runs->context;
    struct machine_run run = {.interpreter = interpreter, .must_answer = true, .mock_count = test_case == NULL ? 0 : test_case->count};
    struct str waiting_for = STR_NONE;
    if (test_case != NULL) {
        TRY_MEMORY(context, mocks_fresh(context->arena, test_case, &run.mocks));
    }
    if (runs->responds) {
        run.answer = responder_answer;
        run.owner = &runs->responder;
    }
    enum status status = interpreter_start(interpreter, runs->input);
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
    TRY_RUN(print_results(runs, interpreter, waiting_for));
    TRY_MEMORY(context, describe(context->arena, interpreter_status(interpreter), waiting_for, out_reason));
    return EXIT_CODE_OK;
}

static enum exit_code run_case(struct runs *runs, const struct mocks_case *test_case)
{
    struct context *context = runs->context;
    struct interpreter *interpreter = NULL;
    struct interpreter_options options = {
        .machine = runs->file.machine,
        .start_ms = child_now_ms(),
        .memory_bytes_max = MEMORY_BYTES_MAX,
    };
    struct str reason = STR_NONE;
    bool named = test_case != NULL && test_case->name.bytes != NULL;
    if (getrandom(&options.seed, sizeof options.seed, 0) != (ssize_t)sizeof options.seed) {
        return context_fail(context, EXIT_CODE_FAILED, "no chance to be had: %s", strerror(errno));
    }
    if (named && context_given(context, FLAG_RUN_TRACE)) {
        fprintf(context->errors, "%.*s:\n", STR_ARGS(test_case->name));
    }
    TRY_MEMORY(context, interpreter_create(&options, &interpreter));
    enum exit_code code = play(runs, test_case, interpreter, &reason);
    interpreter_destroy(interpreter);
    TRY_RUN(code);
    runs->reports[runs->report_count++] = (struct junit_case){named ? test_case->name : runs->machine, reason};
    if (reason.bytes != NULL) {
        struct paint paint = paint_for(context->errors);
        fflush(context->out);
        return context_fail(context, EXIT_CODE_FAILED, "%s%.*s%s%s%.*s%s", paint.strong, named ? (int)test_case->name.length : 0,
                            named ? test_case->name.bytes : "", named ? ": " : "", paint.bad, STR_ARGS(reason), paint.off);
    }
    return EXIT_CODE_OK;
}

/* All test cases, or the one of --test-case. */
static enum exit_code run_cases(struct runs *runs)
{
    struct context *context = runs->context;
    struct str wanted = context_flag(context, FLAG_RUN_TEST_CASE);
    enum exit_code worst = EXIT_CODE_OK;
    bool found = false;
    if (runs->mocks.count == 0) {
        return wanted.bytes == NULL ? run_case(runs, NULL)
                                    : context_fail(context, EXIT_CODE_USAGE, "--test-case needs --mocks");
    }
    for (size_t at = 0; at < runs->mocks.count; at++) {
        const struct mocks_case *test_case = &runs->mocks.cases[at];
        if (wanted.bytes != NULL && !str_equal(test_case->name, wanted)) {
            continue;
        }
        found = true;
        enum exit_code code = run_case(runs, test_case);
        worst = code == EXIT_CODE_OK ? worst : code;
    }
    return found ? worst : context_fail(context, EXIT_CODE_USAGE, "there is no test case '%.*s'", STR_ARGS(wanted));
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
    if (context_given(context, FLAG_RUN_MACHINE)) {
        runs->machine = context_flag(context, FLAG_RUN_MACHINE);
    }
    return EXIT_CODE_OK;
}

static enum exit_code read_mocks(struct runs *runs)
{
    struct context *context = runs->context;
    struct str path = context_flag(context, FLAG_RUN_MOCKS);
    struct str text;
    struct str problem;
    const struct value *file = NULL;
    if (path.bytes == NULL) {
        return EXIT_CODE_OK;
    }
    TRY_RUN(json_flag_read_file(context, path.bytes, path.bytes, &text, &file));
    enum status status = mocks_read(context->arena, file, runs->machine, &runs->mocks, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s: %.*s", STR_ARGS(path), STR_ARGS(problem));
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
