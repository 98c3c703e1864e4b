/* Runs a machine in memory by a script, for tests: a case is JSON (tests/conformance/steps.jsonl tells its members). */
#ifndef PAWL_TESTS_ASL_STEP_SCRIPT_H
#define PAWL_TESTS_ASL_STEP_SCRIPT_H

#include "asl/interpreter.h"
#include "asl/value.h"

struct script_result {
    struct interpreter *interpreter; /* the caller's to destroy */
    struct str problem;              /* why the case could not be run; STR_NONE: it ran */
};

/* Runs the case's `definition` on its `input` by its `script`. Everything lies in `arena` or the interpreter's. */
enum status script_run(struct arena *arena, const struct value *test, struct script_result *out_result);

/* An event as a test shows it: "5 4 TaskSucceeded output={…}". */
enum status script_event_line(struct arena *arena, const struct history_event *event, struct str *out_line);

/* Reads a whole file into the arena; STATUS_NOT_FOUND. */
enum status script_read_file(struct arena *arena, const char *path, struct str *out_text);

/* The next line of *rest, which moves on; false at the end. */
bool script_next_line(struct str *rest, struct str *out_line);

#endif
