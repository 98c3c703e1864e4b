/* avro-c as a second opinion on what our writer writes. */
#ifndef PAWL_TESTS_SCHEMAS_ORACLE_H
#define PAWL_TESTS_SCHEMAS_ORACLE_H

#include "base/arena.h"
#include "schemas/records.h"

/* Whether avro-c, given the schema's .avsc text, reads `bytes` (after the header) to the end as this record with these
 * members, and writes the same bytes again. *out_what says what differs. */
MUST_CHECK enum status oracle_check(struct arena *arena, enum schema_id schema, struct str avsc, struct str bytes,
                                    enum record_id record, const void *value, struct str *out_what);

#endif
