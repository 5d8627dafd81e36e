#include "serve/tokens/file/token_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text/secret.h"
#include "core/tokens/token_file.h"
#include "serve/files/files_root.h"

/* O_NONBLOCK: opening a FIFO would wait for its writer. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static bool fail(const char *path, int code, char *error, size_t error_size)
{
    snprintf(error, error_size, "%s: %s", path,
             code == ENOTSUP ? "not a regular file" : strerror(code));
    return false;
}

/* ---- fingerprints ---- */

static uint64_t fingerprint_of(const struct siphash_seed *seed, uint64_t name,
                               const struct stat *info)
{
    const uint64_t facts[] = {
        name,
        (uint64_t)info->st_dev,
        (uint64_t)info->st_ino,
        (uint64_t)info->st_size,
        (uint64_t)info->st_mtim.tv_sec,
        (uint64_t)info->st_mtim.tv_nsec,
        (uint64_t)info->st_ctim.tv_sec,
        (uint64_t)info->st_ctim.tv_nsec,
    };
    return siphash_of(seed, facts, sizeof(facts));
}

uint64_t token_files_fingerprint(const struct siphash_seed *seed, const struct stat *info)
{
    return fingerprint_of(seed, 0, info);
}

static bool is_link(int folder, const char *name)
{
    struct stat info;
    return fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

/* Adds the folder `name`, relative to `path` or absolute, once. False: no room. */
static bool add_link(struct token_scan *scan, const char *path, const char *name)
{
    char text[2 * PATH_MAX];
    snprintf(text, sizeof(text), "%s%s%s", name[0] == '/' ? "" : path, name[0] == '/' ? "" : "/",
             name);
    for (size_t i = 0; i < scan->link_count; i++)
        if (strcmp(scan->links[i], text) == 0)
            return true;
    if (scan->link_count == TOKEN_SCAN_LINKS)
        return false;
    scan->links[scan->link_count] = strdup(text);
    return scan->links[scan->link_count] && ++scan->link_count > 0;
}

/* False: its file may change without a report from the folders that are watched. */
static bool scan_link(int folder, const char *path, const char *name, struct token_scan *scan)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(folder, name, text, sizeof(text) - 1);
    if (length < 0 || length == (ssize_t)sizeof(text) - 1)
        return false;
    text[length] = '\0';
    char *slash = strrchr(text, '/');
    if (!slash) /* to a file of the same folder, which is scanned as well */
        return true;
    if (is_link(folder, text))
        return false;
    slash[slash == text] = '\0';
    return add_link(scan, path, text);
}

/* A sum, so that the order of the folder's entries does not matter. */
static void scan_folder(DIR *folder, const char *path, const struct siphash_seed *seed,
                        struct token_scan *scan)
{
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        const char *name = entry->d_name;
        struct stat info;
        bool link = entry->d_type == DT_LNK ||
                    (entry->d_type == DT_UNKNOWN && is_link(dirfd(folder), name));
        if (link && !scan_link(dirfd(folder), path, name, scan))
            scan->watchable = false;
        if (fstatat(dirfd(folder), name, &info, 0) == 0 && S_ISREG(info.st_mode))
            scan->fingerprint += fingerprint_of(seed, siphash_of(seed, name, strlen(name)), &info);
    }
}

bool token_files_scan(const char *path, const struct siphash_seed *seed, struct token_scan *scan,
                      char *error, size_t error_size)
{
    struct stat info;
    *scan = (struct token_scan){0};
    if (stat(path, &info) < 0)
        return fail(path, errno, error, error_size);
    scan->fingerprint = token_files_fingerprint(seed, &info);
    if (!S_ISDIR(info.st_mode))
        return true;
    DIR *folder = opendir(path);
    if (!folder)
        return fail(path, errno, error, error_size);
    scan->watchable = true;
    scan_folder(folder, path, seed, scan);
    closedir(folder);
    return true;
}

void token_files_scan_free(struct token_scan *scan)
{
    for (size_t i = 0; i < scan->link_count; i++)
        free(scan->links[i]);
    *scan = (struct token_scan){0};
}

/* ---- reading ---- */

static int regular_size(int fd, uint64_t *size)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return errno;
    if (!S_ISREG(info.st_mode))
        return S_ISDIR(info.st_mode) ? EISDIR : ENOTSUP;
    *size = (uint64_t)info.st_size;
    return 0;
}

static int read_whole(int fd, char *out, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t n = read(fd, out + *length, size - *length);
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return errno;
        *length += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Room for `extra` bytes. Not realloc: the old memory held secrets, and is wiped. */
static bool reserve(struct token_text *text, size_t *capacity, size_t extra)
{
    if (extra <= *capacity - text->length)
        return true;
    size_t wanted = 2 * *capacity > text->length + extra ? 2 * *capacity : text->length + extra;
    char *bytes = malloc(wanted);
    if (!bytes)
        return false;
    if (text->bytes)
        memcpy(bytes, text->bytes, text->length);
    secret_free(text->bytes, text->length);
    text->bytes = bytes;
    *capacity = wanted;
    return true;
}

/* 0, or an errno. Bytes that are appended to the file meanwhile are left to the next scan. */
static int append(struct token_text *text, size_t *capacity, int fd, size_t *length)
{
    uint64_t size = 0;
    int code = fd < 0 ? errno : regular_size(fd, &size);
    if (code == 0 && size > TOKEN_FILES_MAX - text->length)
        code = EFBIG;
    if (code == 0 && !reserve(text, capacity, (size_t)size))
        code = ENOMEM;
    if (code == 0 && size > 0)
        code = read_whole(fd, text->bytes + text->length, (size_t)size, length);
    text->length += *length;
    return code;
}

/* Owned names of a folder's entries. */
struct names {
    char **items;
    size_t count, capacity;
};

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static bool add_name(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? 2 * names->capacity : 16;
        char **items = realloc(names->items, capacity * sizeof(*items));
        if (!items)
            return false;
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->count] = strdup(name);
    return names->items[names->count] && ++names->count > 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b); /* the locale does not matter */
}

