#include "base/log/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_KEPT ((size_t)64 * 1024) /* memory that an empty queue keeps */
#define BATCH      64                  /* lines in one call of the output */

/* After a batch the thread rests: lines that come one by one share a call, and a wake-up. */
#define REST_NS 2000000L

#define CRASH_WAITS   100
#define CRASH_WAIT_NS 2000000L

enum kind { LINE, PRINT, OPEN, REOPEN };

/* An entry of the queue; its text follows. */
struct record {
    enum kind kind;
    size_t size; /* with its text; aligned, so that a leak checker finds `request` */
    struct log_entry entry;
    struct request *request; /* OPEN: owned */
};

/* Options that outlive the call. */
struct request {
    struct log_options options;
    struct safe_path_owner owner;
    char texts[];
};

/* ---- the queue, with the mutex ---- */

static bool grow(struct log_queue *queue, size_t needed)
{
    size_t capacity = queue->capacity > 0 ? queue->capacity : QUEUE_KEPT;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = capacity > queue->capacity ? realloc(queue->bytes, capacity) : queue->bytes;
    if (!bytes)
        return false;
    queue->bytes = bytes;
    queue->capacity = capacity > queue->capacity ? capacity : queue->capacity;
    return true;
}

/* Commands may exceed the limit: they are few, and none may be lost. */
static bool append(struct log_writer *writer, struct record *record)
{
    struct log_queue *queue = &writer->filling;
    size_t text = record->entry.text.len, align = _Alignof(struct record);
    record->size = (sizeof(*record) + text + align - 1) / align * align;
    bool bounded = record->kind == LINE || record->kind == PRINT;
    if ((bounded && queue->used + record->size > LOG_QUEUE_MAX) ||
        !grow(queue, queue->used + record->size))
        return false;
    memcpy(queue->bytes + queue->used, record, sizeof(*record));
    if (text > 0)
        memcpy(queue->bytes + queue->used + sizeof(*record), record->entry.text.ptr, text);
    if (queue->used == 0 && !writer->resting)
        pthread_cond_signal(&writer->work);
    queue->used += record->size;
    atomic_store_explicit(&writer->pending, true, memory_order_relaxed);
    return true;
}

static void put_line(struct log_writer *writer, const struct log_entry *entry)
{
    struct record record = {.kind = LINE, .entry = *entry};
    record.entry.lost = writer->lost;
    writer->lost = append(writer, &record) ? 0 : writer->lost + 1;
}

/* ---- the thread ---- */

/* Marks of --traffic: dropped while the reader does not read. */
static void print(struct slice text)
{
    struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT))
        (void)!write(STDOUT_FILENO, text.ptr, text.len);
}

static struct log_format format_of(const struct log_options *options)
{
    return (struct log_format){options->lowest, options->json};
}

/* A refusal restores the format, unless a later command to open has set its own meanwhile. */
static void do_open(struct log_writer *writer, struct request *request)
{
    char error[512];
    bool opened = log_output_open(&writer->output, &request->options, error, sizeof(error));
    pthread_mutex_lock(&writer->mutex);
    bool last = atomic_fetch_sub(&writer->opens, 1) == 1;
    if (opened)
        writer->format = format_of(&request->options);
    else if (last)
        writer->hooks->format(writer->format);
    pthread_mutex_unlock(&writer->mutex);
    if (!opened)
        writer->hooks->refused(error);
    free(request);
}

static void run_command(struct log_writer *writer, const struct record *record)
{
    int error;
    switch (record->kind) {
    case PRINT:
        print(record->entry.text);
        return;
    case OPEN:
        do_open(writer, record->request);
        return;
    case REOPEN:
        error = log_output_reopen(&writer->output);
        if (error != 0)
            writer->hooks->reopened(error);
        return;
    case LINE:
        return;
    }
}

/* The record at offset `at`, with a pointer to its text. */
static void read_record(const struct log_queue *queue, size_t at, struct record *record)
{
    memcpy(record, queue->bytes + at, sizeof(*record));
    record->entry.text.ptr = queue->bytes + at + sizeof(*record);
}

static void write_queue(struct log_writer *writer, const struct log_queue *queue)
{
    struct log_entry batch[BATCH];
    size_t count = 0;
    struct record record;
    for (size_t at = 0; at < queue->used; at += record.size) {
        read_record(queue, at, &record);
        if (record.kind == LINE)
            batch[count++] = record.entry;
        if (count == BATCH || (record.kind != LINE && count > 0)) {
            log_output_write(&writer->output, batch, count, &writer->opens, writer->hooks->report);
            count = 0;
        }
        run_command(writer, &record);
    }
    if (count > 0)
        log_output_write(&writer->output, batch, count, &writer->opens, writer->hooks->report);
}

/* With the mutex. Not while much waits, nor at the end. */
static void rest(struct log_writer *writer)
{
    if (writer->ending || writer->filling.used >= QUEUE_KEPT)
        return;
    writer->resting = true;
    pthread_mutex_unlock(&writer->mutex);
    nanosleep(&(struct timespec){.tv_nsec = REST_NS}, NULL);
    pthread_mutex_lock(&writer->mutex);
    writer->resting = false;
}

