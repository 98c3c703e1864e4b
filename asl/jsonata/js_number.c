#include "asl/jsonata/js_number.h"

#include "base/assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 17         /* of a double */
#define DIGITS_SAFE 15        /* always come back */
#define WHOLE_DIGITS_MAX 21   /* ECMA-262: whole numbers below 10^21 print without an exponent */
#define FRACTION_ZEROS_MAX 6  /* … and so do fractions from 10^-6 on */
#define SHORT_MIN 1e-6
#define SHORT_MAX 1e15
#define SAFE_INTEGER 9007199254740991.0

double js_number_power(int exponent)
{
    static const double powers[JS_NUMBER_POWER_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                           1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    ASSERT(exponent >= 0 && exponent <= JS_NUMBER_POWER_MAX);
    return powers[exponent];
}

/* Below 10^15 an integer and a power of ten are exact, so that their quotient is the double nearest to the decimal: if it is
 * the number, the decimal reads as the number. And no two decimals of 15 digits are the same double, so it is the shortest. */
bool js_number_short(double number, int64_t *out_digits, int *out_scale)
{
    double size = fabs(number);
    if (size < SHORT_MIN || size >= SHORT_MAX) {
        return false;
    }
    for (int scale = 0; size * js_number_power(scale) < SHORT_MAX; scale++) {
        double digits = nearbyint(size * js_number_power(scale));
        if (digits / js_number_power(scale) == size) {
            *out_digits = (int64_t)(number < 0 ? -digits : digits);
            *out_scale = scale;
            return digits < SHORT_MAX;
        }
    }
    return false;
}

/* digits / 10^scale: 12.5 of 125 and 1, 0.05 of 5 and 2. */
static struct str print_short(int64_t digits, int scale, char out[JS_NUMBER_CHARACTERS_MAX])
{
    char reversed[JS_NUMBER_CHARACTERS_MAX];
    int count = 0;
    size_t length = 0;
    uint64_t left = digits < 0 ? (uint64_t)-digits : (uint64_t)digits;
    for (; left > 0 || count <= scale; left /= 10) {
        if (count == scale && scale > 0) {
            reversed[length++] = '.';
        }
        reversed[length++] = (char)('0' + left % 10);
        count++;
    }
    if (digits < 0) {
        reversed[length++] = '-';
    }
    for (size_t at = 0; at < length; at++) {
        out[at] = reversed[length - 1 - at];
    }
    return (struct str){out, length};
}

/* The significant digits and the exponent of number > 0: 0.d1d2d3… × 10^point. */
static int shortest_digits(double number, char digits[DIGITS_MAX + 1], int *out_point)
{
    char text[40];
    for (int precision = isnormal(number) ? DIGITS_SAFE : 1; precision <= DIGITS_MAX; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            digits[count++] = *at;
        }
    }
    *out_point = atoi(at + 1) + 1;
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    return count;
}

static int print_digits(const char *digits, int count, int point, char *out, size_t capacity)
{
    if (point > 0 && point <= WHOLE_DIGITS_MAX) {
        if (count <= point) {
            return snprintf(out, capacity, "%s%.*s", digits, point - count, "000000000000000000000");
        }
        return snprintf(out, capacity, "%.*s.%s", point, digits, digits + point);
    }
    if (point <= 0 && point > -FRACTION_ZEROS_MAX) {
        return snprintf(out, capacity, "0.%.*s%s", -point, "000000", digits);
    }
    int exponent = point - 1;
    if (count == 1) {
        return snprintf(out, capacity, "%se%+d", digits, exponent);
    }
    return snprintf(out, capacity, "%c.%se%+d", digits[0], digits + 1, exponent);
}

struct str js_number_print(double number, char out[JS_NUMBER_CHARACTERS_MAX])
{
    ASSERT(isfinite(number));
    int64_t whole = 0;
    int scale = 0;
    if (number == trunc(number) && fabs(number) <= SAFE_INTEGER) {
        return print_short((int64_t)number, 0, out); /* -0 prints as 0 */
    }
    if (js_number_short(number, &whole, &scale)) {
        return print_short(whole, scale, out);
    }
    int sign = number < 0 ? 1 : 0;
    out[0] = '-';
    char digits[DIGITS_MAX + 1];
    int point = 0;
    int count = shortest_digits(fabs(number), digits, &point);
    int length = print_digits(digits, count, point, out + sign, (size_t)(JS_NUMBER_CHARACTERS_MAX - sign));
    return (struct str){out, (size_t)(length + sign)};
}

double js_number_rounded(double number)
{
    if (!isfinite(number) || (number == trunc(number) && fabs(number) < 1e15)) {
        return number;
    }
    int64_t digits = 0;
    int scale = 0;
    if (js_number_short(number, &digits, &scale)) {
        return number; /* it has no more digits than that */
    }
    char text[40];
    snprintf(text, sizeof text, "%.*e", DIGITS_SAFE - 1, number);
    return strtod(text, NULL);
}

static size_t skip_digits(struct str text, size_t at)
{
    while (at < text.length && text.bytes[at] >= '0' && text.bytes[at] <= '9') {
        at++;
    }
    return at;
}

/* sign? (digits ("." digits?)? | "." digits) exponent? */
static bool is_decimal(struct str text)
{
    size_t at = 0;
    if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) {
        at++;
    }
    size_t from = at;
    at = skip_digits(text, at);
    size_t digits = at - from;
    if (at < text.length && text.bytes[at] == '.') {
        from = ++at;
        at = skip_digits(text, at);
        digits += at - from;
    }
    if (digits == 0) {
        return false;
    }
    if (at < text.length && (text.bytes[at] == 'e' || text.bytes[at] == 'E')) {
        at++;
        if (at < text.length && (text.bytes[at] == '-' || text.bytes[at] == '+')) {
            at++;
        }
        from = at;
        at = skip_digits(text, at);
        if (at == from) {
            return false;
        }
    }
    return at == text.length;
}

bool js_number_read(struct arena *arena, struct str text, double *out_number)
{
    struct str copy; /* strtod wants a NUL */
    if (!is_decimal(text) || arena_copy(arena, text, &copy) != STATUS_OK) {
        return false;
    }
    *out_number = strtod(copy.bytes, NULL);
    return true;
}
