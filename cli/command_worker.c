/* This thread follows the task's topic and says what is done with; crew.c's threads do the tasks, and reporter.c's sends
 * their results. A record is done with only when its result is durable: until then another worker may do it again. */
#include "asl/arn.h"
#include "asl/resource.h"
#include "asl/route.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/child.h"
#include "cli/connection.h"
#include "cli/crew.h"
#include "cli/reporter.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define POLL_MS 50
#define TOPIC_WAIT_MS 500
#define UNSETTLED_MAX 10000 /* records behind one that takes long */

/* Tasks of a partition that are not done with, in order. */
struct lane {
    struct task *first;
    struct task **last;
};

struct worker {
    struct context *context;
    struct str route;
    struct str group;
    struct str activity; /* its ARN: of the route's tasks those alone; STR_NONE: all */
    struct str name;     /* who claims activities' tasks */
    int64_t jobs;
    int64_t idle_seconds_max; /* 0: for ever */
    sigset_t signals;
    const struct bus_topic *topic;
    struct bus_follower *follower;
    struct reporter *reporter;
    struct claims *claims;
    struct crew *crew;
    struct lane *lanes; /* one a partition, as many as have been heard of */
    uint32_t lane_count;
    uint32_t unsettled;
    int64_t taken;
    int64_t last_ms; /* when a task last came */
};

/* ---- Lanes ---- */

/* A topic may get more partitions while the worker runs. */
static enum exit_code make_lanes(struct worker *worker, uint32_t count)
{
    struct lane *lanes = arena_array(worker->context->arena, struct lane, count);
    if (lanes == NULL) {
        return context_fail_memory(worker->context);
    }
    for (uint32_t partition = 0; partition < count; partition++) {
        lanes[partition] = partition < worker->lane_count ? worker->lanes[partition] : (struct lane){.first = NULL};
        if (lanes[partition].first == NULL) {
            lanes[partition].last = &lanes[partition].first;
        }
    }
    worker->lanes = lanes;
    worker->lane_count = count;
    return EXIT_CODE_OK;
}

/* ---- What is done with ---- */

/* Tells the group of the first tasks of the lane that are reported. */
static void settle_lane(struct worker *worker, uint32_t partition)
{
    struct lane *lane = &worker->lanes[partition];
    struct bus_record record = {.topic = worker->topic, .partition = partition, .offset = -1};
    struct bus_error error = {""};
    while (lane->first != NULL && atomic_load(&lane->first->reported)) {
        struct task *task = lane->first;
        lane->first = task->next_of_partition;
        record.offset = task->offset;
        task_destroy(task);
        worker->unsettled--;
    }
    if (lane->first == NULL) {
        lane->last = &lane->first;
    }
    if (record.offset >= 0 && bus_follower_done(worker->follower, &record, &error) != STATUS_OK) {
        /* They come again, and their results are known to be late. */
        log_event(LOG_WARNING, "not_settled", "topic=%.*s partition=%" PRIu32, STR_ARGS(bus_topic_name(worker->topic)),
                  partition);
    }
}

static void settle(struct worker *worker)
{
    for (uint32_t partition = 0; partition < worker->lane_count; partition++) {
        settle_lane(worker, partition);
    }
}

static bool is_taken(const struct lane *lane, int64_t offset)
{
    for (const struct task *task = lane->first; task != NULL; task = task->next_of_partition) {
        if (task->offset == offset) {
            return true;
        }
    }
    return false;
}

/* ---- What comes ---- */

