/* What a call is about: the execution or state machine that one of its members names, as the view has it. */
#ifndef PAWL_GATEWAY_SUBJECT_H
#define PAWL_GATEWAY_SUBJECT_H

#include "asl/arn.h"
#include "gateway/call.h"

/* Each refuses the call in AWS's words, and then *out_refused. */

/* The ARN is of type `wanted`. */
MUST_CHECK enum status subject_check_arn(struct call *call, struct str arn, enum arn_type wanted, bool *out_refused);

/* The ARN's resource type ("activity" of arn:aws:states:R:A:activity:NAME) is `wanted`. */
MUST_CHECK enum status subject_check_resource(struct call *call, struct str arn, struct str wanted, bool *out_refused);

/* The member `roleArn`, where there is one, is the ARN of an IAM role. Whether there is such a role is not asked. */
MUST_CHECK enum status subject_check_role(struct call *call, bool *out_refused);

/* The activity is there. */
MUST_CHECK enum status subject_activity(struct call *call, struct str arn, const struct definition **out_activity,
                                        bool *out_refused);

/* The machine's ARN of a version's or alias's; any other as it is. It is the key of commands about them. */
struct str subject_machine_arn(struct str arn);

/* The execution of the member `executionArn`. */
MUST_CHECK enum status subject_execution(struct call *call, const struct execution_status **out_execution,
                                         bool *out_refused);

/* The head of the machine. */
MUST_CHECK enum status subject_machine(struct call *call, struct str arn, const struct definition **out_head,
                                       bool *out_refused);

#endif
