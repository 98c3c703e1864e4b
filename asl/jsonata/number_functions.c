/* Numbers: sums and extremes, rounding, roots and powers, and their formats. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/integer_picture.h"
#include "asl/jsonata/js_number.h"
#include "asl/jsonata/number_picture.h"
#include "asl/jsonata/operators.h"

#include <math.h>

#define RADIX_MIN 2
#define RADIX_MAX 36
#define DIGITS_MAX 1100 /* of a double in base 2 */

static enum status answer(struct datum *out_result, struct datum datum)
{
    *out_result = datum;
    return STATUS_OK;
}

/* Whether there is a first argument that is a number; otherwise the result is undefined. A number out of range fails. */
static enum status take_number(struct evaluation *evaluation, const struct builtin_call *call, double *out_number,
                               struct datum *out_result)
{
    *out_result = DATUM_NONE;
    *out_number = call->arguments[0].type == DATUM_NUMBER ? call->arguments[0].number : NAN;
    return operators_check_finite(evaluation, call->arguments[0]);
}

enum status number_functions_sum(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum numbers = call->arguments[0];
    if (numbers.type == DATUM_UNDEFINED) {
        return answer(out_result, DATUM_NONE);
    }
    double sum = 0;
    for (uint32_t at = 0; at < datum_count(numbers); at++) {
        sum += datum_item(numbers, at).number;
    }
    TRY(evaluation_charge(evaluation, datum_count(numbers) / 4));
    return answer(out_result, datum_number(sum));
}

/* The item with the greatest (sign 1) or least (sign -1) number. */
static enum status extreme(struct evaluation *evaluation, struct datum numbers, double sign, struct datum *out_result)
{
    struct datum best = DATUM_NONE;
    uint32_t count = numbers.type == DATUM_ARRAY ? datum_count(numbers) : 0;
    for (uint32_t at = 0; at < count; at++) {
        struct datum item = datum_item(numbers, at);
        if (best.type == DATUM_UNDEFINED || item.number * sign > best.number * sign) {
            best = item;
        }
    }
    TRY(evaluation_charge(evaluation, count / 4));
    return answer(out_result, best);
}

enum status number_functions_max(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return extreme(evaluation, call->arguments[0], 1, out_result);
}

enum status number_functions_min(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    return extreme(evaluation, call->arguments[0], -1, out_result);
}

enum status number_functions_average(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum numbers = call->arguments[0];
    if (numbers.type == DATUM_UNDEFINED || datum_count(numbers) == 0) {
        return answer(out_result, DATUM_NONE);
    }
    TRY(number_functions_sum(evaluation, call, out_result));
    return answer(out_result, datum_number(out_result->number / datum_count(numbers)));
}

enum status number_functions_floor(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    TRY(take_number(evaluation, call, &number, out_result));
    return isnan(number) ? STATUS_OK : answer(out_result, datum_number(floor(number)));
}

enum status number_functions_ceil(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    TRY(take_number(evaluation, call, &number, out_result));
    return isnan(number) ? STATUS_OK : answer(out_result, datum_number(ceil(number)));
}

enum status number_functions_abs(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    TRY(take_number(evaluation, call, &number, out_result));
    return isnan(number) ? STATUS_OK : answer(out_result, datum_number(fabs(number)));
}

enum status number_functions_round(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    double precision = call->arguments[1].type == DATUM_NUMBER ? call->arguments[1].number : 0;
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number)) {
        return STATUS_OK;
    }
    if (precision != trunc(precision)) {
        return evaluation_fail_value(evaluation, FAULT_D1001, datum_number(NAN)); /* NaN, to the reference */
    }
    TRY(number_picture_round(evaluation, number, precision, &number));
    return answer(out_result, datum_number(number));
}

enum status number_functions_sqrt(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number)) {
        return STATUS_OK;
    }
    if (number < 0) {
        return evaluation_fail_value(evaluation, FAULT_D3060, datum_number(number));
    }
    return answer(out_result, datum_number(sqrt(number)));
}

enum status number_functions_power(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    double number = 0;
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number)) {
        return STATUS_OK;
    }
    double exponent = call->arguments[1].type == DATUM_NUMBER ? call->arguments[1].number : NAN;
    double power = (double)powl(number, exponent); /* more digits: the nearest double, or nearly */
    if (!isfinite(power)) {
        enum status failed = evaluation_fail_value(evaluation, FAULT_D3061, datum_number(number));
        evaluation->fault.exp = exponent;
        return failed;
    }
    return answer(out_result, datum_number(power));
}