static enum exit_code take(struct worker *worker, const struct bus_record *record)
{
    struct str problem;
    char quoted[1024];
    if (record->partition >= worker->lane_count) {
        TRY_RUN(make_lanes(worker, record->partition + 1));
    }
    struct lane *lane = &worker->lanes[record->partition];
    if (is_taken(lane, record->offset)) {
        return EXIT_CODE_OK; /* the partition went away and came back */
    }
    bool whole = context_given(worker->context, FLAG_WORKER_REQUEST);
    struct task *task = task_create(worker->context->connection->codec, record, whole, &problem);
    if (task == NULL) {
        return context_fail_memory(worker->context);
    }
    task->next_of_partition = NULL;
    *lane->last = task;
    lane->last = &task->next_of_partition;
    worker->unsettled++;
    worker->taken++;
    if (task->request == NULL) {
        log_event(LOG_ERROR, "task_unreadable", "topic=%.*s partition=%" PRIu32 " offset=%" PRId64 " reason=%s",
                  STR_ARGS(bus_topic_name(worker->topic)), record->partition, record->offset,
                  log_quote(problem, quoted, sizeof quoted));
        atomic_store(&task->reported, true);
    } else if (worker->activity.bytes != NULL && !str_equal(task->request->resource, worker->activity)) {
        atomic_store(&task->reported, true); /* of another activity: another group's */
    } else {
        crew_give(worker->crew, task);
    }
    return EXIT_CODE_OK;
}

static bool is_told_to_stop(struct worker *worker)
{
    struct timespec now = {0};
    return sigtimedwait(&worker->signals, NULL, &now) > 0;
}

static bool has_idled(struct worker *worker)
{
    return worker->idle_seconds_max > 0 && worker->unsettled == 0 &&
           child_now_ms() - worker->last_ms >= worker->idle_seconds_max * 1000;
}

static enum exit_code follow(struct worker *worker)
{
    struct bus_error error = {""};
    struct bus_record record;
    worker->last_ms = child_now_ms();
    while (!is_told_to_stop(worker) && !has_idled(worker)) {
        enum status status = STATUS_END;
        if (crew_has_room(worker->crew, POLL_MS) && worker->unsettled < UNSETTLED_MAX) {
            status = bus_follower_poll(worker->follower, POLL_MS, &record, &error);
        }
        if (status == STATUS_OK) {
            worker->last_ms = child_now_ms();
            TRY_RUN(take(worker, &record));
            settle_lane(worker, record.partition);
        } else if (status == STATUS_END || status == STATUS_RETRIABLE) {
            settle(worker);
        } else {
            return context_fail_bus(worker->context, status, worker->route.bytes, &error);
        }
        if (reporter_failed(worker->reporter, &error)) {
            return context_fail_bus(worker->context, STATUS_FATAL, "the results can't be sent", &error);
        }
    }
    return EXIT_CODE_OK;
}

/* What was begun is finished; a second signal kills it. What was not begun is another worker's. */
static void leave(struct worker *worker)
{
    struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    log_event(LOG_INFO, "stopping", "route=%.*s", STR_ARGS(worker->route));
    crew_stop(worker->crew);
    while (!crew_is_idle(worker->crew)) {
        if (sigtimedwait(&worker->signals, NULL, &pause) > 0) {
            crew_kill(worker->crew);
            _Exit(EXIT_CODE_FAILED);
        }
    }
}

/* ---- Opening ---- */

/* The route's topic is made when a definition with that task is; until then the worker waits. */
static enum exit_code await_topic(struct worker *worker)
{
    struct context *context = worker->context;
    struct timespec pause = {.tv_nsec = TOPIC_WAIT_MS * 1000000L};
    struct bus_error error = {""};
    struct str name;
    bool told = false;
    TRY_RUN(connection_topic_name(context, TOPIC_TASKS, worker->route, &name));
    for (;;) {
        enum status status = bus_topic_open(context->connection->bus, name, &worker->topic, &error);
        if (status == STATUS_OK) {
            return EXIT_CODE_OK;
        }
        if (status != STATUS_NOT_FOUND) {
            return context_fail_bus(context, status, name.bytes, &error);
        }
        if (!told) {
            log_event(LOG_INFO, "waiting", "topic=%.*s reason=\"no definition with this task has been made yet\"", STR_ARGS(name));
            told = true;
        }
        if (sigtimedwait(&worker->signals, NULL, &pause) > 0) {
            return context_fail(context, EXIT_CODE_FAILED, "stopped before there was a topic");
        }
    }
}

static enum status open_claims(struct worker *worker, const struct reporter_config *reporter, struct bus_error *out_error)
{
    struct context *context = worker->context;
    const struct claims_config config = {
        .bus = reporter->bus,
        .codec = context->connection->codec,
        .results = reporter->results,
        .replies = context->connection->topics[TOPIC_REPLIES],
        .encoding = reporter->encoding,
        .worker_name = worker->name,
    };
    return claims_create(&config, &worker->claims, out_error);
}

