/* What the engine writes for one task result, recorded from a run of it: the forwarder writes the same again. Recorded rather
 * than made up, so that the number of records, their sizes, their headers and how well they compress are the engine's. */
#ifndef PAWL_CLI_BENCH_STEPS_H
#define PAWL_CLI_BENCH_STEPS_H

#include "base/arena.h"
#include "bus/bus.h"
#include "schemas/topics.h"

#include <stdbool.h>

#define BENCH_STEP_RECORDS_MAX 32
#define BENCH_STEPS_MAX 4096

struct bench_step_record {
    enum topic_id topic;
    bool is_execution; /* its key is the execution's ARN */
    struct str key;
    struct str value;
    struct bus_header headers[BUS_HEADERS_MAX];
    size_t header_count;
};

struct bench_step {
    struct bench_step_record *records;
    size_t count;
};

struct bench_steps {
    struct bench_step *items;
    size_t count;
};

/* Copies the record into the arena. */
MUST_CHECK enum status bench_steps_keep(struct arena *arena, enum topic_id topic, const struct bus_record *record,
                                        struct bench_step_record *out_record);

/* RETRIABLE: the file can't be written. */
MUST_CHECK enum status bench_steps_save(const struct bench_steps *steps, const char *path);

/* NOT_FOUND: the file can't be read; INVALID: it is not what bench_steps_save wrote. */
MUST_CHECK enum status bench_steps_load(struct arena *arena, const char *path, struct bench_steps *out_steps);

#endif
