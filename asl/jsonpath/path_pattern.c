#include "asl/jsonpath/path_pattern.h"

#include "base/limits.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define STEPS_CHEAP 10000    /* what a match may take before it is charged for */
#define VISITS_OF_MATCH 10   /* a cheap match counts as so many values looked at */
#define VISITS_OF_BIG 100000 /* and one that needs more steps as so many */

struct path_pattern {
    pcre2_code *code;
};

static void release_code(void *code)
{
    pcre2_code_free(code);
}

static bool option_of(char flag, uint32_t *options)
{
    switch (flag) {
    case 'i':
        *options |= PCRE2_CASELESS;
        return true;
    case 'x':
        *options |= PCRE2_EXTENDED;
        return true;
    case 'm':
        *options |= PCRE2_MULTILINE;
        return true;
    case 's':
        *options |= PCRE2_DOTALL;
        return true;
    case 'U':
        *options |= PCRE2_UCP;
        return true;
    case 'd': /* UNIX_LINES and UNICODE_CASE are how PCRE2 works anyway */
    case 'u':
        return true;
    default:
        return false;
    }
}

enum status path_pattern_compile(struct path_reader *reader, struct str pattern, struct str flags,
                                 const struct path_pattern **out_pattern)
{
    uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_ANCHORED | PCRE2_ENDANCHORED;
    for (size_t at = 0; at < flags.length; at++) {
        if (!option_of(flags.bytes[at], &options)) {
            return path_reader_fail(reader, "Unknown flag of a regular expression: %c", flags.bytes[at]);
        }
    }
    struct path_pattern *made = arena_new(reader->arena, struct path_pattern);
    TRY_NEW(made);
    int error = 0;
    PCRE2_SIZE offset = 0;
    made->code = pcre2_compile((PCRE2_SPTR)pattern.bytes, pattern.length, options, &error, &offset, NULL);
    if (made->code == NULL) {
        PCRE2_UCHAR message[200];
        pcre2_get_error_message(error, message, sizeof message);
        return path_reader_fail(reader, "Regular expression /%.*s/: %s at %zu", STR_ARGS(pattern), (const char *)message,
                                (size_t)offset);
    }
    *out_pattern = made;
    return arena_own(reader->arena, made->code, release_code);
}

static int match_within(pcre2_match_context *context, pcre2_match_data *data, const struct path_pattern *pattern,
                        struct str text, uint32_t steps)
{
    pcre2_set_match_limit(context, steps);
    pcre2_set_heap_limit(context, PATH_PATTERN_HEAP_KIB_MAX);
    return pcre2_match(pattern->code, (PCRE2_SPTR)(text.bytes == NULL ? "" : text.bytes), text.length, 0, 0, data, context);
}

enum status path_pattern_match(struct path_evaluation *evaluation, const struct path_pattern *pattern, struct str text,
                               bool *out_matches)
{
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    enum status status = STATUS_LIMIT_EXCEEDED;
    if (context == NULL || data == NULL) {
        goto done;
    }
    status = path_evaluation_visit(evaluation, VISITS_OF_MATCH + text.length / 64);
    int result = status == STATUS_OK ? match_within(context, data, pattern, text, STEPS_CHEAP) : 0;
    if (result == PCRE2_ERROR_MATCHLIMIT) {
        status = path_evaluation_visit(evaluation, VISITS_OF_BIG);
        result = status == STATUS_OK ? match_within(context, data, pattern, text, PATH_PATTERN_STEPS_MAX) : 0;
    }
    if (status != STATUS_OK) {
        goto done;
    }
    if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT || result == PCRE2_ERROR_DEPTHLIMIT) {
        status = path_evaluation_fail(evaluation, "A regular expression takes more than %d steps", PATH_PATTERN_STEPS_MAX);
        goto done;
    }
    /* Any other error is a text that is no UTF-8 (a lone surrogate): it matches nothing. */
    *out_matches = result >= 0;
done:
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return status;
}
