#include "run.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "shrink.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTANT_SEEDS 1000
#define SHRINK_SECONDS_MAX 60
#define JOBS_MAX 64
#define PROGRESS_MS 60000

static const struct {
    const char *name;
    const char *catchers;
} mutants[MUTANT_COUNT] = {
    {"none", ""},
#define MUTANT_ROW(id, catchers, text) {#id, catchers},
#include "base/mutants.def"
};

bool run_choose_mutant(const char *name)
{
    for (int at = 1; at < MUTANT_COUNT; at++) {
        if (strcmp(mutants[at].name, name) == 0) {
            mutant_active = (enum mutant)at;
            return true;
        }
    }
    return false;
}

/* ---- One seed ---- */

/* The commit that was built from, as its working tree is now. */
static void print_commit(void)
{
    char line[128] = "unknown";
    FILE *git = popen("git -C " PAWL_SOURCE_DIR " describe --always --dirty 2>/dev/null", "r");
    if (git != NULL) {
        if (fgets(line, sizeof line, git) != NULL) {
            line[strcspn(line, "\n")] = 0;
        }
        pclose(git);
    }
    printf("  commit %s; %s\n", line, mutant_active == MUTANT_NONE ? "no bug is planted" : mutants[mutant_active].name);
}

static bool play_one(const struct world_options *options)
{
    struct world *world = calloc(1, sizeof *world);
    bool held = world_play(options, world);
    printf("seed %llu: %s\n", (unsigned long long)options->seed, held ? "all held" : world->failure);
    printf("  %llu steps, %llu crashes, %zu faults, %llu outcomes compared, %zu late requests\n",
           (unsigned long long)world->steps, (unsigned long long)world->crashes, world->faults.struck.count,
           (unsigned long long)world->compared, world->late_requests);
    if (options->trace) {
        printf("  faults: ");
        fault_list_print(&world->faults.struck);
        printf("\n");
    }
    world_forget(world);
    free(world);
    return held;
}

/* A seed that failed: what failed, what struck, and the smallest run that fails. One that ended its process by a signal is not
 * played again in this one. */
static void explain(const struct world_options *options, int signal)
{
    if (signal != 0) {
        printf("  %s\n", signal == SIGPROF ? "it hangs" : strsignal(signal));
        print_commit();
        printf("    sim %llu --trace\n", (unsigned long long)options->seed);
        return;
    }
    struct world *world = calloc(1, sizeof *world);
    bool held = world_play(options, world);
    printf("  %s\n", held ? "but it held the second time" : world->failure);
    print_commit();
    fflush(stdout);
    if (!held) {
        shrink_run(options, &world->faults.struck, SHRINK_SECONDS_MAX);
    }
    world_forget(world);
    free(world);
}

/* ---- Many ---- */

/* What a run did: that it means something. */
struct totals {
    uint64_t seeds;
    uint64_t executions;
    uint64_t compared;
    uint64_t faults;
    uint64_t crashes;
    uint64_t late_requests;
    uint64_t silences;
};

/* What a job tells of a seed: that it began, and what it was. All write to one pipe, which takes each report whole. */
struct report {
    uint32_t job;
    uint64_t seed;
    struct totals totals; /* nothing when it began */
};

/* Processes that share the seeds out. */
struct jobs {
    const struct run_options *options;
    uint32_t count;
    pid_t processes[JOBS_MAX];
    uint64_t last[JOBS_MAX]; /* the last seed that each began */
    struct totals totals;
};

static bool tell(int reports, const struct report *report)
{
    return write(reports, report, sizeof *report) == (ssize_t)sizeof *report;
}

static bool play_and_tell(const struct world_options *options, uint32_t job, int reports)
{
    struct world *world = calloc(1, sizeof *world);
    struct report report = {.job = job, .seed = options->seed};
    shrink_set_limit();
    bool held = tell(reports, &report) && world_play(options, world);
    report.totals = (struct totals){
        .seeds = 1,
        .executions = world->executions,
        .compared = world->compared,
        .faults = world->faults.struck.count,
        .crashes = world->crashes,
        .late_requests = world->late_requests,
        .silences = world->silences,
    };
    held = held && tell(reports, &report);
    world_forget(world);
    free(world);
    return held;
}

/* Every jobs->count-th seed, until one of any job fails. */
static void work(const struct jobs *jobs, uint32_t job, int reports, atomic_bool *stop)
{
    struct world_options one = jobs->options->world;
    one.seed = jobs->options->numbers[0] + job;
    for (; one.seed <= jobs->options->numbers[1] && !atomic_load(stop); one.seed += jobs->count) {
        if (!play_and_tell(&one, job, reports)) {
            atomic_store(stop, true);
            _exit(1);
        }
    }
    _exit(0);
}

/* Returns where the reports come, or -1. */
static int start_jobs(struct jobs *jobs, atomic_bool *stop)
{
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0) {
        return -1;
    }
    for (uint32_t at = 0; at < jobs->count; at++) {
        jobs->processes[at] = fork();
        if (jobs->processes[at] == 0) {
            close(ends[0]);
            work(jobs, at, ends[1], stop);
        }
        if (jobs->processes[at] < 0) {
            atomic_store(stop, true);
            close(ends[0]);
            close(ends[1]);
            return -1;
        }
    }
    close(ends[1]);
    return ends[0];
}

