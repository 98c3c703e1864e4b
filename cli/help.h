/* The help, from commands.def, flags.def, options.def and exit_codes.def. */
#ifndef PAWL_CLI_HELP_H
#define PAWL_CLI_HELP_H

#include "cli/commands.h"

#include <stdio.h>

void help_overview(FILE *out);
void help_command(FILE *out, enum command_id command);
void help_config(FILE *out);
void help_exit_codes(FILE *out);

#endif
