#include "cli/file.h"

#include "base/buffer.h"

#include <errno.h>

#define READ_BYTES 65536

enum status file_read_stream(struct arena *arena, FILE *stream, size_t bytes_max, struct str *out_text)
{
    struct buffer buffer = buffer_in(arena);
    for (;;) {
        char *room = buffer_reserve(&buffer, READ_BYTES);
        TRY_NEW(room);
        size_t count = fread(room, 1, READ_BYTES, stream);
        buffer.length += count;
        if (buffer.length > bytes_max) {
            return STATUS_LIMIT_EXCEEDED;
        }
        if (count < READ_BYTES) {
            break;
        }
    }
    if (ferror(stream)) {
        return STATUS_IO;
    }
    return arena_copy(arena, buffer_text(&buffer), out_text);
}

enum status file_read(struct arena *arena, const char *path, size_t bytes_max, struct str *out_text)
{
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = file_read_stream(arena, stream, bytes_max, out_text);
    int error = errno;
    fclose(stream);
    errno = error;
    return status;
}
