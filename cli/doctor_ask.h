/* Asks the cluster of the configuration what `pawl doctor` judges. */
#ifndef PAWL_CLI_DOCTOR_ASK_H
#define PAWL_CLI_DOCTOR_ASK_H

#include "cli/connection.h"
#include "cli/doctor.h"

/* Requires an open connection to Kafka. with_clock: by a topic that is made for it. What can't be asked is told as an answer; only
 * a cluster that does not answer at all fails. */
enum exit_code doctor_ask(struct context *context, bool with_clock, struct doctor_answers *out_answers);

#endif
