#include "gateway/operations_parts.h"

/* 501, and not an exception that the operation declares: nobody shall take it for an answer. */
enum status op_not_yet(struct call *call)
{
    return call_refuse(call, STR("NotImplementedException"), "pawl does not have %.*s yet", STR_ARGS(call->operation->name));
}
