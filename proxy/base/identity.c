#include "base/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "base/ascii.h"

/* For the texts of one entry; a group's entry lists all members. */
#define TEXTS_MAX ((size_t)64 * 1024)

static bool number(const char *text, unsigned *id)
{
    uint64_t value;
    if (!ascii_decimal(slice_of(text), UINT32_MAX - 1, &value))
        return false;
    *id = (unsigned)value;
    return true;
}

static bool unknown(const char *kind, const char *name, char *error, size_t error_size)
{
    snprintf(error, error_size, "no %s '%s' on this machine: %s", kind, name,
             errno ? strerror(errno) : "create it or name another");
    return false;
}

bool identity_user(const char *name, uid_t *uid, gid_t *gid, char *error, size_t error_size)
{
    unsigned id;
    bool numeric = number(name, &id);
    struct passwd entry, *found = NULL;
    char texts[TEXTS_MAX];
    errno = numeric ? getpwuid_r(id, &entry, texts, sizeof(texts), &found)
                    : getpwnam_r(name, &entry, texts, sizeof(texts), &found);
    if (!found)
        return unknown("user", name, error, error_size);
    *uid = entry.pw_uid;
    *gid = entry.pw_gid;
    return true;
}

bool identity_group(const char *name, gid_t *gid, char *error, size_t error_size)
{
    unsigned id;
    if (number(name, &id)) {
        *gid = id;
        return true;
    }
    struct group entry, *found = NULL;
    char texts[TEXTS_MAX];
    errno = getgrnam_r(name, &entry, texts, sizeof(texts), &found);
    if (!found)
        return unknown("group", name, error, error_size);
    *gid = entry.gr_gid;
    return true;
}

void identity_name(uid_t uid, char *name, size_t size)
{
    struct passwd entry, *found = NULL;
    char texts[TEXTS_MAX];
    bool known = getpwuid_r(uid, &entry, texts, sizeof(texts), &found) == 0 && found;
    if (!known || (size_t)snprintf(name, size, "%s", entry.pw_name) >= size)
        name[0] = '\0';
}
