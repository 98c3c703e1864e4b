/* State machines as pawl.definitions publishes them, and compiled (design, section 7).
 *
 * One thread follows the topic; any thread asks. A definition is compiled once, into an arena of its own, when first
 * needed and never inside a transaction (compiling opens the topics of its routes). A machine that was handed out is
 * counted here, and lives on when its revision is forgotten. */
#ifndef PAWL_PROCESSOR_DEFINITIONS_H
#define PAWL_PROCESSOR_DEFINITIONS_H

#include "asl/machine.h"
#include "bus/bus.h"
#include "processor/routing.h"
#include "processor/topics.h"
#include "schemas/codec/codec.h"

struct definitions;

/* A compiled revision, held. */
struct definition_use;

MUST_CHECK enum status definitions_create(struct bus *bus, struct topics *topics, const struct codec *codec,
                                          struct definitions **out_definitions);
void definitions_destroy(struct definitions *definitions);

/* Reads what there is, at most about records_max records, waiting at most timeout_ms for the first. *out_idle: nothing
 * more was there. CORRUPT: a record could not be read and was passed over (*out_error tells which): go on. By one
 * thread. */
MUST_CHECK enum status definitions_follow(struct definitions *definitions, uint32_t records_max, int timeout_ms,
                                          bool *out_idle, struct bus_error *out_error);

/* The next offset that will be read. Any thread. */
int64_t definitions_position(const struct definitions *definitions);

enum definition_kind { DEFINITION_MACHINE, DEFINITION_VERSION, DEFINITION_ALIAS, DEFINITION_ACTIVITY };

/* The head of a machine, version, alias or activity, its texts copied into the arena. NOT_FOUND: not seen, or gone. */
struct definition_head {
    enum definition_kind kind;
    struct routing routing; /* of an alias */
    struct str revision_id; /* of a machine or version, as what follows */
    struct str role_arn; /* STR_NONE: none */
    int64_t version;
    bool express;
    bool deleting;
};
MUST_CHECK enum status definitions_head(struct definitions *definitions, struct arena *arena, struct str arn,
                                        struct definition_head *out_head);

/* The compiled revision. RETRIABLE: it must be prepared first. NOT_FOUND: not seen, or gone. INVALID: it does not
 * compile. */
MUST_CHECK enum status definitions_use(struct definitions *definitions, struct str arn, struct str revision_id,
                                       struct definition_use **out_use);
const struct machine *definition_use_machine(const struct definition_use *use);
void definitions_release(struct definitions *definitions, struct definition_use *use);

/* Compiles the revision and opens the topics of its routes. Outside of transactions. OK also when it does not compile
 * (then definitions_use tells), and when a topic is refused for good (then the tasks that need it fail); NOT_FOUND: not
 * seen, or gone; others: a topic can't be opened now. */
MUST_CHECK enum status definitions_prepare(struct definitions *definitions, struct str arn, struct str revision_id,
                                           struct bus_error *out_error);

#endif
