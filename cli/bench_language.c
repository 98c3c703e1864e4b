/* `pawl bench language`: how long an expression takes that was compiled once, beside others who evaluate the same, and what
 * compiling a large definition costs.
 *
 * A peer is a command: it gets the file of cases and the milliseconds to spend on each as arguments, and writes a line for
 * each case that it evaluated: the case's number, a blank, nanoseconds an evaluation. tests/bench/language has them. */
#include "asl/jsonata/jsonata.h"
#include "asl/jsonpath/path.h"
#include "asl/machine.h"
#include "base/limits.h"
#include "cli/bench.h"
#include "cli/file.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define CASES_BYTES_MAX ((size_t)256 << 20)
#define CASES_MAX 10000
#define SLICE_MS 2 /* of each case, in each round */
#define ROUNDS 3
#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define JSONATA_RATIO_MIN 10
#define JSONPATH_RATIO_MIN 3
#define LOOKUPS 50
#define COMPILE_MS_MAX 50
#define COMPILE_GROWTH_MAX 5 /* of the time, when the definition is four times as large */

enum language { LANGUAGE_JSONATA, LANGUAGE_JSONPATH, LANGUAGE_COUNT };

static const struct {
    struct str name;
    enum flag_id peer;
    double ratio_min;
} languages[LANGUAGE_COUNT] = {
    {STR_INIT("jsonata"), FLAG_BENCH_JSONATA, JSONATA_RATIO_MIN},
    {STR_INIT("jsonpath"), FLAG_BENCH_JSONPATH, JSONPATH_RATIO_MIN},
};

struct language_case {
    enum language language;
    struct str set; /* suite, document */
    const struct value *data;
    const struct value *bindings;
    const struct jsonata *program;
    const struct path *path;
    bool usable;            /* it compiles, and evaluates without error */
    double ours[ROUNDS];    /* ns an evaluation */
    double theirs[ROUNDS];  /* 0: the peer did not evaluate it */
};

struct language_bench {
    struct bench *bench;
    struct arena *arena;   /* cases and programs */
    struct arena *scratch; /* one evaluation */
    struct language_case *cases;
    size_t count;
    struct env env;
};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* ---- Cases ---- */

static enum status read_case(struct language_bench *bench, struct str line, struct language_case *out_case)
{
    const struct value *value = NULL;
    struct jsonata_error error;
    TRY(value_parse(bench->arena, line, &value, NULL));
    const struct value *expression = value_get(value, STR("expr"));
    const struct value *language = value_get(value, STR("language"));
    const struct value *set = value_get(value, STR("set"));
    if (expression == NULL || expression->type != VALUE_STRING || language == NULL || set == NULL) {
        return STATUS_INVALID;
    }
    *out_case = (struct language_case){
        .language = str_equal(language->string, languages[LANGUAGE_JSONATA].name) ? LANGUAGE_JSONATA : LANGUAGE_JSONPATH,
        .set = set->string,
        .data = value_get(value, STR("data")),
        .bindings = value_get(value, STR("bindings")),
    };
    enum status status = out_case->language == LANGUAGE_JSONATA
                             ? jsonata_compile(bench->arena, expression->string, &out_case->program, &error)
                             : path_compile(bench->arena, expression->string, &out_case->path, NULL);
    out_case->usable = status == STATUS_OK;
    return status == STATUS_LIMIT_EXCEEDED ? status : STATUS_OK;
}

static enum exit_code read_cases(struct language_bench *bench, const char *path)
{
    struct context *context = bench->bench->context;
    struct str text;
    if (file_read(bench->arena, path, CASES_BYTES_MAX, &text) != STATUS_OK) {
        return context_fail(context, EXIT_CODE_USAGE, "%s can't be read", path);
    }
    bench->cases = arena_array(bench->arena, struct language_case, CASES_MAX);
    TRY_MEMORY(context, bench->cases == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK);
    while (text.length > 0 && bench->count < CASES_MAX) {
        size_t end = str_find(text, '\n');
        if (end > 0 && read_case(bench, str_slice(text, 0, end), &bench->cases[bench->count]) != STATUS_OK) {
            return context_fail(context, EXIT_CODE_USAGE, "%s: line %zu is no case", path, bench->count + 1);
        }
        bench->count += end > 0;
        text = str_from(text, end < text.length ? end + 1 : end);
    }
    return EXIT_CODE_OK;
}

