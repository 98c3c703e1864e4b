/* A compiled definition: immutable, in an arena of its own, shared by threads (design, section 7).
 *
 * The insides are asl/machine_parts.h, for asl/ alone. */
#ifndef PAWL_ASL_MACHINE_H
#define PAWL_ASL_MACHINE_H

#include "asl/finding.h"
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct machine;

enum machine_type { MACHINE_STANDARD, MACHINE_EXPRESS };

/* Compiles a definition's text. STATUS_OK: *out_machine; warnings may be in *out_findings. STATUS_INVALID: the findings
 * tell every error; what pawl does not have yet is refused here, by name. Everything lies in `arena`; `text` is copied. */
MUST_CHECK enum status machine_compile(struct arena *arena, struct str text, enum machine_type type,
                                       const struct machine **out_machine, struct findings *out_findings);

/* The same, with a table of routes (asl/route.h) that goes before the routes that resources have by themselves. */
MUST_CHECK enum status machine_compile_routed(struct arena *arena, struct str text, enum machine_type type, struct str routes,
                                              const struct machine **out_machine, struct findings *out_findings);

/* Its states, those of inner machines too; a state's index is below the count. */
size_t machine_state_count(const struct machine *machine);
struct str machine_state_name(const struct machine *machine, size_t index);
bool machine_state_is_task(const struct machine *machine, size_t index);

/* The state's index, or the count. */
size_t machine_find_state(const struct machine *machine, struct str name);

/* The routes of its tasks, each once. */
size_t machine_route_count(const struct machine *machine);
struct str machine_route(const struct machine *machine, size_t index);

#endif
