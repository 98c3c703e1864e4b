/* A definition: compiled, compiled again from what it prints as, and, when it is valid, run for a while. */
#include "fuzz.h"

#include "asl/interpreter.h"

#define FUZZ_ROUNDS_MAX 60
#define FUZZ_EVENTS_MAX 300
#define FUZZ_INPUT "{\"a\":[1,2.50,\"x\",null],\"b\":{\"c\":true,\"d\":\"2024-02-29T01:02:03Z\"},\"n\":3,\"s\":\"text\"}"

/* ---- Running ---- */

static struct step_event answer_of(size_t number)
{
    switch (number % 4) {
    case 0:
        return (struct step_event){.type = STEP_TASK_SUCCEEDED, .output = STR("{\"a\":[1,{\"b\":2}],\"s\":\"x\"}")};
    case 1:
        return (struct step_event){.type = STEP_TASK_FAILED, .error = STR("States.Timeout"), .cause = STR("late")};
    case 2:
        return (struct step_event){.type = STEP_TASK_FAILED, .error = STR("E")};
    default:
        return (struct step_event){.type = STEP_TASK_SUCCEEDED, .output = STR("[3,\"y\",{}]")};
    }
}

static enum status answer_tasks(struct interpreter *interpreter)
{
    size_t count = interpreter_task_count(interpreter);
    for (size_t at = 0; at < count; at++) {
        enum step_outcome outcome = STEP_APPLIED;
        if (!interpreter_task(interpreter, at)->answered) {
            /* An answer marks its task. */
            TRY(interpreter_answer(interpreter, interpreter_task(interpreter, at)->request, answer_of(at), &outcome));
            interpreter_task(interpreter, at)->answered = true;
        }
    }
    return STATUS_OK;
}

static void check_history(struct interpreter *interpreter)
{
    size_t count = interpreter_event_count(interpreter);
    for (size_t at = 0; at < count; at++) {
        FUZZ_REQUIRE(interpreter_event(interpreter, at)->id == (int64_t)at + 1);
    }
}

static bool is_running(struct interpreter *interpreter)
{
    return str_equal(interpreter_status(interpreter)->status, STR("RUNNING"));
}

static void check_end(struct interpreter *interpreter)
{
    const struct execution_status *end = interpreter_status(interpreter);
    check_history(interpreter);
    if (str_equal(end->status, STR("SUCCEEDED"))) {
        FUZZ_REQUIRE(value_text_is_valid(end->output));
    } else {
        FUZZ_REQUIRE(is_running(interpreter) || end->output.bytes == NULL);
    }
}

static enum status go_on(struct interpreter *interpreter)
{
    TRY(interpreter_start(interpreter, STR(FUZZ_INPUT)));
    for (int round = 0; round < FUZZ_ROUNDS_MAX && is_running(interpreter); round++) {
        TRY(answer_tasks(interpreter));
        if (is_running(interpreter)) {
            TRY(interpreter_advance(interpreter, interpreter_next_due_ms(interpreter)));
        }
    }
    return STATUS_OK;
}

static void run(const struct machine *machine)
{
    struct step_config config = step_config_default;
    struct interpreter *interpreter = NULL;
    config.history_events_max = FUZZ_EVENTS_MAX;
    const struct interpreter_options options = {
        .machine = machine, .config = &config, .start_ms = 1709164800123, .seed = 7, .memory_bytes_max = FUZZ_ARENA_BYTES};
    FUZZ_REQUIRE(interpreter_create(&options, &interpreter) == STATUS_OK);
    enum status status = go_on(interpreter);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_LIMIT_EXCEEDED);
    if (status == STATUS_OK) {
        check_end(interpreter);
    }
    interpreter_destroy(interpreter);
}

/* ---- Compiling ---- */

static void check_findings(const struct findings *findings, enum status status)
{
    FUZZ_REQUIRE((status == STATUS_INVALID) == (findings->error_count > 0));
    for (size_t at = 0; at < findings->count; at++) {
        FUZZ_REQUIRE(findings->items[at].code.length > 0 && findings->items[at].message.length > 0);
    }
}

/* The same definition in other words: without blanks. */
static void compile_again(struct str text, enum machine_type type, enum status first, const struct findings *wanted)
{
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    const struct value *value = NULL;
    const struct machine *machine = NULL;
    struct findings findings = {0};
    struct value_error error = {0};
    struct str printed;
    if (value_parse_unique(arena, text, &value, &error) == STATUS_OK) {
        FUZZ_REQUIRE(value_to_text(arena, value, &printed) == STATUS_OK);
        FUZZ_REQUIRE(machine_compile(arena, printed, type, &machine, &findings) == first);
        FUZZ_REQUIRE(findings.count == wanted->count);
        for (size_t at = 0; at < findings.count; at++) {
            FUZZ_REQUIRE(str_equal(findings.items[at].code, wanted->items[at].code));
            FUZZ_REQUIRE(str_equal(findings.items[at].location, wanted->items[at].location));
        }
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    enum machine_type type = size % 8 == 0 ? MACHINE_EXPRESS : MACHINE_STANDARD;
    struct arena *arena = arena_create(FUZZ_ARENA_BYTES);
    const struct machine *machine = NULL;
    struct findings findings = {0};
    enum status status = machine_compile(arena, text, type, &machine, &findings);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_LIMIT_EXCEEDED);
    if (status != STATUS_LIMIT_EXCEEDED) {
        check_findings(&findings, status);
        compile_again(text, type, status, &findings);
    }
    if (status == STATUS_OK) {
        run(machine);
    }
    arena_destroy(arena);
    return 0;
}
