/* An alias's routing configuration: one or two versions of a machine, and which share of the starts each gets. */
#ifndef PAWL_PROCESSOR_ROUTING_H
#define PAWL_PROCESSOR_ROUTING_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define ROUTING_VERSIONS_MAX 2 /* API model, RoutingConfigurationList */
#define ROUTING_WEIGHTS_SUM 100

struct routing_version {
    struct str arn;
    int64_t weight; /* 0 ..= 100 */
};

struct routing {
    size_t count;
    struct routing_version versions[ROUTING_VERSIONS_MAX];
};

/* Reads a routing configuration in JSON, as it was sent or as it was kept. OK: *out_routing, whose weights sum to 100 over
 * distinct ARNs of versions of one machine. INVALID: *out_problem in the words of AWS's ValidationException. */
MUST_CHECK enum status routing_read(struct arena *arena, struct str text, struct routing *out_routing,
                                    struct str *out_problem);

/* The configuration as it is kept: equal ones are equal texts. */
MUST_CHECK enum status routing_write(struct arena *arena, const struct routing *routing, struct str *out_text);

bool routing_names(const struct routing *routing, struct str version_arn);

#endif
