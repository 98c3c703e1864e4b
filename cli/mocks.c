#include "cli/mocks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct reader {
    struct arena *arena;
    struct mocks_case *test_case;
    struct str state; /* whose answers are read */
    struct str problem;
};

static enum status refuse(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static enum status refuse(struct reader *reader, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    TRY(arena_copy(reader->arena, str_of(text), &reader->problem));
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
        return refuse(reader, "%.*s: %s must be a text", STR_ARGS(reader->state), name);
    }
    *out_text = value == NULL ? STR_NONE : value->string;
    return STATUS_OK;
}

static enum status read_answer(struct reader *reader, const struct value *answer, struct machine_run_mock *out_mock)
{
    const struct value *result = value_get(answer, STR("result"));
    const struct value *returned = value_get(answer, STR("Return"));
    const struct value *error = value_get(answer, STR("errorOutput"));
    const struct value *thrown = value_get(answer, STR("Throw"));
    struct machine_run_mock mock = {.state_name = reader->state};
    if ((result != NULL) + (returned != NULL) + (error != NULL) + (thrown != NULL) != 1) {
        return refuse(reader, "%.*s: an answer has one of result, errorOutput, Return and Throw", STR_ARGS(reader->state));
    }
    if (result != NULL || returned != NULL) {
        TRY(read_result(reader, result != NULL ? result : returned, result != NULL, &mock.output));
    } else {
        const struct value *failure = error != NULL ? error : thrown;
        if (failure->type != VALUE_OBJECT) {
            return refuse(reader, "%.*s: an error is an object", STR_ARGS(reader->state));
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
            return refuse(reader, "%.*s: '%.*s' is no attempt (0, 1, 2-5)", STR_ARGS(reader->state), STR_ARGS(key));
        }
        ranges[at].answer = object->members[at].value;
    }
    qsort(ranges, object->count, sizeof *ranges, compare_ranges);
    for (uint32_t at = 0; at < object->count; at++) {
        struct machine_run_mock mock;
        if (ranges[at].first != next) {
            return refuse(reader, "%.*s: attempt %lld has no answer, or two", STR_ARGS(reader->state), (long long)next);
        }
        TRY(read_answer(reader, ranges[at].answer, &mock));
        for (; next <= ranges[at].last; next++) {
            TRY(add(reader, mock));
        }
    }
    return STATUS_OK;
}

static enum status read_state(struct reader *reader, struct str name, const struct value *answers)
{
    reader->state = name;
    if (answers->type == VALUE_ARRAY) {
        for (uint32_t at = 0; at < answers->count; at++) {
            struct machine_run_mock mock;
            TRY(read_answer(reader, answers->items[at], &mock));
            TRY(add(reader, mock));
        }
        return STATUS_OK;
    }
    if (answers->type != VALUE_OBJECT || answers->count == 0) {
        return refuse(reader, "%.*s: its answers are an object or an array of them", STR_ARGS(name));
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

static enum status find_machine(struct reader *reader, const struct value *machines, struct str name, const struct value **out_machine)
{
    *out_machine = value_get(machines, name);
    if (*out_machine == NULL && machines->type == VALUE_OBJECT && machines->count == 1) {
        *out_machine = machines->members[0].value;
    }
    return *out_machine != NULL ? STATUS_OK
                                : refuse(reader, "StateMachines has no '%.*s'; name one of them by --machine", STR_ARGS(name));
}

static enum status read_case(struct reader *reader, const struct value *states, const struct value *responses)
{
    if (states->type != VALUE_OBJECT) {
        return refuse(reader, "test case %.*s must be an object", STR_ARGS(reader->test_case->name));
    }
    for (uint32_t at = 0; at < states->count; at++) {
        const struct value *name = states->members[at].value;
        const struct value *answers = name->type == VALUE_STRING ? value_get(responses, name->string) : name;
        if (answers == NULL) {
            return refuse(reader, "MockedResponses has no '%.*s'", STR_ARGS(name->string));
        }
        TRY(read_state(reader, states->members[at].key, answers));
    }
    return STATUS_OK;
}

static enum status read_cases(struct reader *reader, const struct value *file, struct str machine, struct mocks *mocks)
{
    const struct value *responses = value_get(file, STR("MockedResponses"));
    const struct value *found = NULL;
    TRY(find_machine(reader, value_get(file, STR("StateMachines")), machine, &found));
    const struct value *cases = value_get(found, STR("TestCases"));
    if (cases == NULL || cases->type != VALUE_OBJECT || cases->count == 0) {
        return refuse(reader, "the state machine has no TestCases");
    }
    mocks->count = cases->count;
    mocks->cases = arena_array(reader->arena, struct mocks_case, cases->count);
    TRY_NEW(mocks->cases);
    for (uint32_t at = 0; at < cases->count; at++) {
        mocks->cases[at].name = cases->members[at].key;
        reader->test_case = &mocks->cases[at];
        TRY(read_case(reader, cases->members[at].value, responses));
    }
    return STATUS_OK;
}

static enum status read_all(struct reader *reader, const struct value *file, struct str machine, struct mocks *mocks)
{
    if (file->type != VALUE_OBJECT) {
        return refuse(reader, "it must be an object");
    }
    if (value_get(file, STR("StateMachines")) != NULL) {
        return read_cases(reader, file, machine, mocks);
    }
    mocks->count = 1;
    mocks->cases = arena_new(reader->arena, struct mocks_case);
    TRY_NEW(mocks->cases);
    reader->test_case = mocks->cases;
    return read_case(reader, file, NULL);
}

enum status mocks_read(struct arena *arena, const struct value *file, struct str machine, struct mocks *out_mocks,
                       struct str *out_problem)
{
    struct reader reader = {.arena = arena};
    struct mocks mocks = {NULL, 0};
    enum status status = read_all(&reader, file, machine, &mocks);
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
