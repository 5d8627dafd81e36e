#include "run/sandbox/sandbox_paths.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 1000 /* of a folder's entries that are looked at */

/* ---- one path ---- */

static void grant(struct sandbox_grants *grants, char *path, unsigned rights)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return;
    sandbox_grants_add(grants, &(struct sandbox_grant){path, rights, !S_ISDIR(info.st_mode),
                                                       info.st_dev, info.st_ino});
}

/* The folder of an absolute path; of "/", itself. */
static void cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path ? 1 : 0] = '\0';
}

/* Resolves the folder, or the nearest one above it that exists. */
static bool resolve_folder(const char *path, char folder[static PATH_MAX])
{
    char rest[PATH_MAX];
    if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest) || rest[0] != '/')
        return false;
    while (!realpath(rest, folder)) {
        if (strcmp(rest, "/") == 0)
            return false;
        cut_name(rest);
    }
    return true;
}

static bool is_wide(const char *folder)
{
    return sandbox_grants_is_wide(folder, getenv("HOME"));
}

static bool is_of_devices(const char *folder)
{
    return strcmp(folder, "/dev") == 0 || strncmp(folder, "/dev/", 5) == 0;
}

/* The folder in which a new file is made. `follows`: a link at its name leads to another one. */
static void grant_making(struct sandbox_grants *grants, const char *path, unsigned rights,
                         bool follows)
{
    char named[PATH_MAX], folder[PATH_MAX], file[PATH_MAX];
    if (snprintf(named, sizeof(named), "%s", path) >= (int)sizeof(named))
        return;
    if (follows && realpath(path, file)) { /* a device as /dev/stderr, or the target of a link */
        grant(grants, file, rights & (SANDBOX_READ | SANDBOX_WRITE | SANDBOX_TRUNCATE));
        cut_name(file);
        if (strcmp(file, "/") != 0 && !is_of_devices(file))
            grant(grants, file, rights);
    }
    cut_name(named);
    if (resolve_folder(named, folder) && strcmp(folder, "/") != 0 && strcmp(folder, "/dev") != 0)
        grant(grants, folder, rights);
}

static void grant_folder_of(struct sandbox_grants *grants, const char *path, unsigned rights)
{
    char named[PATH_MAX], folder[PATH_MAX];
    if (snprintf(named, sizeof(named), "%s", path) >= (int)sizeof(named))
        return;
    cut_name(named);
    if (resolve_folder(named, folder) && !is_wide(folder))
        grant(grants, folder, rights);
}

/* Links in a folder of tokens lead to files elsewhere. */
static void grant_links_in(struct sandbox_grants *grants, const char *folder)
{
    char path[PATH_MAX], file[PATH_MAX];
    int looked = 0;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && looked < LINKS_MAX && (entry = readdir(stream));
         looked++) {
        if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) < (int)sizeof(path) &&
            entry->d_name[0] != '.' && realpath(path, file)) {
            grant(grants, file, SANDBOX_READ);
            grant_folder_of(grants, file, SANDBOX_READ);
        }
    }
    if (stream)
        closedir(stream);
}

static bool is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

static void grant_reading(struct sandbox_grants *grants, const char *path, bool only_within)
{
    char real[PATH_MAX];
    struct stat info;
    bool there = realpath(path, real) != NULL;
    bool folder = there && stat(real, &info) == 0 && S_ISDIR(info.st_mode);
    if (there)
        grant(grants, real, SANDBOX_READ);
    /* A folder is replaced by a link to another one, beside it as a rule. */
    bool replaced = !folder || is_link(path);
    if (replaced)
        grant_folder_of(grants, path, SANDBOX_READ);
    if (replaced && there)
        grant_folder_of(grants, real, SANDBOX_READ);
    if (folder && !only_within)
        grant_links_in(grants, real);
}

/* The command line's paths are relative to the folder that this process is in. */
static bool make_absolute(const char *path, char absolute[static PATH_MAX])
{
    char folder[PATH_MAX];
    if (path[0] == '/')
        return snprintf(absolute, PATH_MAX, "%s", path) < PATH_MAX;
    return getcwd(folder, sizeof(folder)) &&
           snprintf(absolute, PATH_MAX, "%s/%s", folder, path) < PATH_MAX;
}

