#include "asl/errors.h"

#include "base/assert.h"

static const struct str names[] = {
#define ERROR(id, name) STR_INIT(name),
#include "asl/errors.def"
};

struct str errors_name(enum error_name error)
{
    ASSERT((unsigned)error < ERROR_NAME_COUNT);
    return names[error];
}

bool errors_is_known(struct str name)
{
    if (!str_starts_with(name, STR("States.")) || str_starts_with(name, STR("States.Http.StatusCode."))) {
        return true;
    }
    for (size_t at = 0; at < ERROR_NAME_COUNT; at++) {
        if (str_equal(names[at], name)) {
            return true;
        }
    }
    return false;
}
