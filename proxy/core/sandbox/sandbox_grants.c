#include "core/sandbox/sandbox_grants.h"

#include "base/proc.h"

static struct sandbox_grant *find(const struct sandbox_grants *grants, const char *path)
{
    for (size_t i = 0; i < grants->count; i++)
        if (strcmp(grants->items[i].path, path) == 0)
            return &grants->items[i];
    return NULL;
}

static struct sandbox_grant *grow(struct sandbox_grants *grants)
{
    if ((grants->count & (grants->count - 1)) != 0)
        return &grants->items[grants->count];
    size_t room = grants->count ? 2 * grants->count : 1;
    struct sandbox_grant *more = realloc(grants->items, room * sizeof(*more));
    if (!more)
        return NULL;
    grants->items = more;
    return &more[grants->count];
}

void sandbox_grants_add(struct sandbox_grants *grants, const struct sandbox_grant *grant)
{
    struct sandbox_grant *item = find(grants, grant->path);
    if (item) {
        item->rights |= grant->rights;
        return;
    }
    item = grow(grants);
    char *path = item ? strdup(grant->path) : NULL;
    if (!path) {
        grants->failed = true;
        return;
    }
    *item = *grant;
    item->path = path;
    grants->count++;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 &&
           (path[length] == '\0' || path[length] == '/' || length == 1);
}

bool sandbox_grants_cover(const struct sandbox_grants *grants, const struct sandbox_grant *wanted)
{
    unsigned lacking = wanted->rights;
    for (size_t i = 0; i < grants->count && lacking != 0; i++) {
        const struct sandbox_grant *item = &grants->items[i];
        bool same = strcmp(item->path, wanted->path) == 0;
        bool replaced = item->device != wanted->device || item->inode != wanted->inode;
        if (item->is_file || same ? same && !replaced : is_below(wanted->path, item->path))
            lacking &= ~item->rights;
    }
    return lacking == 0;
}

void sandbox_grants_free(struct sandbox_grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        free(grants->items[i].path);
    free(grants->items);
    *grants = (struct sandbox_grants){0};
}

bool sandbox_grants_is_wide(const char *folder, const char *home)
{
    static const char *const wide[] = {
        "/",    "/boot", "/dev",     "/etc",     "/home",    "/lib",     "/lib64", "/media",
        "/mnt", "/opt",  PROC_ROOT,  "/root",    "/run",     "/srv",     "/sys",   "/tmp",
        "/usr", "/var",  "/var/lib", "/var/log", "/var/run", "/var/tmp",
    };
    static const char homes[] = "/home/";
    for (size_t i = 0; i < WSL_COUNT(wide); i++)
        if (strcmp(folder, wide[i]) == 0)
            return true;
    if (home && strcmp(folder, home) == 0)
        return true;
    return strncmp(folder, homes, sizeof(homes) - 1) == 0 &&
           !strchr(folder + sizeof(homes) - 1, '/');
}
