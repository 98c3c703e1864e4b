/* What is known of one execution or state machine. */
#ifndef PAWL_CLI_LOOKUP_H
#define PAWL_CLI_LOOKUP_H

#include "cli/connection.h"
#include "schemas/records.h"

/* The execution's latest status; *out_status is NULL when there is none. */
enum exit_code lookup_execution(struct context *context, struct str arn, const struct execution_status **out_status);

/* The same, and a refusal in AWS's words when there is none. */
enum exit_code lookup_execution_required(struct context *context, struct str arn,
                                         const struct execution_status **out_status);

/* Waits for the end of an execution that was started (RECORD_NONE: of any run of that name). */
enum exit_code lookup_end(struct context *context, struct str arn, int64_t incarnation, const struct execution_status **out_end);

/* A state machine's head with its present definition; *out_head is NULL when there is none. */
enum exit_code lookup_machine(struct context *context, struct str arn, const struct definition **out_head);

/* What RedriveExecution of it would say: *out_reason is STR_NONE, or why not. */
enum exit_code lookup_redrive_refusal(struct context *context, const struct execution_status *status, struct str *out_reason);

#endif
