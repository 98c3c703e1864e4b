#include "cli/junit.h"

/* What XML 1.0 can't hold becomes U+FFFD. */
static enum status add_escaped(struct buffer *buffer, struct str text)
{
    for (size_t at = 0; at < text.length; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte == '<' || byte == '>' || byte == '&' || byte == '"' || byte == '\n' || byte == '\t' || byte == '\r') {
            TRY(buffer_format(buffer, "&#%d;", byte));
        } else if (byte < 0x20) {
            TRY(buffer_add(buffer, STR("\xEF\xBF\xBD")));
        } else {
            TRY(buffer_add_byte(buffer, (char)byte));
        }
    }
    return STATUS_OK;
}

enum status junit_write(struct buffer *buffer, struct str suite, const struct junit_case *cases, size_t count)
{
    size_t failed = 0;
    for (size_t at = 0; at < count; at++) {
        failed += cases[at].failure.bytes != NULL;
    }
    TRY(buffer_add(buffer, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"")));
    TRY(add_escaped(buffer, suite));
    TRY(buffer_format(buffer, "\" tests=\"%zu\" failures=\"%zu\">\n", count, failed));
    for (size_t at = 0; at < count; at++) {
        TRY(buffer_add(buffer, STR("  <testcase classname=\"")));
        TRY(add_escaped(buffer, suite));
        TRY(buffer_add(buffer, STR("\" name=\"")));
        TRY(add_escaped(buffer, cases[at].name));
        TRY(buffer_format(buffer, "\" time=\"%lld.%03d\"", (long long)(cases[at].time_ms / 1000), (int)(cases[at].time_ms % 1000)));
        if (cases[at].failure.bytes == NULL) {
            TRY(buffer_add(buffer, STR("/>\n")));
            continue;
        }
        size_t line = str_find(cases[at].failure, '\n');
        TRY(buffer_add(buffer, STR(">\n    <failure message=\"")));
        TRY(add_escaped(buffer, str_slice(cases[at].failure, 0, line)));
        TRY(buffer_add(buffer, STR("\">")));
        TRY(add_escaped(buffer, cases[at].failure));
        TRY(buffer_add(buffer, STR("</failure>\n  </testcase>\n")));
    }
    return buffer_add(buffer, STR("</testsuite>\n"));
}
