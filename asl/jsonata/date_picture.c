#include "asl/jsonata/date_picture.h"

#include "asl/jsonata/calendar.h"
#include "asl/jsonata/code_points.h"
#include "asl/jsonata/compilation.h"
#include "asl/jsonata/letter_case.h"
#include "base/assert.h"

#include <math.h>
#include <stdlib.h>

#define DIGITS_MAX 1000 /* of a width; nobody writes more */

static bool is_among(const char *set, char byte)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

struct str date_picture_month(int32_t month)
{
    static const struct str names[] = {STR_INIT("January"),   STR_INIT("February"), STR_INIT("March"),
                                       STR_INIT("April"),     STR_INIT("May"),      STR_INIT("June"),
                                       STR_INIT("July"),      STR_INIT("August"),   STR_INIT("September"),
                                       STR_INIT("October"),   STR_INIT("November"), STR_INIT("December")};
    return names[month - 1];
}

struct str date_picture_day(int32_t day)
{
    static const struct str names[] = {STR_INIT("Monday"), STR_INIT("Tuesday"),  STR_INIT("Wednesday"), STR_INIT("Thursday"),
                                       STR_INIT("Friday"), STR_INIT("Saturday"), STR_INIT("Sunday")};
    return names[day - 1];
}

/* How a component is written when the picture does not say. */
static struct str default_presentation(char component)
{
    if (is_among("YMDdWwXxHhf", component)) {
        return STR("1");
    }
    if (is_among("FPCE", component)) {
        return STR("n");
    }
    if (is_among("ms", component)) {
        return STR("01");
    }
    return is_among("Zz", component) ? STR("01:01") : STR_NONE;
}

static enum status add_part(struct evaluation *evaluation, struct date_picture *picture, struct date_part part)
{
    picture->parts = compilation_grow(evaluation->arena, picture->parts, sizeof *picture->parts, picture->count,
                                      &picture->capacity);
    TRY_NEW(picture->parts);
    picture->parts[picture->count++] = part;
    return evaluation_charge(evaluation, 1);
}

/* A literal; ]] stands for ]. */
static enum status add_literal(struct evaluation *evaluation, struct date_picture *picture, struct str text)
{
    struct buffer literal = buffer_in(evaluation->arena);
    if (text.length == 0) {
        return STATUS_OK;
    }
    for (size_t at = 0; at < text.length; at++) {
        TRY(buffer_add_byte(&literal, text.bytes[at]));
        if (str_starts_with(str_from(text, at), STR("]]"))) {
            at++;
        }
    }
    return add_part(evaluation, picture, (struct date_part){.literal = buffer_text(&literal)});
}

/* The number at the start of a width, or false for none (*). */
static bool read_width(struct str text, uint32_t *out_width)
{
    uint32_t width = 0;
    size_t at = 0;
    for (; at < text.length && text.bytes[at] >= '0' && text.bytes[at] <= '9' && width < DIGITS_MAX; at++) {
        width = width * 10 + (uint32_t)(text.bytes[at] - '0');
    }
    *out_width = width > DIGITS_MAX ? DIGITS_MAX : width;
    return at > 0;
}

/* How a number is written, with the width's say in it. */
static enum status set_integer(struct evaluation *evaluation, struct str presentation, bool ordinal, struct str width,
                               struct date_part *part)
{
    struct str pattern = presentation;
    if (ordinal) {
        TRY(arena_concat(evaluation->arena, presentation, STR(";o"), &pattern));
    }
    TRY(integer_picture_parse(evaluation, pattern, &part->integer));
    part->has_integer = true;
    uint32_t least = 0;
    if (read_width(width, &least) && part->integer.mandatory_digits < least) {
        part->integer.mandatory_digits = least;
    }
    if (is_among("YMD", part->component) && part->has_width_max) {
        part->digits = (int32_t)part->width_max;
        part->integer.mandatory_digits = part->width_max;
    } else if (is_among("YMD", part->component)) {
        uint32_t digits = part->integer.mandatory_digits + part->integer.optional_digits;
        part->digits = digits >= 2 && digits <= DIGITS_MAX ? (int32_t)digits : -1;
    }
    return STATUS_OK;
}

