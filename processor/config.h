/* How a processor is configured. Texts are borrowed: they must live as long as the processor. */
#ifndef PAWL_PROCESSOR_CONFIG_H
#define PAWL_PROCESSOR_CONFIG_H

#include "asl/step.h"
#include "kv/kv.h"
#include "processor/standby_plan.h"
#include "schemas/codec/codec.h"
#include "schemas/topics.h"

struct processor_config {
    struct str prefix;     /* of topics, group and transactional ids: "pawl" */
    struct str instance;   /* of this process; lies in the state folder, unique in the group */
    const char *state_dir; /* RocksDB's folder; made when absent */
    struct kv *kv;         /* a store to be used instead, not closed by the processor; NULL: RocksDB in state_dir */
    size_t memory_bytes;   /* RocksDB's cache and write buffers */
    uint32_t thread_count; /* stream threads, 1 ..= PROCESSOR_THREADS_MAX */
    uint32_t restore_thread_count; /* partitions restored side by side, 1 ..= RESTORE_THREADS_MAX */
    enum standby_replicas standby_replicas; /* of partitions that other processes own */
    enum codec_encoding encodings[TOPIC_COUNT]; /* of what is written; state rows are always Avro */
    struct str route_table;                     /* asl/route.h; STR_NONE: each resource has its own route */
    struct step_config step;
    int64_t versions_max;           /* of one machine: MACHINE_VERSIONS_MAX */
    int64_t aliases_max;            /* of one machine: MACHINE_ALIASES_MAX */
    uint32_t batch_records_max;     /* BATCH_RECORDS_MAX */
    size_t batch_bytes_max;         /* BATCH_BYTES_MAX */
    int64_t batch_ms_max;           /* BATCH_MS_MAX */
    int64_t commit_interval_ms_min; /* a floor between two commits of a thread; 0: none */
    int64_t definition_wait_ms;     /* how long a start waits for a definition that was not yet seen */
    int64_t delete_linger_ms;       /* how long a deleted machine shows as DELETING */
    uint32_t machines_max;          /* state machines that the metrics tell apart */
    bool accept_loss;               /* take over a partition whose input is gone or whose positions disagree */
    bool cloud_events;              /* ce_* headers on the outputs */
};

#define PROCESSOR_THREADS_MAX 64
#define RESTORE_THREADS_MAX 16

extern const struct processor_config processor_config_default;

#endif
