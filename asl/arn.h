/* ARNs of Step Functions (conformance facts, "Formats"). */
#ifndef PAWL_ASL_ARN_H
#define PAWL_ASL_ARN_H

#include "asl/step.h"
#include "base/arena.h"

enum arn_type {
    ARN_NONE,      /* no ARN of Step Functions */
    ARN_MACHINE,   /* arn:aws:states:R:A:stateMachine:NAME */
    ARN_QUALIFIED, /* …:stateMachine:NAME:VERSION or :ALIAS */
    ARN_LABELLED,  /* …:stateMachine:NAME/LABEL */
    ARN_EXECUTION, /* …:execution:NAME:EXECNAME */
    ARN_EXPRESS,   /* …:express:NAME:EXECNAME:UUID */
    ARN_ACTIVITY,  /* …:activity:NAME */
    ARN_OTHER,     /* …:mapRun:… */
};

enum arn_type arn_type_of(struct str arn);

MUST_CHECK enum status arn_machine(struct arena *arena, const struct step_config *config, struct str name,
                                   struct str *out_arn);

MUST_CHECK enum status arn_activity(struct arena *arena, const struct step_config *config, struct str name,
                                    struct str *out_arn);

/* Of the machine's execution called `name`. Requires an ARN_MACHINE. */
MUST_CHECK enum status arn_execution(struct arena *arena, struct str machine_arn, struct str name, struct str *out_arn);
MUST_CHECK enum status arn_express(struct arena *arena, struct str machine_arn, struct str name, struct str uuid,
                                   struct str *out_arn);

/* "stateMachine", "execution" …, of all but ARN_NONE; borrowed. */
struct str arn_resource(struct str arn);

/* The machine's ARN and the version or alias of an ARN_QUALIFIED; borrowed. */
void arn_split_qualified(struct str arn, struct str *out_machine_arn, struct str *out_qualifier);

/* Whether a qualifier is a version's number rather than an alias's name. */
bool arn_qualifier_is_version(struct str qualifier);

/* Whether AWS takes it for the name of a machine, execution or activity (ASL.md, section 15). */
bool arn_name_is_valid(struct str name);

#endif
