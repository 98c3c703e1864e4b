/* The API's answers as JSON: what the gateway sends and commands print. */
#ifndef PAWL_GATEWAY_ANSWER_H
#define PAWL_GATEWAY_ANSWER_H

#include "base/buffer.h"
#include "schemas/records.h"

/* An object in the making: {"a":"…","n":1}. */
struct answer {
    struct buffer buffer;
    bool any;
};

MUST_CHECK enum status answer_begin(struct arena *arena, struct answer *out_answer);
/* A text whose bytes are NULL, and a time that is RECORD_NONE, leave no member. */
MUST_CHECK enum status answer_text(struct answer *answer, const char *name, struct str text);
MUST_CHECK enum status answer_number(struct answer *answer, const char *name, int64_t number);
/* µs since 1970, as the API's JSON has times: seconds with three decimals. */
MUST_CHECK enum status answer_time(struct answer *answer, const char *name, int64_t time_us);
/* JSON as it is. */
MUST_CHECK enum status answer_json(struct answer *answer, const char *name, struct str json);
/* Ends the object; "\n" is left to the caller. */
MUST_CHECK enum status answer_end(struct answer *answer, struct str *out_text);

/* DescribeExecution's answer; without input and output when `with_data` is false. redrive_refusal: why it can't be
 * redriven (asl/redrive.h). */
MUST_CHECK enum status answer_execution(struct arena *arena, const struct execution_status *status, bool with_data,
                                        struct str redrive_refusal, struct str *out_text);
/* StartSyncExecution's, of an Express execution that has ended. */
MUST_CHECK enum status answer_sync_execution(struct arena *arena, const struct execution_status *status, bool with_data,
                                             struct str *out_text);
/* One item of ListExecutions'. */
MUST_CHECK enum status answer_execution_item(struct arena *arena, const struct execution_status *status,
                                             struct str *out_text);
/* DescribeStateMachine's, of a head with its text. */
MUST_CHECK enum status answer_machine(struct arena *arena, const struct definition *head, struct str *out_text);
/* One item of ListStateMachines'. */
MUST_CHECK enum status answer_machine_item(struct buffer *buffer, const struct definition *head);
/* DescribeStateMachineForExecution's, of the revision that it runs. */
MUST_CHECK enum status answer_machine_of_execution(struct arena *arena, const struct definition *revision,
                                                   struct str *out_text);

#endif
