#include "asl/data.h"

#include "base/assert.h"

enum status data_value(struct arena *arena, struct data *data, const struct value **out_value)
{
    if (data->value == NULL) {
        ASSERT(data->text.bytes != NULL);
        TRY(value_parse(arena, data->text, &data->value, NULL));
    }
    *out_value = data->value;
    return STATUS_OK;
}

enum status data_text(struct arena *arena, struct data *data, struct str *out_text)
{
    if (data->text.bytes == NULL) {
        ASSERT(data->value != NULL);
        TRY(value_to_text(arena, data->value, &data->text));
    }
    *out_text = data->text;
    return STATUS_OK;
}
