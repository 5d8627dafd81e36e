/*
 * Where lines of the log go: a descriptor or file, syslog, or both. Lines that do not get there are
 * counted, and the count goes in front of the next line that does.
 *
 * Owns: its file and its socket. Thread: one at a time. Errors: log_output_open fills one line;
 * writing has none. Lifetime: the process.
 */
#ifndef WSLUICE_BASE_LOG_LOG_OUTPUT_H
#define WSLUICE_BASE_LOG_LOG_OUTPUT_H

#include <limits.h>
#include <stdatomic.h>

#include "base/base.h"
#include "base/log/syslog.h"
#include "base/reason.h"
#include "base/safe_path.h"

#define LOG_LINE_MAX 2048
#define LOG_STAMP    32

enum log_target { LOG_STDERR, LOG_FILE, LOG_SYSLOG };

struct log_options {
    enum reason_level lowest;
    bool json;
    enum log_target target;
    const char *file;                    /* for its target: appended to, made if it is missing */
    const struct safe_path_owner *owner; /* of a file that is made; NULL: us */
    struct syslog_options
        syslog; /* address NULL: none; beside another target it gets all as well */
};

/* A finished line. */
struct log_entry {
    enum reason_level level;
    const char *event; /* a literal; NULL: prose */
    size_t body;       /* where the text begins that syslog takes: behind time and level, or 0 */
    char stamp[LOG_STAMP];
    uint64_t lost; /* so many lines before it are missing already */
    struct slice text;
};

/* Makes the line that says how many are missing, its text in `text`. */
typedef void log_report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX]);

struct log_output {
    enum log_target target;
    int fd;         /* LOG_SYSLOG: of no meaning */
    bool owned;     /* the descriptor is ours to close */
    size_t run_max; /* bytes of several lines in one write */
    char file[PATH_MAX];
    struct syslog syslog;
    bool syslogs; /* alone, or beside the descriptor */
    uint64_t lost, syslog_lost;
};

/* May wait for a file system or a name server; a failure changes nothing. */
WSL_MUST_CHECK bool log_output_open(struct log_output *output, const struct log_options *options,
                                    char *error, size_t error_size);

/* A file that was renamed is made anew. An errno: it cannot be, and the old one goes on; 0: done.
 */
int log_output_reopen(struct log_output *output);

/*
 * Waits for a descriptor that has no room, until *moves is not 0: the output is to be replaced.
 * `moves` NULL: waits a moment at most.
 */
void log_output_write(struct log_output *output, const struct log_entry *entries, size_t count,
                      const atomic_uint *moves, log_report *report);

#endif
