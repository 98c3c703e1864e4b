/* The committed records of one partition, from its first to its end as it was when the scan began; then, for a follower,
 * those that come. Until the gateway's view exists this is how commands find what they show. */
#ifndef PAWL_CLI_SCAN_H
#define PAWL_CLI_SCAN_H

#include "cli/connection.h"

struct scan {
    const struct bus_topic *topic;
    uint32_t partition;
    struct bus_reader *reader; /* NULL: nothing to be read */
    int64_t begin; /* the first offset that was held, */
    int64_t end;   /* and the end, when the scan began */
    struct arena *scratch; /* reset at each record that is decoded */
};

enum exit_code scan_open(struct context *context, const struct bus_topic *topic, uint32_t partition,
                         struct scan *out_scan);

/* From an offset on, or from the first that is held behind it. */
enum exit_code scan_open_from(struct context *context, const struct bus_topic *topic, uint32_t partition, int64_t from,
                              struct scan *out_scan);

/* The partition that an ARN's records lie on. */
enum exit_code scan_open_for(struct context *context, enum topic_id id, struct str arn, struct scan *out_scan);
void scan_close(struct scan *scan);

/* The next record, borrowed until the next call; *out_more is false at the end. */
enum exit_code scan_next(struct context *context, struct scan *scan, struct bus_record *out_record, bool *out_more);

/* The next record past the end too: waits up to timeout_ms; *out_more is false when none came. */
enum exit_code scan_follow(struct context *context, struct scan *scan, int timeout_ms, struct bus_record *out_record,
                           bool *out_more);

/* The record's value. With `arena` NULL it lies in scan->scratch until the next one is decoded and borrows the record;
 * otherwise it is copied there. A value that can't be read is an error which names its place. */
enum exit_code scan_decode(struct context *context, struct scan *scan, struct arena *arena, enum schema_id schema,
                           const struct bus_record *record, enum record_id *out_type, void **out_value);

#endif