/* 0, or an errno; takes `fd`. Sorted, without "." and "..". */
static int list_names(int fd, struct names *names)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    int code = errno;
    if (!folder) {
        close(fd);
        return code;
    }
    code = 0;
    for (errno = 0; code == 0 && (entry = readdir(folder)); errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !add_name(names, entry->d_name))
            code = ENOMEM;
    if (code == 0)
        code = errno;
    closedir(folder);
    if (code == 0 && names->items)
        qsort(names->items, names->count, sizeof(*names->items), by_bytes);
    return code;
}

/* 0, or an errno: the source as a whole cannot be read. */
static int read_files(int folder, const struct names *names, struct token_text *text)
{
    size_t capacity = 0;
    text->pieces = calloc(names->count + 1, sizeof(*text->pieces));
    if (!text->pieces)
        return ENOMEM;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        struct token_piece *piece = &text->pieces[text->count];
        struct stat info;
        if (fstatat(folder, name, &info, 0) == 0 && !S_ISREG(info.st_mode))
            continue;
        int fd = openat(folder, name, OPEN_FLAGS);
        *piece = (struct token_piece){.name = strdup(name)};
        piece->error_code = append(text, &capacity, fd, &piece->length);
        if (fd >= 0)
            close(fd);
        if (!piece->name || piece->error_code == ENOMEM) {
            free(piece->name);
            return ENOMEM;
        }
        text->count++;
    }
    return 0;
}

static int read_folder(int folder, struct token_text *text)
{
    struct names names = {0};
    int again = openat(folder, ".", OPEN_FLAGS | O_DIRECTORY);
    int code = again < 0 ? errno : list_names(again, &names);
    if (code == 0)
        code = read_files(folder, &names, text);
    free_names(&names);
    return code;
}

static int read_file(int fd, struct token_text *text)
{
    size_t capacity = 0;
    text->pieces = calloc(1, sizeof(*text->pieces));
    if (!text->pieces)
        return ENOMEM;
    text->count = 1;
    return append(text, &capacity, fd, &text->pieces[0].length);
}

bool token_files_read(const char *path, struct token_text *text, char *error, size_t error_size)
{
    uint64_t size;
    *text = (struct token_text){0};
    int fd = open(path, OPEN_FLAGS);
    if (fd < 0)
        return fail(path, errno, error, error_size);
    int code = regular_size(fd, &size) == EISDIR ? read_folder(fd, text) : read_file(fd, text);
    close(fd);
    if (code == 0)
        return true;
    token_files_free(text);
    return fail(path, code, error, error_size);
}

static bool is_same_piece(const struct token_piece *a, const struct token_piece *b)
{
    return a->length == b->length && a->error_code == b->error_code && !a->name == !b->name &&
           (!a->name || strcmp(a->name, b->name) == 0);
}

bool token_files_is_same(const struct token_text *a, const struct token_text *b)
{
    if (a->length != b->length || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!is_same_piece(&a->pieces[i], &b->pieces[i]))
            return false;
    return a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0;
}

void token_files_free(struct token_text *text)
{
    secret_free(text->bytes, text->length);
    for (size_t i = 0; i < text->count; i++)
        free(text->pieces[i].name);
    free(text->pieces);
    *text = (struct token_text){0};
}

/* ---- a file for each token ---- */

static bool is_absence(int code)
{
    return code == ENOENT || code == ENAMETOOLONG || code == ELOOP || code == EXDEV;
}

bool token_files_read_named(const char *path, struct slice name, char *out, size_t size,
                            size_t *length, char *error, size_t error_size)
{
    char text[NAME_MAX + 1];
    uint64_t file_size = 0;
    *error = '\0';
    struct files_root root;
    int fd = -1, code = ENOENT, opened = files_root_open(&root, path);
    if (opened < 0)
        return fail(path, -opened, error, error_size);
    if (token_file_is_name(name)) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        fd = files_root_open_file(&root, text, true);
        code = fd < 0 ? -fd : regular_size(fd, &file_size);
    }
    files_root_close(&root);
    if (code == 0 && file_size > size)
        code = EFBIG;
    if (code == 0)
        code = read_whole(fd, out, size, length);
    if (fd >= 0)
        close(fd);
    explicit_bzero(text, sizeof(text));
    if (code == 0)
        return true;
    /* The file's name is the token: the error names the folder instead. */
    return is_absence(code) || code == EISDIR || code == ENOTSUP
               ? false
               : fail(path, code, error, error_size);
}
