#include "cli/name.h"

#include "asl/arn.h"

static struct step_config config_of(const struct context *context)
{
    struct step_config config = step_config_default;
    config.region = settings_text(context->settings, OPTION_AWS_REGION);
    config.account = settings_text(context->settings, OPTION_AWS_ACCOUNT);
    return config;
}

static enum exit_code check(struct context *context, struct str name, const char *what)
{
    if (arn_name_is_valid(name)) {
        return EXIT_CODE_OK;
    }
    return context_fail(context, EXIT_CODE_USAGE,
                        "'%.*s' is no name of %s: 1 to 80 characters, without blanks and < > { } [ ] ? * \" # %% \\ ^ | ~ ` "
                        "$ & , ; : /",
                        STR_ARGS(name), what);
}

static bool is_arn(struct str text)
{
    return str_starts_with(text, STR("arn:"));
}

enum exit_code name_machine(struct context *context, struct str text, struct str *out_arn)
{
    if (is_arn(text)) {
        enum arn_type type = arn_type_of(text);
        if (type != ARN_MACHINE && type != ARN_QUALIFIED) {
            return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no ARN of a state machine", STR_ARGS(text));
        }
        *out_arn = text;
        return EXIT_CODE_OK;
    }
    struct step_config config = config_of(context);
    TRY_RUN(check(context, text, "a state machine"));
    TRY_MEMORY(context, arn_machine(context->arena, &config, text, out_arn));
    return EXIT_CODE_OK;
}

bool name_is_execution(struct str text)
{
    if (is_arn(text)) {
        enum arn_type type = arn_type_of(text);
        return type == ARN_EXECUTION || type == ARN_EXPRESS;
    }
    return str_find(text, '/') < text.length;
}

enum exit_code name_execution(struct context *context, struct str text, struct str *out_arn)
{
    if (is_arn(text)) {
        if (!name_is_execution(text)) {
            return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is no ARN of an execution", STR_ARGS(text));
        }
        *out_arn = text;
        return EXIT_CODE_OK;
    }
    size_t slash = str_find(text, '/');
    if (slash == text.length) {
        return context_fail(context, EXIT_CODE_USAGE, "'%.*s' is neither an execution's ARN nor STATE-MACHINE/NAME",
                            STR_ARGS(text));
    }
    struct str machine;
    TRY_RUN(name_machine(context, str_slice(text, 0, slash), &machine));
    return name_execution_of(context, machine, str_from(text, slash + 1), out_arn);
}

enum exit_code name_execution_of(struct context *context, struct str machine_arn, struct str name, struct str *out_arn)
{
    TRY_RUN(check(context, name, "an execution"));
    /* arn:aws:states:region:account:stateMachine:NAME, then perhaps :version or :alias */
    size_t end = 0;
    for (int part = 0; part < 7; part++) {
        end += str_find(str_from(machine_arn, end), ':') + (part < 6);
    }
    TRY_MEMORY(context, arn_execution(context->arena, str_slice(machine_arn, 0, end), name, out_arn));
    return EXIT_CODE_OK;
}