/* A component's marker, without brackets and blanks: its letter, presentation, modifier, width. */
static enum status add_marker(struct evaluation *evaluation, struct date_picture *picture, struct str marker)
{
    struct date_part part = {.component = marker.length > 0 ? marker.bytes[0] : '\0', .digits = -1};
    struct str presentation = str_from(marker, marker.length > 0 ? 1 : 0);
    struct str width = STR_NONE;
    bool ordinal = false;
    for (size_t at = marker.length; at > 1; at--) {
        if (marker.bytes[at - 1] == ',') {
            width = str_from(marker, at);
            presentation = str_slice(marker, 1, at - 2);
            break;
        }
    }
    size_t dash = str_find(width, '-');
    part.has_width_max = dash < width.length && read_width(str_from(width, dash + 1), &part.width_max);
    if (presentation.length > 1 && is_among("atco", presentation.bytes[presentation.length - 1])) {
        char modifier = presentation.bytes[presentation.length - 1];
        ordinal = modifier == 'o';
        part.zulu = modifier == 't';
        presentation = str_slice(presentation, 0, presentation.length - 1);
    } else if (presentation.length == 0) {
        presentation = default_presentation(part.component);
        if (presentation.bytes == NULL) {
            return evaluation_fail_value(evaluation, FAULT_D3132, datum_string(str_slice(marker, 0, marker.length > 0)));
        }
    }
    if (presentation.bytes[0] == 'n') {
        part.names = DATE_NAMES_LOWER;
    } else if (presentation.bytes[0] == 'N') {
        part.names = str_starts_with(presentation, STR("Nn")) ? DATE_NAMES_TITLE : DATE_NAMES_UPPER;
    } else if (is_among("YMDdFWwXxHhmsf", part.component)) {
        TRY(set_integer(evaluation, presentation, ordinal, str_slice(width, 0, dash), &part));
    }
    if (is_among("Zz", part.component)) {
        TRY(integer_picture_parse(evaluation, presentation, &part.integer));
        part.has_integer = true;
    }
    return add_part(evaluation, picture, part);
}

static enum status without_blanks(struct arena *arena, struct str text, struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    for (size_t at = 0; at < text.length;) {
        uint32_t character = code_points_next(text, &at);
        if (!code_points_is_space(character)) {
            TRY(code_points_add(&buffer, character));
        }
    }
    *out_text = buffer_text(&buffer);
    return STATUS_OK;
}

