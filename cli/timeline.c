#include "cli/timeline.h"

#include "asl/timestamp.h"

#include <inttypes.h>

#define NAME_COLUMNS 14 /* longer names push the rest of their line */

enum status timeline_time(struct buffer *buffer, int64_t time_us)
{
    char text[TIMESTAMP_TEXT_BYTES];
    timestamp_format_ms(time_us / 1000, text);
    text[10] = ' ';
    return buffer_add(buffer, str_slice(str_of(text), 0, 23));
}

enum status timeline_text(struct buffer *buffer, struct str text, size_t characters_max)
{
    size_t characters = 0;
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        bool begins = (byte & 0xC0) != 0x80;
        if (begins && characters_max != 0 && characters++ == characters_max) {
            return buffer_add(buffer, STR("…"));
        }
        if (byte < 0x20 || byte == 0x7F) {
            TRY(buffer_format(buffer, "\\x%02X", byte));
        } else {
            TRY(buffer_add_byte(buffer, (char)byte));
        }
    }
    return STATUS_OK;
}

static enum status add_data(struct buffer *buffer, const char *name, struct str text, bool all)
{
    if (text.bytes == NULL) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, "  %s", name));
    return timeline_text(buffer, text, all ? 0 : TIMELINE_DATA_CHARACTERS_MAX);
}

static enum status add_details(struct buffer *buffer, const struct history_event *event, bool all)
{
    TRY(add_data(buffer, "", event->resource, true));
    if (event->index != RECORD_NONE) {
        TRY(buffer_format(buffer, "  #%" PRId64, event->index));
    }
    if (event->length != RECORD_NONE) {
        TRY(buffer_format(buffer, "  %" PRId64 " items", event->length));
    }
    TRY(add_data(buffer, "", event->error, true));
    TRY(add_data(buffer, "", event->cause, all));
    TRY(add_data(buffer, "", event->input, all));
    TRY(add_data(buffer, "", event->parameters, all));
    TRY(add_data(buffer, "→ ", event->output, all));
    return add_data(buffer, "$ ", event->assigned_variables, all);
}

enum status timeline_event(struct buffer *buffer, const struct history_event *event, bool all_data)
{
    char time[TIMESTAMP_TEXT_BYTES];
    int64_t since_ms = (event->timestamp - event->incarnation) / 1000;
    timestamp_format_ms(event->timestamp / 1000, time);
    TRY(buffer_format(buffer, "%5" PRId64 "  %.12s  +%" PRId64 ".%03d  %-24.*s  ", event->id, time + 11, since_ms / 1000,
                      (int)(since_ms % 1000), STR_ARGS(event->type)));
    size_t begin = buffer->length;
    TRY(timeline_text(buffer, event->name, 0));
    while (buffer->length - begin < NAME_COLUMNS) {
        TRY(buffer_add_byte(buffer, ' '));
    }
    TRY(add_details(buffer, event, all_data));
    return buffer_add_byte(buffer, '\n');
}
