#include "processor/config.h"

#include "base/limits.h"

#define DAY_MS (24LL * 3600 * 1000)

/* The step's part is asl's step_config_default, which is no constant expression: written out again, and held equal by
 * tests/processor/test_config.c. */
const struct processor_config processor_config_default = {
    .prefix = STR_INIT("pawl"),
    .instance = STR_INIT("0"),
    .memory_bytes = (size_t)256 * 1024 * 1024,
    .thread_count = 1,
    .restore_thread_count = 2,
    .standby_replicas = STANDBY_AUTO,
    .step =
        {
            .region = STR_INIT("us-east-1"),
            .account = STR_INIT("000000000000"),
            .payload_bytes_max = PAYLOAD_BYTES_MAX,
            .history_events_max = HISTORY_EVENTS_MAX,
            .map_concurrency_default = MAP_CONCURRENCY_DEFAULT,
            .retention_ms = RETENTION_DAYS * DAY_MS,
            .redrive_ms = REDRIVE_DAYS * DAY_MS,
        },
    .versions_max = MACHINE_VERSIONS_MAX,
    .aliases_max = MACHINE_ALIASES_MAX,
    .batch_records_max = BATCH_RECORDS_MAX,
    .batch_bytes_max = BATCH_BYTES_MAX,
    .batch_ms_max = BATCH_MS_MAX,
    .definition_wait_ms = 2000,
    .delete_linger_ms = 1000,
    .machines_max = 100,
    .cloud_events = true,
};
