#include "case_file.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_file(struct arena *arena, const char *path, struct str *out_text)
{
    FILE *file = fopen(path, "rb");
    struct buffer buffer = buffer_in(arena);
    if (file == NULL) {
        return false;
    }
    for (;;) {
        char *room = buffer_reserve(&buffer, 65536);
        size_t length = room == NULL ? 0 : fread(room, 1, 65536, file);
        if (length == 0) {
            break;
        }
        buffer.length += length;
    }
    fclose(file);
    *out_text = buffer_text(&buffer);
    return true;
}

static const struct value *parse_lines(struct arena *arena, const char *path, struct str text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.length; at++) {
        count += text.bytes[at] == '\n';
    }
    const struct value **rows = arena_allocate(arena, (count + 1) * sizeof *rows);
    const struct value *all = NULL;
    count = 0;
    while (rows != NULL && text.length > 0) {
        size_t length = str_find(text, '\n');
        struct str line = str_slice(text, 0, length);
        struct value_error error;
        if (line.length > 0 && value_parse(arena, line, &rows[count++], &error) != STATUS_OK) {
            printf("%s, case %zu: %.*s\n", path, count, STR_ARGS(error.message));
            abort();
        }
        text = str_from(text, length < text.length ? length + 1 : length);
    }
    if (rows == NULL || value_array(arena, rows, count, &all) != STATUS_OK) {
        abort();
    }
    return all;
}

const struct value *case_file_load(struct arena *arena, const char *relative, bool own)
{
    const char *shared = getenv("PAWL_SHARED");
    char path[1000];
    struct str text;
    if (own) {
        snprintf(path, sizeof path, "%s/tests/conformance/%s", PAWL_SOURCE_DIR, relative);
    } else if (shared != NULL) {
        snprintf(path, sizeof path, "%s/%s", shared, relative);
    } else {
        snprintf(path, sizeof path, "%s/../shared/languages/%s", PAWL_SOURCE_DIR, relative);
    }
    if (!read_file(arena, path, &text)) {
        printf("skipped: %s not found\n", path);
        return NULL;
    }
    return parse_lines(arena, path, text);
}

struct str case_file_string(const struct value *row, const char *name)
{
    const struct value *value = value_get(row, str_of(name));
    return value != NULL && value->type == VALUE_STRING ? value->string : STR_NONE;
}
