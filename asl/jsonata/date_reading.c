#include "asl/jsonata/date_reading.h"

#include "asl/jsonata/calendar.h"
#include "asl/jsonata/code_points.h"
#include "asl/jsonata/regex.h"

#include <math.h>
#include <stdlib.h>

#define COMPONENTS "YXMxWwdDPHhmsfFZz"
#define COMPONENT_COUNT (sizeof COMPONENTS - 1)

/* What was read, and of which components. The value of one that is no number is NaN. */
struct reading {
    double values[COMPONENT_COUNT];
    bool known[COMPONENT_COUNT];
};

static size_t index_of(char component)
{
    const char *found = strchr(COMPONENTS, component);
    return found == NULL ? COMPONENT_COUNT : (size_t)(found - COMPONENTS);
}

/* [+-]hh:mm, [+-]hhmm, [+-]hh as minutes. */
static double read_zone(const struct date_part *part, struct str text)
{
    char copy[24] = {0};
    text = str_from(text, part->component == 'z' ? 3 : 0);
    memcpy(copy, text.bytes, text.length < sizeof copy - 1 ? text.length : sizeof copy - 1);
    if (part->integer.interval > 0) {
        const char *separator = copy + 1 + strspn(copy + 1, "0123456789");
        const char *minutes = separator + strcspn(separator, "0123456789");
        return strtod(copy, NULL) * 60 + strtod(minutes, NULL);
    }
    if (strlen(copy) <= 3) {
        return strtod(copy, NULL) * 60;
    }
    double minutes = strtod(copy + 3, NULL);
    copy[3] = '\0';
    return strtod(copy, NULL) * 60 + minutes;
}

/* The number of a month's or day's name, cut as the picture cuts them; NaN for none, which is as if it were not there. */
static double read_name(const struct date_part *part, struct str text)
{
    if (part->component == 'P') {
        bool noon = str_equal(text, STR("pm")) || str_equal(text, STR("PM"));
        return noon ? 1 : str_equal(text, STR("am")) || str_equal(text, STR("AM")) ? 0 : NAN;
    }
    int32_t count = part->component == 'F' ? 7 : 12;
    for (int32_t at = 1; at <= count; at++) {
        struct str name = part->component == 'F' ? date_picture_day(at) : date_picture_month(at);
        if (part->has_width_max && part->width_max > 0 && name.length > part->width_max) {
            name = str_slice(name, 0, part->width_max);
        }
        if (str_equal(name, text)) {
            return at;
        }
    }
    return NAN;
}

static enum status add_escaped(struct buffer *buffer, struct str literal)
{
    for (size_t at = 0; at < literal.length; at++) {
        if (literal.bytes[at] != '\0' && strchr(".*+?^${}()|[]\\/", literal.bytes[at]) != NULL) {
            TRY(buffer_add_byte(buffer, '\\'));
        }
        TRY(buffer_add_byte(buffer, literal.bytes[at]));
    }
    return STATUS_OK;
}

/* The regular expression for one part. */
static enum status add_pattern(struct evaluation *evaluation, const struct date_part *part, struct buffer *buffer)
{
    if (part->literal.bytes != NULL) {
        return add_escaped(buffer, part->literal);
    }
    if (part->component == 'Z' || part->component == 'z') {
        TRY(buffer_add(buffer, part->component == 'z' ? STR("GMT[-+][0-9]+") : STR("[-+][0-9]+")));
        if (part->integer.interval > 0) {
            char character[4];
            size_t length = code_points_write(part->integer.separators[0].character, character);
            TRY(add_escaped(buffer, (struct str){character, length}));
            return buffer_add(buffer, STR("[0-9]+"));
        }
        return STATUS_OK;
    }
    if (part->has_integer) {
        return integer_picture_regex(evaluation, &part->integer, part->digits, buffer);
    }
    if (strchr("MxFP", part->component) == NULL) {
        struct str copy;
        TRY(arena_copy(evaluation->arena, (struct str){&part->component, 1}, &copy));
        return evaluation_fail_value(evaluation, FAULT_D3133, datum_string(copy));
    }
    return buffer_add(buffer, STR("[a-zA-Z]+"));
}

