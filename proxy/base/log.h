/*
 * The log: one line per event, as text (key=value) or JSON, with the same keys in both.
 *
 * A line is built on the caller's stack and leaves in one write, so that threads do not mix. A
 * reader of the log that has stopped reading (a full pipe) does not stop the proxy: lines are
 * dropped and counted, and the count is the first thing that is written when there is room again.
 *
 * Owns: the sink's descriptor; the only mutable state at file scope in the tree. Thread: any.
 * Errors: none; a log that cannot be written must not end what it describes.
 * Lifetime: log_setup before threads start.
 */
#ifndef WSLUICE_BASE_LOG_H
#define WSLUICE_BASE_LOG_H

#include "base/base.h"
#include "base/reason.h"

#define LOG_LINE_MAX 2048

struct log_line {
    size_t length;
    bool active, json;
    char text[LOG_LINE_MAX];
};

/* Until then: text at level info on standard error. */
void log_setup(int fd, enum reason_level lowest, bool json);

bool log_enabled(enum reason_level level);

/* A line of fields: begin, any number of fields, end. A field that does not fit is left out. */
void log_begin(struct log_line *line, enum reason_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line);

/* A line of prose. */
void log_message(enum reason_level level, const char *format, ...) WSL_PRINTF(2, 3);

#endif
