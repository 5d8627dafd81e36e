#include "net/tls/context/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/monotonic.h"

#define SIZE_MAX_READ ((size_t)16 * 1024 * 1024)
#define SIZE_FIRST    ((size_t)8 * 1024)
#define PIPE_WAIT_MS  60000 /* for a program that decrypts a key */

/* All zero: the file does not exist. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct tls_file {
    char *path; /* owned */
    struct stamp reported, seen;
};

static struct stamp stamp_of(const struct stat *status)
{
    return (struct stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .modified = status->st_mtim,
        .changed = status->st_ctim,
    };
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

void tls_files_init(struct tls_files *files)
{
    *files = (struct tls_files){0};
}

void tls_files_free(struct tls_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
    tls_files_init(files);
}

/* ---- reading ---- */

static bool remember(struct tls_files *files, const char *path, const struct stamp *stamp)
{
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? 2 * files->capacity : 4;
        struct tls_file *items = realloc(files->items, capacity * sizeof(*items));
        if (!items)
            return false;
        files->items = items;
        files->capacity = capacity;
    }
    char *copy = strdup(path);
    if (!copy)
        return false;
    files->items[files->count++] =
        (struct tls_file){.path = copy, .reported = *stamp, .seen = *stamp};
    return true;
}

void tls_files_free_bytes(struct tls_bytes *bytes)
{
    if (bytes->data)
        OPENSSL_cleanse(bytes->data, bytes->length);
    free(bytes->data);
    *bytes = (struct tls_bytes){0};
}

/* Not realloc, which would leave the old bytes unwiped. */
static bool grow(struct tls_bytes *bytes, size_t *capacity)
{
    size_t larger = *capacity ? 4 * *capacity : SIZE_FIRST;
    unsigned char *data = malloc(larger);
    if (!data) {
        errno = ENOMEM;
        return false;
    }
    size_t length = bytes->length;
    if (length > 0)
        memcpy(data, bytes->data, length);
    tls_files_free_bytes(bytes);
    bytes->data = data;
    bytes->length = length;
    *capacity = larger;
    return true;
}

/* False: errno says why not. */
static bool await_bytes(int fd, uint64_t deadline)
{
    uint64_t now = monotonic_ms();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int count = now < deadline ? poll(&ready, 1, (int)(deadline - now)) : 0;
    if (count == 0)
        errno = ETIMEDOUT;
    return count > 0 || (count < 0 && errno == EINTR);
}

/* Need not be a regular file: a shell may pass a pipe as /dev/fd/63. `fd` does not block. */
static bool read_all(int fd, struct tls_bytes *bytes)
{
    size_t capacity = 0;
    uint64_t deadline = monotonic_ms() + PIPE_WAIT_MS;
    for (;;) {
        if (bytes->length == SIZE_MAX_READ)
            errno = EFBIG;
        if (bytes->length == SIZE_MAX_READ ||
            (bytes->length == capacity && !grow(bytes, &capacity)))
            return false;
        size_t end = capacity < SIZE_MAX_READ ? capacity : SIZE_MAX_READ;
        ssize_t got = read(fd, bytes->data + bytes->length, end - bytes->length);
        if (got == 0)
            return true;
        if (got > 0)
            bytes->length += (size_t)got;
        else if (errno != EINTR && (errno != EAGAIN || !await_bytes(fd, deadline)))
            return false;
    }
}

bool tls_files_read(struct tls_files *files, const char *what, const char *path,
                    struct tls_bytes *bytes, const struct tls_error *error)
{
    *bytes = (struct tls_bytes){0};
    /* A FIFO that nobody writes into reads as empty. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    /* The stamp before the bytes: a change in between is detected later. */
    bool read = fd >= 0 && fstat(fd, &status) == 0 && read_all(fd, bytes);
    int problem = errno;
    if (fd >= 0)
        close(fd);
    if (!read) {
        tls_files_free_bytes(bytes);
        (void)tls_error_set(error,
                            "%s file '%s' cannot be read: %s; check the path and that the user "
                            "running wsluice may read it",
                            what, path, strerror(problem));
        errno = problem;
        return false;
    }
    struct stamp stamp = stamp_of(&status);
    if (!S_ISREG(status.st_mode) || remember(files, path, &stamp))
        return true;
    tls_files_free_bytes(bytes);
    (void)tls_error_set(error, "out of memory");
    errno = ENOMEM;
    return false;
}

/* ---- changes ---- */

static struct stamp look_at(const struct tls_file *file)
{
    const struct stamp nothing = {0};
    struct stat status;
    if (stat(file->path, &status) == 0)
        return stamp_of(&status);
    return errno == ENOENT || errno == ENOTDIR ? nothing : file->seen;
}

bool tls_files_changed(struct tls_files *files)
{
    bool settled = true, differs = false;
    for (size_t i = 0; i < files->count; i++) {
        struct tls_file *file = &files->items[i];
        struct stamp now = look_at(file);
        settled = settled && same(&now, &file->seen);
        differs = differs || !same(&now, &file->reported);
        file->seen = now;
    }
    if (!settled || !differs)
        return false;
    for (size_t i = 0; i < files->count; i++)
        files->items[i].reported = files->items[i].seen;
    return true;
}
