#include "cli/context.h"

enum exit_code command_verify(struct context *context)
{
    return context_fail(context, EXIT_CODE_FAILED, "not yet");
}
