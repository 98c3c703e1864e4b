#include "cli/bench_side.h"

#include "cli/bench_process.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS_MAX 256
#define LOG_TAIL_BYTES 2000

#define LISTEN_MS_MAX 30000
#define LISTEN_EVERY_MS 5

/* By enum bench_kind. */
static const struct {
    const char *name;
    const char *words[3]; /* of its command */
    const char *threads;  /* the key that says how many it has */
} kinds[] = {
    [BENCH_ENGINE] = {"engine", {"serve", "--role", "processor"}, "processor.threads"},
    [BENCH_CEILING] = {"ceiling", {"bench", "forward"}, "processor.threads"},
    [BENCH_GATEWAY] = {"gateway", {"serve", "--role", "gateway"}, "gateway.threads"},
    [BENCH_BARE] = {"bare", {"bench", "bare"}, "gateway.threads"},
};

const char *bench_side_name(const struct bench_side *side)
{
    return kinds[side->kind].name;
}

/* ---- Opening ---- */

static enum exit_code make_prefix(struct bench_side *side)
{
    struct bench *bench = side->bench;
    struct context *context = bench->context;
    TRY_MEMORY(context, arena_format(context->arena, &side->prefix, "bench-%x-%u", (unsigned)(bench_chance(bench) >> 36),
                                     bench->side_count));
    return EXIT_CODE_OK;
}

static enum exit_code make_folder(struct bench_side *side)
{
    struct bench *bench = side->bench;
    struct context *context = bench->context;
    uint32_t number = bench->side_count++;
    TRY_MEMORY(context, arena_format(context->arena, &side->state_dir, "%.*s/%u-%s", STR_ARGS(bench->folder), number,
                                     bench_side_name(side)));
    TRY_MEMORY(context, arena_format(context->arena, &side->log, "%.*s.log", STR_ARGS(side->state_dir)));
    if (mkdir(side->state_dir.bytes, 0700) != 0) {
        return context_fail(context, EXIT_CODE_FAILED, "%s can't be made", side->state_dir.bytes);
    }
    return EXIT_CODE_OK;
}

enum exit_code bench_side_steps_path(const struct bench_side *side, struct str *out_path)
{
    struct context *context = side->bench->context;
    TRY_MEMORY(context, arena_format(context->arena, out_path, "%.*s/steps", STR_ARGS(side->state_dir)));
    return EXIT_CODE_OK;
}

enum exit_code bench_side_open(struct bench *bench, enum bench_kind kind, uint32_t thread_count, struct bench_side *out_side)
{
    struct bus_error error = {""};
    struct bench_side side = {.bench = bench, .kind = kind, .thread_count = thread_count};
    TRY_RUN(make_prefix(&side));
    TRY_RUN(make_folder(&side));
    enum status status = topics_create(bench->bus, side.prefix, bench->options.partitions, &error);
    TRY_RUN(bench_check(bench, "topics", status, &error));
    status = topics_open(bench->bus, side.prefix, &side.topics, &error);
    TRY_RUN(bench_check(bench, "topics", status, &error));
    status = topics_route_open(side.topics, STR(BENCH_ROUTE), &error);
    if (status != STATUS_OK) {
        topics_close(side.topics);
        return bench_check(bench, "the tasks' topic", status, &error);
    }
    side.tasks = topics_route(side.topics, STR(BENCH_ROUTE));
    *out_side = side;
    return EXIT_CODE_OK;
}

enum exit_code bench_side_join(const struct bench_side *engine, enum bench_kind kind, uint32_t thread_count,
                               struct bench_side *out_side)
{
    struct bench_side side = {.bench = engine->bench, .kind = kind, .thread_count = thread_count, .prefix = engine->prefix};
    side.sets[0] = (struct bench_side_set){"gateway.listen", STR("127.0.0.1:0")};
    TRY_RUN(make_folder(&side));
    *out_side = side;
    return EXIT_CODE_OK;
}

void bench_side_close(struct bench_side *side)
{
    bench_side_end(side, SIGTERM);
    if (side->topics != NULL) {
        topics_close(side->topics);
    }
}

/* ---- Running ---- */

struct arguments_list {
    char *items[ARGUMENTS_MAX];
    size_t count;
};

static enum exit_code add(struct bench_side *side, struct arguments_list *list, const char *before, struct str text)
{
    struct context *context = side->bench->context;
    struct str copy;
    if (list->count + 3 > ARGUMENTS_MAX) {
        return context_fail(context, EXIT_CODE_USAGE, "there are too many --set");
    }
    TRY_MEMORY(context, arena_copy(context->arena, text, &copy));
    if (before != NULL) {
        list->items[list->count++] = (char *)before;
    }
    list->items[list->count++] = (char *)copy.bytes;
    list->items[list->count] = NULL;
    return EXIT_CODE_OK;
}

