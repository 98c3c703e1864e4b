#include "asl/value.h"
#include "base/buffer.h"
#include "bus/bus_kafka_wish.h"
#include "cli/doctor_ask.h"

/* ---- For people ---- */

/* What pawl keeps clear of has no line of its own: only the sum of each check has. */
static bool is_shown(const struct doctor_finding *finding)
{
    return finding->level != DOCTOR_OK || finding->subject.bytes == NULL;
}

static void print_part(struct context *context, const char *before, struct str text)
{
    if (text.length > 0) {
        fprintf(context->out, "%s%.*s", before, STR_ARGS(text));
    }
}

static void print_text(struct context *context, const struct doctor_report *report)
{
    for (size_t at = 0; at < report->count; at++) {
        const struct doctor_finding *finding = &report->findings[at];
        if (is_shown(finding)) {
            fprintf(context->out, "%-8s %-14s", doctor_level_names[finding->level], doctor_check_names[finding->check]);
            print_part(context, "", finding->subject);
            print_part(context, finding->subject.length > 0 ? ": " : "", finding->found);
            print_part(context, "; expected ", finding->expected);
            print_part(context, "; ", finding->reason);
            print_part(context, "\n    fix: ", finding->fix);
            fputc('\n', context->out);
        }
    }
    fprintf(context->out, "%zu errors, %zu warnings\n", report->error_count, report->warning_count);
}

/* ---- JSON ---- */

static enum status add_member(struct buffer *buffer, const char *name, struct str text)
{
    TRY(buffer_format(buffer, ",\"%s\":", name));
    return value_write_string(buffer, text.bytes == NULL ? STR("") : text);
}

static enum status add_finding(struct buffer *buffer, const struct doctor_finding *finding)
{
    TRY(buffer_format(buffer, "{\"check\":\"%s\",\"level\":\"%s\"", doctor_check_names[finding->check],
                      doctor_level_names[finding->level]));
    TRY(add_member(buffer, "subject", finding->subject));
    TRY(add_member(buffer, "found", finding->found));
    TRY(add_member(buffer, "expected", finding->expected));
    TRY(add_member(buffer, "reason", finding->reason));
    TRY(add_member(buffer, "fix", finding->fix));
    return buffer_add_byte(buffer, '}');
}

static enum status add_report(struct buffer *buffer, const struct doctor_report *report)
{
    TRY(buffer_add(buffer, STR("{\"findings\":[")));
    for (size_t at = 0; at < report->count; at++) {
        TRY(buffer_add(buffer, at == 0 ? STR("") : STR(",")));
        TRY(add_finding(buffer, &report->findings[at]));
    }
    return buffer_format(buffer, "],\"errors\":%zu,\"warnings\":%zu}\n", report->error_count, report->warning_count);
}

/* ---- The command ---- */

static enum exit_code judge(struct context *context, const struct doctor_answers *answers)
{
    struct doctor_report report;
    TRY_MEMORY(context, doctor_judge(context->arena, answers, &report));
    if (context->json) {
        struct buffer buffer = buffer_in(context->arena);
        TRY_MEMORY(context, add_report(&buffer, &report));
        context_print(context, buffer_text(&buffer));
    } else {
        print_text(context, &report);
    }
    return report.error_count == 0
               ? EXIT_CODE_OK
               : context_fail(context, EXIT_CODE_UNFIT, "%zu errors, %zu warnings", report.error_count, report.warning_count);
}

static enum exit_code plan(struct context *context, const struct doctor_answers *answers)
{
    struct str text;
    if (answers->cluster.broker_count < BUS_KAFKA_WISH_REPLICAS) {
        return context_fail(context, EXIT_CODE_FAILED, "three replicas need three brokers; there are %zu",
                            answers->cluster.broker_count);
    }
    TRY_MEMORY(context, doctor_plan(context->arena, answers, &text));
    context_print(context, text);
    return EXIT_CODE_OK;
}

enum exit_code command_doctor(struct context *context)
{
    struct doctor_answers answers;
    if (!settings_has_kafka(context->settings)) {
        return context_fail(context, EXIT_CODE_USAGE,
                            "kafka.bootstrap.servers is not set: a Kafka cluster is what is examined; `pawl dev` needs none");
    }
    TRY_RUN(connection_open(context));
    TRY_RUN(doctor_ask(context, context_given(context, FLAG_DOCTOR_CLOCK), &answers));
    return context_given(context, FLAG_DOCTOR_PLAN) ? plan(context, &answers) : judge(context, &answers);
}
