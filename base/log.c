#include "base/log.h"

#include "base/assert.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define LINE_BYTES_MAX 4096
#define QUOTE_BYTES_MAX 1000

static const char *const level_names[] = {"debug", "info", "warning", "error"};

static atomic_int level_min = LOG_INFO;

void log_level_set(enum log_level level)
{
    atomic_store(&level_min, (int)level);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if ((int)level < atomic_load(&level_min)) {
        return;
    }
    char line[LINE_BYTES_MAX];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, sizeof line, "time=%Y-%m-%dT%H:%M:%S", &utc);
    used += (size_t)snprintf(line + used, sizeof line - used, ".%03ldZ level=%s event=%s ", now.tv_nsec / 1000000,
                             level_names[level], event);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    ASSERT(more >= 0);
    used += (size_t)more < sizeof line - used - 1 ? (size_t)more : sizeof line - used - 2;
    line[used++] = '\n';
    fwrite(line, 1, used, stderr);
}

const char *log_quote(struct str text, char *out, size_t capacity)
{
    ASSERT(capacity >= 8);
    size_t used = 0;
    out[used++] = '"';
    for (size_t at = 0; at < text.length && at < QUOTE_BYTES_MAX && used + 6 < capacity; at++) {
        unsigned char byte = (unsigned char)text.bytes[at];
        if (byte == '"' || byte == '\\') {
            out[used++] = '\\';
            out[used++] = (char)byte;
        } else if (byte == '\n') {
            out[used++] = '\\';
            out[used++] = 'n';
        } else if (byte < 0x20 || byte == 0x7F) {
            used += (size_t)snprintf(out + used, capacity - used, "\\x%02X", byte);
        } else {
            out[used++] = (char)byte;
        }
    }
    out[used++] = '"';
    out[used] = '\0';
    return out;
}
