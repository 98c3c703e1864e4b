/* Findings about a definition as `pawl validate` shows them. */
#ifndef PAWL_CLI_DIAGNOSIS_H
#define PAWL_CLI_DIAGNOSIS_H

#include "base/buffer.h"
#include "cli/definition_file.h"
#include "cli/paint.h"

/* Which findings are shown, and how bad they are. */
struct diagnosis_view {
    bool strict;      /* what AWS accepts and pawl's engine does not have yet is an error; else a warning */
    bool errors_only; /* no warnings */
    size_t max;       /* at most so many; 0: all */
};

enum finding_severity diagnosis_severity(const struct diagnosis_view *view, const struct finding *finding);

size_t diagnosis_error_count(const struct diagnosis_view *view, const struct findings *findings);

/* Adds "result":"OK|FAIL","diagnostics":[{"severity","code","message","location","line","column"}]; the last three where they
 * are known. "truncated":true follows when some are not shown. */
MUST_CHECK enum status diagnosis_write_json(struct buffer *buffer, const struct findings *findings,
                                            const struct diagnosis_view *view);

/* Adds each finding as compilers print them, in the order of the file: file:line:column: error: CODE: message (location), the
 * line, and a caret. */
MUST_CHECK enum status diagnosis_write_text(struct buffer *buffer, const struct definition_file *file,
                                            const struct diagnosis_view *view, struct paint paint);

#endif
