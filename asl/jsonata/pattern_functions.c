/* $match, $contains, $replace, $split: by a string, a regular expression, or any function that answers as a matcher does. */
#include "asl/jsonata/builtins.h"
#include "asl/jsonata/code_points.h"
#include "asl/jsonata/regex.h"
#include "asl/jsonata/sequence.h"
#include "asl/jsonata/table.h"

#include <math.h>

/* A pattern at work on a text, and its present match. */
struct search {
    struct str text;
    const struct regex *regex; /* NULL: the matcher is a function */
    struct datum next;         /* of a function: what to call for the next match */
    bool found;
    struct str match;
    size_t start; /* bytes */
    size_t end;
    size_t start_units; /* start in UTF-16 units */
    struct datum groups;
    struct datum object; /* of a function: the match as it answered it */
    struct regex_match regex_match;
};

/* The byte where UTF-16 unit `index` begins, at most the length. */
static size_t utf16_offset(struct str text, double index)
{
    size_t at = 0;
    for (double units = 0; at < text.length && units < index;) {
        units += code_points_next(text, &at) >= 0x10000 ? 2 : 1;
    }
    return at;
}

/* Takes what a matcher function answered. */
static enum status take_object(struct evaluation *evaluation, struct search *search, struct datum object)
{
    search->found = false;
    search->object = object;
    if (object.type == DATUM_UNDEFINED || object.type == DATUM_NULL) {
        return STATUS_OK;
    }
    bool is_object = object.type == DATUM_OBJECT;
    struct datum start = is_object ? datum_get(object, STR("start")) : DATUM_NONE;
    struct datum end = is_object ? datum_get(object, STR("end")) : DATUM_NONE;
    struct datum match = is_object ? datum_get(object, STR("match")) : DATUM_NONE;
    search->groups = is_object ? datum_get(object, STR("groups")) : DATUM_NONE;
    search->next = is_object ? datum_get(object, STR("next")) : DATUM_NONE;
    if (start.type != DATUM_NUMBER || end.type != DATUM_NUMBER || match.type != DATUM_STRING ||
        search->groups.type != DATUM_ARRAY || search->next.type != DATUM_FUNCTION) {
        return evaluation_fail(evaluation, FAULT_T1010);
    }
    search->found = true;
    search->match = match.string;
    search->start_units = start.number > 0 ? (size_t)fmin(start.number, (double)search->text.length) : 0;
    search->start = utf16_offset(search->text, start.number);
    search->end = utf16_offset(search->text, end.number);
    return evaluation_charge(evaluation, search->end / 64 + 1);
}

/* The first match of a regular expression, or the one after the present one. */
static enum status find_regex(struct evaluation *evaluation, struct search *search)
{
    size_t counted = search->found ? search->start : 0;
    if (search->found) {
        TRY(regex_find_next(evaluation, search->regex, search->text, search->end, &search->regex_match));
    } else {
        TRY(regex_find(evaluation, search->regex, search->text, 0, &search->regex_match));
    }
    const struct regex_match *match = &search->regex_match;
    search->found = match->found;
    if (match->found) {
        struct str passed = str_slice(search->text, counted, match->start - counted);
        search->start_units += code_points_utf16_count(passed);
        search->start = match->start;
        search->end = match->end;
        search->match = str_slice(search->text, match->start, match->end - match->start);
        search->groups = datum_array(match->groups, match->group_count, 0);
    }
    return STATUS_OK;
}

static enum status search_first(struct evaluation *evaluation, struct datum pattern, struct str text, struct search *search)
{
    *search = (struct search){.text = text};
    if (pattern.type != DATUM_FUNCTION) {
        return evaluation_fail(evaluation, FAULT_T1010);
    }
    if (pattern.function->type == FUNCTION_REGEX) {
        search->regex = pattern.function->regex;
        return find_regex(evaluation, search);
    }
    struct datum argument = datum_string(text);
    struct datum object = DATUM_NONE;
    const struct arguments arguments = {&argument, 1};
    TRY(call_apply(evaluation, pattern, arguments, (struct datum){.type = DATUM_NULL}, &object));
    return take_object(evaluation, search, object);
}

static enum status search_next(struct evaluation *evaluation, struct search *search)
{
    if (search->regex != NULL) {
        return find_regex(evaluation, search);
    }
    struct datum object = DATUM_NONE;
    const struct arguments none = {NULL, 0};
    TRY(call_apply(evaluation, search->next, none, (struct datum){.type = DATUM_NULL}, &object));
    return take_object(evaluation, search, object);
}

/* How many matches are wanted: all, unless a limit is given. Fails with `code` for a negative one. */
static enum status read_limit(struct evaluation *evaluation, struct datum limit, enum fault_code code, double *out_limit)
{
    *out_limit = limit.type == DATUM_NUMBER ? limit.number : INFINITY;
    return *out_limit < 0 ? evaluation_fail_value(evaluation, code, limit) : STATUS_OK;
}

