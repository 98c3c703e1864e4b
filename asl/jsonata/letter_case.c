#include "asl/jsonata/letter_case.h"

#include "asl/jsonata/code_points.h"

struct range {
    uint32_t first;
    uint32_t last;
    uint32_t stride;
    int32_t delta;
};

#define UPPER(first, last, stride, delta) {first, last, stride, delta},
#define LOWER(first, last, stride, delta)
#define UPPER_MANY(code_point, a, b, c)
static const struct range uppers[] = {
#include "asl/jsonata/letter_case.def"
};

#define UPPER(first, last, stride, delta)
#define LOWER(first, last, stride, delta) {first, last, stride, delta},
#define UPPER_MANY(code_point, a, b, c)
static const struct range lowers[] = {
#include "asl/jsonata/letter_case.def"
};

#define UPPER(first, last, stride, delta)
#define LOWER(first, last, stride, delta)
#define UPPER_MANY(code_point, a, b, c) {code_point, {a, b, c}},
static const struct {
    uint32_t code_point;
    uint32_t upper[3]; /* 0 ends it */
} many[] = {
#include "asl/jsonata/letter_case.def"
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define CAPITAL_SIGMA 0x3A3
#define FINAL_SIGMA 0x3C2

static uint32_t map(const struct range *ranges, size_t count, uint32_t code_point)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].last < code_point) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < count && code_point >= ranges[low].first && (code_point - ranges[low].first) % ranges[low].stride == 0) {
        return (uint32_t)((int32_t)code_point + ranges[low].delta);
    }
    return code_point;
}

static enum status add_upper(struct buffer *buffer, uint32_t code_point)
{
    for (size_t at = 0; at < COUNT(many); at++) {
        if (many[at].code_point == code_point) {
            for (size_t part = 0; part < COUNT(many[at].upper) && many[at].upper[part] != 0; part++) {
                TRY(code_points_add(buffer, many[at].upper[part]));
            }
            return STATUS_OK;
        }
    }
    return code_points_add(buffer, map(uppers, COUNT(uppers), code_point));
}

enum status letter_case_upper(struct buffer *buffer, struct str text)
{
    for (size_t at = 0; at < text.length;) {
        uint32_t code_point = code_points_next(text, &at);
        if (code_point >= 'a' && code_point <= 'z') {
            TRY(buffer_add_byte(buffer, (char)(code_point - 'a' + 'A')));
        } else if (code_point < 0x80) {
            TRY(buffer_add_byte(buffer, (char)code_point));
        } else {
            TRY(add_upper(buffer, code_point));
        }
    }
    return STATUS_OK;
}

static bool is_cased(uint32_t code_point)
{
    return (code_point >= 'a' && code_point <= 'z') || (code_point >= 'A' && code_point <= 'Z') ||
           map(uppers, COUNT(uppers), code_point) != code_point || map(lowers, COUNT(lowers), code_point) != code_point;
}

enum status letter_case_lower(struct buffer *buffer, struct str text)
{
    bool after_cased = false;
    for (size_t at = 0; at < text.length;) {
        uint32_t code_point = code_points_next(text, &at);
        uint32_t lower = map(lowers, COUNT(lowers), code_point);
        if (code_point >= 'A' && code_point <= 'Z') {
            lower = code_point - 'A' + 'a';
        } else if (code_point == 0x130) {
            TRY(code_points_add(buffer, 'i')); /* the one code point that becomes two */
            lower = 0x307;
        } else if (code_point == CAPITAL_SIGMA && after_cased) {
            size_t next = at;
            bool before_cased = at < text.length && is_cased(code_points_next(text, &next));
            lower = before_cased ? lower : FINAL_SIGMA;
        }
        TRY(code_points_add(buffer, lower));
        after_cased = is_cased(code_point);
    }
    return STATUS_OK;
}
