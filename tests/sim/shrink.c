#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEED_SECONDS_MAX 60

struct shrinking {
    struct world_options options; /* the smallest that fails; its faults are `faults` */
    struct fault_list faults;
    time_t until;
    size_t tries;
};

void shrink_set_limit(void)
{
    const struct itimerval limit = {.it_value = {.tv_sec = SEED_SECONDS_MAX}};
    setitimer(ITIMER_PROF, &limit, NULL); /* SIGPROF ends the process */
}

bool shrink_try(const struct world_options *options)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
            _exit(0);
        }
        shrink_set_limit();
        struct world *world = calloc(1, sizeof *world);
        _exit(world_play(options, world) ? 0 : 1);
    }
    int result = 0;
    waitpid(child, &result, 0);
    return WIFEXITED(result) && WEXITSTATUS(result) == 0;
}

/* Takes the smaller run if it fails too. */
static bool take_if_fails(struct shrinking *shrinking, const struct world_options *smaller)
{
    if (time(NULL) >= shrinking->until) {
        return false;
    }
    shrinking->tries++;
    if (shrink_try(smaller)) {
        return false;
    }
    shrinking->options = *smaller;
    shrinking->options.only = &shrinking->faults;
    return true;
}

/* Leaves out one piece of the list after the other, in smaller and smaller pieces. */
static void drop_faults(struct shrinking *shrinking)
{
    for (size_t piece = shrinking->faults.count; piece > 0; piece /= 2) {
        for (size_t from = 0; from < shrinking->faults.count;) {
            struct fault_list rest = {.count = 0};
            for (size_t at = 0; at < shrinking->faults.count; at++) {
                if (at < from || at >= from + piece) {
                    fault_list_add(&rest, shrinking->faults.items[at]);
                }
            }
            struct world_options smaller = shrinking->options;
            smaller.only = &rest;
            if (take_if_fails(shrinking, &smaller)) {
                fault_list_clear(&shrinking->faults);
                shrinking->faults = rest;
            } else {
                fault_list_clear(&rest);
                from += piece;
            }
        }
    }
}

/* Halves the number while it fails, then goes down one by one part. */
static void lower(struct shrinking *shrinking, size_t place, uint32_t at_first, uint32_t min)
{
    uint32_t present = at_first;
    for (uint32_t by = present / 2; by > 0;) {
        struct world_options smaller = shrinking->options;
        uint32_t next = present > min + by ? present - by : min;
        *(uint32_t *)((char *)&smaller + place) = next;
        if (next < present && take_if_fails(shrinking, &smaller)) {
            present = next;
        } else {
            by /= 2;
        }
    }
}

static uint32_t at_most(uint32_t number, uint32_t max)
{
    return number < max ? number : max;
}

static void print_command(const struct shrinking *shrinking)
{
    const struct world_options *options = &shrinking->options;
    printf("    sim %llu --faults ", (unsigned long long)options->seed);
    fault_list_print(&shrinking->faults);
    if (options->starts_max != UINT32_MAX) {
        printf(" --starts %u", options->starts_max);
    }
    if (options->steps_max != UINT32_MAX) {
        printf(" --steps %u", options->steps_max);
    }
    if (options->processes_max != PROCESSES_MAX) {
        printf(" --processes %u", options->processes_max);
    }
    printf(" --trace\n");
}

void shrink_run(const struct world_options *options, const struct fault_list *struck, int64_t seconds_max)
{
    struct shrinking shrinking = {.options = *options, .until = time(NULL) + seconds_max};
    shrinking.options.trace = false;
    for (size_t at = 0; at < struck->count; at++) {
        fault_list_add(&shrinking.faults, struck->items[at]);
    }
    shrinking.options.only = &shrinking.faults;
    size_t faults = shrinking.faults.count;
    lower(&shrinking, offsetof(struct world_options, steps_max), at_most(options->steps_max, 16384), 1);
    drop_faults(&shrinking);
    lower(&shrinking, offsetof(struct world_options, processes_max), options->processes_max, 1);
    lower(&shrinking, offsetof(struct world_options, starts_max), at_most(options->starts_max, 32), 0);
    lower(&shrinking, offsetof(struct world_options, steps_max), at_most(shrinking.options.steps_max, 16384), 1);
    drop_faults(&shrinking);
    printf("  shrunk from %zu faults to %zu by %zu tries; what is left, told:\n", faults, shrinking.faults.count,
           shrinking.tries);
    print_command(&shrinking);
    fault_list_clear(&shrinking.faults);
}
