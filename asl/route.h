/* Where a task goes: the `<route>` of pawl.tasks.<route> (design, section 6). */
#ifndef PAWL_ASL_ROUTE_H
#define PAWL_ASL_ROUTE_H

#include "base/arena.h"

/* The route of a resource: the function name of a Lambda ARN; `function` where it is given (lambda:invoke with a constant
 * FunctionName: a name or ARN); "activity" of an activity; else the service of arn:aws:states:::service:action
 * (aws-sdk:service gives "aws-sdk-service"). Characters but [A-Za-z0-9._-] are escaped as _XX (upper-case hex of each
 * byte), and what is longer than ROUTE_CHARACTERS_MAX ends in its hash. STATUS_INVALID: no resource ARN. */
MUST_CHECK enum status route_of(struct arena *arena, struct str resource, struct str function, struct str *out_route);

/* A table of routes as the configuration has it: "PATTERN=ROUTE,PATTERN=ROUTE": a Resource that a pattern matches (asl/pattern.h,
 * the first one counts) takes that route. STATUS_INVALID: *out_problem tells what is wrong with which row. */
MUST_CHECK enum status route_table_check(struct arena *arena, struct str table, struct str *out_problem);

/* The route that the table gives the resource, or STR_NONE. The table has been checked. */
struct str route_table_find(struct str table, struct str resource);

/* Whether Kafka takes both for one metric name: they differ only in '.' and '_'. */
bool route_collides(struct str a, struct str b);

#endif
