/* What every bus must do. A program gives a way to open one and runs the cases over it. Each case makes topics of its
 * own (names begin with the suite's prefix and a random part), so that one broker may serve many runs. Nothing is
 * assumed about how long a bus takes, but that it takes less than wait_ms. */
#ifndef PAWL_TESTS_BUS_BUS_SUITE_H
#define PAWL_TESTS_BUS_BUS_SUITE_H

#include "bus/bus.h"

struct bus_suite {
    void *owner;
    struct bus *(*open)(void *owner); /* the same cluster each time; NULL fails the case */
    void (*close)(void *owner, struct bus *bus);
    const char *prefix;
    bool members;  /* members and transactions too */
    bool modelled; /* a model, driven by the thread that uses it: members alone, and nobody wakes one that waits */
    int wait_ms;
};

/* Runs the cases; how many failed, as cmocka counts. */
int bus_suite_run(const char *name, const struct bus_suite *suite);

/* A fresh folder below TMPDIR or /tmp; the text is the caller's to free. */
char *bus_suite_folder(void);
void bus_suite_folder_remove(char *path);

#endif
