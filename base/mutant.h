/* Planted bugs (base/mutants.def): MUTANT(NAME) is a constant false in every build that ships.
 *
 * With -DPAWL_MUTANT_<NAME>=1 that one is true. With -DPAWL_MUTANTS (tests/mutants: a copy of bus/, state/ and processor/
 * of its own) the one that `mutant_active` names is, so that one program shows them all. */
#ifndef PAWL_BASE_MUTANT_H
#define PAWL_BASE_MUTANT_H

#ifdef PAWL_MUTANTS

enum mutant {
    MUTANT_NONE,
#define MUTANT_ROW(id, catcher, text) MUTANT_##id,
#include "base/mutants.def"
    MUTANT_COUNT
};
extern enum mutant mutant_active; /* test builds only (STYLE 23) */
#define MUTANT(name) (mutant_active == MUTANT_##name)

#else

/* Turns "defined as 1" into 1 and "not defined" into 0. */
#define MUTANT_PLACEHOLDER_1 0,
#define MUTANT_SECOND(ignored, value, ...) value
#define MUTANT_PICK(pair) MUTANT_SECOND(pair 1, 0, 0)
#define MUTANT_EXPAND(value) MUTANT_PICK(MUTANT_PLACEHOLDER_##value)
#define MUTANT_IS(value) MUTANT_EXPAND(value)
#define MUTANT(name) MUTANT_IS(PAWL_MUTANT_##name)

#endif
#endif
