/* A Map under test: its fields as the engine evaluates them, without its iterations. */
#ifndef PAWL_GATEWAY_TESTED_MAP_H
#define PAWL_GATEWAY_TESTED_MAP_H

#include "gateway/answer.h"
#include "gateway/trial.h"

#define TESTED_MAP_NO_COUNT (-1)

/* All in the call's arena. */
struct tested_map {
    const struct trial *trial;
    struct str mocked;              /* its result, JSON text; STR_NONE: it fails */
    const struct value *input;      /* behind InputPath */
    struct str items;               /* as they are written; STR_NONE: unknown, as with an ItemReader */
    struct str inputs;              /* of the iterations, an array; STR_NONE: as the items are, or too much to tell */
    int64_t count;                  /* of iterations, or TESTED_MAP_NO_COUNT */
    struct str error;               /* it fails before its iterations run; STR_NONE: it does not */
    struct str cause;
    int64_t concurrency;            /* 0: none given */
    const struct value *tolerated_count;      /* NULL: none given, or it can't be evaluated */
    const struct value *tolerated_percentage;
};

/* `mocked` is the result of the Map, JSON text; STR_NONE: it fails. The trial must live as long as the map. */
MUST_CHECK enum status tested_map_evaluate(struct call *call, const struct trial *trial, struct str mocked, struct tested_map *out_map);

/* Refuses the call when more iterations are to have failed than there are, and then *out_refused. */
MUST_CHECK enum status tested_map_check_failures(struct call *call, const struct tested_map *map, bool *out_refused);

/* Whether more of them are to have failed than may. */
bool tested_map_fails(const struct call *call, const struct tested_map *map);

/* What inspection shows of it. */
MUST_CHECK enum status tested_map_tell(struct answer *answer, const struct call *call, const struct tested_map *map);

#endif