enum status date_picture_parse(struct evaluation *evaluation, struct str text, struct date_picture *out_picture)
{
    struct date_picture picture = {0};
    size_t from = 0;
    for (size_t at = 0; at < text.length;) {
        if (text.bytes[at] != '[') {
            at++;
            continue;
        }
        TRY(add_literal(evaluation, &picture, str_slice(text, from, at - from)));
        if (str_starts_with(str_from(text, at), STR("[["))) {
            TRY(add_part(evaluation, &picture, (struct date_part){.literal = STR("[")}));
            at += 2;
        } else {
            struct str marker = str_from(text, at + 1);
            size_t end = str_find(marker, ']');
            if (end == marker.length) {
                return evaluation_fail(evaluation, FAULT_D3135);
            }
            at += end + 2;
            TRY(without_blanks(evaluation->arena, str_slice(marker, 0, end), &marker));
            TRY(add_marker(evaluation, &picture, marker));
        }
        from = at;
    }
    TRY(add_literal(evaluation, &picture, str_from(text, from)));
    *out_picture = picture;
    return STATUS_OK;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

double date_picture_component(int64_t millis, char component)
{
    int64_t day = floor_divide(millis, CALENDAR_MS_A_DAY);
    int64_t time = millis - day * CALENDAR_MS_A_DAY;
    int64_t hour = time / 3600000;
    struct calendar_date date = calendar_of_day(day);
    switch (component) {
    case 'Y':
        return (double)date.year;
    case 'M':
        return date.month;
    case 'D':
        return date.day;
    case 'd':
        return calendar_day_of_year(day);
    case 'F':
        return calendar_weekday(day);
    case 'W':
        return calendar_week_of_year(day);
    case 'w':
        return calendar_week_of_month(day);
    case 'X':
        return (double)calendar_year_of_week(day);
    case 'x':
        return calendar_month_of_week(day);
    case 'H':
        return (double)hour;
    case 'h':
        return (double)(hour % 12 == 0 ? 12 : hour % 12);
    case 'P':
        return hour >= 12;
    case 'm':
        return (double)(time / 60000 % 60);
    case 's':
        return (double)(time / 1000 % 60);
    case 'f':
        return (double)(time % 1000);
    default: /* characters, not an enum: what else a picture may name */
        return NAN;
    }
}

static enum status add_name(const struct date_part *part, struct str name, struct buffer *buffer)
{
    if (part->has_width_max && name.length > part->width_max) {
        name = str_slice(name, 0, part->width_max);
    }
    switch (part->names) {
    case DATE_NAMES_LOWER:
        return letter_case_lower(buffer, name);
    case DATE_NAMES_UPPER:
        return letter_case_upper(buffer, name);
    case DATE_NAMES_TITLE:
    case DATE_NAMES_NONE:
        return buffer_add(buffer, name);
    }
    UNREACHABLE("case of names");
}

static enum status fail_names(struct evaluation *evaluation, const struct date_part *part)
{
    struct str copy;
    TRY(arena_copy(evaluation->arena, (struct str){&part->component, 1}, &copy));
    return evaluation_fail_value(evaluation, FAULT_D3133, datum_string(copy));
}

static enum status add_number(struct evaluation *evaluation, const struct date_part *part, int64_t millis,
                              struct buffer *buffer)
{
    double number = date_picture_component(millis, part->component);
    if (part->names != DATE_NAMES_NONE && is_among("Mx", part->component)) {
        return add_name(part, date_picture_month((int32_t)number), buffer);
    }
    if (part->names != DATE_NAMES_NONE && part->component == 'F') {
        return add_name(part, date_picture_day((int32_t)number), buffer);
    }
    if (part->names != DATE_NAMES_NONE) {
        return fail_names(evaluation, part);
    }
    if (part->component == 'Y' && part->digits >= 0) {
        number = fmod(number, pow(10, part->digits));
    }
    return integer_picture_format(evaluation, &part->integer, number, buffer);
}

static enum status add_zone(struct evaluation *evaluation, const struct date_part *part, int32_t offset,
                            struct buffer *buffer)
{
    const struct integer_picture *integer = &part->integer;
    uint32_t digits = integer->mandatory_digits;
    int32_t hours = (int32_t)floor_divide(offset, 100);
    int32_t minutes = offset % 100;
    if (integer->interval == 0 && (digits < 1 || digits > 4)) {
        return evaluation_fail(evaluation, FAULT_D3134);
    }
    if (offset == 0 && part->zulu) {
        return buffer_add_byte(buffer, 'Z');
    }
    int32_t shown = hours * 100 + minutes; /* -0530 becomes -630: so does 2.0.6 */
    TRY(buffer_add(buffer, part->component == 'z' ? STR("GMT") : STR("")));
    TRY(buffer_add(buffer, shown >= 0 ? STR("+") : STR("")));
    if (integer->interval == 0 && digits <= 2) {
        TRY(integer_picture_format(evaluation, integer, hours, buffer));
        return minutes == 0 ? STATUS_OK : buffer_format(buffer, ":%s%02d", minutes < 0 ? "-" : "", abs(minutes));
    }
    return integer_picture_format(evaluation, integer, shown, buffer);
}

static enum status add_component(struct evaluation *evaluation, const struct date_part *part, int64_t millis, int32_t offset,
                                 struct buffer *buffer)
{
    if (is_among("YMDdFWwXxHhmsf", part->component)) {
        return add_number(evaluation, part, millis, buffer);
    }
    if (is_among("Zz", part->component)) {
        return add_zone(evaluation, part, offset, buffer);
    }
    if (part->component == 'P') {
        bool after_noon = date_picture_component(millis, 'P') > 0;
        bool upper = part->names == DATE_NAMES_UPPER;
        return buffer_add(buffer, after_noon ? (upper ? STR("PM") : STR("pm")) : (upper ? STR("AM") : STR("am")));
    }
    if (is_among("CE", part->component)) {
        return buffer_add(buffer, STR("ISO"));
    }
    struct str copy;
    TRY(arena_copy(evaluation->arena, (struct str){&part->component, 1}, &copy));
    return evaluation_fail_value(evaluation, FAULT_D3132, datum_string(copy));
}

enum status date_picture_format(struct evaluation *evaluation, const struct date_picture *picture, double millis,
                                int32_t offset, struct buffer *buffer)
{
    int64_t minutes = floor_divide(offset, 100) * 60 + offset % 100;
    millis = trunc(millis) + (double)minutes * 60000;
    if (!(fabs(millis) <= (double)CALENDAR_MS_MAX)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(millis));
    }
    for (uint32_t at = 0; at < picture->count; at++) {
        const struct date_part *part = &picture->parts[at];
        if (part->literal.bytes != NULL) {
            TRY(buffer_add(buffer, part->literal));
        } else {
            TRY(add_component(evaluation, part, (int64_t)millis, offset, buffer));
        }
        TRY(evaluation_check_string(evaluation, buffer->length));
    }
    return STATUS_OK;
}
