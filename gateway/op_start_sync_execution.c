#include "gateway/answer.h"
#include "gateway/operations_parts.h"
#include "gateway/subject.h"

/* It has ended. */
static enum status finish(struct call *call, const struct reply *reply)
{
    const struct execution_status *execution;
    struct str text;
    (void)reply;
    bool with_data = !str_equal(call_text(call, "includedData"), STR("METADATA_ONLY"));
    TRY(view_express(call->gateway->view, call->arena, call->wait.arn, &execution));
    TRY(answer_sync_execution(call->arena, execution, with_data, &text));
    return call_answer(call, text);
}

enum status op_start_sync_execution(struct call *call)
{
    struct start_execution *command = arena_new(call->arena, struct start_execution);
    const struct definition *head;
    bool refused;
    TRY_NEW(command);
    record_init(RECORD_start_execution, command);
    command->state_machine_arn = call_text(call, "stateMachineArn");
    command->name = call_text(call, "name");
    command->input = call_text(call, "input");
    command->trace_header = call_text(call, "traceHeader");
    if (command->name.bytes != NULL && !arn_name_is_valid(command->name)) {
        return call_refuse_quoting(call, STR("InvalidName"), "Invalid Name", command->name);
    }
    TRY(subject_machine(call, command->state_machine_arn, &head, &refused));
    if (refused) {
        return STATUS_OK;
    }
    if (!str_equal(head->type, STR("EXPRESS"))) {
        return call_refuse(call, STR("StateMachineTypeNotSupported"),
                           "This operation is not supported by this type of state machine");
    }
    command->min_definition_version = head->version;
    call->then = finish;
    return call_command(call, RECORD_start_execution, command, STR_NONE, CALL_RUNS_EXPRESS);
}