/* ---- Ours ---- */

static bool evaluate(struct language_bench *bench, const struct language_case *one)
{
    const struct value *result = NULL;
    enum status status;
    if (one->language == LANGUAGE_JSONATA) {
        bool is_function;
        struct jsonata_error error;
        const struct jsonata_scope scope = {.input = one->data, .bindings = one->bindings, .env = &bench->env};
        status = jsonata_evaluate(bench->scratch, one->program, &scope, &result, &is_function, &error);
    } else {
        const struct path_roots roots = {.input = one->data};
        status = path_evaluate(bench->scratch, one->path, &roots, &result, NULL);
    }
    arena_reset(bench->scratch);
    return status == STATUS_OK;
}

static double time_case(struct language_bench *bench, const struct language_case *one)
{
    double began = cpu_ns();
    double now = began;
    uint64_t done = 0;
    for (uint64_t batch = 1; now - began < SLICE_MS * 1e6; batch *= 2) {
        for (uint64_t at = 0; at < batch; at++) {
            (void)!evaluate(bench, one);
        }
        done += batch;
        now = cpu_ns();
    }
    return (now - began) / (double)done;
}

static void time_ours(struct language_bench *bench, int round)
{
    for (size_t at = 0; at < bench->count; at++) {
        struct language_case *one = &bench->cases[at];
        one->usable = one->usable && evaluate(bench, one);
        if (one->usable) {
            one->ours[round] = time_case(bench, one);
        }
    }
}

/* ---- Theirs ---- */

static enum exit_code time_peer(struct language_bench *bench, const char *path, struct str command, int round)
{
    struct context *context = bench->bench->context;
    struct str line;
    TRY_MEMORY(context, arena_format(context->arena, &line, "%.*s '%s' %d", STR_ARGS(command), path, SLICE_MS));
    FILE *answers = popen(line.bytes, "r");
    if (answers == NULL) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s can't be started", STR_ARGS(command));
    }
    size_t number;
    double ns;
    while (fscanf(answers, "%zu %lf", &number, &ns) == 2) {
        if (number < bench->count) {
            bench->cases[number].theirs[round] = ns;
        }
    }
    if (pclose(answers) != 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%.*s failed", STR_ARGS(command));
    }
    return EXIT_CODE_OK;
}

/* ---- The figures ---- */

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(const double rounds[ROUNDS])
{
    double sorted[ROUNDS];
    memcpy(sorted, rounds, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, by_size);
    return sorted[ROUNDS / 2];
}

/* Of the cases of a language and a set that both evaluate: how many times faster we are. */
static enum exit_code report_set(struct language_bench *bench, enum language language, struct str set)
{
    struct bench_report *report = &bench->bench->report;
    double *ratios = arena_array(bench->arena, double, bench->count);
    double logs = 0;
    double ns = 0;
    size_t count = 0;
    size_t alone = 0;
    TRY_MEMORY(bench->bench->context, ratios == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK);
    for (size_t at = 0; at < bench->count; at++) {
        const struct language_case *one = &bench->cases[at];
        if (one->language != language || !str_equal(one->set, set) || !one->usable) {
            continue;
        }
        double theirs = median(one->theirs);
        alone++;
        ns += median(one->ours);
        if (theirs > 0) {
            ratios[count++] = theirs / median(one->ours);
            logs += log(ratios[count - 1]);
        }
    }
    if (alone == 0) {
        return EXIT_CODE_OK;
    }
    const char *name = languages[language].name.bytes;
    bench_report_add(report, "language", "us", ns / (double)alone / 1000, "%s, %.*s: an evaluation, mean of %zu", name, STR_ARGS(set),
                     alone);
    bench_tell(bench->bench);
    if (count > 0) {
        qsort(ratios, count, sizeof *ratios, by_size);
        bench_report_add(report, "language", "x", ratios[count / 20], "%s, %.*s: faster than the peer, worst twentieth", name,
                         STR_ARGS(set));
        bench_tell(bench->bench);
        bench_report_add(report, "language", "x", exp(logs / (double)count), "%s, %.*s: faster than the peer, geometric mean of %zu",
                         name, STR_ARGS(set), count);
        bench_report_goal(report, BENCH_AT_LEAST, languages[language].ratio_min);
        bench_tell(bench->bench);
    }
    return EXIT_CODE_OK;
}

