/* $now, $millis, $fromMillis, $toMillis. The clock is the step's: it stands still while an expression is evaluated. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/calendar.h"
#include "asl/jsonata/date_picture.h"
#include "asl/jsonata/date_reading.h"

#include <math.h>
#include <stdlib.h>

#define PICTURE_ISO "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"

/* A time zone ±HHMM as hours × 100 + minutes. */
static enum status read_zone(struct evaluation *evaluation, struct datum zone, int32_t *out_offset)
{
    *out_offset = 0;
    if (zone.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    struct str copy;
    TRY(arena_copy(evaluation->arena, zone.string, &copy));
    char *end = NULL;
    long offset = strtol(copy.bytes, &end, 10);
    if (end == copy.bytes || offset < -9999 || offset > 9999) {
        return evaluation_fail_message(evaluation, FAULT_D3142, STR("The time zone must be in the format of ±HHMM"));
    }
    *out_offset = (int32_t)offset;
    return STATUS_OK;
}

static enum status format(struct evaluation *evaluation, double millis, struct datum picture, struct datum zone,
                          struct datum *out_result)
{
    struct str text = picture.type == DATUM_UNDEFINED ? STR(PICTURE_ISO) : picture.string;
    struct date_picture parsed;
    struct buffer buffer = buffer_in(evaluation->arena);
    int32_t offset = 0;
    TRY(read_zone(evaluation, zone, &offset));
    TRY(date_picture_parse(evaluation, text, &parsed));
    TRY(date_picture_format(evaluation, &parsed, millis, offset, &buffer));
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status time_functions_from_millis(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        *out_result = DATUM_NONE;
        return STATUS_OK;
    }
    return format(evaluation, call->arguments[0].number, call->arguments[1], call->arguments[2], out_result);
}

enum status time_functions_now(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return format(evaluation, (double)evaluation->scope->env->now_ms, call->arguments[0], call->arguments[1], out_result);
}

enum status time_functions_millis(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    (void)call;
    *out_result = datum_number((double)evaluation->scope->env->now_ms);
    return STATUS_OK;
}

/* A text that is read from the left. */
struct scan {
    struct str rest;
    bool good;
};

static bool next_is(const struct scan *scan, char byte)
{
    return scan->rest.length > 0 && scan->rest.bytes[0] == byte;
}

static bool skip(struct scan *scan, char byte)
{
    bool is = next_is(scan, byte);
    scan->rest = str_from(scan->rest, is ? 1 : 0);
    return is;
}

/* `count` digits, or scan->good becomes false. */
static int32_t digits(struct scan *scan, size_t count)
{
    int32_t number = 0;
    for (size_t at = 0; at < count; at++) {
        bool is_digit = scan->rest.length > 0 && scan->rest.bytes[0] >= '0' && scan->rest.bytes[0] <= '9';
        scan->good &= is_digit;
        number = is_digit ? number * 10 + scan->rest.bytes[0] - '0' : number;
        scan->rest = str_from(scan->rest, is_digit ? 1 : 0);
    }
    return number;
}

/* Digits after a point, as milliseconds; those beyond the third are dropped. */
static int32_t fraction(struct scan *scan)
{
    int32_t millis = 0;
    int32_t unit = 100;
    scan->good &= scan->rest.length > 0 && scan->rest.bytes[0] >= '0' && scan->rest.bytes[0] <= '9';
    while (scan->rest.length > 0 && scan->rest.bytes[0] >= '0' && scan->rest.bytes[0] <= '9') {
        millis += (scan->rest.bytes[0] - '0') * unit;
        unit /= 10;
        scan->rest = str_from(scan->rest, 1);
    }
    return millis;
}

/* Z, +hh:mm, -hhmm or nothing, as minutes. */
static int32_t zone_minutes(struct scan *scan)
{
    bool minus = next_is(scan, '-');
    if (skip(scan, 'Z') || (!skip(scan, '+') && !skip(scan, '-'))) {
        return 0;
    }
    int32_t hours = digits(scan, 2);
    skip(scan, ':');
    int32_t minutes = hours * 60 + digits(scan, 2);
    return minus ? -minutes : minutes;
}

/* ISO 8601 as JavaScript's Date.parse takes it; without a zone it is UTC. */
static bool parse_iso(struct str text, double *out_millis)
{
    struct scan scan = {text, true};
    struct calendar_date date = {digits(&scan, 4), 1, 1};
    bool has_month = scan.good && scan.rest.length >= 3 && skip(&scan, '-');
    date.month = has_month ? digits(&scan, 2) : 1;
    bool has_day = has_month && skip(&scan, '-');
    date.day = has_day ? digits(&scan, 2) : 1;
    int32_t seconds = 0;
    int32_t millis = 0;
    if (skip(&scan, 'T')) {
        int32_t hour = digits(&scan, 2);
        scan.good &= skip(&scan, ':');
        int32_t minute = digits(&scan, 2);
        scan.good &= skip(&scan, ':');
        int32_t second = digits(&scan, 2);
        seconds = hour * 3600 + minute * 60 + second;
        millis = skip(&scan, '.') ? fraction(&scan) : 0;
        scan.good &= minute < 60 && second < 60 && (hour < 24 || (seconds == 86400 && millis == 0));
    }
    int32_t zone = zone_minutes(&scan);
    scan.good &= date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31 && scan.rest.length == 0;
    *out_millis = (double)(calendar_to_day(date) * CALENDAR_MS_A_DAY + (seconds - zone * INT64_C(60)) * 1000 + millis);
    return scan.good;
}

enum status time_functions_to_millis(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum picture = call->arguments[1];
    *out_result = DATUM_NONE;
    if (text.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (picture.type == DATUM_UNDEFINED) {
        double millis = 0;
        if (!parse_iso(text.string, &millis)) {
            return evaluation_fail_value(evaluation, FAULT_D3110, text);
        }
        *out_result = datum_number(millis);
        return STATUS_OK;
    }
    struct date_picture parsed;
    TRY(date_picture_parse(evaluation, picture.string, &parsed));
    return date_reading_read(evaluation, &parsed, text.string, out_result);
}
