#include "schemas/history_events.h"

#include "base/assert.h"
#include "schemas/records.h"

#include <stddef.h>

/* The column sets of history_events.def, by the short names it uses. */
enum column_bit {
#define HISTORY_COLUMN(id, member, kind, name) id = 1 << HISTORY_COLUMN_ID_##id,
#include "schemas/history_columns.def"
};

static const struct str names[HISTORY_EVENT_TYPE_COUNT] = {
#define HISTORY_EVENT(id, name, details, columns) STR_INIT(name),
#include "schemas/history_events.def"
};

const struct history_column history_columns[HISTORY_COLUMN_COUNT] = {
#define HISTORY_COLUMN(id, column_member, column_kind, column_name)                                                    \
    {STR_INIT(column_name), HISTORY_COLUMN_##column_kind, offsetof(struct history_event, column_member)},
#include "schemas/history_columns.def"
};

const struct history_shape history_shapes[HISTORY_EVENT_TYPE_COUNT] = {
#define HISTORY_EVENT(id, name, details, columns) {details, columns},
#define DETAILS(name) STR_INIT(name)
#define NO_DETAILS                                                                                                     \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }
#include "schemas/history_events.def"
};

struct str history_event_type_name(enum history_event_type type)
{
    ASSERT((unsigned)type < HISTORY_EVENT_TYPE_COUNT);
    return names[type];
}

bool history_event_type_of(struct str name, enum history_event_type *out_type)
{
    for (int at = 0; at < HISTORY_EVENT_TYPE_COUNT; at++) {
        if (str_equal(names[at], name)) {
            *out_type = (enum history_event_type)at;
            return true;
        }
    }
    return false;
}

bool history_event_is_end(enum history_event_type type)
{
    return type == HISTORY_EVENT_EXECUTION_SUCCEEDED || type == HISTORY_EVENT_EXECUTION_FAILED ||
           type == HISTORY_EVENT_EXECUTION_ABORTED || type == HISTORY_EVENT_EXECUTION_TIMED_OUT;
}
