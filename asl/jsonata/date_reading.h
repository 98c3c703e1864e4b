/* Reading a date by its picture: $toMillis with two arguments. */
#ifndef PAWL_ASL_JSONATA_DATE_READING_H
#define PAWL_ASL_JSONATA_DATE_READING_H

#include "asl/jsonata/date_picture.h"

/* The instant that the text tells, or undefined when it does not fit the picture. Components more significant than the
 * first one given are today's. */
MUST_CHECK enum status date_reading_read(struct evaluation *evaluation, const struct date_picture *picture, struct str text,
                                         struct datum *out_millis);

#endif
