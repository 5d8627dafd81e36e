#include "base/log/log_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define RUN_LINES     64 /* in one write */
#define FILE_RUN_MAX  ((size_t)64 * 1024)
#define SHORT_WAIT_MS 1000
#define POLL_MS       250 /* how often a wait checks whether the output is to be replaced */

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a line enters a pipe as a whole");

/* ---- opening ---- */

static void take_fd(struct log_output *output, int fd, bool owned)
{
    struct stat status;
    if (output->owned)
        close(output->fd);
    output->fd = fd;
    output->owned = owned;
    bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    /* Up to PIPE_BUF bytes enter a pipe in one piece, however many processes write to it. */
    output->run_max = is_file ? FILE_RUN_MAX : PIPE_BUF;
}

/* Non-blocking: a FIFO without a reader is an error, not a wait. */
static int open_file(const char *path, const struct safe_path_owner *owner)
{
    return safe_path_open(path, O_WRONLY | O_APPEND | O_NONBLOCK, 0640, owner);
}

static bool open_target(const struct log_output *output, const struct log_options *options, int *fd,
                        char *error, size_t error_size)
{
    if (options->target != LOG_FILE)
        return true;
    bool fits = strlen(options->file) < sizeof(output->file);
    *fd = fits ? open_file(options->file, options->owner) : -1;
    if (*fd >= 0)
        return true;
    snprintf(error, error_size, "cannot write the log file %s: %s", options->file,
             safe_path_explain(fits ? errno : ENAMETOOLONG));
    return false;
}

static void close_all(struct log_output *output)
{
    if (output->syslogs)
        syslog_close(&output->syslog);
    output->syslogs = false;
    if (output->owned)
        close(output->fd);
    output->owned = false;
}

bool log_output_open(struct log_output *output, const struct log_options *options, char *error,
                     size_t error_size)
{
    struct syslog syslog;
    int fd = STDERR_FILENO;
    bool syslogs = options->syslog.address != NULL;
    if (syslogs && !syslog_open(&syslog, &options->syslog, error, error_size))
        return false;
    if (!open_target(output, options, &fd, error, error_size)) {
        if (syslogs)
            syslog_close(&syslog);
        return false;
    }
    close_all(output);
    if (syslogs)
        output->syslog = syslog;
    output->syslogs = syslogs;
    take_fd(output, fd, options->target == LOG_FILE);
    output->target = options->target;
    if (options->target == LOG_FILE)
        snprintf(output->file, sizeof(output->file), "%s", options->file);
    return true;
}

int log_output_reopen(struct log_output *output)
{
    if (output->target != LOG_FILE)
        return 0;
    int fd = open_file(output->file, NULL);
    if (fd < 0)
        return errno;
    take_fd(output, fd, true);
    return 0;
}

/* ---- writing ---- */

/* Waits for room. `moves` NULL: waits once, not again for each line that follows. */
static bool has_room(const struct log_output *output, const atomic_uint *moves)
{
    struct pollfd room = {.fd = output->fd, .events = POLLOUT};
    int ready;
    bool patient;
    if (output->run_max == FILE_RUN_MAX) /* a regular file: always, so nothing is asked */
        return true;
    do {
        patient = moves && atomic_load(moves) == 0;
        int wait_ms = moves ? POLL_MS : SHORT_WAIT_MS;
        ready = poll(&room, 1, !patient && output->lost > 0 ? 0 : wait_ms);
    } while ((ready < 0 && errno == EINTR) || (ready == 0 && patient));
    return ready == 1 && (room.revents & POLLOUT);
}

/* Removes written bytes from the parts. */
static void advance(struct iovec **parts, int *count, size_t written)
{
    while (*count > 0 && written >= (*parts)->iov_len) {
        written -= (*parts)->iov_len;
        ++*parts;
        --*count;
    }
    if (*count > 0) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + written;
        (*parts)->iov_len -= written;
    }
}

/* Returns how many lines were written as a whole. */
static size_t write_run(const struct log_output *output, const struct log_entry *entries, int count,
                        const atomic_uint *moves)
{
    struct iovec list[RUN_LINES], *parts = list;
    int left = count;
    for (int i = 0; i < count; i++) {
        /* An iovec has no const, and writev only reads. */
        memcpy(&list[i].iov_base, &entries[i].text.ptr, sizeof(list[i].iov_base));
        list[i].iov_len = entries[i].text.len;
    }
    while (left > 0) {
        ssize_t n = writev(output->fd, parts, left);
        if (n >= 0)
            advance(&parts, &left, (size_t)n);
        else if (errno != EINTR && (errno != EAGAIN || !moves || !has_room(output, moves)))
            break;
    }
    return (size_t)(count - left);
}

static bool write_report(struct log_output *output, const atomic_uint *moves, log_report *report)
{
    char text[LOG_LINE_MAX];
    struct log_entry entry = {0};
    report(output->lost, &entry, text);
    return write_run(output, &entry, 1, moves) == 1;
}

/* The number of lines for one write: no line is missing between them. */
static size_t run_length(const struct log_output *output, const struct log_entry *entries,
                         size_t count)
{
    size_t length = 1, bytes = entries[0].text.len;
    while (length < count && length < RUN_LINES && entries[length].lost == 0 &&
           bytes + entries[length].text.len <= output->run_max)
        bytes += entries[length++].text.len;
    return length;
}

static void to_fd(struct log_output *output, const struct log_entry *entries, size_t count,
                  const atomic_uint *moves, log_report *report)
{
    for (size_t done = 0, run; done < count; done += run) {
        run = run_length(output, entries + done, count - done);
        bool writable = has_room(output, moves);
        output->lost += entries[done].lost;
        if (writable && output->lost > 0 && write_report(output, moves, report))
            output->lost = 0;
        size_t written =
            writable && output->lost == 0 ? write_run(output, entries + done, (int)run, moves) : 0;
        output->lost += run - written;
    }
}

static bool to_syslog(struct log_output *output, const struct log_entry *line)
{
    const struct syslog_entry entry = {
        .level = line->level,
        .stamp = line->stamp,
        .event = line->event,
        .text = {line->text.ptr + line->body, line->text.len - line->body - 1}, /* no newline */
    };
    return syslog_send(&output->syslog, &entry);
}

static void syslog_one(struct log_output *output, const struct log_entry *line, log_report *report)
{
    output->syslog_lost += line->lost;
    if (output->syslog_lost > 0) {
        char text[LOG_LINE_MAX];
        struct log_entry entry = {0};
        report(output->syslog_lost, &entry, text);
        if (to_syslog(output, &entry))
            output->syslog_lost = 0;
    }
    if (output->syslog_lost > 0 || !to_syslog(output, line))
        output->syslog_lost++;
}

void log_output_write(struct log_output *output, const struct log_entry *entries, size_t count,
                      const atomic_uint *moves, log_report *report)
{
    if (output->target != LOG_SYSLOG)
        to_fd(output, entries, count, moves, report);
    for (size_t i = 0; output->syslogs && i < count; i++)
        syslog_one(output, &entries[i], report);
}
