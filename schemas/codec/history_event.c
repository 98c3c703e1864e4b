#include "schemas/codec/history_event.h"

#include "asl/value.h"
#include "base/assert.h"
#include "schemas/history_events.h"

#include <inttypes.h>

struct writer {
    struct buffer *buffer;
    bool has_data;
    bool is_first; /* no member of the details is written yet */
};

static enum status write_name(struct writer *writer, struct str name, const char *suffix)
{
    TRY(buffer_format(writer->buffer, "%s\"%.*s%s\":", writer->is_first ? "" : ",", STR_ARGS(name), suffix));
    writer->is_first = false;
    return STATUS_OK;
}

static enum status write_column(struct writer *writer, const struct history_column *column, const void *member)
{
    struct buffer *buffer = writer->buffer;
    if (column->kind == HISTORY_COLUMN_NUMBER) {
        int64_t number = *(const int64_t *)member;
        if (number == RECORD_NONE) {
            return STATUS_OK;
        }
        TRY(write_name(writer, column->name, ""));
        return buffer_format(buffer, "%" PRId64, number);
    }
    struct str text = *(const struct str *)member;
    bool is_data = column->kind == HISTORY_COLUMN_DATA || column->kind == HISTORY_COLUMN_OBJECT;
    if (text.bytes == NULL || (is_data && !writer->has_data)) {
        return STATUS_OK;
    }
    TRY(write_name(writer, column->name, ""));
    switch (column->kind) {
    case HISTORY_COLUMN_TEXT:
    case HISTORY_COLUMN_JSON:
        return value_write_string(buffer, text);
    case HISTORY_COLUMN_ROLE:
        TRY(buffer_add(buffer, STR("{\"roleArn\":")));
        TRY(value_write_string(buffer, text));
        return buffer_add_byte(buffer, '}');
    case HISTORY_COLUMN_DATA:
        TRY(value_write_string(buffer, text));
        TRY(write_name(writer, column->name, "Details"));
        return buffer_add(buffer, STR("{\"truncated\":false}"));
    case HISTORY_COLUMN_OBJECT:
        TRY(buffer_add(buffer, text));
        TRY(write_name(writer, column->name, "Details"));
        return buffer_add(buffer, STR("{\"truncated\":false}"));
    case HISTORY_COLUMN_NUMBER:
        break;
    }
    UNREACHABLE("history column kind");
}

static enum status write_details(struct writer *writer, const struct history_shape *shape,
                                 const struct history_event *event)
{
    TRY(buffer_format(writer->buffer, ",\"%.*s\":{", STR_ARGS(shape->details)));
    for (int at = 0; at < HISTORY_COLUMN_COUNT; at++) {
        if ((shape->columns >> at & 1) != 0) {
            TRY(write_column(writer, &history_columns[at], (const char *)event + history_columns[at].offset));
        }
    }
    return buffer_add_byte(writer->buffer, '}');
}

static enum status write_event(struct writer *writer, const struct history_event *event)
{
    int64_t moment_ms = event->timestamp / 1000;
    TRY(buffer_format(writer->buffer, "{\"timestamp\":%" PRId64 ".%03d,\"type\":", moment_ms / 1000,
                      (int)(moment_ms % 1000 < 0 ? 0 : moment_ms % 1000)));
    TRY(value_write_string(writer->buffer, event->type));
    TRY(buffer_format(writer->buffer, ",\"id\":%" PRId64 ",\"previousEventId\":%" PRId64, event->id,
                      event->previous_event_id));
    enum history_event_type type = HISTORY_EVENT_TYPE_COUNT;
    if (history_event_type_of(event->type, &type) && history_shapes[type].details.length > 0) {
        TRY(write_details(writer, &history_shapes[type], event));
    }
    return buffer_add_byte(writer->buffer, '}');
}

enum status history_event_to_aws(struct buffer *buffer, const struct history_event *event)
{
    struct writer writer = {.buffer = buffer, .has_data = true, .is_first = true};
    return write_event(&writer, event);
}

enum status history_event_to_aws_without_data(struct buffer *buffer, const struct history_event *event)
{
    struct writer writer = {.buffer = buffer, .has_data = false, .is_first = true};
    return write_event(&writer, event);
}
