/* What goes wrong, as a list. Each place where something can go wrong is an opportunity of its kind, numbered as they come;
 * whether it is taken, and what exactly happens, follows from the seed, the kind and the number. So a run is told by its seed and
 * the faults that struck, "crash@120,hold@7", and a run with some of them only is a smaller one: that is how failures shrink. */
#ifndef PAWL_TESTS_SIM_FAULT_H
#define PAWL_TESTS_SIM_FAULT_H

#include "chance.h"

#include <stddef.h>

enum fault_kind {
#define FAULT(id, name, rate_max, text) FAULT_##id,
#include "faults.def"
    FAULT_COUNT
};

struct fault {
    enum fault_kind kind;
    uint32_t number; /* of the opportunity, from 0 */
};

struct fault_list {
    struct fault *items;
    size_t count;
    size_t capacity;
};

struct faults {
    uint64_t seed;
    bool on;
    uint32_t rates[FAULT_COUNT]; /* in 10,000 opportunities */
    uint32_t opportunities[FAULT_COUNT];
    const struct fault_list *only; /* no others strike; NULL: as the seed has them */
    struct fault_list struck;
    struct chance chance; /* of the last that struck */
};

const char *fault_name(enum fault_kind kind);

void faults_init(struct faults *faults, uint64_t seed, const struct fault_list *only);
void faults_clear(struct faults *faults);

/* Whether the next opportunity of the kind is taken. */
bool fault_strikes(struct faults *faults, enum fault_kind kind);

/* How it happens: chance that belongs to the fault that struck last. */
uint32_t fault_below(struct faults *faults, uint32_t bound);

void fault_list_add(struct fault_list *list, struct fault fault);
void fault_list_clear(struct fault_list *list);

/* "crash@120,hold@7"; "none": the empty list. False: it is none. */
bool fault_list_read(struct fault_list *list, const char *text);
void fault_list_print(const struct fault_list *list);

#endif
