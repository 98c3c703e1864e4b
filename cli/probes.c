#include "cli/probes.h"

#include "asl/value.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "cli/kafka_figures.h"
#include "cli/process_figures.h"
#include "gateway/answer.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- The processor ---- */

/* *out_why: what is missing; empty: nothing. */
static void look_at_processor(struct probes *probes, struct processor_status *out_status, char *out_why, size_t capacity)
{
    struct processor *processor = atomic_load(&probes->processor);
    *out_status = (struct processor_status){.failed = false};
    out_why[0] = '\0';
    if (processor == NULL) {
        snprintf(out_why, capacity, "the processor is starting");
        return;
    }
    processor_status(processor, out_status);
    int64_t age_ms = bus_now_ms(probes->bus) - out_status->committed_ms;
    if (out_status->failed) {
        snprintf(out_why, capacity, "the processor has failed: %s", out_status->text);
    } else if (out_status->assigned == 0) {
        snprintf(out_why, capacity, "the group has given no partition to the processor");
    } else if (out_status->active < out_status->assigned) {
        snprintf(out_why, capacity,
                 "%" PRIu32 " of %" PRIu32 " partitions are being processed, %" PRId64 " rows are to be restored%s%s",
                 out_status->active, out_status->assigned, out_status->restore_lag,
                 out_status->text[0] != '\0' ? ": " : "", out_status->text);
    } else if (age_ms > probes->commit_ms_max) {
        snprintf(out_why, capacity, "the processor has not committed for %" PRId64 " ms", age_ms);
    }
}

static const char *phase_name(enum partition_phase phase)
{
    switch (phase) {
    case PARTITION_ASSIGNED:
        return "assigned";
    case PARTITION_WAITING:
        return "waiting";
    case PARTITION_RESTORING:
        return "restoring";
    case PARTITION_RESTORED:
        return "restored";
    case PARTITION_ACTIVE:
        return "active";
    case PARTITION_REFUSED:
        return "refused";
    case PARTITION_PARKED:
        return "parked";
    }
    UNREACHABLE("partition phase");
}

static enum status partition_text(struct arena *arena, const struct loop_partition *partition, struct str *out_text)
{
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    TRY(answer_number(&answer, "partition", partition->id));
    TRY(answer_text(&answer, "phase", str_of(phase_name(partition->phase))));
    if (partition->restore_lag >= 0) {
        TRY(answer_number(&answer, "restoreLagRows", partition->restore_lag));
    }
    if (partition->lag[INPUT_COMMANDS] >= 0) {
        TRY(answer_number(&answer, "commandsLag", partition->lag[INPUT_COMMANDS]));
    }
    if (partition->lag[INPUT_RESULTS] >= 0) {
        TRY(answer_number(&answer, "resultsLag", partition->lag[INPUT_RESULTS]));
    }
    if (partition->refusal[0] != '\0') {
        TRY(answer_text(&answer, "why", str_of(partition->refusal)));
    }
    return answer_end(&answer, out_text);
}

static enum status partitions_text(struct processor *processor, struct arena *arena, struct str *out_text)
{
    struct buffer list = buffer_in(arena);
    struct loop_partition *partitions;
    size_t count;
    TRY(processor_partitions(processor, arena, &partitions, &count));
    TRY(buffer_add_byte(&list, '['));
    for (size_t at = 0; at < count; at++) {
        struct str one;
        TRY(partition_text(arena, &partitions[at], &one));
        TRY(buffer_format(&list, "%s", at > 0 ? "," : ""));
        TRY(buffer_add(&list, one));
    }
    TRY(buffer_add_byte(&list, ']'));
    *out_text = buffer_text(&list);
    return STATUS_OK;
}

static enum status processor_text(struct probes *probes, struct arena *arena, bool *out_ready, struct str *out_text)
{
    struct processor_status status;
    struct answer answer;
    struct str list;
    char why[768];
    look_at_processor(probes, &status, why, sizeof why);
    *out_ready = why[0] == '\0';
    TRY(answer_begin(arena, &answer));
    TRY(answer_json(&answer, "ready", *out_ready ? STR("true") : STR("false")));
    if (!*out_ready) {
        TRY(answer_text(&answer, "why", str_of(why)));
    }
    TRY(answer_number(&answer, "assigned", status.assigned));
    TRY(answer_number(&answer, "active", status.active));
    TRY(answer_number(&answer, "refused", status.refused));
    TRY(answer_number(&answer, "parked", status.parked));
    TRY(answer_number(&answer, "restoreLagRows", status.restore_lag));
    TRY(answer_number(&answer, "standbyCopies", status.standby.copies));
    TRY(answer_number(&answer, "standbyLagRecords", status.standby.lag));
    if (status.committed_ms > 0) {
        TRY(answer_number(&answer, "commitAgeMs", bus_now_ms(probes->bus) - status.committed_ms));
    }
    struct processor *processor = atomic_load(&probes->processor);
    if (processor != NULL) {
        TRY(partitions_text(processor, arena, &list));
        TRY(answer_json(&answer, "partitions", list));
    }
    return answer_end(&answer, out_text);
}

