#include "cli/diagnosis.h"

#include "asl/value.h"
#include "cli/timeline.h"

#include <stdlib.h>

#define SOURCE_CHARACTERS_MAX 120 /* of a source line that is shown; a longer one is cut around the place */
#define SOURCE_CHARACTERS_BEFORE 60

enum finding_severity diagnosis_severity(const struct diagnosis_view *view, const struct finding *finding)
{
    bool lacking = str_equal(finding->code, FINDING_CODE_NOT_SUPPORTED);
    return lacking && !view->strict ? FINDING_WARNING : finding->severity;
}

size_t diagnosis_error_count(const struct diagnosis_view *view, const struct findings *findings)
{
    return findings->error_count - (view->strict ? 0 : findings->unsupported_count);
}

static int compare_places(const void *left, const void *right)
{
    const struct finding *const *a = left;
    const struct finding *const *b = right;
    int order = ((*a)->line > (*b)->line) - ((*a)->line < (*b)->line);
    order = order != 0 ? order : ((*a)->column > (*b)->column) - ((*a)->column < (*b)->column);
    return order != 0 ? order : (*a > *b) - (*a < *b); /* one array: as they were found */
}

/* Those that the view shows; in the order of the text when `sorted`. */
static enum status select_findings(struct arena *arena, const struct findings *findings, const struct diagnosis_view *view, bool sorted,
                                   const struct finding ***out_selected, size_t *out_count)
{
    const struct finding **selected = arena_array(arena, const struct finding *, findings->count);
    TRY_NEW(selected);
    size_t count = 0;
    for (size_t at = 0; at < findings->count; at++) {
        const struct finding *finding = &findings->items[at];
        if (!view->errors_only || diagnosis_severity(view, finding) == FINDING_ERROR) {
            selected[count++] = finding;
        }
    }
    if (sorted) {
        qsort(selected, count, sizeof *selected, compare_places);
    }
    *out_selected = selected;
    *out_count = count;
    return STATUS_OK;
}

/* ---- JSON ---- */

static enum status add_text(struct buffer *buffer, const char *name, struct str text)
{
    TRY(buffer_format(buffer, ",\"%s\":", name));
    return value_write_string(buffer, text);
}

static enum status write_object(struct buffer *buffer, const struct finding *finding, const struct diagnosis_view *view)
{
    bool error = diagnosis_severity(view, finding) == FINDING_ERROR;
    TRY(buffer_format(buffer, "{\"severity\":\"%s\"", error ? "ERROR" : "WARNING"));
    TRY(add_text(buffer, "code", finding->code));
    TRY(add_text(buffer, "message", finding->message));
    if (finding->location.bytes != NULL) {
        TRY(add_text(buffer, "location", finding->location));
    }
    if (finding->line > 0) {
        TRY(buffer_format(buffer, ",\"line\":%u,\"column\":%u", finding->line, finding->column));
    }
    if (finding->hint.length > 0) {
        TRY(add_text(buffer, "hint", finding->hint));
    }
    return buffer_add_byte(buffer, '}');
}

enum status diagnosis_write_json(struct buffer *buffer, const struct findings *findings, const struct diagnosis_view *view)
{
    const struct finding **selected = NULL;
    size_t count = 0;
    bool fails = diagnosis_error_count(view, findings) > 0;
    TRY(select_findings(buffer->arena, findings, view, false, &selected, &count));
    bool truncated = count > view->max && view->max > 0;
    TRY(buffer_format(buffer, "\"result\":\"%s\",\"diagnostics\":[", fails ? "FAIL" : "OK"));
    for (size_t at = 0; at < (truncated ? view->max : count); at++) {
        TRY(at == 0 ? STATUS_OK : buffer_add_byte(buffer, ','));
        TRY(write_object(buffer, selected[at], view));
    }
    return buffer_add(buffer, truncated ? STR("],\"truncated\":true") : STR("]"));
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

static enum status write_hint(struct buffer *buffer, struct str hint, struct paint paint)
{
    TRY(buffer_format(buffer, "%s       = %s%shint:%s ", paint.faint, paint.off, paint.stage, paint.off));
    TRY(timeline_text(buffer, hint, 0));
    return buffer_add_byte(buffer, '\n');
}

static enum status write_finding(struct buffer *buffer, const struct definition_file *file, const struct finding *finding,
                                 bool error, struct paint paint)
{
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
    if (finding->line > 0) {
        TRY(write_source(buffer, file->source, finding, paint));
    }
    return finding->hint.length > 0 ? write_hint(buffer, finding->hint, paint) : STATUS_OK;
}

enum status diagnosis_write_text(struct buffer *buffer, const struct definition_file *file, const struct diagnosis_view *view,
                                 struct paint paint)
{
    const struct finding **selected = NULL;
    size_t count = 0;
    TRY(select_findings(buffer->arena, &file->findings, view, true, &selected, &count));
    size_t shown = view->max > 0 && count > view->max ? view->max : count;
    for (size_t at = 0; at < shown; at++) {
        TRY(write_finding(buffer, file, selected[at], diagnosis_severity(view, selected[at]) == FINDING_ERROR, paint));
    }
    return shown == count ? STATUS_OK : buffer_format(buffer, "… and %zu more\n", count - shown);
}
