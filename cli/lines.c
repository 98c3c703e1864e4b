#include "cli/lines.h"

#include <errno.h>
#include <stdlib.h>

/* The line being read. */
struct line {
    char *bytes;
    size_t length;
    size_t capacity;
    bool too_long; /* the rest of it is skipped */
};

static bool add_byte(struct line *line, char byte)
{
    if (line->length == LINES_BYTES_MAX) {
        line->too_long = true;
        return true;
    }
    if (line->length == line->capacity) {
        size_t capacity = line->capacity == 0 ? 4096 : line->capacity * 2;
        char *bytes = realloc(line->bytes, capacity);
        if (bytes == NULL) {
            return false;
        }
        line->bytes = bytes;
        line->capacity = capacity;
    }
    line->bytes[line->length++] = byte;
    return true;
}

/* END: there is no further line. */
static enum status read_line(FILE *stream, struct line *line)
{
    int byte = getc_unlocked(stream);
    line->length = 0;
    line->too_long = false;
    if (byte == EOF) {
        return ferror(stream) ? STATUS_IO : STATUS_END;
    }
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(stream)) {
        if (!add_byte(line, (char)byte)) {
            return STATUS_LIMIT_EXCEEDED;
        }
    }
    return STATUS_OK;
}

static enum status answer_line(const struct lines_answerer *answerer, struct arena *arena, const struct line *line,
                               struct buffer *buffer)
{
    const struct str invalid = STR("InvalidLine");
    const struct value *value = NULL;
    struct value_error error = {0};
    struct str message;
    if (line->too_long) {
        return answerer->refuse(answerer->owner, arena, invalid, STR("the line is too long"), buffer);
    }
    /* Of an empty line there may be no bytes at all. */
    struct str text = line->length == 0 ? STR("") : (struct str){line->bytes, line->length};
    enum status status = value_parse(arena, text, &value, &error);
    if (status == STATUS_INVALID) {
        TRY(arena_format(arena, &message, "column %u: %.*s", error.column, STR_ARGS(error.message)));
        return answerer->refuse(answerer->owner, arena, invalid, message, buffer);
    }
    if (status != STATUS_OK) {
        return answerer->refuse(answerer->owner, arena, invalid, STR("the line is nested too deeply"), buffer);
    }
    if (value->type != VALUE_OBJECT) {
        return answerer->refuse(answerer->owner, arena, invalid, STR("the line is no object"), buffer);
    }
    return answerer->answer(answerer->owner, arena, value, buffer);
}

static enum exit_code write_answer(struct context *context, const struct lines_answerer *answerer, struct arena *arena,
                                   const struct line *line)
{
    struct buffer buffer = buffer_in(arena);
    enum status status = answer_line(answerer, arena, line, &buffer);
    if (status != STATUS_OK) {
        /* What was begun is dropped with all that it took. */
        arena_reset(arena);
        buffer = buffer_in(arena);
        TRY_MEMORY(context, answerer->refuse(answerer->owner, arena, STR("LimitExceeded"), str_of(status_text(status)),
                                             &buffer));
    }
    TRY_MEMORY(context, buffer_add_byte(&buffer, '\n'));
    context_print(context, buffer_text(&buffer));
    if (fflush(context->out) != 0) {
        return context_fail(context, EXIT_CODE_FAILED, "stdout: %s", strerror(errno));
    }
    return EXIT_CODE_OK;
}

static enum exit_code run(struct context *context, const struct lines_answerer *answerer, struct arena *arena,
                          struct line *line)
{
    enum status status;
    while ((status = read_line(stdin, line)) == STATUS_OK) {
        TRY_RUN(write_answer(context, answerer, arena, line));
        arena_reset(arena);
    }
    if (status == STATUS_IO) {
        return context_fail(context, EXIT_CODE_FAILED, "stdin: %s", strerror(errno));
    }
    return status == STATUS_END ? EXIT_CODE_OK : context_fail_memory(context);
}

enum exit_code lines_run(struct context *context, const struct lines_answerer *answerer)
{
    struct line line = {NULL, 0, 0, false};
    struct arena *arena = arena_create(LINES_ARENA_BYTES_MAX);
    if (arena == NULL) {
        return context_fail_memory(context);
    }
    enum exit_code code = run(context, answerer, arena, &line);
    free(line.bytes);
    arena_destroy(arena);
    return code;
}

enum status lines_refuse(void *owner, struct arena *arena, struct str error, struct str message, struct buffer *buffer)
{
    (void)owner;
    (void)arena;
    TRY(buffer_add(buffer, STR("{\"error\":")));
    TRY(value_write_string(buffer, error));
    TRY(buffer_add(buffer, STR(",\"message\":")));
    TRY(value_write_string(buffer, message));
    return buffer_add_byte(buffer, '}');
}