static void add(struct totals *totals, const struct totals *more)
{
    totals->seeds += more->seeds;
    totals->executions += more->executions;
    totals->compared += more->compared;
    totals->faults += more->faults;
    totals->crashes += more->crashes;
    totals->late_requests += more->late_requests;
    totals->silences += more->silences;
}

static uint64_t seeds_wanted(const struct run_options *options)
{
    return options->numbers[1] - options->numbers[0] + 1;
}

/* Until all jobs are over; long work shows that it goes on. */
static void read_reports(struct jobs *jobs, int reports)
{
    int64_t told_ms = clock_ms();
    struct report report;
    while (read(reports, &report, sizeof report) == (ssize_t)sizeof report) {
        add(&jobs->totals, &report.totals);
        jobs->last[report.job] = report.seed;
        if (clock_ms() - told_ms >= PROGRESS_MS) {
            told_ms = clock_ms();
            fprintf(stderr, "  %llu of %llu seeds have held\n", (unsigned long long)jobs->totals.seeds,
                    (unsigned long long)seeds_wanted(jobs->options));
        }
    }
    close(reports);
}

/* The first seed that failed, by *out_signal or by what it found; 0: all held. */
static uint64_t end_jobs(const struct jobs *jobs, int *out_signal)
{
    uint64_t failed = 0;
    for (uint32_t at = 0; at < jobs->count; at++) {
        int result = 0;
        waitpid(jobs->processes[at], &result, 0);
        bool held = WIFEXITED(result) && WEXITSTATUS(result) == 0;
        if (!held && (failed == 0 || jobs->last[at] < failed)) {
            failed = jobs->last[at];
            *out_signal = WIFSIGNALED(result) ? WTERMSIG(result) : 0;
        }
    }
    return failed;
}

static void print_totals(const struct totals *totals, int64_t ms, uint32_t jobs)
{
    printf("%llu seeds, all held (%lld ms, %u at a time)\n", (unsigned long long)totals->seeds, (long long)ms, jobs);
    printf("  %llu executions, %llu outcomes compared with the interpreter's; %llu faults, %llu crashes, %llu late requests\n"
           "  %llu times not ready, rightly, while no broker could be reached\n",
           (unsigned long long)totals->executions, (unsigned long long)totals->compared,
           (unsigned long long)totals->faults, (unsigned long long)totals->crashes,
           (unsigned long long)totals->late_requests, (unsigned long long)totals->silences);
}

static bool play_many(const struct run_options *options)
{
    struct jobs jobs = {.options = options, .count = options->jobs < JOBS_MAX ? options->jobs : JOBS_MAX};
    int failed_by = 0;
    int64_t began_ms = clock_ms();
    atomic_bool *stop = mmap(NULL, sizeof *stop, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int reports = stop == MAP_FAILED ? -1 : start_jobs(&jobs, stop);
    if (reports < 0) {
        printf("no process can be made\n");
        return false;
    }
    read_reports(&jobs, reports);
    uint64_t failed = end_jobs(&jobs, &failed_by);
    if (failed > 0) {
        struct world_options one = options->world;
        one.seed = failed;
        printf("seed %llu failed\n", (unsigned long long)failed);
        explain(&one, failed_by);
        return false;
    }
    print_totals(&jobs.totals, clock_ms() - began_ms, jobs.count);
    return jobs.totals.seeds == seeds_wanted(options);
}

/* ---- Planted bugs ---- */

static bool is_for_sim(const char *catchers)
{
    return strncmp(catchers, "sim", 3) == 0 && (catchers[3] == 0 || catchers[3] == ',');
}

/* The planted bug in processes of their own, as it may break anything. Returns the first seed that finds it, 0: none does. */
static uint64_t hunt(uint64_t seeds_max)
{
    for (uint64_t seed = 1; seed <= seeds_max; seed++) {
        struct world_options options = world_options_whole;
        options.seed = seed;
        if (!shrink_try(&options)) {
            return seed;
        }
    }
    return 0;
}

/* Of the one that was chosen, or of all: how many seeds it takes to find it. */
static bool play_mutants(uint64_t seeds_max)
{
    enum mutant chosen = mutant_active;
    int missed = 0;
    for (int at = 1; at < MUTANT_COUNT; at++) {
        if (chosen != MUTANT_NONE ? at != (int)chosen : !is_for_sim(mutants[at].catchers)) {
            continue;
        }
        int64_t began_ms = clock_ms();
        mutant_active = (enum mutant)at;
        uint64_t seed = hunt(seeds_max);
        if (seed > 0) {
            printf("%-28s caught by seed %llu (%lld ms)\n", mutants[at].name, (unsigned long long)seed,
                   (long long)(clock_ms() - began_ms));
        } else {
            printf("%-28s NOT caught by %llu seeds (%lld ms)\n", mutants[at].name, (unsigned long long)seeds_max,
                   (long long)(clock_ms() - began_ms));
            missed++;
        }
    }
    return missed == 0;
}

bool run(const struct run_options *options)
{
    struct world_options one = options->world;
    switch (options->mode) {
    case RUN_ONE:
        one.seed = options->numbers[0];
        return play_one(&one);
    case RUN_SEEDS:
        return play_many(options);
    case RUN_MUTANTS:
        return play_mutants(options->number_count > 0 ? options->numbers[0] : MUTANT_SEEDS);
    }
    return false;
}
