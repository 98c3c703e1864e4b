/* pawl's exit codes, from exit_codes.def. */
#ifndef PAWL_CLI_EXIT_CODE_H
#define PAWL_CLI_EXIT_CODE_H

enum exit_code {
#define EXIT_CODE(id, code, text) EXIT_CODE_##id = code,
#include "cli/exit_codes.def"
};

#endif
