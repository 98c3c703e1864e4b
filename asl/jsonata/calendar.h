/* The proleptic Gregorian calendar and ISO 8601's weeks. A day is counted from 1970-01-01. */
#ifndef PAWL_ASL_JSONATA_CALENDAR_H
#define PAWL_ASL_JSONATA_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_MS_A_DAY INT64_C(86400000)
#define CALENDAR_MS_MAX INT64_C(8640000000000000) /* JavaScript's last instant, ± */

struct calendar_date {
    int64_t year;
    int32_t month; /* 1 ..= 12 */
    int32_t day;   /* 1 ..= 31 */
};

struct calendar_date calendar_of_day(int64_t day);

/* Months and days beyond their range count on, as in JavaScript's Date.UTC: month 13 is the next January. */
int64_t calendar_to_day(struct calendar_date date);

/* 1: Monday … 7: Sunday. */
int32_t calendar_weekday(int64_t day);

/* From 1. */
int32_t calendar_day_of_year(int64_t day);

/* ISO 8601: the week that holds the first Thursday is the first, of a year or (as XPath has it) of a month. */
int32_t calendar_week_of_year(int64_t day);
int32_t calendar_week_of_month(int64_t day);

/* The year, and the month, that the day's week belongs to. */
int64_t calendar_year_of_week(int64_t day);
int32_t calendar_month_of_week(int64_t day);

#endif
