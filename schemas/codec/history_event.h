/* A flat HistoryEvent as the nested event of GetExecutionHistory. */
#ifndef PAWL_SCHEMAS_CODEC_HISTORY_EVENT_H
#define PAWL_SCHEMAS_CODEC_HISTORY_EVENT_H

#include "base/buffer.h"
#include "schemas/records.h"

/* Adds
 * {"timestamp":1763880016.123,"type":"PassStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{…}}. The
 * timestamp is seconds since 1970 with milliseconds, as AWS's JSON protocol has it. An event of a type that
 * history_events.def does not have gets no details. */
MUST_CHECK enum status history_event_to_aws(struct buffer *buffer, const struct history_event *event);

/* The same without inputs, outputs and assigned variables (includeExecutionData: false). */
MUST_CHECK enum status history_event_to_aws_without_data(struct buffer *buffer, const struct history_event *event);

#endif
