#include "serve/files/files_listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/files/file_listing.h"

#define ENTRIES_MAX 2000 /* about 256 KiB of HTML, which a stalled session may keep in memory */

struct reading {
    const struct files_root *root;
    const char *folder;
    bool hidden;
    int fd;
    size_t capacity;
    char title[PATH_MAX + 1];
    struct file_listing listing;
};

/* Follows a link as a request would. */
static int stat_link(const struct reading *reading, const char *name, struct stat *stat)
{
    char whole[PATH_MAX];
    int length = snprintf(whole, sizeof(whole), "%s%s", reading->folder, name);
    if (length < 0 || (size_t)length >= sizeof(whole))
        return -1;
    int fd = files_root_open_file(reading->root, whole, true);
    if (fd < 0)
        return -1;
    int result = fstat(fd, stat);
    close(fd);
    return result;
}

/* Lists only names that a request can get. */
static bool is_served(const struct reading *reading, const char *name, struct stat *stat)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || (!reading->hidden && name[0] == '.'))
        return false;
    if (fstatat(reading->fd, name, stat, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (S_ISLNK(stat->st_mode) && stat_link(reading, name, stat) != 0)
        return false;
    return S_ISREG(stat->st_mode) || S_ISDIR(stat->st_mode);
}

static bool add(struct reading *reading, const char *name, const struct stat *stat)
{
    struct file_listing *listing = &reading->listing;
    if (listing->count == reading->capacity) {
        size_t capacity = reading->capacity ? 2 * reading->capacity : 64;
        void *grown = realloc(listing->entries, capacity * sizeof(*listing->entries));
        if (!grown)
            return false;
        listing->entries = grown;
        reading->capacity = capacity;
    }
    char *copy = slice_copy(slice_of(name));
    if (!copy)
        return false;
    listing->entries[listing->count++] = (struct file_listing_entry){
        .name = copy,
        .folder = S_ISDIR(stat->st_mode),
        .size = (uint64_t)stat->st_size,
        .modified = stat->st_mtime,
    };
    return true;
}

static bool read_all(struct reading *reading, DIR *stream)
{
    struct dirent *entry;
    struct stat stat;
    while ((entry = readdir(stream))) {
        if (!is_served(reading, entry->d_name, &stat))
            continue;
        if (reading->listing.count == ENTRIES_MAX) {
            reading->listing.cut = true;
            return true;
        }
        if (!add(reading, entry->d_name, &stat))
            return false;
    }
    return true;
}

static char *make_page(struct reading *reading, size_t *length)
{
    snprintf(reading->title, sizeof(reading->title), "/%s", reading->folder);
    reading->listing.title = slice_of(reading->title);
    reading->listing.has_parent = reading->folder[0] != '\0';
    return file_listing_page(&reading->listing, length);
}

char *files_listing_read(const struct files_root *root, const char *folder, bool hidden,
                         size_t *length)
{
    char *page = NULL;
    struct reading reading = {.root = root, .folder = folder, .hidden = hidden};
    reading.fd = files_root_open_file(root, folder, true);
    if (reading.fd < 0)
        return NULL;
    DIR *stream = fdopendir(reading.fd);
    if (!stream) {
        close(reading.fd);
        return NULL;
    }
    if (read_all(&reading, stream))
        page = make_page(&reading, length);
    closedir(stream);
    for (size_t i = 0; i < reading.listing.count; i++)
        free(reading.listing.entries[i].name);
    free(reading.listing.entries);
    return page;
}
