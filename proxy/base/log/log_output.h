/*
 * The output of the log: a descriptor or file, syslog, or both. Lines that are lost are counted,
 * and the count is written before the next line.
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
    const char *file;                    /* LOG_FILE: appended to, created if it is missing */
    const struct safe_path_owner *owner; /* of a created file; NULL: this process */
    struct syslog_options syslog;        /* address NULL: none; may be used beside another target */
};

/* A finished line. */
struct log_entry {
    enum reason_level level;
    const char *event; /* a literal; NULL: prose */
    size_t body;       /* where the text for syslog begins: after time and level, or 0 */
    char stamp[LOG_STAMP];
    uint64_t lost; /* lines that are missing before this one */
    struct slice text;
};

/* Makes the line that reports missing lines, its text in `text`. */
typedef void log_report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX]);

struct log_output {
    enum log_target target;
    int fd;         /* LOG_SYSLOG: not used */
    bool owned;     /* close the descriptor */
    size_t run_max; /* bytes in one write */
    char file[PATH_MAX];
    struct syslog syslog;
    bool syslogs; /* alone, or beside the descriptor */
    uint64_t lost, syslog_lost;
};

/* May wait for a file system or a name server; on failure nothing changes. */
WSL_MUST_CHECK bool log_output_open(struct log_output *output, const struct log_options *options,
                                    char *error, size_t error_size);

/* Opens the file by its name again. Returns 0, or an errno: the old file stays in use. */
int log_output_reopen(struct log_output *output);

/*
 * Waits for a descriptor that has no room, until *moves is not 0: the output is to be replaced.
 * `moves` NULL: waits a moment at most.
 */
void log_output_write(struct log_output *output, const struct log_entry *entries, size_t count,
                      const atomic_uint *moves, log_report *report);

#endif