static enum exit_code open_parts(struct worker *worker)
{
    struct context *context = worker->context;
    struct bus *bus = context->connection->bus;
    struct bus_error error = {""};
    struct reporter_config reporter = {
        .bus = bus,
        .encoding = settings_encoding(context->settings, OPTION_ENCODING_RESULTS),
    };
    const struct bus_topic *replies;
    TRY_RUN(connection_topic(context, TOPIC_RESULTS, &reporter.results));
    TRY_RUN(connection_topic(context, TOPIC_REPLIES, &replies));
    TRY_RUN(make_lanes(worker, bus_topic_partition_count(worker->topic)));
    enum status status = reporter_create(&reporter, &worker->reporter, &error);
    if (status == STATUS_OK) {
        status = open_claims(worker, &reporter, &error);
    }
    if (status == STATUS_OK) {
        struct crew_config crew = {
            .command = context_flag(context, FLAG_WORKER_EXEC).bytes,
            .lines = context_given(context, FLAG_WORKER_LINES),
            .jobs = (uint32_t)worker->jobs,
            .reporter = worker->reporter,
            .claims = worker->claims,
            .started = context_given(context, FLAG_WORKER_STARTED),
            .worker_name = context_flag(context, FLAG_WORKER_NAME),
        };
        status = crew_create(&crew, &worker->crew);
    }
    if (status == STATUS_OK) {
        status = bus_follower_open(bus, worker->group, &worker->topic, 1, &worker->follower, &error);
    }
    return status == STATUS_OK ? EXIT_CODE_OK : context_fail_bus(context, status, worker->route.bytes, &error);
}

/* Tasks that were not begun, or whose results could not be sent. */
static void drop_unsettled(struct worker *worker)
{
    for (uint32_t partition = 0; partition < worker->lane_count; partition++) {
        while (worker->lanes[partition].first != NULL) {
            struct task *task = worker->lanes[partition].first;
            worker->lanes[partition].first = task->next_of_partition;
            task_destroy(task);
        }
    }
}

/* In the order in which they depend on each other; every part may be missing. */
static void close_parts(struct worker *worker, bool give_up)
{
    if (worker->crew != NULL) {
        if (worker->follower != NULL) {
            leave(worker);
        }
        crew_destroy(worker->crew);
    }
    if (worker->claims != NULL) {
        claims_destroy(worker->claims);
    }
    if (worker->reporter != NULL) {
        reporter_destroy(worker->reporter, give_up);
    }
    if (worker->follower != NULL) {
        settle(worker);
        drop_unsettled(worker);
        bus_follower_close(worker->follower);
        log_event(LOG_INFO, "stopped", "route=%.*s taken=%" PRId64, STR_ARGS(worker->route), worker->taken);
    }
}

static enum exit_code read_number(struct worker *worker, enum flag_id id, struct argument_range range, int64_t *out_number)
{
    struct context *context = worker->context;
    struct str problem;
    enum status status = arguments_number(context->arena, &context->arguments, id, range, out_number, &problem);
    if (status == STATUS_INVALID) {
        return context_fail(context, EXIT_CODE_USAGE, "%.*s", STR_ARGS(problem));
    }
    TRY_MEMORY(context, status);
    return EXIT_CODE_OK;
}

static bool is_route(struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        if (!isalnum((unsigned char)text.bytes[at]) && strchr("._-", text.bytes[at]) == NULL) {
            return false;
        }
    }
    return text.length > 0 && text.length <= ROUTE_CHARACTERS_MAX;
}

/* A route as it is, or a task's resource. */
static enum exit_code read_route(struct worker *worker, struct str task)
{
    struct context *context = worker->context;
    worker->route = task;
    if (str_starts_with(task, STR("arn:"))) {
        enum status status = route_of(context->arena, task, STR_NONE, &worker->route);
        if (status == STATUS_INVALID) {
            return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no ARN of a task", STR_ARGS(task));
        }
        TRY_MEMORY(context, status);
    }
    if (!is_route(worker->route)) {
        return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no task: 1 to %d of A–Z a–z 0–9 . _ -", STR_ARGS(task),
                            ROUTE_CHARACTERS_MAX);
    }
    return EXIT_CODE_OK;
}