void sandbox_paths_add_file(struct sandbox_grants *grants, const struct sandbox_file *file)
{
    char path[PATH_MAX];
    if (!make_absolute(file->path, path))
        return;
    switch (file->use) {
    case OPTIONS_READS:
        grant_reading(grants, path, file->only_within);
        return;
    case OPTIONS_APPENDS:
        grant_making(grants, path, SANDBOX_WRITE | SANDBOX_MAKE_FILE, true);
        return;
    case OPTIONS_REPLACES:
        grant_making(grants, path,
                     SANDBOX_READ | SANDBOX_WRITE | SANDBOX_TRUNCATE | SANDBOX_MAKE_FILE |
                         SANDBOX_REMOVE,
                     false);
        return;
    case OPTIONS_BINDS:
        grant_making(grants, path, SANDBOX_MAKE_SOCKET | SANDBOX_REMOVE, false);
        return;
    case OPTIONS_CREATES:
        grant_making(grants, path, SANDBOX_WRITE | SANDBOX_MAKE_FILE, false);
        return;
    }
}

bool sandbox_paths_is_alone(const struct sandbox_grants *grants, const struct sandbox_file *file)
{
    char path[PATH_MAX], real[PATH_MAX];
    struct stat info;
    if (file->use != OPTIONS_READS || !make_absolute(file->path, path) || !realpath(path, real) ||
        stat(real, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    cut_name(real);
    if (stat(real, &info) != 0)
        return false;
    const struct sandbox_grant folder = {real, SANDBOX_READ, false, info.st_dev, info.st_ino};
    return !sandbox_grants_cover(grants, &folder);
}

/* ---- the system's ---- */

static void grant_path(struct sandbox_grants *grants, const char *path, unsigned rights)
{
    char real[PATH_MAX];
    if (path && path[0] == '/' && realpath(path, real))
        grant(grants, real, rights);
}

/* Replaced while the process runs: a new /etc/resolv.conf, above all. */
static void grant_etc(struct sandbox_grants *grants)
{
    static const char *const files[] = {
        "/etc/resolv.conf",     "/etc/hosts",           "/etc/nsswitch.conf",
        "/etc/host.conf",       "/etc/gai.conf",        "/etc/services",
        "/etc/protocols",       "/etc/passwd",          "/etc/group",
        "/etc/localtime",       "/etc/ld.so.cache",     "/etc/ssl/certs",
        "/etc/ssl/cert.pem",    "/etc/ssl/openssl.cnf", "/etc/pki",
        "/etc/ca-certificates", "/etc/crypto-policies",
    };
    /* What other users may read there is no secret, and the rest the kernel keeps from this user.
     */
    if (geteuid() != 0)
        grant_path(grants, "/etc", SANDBOX_READ);
    for (size_t i = 0; i < WSL_COUNT(files); i++)
        grant_path(grants, files[i], SANDBOX_READ);
    grant_reading(grants, "/etc/resolv.conf", true); /* the folder that it is a link into */
}

static void grant_system(struct sandbox_grants *grants, bool command)
{
    static const char *const folders[] = {
        "/usr",
        "/lib",
        "/lib32",
        "/lib64",
        "/nix/store",
        "/gnu/store",
        "/run/systemd/resolve",
        "/run/NetworkManager",
        "/run/resolvconf",
        "/var/lib/sss",
        "/proc/self",
        "/proc/sys/vm/overcommit_memory",
        "/sys/devices/system/cpu",
    };
    static const char *const variables[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF",
                                            "OPENSSL_MODULES"};
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"};
    for (size_t i = 0; i < WSL_COUNT(folders); i++)
        grant_path(grants, folders[i], SANDBOX_READ);
    for (size_t i = 0; i < WSL_COUNT(variables); i++)
        grant_path(grants, getenv(variables[i]), SANDBOX_READ);
    for (size_t i = 0; i < WSL_COUNT(devices); i++)
        grant_path(grants, devices[i], SANDBOX_READ | SANDBOX_WRITE);
    if (command) /* which users its children run as */
        grant_path(grants, "/proc", SANDBOX_READ);
    grant_etc(grants);
}

void sandbox_paths_add(struct sandbox_grants *grants, const struct sandbox_plan *plan)
{
    for (size_t i = 0; i < plan->file_count; i++)
        sandbox_paths_add_file(grants, &plan->files[i]);
    grant_system(grants, plan->command);
}
