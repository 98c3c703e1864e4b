#include "asl/jsonata/calendar.h"

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Years begin in March here, so that the leap day comes last; eras are of 400 years. */
struct calendar_date calendar_of_day(int64_t day)
{
    int64_t shifted = day + 719468; /* days from 0000-03-01 */
    int64_t era = floor_divide(shifted, 146097);
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    struct calendar_date date = {
        .year = year_of_era + era * 400 + (month >= 10 ? 1 : 0),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

int64_t calendar_to_day(struct calendar_date date)
{
    int64_t months = date.year * 12 + date.month - 1;
    int64_t year = floor_divide(months, 12);
    int64_t month = months - year * 12 + 1;
    year -= month <= 2 ? 1 : 0;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468 + date.day - 1;
}

int32_t calendar_weekday(int64_t day)
{
    int64_t weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int32_t)(weekday < 0 ? weekday + 7 : weekday) + 1;
}

int32_t calendar_day_of_year(int64_t day)
{
    struct calendar_date first = {calendar_of_day(day).year, 1, 1};
    return (int32_t)(day - calendar_to_day(first)) + 1;
}

/* The Monday on which week 1 of the year or month that begins with `date` starts. */
static int64_t first_week(struct calendar_date date)
{
    int64_t day = calendar_to_day(date);
    int32_t weekday = calendar_weekday(day);
    return weekday > 4 ? day + 8 - weekday : day - (weekday - 1);
}

static int32_t week_since(int64_t start, int64_t day)
{
    return (int32_t)floor_divide(day - start, 7) + 1;
}

/* The week of a period (a year: 12 months; a month: 1), whose first day is `first`. */
static int32_t week_of(int64_t day, struct calendar_date first, int32_t months)
{
    struct calendar_date next = {first.year, first.month + months, 1};
    struct calendar_date previous = {first.year, first.month - months, 1};
    if (day >= first_week(next)) {
        return 1;
    }
    int64_t start = first_week(first);
    return week_since(day < start ? first_week(previous) : start, day);
}

int32_t calendar_week_of_year(int64_t day)
{
    struct calendar_date first = {calendar_of_day(day).year, 1, 1};
    return week_of(day, first, 12);
}

int32_t calendar_week_of_month(int64_t day)
{
    struct calendar_date first = calendar_of_day(day);
    first.day = 1;
    return week_of(day, first, 1);
}

int64_t calendar_year_of_week(int64_t day)
{
    struct calendar_date first = {calendar_of_day(day).year, 1, 1};
    struct calendar_date next = {first.year + 1, 1, 1};
    if (day < first_week(first)) {
        return first.year - 1;
    }
    return day >= first_week(next) ? next.year : first.year;
}

int32_t calendar_month_of_week(int64_t day)
{
    struct calendar_date first = calendar_of_day(day);
    first.day = 1;
    struct calendar_date next = {first.year, first.month + 1, 1};
    if (day < first_week(first)) {
        return first.month == 1 ? 12 : first.month - 1;
    }
    if (day >= first_week(next)) {
        return first.month == 12 ? 1 : first.month + 1;
    }
    return first.month;
}
