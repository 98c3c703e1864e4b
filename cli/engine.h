/* A processor, a gateway or both running in this process, until it is told to stop: `pawl serve` and `pawl dev`. */
#ifndef PAWL_CLI_ENGINE_H
#define PAWL_CLI_ENGINE_H

#include "cli/context.h"

/* Makes state.dir when it is missing, takes it for this process alone (another one that has it is an error), and reads or
 * makes its instance id. To be called before any other thread exists: blocks SIGTERM, SIGINT and SIGHUP for engine_run. */
struct engine {
    struct str instance;
    int lock; /* file descriptor, open for the process's life */
};
enum exit_code engine_open(struct context *context, struct engine *out_engine);

/* Called once, when all partitions are being processed and the gateway's view is whole. `endpoint` is the gateway's, as
 * "http://127.0.0.1:8083"; STR_NONE: there is none. */
typedef void (*engine_ready_fn)(struct context *context, struct str endpoint);

struct engine_run {
    struct bus *bus;
    bool processor;
    bool gateway;
    bool insecure;         /* the gateway may listen beyond loopback */
    size_t memory_bytes;   /* of the processor's store */
    engine_ready_fn ready; /* NULL: nobody asks */
};

/* Runs the roles on the bus until SIGTERM or SIGINT, then stops them gracefully; a second signal ends the process. SIGHUP
 * reads the gateway's TLS files again, where it has some, and is one of the others where it has none. */
enum exit_code engine_run(struct context *context, const struct engine *engine, const struct engine_run *run);

#endif
