#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What every line needs behind its last field. */
#define TAIL_ROOM 3

static struct {
    pthread_mutex_t mutex;
    int fd;
    enum reason_level lowest;
    bool json, is_pipe;
    uint64_t dropped;
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER, .fd = STDERR_FILENO, .lowest = REASON_INFO};

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a pipe that is writable takes a whole line");

void log_setup(int fd, enum reason_level lowest, bool json)
{
    struct stat status;
    pthread_mutex_lock(&sink.mutex);
    sink.fd = fd;
    sink.lowest = lowest;
    sink.json = json;
    sink.is_pipe =
        fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
    pthread_mutex_unlock(&sink.mutex);
}

bool log_enabled(enum reason_level level)
{
    return level >= sink.lowest;
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
static bool append_escaped(struct log_line *line, const char *value, bool quoted)
{
    bool fits = true;
    for (const char *c = value; *c && fits; c++) {
        unsigned char byte = (unsigned char)*c;
        char escape[8];
        if (quoted && (byte == '"' || byte == '\\'))
            snprintf(escape, sizeof(escape), "\\%c", byte);
        else if (byte < 0x20 || byte >= 0x7f)
            snprintf(escape, sizeof(escape), line->json ? "\\u%04x" : "\\x%02x", byte);
        else
            snprintf(escape, sizeof(escape), "%c", byte);
        fits = append_text(line, escape);
    }
    return fits;
}

static bool append_quoted(struct log_line *line, const char *value)
{
    return append_text(line, "\"") && append_escaped(line, value, true) && append_text(line, "\"");
}

static bool plain_word(const char *value)
{
    if (*value == '\0')
        return false;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == '"' || *c == '\\')
            return false;
    return true;
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

static void begin(struct log_line *line, enum reason_level level)
{
    line->length = 0;
    line->json = sink.json;
    line->active = log_enabled(level);
    if (!line->active)
        return;

    struct timespec now;
    struct tm utc;
    char stamp[48], head[96];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(stamp + length, sizeof(stamp) - length, ".%03ldZ", now.tv_nsec / 1000000);
    snprintf(head, sizeof(head), line->json ? "{\"time\":\"%s\",\"level\":\"%s\"" : "%s %-5s ",
             stamp, level_name(level));
    append_text(line, head);
}

void log_begin(struct log_line *line, enum reason_level level, const char *event)
{
    begin(line, level);
    if (line->active && !line->json)
        append_text(line, event);
    else
        log_text(line, "event", event);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    size_t before = line->length;
    if (!line->active)
        return;
    bool fits =
        append_key(line, key) &&
        (line->json || !plain_word(value) ? append_quoted(line, value) : append_text(line, value));
    if (!fits)
        line->length = before;
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

static bool write_line(const char *text, size_t length)
{
    if (sink.is_pipe) {
        struct pollfd room = {.fd = sink.fd, .events = POLLOUT};
        if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT))
            return false;
    }
    ssize_t n;
    do
        n = write(sink.fd, text, length);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)length;
}

static size_t finish(struct log_line *line)
{
    if (line->json)
        line->text[line->length++] = '}';
    line->text[line->length++] = '\n';
    return line->length;
}

static void report_dropped(void)
{
    struct log_line line;
    log_begin(&line, REASON_ERROR, "log_dropped");
    log_number(&line, "lines", sink.dropped);
    if (write_line(line.text, finish(&line)))
        sink.dropped = 0;
}

void log_end(struct log_line *line)
{
    if (!line->active)
        return;
    size_t length = finish(line);
    pthread_mutex_lock(&sink.mutex);
    if (sink.dropped > 0)
        report_dropped();
    if (sink.dropped > 0 || !write_line(line->text, length))
        sink.dropped++;
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
    begin(&line, level);
    if (line.json)
        log_text(&line, "message", text);
    else
        append_escaped(&line, text, false);
    log_end(&line);
}
