/*
 * The log: one line per event, as text (key=value) or JSON, with the same keys in both. The keys
 * stand in proxy/README.md, and a script keeps the two together.
 *
 * A line is built on the caller's stack and leaves in one write, so that threads do not mix. A
 * reader of the log that has stopped reading (a full pipe, a busy syslog server) does not stop the
 * proxy: lines are dropped and counted, and the count is the first thing that is written when there
 * is room again.
 *
 * Owns: the sink's descriptor; the only mutable state at file scope in the tree. Thread: any.
 * Errors: log_open fills one line and changes nothing; writing has none: a log that cannot be
 * written must not end what it describes. Lifetime: the process.
 */
#ifndef WSLUICE_BASE_LOG_H
#define WSLUICE_BASE_LOG_H

#include "base/base.h"
#include "base/reason.h"
#include "base/syslog.h"

#define LOG_LINE_MAX 2048

#define LOG_STAMP    32
#define LOG_PATH_MAX 128 /* of a path as the client sent it */

struct log_line {
    size_t length;
    size_t body; /* where the text begins that syslog takes: behind time and level, or 0 */
    bool active, json;
    enum reason_level level;
    const char *event; /* borrowed until log_end; NULL: prose */
    char stamp[LOG_STAMP];
    char text[LOG_LINE_MAX];
};

enum log_target { LOG_STDERR, LOG_FILE, LOG_SYSLOG };

struct log_options {
    enum reason_level lowest;
    bool json;
    enum log_target target;
    const char *file; /* for its target: appended to, made if it is missing */
    struct syslog_options
        syslog; /* address NULL: none; beside another target it gets all as well */
};

/*
 * From now on, also while other threads log: nothing is kept of the options. Until the first call:
 * text at level info on standard error.
 */
bool log_open(const struct log_options *options, char *error, size_t error_size) WSL_MUST_CHECK;

/* To a descriptor that stays the caller's. */
void log_setup(int fd, enum reason_level lowest, bool json);

/* A file that was renamed is made anew; if that fails, the old one goes on and says so. */
void log_reopen(void);

bool log_enabled(enum reason_level level);

/* A line of fields: begin, any number of fields, end. A field that does not fit is left out. */
void log_begin(struct log_line *line, enum reason_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);

/*
 * The path of a request target. What follows it, "?" and the query or "#", is never logged: tokens
 * travel there.
 */
void log_path(struct log_line *line, const char *key, struct slice target);
void log_number(struct log_line *line, const char *key, uint64_t value);
void log_end(struct log_line *line);

/* A line of prose. */
void log_message(enum reason_level level, const char *format, ...) WSL_PRINTF(2, 3);

#endif
