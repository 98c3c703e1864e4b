#include "asl/jsonata/js_number.h"

#include "base/assert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 17         /* of a double */
#define DIGITS_SAFE 15        /* always come back */
#define WHOLE_DIGITS_MAX 21   /* ECMA-262: whole numbers below 10^21 print without an exponent */
#define FRACTION_ZEROS_MAX 6  /* … and so do fractions from 10^-6 on */
#define SAFE_INTEGER 9007199254740991.0

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
    if (number == trunc(number) && fabs(number) <= SAFE_INTEGER) {
        int length = snprintf(out, JS_NUMBER_CHARACTERS_MAX, "%lld", (long long)number); /* -0 prints as 0 */
        return (struct str){out, (size_t)length};
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
