#include "asl/jsonata/builtins.h"

static const struct builtin rows[] = {
#define BUILTIN(name, signature, arity, function) {STR_INIT(name), signature, arity, function},
#include "asl/jsonata/builtins.def"
};

const struct builtin *builtins_find(struct str name)
{
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (str_equal(rows[at].name, name)) {
            return &rows[at];
        }
    }
    return NULL;
}