static enum status build_regex(struct evaluation *evaluation, const struct date_picture *picture, struct regex **out_regex)
{
    struct buffer pattern = buffer_in(evaluation->arena);
    TRY(buffer_add_byte(&pattern, '^'));
    for (uint32_t at = 0; at < picture->count; at++) {
        TRY(buffer_add_byte(&pattern, '('));
        TRY(add_pattern(evaluation, &picture->parts[at], &pattern));
        TRY(buffer_add_byte(&pattern, ')'));
    }
    TRY(buffer_add_byte(&pattern, '$'));
    TRY(evaluation_charge(evaluation, pattern.length)); /* compiling costs about that */
    struct str message = STR_NONE;
    const struct regex_source source = {.pattern = buffer_text(&pattern), .case_insensitive = true};
    enum status status = regex_compile(evaluation->arena, &source, out_regex, &message);
    return status == STATUS_INVALID ? evaluation_fail_message(evaluation, FAULT_D3142, message) : status;
}

static enum status read_part(struct evaluation *evaluation, const struct date_part *part, struct str text,
                             struct reading *reading)
{
    double value = NAN;
    bool known = true;
    if (part->literal.bytes != NULL || index_of(part->component) >= COMPONENT_COUNT) {
        return STATUS_OK;
    }
    if (part->component == 'Z' || part->component == 'z') {
        value = read_zone(part, text);
    } else if (part->has_integer) {
        TRY(integer_picture_read(evaluation, &part->integer, text, &value));
    } else {
        value = read_name(part, text);
        known = !isnan(value);
    }
    size_t at = index_of(part->component);
    reading->known[at] = known;
    reading->values[at] = value;
    return STATUS_OK;
}

/* Whether at least one of the components is there, and none of the others of `all`. Zero and NaN count as absent here. */
static bool is_only(const struct reading *reading, const char *all, const char *wanted)
{
    bool any = false;
    for (const char *at = all; *at != '\0'; at++) {
        double value = reading->values[index_of(*at)];
        bool there = reading->known[index_of(*at)] && value != 0 && !isnan(value);
        bool is_wanted = strchr(wanted, *at) != NULL;
        if (there && !is_wanted) {
            return false;
        }
        any |= there;
    }
    return any;
}

/* Fills in what was not given: before the first component that was from today, after the last with the least. */
static enum status complete(struct evaluation *evaluation, const char *components, struct reading *reading)
{
    bool started = false;
    bool ended = false;
    for (const char *component = components; *component != '\0'; component++) {
        size_t at = index_of(*component);
        if (reading->known[at] && ended) {
            return evaluation_fail(evaluation, FAULT_D3136); /* a gap */
        }
        if (reading->known[at]) {
            started = true;
        } else if (started) {
            reading->values[at] = strchr("MDd", *component) != NULL ? 1 : 0;
            ended = true;
        } else {
            reading->values[at] = date_picture_component(evaluation->scope->env->now_ms, *component);
        }
    }
    return STATUS_OK;
}

static double value_of(const struct reading *reading, char component)
{
    return reading->values[index_of(component)];
}

/* The hour of h and P. Hours beyond 12 stay what they are; a P that was not read adds nothing. */
static double half_day_hour(const struct reading *reading)
{
    double hour = value_of(reading, 'h') == 12 ? 0 : value_of(reading, 'h');
    return reading->known[index_of('P')] && value_of(reading, 'P') == 1 ? hour + 12 : hour;
}

