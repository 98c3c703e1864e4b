/* A request against its shape, with AWS's own words for what is wrong. */
#ifndef PAWL_GATEWAY_VALIDATE_H
#define PAWL_GATEWAY_VALIDATE_H

#include "asl/value.h"
#include "gateway/shapes.h"

#define VALIDATE_PROBLEMS_MAX 100 /* told at once; more are not looked for */

struct validate_limits {
    int64_t payload_bytes_max; /* limits.payload.bytes: raises what SensitiveData allows */
};

struct validate_findings {
    struct str serialization; /* a value of the wrong JSON type: SerializationException. STR_NONE: none */
    struct str validation;    /* "2 validation errors detected: Value …; Value …": ValidationException. STR_NONE: none */
};

/* Checks the members that the shape has; others are nobody's, as with AWS. A null is as good as absent. */
MUST_CHECK enum status validate_request(struct arena *arena, const struct validate_limits *limits, enum shape_id shape,
                                        const struct value *request, struct validate_findings *out_findings);

#endif
