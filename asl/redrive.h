/* Whether an execution can be redriven (its page "Restarting state machine executions with redrive"), and which client
 * tokens it remembers. Engine and gateway ask alike: what DescribeExecution shows is what RedriveExecution does. */
#ifndef PAWL_ASL_REDRIVE_H
#define PAWL_ASL_REDRIVE_H

#include "asl/step.h"

/* AWS's reason when the machine is gone, or about to be: who asks knows the definitions. */
#define REDRIVE_MACHINE_DELETING "State machine is in DELETING status."

/* Why it can't be redriven at `now_us`, in AWS's words; STR_NONE: it can. Of config: redrive_ms, history_events_max. */
MUST_CHECK enum status redrive_refusal(struct arena *arena, const struct execution_status *execution,
                                       const struct step_config *config, int64_t now_us, struct str *out_reason);

/* The same of a row, which also knows what is deleted. */
MUST_CHECK enum status redrive_refusal_of_row(struct arena *arena, const struct execution_row *row,
                                              const struct step_config *config, int64_t now_us, struct str *out_reason);

/* When the token redrove the execution, in µs. NOT_FOUND: it did not, or is forgotten. */
MUST_CHECK enum status redrive_token_date(struct arena *arena, const struct execution_row *row, struct str client_token,
                                          int64_t now_us, int64_t *out_date);

/* The row's tokens with one more, of now, and without those that are forgotten. */
MUST_CHECK enum status redrive_add_token(struct arena *arena, const struct execution_row *row, struct str client_token,
                                         int64_t now_us, struct str *out_tokens);

#endif
