#include "serve/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "codec/http/mime.h"
#include "config/model/pattern.h"
#include "core/files/file_listing.h"
#include "core/files/file_path.h"
#include "serve/files/files_listing.h"
#include "serve/files/files_root.h"

#define NAME_ROOM 16 /* for the name of an index, or a suffix */

struct files {
    const struct config_route *route; /* borrowed */
    struct files_root root;
    char *single; /* owned; the only file that is served, below the root; NULL: all files */
    struct config_header fields[FILES_FIELDS - FILE_TERMS_FIELDS - 1]; /* of every answer */
    size_t field_count;
};

/* ---- creation ---- */

/* Fields of the route have precedence. */
static bool is_set(const struct config_route *route, const char *name)
{
    for (size_t i = 0; i < route->header_count; i++)
        if (slice_equal_nocase(slice_of(route->headers[i].name), slice_of(name)))
            return true;
    return false;
}

static void set_field(struct files *files, const char *name, const char *value)
{
    if (value && !is_set(files->route, name))
        files->fields[files->field_count++] = (struct config_header){name, value};
}

static void set_fields(struct files *files)
{
    const struct config_files *config = &files->route->files;
    set_field(files, "X-Content-Type-Options", "nosniff");
    set_field(files, "Cache-Control", config->cache_control);
    set_field(files, "Content-Security-Policy", config->content_security_policy);
    set_field(files, "Cross-Origin-Opener-Policy", config->isolated ? "same-origin" : NULL);
    set_field(files, "Cross-Origin-Embedder-Policy", config->isolated ? "require-corp" : NULL);
    if (config->precompressed) /* a list field may be repeated */
        files->fields[files->field_count++] = (struct config_header){"Vary", "Accept-Encoding"};
}

/* A route whose path has no star serves one file. It is opened for each request, like others. */
static int open_single(struct files *files, const char *file)
{
    struct stat stat;
    if (lstat(file, &stat) != 0)
        return -errno;
    if (S_ISDIR(stat.st_mode))
        return -EISDIR;
    const char *slash = strrchr(file, '/');
    char *folder = slash ? slice_copy((struct slice){file, (size_t)(slash - file) + 1})
                         : slice_copy(SLICE("."));
    files->single = slice_copy(slice_of(slash ? slash + 1 : file));
    int result = folder && files->single ? files_root_open(&files->root, folder) : -ENOMEM;
    free(folder);
    return result;
}

static int open_root(struct files *files)
{
    const struct config_route *route = files->route;
    const char *path = route->files.root;
    int result = pattern_is_prefix(route->path) ? files_root_open(&files->root, path)
                                                : open_single(files, path);
    if (result != -EISDIR)
        return result;
    /* "/" and "/desk/" serve the index of a folder. */
    return route->path[strlen(route->path) - 1] == '/' ? files_root_open(&files->root, path)
                                                       : result;
}

static void explain(const struct config_route *route, int error, char *text, size_t size)
{
    char option[256] = "--web"; /* the command line has no places */
    if (route->place.file)
        snprintf(option, sizeof(option), "files.root of %s:", route->path);
    config_place_format(&route->place, text, size, "%s %s: %s%s", option, route->files.root,
                        strerror(-error),
                        error == -EISDIR ? "; to serve a folder the path must end with /*" : "");
}

struct files *files_create(const struct config_route *route, char *error, size_t error_size)
{
    struct files *files = calloc(1, sizeof(*files));
    if (!files) {
        explain(route, -ENOMEM, error, error_size);
        return NULL;
    }
    files->route = route;
    files->root.fd = -1;
    set_fields(files);
    int result = open_root(files);
    if (result == 0)
        return files;
    explain(route, result, error, error_size);
    files_free(files);
    return NULL;
}

bool files_are_readable(const struct files *files, char *error, size_t error_size)
{
    struct stat stat;
    const char *name = files->single ? files->single : "";
    int fd = files_root_open_file(&files->root, name, true);
    bool good = fd >= 0 && fstat(fd, &stat) == 0 && (!files->single || S_ISREG(stat.st_mode));
    if (!good)
        explain(files->route, fd < 0 ? fd : -EINVAL, error, error_size);
    if (fd >= 0)
        close(fd);
    return good;
}

void files_free(struct files *files)
{
    if (!files)
        return;
    files_root_close(&files->root);
    free(files->single);
    free(files);
}

/* ---- finding the file ---- */

