#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/escape.h"

/* What every line needs behind its last field. */
#define TAIL_ROOM 3

static struct {
    pthread_mutex_t mutex; /* of what stands above the format */
    enum log_target target;
    int fd;         /* LOG_SYSLOG: of no meaning */
    bool owned;     /* the descriptor is ours to close */
    bool may_block; /* it is a pipe or a socket */
    char file[PATH_MAX];
    struct syslog syslog;
    bool syslogs; /* alone, or beside the descriptor */
    uint64_t dropped, syslog_dropped;
    atomic_int lowest; /* enum reason_level; read without the mutex, as is json */
    atomic_bool json;
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO, .lowest = REASON_INFO};

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a pipe that is writable takes a whole line");

/* ---- the sink -------------------------------------------------------------------------------- */

static void set_format(enum reason_level lowest, bool json)
{
    atomic_store_explicit(&sink.lowest, (int)lowest, memory_order_relaxed);
    atomic_store_explicit(&sink.json, json, memory_order_relaxed);
}

/* With the mutex. */
static void let_syslog_go(void)
{
    if (sink.syslogs)
        syslog_close(&sink.syslog);
    sink.syslogs = false;
}

static void take_fd(int fd, bool owned)
{
    struct stat status;
    if (sink.owned)
        close(sink.fd);
    sink.fd = fd;
    sink.owned = owned;
    sink.may_block =
        fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

void log_setup(int fd, enum reason_level lowest, bool json)
{
    pthread_mutex_lock(&sink.mutex);
    let_syslog_go();
    take_fd(fd, false);
    sink.target = LOG_STDERR;
    pthread_mutex_unlock(&sink.mutex);
    set_format(lowest, json);
}

/* Non-blocking: a FIFO that nobody opened for reading is an error, not a wait. */
static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

static bool open_target(const struct log_options *options, int *fd, char *error, size_t error_size)
{
    if (options->target != LOG_FILE)
        return true;
    bool fits = strlen(options->file) < sizeof(sink.file);
    *fd = fits ? open_file(options->file) : -1;
    if (*fd >= 0)
        return true;
    snprintf(error, error_size, "cannot write the log file %s: %s", options->file,
             strerror(fits ? errno : ENAMETOOLONG));
    return false;
}

bool log_open(const struct log_options *options, char *error, size_t error_size)
{
    struct syslog syslog;
    int fd = STDERR_FILENO;
    bool syslogs = options->syslog.address != NULL;
    if (syslogs && !syslog_open(&syslog, &options->syslog, error, error_size))
        return false;
    if (!open_target(options, &fd, error, error_size)) {
        if (syslogs)
            syslog_close(&syslog);
        return false;
    }
    pthread_mutex_lock(&sink.mutex);
    let_syslog_go();
    if (syslogs)
        sink.syslog = syslog;
    sink.syslogs = syslogs;
    take_fd(fd, options->target == LOG_FILE);
    sink.target = options->target;
    if (options->target == LOG_FILE)
        snprintf(sink.file, sizeof(sink.file), "%s", options->file);
    pthread_mutex_unlock(&sink.mutex);
    set_format(options->lowest, options->json);
    return true;
}

void log_reopen(void)
{
    int error = 0;
    pthread_mutex_lock(&sink.mutex);
    if (sink.target == LOG_FILE) {
        int fd = open_file(sink.file);
        error = fd < 0 ? errno : 0;
        if (fd >= 0)
            take_fd(fd, true);
    }
    pthread_mutex_unlock(&sink.mutex);
    if (error != 0)
        log_message(REASON_ERROR, "cannot reopen the log file: %s; the old one goes on",
                    strerror(error));
}

bool log_enabled(enum reason_level level)
{
    return (int)level >= atomic_load_explicit(&sink.lowest, memory_order_relaxed);
}

/* ---- building a line ------------------------------------------------------------------------- */

static bool append(struct log_line *line, const char *text, size_t length)
{
    if (line->length + length + TAIL_ROOM > sizeof(line->text))
        return false;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return true;
}

static bool append_text(struct log_line *line, const char *text)
{
    return append(line, text, strlen(text));
}

/* Bytes that would break the line, the quoting or a terminal leave as \xNN, in JSON as \u00NN. */
static bool append_escaped(struct log_line *line, struct slice value, bool quoted)
{
    bool fits = true;
    for (size_t i = 0; i < value.len && fits; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        char escape[ESCAPE_MAX];
        if (line->json)
            (void)escape_json(escape, byte);
        else if (quoted && (byte == '"' || byte == '\\'))
            snprintf(escape, sizeof(escape), "\\%c", byte);
        else if (byte < 0x20 || byte >= 0x7f)
            snprintf(escape, sizeof(escape), "\\x%02x", byte);
        else
            snprintf(escape, sizeof(escape), "%c", byte);
        fits = append_text(line, escape);
    }
    return fits;
}

static bool append_quoted(struct log_line *line, struct slice value)
{
    return append_text(line, "\"") && append_escaped(line, value, true) && append_text(line, "\"");
}

static bool is_plain_word(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '\\')
            return false;
    }
    return value.len > 0;
}

