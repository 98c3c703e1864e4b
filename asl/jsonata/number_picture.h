/* $formatNumber: pictures such as #,##0.00 (XPath F&O 3.1, fn:format-number). */
#ifndef PAWL_ASL_JSONATA_NUMBER_PICTURE_H
#define PAWL_ASL_JSONATA_NUMBER_PICTURE_H

#include "asl/jsonata/evaluation.h"

/* `options` is an object with other characters for the picture ("decimal-separator": ","), or undefined. */
MUST_CHECK enum status number_picture_format(struct evaluation *evaluation, double number, struct str picture,
                                             struct datum options, struct buffer *buffer);

/* Rounds half to even at so many digits after the point (before it, when negative). */
MUST_CHECK enum status number_picture_round(struct evaluation *evaluation, double number, double precision,
                                            double *out_rounded);

#endif