/* One round of each in turn, so that a noisy minute is everybody's. */
static enum exit_code run_cases(struct language_bench *bench, const char *path)
{
    struct context *context = bench->bench->context;
    static const struct str sets[] = {STR_INIT("suite"), STR_INIT("document")};
    TRY_RUN(read_cases(bench, path));
    for (int round = 0; round < ROUNDS; round++) {
        time_ours(bench, round);
        for (size_t language = 0; language < LANGUAGE_COUNT; language++) {
            struct str command = context_flag(context, languages[language].peer);
            if (command.bytes != NULL) {
                TRY_RUN(time_peer(bench, path, command, round));
            }
        }
    }
    for (size_t language = 0; language < LANGUAGE_COUNT; language++) {
        for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
            TRY_RUN(report_set(bench, (enum language)language, sets[set]));
        }
    }
    return EXIT_CODE_OK;
}

/* ---- Compiling ---- */

/* A definition of about that size: tasks with Retry and Catch, choices, expressions of both kinds. */
static enum status make_definition(struct arena *arena, size_t bytes, struct str *out_text)
{
    struct buffer text = buffer_in(arena);
    TRY(buffer_add(&text, STR("{\"StartAt\":\"T0\",\"States\":{")));
    for (int at = 0; text.length + 1200 < bytes; at++) {
        TRY(buffer_format(&text,
                          "\"T%d\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":{\"FunctionName\":"
                          "\"f%d\",\"Payload\":{\"id.$\":\"$.orders[%d].id\",\"sum.$\":\"States.MathAdd($.a, %d)\"}},\"Retry\":[{"
                          "\"ErrorEquals\":[\"States.Timeout\"],\"MaxAttempts\":3}],\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],"
                          "\"Next\":\"End\"}],\"ResultPath\":\"$.r%d\",\"Next\":\"C%d\"},",
                          at, at, at, at, at, at));
        TRY(buffer_format(&text,
                          "\"C%d\":{\"Type\":\"Choice\",\"Choices\":[{\"And\":[{\"Variable\":\"$.r%d\",\"IsPresent\":true},{\"Variable\":"
                          "\"$.r%d.n\",\"NumericGreaterThan\":%d}],\"Next\":\"J%d\"}],\"Default\":\"T%d\"},"
                          "\"J%d\":{\"Type\":\"Pass\",\"QueryLanguage\":\"JSONata\",\"Output\":{\"t\":\"{%% $sum($states.input.orders"
                          "[price > %d].(price * quantity)) %%}\"},\"Next\":\"T%d\"},",
                          at, at, at, at, at, at + 1, at, at, at + 1));
        *out_text = (struct str){NULL, (size_t)at + 1};
    }
    TRY(buffer_format(&text, "\"T%zu\":{\"Type\":\"Pass\",\"Next\":\"End\"},\"End\":{\"Type\":\"Succeed\"}}}", out_text->length));
    *out_text = buffer_text(&text);
    return STATUS_OK;
}

static enum status time_compile(struct language_bench *bench, size_t bytes, double *out_ms)
{
    double rounds[ROUNDS];
    struct str text;
    TRY(make_definition(bench->arena, bytes, &text));
    for (int round = 0; round < ROUNDS; round++) {
        const struct machine *machine = NULL;
        struct findings findings = {0};
        double began = cpu_ns();
        TRY(machine_compile(bench->scratch, text, MACHINE_STANDARD, &machine, &findings));
        rounds[round] = (cpu_ns() - began) / 1e6;
        arena_reset(bench->scratch);
    }
    *out_ms = median(rounds);
    return STATUS_OK;
}

static enum exit_code run_compile(struct language_bench *bench)
{
    struct bench_report *report = &bench->bench->report;
    double quarter = 0;
    double whole = 0;
    TRY_MEMORY(bench->bench->context, time_compile(bench, DEFINITION_BYTES_MAX / 4, &quarter));
    TRY_MEMORY(bench->bench->context, time_compile(bench, DEFINITION_BYTES_MAX, &whole));
    bench_report_add(report, "language", "ms", whole, "definition of 1 MiB: compiled and validated, CPU");
    bench_report_goal(report, BENCH_AT_MOST, COMPILE_MS_MAX);
    bench_tell(bench->bench);
    bench_report_add(report, "language", "x", whole / quarter, "definition of 1 MiB: the CPU of one of 256 KiB");
    bench_report_goal(report, BENCH_AT_MOST, COMPILE_GROWTH_MAX);
    bench_tell(bench->bench);
    return EXIT_CODE_OK;
}

/* One path into a payload that is not parsed yet: by a tree of it, and by looking it up in the text. */
static enum status time_lookup(struct language_bench *bench, double *out_ratio)
{
    const struct path *path = NULL;
    struct str text;
    double rounds[ROUNDS];
    TRY(make_definition(bench->arena, PAYLOAD_BYTES_MAX, &text));
    TRY(path_compile(bench->arena, STR("$.States.C9.Choices[0].Next"), &path, NULL));
    for (int round = 0; round < ROUNDS; round++) {
        const struct value *value = NULL;
        double began = cpu_ns();
        for (int at = 0; at < LOOKUPS; at++) {
            struct path_roots roots = {0};
            TRY(value_parse(bench->scratch, text, &roots.input, NULL));
            TRY(path_evaluate(bench->scratch, path, &roots, &value, NULL));
            arena_reset(bench->scratch);
        }
        double middle = cpu_ns();
        for (int at = 0; at < LOOKUPS; at++) {
            TRY(path_scan(bench->scratch, path, text, &value));
            arena_reset(bench->scratch);
        }
        rounds[round] = (middle - began) / (cpu_ns() - middle);
    }
    *out_ratio = median(rounds);
    return STATUS_OK;
}

static enum exit_code run_lookup(struct language_bench *bench)
{
    double ratio = 0;
    TRY_MEMORY(bench->bench->context, time_lookup(bench, &ratio));
    bench_report_add(&bench->bench->report, "language", "x", ratio, "a path into 256 KiB of text: scanned, faster than parsed");
    bench_tell(bench->bench);
    return EXIT_CODE_OK;
}

enum exit_code bench_language(struct bench *bench)
{
    struct str path = context_flag(bench->context, FLAG_BENCH_CASES);
    struct language_bench language = {
        .bench = bench,
        .arena = arena_create(ARENA_BYTES_MAX),
        .scratch = arena_create(ARENA_BYTES_MAX),
        .env = {.now_ms = 1700000000000},
    };
    enum status status = language.arena == NULL || language.scratch == NULL ? STATUS_LIMIT_EXCEEDED : STATUS_OK;
    enum exit_code code = status == STATUS_OK ? run_compile(&language) : context_fail_memory(bench->context);
    if (code == EXIT_CODE_OK) {
        code = run_lookup(&language);
    }
    if (code == EXIT_CODE_OK && path.bytes != NULL) {
        code = run_cases(&language, path.bytes);
    }
    arena_destroy(language.arena);
    arena_destroy(language.scratch);
    return code;
}
