#include "play.h"

#include "base/assert.h"
#include "base/hash.h"
#include "schemas/codec/codec.h"

#include <stdlib.h>

void play_create(struct world *world)
{
    struct play *play = calloc(1, sizeof *play);
    world->play = play;
    play->arena = arena_create((size_t)1 << 30);
    play->chance.state = chance_next(&world->chance);
    play->tasks = calloc(TASKS_MAX, sizeof *play->tasks);
    play->answers = calloc((size_t)2 * TASKS_MAX, sizeof *play->answers);
    play->starts_left = 8 + chance_below(&play->chance, 14);
    if (play->starts_left > world->options.starts_max) {
        play->starts_left = world->options.starts_max;
    }
    play_make_machines(play);
}

void play_destroy(struct world *world)
{
    arena_destroy(world->play->arena);
    free(world->play->tasks);
    free(world->play->answers);
    free(world->play);
}

void play_send(struct world *world, const char *topic_name, uint32_t partition, struct str key, struct str value)
{
    struct bus_producer *producer;
    struct topic *topic = broker_topic(world->broker, topic_name);
    ASSERT(bus_producer_open(world->bus, &producer, NULL) == STATUS_OK);
    const struct bus_message message = {.topic = &topic->base, .partition = partition, .key = key, .value = value};
    ASSERT(bus_producer_send(producer, &message, NULL) == STATUS_OK);
    world_trace(world, "sent to %s-%u@%zu", topic_name, partition, topic->logs[partition].count - 1);
    bus_producer_close(producer);
}

uint32_t play_partition(struct world *world, struct str arn)
{
    struct chance *chance = &world->play->chance;
    if (arn.length == 0 || chance_of(chance, 1000)) {
        return chance_below(chance, world->partition_count);
    }
    return hash_partition(arn, world->partition_count);
}

enum codec_encoding play_encoding(struct world *world)
{
    return chance_of(&world->play->chance, 5000) ? CODEC_JSON : CODEC_AVRO;
}

bool play_is_over(const struct world *world)
{
    return world->play->starts_left == 0 && world->play->answer_count == 0;
}

struct play_word play_word_of(struct arena *arena, struct str state_name, struct str parameters, int64_t attempt)
{
    const struct str parts[] = {state_name, parameters};
    struct play_word word = {.fate = PLAY_SUCCEEDS};
    uint8_t digest[SHA256_BYTES];
    hash_sha256(parts, 2, digest);
    /* Only where a time-out helps: tasks whose name begins so have one (tests/asl/machine_random.h). */
    if (str_starts_with(state_name, STR("Timed")) && digest[2 + attempt % 8] % 7 == 0) {
        word.fate = PLAY_SILENT;
    } else if (attempt < digest[0] % 4) {
        word = (struct play_word){.fate = PLAY_FAILS, .error = STR("Flaky"), .cause = STR("cause")};
    } else {
        ASSERT(arena_format(arena, &word.output, "{\"by\":\"%.*s\",\"attempt\":%lld,\"hash\":%u}", STR_ARGS(state_name),
                            (long long)attempt, digest[1]) == STATUS_OK);
    }
    return word;
}
