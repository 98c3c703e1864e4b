#include "gateway/subject.h"

/* "express" of arn:aws:states:R:A:express:…, or STR_NONE. */
static struct str resource_type(struct str arn)
{
    if (!str_starts_with(arn, STR("arn:"))) {
        return STR_NONE;
    }
    for (int part = 0; part < 5; part++) {
        size_t colon = str_find(arn, ':');
        if (colon == arn.length) {
            return STR_NONE;
        }
        arn = str_from(arn, colon + 1);
    }
    return str_slice(arn, 0, str_find(arn, ':'));
}

static enum status refuse_arn(struct call *call, struct str arn)
{
    if (arn_type_of(arn) == ARN_LABELLED) {
        return call_refuse(call, STR("ValidationException"), "This API does not support labeled state machine ARNs");
    }
    struct str resource = resource_type(arn);
    if (arn_type_of(arn) == ARN_NONE || resource.length == 0) {
        struct str reason;
        TRY(arena_concat(call->arena, STR("Invalid ARN prefix: "), arn, &reason));
        return call_refuse_quoting(call, STR("InvalidArn"), "Invalid Arn", reason);
    }
    return call_refuse(call, STR("InvalidArn"), "Invalid Arn: 'Resource type not valid in this context: %.*s'",
                       STR_ARGS(resource));
}

enum status subject_check_arn(struct call *call, struct str arn, enum arn_type wanted, bool *out_refused)
{
    *out_refused = arn_type_of(arn) != wanted;
    return *out_refused ? refuse_arn(call, arn) : STATUS_OK;
}

enum status subject_check_resource(struct call *call, struct str arn, struct str wanted, bool *out_refused)
{
    *out_refused = !str_equal(resource_type(arn), wanted);
    return *out_refused ? refuse_arn(call, arn) : STATUS_OK;
}

/* arn:PARTITION:iam::ACCOUNT:role/… */
static bool is_role(struct str arn)
{
    struct str parts[5];
    for (size_t at = 0; at < 5; at++) {
        size_t colon = str_find(arn, ':');
        if (colon == arn.length) {
            return false;
        }
        parts[at] = str_slice(arn, 0, colon);
        arn = str_from(arn, colon + 1);
    }
    return str_equal(parts[0], STR("arn")) && parts[1].length > 0 && str_equal(parts[2], STR("iam")) &&
           parts[3].length == 0 && parts[4].length > 0 && str_starts_with(arn, STR("role/")) &&
           arn.length > STR("role/").length;
}

enum status subject_check_role(struct call *call, bool *out_refused)
{
    struct str role = call_text(call, "roleArn");
    *out_refused = role.bytes != NULL && !is_role(role);
    return *out_refused ? call_refuse_quoting(call, STR("InvalidArn"), "Invalid Role Arn", role) : STATUS_OK;
}

enum status subject_activity(struct call *call, struct str arn, const struct definition **out_activity, bool *out_refused)
{
    TRY(subject_check_resource(call, arn, STR("activity"), out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, out_activity);
    *out_refused = status == STATUS_NOT_FOUND;
    if (status == STATUS_NOT_FOUND) {
        return call_refuse_quoting(call, STR("ActivityDoesNotExist"), "Activity Does Not Exist", arn);
    }
    return status;
}

struct str subject_machine_arn(struct str arn)
{
    struct str machine_arn = arn;
    struct str qualifier;
    if (arn_type_of(arn) == ARN_QUALIFIED) {
        arn_split_qualified(arn, &machine_arn, &qualifier);
    }
    return machine_arn;
}

enum status subject_execution(struct call *call, const struct execution_status **out_execution, bool *out_refused)
{
    struct str arn = call_text(call, "executionArn");
    TRY(subject_check_arn(call, arn, ARN_EXECUTION, out_refused));
    if (*out_refused) {
        return STATUS_OK;
    }
    enum status status = view_execution(call->gateway->view, call->arena, arn, out_execution);
    if (status == STATUS_NOT_FOUND) {
        *out_refused = true;
        return call_refuse_quoting(call, STR("ExecutionDoesNotExist"), "Execution Does Not Exist", arn);
    }
    return status;
}

enum status subject_machine(struct call *call, struct str arn, const struct definition **out_head, bool *out_refused)
{
    enum arn_type type = arn_type_of(arn);
    if (type != ARN_QUALIFIED && type != ARN_LABELLED) {
        TRY(subject_check_arn(call, arn, ARN_MACHINE, out_refused));
        if (*out_refused) {
            return STATUS_OK;
        }
    }
    enum status status = view_machine(call->gateway->view, call->arena, arn, out_head);
    *out_refused = status == STATUS_NOT_FOUND;
    if (status == STATUS_NOT_FOUND) {
        return call_refuse_quoting(call, STR("StateMachineDoesNotExist"), "State Machine Does Not Exist", arn);
    }
    return status;
}