/* An activity's ARN or name. */
static enum exit_code read_activity(struct worker *worker, struct str activity)
{
    struct context *context = worker->context;
    struct resource resource;
    worker->activity = activity;
    if (!str_starts_with(activity, STR("arn:"))) {
        TRY_MEMORY(context, arena_format(context->arena, &worker->activity, "arn:aws:states:%.*s:%.*s:activity:%.*s",
                                         STR_ARGS(settings_text(context->settings, OPTION_AWS_REGION)),
                                         STR_ARGS(settings_text(context->settings, OPTION_AWS_ACCOUNT)), STR_ARGS(activity)));
    }
    if (resource_parse(worker->activity, &resource) != STATUS_OK || resource.kind != RESOURCE_ACTIVITY ||
        !arn_name_is_valid(resource.name)) {
        return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no activity", STR_ARGS(activity));
    }
    return read_route(worker, worker->activity);
}

/* pawl-worker-charge; each activity has its own, since all of them share a topic. */
static enum exit_code name_group(struct worker *worker)
{
    struct context *context = worker->context;
    struct str prefix = settings_text(context->settings, OPTION_TOPICS_PREFIX);
    struct resource resource = {.name = STR("")};
    bool one = worker->activity.bytes != NULL && resource_parse(worker->activity, &resource) == STATUS_OK;
    TRY_MEMORY(context, arena_format(context->arena, &worker->group, "%.*s-worker-%.*s%s%.*s", STR_ARGS(prefix),
                                     STR_ARGS(worker->route), one ? "-" : "", STR_ARGS(resource.name)));
    if (context_given(context, FLAG_WORKER_GROUP)) {
        worker->group = context_flag(context, FLAG_WORKER_GROUP);
    }
    /* By the group's name: whoever of it takes over after a crash may claim the task again. */
    worker->name = context_given(context, FLAG_WORKER_NAME) ? context_flag(context, FLAG_WORKER_NAME) : worker->group;
    return EXIT_CODE_OK;
}

static enum exit_code read_arguments(struct worker *worker)
{
    struct context *context = worker->context;
    struct argument_range jobs = {1, 1, CREW_JOBS_MAX};
    struct argument_range seconds = {0, 1, 86400};
    struct str task = context_flag(context, FLAG_WORKER_TASK);
    struct str activity = context_flag(context, FLAG_WORKER_ACTIVITY);
    if (task.length == 0 && activity.length == 0) {
        return context_fail(context, EXIT_CODE_USAGE, "--task is missing, or --activity");
    }
    if (task.length > 0 && activity.length > 0) {
        return context_fail(context, EXIT_CODE_USAGE, "either --task or --activity");
    }
    if (context_flag(context, FLAG_WORKER_EXEC).length == 0) {
        return context_fail(context, EXIT_CODE_USAGE, "--exec is missing");
    }
    TRY_RUN(task.length > 0 ? read_route(worker, task) : read_activity(worker, activity));
    TRY_RUN(name_group(worker));
    TRY_RUN(read_number(worker, FLAG_WORKER_JOBS, jobs, &worker->jobs));
    return read_number(worker, FLAG_WORKER_UNTIL_IDLE, seconds, &worker->idle_seconds_max);
}

enum exit_code command_worker(struct context *context)
{
    struct worker worker = {.context = context};
    TRY_RUN(read_arguments(&worker));
    sigemptyset(&worker.signals);
    sigaddset(&worker.signals, SIGTERM);
    sigaddset(&worker.signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &worker.signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    TRY_RUN(connection_open(context));
    TRY_RUN(await_topic(&worker));
    enum exit_code code = open_parts(&worker);
    if (code == EXIT_CODE_OK) {
        log_event(LOG_INFO, "working", "topic=%.*s group=%.*s jobs=%" PRId64, STR_ARGS(bus_topic_name(worker.topic)),
                  STR_ARGS(worker.group), worker.jobs);
        code = follow(&worker);
    }
    close_parts(&worker, code != EXIT_CODE_OK);
    return code;
}