enum found {
    FOUND_FILE,
    FOUND_FOLDER,
    FOUND_NOTHING,
    FOUND_NOT_CACHED, /* a look-up may wait for the disk */
    FOUND_BUSY,       /* out of descriptors or memory */
};

struct search {
    const struct files *files;
    const struct http_head *head;
    bool wait;
    struct file_path path;
    char asked[PATH_MAX];            /* the bytes of `path` */
    char name[PATH_MAX + NAME_ROOM]; /* of the file that is tried */
    int fd;                          /* FOUND_FILE: open */
    const char *type;
    struct file_facts facts;
};

static enum found found_of_error(int error)
{
    switch (-error) {
    case EAGAIN:
        return FOUND_NOT_CACHED;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return FOUND_BUSY;
    default:
        return FOUND_NOTHING;
    }
}

/* Only regular files are served: reading a device or a FIFO may block or have side effects. */
static enum found open_file(const struct search *search, const char *name, enum file_coding coding,
                            int *file, struct file_facts *facts)
{
    struct stat stat = {0}; /* fstat may fail on a network file system */
    int fd = files_root_open_file(&search->files->root, name, search->wait);
    if (fd < 0)
        return found_of_error(fd);
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)) {
        *file = fd;
        *facts = (struct file_facts){
            .size = (uint64_t)stat.st_size,
            .modified = stat.st_mtim.tv_sec,
            .nanoseconds = (uint32_t)stat.st_mtim.tv_nsec,
            .coding = coding,
        };
        return FOUND_FILE;
    }
    close(fd);
    return S_ISDIR(stat.st_mode) ? FOUND_FOLDER : FOUND_NOTHING;
}

/*
 * Takes the precompressed file that the client prefers instead of the file. One that is older than
 * the file was made from another version, and is ignored.
 */
static enum found find_precompressed(struct search *search)
{
    enum file_coding codings[FILE_CODING_COUNT];
    size_t count = file_terms_codings(search->head, codings), length = strlen(search->name);
    for (size_t i = 0; i < count; i++) {
        struct file_facts facts = {0};
        int fd = -1;
        snprintf(search->name + length, NAME_ROOM, "%s", file_terms_suffix(codings[i]));
        enum found found = open_file(search, search->name, codings[i], &fd, &facts);
        search->name[length] = '\0';
        if (found == FOUND_NOT_CACHED)
            return found;
        if (found != FOUND_FILE)
            continue;
        if (facts.modified >= search->facts.modified) {
            close(search->fd);
            search->fd = fd;
            search->facts = facts;
            return FOUND_FILE;
        }
        close(fd);
    }
    return FOUND_FILE;
}

/* The file NAME END; `end` is the name of an index, or empty. */
static enum found try_file(struct search *search, const char *name, const char *end)
{
    int length = snprintf(search->name, PATH_MAX, "%s%s", name, end);
    if (length < 0 || length >= PATH_MAX)
        return FOUND_NOTHING;
    enum found found = open_file(search, search->name, FILE_IDENTITY, &search->fd, &search->facts);
    if (found != FOUND_FILE)
        return found;
    search->type = mime_of((struct slice){search->name, (size_t)length});
    if (search->files->route->files.precompressed &&
        find_precompressed(search) == FOUND_NOT_CACHED) {
        close(search->fd);
        search->fd = -1;
        return FOUND_NOT_CACHED;
    }
    return FOUND_FILE;
}

/* FOUND_FOLDER: to be listed, or redirected to the path with a "/". */
static enum found find_path(struct search *search)
{
    const struct config_files *config = &search->files->route->files;
    if (!search->path.folder)
        return try_file(search, search->path.name, "");
    enum found found = try_file(search, search->path.name, "index.html");
    if (found == FOUND_NOTHING || found == FOUND_FOLDER)
        found = try_file(search, search->path.name, "index.htm");
    if (found != FOUND_NOTHING && found != FOUND_FOLDER)
        return found;
    if (!config->listing)
        return FOUND_NOTHING;
    /* Folders are always read in the pool. */
    return search->wait ? try_file(search, search->path.name, "") : FOUND_NOT_CACHED;
}

