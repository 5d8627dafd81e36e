#include "base/log/log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/log/log_writer.h"
#include "base/text/escape.h"

/* For the end of a line. */
#define TAIL_ROOM 3

/* For the last lines, at the end and before standard error is redirected. */
#define FLUSH_MS 1000

static void report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX]);
static void reopened(int error);
static void set_format(struct log_format format);
static void refused(const char *error);

static const struct log_writer_hooks hooks = {report, set_format, reopened, refused};

static struct {
    struct log_writer writer;
    atomic_int lowest; /* enum reason_level */
    atomic_bool json;
} sink = {.writer = LOG_WRITER_INIT(&hooks), .lowest = REASON_INFO};

/* ---- target and format ---- */

static bool is_enabled(enum reason_level level)
{
    return (int)level >= atomic_load_explicit(&sink.lowest, memory_order_relaxed);
}

static void set_format(struct log_format format)
{
    atomic_store_explicit(&sink.lowest, (int)format.lowest, memory_order_relaxed);
    atomic_store_explicit(&sink.json, format.json, memory_order_relaxed);
}

bool log_open(const struct log_options *options, char *error, size_t error_size)
{
    return log_writer_open(&sink.writer, options, error, error_size);
}

static void refused(const char *error)
{
    log_message(REASON_ERROR, "the log stays as it was: %s", error);
}

static void reopened(int error)
{
    log_message(REASON_ERROR, "cannot reopen the log file: %s; the old file stays in use",
                safe_path_explain(error));
}

void log_reopen(void)
{
    log_writer_reopen(&sink.writer);
}

/* ---- the thread ---- */

/* Waits while the writer goes on; then the signal has its default effect. */
static void crash_cb(int number)
{
    log_writer_wait_signal_safe(&sink.writer);
    (void)raise(number);
}

/* Keeps a sanitizer's handler. */
static void catch_crashes(void)
{
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    struct sigaction action = {.sa_handler = crash_cb, .sa_flags = (int)SA_RESETHAND}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WSL_COUNT(numbers); i++)
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            (void)sigaction(numbers[i], &action, NULL);
}

bool log_start(void)
{
    catch_crashes();
    return log_writer_start(&sink.writer);
}

bool log_flush(void)
{
    return log_writer_flush(&sink.writer, FLUSH_MS);
}

void log_stop(void)
{
    log_writer_stop(&sink.writer, FLUSH_MS);
}

void log_print(struct slice text)
{
    log_writer_print(&sink.writer, text);
}

/* ---- building a line ---- */

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

/* Bytes that could break the line, the quoting or a terminal become \xNN, in JSON \u00NN. */
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
    line->active = is_enabled(level);
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

/* ---- writing a line ---- */

static void finish(struct log_line *line)
{
    if (line->json)
        line->text[line->length++] = '}';
    line->text[line->length++] = '\n';
}

static struct log_entry entry_of(const struct log_line *line)
{
    struct log_entry entry = {
        .level = line->level,
        .event = line->event,
        .body = line->body,
        .text = {line->text, line->length},
    };
    memcpy(entry.stamp, line->stamp, sizeof(entry.stamp));
    return entry;
}

static void report(uint64_t lines, struct log_entry *entry, char text[static LOG_LINE_MAX])
{
    struct log_line line;
    log_begin(&line, REASON_ERROR, "log_dropped");
    log_number(&line, "lines", lines);
    finish(&line);
    *entry = entry_of(&line);
    memcpy(text, line.text, line.length);
    entry->text.ptr = text;
}

void log_end(struct log_line *line)
{
    if (!line->active)
        return;
    finish(line);
    struct log_entry entry = entry_of(line);
    log_writer_put(&sink.writer, &entry);
}

void log_plain(enum reason_level level, struct slice text)
{
    struct log_line line;
    begin(&line, level, NULL);
    if (line.json) {
        put_value(&line, "message", text);
    } else {
        line.length = line.body = 0;
        append_escaped(&line, text, false);
    }
    log_end(&line);
}

void log_message(enum reason_level level, const char *format, ...)
{
    char text[LOG_LINE_MAX / 2];
    struct log_line line;
    va_list arguments;
    if (!is_enabled(level))
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
