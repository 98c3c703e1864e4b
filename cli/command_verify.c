#include "cli/verify.h"

#include <inttypes.h>

#define SCRATCH_BYTES_MAX (1024 * 1024)

/* The topics of routes. */
static enum exit_code open_tasks(struct context *context, const struct bus_topic ***out_topics, size_t *out_count)
{
    struct bus *bus = context->connection->bus;
    struct bus_error error = {""};
    struct str stem;
    struct str *names;
    TRY_RUN(connection_topic_name(context, TOPIC_TASKS, STR_NONE, &stem));
    enum status status = bus_topic_list(bus, context->arena, stem, &names, out_count, &error);
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, stem.bytes, &error);
    }
    const struct bus_topic **topics = arena_array(context->arena, const struct bus_topic *, *out_count + 1);
    if (topics == NULL) {
        return context_fail_memory(context);
    }
    for (size_t at = 0; status == STATUS_OK && at < *out_count; at++) {
        status = bus_topic_open(bus, names[at], &topics[at], &error);
    }
    if (status != STATUS_OK) {
        return context_fail_bus(context, status, stem.bytes, &error);
    }
    *out_topics = topics;
    return EXIT_CODE_OK;
}

static int64_t print_findings(struct context *context, const struct verify *verify)
{
    int64_t found = 0;
    context_print(context, context->json ? STR("{\"rules\":{") : STR(""));
    for (int rule = 0; rule < VERIFY_RULE_COUNT; rule++) {
        found += verify->found[rule];
        if (context->json) {
            fprintf(context->out, "%s\"%s\":{\"proved\":%" PRId64 ",\"broken\":%" PRId64 "}", rule > 0 ? "," : "",
                    verify_rule_names[rule], verify->counts[rule], verify->found[rule]);
        } else {
            fprintf(context->out, "%-10s %10" PRId64 " %s%s\n", verify_rule_names[rule], verify->counts[rule],
                    verify_rule_texts[rule], verify->found[rule] > 0 ? "   BROKEN" : "");
        }
    }
    if (context->json) {
        fprintf(context->out, "},\"broken\":%" PRId64 ",\"parked\":%" PRId64 ",\"late\":%" PRId64 "}\n", found, verify->parked,
                verify->late);
    }
    return found;
}

enum exit_code command_verify(struct context *context)
{
    struct verify verify = {.context = context};
    const struct bus_topic **tasks = NULL;
    const struct bus_topic *history;
    size_t task_count = 0;
    TRY_RUN(connection_open(context));
    TRY_RUN(connection_topic(context, TOPIC_HISTORY, &history));
    /* Topics of routes that are made later than that are asked nothing by what is judged. */
    TRY_RUN(verify_begin(&verify));
    TRY_RUN(open_tasks(context, &tasks, &task_count));
    verify.arena = arena_create(CONTEXT_ARENA_BYTES_MAX);
    verify.scratch = arena_create(SCRATCH_BYTES_MAX);
    enum exit_code code = EXIT_CODE_OK;
    if (verify.arena == NULL || verify.scratch == NULL) {
        code = context_fail_memory(context);
    }
    for (uint32_t at = 0; code == EXIT_CODE_OK && at < bus_topic_partition_count(history); at++) {
        verify.partition = at;
        code = verify_partition(&verify, tasks, task_count);
    }
    if (verify.arena != NULL) {
        arena_destroy(verify.arena);
    }
    if (verify.scratch != NULL) {
        arena_destroy(verify.scratch);
    }
    TRY_RUN(code);
    int64_t found = print_findings(context, &verify);
    if (found > 0) {
        return context_fail(context, EXIT_CODE_BROKEN, "%" PRId64 " findings", found);
    }
    return EXIT_CODE_OK;
}
