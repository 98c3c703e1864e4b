#include "cli/mocks.h"

#include "base/nearest.h"


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
    struct arena *arena;
    const struct machine *machine;
    struct mocks_case *test_case;
    struct str state; /* whose answers are read */
    const struct value *own_mocks; /* of the case: they replace those of the same states; NULL: none */
    struct expectation_problem problem;
};

static enum status refuse(struct reader *reader, const struct value *value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum status refuse(struct reader *reader, const struct value *value, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reader->problem.value = value;
    TRY(arena_copy(reader->arena, str_of(text), &reader->problem.message));
    return STATUS_INVALID;
}

static enum status add(struct reader *reader, struct machine_run_mock mock)
{
    struct mocks_case *test_case = reader->test_case;
    if (test_case->count == test_case->capacity) {
        size_t capacity = test_case->capacity == 0 ? 16 : test_case->capacity * 2;
        struct machine_run_mock *mocks = arena_array(reader->arena, struct machine_run_mock, capacity);
        TRY_NEW(mocks);
        if (test_case->count > 0) {
            memcpy(mocks, test_case->mocks, test_case->count * sizeof *mocks);
        }
        test_case->mocks = mocks;
        test_case->capacity = capacity;
    }
    test_case->mocks[test_case->count++] = mock;
    return STATUS_OK;
}

/* ---- One answer ---- */

/* A text that is JSON stands for that JSON, as TestState has it; any other value for itself. */
static enum status read_result(struct reader *reader, const struct value *result, bool texts, struct str *out_output)
{
    if (texts && result->type == VALUE_STRING && value_text_is_valid(result->string)) {
        *out_output = result->string;
        return STATUS_OK;
    }
    return value_to_text(reader->arena, result, out_output);
}

static enum status read_text(struct reader *reader, const struct value *object, const char *name, struct str *out_text)
{
    const struct value *value = value_get(object, str_of(name));
    if (value != NULL && value->type != VALUE_STRING) {
        return refuse(reader, value, "%s must be a text", name);
    }
    *out_text = value == NULL ? STR_NONE : value->string.bytes == NULL ? STR("") : value->string;
    return STATUS_OK;
}

/* An answer's members: what the task comes to, of which it has one, and pawl's own. fieldValidationMode is TestState's. */
static enum status check_answer(struct reader *reader, const struct value *answer)
{
    static const char *const names[] = {"result",   "errorOutput", "Return",    "Throw",
                                        "noAnswer", "submitted",   "workerName", "fieldValidationMode"};
    size_t outcomes = 0;
    for (uint32_t at = 0; answer->type == VALUE_OBJECT && at < answer->count; at++) {
        size_t name = 0;
        while (name < sizeof names / sizeof names[0] && !str_equal(answer->members[at].key, str_of(names[name]))) {
            name++;
        }
        if (name == sizeof names / sizeof names[0]) {
            return refuse(reader, answer->members[at].value, "an answer has no '%.*s'; it has result or errorOutput (or Return or Throw)",
                          STR_ARGS(answer->members[at].key));
        }
        outcomes += name < 5;
    }
    return outcomes == 1 ? STATUS_OK
                         : refuse(reader, answer,
                                  "an answer has one of result, errorOutput, Return, Throw and noAnswer: {\"result\": …} or "
                                  "{\"errorOutput\": {\"error\": …}}");
}

static enum status read_answer(struct reader *reader, const struct value *answer, struct machine_run_mock *out_mock)
{
    const struct value *result = value_get(answer, STR("result"));
    const struct value *returned = value_get(answer, STR("Return"));
    const struct value *error = value_get(answer, STR("errorOutput"));
    const struct value *thrown = value_get(answer, STR("Throw"));
    const struct value *submitted = value_get(answer, STR("submitted"));
    struct machine_run_mock mock = {.state_name = reader->state};
    TRY(check_answer(reader, answer));
    TRY(read_text(reader, answer, "workerName", &mock.worker_name));
    if (submitted != NULL) {
        TRY(read_result(reader, submitted, true, &mock.submitted));
    }
    if (result != NULL || returned != NULL) {
        TRY(read_result(reader, result != NULL ? result : returned, result != NULL, &mock.output));
    } else if (error != NULL || thrown != NULL) {
        const struct value *failure = error != NULL ? error : thrown;
        if (failure->type != VALUE_OBJECT) {
            return refuse(reader, failure, "an error is an object: {\"%s\": …, \"%s\": …}", error != NULL ? "error" : "Error",
                          error != NULL ? "cause" : "Cause");
        }
        mock.fails = true;
        TRY(read_text(reader, failure, error != NULL ? "error" : "Error", &mock.error));
        TRY(read_text(reader, failure, error != NULL ? "cause" : "Cause", &mock.cause));
    }
    *out_mock = mock;
    return STATUS_OK;
}

/* ---- A state's answers ---- */

struct range {
    int64_t first;
    int64_t last;
    const struct value *answer;
};

/* "3" or "1-2". */
static bool read_range(struct str key, struct range *out_range)
{
    size_t dash = str_find(key, '-');
    if (!str_to_int64(str_slice(key, 0, dash), &out_range->first)) {
        return false;
    }
    out_range->last = out_range->first;
    if (dash < key.length && !str_to_int64(str_from(key, dash + 1), &out_range->last)) {
        return false;
    }
    return out_range->first >= 0 && out_range->last >= out_range->first && out_range->last < MOCKS_OF_RESPONSE_MAX;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left;
    const struct range *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* {"0": …, "1-2": …}: the attempts in order, none left out. */
static enum status read_attempts(struct reader *reader, const struct value *object)
{
    int64_t next = 0;
    struct range *ranges = arena_array(reader->arena, struct range, object->count);
    TRY_NEW(ranges);
    for (uint32_t at = 0; at < object->count; at++) {
        struct str key = object->members[at].key;
        if (!read_range(key, &ranges[at])) {
            return refuse(reader, object->members[at].value, "'%.*s' is no attempt: it must be like \"0\" or \"1-2\"", STR_ARGS(key));
        }
        ranges[at].answer = object->members[at].value;
    }
    qsort(ranges, object->count, sizeof *ranges, compare_ranges);
    for (uint32_t at = 0; at < object->count; at++) {
        struct machine_run_mock mock;
        if (ranges[at].first != next) {
            return refuse(reader, ranges[at].answer, "attempt %lld of %.*s has no answer, or two", (long long)next,
                          STR_ARGS(reader->state));
        }
        TRY(read_answer(reader, ranges[at].answer, &mock));
        for (; next <= ranges[at].last; next++) {
            TRY(add(reader, mock));
        }
    }
    return STATUS_OK;
}

/* The state is one of the machine's that ask for tasks. */
static enum status check_state(struct reader *reader, struct str name, const struct value *value)
{
    size_t index = machine_find_state(reader->machine, name);
    size_t count = machine_state_count(reader->machine);
    struct nearest nearest = nearest_begin(name);
    if (index < count && machine_state_is_task(reader->machine, index)) {
        return STATUS_OK;
    }
    if (index < count) {
        return refuse(reader, value, "state '%.*s' is no Task: only Task states are answered", STR_ARGS(name));
    }
    for (size_t at = 0; at < count; at++) {
        if (machine_state_is_task(reader->machine, at)) {
            nearest_try(&nearest, machine_state_name(reader->machine, at));
        }
    }
    if (nearest.best.length > 0) {
        return refuse(reader, value, "the state machine has no state '%.*s'; is it '%.*s'?", STR_ARGS(name), STR_ARGS(nearest.best));
    }
    return refuse(reader, value, "the state machine has no state '%.*s'", STR_ARGS(name));
}

static enum status read_state(struct reader *reader, struct str name, const struct value *answers)
{
    reader->state = name;
    TRY(check_state(reader, name, answers));
    if (answers->type == VALUE_ARRAY) {
        for (uint32_t at = 0; at < answers->count; at++) {
            struct machine_run_mock mock;
            TRY(read_answer(reader, answers->items[at], &mock));
            TRY(add(reader, mock));
        }
        return STATUS_OK;
    }
    if (answers->type != VALUE_OBJECT || answers->count == 0) {
        return refuse(reader, answers, "the answers of '%.*s' must be an object or an array of them: {\"result\": …}", STR_ARGS(name));
    }
    char first = answers->members[0].key.length > 0 ? answers->members[0].key.bytes[0] : '\0';
    if (first >= '0' && first <= '9') {
        return read_attempts(reader, answers);
    }
    struct machine_run_mock mock;
    TRY(read_answer(reader, answers, &mock));
    mock.repeats = true;
    return add(reader, mock);
}

/* ---- The file ---- */

/* The answers of the states; `responses` are what names stand for. */
static enum status read_states(struct reader *reader, const struct value *states, const struct value *responses)
{
    for (uint32_t at = 0; at < states->count; at++) {
        struct str key = states->members[at].key;
        const struct value *name = states->members[at].value;
        const struct value *answers = name->type == VALUE_STRING ? value_get(responses, name->string) : name;
        if (str_equal(key, STR("PawlTestCases")) || value_get(reader->own_mocks, key) != NULL) {
            continue;
        }
        if (answers == NULL && responses == NULL) {
            return refuse(reader, name, "the answers of '%.*s' must be an object or an array of them: {\"result\": …}", STR_ARGS(key));
        }
        if (answers == NULL) {
            return refuse(reader, name, "MockedResponses has no '%.*s'", STR_ARGS(name->string));
        }
        TRY(read_state(reader, key, answers));
    }
    return STATUS_OK;
}

static enum status check_case_members(struct reader *reader, const struct value *test_case)
{
    static const char *const names[] = {"Input", "Mocks", "Expect", "Comment"};
    if (test_case->type != VALUE_OBJECT) {
        return refuse(reader, test_case, "test case %.*s must be an object: {\"Input\": …, \"Mocks\": …, \"Expect\": …}",
                      STR_ARGS(reader->test_case->name));
    }
    for (uint32_t at = 0; at < test_case->count; at++) {
        bool known = false;
        for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
            known = known || str_equal(test_case->members[at].key, str_of(names[name]));
        }
        if (!known) {
            return refuse(reader, test_case->members[at].value, "a test case has Input, Mocks, Expect and Comment, no '%.*s'",
                          STR_ARGS(test_case->members[at].key));
        }
    }
    return STATUS_OK;
}

/* What PawlTestCases says of a case. */
static enum status read_own(struct reader *reader, const struct value *own, const struct value *responses)
{
    const struct value *mocks = value_get(own, STR("Mocks"));
    const struct value *expect = value_get(own, STR("Expect"));
    struct mocks_case *test_case = reader->test_case;
    reader->own_mocks = NULL;
    if (own != NULL) {
        TRY(check_case_members(reader, own));
    }
    test_case->input = value_get(own, STR("Input"));
    TRY(expectation_read(reader->arena, expect, &test_case->expectation, &reader->problem));
    if (mocks == NULL) {
        return STATUS_OK;
    }
    if (mocks->type != VALUE_OBJECT) {
        return refuse(reader, mocks, "Mocks must be an object: {\"State\": {\"result\": …}}");
    }
    TRY(read_states(reader, mocks, responses));
    reader->own_mocks = mocks;
    return STATUS_OK;
}

/* A case: what is its own, then what AWS's configuration says, or what all cases share. */
static enum status read_case(struct reader *reader, const struct value *own, const struct value *states,
                             const struct value *responses)
{
    TRY(read_own(reader, own, responses));
    if (states == NULL) {
        return STATUS_OK;
    }
    if (states->type != VALUE_OBJECT) {
        return refuse(reader, states, "test case %.*s must be an object: {\"State\": \"Response\"}", STR_ARGS(reader->test_case->name));
    }
    return read_states(reader, states, responses);
}

/* Where the cases of a file stand. */
struct case_lists {
    const struct value *cases;     /* AWS's, or NULL */
    const struct value *own;       /* PawlTestCases, or NULL */
    const struct value *shared;    /* answers for all of PawlTestCases, or NULL */
    const struct value *responses; /* MockedResponses, or NULL */
};

static enum status read_lists(struct reader *reader, const struct case_lists *lists, struct mocks *mocks)
{
    uint32_t most = (lists->cases == NULL ? 0 : lists->cases->count) + (lists->own == NULL ? 0 : lists->own->count);
    mocks->cases = arena_array(reader->arena, struct mocks_case, most);
    TRY_NEW(mocks->cases);
    for (uint32_t at = 0; lists->cases != NULL && at < lists->cases->count; at++) {
        struct str name = lists->cases->members[at].key;
        reader->test_case = &mocks->cases[mocks->count++];
        reader->test_case->name = name;
        TRY(read_case(reader, value_get(lists->own, name), lists->cases->members[at].value, lists->responses));
    }
    for (uint32_t at = 0; lists->own != NULL && at < lists->own->count; at++) {
        struct str name = lists->own->members[at].key;
        if (value_get(lists->cases, name) == NULL) {
            reader->test_case = &mocks->cases[mocks->count++];
            reader->test_case->name = name;
            TRY(read_case(reader, lists->own->members[at].value, lists->shared, lists->responses));
        }
    }
    return STATUS_OK;
}

static enum status find_machine(struct reader *reader, const struct value *machines, struct str name, const struct value **out_machine)
{
    *out_machine = value_get(machines, name);
    if (*out_machine == NULL && machines->type == VALUE_OBJECT && machines->count == 1) {
        *out_machine = machines->members[0].value;
    }
    return *out_machine != NULL
               ? STATUS_OK
               : refuse(reader, machines, "StateMachines has no '%.*s'; name one of them by --machine", STR_ARGS(name));
}

static bool has_members(const struct value *value)
{
    return value != NULL && value->type == VALUE_OBJECT && value->count > 0;
}

static enum status read_all(struct reader *reader, const struct value *file, struct str machine, struct mocks *mocks)
{
    const struct value *machines = value_get(file, STR("StateMachines"));
    const struct value *found = file;
    if (file->type != VALUE_OBJECT) {
        return refuse(reader, file, "it must be an object: {\"State\": {\"result\": …}}");
    }
    if (machines != NULL) {
        TRY(find_machine(reader, machines, machine, &found));
    }
    const struct case_lists lists = {
        .cases = machines == NULL ? NULL : value_get(found, STR("TestCases")),
        .own = value_get(found, STR("PawlTestCases")),
        .shared = machines == NULL ? file : NULL,
        .responses = value_get(file, STR("MockedResponses")),
    };
    if ((lists.own != NULL && !has_members(lists.own)) || (lists.cases != NULL && !has_members(lists.cases))) {
        return refuse(reader, lists.own != NULL && !has_members(lists.own) ? lists.own : lists.cases,
                      "test cases are an object that is not empty: {\"Name\": {…}}");
    }
    if (lists.own != NULL || lists.cases != NULL) {
        return read_lists(reader, &lists, mocks);
    }
    if (machines != NULL) {
        return refuse(reader, found, "the state machine has no TestCases");
    }
    mocks->count = 1;
    mocks->cases = arena_new(reader->arena, struct mocks_case);
    TRY_NEW(mocks->cases);
    reader->test_case = mocks->cases;
    return read_case(reader, NULL, file, NULL);
}

enum status mocks_read(struct arena *arena, const struct value *file, const struct mocks_subject *subject, struct mocks *out_mocks,
                       struct expectation_problem *out_problem)
{
    struct reader reader = {.arena = arena, .machine = subject->machine};
    struct mocks mocks = {NULL, 0};
    enum status status = read_all(&reader, file, subject->name, &mocks);
    if (status == STATUS_INVALID) {
        *out_problem = reader.problem;
    } else if (status == STATUS_OK) {
        *out_mocks = mocks;
    }
    return status;
}

enum status mocks_fresh(struct arena *arena, const struct mocks_case *of, struct machine_run_mock **out_mocks)
{
    struct machine_run_mock *mocks = arena_array(arena, struct machine_run_mock, of->count + 1);
    TRY_NEW(mocks);
    if (of->count > 0) {
        memcpy(mocks, of->mocks, of->count * sizeof *mocks);
    }
    *out_mocks = mocks;
    return STATUS_OK;
}
