/* The simulator: `sim SEED [--trace]`, `sim --seeds FROM TO`, and with `--mutant NAME` a planted bug that it must find.
 * `sim --mutants [SEEDS]` plants all those that base/mutants.def leaves to it, each until a seed finds it. */
#include "world.h"

#include "base/assert.h"
#include "base/log.h"
#include "base/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEED_SECONDS_MAX 60 /* one that takes longer hangs */
#define MUTANT_SEEDS 400

static const struct {
    const char *name;
    const char *catcher;
} mutants[MUTANT_COUNT] = {
    {"none", ""},
#define MUTANT_ROW(id, catcher, text) {#id, catcher},
#include "base/mutants.def"
};

static bool choose_mutant(const char *name)
{
    for (int at = 1; at < MUTANT_COUNT; at++) {
        if (strcmp(mutants[at].name, name) == 0) {
            mutant_active = (enum mutant)at;
            return true;
        }
    }
    return false;
}

static bool run(uint64_t seed, bool trace)
{
    struct world *world = calloc(1, sizeof *world);
    bool held = world_play(seed, trace, world);
    if (!held) {
        printf("seed %llu: %s\n", (unsigned long long)seed, world->failure);
    } else if (trace) {
        printf("seed %llu: all held (%llu steps, %llu crashes)\n", (unsigned long long)seed,
               (unsigned long long)world->steps, (unsigned long long)world->crashes);
    }
    free(world);
    return held;
}

/* From `from` to `to`; the first that fails ends it. */
static int run_all(uint64_t from, uint64_t to)
{
    for (uint64_t seed = from; seed <= to; seed++) {
        if (!run(seed, false)) {
            return 1;
        }
    }
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The planted bug in a process of its own, as it may break anything. Returns the first seed that finds it, 0: none does. */
static uint64_t hunt(uint64_t seeds_max)
{
    for (uint64_t seed = 1; seed <= seeds_max; seed++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
                _exit(0);
            }
            alarm(SEED_SECONDS_MAX);
            _exit(run(seed, false) ? 0 : 1);
        }
        int result = 0;
        waitpid(child, &result, 0);
        if (!WIFEXITED(result) || WEXITSTATUS(result) != 0) {
            return seed;
        }
    }
    return 0;
}

/* Of the one that was chosen, or of all: how many seeds it takes to find it. */
static int run_mutants(uint64_t seeds_max)
{
    enum mutant chosen = mutant_active;
    int missed = 0;
    for (int at = 1; at < MUTANT_COUNT; at++) {
        if (chosen != MUTANT_NONE ? at != (int)chosen : strcmp(mutants[at].catcher, "sim") != 0) {
            continue;
        }
        int64_t began_ms = now_ms();
        mutant_active = (enum mutant)at;
        uint64_t seed = hunt(seeds_max);
        if (seed > 0) {
            printf("%-28s caught by seed %llu (%lld ms)\n", mutants[at].name, (unsigned long long)seed,
                   (long long)(now_ms() - began_ms));
        } else {
            printf("%-28s NOT caught by %llu seeds (%lld ms)\n", mutants[at].name, (unsigned long long)seeds_max,
                   (long long)(now_ms() - began_ms));
            missed++;
        }
    }
    return missed > 0;
}

int main(int count, char **arguments)
{
    bool trace = false;
    const char *plain[4];
    int plain_count = 0;
    const char *mode = NULL;
    /* Nothing: poisoned records are given up by the dozen, and the processor says so. */
    log_level_set((enum log_level)(LOG_ERROR + 1));
    for (int at = 1; at < count; at++) {
        if (strcmp(arguments[at], "--trace") == 0) {
            trace = true;
            log_level_set(LOG_DEBUG);
        } else if (strcmp(arguments[at], "--seeds") == 0 || strcmp(arguments[at], "--mutants") == 0) {
            mode = arguments[at];
        } else if (strcmp(arguments[at], "--mutant") == 0 && at + 1 < count) {
            if (!choose_mutant(arguments[++at])) {
                fprintf(stderr, "no such mutant: %s\n", arguments[at]);
                return 2;
            }
        } else if (plain_count < 4) {
            plain[plain_count++] = arguments[at];
        }
    }
    if (mode != NULL && strcmp(mode, "--mutants") == 0) {
        return run_mutants(plain_count > 0 ? strtoull(plain[0], NULL, 10) : MUTANT_SEEDS);
    }
    if (mode != NULL && plain_count == 2) {
        return run_all(strtoull(plain[0], NULL, 10), strtoull(plain[1], NULL, 10));
    }
    if (mode == NULL && plain_count == 1) {
        return run(strtoull(plain[0], NULL, 10), trace) ? 0 : 1;
    }
    printf("usage: sim SEED [--trace] [--mutant NAME] | sim --seeds FROM TO [--mutant NAME] | sim --mutants [SEEDS] [--mutant NAME]\n");
    return 2;
}
