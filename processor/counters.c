#include "processor/counters.h"

static const char *const names[COUNTER_COUNT] = {
#define COUNTER(id, name, text) name,
#include "processor/counters.def"
};

static const char *const texts[COUNTER_COUNT] = {
#define COUNTER(id, name, text) text,
#include "processor/counters.def"
};

const char *counters_name(enum counter counter)
{
    return names[counter];
}

const char *counters_text(enum counter counter)
{
    return texts[counter];
}
