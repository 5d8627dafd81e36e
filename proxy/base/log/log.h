/*
 * The log: one line per event, as text (key=value) or JSON, with the same keys in both. The keys
 * are listed in proxy/README.md, and a script compares the two.
 *
 * A line is built on the caller's stack, so lines never mix. After log_start a thread writes: a
 * reader that has stopped (a full pipe, a terminal after Ctrl-S, a busy syslog server, a file
 * system that hangs) does not stop the proxy. Lines without room are dropped and counted; the count
 * is written before the next line that has room.
 *
 * Owns: the output's descriptor and the thread; the only mutable state at file scope in the
 * program. Thread: any. Errors: log_open fills one line and changes nothing; writing never fails: a
 * log that cannot be written must not end the process. Lifetime: the process.
 */
#ifndef WSLUICE_BASE_LOG_LOG_H
#define WSLUICE_BASE_LOG_LOG_H

#include "base/base.h"
#include "base/log/log_output.h"
#include "base/reason.h"

struct log_line {
    size_t length;
    size_t body; /* where the text for syslog begins: after time and level, or 0 */
    bool active, json;
    enum reason_level level;
    const char *event; /* a literal; NULL: prose */
    char stamp[LOG_STAMP];
    char text[LOG_LINE_MAX];
};

/*
 * Sets target and format, also while other threads log; keeps no pointer to the options. Until the
 * first call, text at level info goes to standard error. After log_start the thread opens the
 * target; if that fails, the old log goes on and has a line that says so.
 */
WSL_MUST_CHECK bool log_open(const struct log_options *options, char *error, size_t error_size);

/* Opens the log file again, after a rotation; if that fails, the old file goes on and says so. */
void log_reopen(void);

/*
 * From here to log_stop a thread writes, and logging never blocks. False: out of memory. On a
 * crash, the thread gets a moment for the last lines.
 */
WSL_MUST_CHECK bool log_start(void);

/* Waits until all is written, a second at most; false: not all is written. */
bool log_flush(void);

/* Flushes and ends the thread. If the thread hangs, it is abandoned: nothing more is logged. */
void log_stop(void);

/* Bytes for standard output, without waiting; dropped while the reader does not read. */
void log_print(struct slice text);

/* A line of fields: begin, any number of fields, end. A field that does not fit is left out. */
void log_begin(struct log_line *line, enum reason_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line);

/*
 * A line of prose without time and level, for programs that look for it in the log; JSON has both.
 */
void log_plain(enum reason_level level, struct slice text);

/* A line of prose. */
void log_message(enum reason_level level, const char *format, ...) WSL_PRINTF(2, 3);

#endif
