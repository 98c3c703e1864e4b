/* The one place where a request gets its principal: who asks, as commands tell pawl and as policies will judge. */
#ifndef PAWL_GATEWAY_PRINCIPAL_H
#define PAWL_GATEWAY_PRINCIPAL_H

#include "base/arena.h"

/* What is known of who sent a request. Texts may be STR_NONE. */
struct principal_evidence {
    struct str authorization; /* the header */
    struct str date;          /* X-Amz-Date */
};

/* STR_NONE: nobody known. REFUSED with *out_exception: the request is not to be served. Signatures are not checked yet, and
 * an unproven name is no name: everybody is nobody, which is why a gateway stays on loopback unless told otherwise. */
MUST_CHECK enum status principal_establish(struct arena *arena, const struct principal_evidence *evidence,
                                           struct str *out_principal, struct str *out_exception);

#endif