static enum status add_match(struct evaluation *evaluation, const struct search *search, struct sequence *results)
{
    struct table *table = table_create(evaluation->arena);
    TRY_NEW(table);
    struct datum index = datum_number((double)search->start_units);
    TRY(table_set(evaluation->arena, table, STR("match"), datum_string(search->match)));
    TRY(table_set(evaluation->arena, table, STR("index"), index));
    TRY(table_set(evaluation->arena, table, STR("groups"), search->groups));
    return sequence_push(evaluation, results, datum_table(table));
}

enum status pattern_functions_match(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct sequence results = {0};
    struct search search;
    double limit = 0;
    *out_result = DATUM_NONE;
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    TRY(read_limit(evaluation, call->arguments[2], FAULT_D3040, &limit));
    if (limit > 0) {
        TRY(search_first(evaluation, call->arguments[1], call->arguments[0].string, &search));
        while (search.found && results.count < limit) {
            TRY(add_match(evaluation, &search, &results));
            TRY(search_next(evaluation, &search));
        }
    }
    *out_result = sequence_array(&results, DATUM_SEQUENCE);
    return STATUS_OK;
}

enum status pattern_functions_contains(struct evaluation *evaluation, const struct builtin_call *call,
                                       struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum pattern = call->arguments[1];
    *out_result = DATUM_NONE;
    if (text.type == DATUM_UNDEFINED || pattern.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (pattern.type == DATUM_STRING) {
        bool found = pattern.string.length == 0 || str_find_str(text.string, pattern.string) < text.string.length;
        *out_result = datum_boolean(found);
        return evaluation_charge(evaluation, text.string.length / 64);
    }
    struct search search;
    TRY(search_first(evaluation, pattern, text.string, &search));
    *out_result = datum_boolean(search.found);
    return STATUS_OK;
}

/* The number after a $: as many digits as there may be groups, one less when that makes too great a number. */
static size_t read_group_number(struct str text, size_t group_count, size_t *out_number)
{
    size_t digits_max = 1;
    for (size_t count = group_count; count >= 10; count /= 10) {
        digits_max++;
    }
    size_t length = 0;
    size_t number = 0;
    size_t before = 0;
    while (length < digits_max && length < text.length && text.bytes[length] >= '0' && text.bytes[length] <= '9') {
        before = number;
        number = number * 10 + (size_t)(text.bytes[length++] - '0');
    }
    if (length == digits_max && digits_max > 1 && number > group_count) {
        number = before;
        length--;
    }
    *out_number = number;
    return length;
}

/* The replacement with $$, $0 and $n filled in. */
static enum status add_substitute(struct buffer *buffer, const struct search *search, struct str text)
{
    uint32_t group_count = datum_count(search->groups);
    while (text.length > 0) {
        size_t dollar = str_find(text, '$');
        TRY(buffer_add(buffer, str_slice(text, 0, dollar)));
        if (dollar == text.length) {
            break;
        }
        text = str_from(text, dollar + 1);
        size_t number = 0;
        if (str_starts_with(text, STR("$"))) {
            TRY(buffer_add_byte(buffer, '$'));
            text = str_from(text, 1);
        } else if (str_starts_with(text, STR("0"))) {
            TRY(buffer_add(buffer, search->match));
            text = str_from(text, 1);
        } else {
            size_t length = read_group_number(text, group_count, &number);
            if (length == 0) {
                TRY(buffer_add_byte(buffer, '$'));
            } else if (number > 0 && number <= group_count) {
                struct datum group = datum_item(search->groups, (uint32_t)number - 1);
                TRY(buffer_add(buffer, group.type == DATUM_STRING ? group.string : STR("")));
            }
            text = str_from(text, length);
        }
    }
    return STATUS_OK;
}

static enum status add_replacement(struct evaluation *evaluation, struct buffer *buffer, const struct search *search,
                                   struct datum replacement)
{
    if (replacement.type == DATUM_STRING) {
        return add_substitute(buffer, search, replacement.string);
    }
    struct datum object = search->object;
    struct datum result = DATUM_NONE;
    if (search->regex != NULL) {
        const struct regex_match *match = &search->regex_match;
        TRY(call_match_object(evaluation, search->regex, search->text, match, search->start_units, &object));
    }
    const struct arguments arguments = {&object, 1};
    if (replacement.type == DATUM_FUNCTION) {
        TRY(call_apply(evaluation, replacement, arguments, (struct datum){.type = DATUM_NULL}, &result));
    }
    if (result.type != DATUM_STRING) {
        return evaluation_fail_value(evaluation, FAULT_D3012, result);
    }
    return buffer_add(buffer, result.string);
}

static enum status replace_matches(struct evaluation *evaluation, const struct builtin_call *call, double limit,
                                   struct buffer *buffer)
{
    struct str text = call->arguments[0].string;
    struct search search;
    size_t position = 0;
    if (limit <= 0) {
        return buffer_add(buffer, text);
    }
    TRY(search_first(evaluation, call->arguments[1], text, &search));
    for (double count = 0; search.found && count < limit; count++) {
        if (search.start > position) {
            TRY(buffer_add(buffer, str_slice(text, position, search.start - position)));
        }
        TRY(add_replacement(evaluation, buffer, &search, call->arguments[2]));
        position = search.start + search.match.length; /* what a function says it matched may be longer than the text */
        position = position > text.length ? text.length : position;
        TRY(evaluation_check_string(evaluation, buffer->length));
        TRY(search_next(evaluation, &search));
    }
    return buffer_add(buffer, str_from(text, position));
}

static enum status replace_strings(struct evaluation *evaluation, const struct builtin_call *call, double limit,
                                   struct buffer *buffer)
{
    struct str rest = call->arguments[0].string;
    struct str pattern = call->arguments[1].string;
    struct datum replacement = call->arguments[2];
    for (double count = 0; count < limit; count++) {
        size_t at = str_find_str(rest, pattern);
        if (at == rest.length) {
            break;
        }
        if (replacement.type != DATUM_STRING) {
            return evaluation_fail_value(evaluation, FAULT_D3012, replacement);
        }
        TRY(buffer_add(buffer, str_slice(rest, 0, at)));
        TRY(buffer_add(buffer, replacement.string));
        TRY(evaluation_check_string(evaluation, buffer->length));
        TRY(evaluation_charge(evaluation, 1 + at / 64));
        rest = str_from(rest, at + pattern.length);
    }
    return buffer_add(buffer, rest);
}

enum status pattern_functions_replace(struct evaluation *evaluation, const struct builtin_call *call,
                                      struct datum *out_result)
{
    struct datum pattern = call->arguments[1];
    struct buffer buffer = buffer_in(evaluation->arena);
    double limit = 0;
    *out_result = DATUM_NONE;
    if (call->arguments[0].type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    if (pattern.type == DATUM_STRING && pattern.string.length == 0) {
        return evaluation_fail_value(evaluation, FAULT_D3010, pattern);
    }
    TRY(read_limit(evaluation, call->arguments[3], FAULT_D3011, &limit));
    if (pattern.type == DATUM_STRING) {
        TRY(replace_strings(evaluation, call, limit, &buffer));
    } else {
        TRY(replace_matches(evaluation, call, limit, &buffer));
    }
    return evaluation_string(evaluation, &buffer, out_result);
}

static enum status push_text(struct evaluation *evaluation, struct sequence *parts, struct str text)
{
    return sequence_push(evaluation, parts, datum_string(text));
}

static enum status split_by_string(struct evaluation *evaluation, struct str text, struct str separator, double limit,
                                   struct sequence *parts)
{
    limit = floor(limit);
    if (separator.length == 0) {
        for (size_t at = 0; at < text.length && parts->count < limit;) {
            size_t from = at;
            code_points_next(text, &at);
            TRY(push_text(evaluation, parts, str_slice(text, from, at - from)));
        }
        return STATUS_OK;
    }
    while (parts->count < limit) {
        size_t at = str_find_str(text, separator);
        TRY(push_text(evaluation, parts, str_slice(text, 0, at)));
        TRY(evaluation_charge(evaluation, at / 64));
        if (at == text.length) {
            break;
        }
        text = str_from(text, at + separator.length);
    }
    return STATUS_OK;
}

static enum status split_by_matches(struct evaluation *evaluation, struct str text, struct datum pattern, double limit,
                                    struct sequence *parts)
{
    struct search search;
    size_t from = 0;
    TRY(search_first(evaluation, pattern, text, &search));
    while (search.found && parts->count < limit) {
        size_t to = search.start < from ? from : search.start;
        TRY(push_text(evaluation, parts, str_slice(text, from, to - from)));
        from = search.end;
        TRY(search_next(evaluation, &search));
    }
    return parts->count < limit ? push_text(evaluation, parts, str_from(text, from)) : STATUS_OK;
}

enum status pattern_functions_split(struct evaluation *evaluation, const struct builtin_call *call, struct datum *out_result)
{
    struct datum text = call->arguments[0];
    struct datum separator = call->arguments[1];
    struct sequence parts = {0};
    double limit = 0;
    *out_result = DATUM_NONE;
    if (text.type == DATUM_UNDEFINED) {
        return STATUS_OK;
    }
    TRY(read_limit(evaluation, call->arguments[2], FAULT_D3020, &limit));
    if (limit > 0 && separator.type == DATUM_STRING) {
        TRY(split_by_string(evaluation, text.string, separator.string, limit, &parts));
    } else if (limit > 0) {
        TRY(split_by_matches(evaluation, text.string, separator, limit, &parts));
    }
    *out_result = sequence_array(&parts, 0);
    return STATUS_OK;
}
