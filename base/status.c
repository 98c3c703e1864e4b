#include "base/status.h"

#include "base/assert.h"

static const char *const texts[] = {
#define STATUS(id, text) text,
#include "base/status.def"
};

const char *status_text(enum status status)
{
    ASSERT((unsigned)status < STATUS_COUNT);
    return texts[status];
}
