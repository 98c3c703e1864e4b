/* What the process says of itself: its answers to /healthz, /readyz and /metrics (gateway/probe.h). */
#ifndef PAWL_CLI_PROBES_H
#define PAWL_CLI_PROBES_H

#include "gateway/gateway.h"
#include "processor/processor.h"

#include <stdatomic.h>

struct probes {
    /* Fixed before the first probe. */
    struct bus *bus;
    bool has_processor; /* that role is this process's */
    bool has_gateway;
    int64_t commit_ms_max; /* since a thread's last commit, while the processor is ready */
    /* NULL until it has started. */
    _Atomic(struct processor *) processor;
    _Atomic(struct gateway *) gateway;
};

/* Whether all roles of the process are ready; else *out_why says what is missing, as far as it fits. */
bool probes_are_ready(struct probes *probes, char *out_why, size_t capacity);

/* A probe_fn; `owner` is a struct probes. */
MUST_CHECK enum status probes_answer(void *owner, enum probe probe, struct arena *arena, struct probe_answer *out_answer);

#endif