/* The instant of complete date and time; as Date.UTC, which takes years 0 … 99 for 1900 … 1999. */
static enum status to_millis(struct evaluation *evaluation, const struct reading *reading, bool by_day_of_year, bool by_half,
                             struct datum *out_millis)
{
    double year = value_of(reading, 'Y');
    double hour = by_half ? half_day_hour(reading) : value_of(reading, 'H');
    double month = by_day_of_year ? 1 : value_of(reading, 'M') > 0 ? value_of(reading, 'M') : 1;
    double day = by_day_of_year ? value_of(reading, 'd') : value_of(reading, 'D');
    const double parts[] = {year, month, day, hour, value_of(reading, 'm'), value_of(reading, 's'), value_of(reading, 'f')};
    for (size_t at = 0; at < sizeof parts / sizeof parts[0]; at++) {
        if (!(fabs(parts[at]) < 1e9)) {
            return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(parts[at]));
        }
    }
    year += year >= 0 && year <= 99 ? 1900 : 0;
    struct calendar_date date = {(int64_t)year, (int32_t)month, 1};
    if (by_day_of_year) { /* month and day of that day, even when it is in another year */
        struct calendar_date of_day = calendar_of_day(calendar_to_day(date) + (int64_t)day - 1);
        date.month = of_day.month;
        day = of_day.day;
    }
    double days = (double)calendar_to_day(date) + day - 1;
    double millis = days * (double)CALENDAR_MS_A_DAY + hour * 3600000 + parts[4] * 60000 + parts[5] * 1000 + parts[6];
    double zone = reading->known[index_of('Z')] ? value_of(reading, 'Z') : 0;
    zone = zone == 0 && reading->known[index_of('z')] ? value_of(reading, 'z') : zone;
    if (!(fabs(millis) <= (double)CALENDAR_MS_MAX)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(millis));
    }
    *out_millis = datum_number(millis - zone * 60000);
    return STATUS_OK;
}

/* Which date and time components go together, and the instant they make. */
static enum status combine(struct evaluation *evaluation, struct reading *reading, struct datum *out_millis)
{
    static const char dates[] = "YXMxWwdD";
    static const char times[] = "PHhmsf";
    bool by_day_of_year = !is_only(reading, dates, "YMD") && is_only(reading, dates, "Yd");
    bool by_month_week = is_only(reading, dates, "Xxw");
    bool by_week = !by_month_week && is_only(reading, dates, "XW");
    bool by_half = !is_only(reading, times, "Hmsf") && is_only(reading, times, "Phmsf");
    char components[16] = "";
    strcat(components, by_day_of_year ? "YD" : by_month_week ? "XxwF" : by_week ? "XWF" : "YMD");
    strcat(components, by_half ? "Phmsf" : "Hmsf");
    /* The reference looks for D where d is: a time behind the day of the year is a gap to it. */
    TRY(complete(evaluation, components, reading));
    if (by_month_week || by_week) {
        return evaluation_fail(evaluation, FAULT_D3136); /* so does 2.0.6 */
    }
    return to_millis(evaluation, reading, by_day_of_year, by_half, out_millis);
}

enum status date_reading_read(struct evaluation *evaluation, const struct date_picture *picture, struct str text,
                              struct datum *out_millis)
{
    struct regex *regex = NULL;
    struct regex_match match = {.found = false};
    struct reading reading = {0};
    TRY(build_regex(evaluation, picture, &regex));
    if (text.length > 0) {
        TRY(regex_find(evaluation, regex, text, 0, &match));
    }
    *out_millis = DATUM_NONE;
    if (!match.found) {
        return STATUS_OK;
    }
    bool any = false;
    for (uint32_t at = 0; at < picture->count && at < match.group_count; at++) {
        struct str part = match.groups[at].type == DATUM_STRING ? match.groups[at].string : STR("");
        TRY(read_part(evaluation, &picture->parts[at], part, &reading));
        any |= picture->parts[at].literal.bytes == NULL;
    }
    return any ? combine(evaluation, &reading, out_millis) : STATUS_OK;
}
