#include "cli/bench_steps.h"

#include <stdio.h>

#define TEXT_BYTES_MAX ((uint32_t)16 * 1024 * 1024)

enum status bench_steps_keep(struct arena *arena, enum topic_id topic, const struct bus_record *record,
                             struct bench_step_record *out_record)
{
    struct bench_step_record kept = {.topic = topic, .is_execution = topic != TOPIC_STATE, .header_count = record->header_count};
    TRY(arena_copy(arena, record->key, &kept.key));
    TRY(arena_copy(arena, record->value, &kept.value));
    for (size_t at = 0; at < record->header_count; at++) {
        TRY(arena_copy(arena, record->headers[at].name, &kept.headers[at].name));
        TRY(arena_copy(arena, record->headers[at].value, &kept.headers[at].value));
    }
    *out_record = kept;
    return STATUS_OK;
}

/* ---- The file: numbers of this machine and texts after their lengths; it is read by a child at once ---- */

static void write_number(FILE *file, size_t number)
{
    uint32_t small = (uint32_t)number;
    fwrite(&small, sizeof small, 1, file);
}

static void write_text(FILE *file, struct str text)
{
    write_number(file, text.length);
    fwrite(text.bytes, 1, text.length, file);
}

static void write_record(FILE *file, const struct bench_step_record *record)
{
    write_number(file, record->topic);
    write_text(file, record->key);
    write_text(file, record->value);
    write_number(file, record->header_count);
    for (size_t at = 0; at < record->header_count; at++) {
        write_text(file, record->headers[at].name);
        write_text(file, record->headers[at].value);
    }
}

enum status bench_steps_save(const struct bench_steps *steps, const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return STATUS_RETRIABLE;
    }
    write_number(file, steps->count);
    for (size_t step = 0; step < steps->count; step++) {
        write_number(file, steps->items[step].count);
        for (size_t at = 0; at < steps->items[step].count; at++) {
            write_record(file, &steps->items[step].records[at]);
        }
    }
    bool good = ferror(file) == 0;
    return fclose(file) == 0 && good ? STATUS_OK : STATUS_RETRIABLE;
}

static enum status read_number(FILE *file, uint32_t most, uint32_t *out_number)
{
    uint32_t number;
    if (fread(&number, sizeof number, 1, file) != 1 || number > most) {
        return STATUS_INVALID;
    }
    *out_number = number;
    return STATUS_OK;
}

static enum status read_text(FILE *file, struct arena *arena, struct str *out_text)
{
    uint32_t length;
    TRY(read_number(file, TEXT_BYTES_MAX, &length));
    char *bytes = arena_allocate(arena, length + 1);
    TRY_NEW(bytes);
    if (fread(bytes, 1, length, file) != length) {
        return STATUS_INVALID;
    }
    *out_text = (struct str){bytes, length};
    return STATUS_OK;
}

static enum status read_record(FILE *file, struct arena *arena, struct bench_step_record *record)
{
    uint32_t topic;
    uint32_t headers;
    TRY(read_number(file, TOPIC_COUNT - 1, &topic));
    record->topic = (enum topic_id)topic;
    record->is_execution = record->topic != TOPIC_STATE;
    TRY(read_text(file, arena, &record->key));
    TRY(read_text(file, arena, &record->value));
    TRY(read_number(file, BUS_HEADERS_MAX, &headers));
    record->header_count = headers;
    for (uint32_t at = 0; at < headers; at++) {
        TRY(read_text(file, arena, &record->headers[at].name));
        TRY(read_text(file, arena, &record->headers[at].value));
    }
    return STATUS_OK;
}

static enum status read_all(FILE *file, struct arena *arena, struct bench_steps *steps)
{
    uint32_t count;
    TRY(read_number(file, BENCH_STEPS_MAX, &count));
    steps->count = count;
    steps->items = arena_array(arena, struct bench_step, count);
    TRY_NEW(steps->items);
    for (uint32_t step = 0; step < count; step++) {
        uint32_t records;
        TRY(read_number(file, BENCH_STEP_RECORDS_MAX, &records));
        steps->items[step].count = records;
        steps->items[step].records = arena_array(arena, struct bench_step_record, records);
        TRY_NEW(steps->items[step].records);
        for (uint32_t at = 0; at < records; at++) {
            TRY(read_record(file, arena, &steps->items[step].records[at]));
        }
    }
    return count == 0 ? STATUS_INVALID : STATUS_OK;
}

enum status bench_steps_load(struct arena *arena, const char *path, struct bench_steps *out_steps)
{
    struct bench_steps steps = {.count = 0};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = read_all(file, arena, &steps);
    fclose(file);
    if (status == STATUS_OK) {
        *out_steps = steps;
    }
    return status;
}