static enum exit_code add_set(struct bench_side *side, struct arguments_list *list, const char *key, struct str value)
{
    struct context *context = side->bench->context;
    struct str text;
    TRY_MEMORY(context, arena_format(context->arena, &text, "%s=%.*s", key, STR_ARGS(value)));
    return add(side, list, "--set", text);
}

/* What we were given, and then what is this side's: the later wins. */
static enum exit_code fill(struct bench_side *side, struct arguments_list *list)
{
    struct context *context = side->bench->context;
    struct str threads;
    TRY_RUN(add(side, list, NULL, STR("pawl")));
    for (size_t at = 0; at < sizeof kinds->words / sizeof *kinds->words && kinds[side->kind].words[at] != NULL; at++) {
        TRY_RUN(add(side, list, NULL, str_of(kinds[side->kind].words[at])));
    }
    if (context_given(context, FLAG_CONFIG)) {
        TRY_RUN(add(side, list, "--config", context_flag(context, FLAG_CONFIG)));
    }
    for (size_t at = 0; at < context->arguments.set_count; at++) {
        TRY_RUN(add(side, list, "--set", context->arguments.sets[at]));
    }
    TRY_MEMORY(context, arena_format(context->arena, &threads, "%u", side->thread_count));
    TRY_RUN(add_set(side, list, "topics.prefix", side->prefix));
    TRY_RUN(add_set(side, list, "state.dir", side->state_dir));
    for (size_t at = 0; at < BENCH_SIDE_SETS_MAX && side->sets[at].key != NULL; at++) {
        TRY_RUN(add_set(side, list, side->sets[at].key, side->sets[at].value));
    }
    return add_set(side, list, kinds[side->kind].threads, threads);
}

enum exit_code bench_side_start(struct bench_side *side)
{
    struct arguments_list list = {.count = 0};
    TRY_RUN(fill(side, &list));
    if (bench_process_start(list.items, side->log.bytes, &side->pid) != STATUS_OK) {
        return context_fail(side->bench->context, EXIT_CODE_FAILED, "the %s could not be started", bench_side_name(side));
    }
    return EXIT_CODE_OK;
}

void bench_side_end(struct bench_side *side, int signal)
{
    if (side->pid != 0) {
        bench_process_end(side->pid, signal);
        side->pid = 0;
    }
}

enum exit_code bench_side_check(const struct bench_side *side)
{
    char text[LOG_TAIL_BYTES + 1] = "";
    if (side->pid == 0 || bench_process_runs(side->pid)) {
        return EXIT_CODE_OK;
    }
    FILE *file = fopen(side->log.bytes, "re");
    if (file != NULL) {
        if (fseek(file, -LOG_TAIL_BYTES, SEEK_END) != 0) {
            rewind(file);
        }
        text[fread(text, 1, LOG_TAIL_BYTES, file)] = '\0';
        fclose(file);
    }
    return context_fail(side->bench->context, EXIT_CODE_FAILED, "the %s ended; the end of its log:\n%s", bench_side_name(side), text);
}

/* ---- Listening ---- */

/* The port of its line "… listening … address=HOST:PORT …"; 0: there is none yet. */
static uint16_t port_in(const char *log)
{
    char line[1024];
    unsigned port = 0;
    FILE *file = fopen(log, "re");
    while (file != NULL && port == 0 && fgets(line, sizeof line, file) != NULL) {
        const char *address = strstr(line, "listening") == NULL ? NULL : strstr(line, "address=");
        const char *colon = address == NULL ? NULL : strrchr(address, ':');
        if (colon != NULL && strchr(colon, '\n') != NULL && sscanf(colon, ":%u", &port) != 1) {
            port = 0;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return (uint16_t)port;
}

enum exit_code bench_side_listen(struct bench_side *side)
{
    TRY_RUN(bench_side_start(side));
    for (int ms = 0; ms < LISTEN_MS_MAX; ms += LISTEN_EVERY_MS) {
        side->port = port_in(side->log.bytes);
        if (side->port != 0) {
            return EXIT_CODE_OK;
        }
        TRY_RUN(bench_side_check(side));
        bench_rest_ms(LISTEN_EVERY_MS);
    }
    return context_fail(side->bench->context, EXIT_CODE_FAILED, "the %s does not listen", bench_side_name(side));
}
