/* What the core reads of the store: a port. The processor implements it over overlay and RocksDB, tests in memory.
 *
 * Everything returned lies in the arena and is not changed by anybody. */
#ifndef PAWL_ASL_ROWS_H
#define PAWL_ASL_ROWS_H

#include "asl/execution_id.h"
#include "base/arena.h"
#include "schemas/records.h"

/* What a payload row holds. */
enum payload_slot {
    PAYLOAD_EXECUTION_INPUT = 'x', /* scope 0: the execution's input */
    PAYLOAD_INPUT = 'i',           /* scope: frame; raw input of its present state */
    PAYLOAD_VARIABLES = 'v',       /* scope: frame; index: page of its variables, a JSON object */
    PAYLOAD_ITEMS = 'm',           /* scope: group; index: page of a Map's items, a JSON array */
    PAYLOAD_OUTPUT = 'o',          /* scope: group; index: a child's output */
};

struct payload_id {
    int64_t scope;
    enum payload_slot slot;
    int64_t index; /* 0 where the slot has none */
};

struct rows {
    void *owner;

    /* STATUS_NOT_FOUND when there is none. */
    enum status (*execution)(void *owner, struct arena *arena, const struct execution_id *id,
                             const struct execution_row **out_row);
    enum status (*frame)(void *owner, struct arena *arena, const struct execution_id *id, int64_t frame,
                         const struct frame_row **out_row);
    enum status (*payload)(void *owner, struct arena *arena, const struct execution_id *id, const struct payload_id *payload,
                           struct str *out_text);

    /* At most `count_max` frames with id ≥ from, in order of id; never the root, which lies in the execution's row. */
    enum status (*frames)(void *owner, struct arena *arena, const struct execution_id *id, int64_t from, size_t count_max,
                          const struct frame_row ***out_rows, size_t *out_count);

    /* Names of at most `count_max` payload rows of `scope` (of all scopes when scope < 0), in key order. */
    enum status (*payloads)(void *owner, struct arena *arena, const struct execution_id *id, int64_t scope, size_t count_max,
                            struct payload_id **out_payloads, size_t *out_count);
};

#endif
