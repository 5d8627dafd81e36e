#include "serve/tap/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log/log.h"
#include "base/safe_path.h"
#include "base/text/text.h"
#include "serve/tap/recording_format.h"

#define NUMBER_ROOM 24 /* ".", 20 digits and a NUL */

struct recorder {
    struct work_task task;
    struct recorder_request request;
    uint64_t began_at;
    struct text filling;
    bool finished; /* recorder_finish was called */
    int stopped;   /* an errno: later bytes are dropped; 0: no error */
    bool working;
    struct recorder_work {
        /* Used by the pool while `working` is set. */
        struct text writing;
        bool last; /* close the file after this batch */
        int fd;    /* -1: not open */
        int error; /* an errno; 0: none */
        uint64_t number;
        char *name; /* owned; PATH.N */
        size_t path_length;
    } pool;
};

/* ---- in the thread pool ---- */

static bool open_file(struct recorder_work *pool)
{
    for (;; pool->number++) {
        snprintf(pool->name + pool->path_length, NUMBER_ROOM, ".%llu",
                 (unsigned long long)pool->number);
        pool->fd = safe_path_make(pool->name, O_WRONLY, 0600);
        if (pool->fd >= 0 || errno != EEXIST)
            return pool->fd >= 0;
    }
}

static bool write_all(int fd, const struct text *text)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t n = write(fd, text->bytes + at, text->length - at);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void work_cb(struct work_task *task)
{
    struct recorder_work *pool = &WSL_CONTAINER(task, struct recorder, task)->pool;
    if ((pool->fd < 0 && !open_file(pool)) || !write_all(pool->fd, &pool->writing))
        pool->error = errno;
    if (pool->fd < 0 || (pool->error == 0 && !pool->last))
        return;
    /* A network file system may report a full disk only on close. */
    if (close(pool->fd) < 0 && pool->error == 0)
        pool->error = errno;
    pool->fd = -1;
}

/* ---- on the loop ---- */

static void destroy(struct recorder *recorder)
{
    struct recorder_request request = recorder->request;
    if (recorder->pool.fd >= 0)
        close(recorder->pool.fd); /* stopped, out of memory */
    text_free(&recorder->filling);
    free(recorder->pool.name);
    free(recorder);
    request.closed(request.closed_owner);
}

/* The warning waits for the pool, which sets the name of the file. */
static void stop(struct recorder *recorder, int error)
{
    recorder->stopped = error;
    text_free(&recorder->filling);
    if (!recorder->working)
        log_message(REASON_WARN, "the recording %s has stopped: %s; its session goes on",
                    recorder->pool.name, safe_path_explain(error));
}

/* Queues the batch, unless one is being written. An empty one is queued too, to close the file. */
static void push(struct recorder *recorder)
{
    struct recorder_work *pool = &recorder->pool;
    if (recorder->working)
        return;
    bool over = recorder->stopped != 0 || pool->last;
    if (over && recorder->finished) {
        destroy(recorder);
        return;
    }
    if (over || (recorder->filling.length == 0 && !recorder->finished))
        return;
    pool->writing = recorder->filling;
    pool->last = recorder->finished;
    recorder->filling = (struct text){0};
    recorder->working = true;
    work_queue(recorder->request.lane, &recorder->task, WORK_recordings, 0);
}

static void done_cb(struct work_task *task)
{
    struct recorder *recorder = WSL_CONTAINER(task, struct recorder, task);
    struct recorder_request request = recorder->request;
    struct recorder_work *pool = &recorder->pool;
    bool feeds = recorder_is_full(recorder) && !recorder->finished;
    recorder->working = false;
    text_free(&pool->writing);
    *request.skip = pool->number - request.number;
    if (recorder->stopped != 0 || pool->error != 0)
        stop(recorder, recorder->stopped != 0 ? recorder->stopped : pool->error);
    push(recorder);
    if (feeds)
        request.resume(request.owner);
}

/* Room for `more` bytes; NULL: out of memory, and the recording has stopped. */
static char *room_for(struct recorder *recorder, size_t more)
{
    char *room = text_reserve(&recorder->filling, more);
    if (!room)
        stop(recorder, ENOMEM);
    return room;
}

static void add(struct recorder *recorder, struct slice line)
{
    char *out = recorder->stopped == 0 ? room_for(recorder, line.len) : NULL;
    if (out) {
        memcpy(out, line.ptr, line.len);
        recorder->filling.length += line.len;
    }
}

struct recorder *recorder_start(const struct recorder_request *request)
{
    size_t length = strlen(request->path);
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    char *name = malloc(length + NUMBER_ROOM);
    if (!recorder || !name) {
        free(recorder);
        free(name);
        return NULL;
    }
    memcpy(name, request->path, length + 1);
    recorder->task = (struct work_task){.work = work_cb, .done = done_cb};
    recorder->request = *request;
    recorder->began_at = uv_now(request->lane->loop);
    recorder->pool = (struct recorder_work){
        .fd = -1,
        .number = request->number + *request->skip,
        .name = name,
        .path_length = length,
    };
    add(recorder, SLICE(RECORDING_FORMAT_HEAD));
    push(recorder);
    return recorder;
}

void recorder_take(struct recorder *recorder, bool from_client, struct slice bytes, uint64_t now)
{
    char *out =
        recorder->stopped == 0 ? room_for(recorder, RECORDING_FORMAT_ENTRY_MAX(bytes.len)) : NULL;
    if (!out)
        return;
    recorder->filling.length += recording_format_entry(out, from_client, now - recorder->began_at,
                                                       (const uint8_t *)bytes.ptr, bytes.len);
    push(recorder);
}

bool recorder_is_full(const struct recorder *recorder)
{
    return recorder->filling.length >= RECORDER_FULL;
}

void recorder_finish(struct recorder *recorder)
{
    add(recorder, SLICE(RECORDING_FORMAT_TAIL));
    recorder->finished = true;
    push(recorder);
}
