#include "asl/machine.h"
#include "gateway/operations_parts.h"

#define RESULTS_DEFAULT 100

/* What AWS accepts and pawl's engine does not have yet is no error of the definition. */
static bool is_error(const struct finding *finding)
{
    return finding->severity == FINDING_ERROR && !str_equal(finding->code, FINDING_CODE_NOT_SUPPORTED);
}

static enum status write_finding(struct buffer *buffer, const struct finding *finding)
{
    TRY(buffer_format(buffer, "{\"severity\":\"%s\",\"code\":", is_error(finding) ? "ERROR" : "WARNING"));
    TRY(value_write_string(buffer, finding->code));
    TRY(buffer_add(buffer, STR(",\"message\":")));
    TRY(value_write_string(buffer, finding->message));
    if (finding->location.bytes != NULL) {
        TRY(buffer_add(buffer, STR(",\"location\":")));
        TRY(value_write_string(buffer, finding->location));
    }
    return buffer_add_byte(buffer, '}');
}

static enum status answer(struct call *call, const struct findings *findings)
{
    bool warnings = str_equal(call_text(call, "severity"), STR("WARNING"));
    int64_t most = call_number(call, "maxResults");
    int64_t count = 0;
    bool failed = false;
    bool truncated = false;
    struct buffer items = buffer_in(call->arena);
    struct buffer whole = buffer_in(call->arena);
    most = most == RECORD_NONE || most == 0 ? RESULTS_DEFAULT : most;
    for (size_t at = 0; at < findings->count; at++) {
        const struct finding *finding = &findings->items[at];
        failed = failed || is_error(finding);
        if (!is_error(finding) && !warnings) {
            continue;
        }
        truncated = count == most;
        if (!truncated) {
            TRY(buffer_add(&items, count == 0 ? STR("") : STR(",")));
            TRY(write_finding(&items, finding));
            count += 1;
        }
    }
    TRY(buffer_format(&whole, "{\"result\":\"%s\",\"diagnostics\":[", failed ? "FAIL" : "OK"));
    TRY(buffer_add(&whole, buffer_text(&items)));
    TRY(buffer_format(&whole, "],\"truncated\":%s}", truncated ? "true" : "false"));
    return call_answer(call, buffer_text(&whole));
}

enum status op_validate_state_machine_definition(struct call *call)
{
    bool express = str_equal(call_text(call, "type"), STR("EXPRESS"));
    const struct machine *machine;
    struct findings findings = {0};
    enum status status = machine_compile(call->arena, call_text(call, "definition"),
                                         express ? MACHINE_EXPRESS : MACHINE_STANDARD, &machine, &findings);
    if (status != STATUS_OK && status != STATUS_INVALID) {
        return status;
    }
    return answer(call, &findings);
}