/* 0x1F, 0o17, 0b11 */
static bool read_radix(struct str text, double *out_number)
{
    static const char digits[] = "0123456789abcdef";
    if (text.length < 3 || text.bytes[0] != '0') {
        return false;
    }
    char kind = (char)(text.bytes[1] | 0x20);
    int radix = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    double number = 0;
    for (size_t at = 2; at < text.length; at++) {
        char digit = text.bytes[at] >= 'A' && text.bytes[at] <= 'F' ? (char)(text.bytes[at] | 0x20) : text.bytes[at];
        const char *found = digit == '\0' ? NULL : memchr(digits, digit, (size_t)radix);
        if (found == NULL) {
            return false;
        }
        number = number * radix + (double)(found - digits);
    }
    *out_number = number;
    return radix > 0;
}

/* JSON's number, zeros in front allowed. */
static bool looks_like_number(struct str text)
{
    size_t first = str_starts_with(text, STR("-")) ? 1 : 0;
    size_t point = str_find(text, '.');
    bool starts = first < text.length && text.bytes[first] >= '0' && text.bytes[first] <= '9';
    bool follows = point == text.length ||
                   (point + 1 < text.length && text.bytes[point + 1] >= '0' && text.bytes[point + 1] <= '9');
    return starts && follows;
}

enum status number_functions_number(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum value = call->arguments[0];
    double number = 0;
    if (value.type == DATUM_UNDEFINED || value.type == DATUM_NUMBER) {
        return answer(out_result, value);
    }
    if (value.type == DATUM_BOOLEAN) {
        return answer(out_result, datum_number(value.boolean ? 1 : 0));
    }
    if (value.type == DATUM_STRING) {
        bool decimal = looks_like_number(value.string) && js_number_read(evaluation->arena, value.string, &number);
        if ((decimal && isfinite(number)) || (!decimal && read_radix(value.string, &number))) {
            return answer(out_result, datum_number(number));
        }
    }
    return evaluation_fail_value(evaluation, FAULT_D3030, value);
}

/* The digits of a whole number ≥ 0; beyond 2^53 those that a double does not hold are zeros, as JavaScript's are. */
static struct str print_radix(double number, int radix, char out[DIGITS_MAX])
{
    size_t at = DIGITS_MAX;
    while (number >= 0x1p53) {
        number /= radix;
        out[--at] = '0';
    }
    number = floor(number);
    do {
        out[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[(int)fmod(number, radix)];
        number = floor(number / radix);
    } while (number > 0 && at > 0);
    return (struct str){out + at, DIGITS_MAX - at};
}

enum status number_functions_format_base(struct evaluation *evaluation, const struct builtin_call *call,
                                         struct datum *out_result)
{
    double number = 0;
    double radix = 10;
    struct buffer buffer = buffer_in(evaluation->arena);
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number)) {
        return STATUS_OK;
    }
    TRY(number_picture_round(evaluation, number, 0, &number));
    if (call->arguments[1].type == DATUM_NUMBER) {
        TRY(number_picture_round(evaluation, call->arguments[1].number, 0, &radix));
    }
    if (!(radix >= RADIX_MIN && radix <= RADIX_MAX)) {
        return evaluation_fail_value(evaluation, FAULT_D3100, datum_number(radix));
    }
    char text[DIGITS_MAX];
    if (radix == 10) {
        TRY(buffer_add(&buffer, js_number_print(number, text)));
    } else {
        TRY(buffer_add(&buffer, number < 0 ? STR("-") : STR("")));
        TRY(buffer_add(&buffer, print_radix(fabs(number), (int)radix, text)));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status number_functions_format_number(struct evaluation *evaluation, const struct builtin_call *call,
                                           struct datum *out_result)
{
    double number = 0;
    struct buffer buffer = buffer_in(evaluation->arena);
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number) || call->arguments[1].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    TRY(number_picture_format(evaluation, number, call->arguments[1].string, call->arguments[2], &buffer));
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status number_functions_format_integer(struct evaluation *evaluation, const struct builtin_call *call,
                                            struct datum *out_result)
{
    double number = 0;
    struct integer_picture picture;
    struct buffer buffer = buffer_in(evaluation->arena);
    TRY(take_number(evaluation, call, &number, out_result));
    if (isnan(number) || call->arguments[1].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    TRY(integer_picture_parse(evaluation, call->arguments[1].string, &picture));
    TRY(integer_picture_format(evaluation, &picture, floor(number), &buffer));
    return evaluation_string(evaluation, &buffer, out_result);
}

enum status number_functions_parse_integer(struct evaluation *evaluation, const struct builtin_call *call,
                                           struct datum *out_result)
{
    double number = 0;
    struct integer_picture picture;
    *out_result = DATUM_NONE;
    if (call->arguments[0].type == DATUM_UNDEFINED || call->arguments[1].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    TRY(integer_picture_parse(evaluation, call->arguments[1].string, &picture));
    TRY(integer_picture_read(evaluation, &picture, call->arguments[0].string, &number));
    return answer(out_result, datum_number(number));
}
