#include "cli/diagnosis.h"

#include "asl/value.h"
#include "cli/timeline.h"

#define SOURCE_CHARACTERS_MAX 120 /* of a source line that is shown; a longer one is cut around the place */
#define SOURCE_CHARACTERS_BEFORE 60

enum finding_severity diagnosis_severity(const struct finding *finding)
{
    return str_equal(finding->code, FINDING_CODE_NOT_SUPPORTED) ? FINDING_WARNING : finding->severity;
}

bool diagnosis_has_errors(const struct findings *findings)
{
    for (size_t at = 0; at < findings->count; at++) {
        if (diagnosis_severity(&findings->items[at]) == FINDING_ERROR) {
            return true;
        }
    }
    return false;
}

/* ---- JSON ---- */

static enum status add_text(struct buffer *buffer, const char *name, struct str text)
{
    TRY(buffer_format(buffer, ",\"%s\":", name));
    return value_write_string(buffer, text);
}

enum status diagnosis_write_json(struct buffer *buffer, const struct findings *findings)
{
    TRY(buffer_format(buffer, "\"result\":\"%s\",\"diagnostics\":[", diagnosis_has_errors(findings) ? "FAIL" : "OK"));
    for (size_t at = 0; at < findings->count; at++) {
        const struct finding *finding = &findings->items[at];
        bool error = diagnosis_severity(finding) == FINDING_ERROR;
        TRY(buffer_format(buffer, "%s{\"severity\":\"%s\"", at == 0 ? "" : ",", error ? "ERROR" : "WARNING"));
        TRY(add_text(buffer, "code", finding->code));
        TRY(add_text(buffer, "message", finding->message));
        if (finding->location.bytes != NULL) {
            TRY(add_text(buffer, "location", finding->location));
        }
        if (finding->line > 0) {
            TRY(buffer_format(buffer, ",\"line\":%u,\"column\":%u", finding->line, finding->column));
        }
        TRY(buffer_add_byte(buffer, '}'));
    }
    return buffer_add_byte(buffer, ']');
}

/* ---- Text ---- */

static struct str line_of(struct str source, uint32_t number)
{
    for (; number > 1 && source.length > 0; number--) {
        size_t end = str_find(source, '\n');
        source = str_from(source, end < source.length ? end + 1 : end);
    }
    source = str_slice(source, 0, str_find(source, '\n'));
    return str_ends_with(source, STR("\r")) ? str_slice(source, 0, source.length - 1) : source;
}

static bool begins_character(char byte)
{
    return (byte & 0xC0) != 0x80;
}

/* The part of the line around its column-th character, each as one column of the terminal; *out_before is how many characters
 * of it stand before that one. */
static enum status cut(struct arena *arena, struct str line, uint32_t column, struct str *out_part, size_t *out_before)
{
    size_t skipped = column > SOURCE_CHARACTERS_MAX ? column - SOURCE_CHARACTERS_BEFORE : 0;
    struct buffer part = buffer_in(arena);
    size_t character = 0;
    for (size_t at = 0; at < line.length; at++) {
        char byte = line.bytes[at];
        character += begins_character(byte);
        if (character > skipped + SOURCE_CHARACTERS_MAX) {
            break;
        }
        if (character > skipped) {
            bool control = (unsigned char)byte < 0x20 || byte == 0x7F;
            TRY(buffer_add_byte(&part, control ? ' ' : byte));
        }
    }
    *out_part = buffer_text(&part);
    *out_before = column - 1 - skipped;
    return STATUS_OK;
}

static enum status write_source(struct buffer *buffer, struct str source, const struct finding *finding, struct paint paint)
{
    struct str part;
    size_t before;
    TRY(cut(buffer->arena, line_of(source, finding->line), finding->column, &part, &before));
    if (part.length == 0) {
        return STATUS_OK;
    }
    TRY(buffer_format(buffer, "%s%6u |%s %.*s\n%s       |%s ", paint.faint, finding->line, paint.off, STR_ARGS(part), paint.faint,
                      paint.off));
    for (size_t at = 0; at < before; at++) {
        TRY(buffer_add_byte(buffer, ' '));
    }
    return buffer_format(buffer, "%s^%s\n", paint.strong, paint.off);
}

static enum status write_finding(struct buffer *buffer, const struct definition_file *file, const struct finding *finding,
                                 struct paint paint)
{
    bool error = diagnosis_severity(finding) == FINDING_ERROR;
    /* Jackson quotes the whole text after its message, and in its location. */
    struct str message = str_slice(finding->message, 0, str_find(finding->message, '\n'));
    TRY(buffer_format(buffer, "%s%.*s:", paint.strong, STR_ARGS(file->path)));
    if (finding->line > 0) {
        TRY(buffer_format(buffer, "%u:%u:", finding->line, finding->column));
    }
    TRY(buffer_format(buffer, "%s %s%s:%s %.*s: ", paint.off, error ? paint.bad : paint.warning, error ? "error" : "warning",
                      paint.off, STR_ARGS(finding->code)));
    TRY(timeline_text(buffer, message, 0));
    if (finding->location.length > 0 && finding->location.bytes[0] == '/') {
        TRY(buffer_add(buffer, STR(" (")));
        TRY(timeline_text(buffer, finding->location, 0));
        TRY(buffer_add_byte(buffer, ')'));
    }
    TRY(buffer_add_byte(buffer, '\n'));
    return finding->line > 0 ? write_source(buffer, file->source, finding, paint) : STATUS_OK;
}

enum status diagnosis_write_text(struct buffer *buffer, const struct definition_file *file, struct paint paint)
{
    for (size_t at = 0; at < file->findings.count; at++) {
        TRY(write_finding(buffer, file, &file->findings.items[at], paint));
    }
    return STATUS_OK;
}
