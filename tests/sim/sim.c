/* The simulator's program; `usage` below says what it can do. */
#include "run.h"

#include "base/log.h"
#include "base/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "sim SEED [--trace] [--faults LIST] [--starts N] [--steps N] [--processes N] [--mutant NAME]\n"
    "    plays one seed; --trace tells what happens, the others leave something out: all faults but those of LIST\n"
    "    (\"crash@12,hold@3\", or \"none\"), executions, time until nothing goes wrong any more, processes\n"
    "sim --seeds FROM TO [--jobs N] [--mutant NAME]\n"
    "    plays all of them, until one fails: it is shrunk, and how to replay it is told\n"
    "sim --mutants [SEEDS] [--jobs N] [--mutant NAME]\n"
    "    plants each bug that base/mutants.def leaves to the simulator: which seed finds it\n";

static bool read_number(const char *text, uint32_t *out_number)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    *out_number = (uint32_t)number;
    return end != text && *end == 0 && number <= UINT32_MAX;
}

/* Reads what follows an option; false: it is none, or wrong. */
static bool read_option(struct run_options *options, const char *name, const char *value)
{
    struct world_options *world = &options->world;
    if (strcmp(name, "--faults") == 0) {
        world->only = &options->faults;
        return fault_list_read(&options->faults, value);
    }
    if (strcmp(name, "--mutant") == 0) {
        return run_choose_mutant(value);
    }
    return (strcmp(name, "--starts") == 0 && read_number(value, &world->starts_max)) ||
           (strcmp(name, "--steps") == 0 && read_number(value, &world->steps_max)) ||
           (strcmp(name, "--processes") == 0 && read_number(value, &world->processes_max)) ||
           (strcmp(name, "--jobs") == 0 && read_number(value, &options->jobs) && options->jobs > 0);
}

static bool read_arguments(struct run_options *options, int count, char **arguments)
{
    for (int at = 1; at < count; at++) {
        const char *argument = arguments[at];
        if (strcmp(argument, "--trace") == 0) {
            options->world.trace = true;
            log_level_set(LOG_DEBUG);
        } else if (strcmp(argument, "--seeds") == 0) {
            options->mode = RUN_SEEDS;
        } else if (strcmp(argument, "--mutants") == 0) {
            options->mode = RUN_MUTANTS;
        } else if (argument[0] == '-') {
            if (at + 1 == count || !read_option(options, argument, arguments[++at])) {
                return false;
            }
        } else if (options->number_count == 2) {
            return false;
        } else {
            options->numbers[options->number_count++] = strtoull(argument, NULL, 10);
        }
    }
    return options->mode == RUN_SEEDS ? options->number_count == 2
                                      : options->number_count <= 1 && (options->mode != RUN_ONE || options->number_count == 1);
}

int main(int count, char **arguments)
{
    struct run_options options = {.world = world_options_whole, .mode = RUN_ONE, .jobs = 1};
    /* Nothing: poisoned records are given up by the dozen, and the processor says so. */
    log_level_set((enum log_level)(LOG_ERROR + 1));
    if (!read_arguments(&options, count, arguments)) {
        fputs(usage, stderr);
        return 2;
    }
    bool held = run(&options);
    fault_list_clear(&options.faults);
    return held ? 0 : 1;
}
