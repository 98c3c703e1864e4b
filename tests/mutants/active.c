/* The planted bug of this process: the one that PAWL_MUTANT names, or none. */
#include "base/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mutant mutant_active = MUTANT_NONE;

static const char *const names[MUTANT_COUNT] = {
    "",
#define MUTANT_ROW(id, catcher, text) #id,
#include "base/mutants.def"
};

__attribute__((constructor)) static void choose(void)
{
    const char *wanted = getenv("PAWL_MUTANT");
    for (int at = 0; wanted != NULL && at < MUTANT_COUNT; at++) {
        if (strcmp(names[at], wanted) == 0) {
            mutant_active = (enum mutant)at;
            return;
        }
    }
    if (wanted != NULL) {
        fprintf(stderr, "no such planted bug: %s\n", wanted);
        exit(2);
    }
}
