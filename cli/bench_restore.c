/* `pawl bench restore`: how fast rows come back from the changelog, and how soon an instance that was killed works again.
 *
 * Both are seen from outside: from the start of the process until the first new task of every partition. What the same takes
 * with an empty changelog is taken off the first. */
#include "base/clock.h"
#include "cli/bench_load.h"
#include "state/keys.h"

#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#define ROW_BYTES 200        /* of a value */
#define COMMIT_EVERY 1000    /* rows between two commit rows */
#define RATE_MIN 150000
#define AGAIN_MS_MAX 5000
#define PROBE_MS_MAX 60000
#define BURST 2000           /* executions that are on their way when it is killed */
#define BURST_MS 100
#define WRITE_ARENA_BYTES ((size_t)1 << 20)

/* ---- The rows: payload rows, which nothing looks at ---- */

struct writer {
    struct bench *bench;
    const struct bus_topic *topic;
    struct bus_producer *producer;
    struct arena *arena;
    char value[ROW_BYTES];
};

static enum exit_code write_one(struct writer *writer, uint32_t partition, struct str key, struct str value)
{
    struct bus_error error = {""};
    const struct bus_message message = {.topic = writer->topic, .partition = partition, .key = key, .value = value};
    return bench_check(writer->bench, "rows", bus_producer_send(writer->producer, &message, &error), &error);
}

static enum exit_code write_row(struct writer *writer, uint32_t partition)
{
    struct execution_id id;
    struct key key;
    uint64_t chance[2] = {bench_chance(writer->bench), bench_chance(writer->bench)};
    memcpy(id.bytes, chance, sizeof id.bytes);
    for (size_t at = 0; at < sizeof writer->value; at += sizeof *chance) {
        *chance = bench_chance(writer->bench);
        memcpy(writer->value + at, chance, sizeof *chance);
    }
    keys_payload(partition, &id, &(struct payload_id){.index = 0}, &key);
    return write_one(writer, partition, keys_published(&key), (struct str){writer->value, sizeof writer->value});
}

static enum exit_code write_commit(struct writer *writer, uint32_t partition, int64_t sequence)
{
    struct commit_row row;
    struct key key;
    struct str value;
    arena_reset(writer->arena);
    record_init(RECORD_commit_row, &row);
    row.sequence = sequence;
    row.row_count = COMMIT_EVERY + 1;
    row.commands_offset = 0;
    row.results_offset = 0;
    row.time = bus_now_ms(writer->bench->bus) * 1000;
    keys_kind(partition, KEY_COMMIT, &key);
    TRY_MEMORY(writer->bench->context, codec_encode(writer->arena, CODEC_AVRO, SCHEMA_state_row, RECORD_commit_row, &row, &value));
    return write_one(writer, partition, keys_published(&key), value);
}

static enum exit_code write_all(struct writer *writer)
{
    struct bus_error error = {""};
    uint32_t partitions = writer->bench->options.partitions;
    uint32_t rounds = writer->bench->options.rows / partitions / COMMIT_EVERY;
    if (writer->arena == NULL) {
        return context_fail_memory(writer->bench->context);
    }
    TRY_RUN(bench_check(writer->bench, "a producer", bus_producer_open(writer->bench->bus, &writer->producer, &error), &error));
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t partition = 0; partition < partitions; partition++) {
            for (int row = 0; row < COMMIT_EVERY; row++) {
                TRY_RUN(write_row(writer, partition));
            }
            TRY_RUN(write_commit(writer, partition, (int64_t)round + 1));
        }
    }
    return bench_check(writer->bench, "rows", bus_producer_flush(writer->producer, PROBE_MS_MAX, &error), &error);
}

static enum exit_code write_rows(struct bench_side *side)
{
    struct writer writer = {
        .bench = side->bench,
        .topic = topics_get(side->topics, TOPIC_STATE),
        .arena = arena_create(WRITE_ARENA_BYTES),
    };
    enum exit_code code = write_all(&writer);
    if (writer.producer != NULL) {
        bus_producer_close(writer.producer);
    }
    if (writer.arena != NULL) {
        arena_destroy(writer.arena);
    }
    return code;
}

/* ---- Starting again ---- */

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type;
    return where->level == 0 ? 0 : remove(path);
}

static void empty_disk(const struct bench_side *side)
{
    nftw(side->state_dir.bytes, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* From the start of the process until it has processed something on every partition. */
static enum exit_code start_again(struct bench_side *side, struct bench_load *load, double *out_ms)
{
    int64_t began_us = clock_us();
    TRY_RUN(bench_side_start(side));
    TRY_RUN(bench_load_probe(load, PROBE_MS_MAX));
    *out_ms = (double)(clock_us() - began_us) / 1000;
    return EXIT_CODE_OK;
}

static enum exit_code measure(struct bench_side *side, struct bench_load *load, bool with_rows, double *out_empty_ms,
                              double *out_killed_ms)
{
    bench_side_end(side, SIGTERM);
    empty_disk(side);
    TRY_RUN(start_again(side, load, out_empty_ms));
    if (with_rows) {
        TRY_RUN(bench_load_burst(load, BURST));
        bench_rest_ms(BURST_MS);
        bench_side_end(side, SIGKILL);
        TRY_RUN(start_again(side, load, out_killed_ms));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(struct bench *bench, bool with_rows, double *out_empty_ms, double *out_killed_ms)
{
    struct bench_side side;
    struct bench_load *load;
    TRY_RUN(bench_side_open(bench, BENCH_ENGINE, bench->options.threads > 0 ? bench->options.threads : 1, &side));
    enum exit_code code = with_rows ? write_rows(&side) : EXIT_CODE_OK;
    if (code == EXIT_CODE_OK) {
        code = bench_side_start(&side);
    }
    if (code == EXIT_CODE_OK) {
        code = bench_load_open(&side, &load); /* the definition is there from now on */
    }
    if (code == EXIT_CODE_OK) {
        code = measure(&side, load, with_rows, out_empty_ms, out_killed_ms);
        bench_load_close(load);
    }
    bench_side_close(&side);
    return code;
}

enum exit_code bench_restore(struct bench *bench)
{
    double nothing_ms;
    double empty_ms = 0;
    double killed_ms = 0;
    TRY_RUN(run(bench, false, &nothing_ms, &killed_ms));
    TRY_RUN(run(bench, true, &empty_ms, &killed_ms));
    double rows = (double)bench->options.rows;
    bench_report_add(&bench->report, "restore", "ms", nothing_ms, "start until processing, nothing to restore");
    bench_tell(bench);
    bench_report_add(&bench->report, "restore", "ms", empty_ms, "start until processing, empty disk, %.0f rows", rows);
    bench_tell(bench);
    double restore_ms = empty_ms > nothing_ms + 1 ? empty_ms - nothing_ms : 1;
    bench_report_add(&bench->report, "restore", "1/s", rows / restore_ms * 1000, "rows of %d bytes restored", ROW_BYTES);
    bench_report_goal(&bench->report, BENCH_AT_LEAST, RATE_MIN);
    bench_tell(bench);
    bench_report_add(&bench->report, "restore", "ms", killed_ms, "start after kill -9 until processing, %.0f rows", rows);
    bench_report_goal(&bench->report, BENCH_AT_MOST, AGAIN_MS_MAX);
    bench_tell(bench);
    return EXIT_CODE_OK;
}
