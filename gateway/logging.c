#include "gateway/logging.h"

static enum status write(struct call *call, const struct value *given, struct str level, struct str *out_configuration)
{
    const struct value *data = value_get(given, STR("includeExecutionData"));
    const struct value *destinations = value_get(given, STR("destinations"));
    struct buffer text = buffer_in(call->arena);
    TRY(buffer_format(&text, "{\"level\":\"%.*s\",\"includeExecutionData\":%s", STR_ARGS(level),
                      data != NULL && data->type == VALUE_BOOLEAN && data->boolean ? "true" : "false"));
    if (destinations != NULL && destinations->count > 0) {
        TRY(buffer_add(&text, STR(",\"destinations\":")));
        TRY(value_write(&text, destinations));
    }
    TRY(buffer_add_byte(&text, '}'));
    *out_configuration = buffer_text(&text);
    return STATUS_OK;
}

enum status logging_read(struct call *call, struct str *out_configuration, bool *out_refused)
{
    const struct value *given = value_get(call->request, STR("loggingConfiguration"));
    *out_refused = false;
    if (given == NULL || given->type != VALUE_OBJECT) {
        *out_configuration = STR_NONE;
        return STATUS_OK;
    }
    const struct value *level = value_get(given, STR("level"));
    const struct value *destinations = value_get(given, STR("destinations"));
    struct str name = level == NULL || level->type != VALUE_STRING ? STR("OFF") : level->string;
    uint32_t count = destinations == NULL || destinations->type != VALUE_ARRAY ? 0 : destinations->count;
    if (count > 1 || (count == 0 && !str_equal(name, STR("OFF")))) {
        *out_refused = true;
        return call_refuse(call, STR("InvalidLoggingConfiguration"),
                           "Invalid Logging Configuration: Must specify exactly one Log Destination.");
    }
    return write(call, given, name, out_configuration);
}
