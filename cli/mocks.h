/* Answers to tasks from a file, for `pawl run`. Two forms:
 *
 *   {"State": {"result": …}, "Other": [{"errorOutput": {"error": …, "cause": …}}, {"result": …}]}
 *       as TestState's mocks; `result` is a value, or its JSON text. An array answers attempt by attempt, a single one always.
 *   {"StateMachines": {NAME: {"TestCases": {CASE: {STATE: RESPONSE}}}}, "MockedResponses": {RESPONSE: {"0": …, "1-2": …}}}
 *       the mock configuration of AWS Step Functions Local: {"Return": …} or {"Throw": {"Error": …, "Cause": …}}. */
#ifndef PAWL_CLI_MOCKS_H
#define PAWL_CLI_MOCKS_H

#include "asl/value.h"
#include "cli/machine_run.h"

#define MOCKS_OF_RESPONSE_MAX 100000 /* attempts that one response may answer */

struct mocks_case {
    struct str name; /* STR_NONE in a file without test cases */
    struct machine_run_mock *mocks;
    size_t count;
    size_t capacity;
};

struct mocks {
    struct mocks_case *cases; /* one in a file without test cases */
    size_t count;
};

/* Reads what the file holds; `machine` picks one of its StateMachines, and needs to be there only when it has several.
 * INVALID: *out_problem says what is wrong. */
MUST_CHECK enum status mocks_read(struct arena *arena, const struct value *file, struct str machine, struct mocks *out_mocks,
                                  struct str *out_problem);

/* Copies the case's mocks, unused. */
MUST_CHECK enum status mocks_fresh(struct arena *arena, const struct mocks_case *of, struct machine_run_mock **out_mocks);

#endif
