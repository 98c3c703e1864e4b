#include "gateway/operations_parts.h"

enum status op_tag_resource(struct call *call)
{
    struct tag_resource *command = arena_new(call->arena, struct tag_resource);
    TRY_NEW(command);
    record_init(RECORD_tag_resource, command);
    command->resource_arn = call_text(call, "resourceArn");
    TRY(call_json(call, "tags", &command->tags));
    return call_command(call, RECORD_tag_resource, command, command->resource_arn, CALL_CHANGES_MACHINE);
}
