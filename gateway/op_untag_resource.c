#include "gateway/operations_parts.h"

enum status op_untag_resource(struct call *call)
{
    struct untag_resource *command = arena_new(call->arena, struct untag_resource);
    TRY_NEW(command);
    record_init(RECORD_untag_resource, command);
    command->resource_arn = call_text(call, "resourceArn");
    TRY(call_json(call, "tagKeys", &command->tag_keys));
    return call_command(call, RECORD_untag_resource, command, command->resource_arn, CALL_CHANGES_MACHINE);
}
