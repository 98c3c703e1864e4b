#include "gateway/trial.h"

enum status trial_start(struct call *call, const struct trial *trial, enum tested_form form, struct interpreter **out_interpreter)
{
    bool express = form == TESTED_AS_ITEMS;
    const struct machine *machine;
    struct findings findings = {0};
    struct str definition;
    struct step_config *config = arena_new(call->arena, struct step_config);
    *out_interpreter = NULL;
    TRY_NEW(config);
    *config = call->gateway->config.step;
    if (express) {
        config->history_events_max = 0;
    }
    TRY(tested_state_machine(call, &trial->tested, form, &definition));
    TRY(machine_compile(call->arena, definition, express ? MACHINE_EXPRESS : MACHINE_STANDARD, &machine, &findings));
    struct interpreter_options options = {
        .machine = machine,
        .config = config,
        .role_arn = call_text(call, "roleArn"),
        .express = express,
        .start_ms = call->now_ms,
        .memory_bytes_max = TRIAL_MEMORY_BYTES_MAX,
        .observe = true,
        .context = trial->context,
        .variables = trial->variables,
    };
    bus_random(call->gateway->bus, (uint8_t *)&options.seed, sizeof options.seed);
    TRY(interpreter_create(&options, out_interpreter));
    return interpreter_start(*out_interpreter, trial->input);
}
