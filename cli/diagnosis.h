/* Findings about a definition as `pawl validate` shows them. */
#ifndef PAWL_CLI_DIAGNOSIS_H
#define PAWL_CLI_DIAGNOSIS_H

#include "base/buffer.h"
#include "cli/definition_file.h"
#include "cli/paint.h"

/* What AWS accepts and pawl's engine does not have yet is a warning here: only `pawl define` refuses it. */
enum finding_severity diagnosis_severity(const struct finding *finding);

bool diagnosis_has_errors(const struct findings *findings);

/* Adds "result":"OK|FAIL","diagnostics":[{"severity","code","message","location","line","column"}]; the last three where they
 * are known. */
MUST_CHECK enum status diagnosis_write_json(struct buffer *buffer, const struct findings *findings);

/* Adds each finding as compilers print them: file:line:column: error: CODE: message (location), the line, and a caret. */
MUST_CHECK enum status diagnosis_write_text(struct buffer *buffer, const struct definition_file *file, struct paint paint);

#endif
