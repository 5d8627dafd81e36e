/*
 * The log: one line per event, as text (key=value) or JSON, with the same keys in both. The keys
 * stand in proxy/README.md, and a script keeps the two together.
 *
 * A line is built on the caller's stack and never mixes with another's. Once log_start has run, a
 * thread writes: no reader that has stopped (a full pipe, a terminal after Ctrl-S, a busy syslog
 * server, a file system that hangs) stops the proxy. Lines without room are dropped and counted,
 * and the count stands in front of the next line that has room.
 *
 * Owns: the sink's descriptor and thread; the only mutable state at file scope in the tree.
 * Thread: any. Errors: log_open fills one line and changes nothing; writing has none: a log that
 * cannot be written must not end what it describes. Lifetime: the process.
 */
#ifndef WSLUICE_BASE_LOG_LOG_H
#define WSLUICE_BASE_LOG_LOG_H

#include "base/base.h"
#include "base/log/log_output.h"
#include "base/reason.h"

struct log_line {
    size_t length;
    size_t body; /* where the text begins that syslog takes: behind time and level, or 0 */
    bool active, json;
    enum reason_level level;
    const char *event; /* a literal; NULL: prose */
    char stamp[LOG_STAMP];
    char text[LOG_LINE_MAX];
};

/*
 * From now on, also while other threads log: nothing is kept of the options. Until the first call:
 * text at level info on standard error. After log_start the thread opens, and a target that cannot
 * be opened is a line in the log that goes on.
 */
WSL_MUST_CHECK bool log_open(const struct log_options *options, char *error, size_t error_size);

/* A file that was renamed is made anew; if that fails, the old one goes on and says so. */
void log_reopen(void);

/*
 * From here to log_stop a thread writes, and logging waits for nothing. False: out of memory. A
 * crash in between gives the thread a moment for the last lines.
 */
WSL_MUST_CHECK bool log_start(void);

/* Waits until all is written, a second at most; false: something still waits. */
bool log_flush(void);

/* Flushes, and ends the thread; one that hangs is left alone, and then nothing is logged any more.
 */
void log_stop(void);

/* Bytes for standard output, likewise without a wait; lost where nobody reads them. */
void log_print(struct slice text);

/* A line of fields: begin, any number of fields, end. A field that does not fit is left out. */
void log_begin(struct log_line *line, enum reason_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line);

/* A line of prose. */
void log_message(enum reason_level level, const char *format, ...) WSL_PRINTF(2, 3);

#endif
