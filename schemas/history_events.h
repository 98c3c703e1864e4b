/* HistoryEventType of the API, from history_events.def: names, and the shape of each type's details. */
#ifndef PAWL_SCHEMAS_HISTORY_EVENTS_H
#define PAWL_SCHEMAS_HISTORY_EVENTS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* HISTORY_EVENT_EXECUTION_STARTED … */
enum history_event_type {
#define HISTORY_EVENT(id, name, details, columns) HISTORY_EVENT_##id,
#include "schemas/history_events.def"
    HISTORY_EVENT_TYPE_COUNT
};

/* "ExecutionStarted" …: what HistoryEvent.type holds. Static storage. Requires a type of the enum. */
struct str history_event_type_name(enum history_event_type type);

/* The type of that name: true and *out_type, or false. */
bool history_event_type_of(struct str name, enum history_event_type *out_type);

/* Whether it ends an execution: nothing follows it but a redrive. */
bool history_event_is_end(enum history_event_type type);

/* ---- How the flat record becomes AWS's nested event (codec/history_event.h does it) ---- */

enum history_column_kind {
    HISTORY_COLUMN_TEXT,
    HISTORY_COLUMN_NUMBER,
    HISTORY_COLUMN_JSON,
    HISTORY_COLUMN_DATA,
    HISTORY_COLUMN_OBJECT,
    HISTORY_COLUMN_ROLE,
};

struct history_column {
    struct str name; /* in the details */
    enum history_column_kind kind;
    uint32_t offset; /* of the member in struct history_event */
};

enum history_column_id {
#define HISTORY_COLUMN(id, member, kind, name) HISTORY_COLUMN_ID_##id,
#include "schemas/history_columns.def"
    HISTORY_COLUMN_COUNT
};

struct history_shape {
    struct str details; /* the event's member; STR_NONE: the type has none */
    uint32_t columns;   /* bit n: column n is in it */
};

extern const struct history_column history_columns[HISTORY_COLUMN_COUNT];
extern const struct history_shape history_shapes[HISTORY_EVENT_TYPE_COUNT];

#endif
