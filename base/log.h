/* One key=value line an event, on stderr. Programs log, libraries return (STYLE 14).
 *
 *     log_event(LOG_WARNING, "dead_letter", "topic=%s partition=%d offset=%" PRId64 " reason=%s", ...);
 *
 * prints `time=2026-11-23T06:40:16.123Z level=warning event=dead_letter topic=… …`. Values with blanks or quotes are to
 * be given through log_quote(). Lines are written whole, from any thread. */
#ifndef PAWL_BASE_LOG_H
#define PAWL_BASE_LOG_H

#include "base/arena.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Lines below `level` are dropped from now on; LOG_INFO at first. */
void log_level_set(enum log_level level);

void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The text as a value of a log line: in double quotes, with \" \\ \n and \xNN where needed, cut after 1,000 bytes.
 * Written to `out`, which holds `capacity` ≥ 8 bytes; returns `out`. */
const char *log_quote(struct str text, char *out, size_t capacity);

#endif
