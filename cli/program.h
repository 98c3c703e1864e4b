/* pawl: parses the command line, loads the configuration, runs the command. */
#ifndef PAWL_CLI_PROGRAM_H
#define PAWL_CLI_PROGRAM_H

#include "cli/exit_code.h"

enum exit_code program_run(int argc, char **argv, const char *const *environment);

#endif
