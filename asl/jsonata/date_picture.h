/* Pictures for dates and times: [Y0001]-[M01]-[D01]T[H01]:[m01] (XPath F&O 3.1, fn:format-dateTime). date_reading.h reads with them. */
#ifndef PAWL_ASL_JSONATA_DATE_PICTURE_H
#define PAWL_ASL_JSONATA_DATE_PICTURE_H

#include "asl/jsonata/integer_picture.h"

enum date_names { DATE_NAMES_NONE, DATE_NAMES_LOWER, DATE_NAMES_UPPER, DATE_NAMES_TITLE };

/* A literal text or one component. */
struct date_part {
    struct str literal; /* bytes NULL: a component */
    char component;
    enum date_names names;
    bool has_integer; /* `integer` holds how it is written */
    struct integer_picture integer;
    bool has_width_max;
    uint32_t width_max;
    int32_t digits; /* of a year, month or day, at most; a year is cut to its last ones; -1: any */
    bool zulu;           /* `t`: an offset of zero is written Z */
};

struct date_picture {
    struct date_part *parts;
    uint32_t count;
    uint32_t capacity;
};

MUST_CHECK enum status date_picture_parse(struct evaluation *evaluation, struct str text, struct date_picture *out_picture);

/* Adds the instant as seen in a time zone of `offset` = hours × 100 + minutes, as $fromMillis writes it. */
MUST_CHECK enum status date_picture_format(struct evaluation *evaluation, const struct date_picture *picture, double millis,
                                           int32_t offset, struct buffer *buffer);

/* The English name of month 1 … 12 and of day 1 (Monday) … 7. */
struct str date_picture_month(int32_t month);
struct str date_picture_day(int32_t day);

/* The component of an instant (milliseconds); P is 0 or 1. */
double date_picture_component(int64_t millis, char component);

#endif
