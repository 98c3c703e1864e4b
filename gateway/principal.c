#include "gateway/principal.h"

enum status principal_establish(struct arena *arena, const struct principal_evidence *evidence,
                                struct str *out_principal, struct str *out_exception)
{
    (void)arena, (void)evidence, (void)out_exception;
    *out_principal = STR_NONE;
    return STATUS_OK;
}
