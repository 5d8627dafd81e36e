/*
 * A file path that is decoded from the normal form of a URI path stays inside the root, and a
 * Location for it begins at the request's own folder.
 *
 * Input: a byte for the route and hidden files, then the path.
 */
#include "codec/http/uri.h"
#include "core/files/file_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const struct file_path *path, bool hidden)
{
    wsl_assert(strlen(path->name) == path->length && path->name[0] != '/');
    wsl_assert(path->folder == (path->length == 0 || path->name[path->length - 1] == '/'));
    for (const char *part = path->name; *part;) {
        size_t length = strcspn(part, "/");
        wsl_assert(length > 0 && !(length == 1 && part[0] == '.') &&
                   !(length == 2 && part[0] == '.' && part[1] == '.'));
        wsl_assert(hidden || part[0] != '.');
        for (size_t i = 0; i < length; i++)
            wsl_assert((uint8_t)part[i] >= ' ' && part[i] != 0x7F && part[i] != '\\');
        part += length + (part[length] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const routes[] = {"/*", "/novnc/*", "/desk/{name}/*", "/page"};
    if (size == 0 || size > 4096)
        return 0;
    bool hidden = data[0] & 1;
    const char *route = routes[data[0] >> 1 & 3];
    struct slice raw = {(const char *)data + 1, size - 1}, normal;
    char *room = malloc(URI_NORMAL_MAX(size)), *name = malloc(URI_NORMAL_MAX(size) + 1);
    size_t capacity = 9 * size + 16;
    char *location = malloc(capacity);
    wsl_assert(room && name && location);
    struct file_path path;
    if (uri_normalise(raw, room, &normal) == REASON_none) {
        struct slice below = file_path_below(route, normal);
        wsl_assert(below.ptr >= normal.ptr && below.ptr + below.len == normal.ptr + normal.len);
        if (file_path_decode(below, hidden, name, &path)) {
            check_name(&path, hidden);
            (void)file_path_is_page(&path);
        }
        wsl_assert(file_path_location(normal, (struct slice){0}, location, capacity));
        wsl_assert(strncmp(location, "./", 2) == 0 && !strpbrk(location + 2, "\r\n \\"));
    }
    /* The raw path can hold bytes that no normal form has. */
    if (file_path_decode(raw, hidden, name, &path))
        wsl_assert(!strstr(path.name, "//") && strncmp(path.name, "../", 3) != 0);
    free(room);
    free(name);
    free(location);
    return 0;
}