static bool append_key(struct log_line *line, const char *key)
{
    return line->json
               ? append_text(line, ",\"") && append_text(line, key) && append_text(line, "\":")
               : append_text(line, " ") && append_text(line, key) && append_text(line, "=");
}

static const char *level_name(enum reason_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

static void put_stamp(char stamp[static LOG_STAMP])
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(stamp, LOG_STAMP, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp + length, LOG_STAMP - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static void begin(struct log_line *line, enum reason_level level, const char *event)
{
    line->length = line->body = 0;
    line->json = atomic_load_explicit(&sink.json, memory_order_relaxed);
    line->active = log_enabled(level);
    line->level = level;
    line->event = event;
    if (!line->active)
        return;

    char head[96];
    put_stamp(line->stamp);
    snprintf(head, sizeof(head), line->json ? "{\"time\":\"%s\",\"level\":\"%s\"" : "%s %-5s ",
             line->stamp, level_name(level));
    append_text(line, head);
    line->body = line->json ? 0 : line->length;
}

void log_begin(struct log_line *line, enum reason_level level, const char *event)
{
    begin(line, level, event);
    if (line->active && !line->json)
        append_text(line, event);
    else
        log_text(line, "event", event);
}

static void put_value(struct log_line *line, const char *key, struct slice value)
{
    size_t before = line->length;
    if (!line->active)
        return;
    bool fits = append_key(line, key) &&
                (line->json || !is_plain_word(value) ? append_quoted(line, value)
                                                     : append(line, value.ptr, value.len));
    if (!fits)
        line->length = before;
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    put_value(line, key, slice_of(value));
}

void log_path(struct log_line *line, const char *key, struct slice target)
{
    size_t length = 0;
    while (length < target.len && length < LOG_PATH_MAX && target.ptr[length] != '?' &&
           target.ptr[length] != '#')
        length++;
    put_value(line, key, (struct slice){target.ptr, length});
}

void log_number(struct log_line *line, const char *key, uint64_t value)
{
    size_t before = line->length;
    char digits[24];
    if (!line->active)
        return;
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    if (!append_key(line, key) || !append_text(line, digits))
        line->length = before;
}

/* ---- writing it ------------------------------------------------------------------------------ */

static bool to_syslog(const struct log_line *line)
{
    const struct syslog_entry entry = {
        .level = line->level,
        .stamp = line->stamp,
        .event = line->event,
        .text = {line->text + line->body, line->length - line->body - 1}, /* without the newline */
    };
    return syslog_send(&sink.syslog, &entry);
}

static bool to_fd(const struct log_line *line)
{
    if (sink.may_block) {
        struct pollfd room = {.fd = sink.fd, .events = POLLOUT};
        if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
            return false;
    }
    ssize_t n;
    do
        n = write(sink.fd, line->text, line->length);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)line->length;
}

static void finish(struct log_line *line)
{
    if (line->json)
        line->text[line->length++] = '}';
    line->text[line->length++] = '\n';
}

static void report_dropped(bool (*write_line)(const struct log_line *line), uint64_t *dropped)
{
    struct log_line line;
    log_begin(&line, REASON_ERROR, "log_dropped");
    log_number(&line, "lines", *dropped);
    finish(&line);
    if (write_line(&line))
        *dropped = 0;
}

static void deliver(const struct log_line *line, bool (*write_line)(const struct log_line *line),
                    uint64_t *dropped)
{
    if (*dropped > 0)
        report_dropped(write_line, dropped);
    if (*dropped > 0 || !write_line(line))
        ++*dropped;
}

void log_end(struct log_line *line)
{
    if (!line->active)
        return;
    finish(line);
    pthread_mutex_lock(&sink.mutex);
    if (sink.target != LOG_SYSLOG)
        deliver(line, to_fd, &sink.dropped);
    if (sink.syslogs)
        deliver(line, to_syslog, &sink.syslog_dropped);
    pthread_mutex_unlock(&sink.mutex);
}

void log_message(enum reason_level level, const char *format, ...)
{
    char text[LOG_LINE_MAX / 2];
    struct log_line line;
    va_list arguments;
    if (!log_enabled(level))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    begin(&line, level, NULL);
    if (line.json)
        log_text(&line, "message", text);
    else
        append_escaped(&line, slice_of(text), false);
    log_end(&line);
}