static void *run(void *argument)
{
    struct log_writer *writer = argument;
    struct log_queue taken = {0};
    pthread_mutex_lock(&writer->mutex);
    while (!writer->ending || writer->filling.used > 0) {
        if (writer->filling.used == 0) {
            pthread_cond_wait(&writer->work, &writer->mutex);
            continue;
        }
        struct log_queue empty = taken;
        taken = writer->filling;
        writer->filling = empty;
        writer->busy = true;
        pthread_mutex_unlock(&writer->mutex);
        write_queue(writer, &taken);
        taken.used = 0;
        if (taken.capacity > QUEUE_KEPT) {
            free(taken.bytes);
            taken = (struct log_queue){0};
        }
        pthread_mutex_lock(&writer->mutex);
        writer->busy = false;
        if (writer->filling.used == 0) {
            atomic_store_explicit(&writer->pending, false, memory_order_relaxed);
            pthread_cond_broadcast(&writer->idle);
        }
        rest(writer);
    }
    pthread_mutex_unlock(&writer->mutex);
    free(taken.bytes);
    return NULL;
}

bool log_writer_start(struct log_writer *writer)
{
    pthread_condattr_t attributes;
    sigset_t all, before;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ready = pthread_cond_init(&writer->idle, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    /* Event loops handle signals; this thread takes none. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&writer->mutex);
    writer->running = ready && pthread_create(&writer->thread, NULL, run, writer) == 0;
    ready = writer->running;
    pthread_mutex_unlock(&writer->mutex);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ready;
}

/* ---- for all threads ---- */

void log_writer_put(struct log_writer *writer, const struct log_entry *entry)
{
    pthread_mutex_lock(&writer->mutex);
    if (writer->running)
        put_line(writer, entry);
    else if (!writer->abandoned)
        log_output_write(&writer->output, entry, 1, NULL, writer->hooks->report);
    pthread_mutex_unlock(&writer->mutex);
}

void log_writer_print(struct log_writer *writer, struct slice text)
{
    struct record record = {.kind = PRINT, .entry = {.text = text}};
    pthread_mutex_lock(&writer->mutex);
    if (writer->running)
        (void)append(writer, &record);
    pthread_mutex_unlock(&writer->mutex);
}

/* NULL: out of memory. */
static struct request *copy_options(const struct log_options *options)
{
    size_t file = options->file ? strlen(options->file) + 1 : 0;
    size_t address = options->syslog.address ? strlen(options->syslog.address) + 1 : 0;
    struct request *request = malloc(sizeof(*request) + file + address);
    if (!request)
        return NULL;
    request->options = *options;
    if (options->owner) {
        request->owner = *options->owner;
        request->options.owner = &request->owner;
    }
    if (file > 0)
        request->options.file = memcpy(request->texts, options->file, file);
    if (address > 0)
        request->options.syslog.address =
            memcpy(request->texts + file, options->syslog.address, address);
    return request;
}

/* With the mutex. */
static bool queue_open(struct log_writer *writer, const struct log_options *options)
{
    struct record record = {.kind = OPEN, .request = copy_options(options)};
    if (record.request && append(writer, &record)) {
        atomic_fetch_add(&writer->opens, 1);
        return true;
    }
    free(record.request);
    return false;
}

bool log_writer_open(struct log_writer *writer, const struct log_options *options, char *error,
                     size_t error_size)
{
    bool done = true;
    pthread_mutex_lock(&writer->mutex);
    if (writer->running) {
        done = queue_open(writer, options);
        if (!done)
            snprintf(error, error_size, "out of memory");
    } else if (!writer->abandoned) {
        done = log_output_open(&writer->output, options, error, error_size);
        if (done)
            writer->format = format_of(options);
    }
    if (done)
        writer->hooks->format(format_of(options));
    pthread_mutex_unlock(&writer->mutex);
    return done;
}

void log_writer_reopen(struct log_writer *writer)
{
    struct record record = {.kind = REOPEN};
    int error = 0;
    pthread_mutex_lock(&writer->mutex);
    if (writer->running)
        error = append(writer, &record) ? 0 : ENOMEM;
    else if (!writer->abandoned)
        error = log_output_reopen(&writer->output);
    pthread_mutex_unlock(&writer->mutex);
    if (error != 0)
        writer->hooks->reopened(error);
}

/* ---- the end ---- */

/* With the mutex. */
static bool wait_idle(struct log_writer *writer, unsigned wait_ms)
{
    struct timespec until;
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while ((writer->busy || writer->filling.used > 0) && status == 0)
        status = pthread_cond_timedwait(&writer->idle, &writer->mutex, &until);
    return !writer->busy && writer->filling.used == 0;
}

bool log_writer_flush(struct log_writer *writer, unsigned wait_ms)
{
    pthread_mutex_lock(&writer->mutex);
    bool idle = !writer->running || wait_idle(writer, wait_ms);
    pthread_mutex_unlock(&writer->mutex);
    return idle;
}

/* Reports lost lines at the end, when no further line does. */
static void put_last_report(struct log_writer *writer)
{
    char text[LOG_LINE_MAX];
    struct record record = {.kind = LINE};
    if (writer->lost == 0)
        return;
    writer->hooks->report(writer->lost, &record.entry, text);
    if (append(writer, &record))
        writer->lost = 0;
}

void log_writer_stop(struct log_writer *writer, unsigned wait_ms)
{
    pthread_mutex_lock(&writer->mutex);
    if (!writer->running) {
        pthread_mutex_unlock(&writer->mutex);
        return;
    }
    put_last_report(writer);
    bool idle = wait_idle(writer, wait_ms);
    writer->ending = true;
    writer->running = false;
    writer->abandoned = !idle;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    if (!idle) {
        (void)pthread_detach(writer->thread);
        return;
    }
    (void)pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->idle);
    free(writer->filling.bytes);
    writer->filling = (struct log_queue){0};
    writer->ending = false;
}

void log_writer_wait_signal_safe(const struct log_writer *writer)
{
    const struct timespec moment = {.tv_nsec = CRASH_WAIT_NS};
    for (int i = 0; i < CRASH_WAITS && atomic_load(&writer->pending); i++)
        nanosleep(&moment, NULL);
}