/* ---- The gateway ---- */

static void look_at_gateway(struct probes *probes, struct gateway_status *out_status)
{
    struct gateway *gateway = atomic_load(&probes->gateway);
    *out_status = (struct gateway_status){.why = "the gateway is starting"};
    if (gateway != NULL) {
        gateway_status(gateway, out_status);
    }
}

static enum status gateway_text(struct probes *probes, struct arena *arena, bool *out_ready, struct str *out_text)
{
    struct gateway_status status;
    struct answer answer;
    look_at_gateway(probes, &status);
    *out_ready = status.ready;
    TRY(answer_begin(arena, &answer));
    TRY(answer_json(&answer, "ready", status.ready ? STR("true") : STR("false")));
    if (!status.ready) {
        TRY(answer_text(&answer, "why", str_of(status.why)));
    }
    TRY(answer_json(&answer, "viewCaughtUp", status.caught_up ? STR("true") : STR("false")));
    TRY(answer_number(&answer, "viewLagMs", status.behind_ms));
    return answer_end(&answer, out_text);
}

/* ---- Both ---- */

bool probes_are_ready(struct probes *probes, char *out_why, size_t capacity)
{
    struct processor_status processor;
    struct gateway_status gateway;
    out_why[0] = '\0';
    if (probes->has_processor) {
        look_at_processor(probes, &processor, out_why, capacity);
    }
    if (probes->has_gateway && out_why[0] == '\0') {
        look_at_gateway(probes, &gateway);
        snprintf(out_why, capacity, "%s", gateway.why);
    }
    return out_why[0] == '\0';
}

static enum status answer_ready(struct probes *probes, struct arena *arena, struct probe_answer *answer)
{
    struct answer whole;
    struct str processor = STR_NONE;
    struct str gateway = STR_NONE;
    bool processor_ready = true;
    bool gateway_ready = true;
    if (probes->has_processor) {
        TRY(processor_text(probes, arena, &processor_ready, &processor));
    }
    if (probes->has_gateway) {
        TRY(gateway_text(probes, arena, &gateway_ready, &gateway));
    }
    bool ready = processor_ready && gateway_ready;
    TRY(answer_begin(arena, &whole));
    TRY(answer_json(&whole, "ready", ready ? STR("true") : STR("false")));
    if (processor.bytes != NULL) {
        TRY(answer_json(&whole, "processor", processor));
    }
    if (gateway.bytes != NULL) {
        TRY(answer_json(&whole, "gateway", gateway));
    }
    answer->http_status = ready ? 200 : 503;
    answer->content_type = "application/json";
    return answer_end(&whole, &answer->body);
}

static void show_store(struct metrics_page *page, struct str store, const struct kv *kv)
{
    struct kv_figures figures;
    kv_figures(kv, &figures);
    const struct {
        enum metric_id metric;
        uint64_t value;
    } rows[] = {
        {METRIC_STORE_FILES_BYTES, figures.files_bytes},     {METRIC_STORE_BUFFERS_BYTES, figures.buffers_bytes},
        {METRIC_STORE_CACHE_BYTES, figures.cache_bytes},     {METRIC_STORE_KEYS, figures.keys},
        {METRIC_STORE_COMPACTION_BYTES, figures.compaction_bytes}, {METRIC_STORE_COMPACTIONS, figures.compactions},
        {METRIC_STORE_FLUSHES, figures.flushes},             {METRIC_STORE_DELAYED_RATE, figures.delayed_rate},
        {METRIC_STORE_STOPPED, figures.stopped},
    };
    for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
        metrics_add(page, &metric_table[rows[at].metric], &(struct metrics_labels){{store}}, (double)rows[at].value);
    }
}

static enum status answer_metrics(struct probes *probes, struct arena *arena, struct probe_answer *answer)
{
    struct processor *processor = atomic_load(&probes->processor);
    struct gateway *gateway = atomic_load(&probes->gateway);
    struct metrics_page page;
    metrics_page_init(&page, arena);
    if (processor != NULL) {
        struct processor_status status;
        char why[768];
        look_at_processor(probes, &status, why, sizeof why);
        metrics_add(&page, &metric_table[METRIC_PROCESSOR_READY], NULL, why[0] == '\0');
        TRY(processor_show(processor, &page));
        show_store(&page, STR("state"), processor_kv(processor));
    }
    if (gateway != NULL) {
        gateway_show(gateway, &page);
        show_store(&page, STR("view"), gateway_kv(gateway));
    }
    kafka_figures_show(probes->bus, &page);
    process_figures_show(&page);
    answer->http_status = 200;
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return metrics_page_text(&page, &answer->body);
}

enum status probes_answer(void *owner, enum probe probe, struct arena *arena, struct probe_answer *out_answer)
{
    switch (probe) {
    case PROBE_HEALTH:
        *out_answer = (struct probe_answer){200, "application/json", STR("{\"live\":true}")};
        return STATUS_OK;
    case PROBE_READY:
        return answer_ready(owner, arena, out_answer);
    case PROBE_METRICS:
        return answer_metrics(owner, arena, out_answer);
    }
    UNREACHABLE("probe");
}
