#include "asl/timestamp.h"

#define SECONDS_OF_DAY 86400
#define DAYS_TO_1970 719528 /* from 0000-01-01 */
#define DAYS_OF_400_YEARS 146097
#define MS_FIRST (-62167219200000LL) /* 0000-01-01T00:00:00.000Z */
#define MS_LAST 253402300799999LL    /* 9999-12-31T23:59:59.999Z */
#define OFFSET_MINUTES_MAX (18 * 60) /* java.time.ZoneOffset.MAX */

static const int days_before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
    return days_before[month] - days_before[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0000-01-01 to the first of the year; year ≥ 0. */
static int64_t year_start(int64_t year)
{
    return year == 0 ? 0 : year * 365 + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1;
}

static int64_t days_from_date(int64_t year, int month, int day)
{
    return year_start(year) + days_before[month - 1] + (month > 2 && is_leap(year)) + day - 1;
}

struct reader {
    struct str text;
    size_t at;
    bool good;
};

static void read_byte(struct reader *reader, char byte)
{
    reader->good = reader->good && reader->at < reader->text.length && reader->text.bytes[reader->at] == byte;
    reader->at++;
}

/* A number of exactly `digits` digits within the bounds; 0 once the reader is no longer good. */
static int read_number(struct reader *reader, size_t digits, int least, int most)
{
    int number = 0;
    for (size_t index = 0; index < digits; index++) {
        char byte = reader->at < reader->text.length ? reader->text.bytes[reader->at] : '\0';
        reader->good = reader->good && byte >= '0' && byte <= '9';
        number = reader->good ? number * 10 + (byte - '0') : 0;
        reader->at++;
    }
    reader->good = reader->good && number >= least && number <= most;
    return reader->good ? number : least;
}

static char peek(const struct reader *reader)
{
    return reader->at < reader->text.length ? reader->text.bytes[reader->at] : '\0';
}

static int32_t read_fraction(struct reader *reader)
{
    int32_t nanoseconds = 0;
    int32_t unit = 1000000000;
    if (peek(reader) != '.') {
        return 0;
    }
    reader->at++;
    while (unit > 1 && peek(reader) >= '0' && peek(reader) <= '9') {
        unit /= 10;
        nanoseconds += unit * (peek(reader) - '0');
        reader->at++;
    }
    reader->good = reader->good && unit < 1000000000;
    return nanoseconds;
}

static int64_t read_offset_seconds(struct reader *reader)
{
    char sign = peek(reader);
    if (sign == 'Z') {
        reader->at++;
        return 0;
    }
    reader->at++;
    int hours = read_number(reader, 2, 0, 18);
    read_byte(reader, ':');
    int minutes = hours * 60 + read_number(reader, 2, 0, 59);
    reader->good = reader->good && (sign == '+' || sign == '-') && minutes <= OFFSET_MINUTES_MAX;
    return (sign == '-' ? -60 : 60) * (int64_t)minutes;
}

bool timestamp_parse(struct str text, struct timestamp *out)
{
    struct reader reader = {.text = text, .good = true};
    int year = read_number(&reader, 4, 0, 9999);
    read_byte(&reader, '-');
    int month = read_number(&reader, 2, 1, 12);
    read_byte(&reader, '-');
    int day = read_number(&reader, 2, 1, month_days(year, month));
    read_byte(&reader, 'T');
    int hour = read_number(&reader, 2, 0, 23);
    read_byte(&reader, ':');
    int minute = read_number(&reader, 2, 0, 59);
    read_byte(&reader, ':');
    int second = read_number(&reader, 2, 0, 59);
    int32_t nanoseconds = read_fraction(&reader);
    int64_t offset_seconds = read_offset_seconds(&reader);
    if (!reader.good || reader.at != text.length) {
        return false;
    }
    int64_t days = days_from_date(year, month, day) - DAYS_TO_1970;
    out->seconds = days * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second - offset_seconds;
    out->nanoseconds = nanoseconds;
    return true;
}

int64_t timestamp_ms(const struct timestamp *timestamp)
{
    return timestamp->seconds * 1000 + timestamp->nanoseconds / 1000000;
}

int timestamp_compare(const struct timestamp *a, const struct timestamp *b)
{
    int order = (a->seconds > b->seconds) - (a->seconds < b->seconds);
    return order != 0 ? order : (a->nanoseconds > b->nanoseconds) - (a->nanoseconds < b->nanoseconds);
}

static char *put_number(char *out, int number, int digits)
{
    for (int index = digits - 1; index >= 0; index--) {
        out[index] = (char)('0' + number % 10);
        number /= 10;
    }
    return out + digits;
}

void timestamp_format_ms(int64_t unix_ms, char out[TIMESTAMP_TEXT_BYTES])
{
    unix_ms = unix_ms < MS_FIRST ? MS_FIRST : unix_ms > MS_LAST ? MS_LAST : unix_ms;
    int64_t ms = unix_ms - MS_FIRST;
    int64_t days = ms / (SECONDS_OF_DAY * 1000LL);
    int ms_of_day = (int)(ms % (SECONDS_OF_DAY * 1000LL));
    int64_t year = days * 400 / DAYS_OF_400_YEARS;
    /* The estimate is off by a year at most, near New Year. */
    while (year_start(year + 1) <= days) {
        year++;
    }
    while (year_start(year) > days) {
        year--;
    }
    int day = (int)(days - year_start(year));
    int month = 1;
    while (day >= month_days(year, month)) {
        day -= month_days(year, month);
        month++;
    }
    char *at = put_number(out, (int)year, 4);
    *at++ = '-';
    at = put_number(at, month, 2);
    *at++ = '-';
    at = put_number(at, day + 1, 2);
    *at++ = 'T';
    at = put_number(at, ms_of_day / 3600000, 2);
    *at++ = ':';
    at = put_number(at, ms_of_day / 60000 % 60, 2);
    *at++ = ':';
    at = put_number(at, ms_of_day / 1000 % 60, 2);
    *at++ = '.';
    at = put_number(at, ms_of_day % 1000, 3);
    *at++ = 'Z';
    *at = '\0';
}
