/* Answers to tasks from a file, for `pawl run`, and the test cases that they make. Two forms:
 *
 *   {"State": {"result": …}, "Other": [{"errorOutput": {"error": …, "cause": …}}, {"result": …}]}
 *       as TestState's mocks; `result` is a value, or its JSON text. An array answers attempt by attempt, a single one always.
 *   {"StateMachines": {NAME: {"TestCases": {CASE: {STATE: RESPONSE}}}}, "MockedResponses": {RESPONSE: {"0": …, "1-2": …}}}
 *       the mock configuration of AWS Step Functions Local: {"Return": …} or {"Throw": {"Error": …, "Cause": …}}.
 *
 * An answer may also be {"noAnswer": true}: the task is never answered, and times out if it can. Beside any of these,
 * "submitted" is the output of TaskSubmitted before, and "workerName" who began the task.
 *
 * pawl's own addition to either, beside the states or beside "TestCases":
 *
 *   "PawlTestCases": {CASE: {"Input": …, "Mocks": {STATE: …}, "Expect": {"Output": …}}}
 *       test cases of their own, or what those of the same name lack. Mocks replace the answers of the same states. */
#ifndef PAWL_CLI_MOCKS_H
#define PAWL_CLI_MOCKS_H

#include "asl/machine.h"
#include "asl/value.h"
#include "cli/expectation.h"
#include "cli/machine_run.h"

#define MOCKS_OF_RESPONSE_MAX 100000 /* attempts that one response may answer */

struct mocks_case {
    struct str name; /* STR_NONE in a file without test cases */
    struct machine_run_mock *mocks;
    size_t count;
    size_t capacity;
    const struct value *input; /* NULL: that of the command line */
    struct expectation expectation;
};

struct mocks {
    struct mocks_case *cases; /* one in a file without test cases */
    size_t count;
};

/* Whose tasks are answered. */
struct mocks_subject {
    struct str name; /* picks one of the file's StateMachines; needs to be there only when it has several */
    const struct machine *machine;
};

/* Reads what the file holds. INVALID: *out_problem says what is wrong with which value of it. */
MUST_CHECK enum status mocks_read(struct arena *arena, const struct value *file, const struct mocks_subject *subject,
                                  struct mocks *out_mocks, struct expectation_problem *out_problem);

/* Copies the case's mocks, unused. */
MUST_CHECK enum status mocks_fresh(struct arena *arena, const struct mocks_case *of, struct machine_run_mock **out_mocks);

#endif
