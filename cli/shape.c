#include "cli/shape.h"

#include "base/assert.h"
#include "gateway/answer.h"
#include "schemas/history_events.h"

#include <math.h>
#include <string.h>

/* ---- Requests ---- */

static bool is_of_topics(struct str name)
{
    static const struct str names[] = {
        STR_INIT("replyTopic"), STR_INIT("replyPartition"),       STR_INIT("correlationId"),
        STR_INIT("principal"),  STR_INIT("minDefinitionVersion"),
    };
    for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
        if (str_equal(names[at], name)) {
            return true;
        }
    }
    return false;
}

static enum status write_field(struct answer *answer, const struct record_field *field, const void *member)
{
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return answer_text(answer, field->name.bytes, *(const struct str *)member);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL: {
        int64_t number = *(const int64_t *)member;
        return number == RECORD_NONE ? STATUS_OK : answer_number(answer, field->name.bytes, number);
    }
    case RECORD_KIND_BOOLEAN:
        return *(const bool *)member ? answer_json(answer, field->name.bytes, STR("true")) : STATUS_OK;
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL:
        return answer_time(answer, field->name.bytes, *(const int64_t *)member);
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
    case RECORD_KIND_INT_ARRAY:
    case RECORD_KIND_RECORD:
        return STATUS_OK; /* no command has one that the API has too */
    }
    UNREACHABLE("kind of a field");
}

enum status shape_write(struct arena *arena, enum record_id record, const void *command, struct str *out_body)
{
    const struct record_type *type = &record_types[record];
    struct answer answer;
    TRY(answer_begin(arena, &answer));
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct record_field *field = &type->fields[at];
        if (!is_of_topics(field->name)) {
            TRY(write_field(&answer, field, (const char *)command + field->offset));
        }
    }
    return answer_end(&answer, out_body);
}

/* ---- Answers ---- */

int64_t shape_time(const struct value *seconds)
{
    double us = seconds == NULL || seconds->type != VALUE_NUMBER ? NAN : round(seconds->number * 1e6);
    return us >= -9e18 && us <= 9e18 ? (int64_t)us : RECORD_NONE;
}

static int64_t number_of(const struct value *value)
{
    bool whole = value->type == VALUE_NUMBER && value->number >= -9e15 && value->number <= 9e15;
    return whole ? (int64_t)value->number : RECORD_NONE;
}

/* A text, or a structure's JSON. */
static enum status read_text(struct arena *arena, const struct value *value, bool is_json, struct str *member)
{
    if (value->type == VALUE_STRING) {
        *member = value->string;
        return STATUS_OK;
    }
    return is_json && value->type != VALUE_NULL ? value_to_text(arena, value, member) : STATUS_OK;
}

static enum status read_field(struct arena *arena, const struct value *value, const struct record_field *field, void *member)
{
    switch (field->kind) {
    case RECORD_KIND_STRING:
    case RECORD_KIND_STRING_NULL:
        return read_text(arena, value, false, member);
    case RECORD_KIND_JSON:
    case RECORD_KIND_JSON_NULL:
    case RECORD_KIND_JSON_TEXT:
    case RECORD_KIND_JSON_TEXT_NULL:
        return read_text(arena, value, true, member);
    case RECORD_KIND_INT:
    case RECORD_KIND_INT_NULL:
    case RECORD_KIND_LONG:
    case RECORD_KIND_LONG_NULL: {
        int64_t number = number_of(value);
        *(int64_t *)member = number == RECORD_NONE ? *(int64_t *)member : number;
        return STATUS_OK;
    }
    case RECORD_KIND_TIME:
    case RECORD_KIND_TIME_NULL: {
        int64_t time_us = shape_time(value);
        *(int64_t *)member = time_us == RECORD_NONE ? *(int64_t *)member : time_us;
        return STATUS_OK;
    }
    case RECORD_KIND_BOOLEAN:
        *(bool *)member = value->type == VALUE_BOOLEAN && value->boolean;
        return STATUS_OK;
    case RECORD_KIND_BYTES:
    case RECORD_KIND_BYTES_NULL:
    case RECORD_KIND_INT_ARRAY:
    case RECORD_KIND_RECORD:
        return STATUS_OK;
    }
    UNREACHABLE("kind of a field");
}

enum status shape_read(struct arena *arena, const struct value *object, enum record_id id, void *record)
{
    const struct record_type *type = &record_types[id];
    for (uint32_t at = 0; at < type->field_count; at++) {
        const struct value *value = value_get(object, type->fields[at].name);
        if (value != NULL) {
            TRY(read_field(arena, value, &type->fields[at], (char *)record + type->fields[at].offset));
        }
    }
    return STATUS_OK;
}

enum status shape_read_event(struct arena *arena, const struct value *event, struct history_event *out_event)
{
    enum history_event_type type;
    record_init(RECORD_history_event, out_event);
    TRY(shape_read(arena, event, RECORD_history_event, out_event));
    if (!history_event_type_of(out_event->type, &type) || history_shapes[type].details.length == 0) {
        return STATUS_OK;
    }
    /* Its details have the names of the record's fields, but for the role, which is one deeper. */
    const struct value *details = value_get(event, history_shapes[type].details);
    const struct value *role = value_get(value_get(details, STR("taskCredentials")), STR("roleArn"));
    if (role != NULL && role->type == VALUE_STRING) {
        out_event->task_credentials_role_arn = role->string;
    }
    return details == NULL ? STATUS_OK : shape_read(arena, details, RECORD_history_event, out_event);
}
