/* Numbers as JavaScript prints and reads them (ECMA-262, Number::toString and StringToNumber). */
#ifndef PAWL_ASL_JSONATA_JS_NUMBER_H
#define PAWL_ASL_JSONATA_JS_NUMBER_H

#include "base/arena.h"
#include "base/str.h"

#define JS_NUMBER_CHARACTERS_MAX 32

/* The shortest text that reads back as `number`: 1, 0.1, 1e+21, 1.5e-7. Requires a finite one. The text lies in `out`. */
struct str js_number_print(double number, char out[JS_NUMBER_CHARACTERS_MAX]);

/* As JavaScript's Number(number.toPrecision(15)): the nearest number of 15 significant digits. */
double js_number_rounded(double number);

/* Reads all of `text` as a decimal number (12, .5, 5., -1e3; no blanks); false when it is none. The arena holds scratch. */
bool js_number_read(struct arena *arena, struct str text, double *out_number);

/* The number as digits / 10^scale, both exact, where it has at most 15 digits and is neither very large nor very small, as most
 * are: what can then be said of it needs no printing. False: by another way. */
bool js_number_short(double number, int64_t *out_digits, int *out_scale);

#define JS_NUMBER_POWER_MAX 22 /* 10^22 is the last power of ten that a double holds exactly */

/* 10^exponent, 0 ..= JS_NUMBER_POWER_MAX. */
double js_number_power(int exponent);

#endif