static enum found find(struct search *search, struct slice path, size_t base)
{
    const struct config_route *route = search->files->route;
    struct slice below = file_path_below(route->path, slice_from(path, base));
    search->fd = -1;
    search->path.folder = false;
    if (search->files->single)
        return try_file(search, search->files->single, "");
    if (below.len == 0 && path.ptr[path.len - 1] != '/') /* "/novnc" of the route "/novnc/..." */
        return FOUND_FOLDER;
    if (below.len >= sizeof(search->asked) ||
        !file_path_decode(below, route->files.hidden, search->asked, &search->path))
        return FOUND_NOTHING;
    enum found found = find_path(search);
    bool falls_back = found == FOUND_NOTHING && route->files.fallback &&
                      file_path_is_page(&search->path) && file_terms_wants_page(search->head);
    if (!falls_back)
        return found;
    found = try_file(search, route->files.fallback + strspn(route->files.fallback, "/"), "");
    return found == FOUND_FOLDER ? FOUND_NOTHING : found;
}

/* ---- the answer ---- */

static void add_field(const struct files *files, struct files_reply *answer,
                      const struct config_header *field)
{
    if (!is_set(files->route, field->name))
        answer->fields[answer->reply.field_count++] = *field;
}

static void answer_file(const struct search *search, struct files_reply *answer)
{
    struct reply *reply = &answer->reply;
    struct file_terms *terms = &answer->terms;
    file_terms_decide(search->head, &search->facts, time(NULL), terms);
    reply->status = terms->status;
    for (size_t i = 0; i < terms->field_count; i++)
        add_field(search->files, answer, &terms->fields[i]);
    if (terms->status != 200 && terms->status != 206) {
        close(search->fd);
        return;
    }
    reply->content_type = search->type;
    reply->body = (struct reply_body){
        .source = REPLY_FILE,
        .fd = search->fd,
        .offset = terms->offset,
        .length = terms->length,
    };
}

static bool answer_redirect(const struct search *search, struct slice path,
                            struct files_reply *answer)
{
    struct slice query = search->head->query;
    size_t capacity = path.len + 3 * query.len +
                      sizeof("./"
                             "/"
                             "?");
    answer->location = malloc(capacity);
    answer->reply.status = 301;
    answer->reply.location = answer->location;
    return answer->location && file_path_location(path, query, answer->location, capacity);
}

static bool answer_listing(const struct search *search, struct files_reply *answer)
{
    static const struct config_header policy = {"Content-Security-Policy", FILE_LISTING_POLICY};
    const struct files *files = search->files;
    size_t length;
    char *page =
        files_listing_read(&files->root, search->path.name, files->route->files.hidden, &length);
    if (!page)
        return false;
    if (!files->route->files.content_security_policy)
        add_field(files, answer, &policy);
    answer->reply.status = 200;
    answer->reply.content_type = mime_of(SLICE(".html"));
    answer->reply.body = reply_owned(page, length);
    return true;
}

static void answer_missing(struct files_reply *answer)
{
    answer->reply.status = 404;
    answer->reply.content_type = mime_of(SLICE(".txt"));
    answer->reply.body = reply_static(SLICE("No such file\n"));
}

static void refuse(struct files_reply *answer, enum reason reason)
{
    answer->reply = reply_refusal(reason);
}

static void make_answer(const struct search *search, enum found found, struct slice path,
                        struct files_reply *answer)
{
    switch (found) {
    case FOUND_FILE:
        answer_file(search, answer);
        return;
    case FOUND_FOLDER:
        if (!(search->path.folder ? answer_listing(search, answer)
                                  : answer_redirect(search, path, answer)))
            refuse(answer, REASON_out_of_memory);
        return;
    case FOUND_NOTHING:
        answer_missing(answer);
        return;
    case FOUND_NOT_CACHED:
    case FOUND_BUSY:
        refuse(answer, REASON_out_of_descriptors);
        return;
    }
}

bool files_reply(const struct files *files, const struct http_head *head, struct slice path,
                 size_t base, bool wait, struct files_reply *answer)
{
    struct search search;
    search.files = files;
    search.head = head;
    search.wait = wait;
    enum found found = find(&search, path, base);
    if (found == FOUND_NOT_CACHED && !wait)
        return false;
    answer->location = NULL;
    answer->reply = (struct reply){.fields = answer->fields, .field_count = files->field_count};
    memcpy(answer->fields, files->fields, files->field_count * sizeof(files->fields[0]));
    make_answer(&search, found, path, answer);
    return true;
}

void files_reply_free(struct files_reply *answer)
{
    free(answer->location);
    answer->location = NULL;
}
