/* AWS's quotas of an account, held by what this gateway's view shows: calls that come side by side, or to several gateways,
 * may go over by as many as are under way. The quotas of one machine (its versions, its aliases) are the engine's, and
 * exact. */
#ifndef PAWL_GATEWAY_QUOTA_H
#define PAWL_GATEWAY_QUOTA_H

#include "gateway/call.h"

/* Each refuses the call when there is no room for one more, and then *out_refused. What is there already needs none. */
MUST_CHECK enum status quota_check_machine(struct call *call, struct str arn, bool *out_refused);
MUST_CHECK enum status quota_check_activity(struct call *call, struct str arn, bool *out_refused);
/* `arn` is STR_NONE where no name was given. */
MUST_CHECK enum status quota_check_execution(struct call *call, struct str arn, bool *out_refused);

/* Too many wait for the activity's tasks. */
MUST_CHECK enum status quota_refuse_worker(struct call *call);

#endif
