#include "gateway/operations.h"

#include "gateway/operations_parts.h"

#define PREFIX "AWSStepFunctions."

const struct operation operations[OPERATION_COUNT] = {
#define OPERATION(operation, function)                                                                                 \
    [OPERATION_##operation] = {.name = STR_INIT(#operation), .input = SHAPE_##operation##Input, .run = function},
#include "gateway/operations.def"
};

const struct operation *operations_find(struct str target)
{
    if (!str_starts_with(target, STR(PREFIX))) {
        return NULL;
    }
    struct str name = str_from(target, sizeof PREFIX - 1);
    for (size_t at = 0; at < OPERATION_COUNT; at++) {
        if (str_equal(operations[at].name, name)) {
            return &operations[at];
        }
    }
    return NULL;
}
