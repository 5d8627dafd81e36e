#include "run/command/rebind.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "rebind/shim.h"

#define ADDITIONS 4 /* variables that a command may get */

extern char **environ;

static const char shim_name[] = "wsluice-rebind.so";

/* ---- the port ---- */

/* With SO_REUSEADDR the command can bind the same port: only one of the two sockets listens. */
static int bind_free_port(int family, const struct sockaddr *any, socklen_t length)
{
    const int on = 1, off = 0;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, any, length) == 0)
        return fd;
    close(fd);
    return -1;
}

bool rebind_reserve(struct rebind *rebind)
{
    const struct sockaddr_in6 any_v6 = {.sin6_family = AF_INET6};
    const struct sockaddr_in any_v4 = {.sin_family = AF_INET};
    struct sockaddr_storage bound;
    socklen_t length = sizeof(bound);
    struct sockaddr_in6 v6;
    int fd = bind_free_port(AF_INET6, (const struct sockaddr *)&any_v6, sizeof(any_v6));
    if (fd < 0)
        fd = bind_free_port(AF_INET, (const struct sockaddr *)&any_v4, sizeof(any_v4));
    if (fd < 0)
        return false;
    if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0) {
        close(fd);
        return false;
    }
    memcpy(&v6, &bound, sizeof(v6)); /* the port is in the same place for both families */
    rebind->fd = fd;
    rebind->to = ntohs(v6.sin6_port);
    return true;
}

void rebind_release(struct rebind *rebind)
{
    if (rebind->to != 0)
        close(rebind->fd);
    *rebind = (struct rebind){.fd = -1};
}

/* ---- the shim ---- */

/* In the program's folder when built, in ../lib/wsluice when installed. */
static bool find_shim(char *path, size_t size)
{
    static const char *const folders[] = {"", "../lib/wsluice/"};
    char program[PATH_MAX];
    const char *named = getenv("WSLUICE_REBIND");
    if (named && *named != '\0')
        return (size_t)snprintf(path, size, "%s", named) < size && access(path, R_OK) == 0;
    if (!proc_program(program, sizeof(program)))
        return false;
    char *slash = strrchr(program, '/');
    if (slash)
        slash[1] = '\0';
    for (size_t i = 0; i < WSL_COUNT(folders); i++)
        if ((size_t)snprintf(path, size, "%s%s%s", program, folders[i], shim_name) < size &&
            access(path, R_OK) == 0)
            return true;
    return false;
}

/* ---- the environment ---- */

/* Variables of service managers and of upgrades are for this process alone. */
static bool is_private(const char *variable)
{
    static const char *const names[] = {
        "NOTIFY_SOCKET", "WATCHDOG_PID",   "WATCHDOG_USEC",   "LISTEN_FDS",
        "LISTEN_PID",    "LISTEN_FDNAMES", "WSLUICE_FDS",     "WSLUICE_READY_FD",
        SHIM_FROM,       SHIM_TO,          "UV_USE_IO_URING",
    };
    size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        if (strlen(names[i]) == length && memcmp(names[i], variable, length) == 0)
            return true;
    return false;
}

static char *number(const char *name, unsigned value)
{
    char *text;
    return asprintf(&text, "%s=%u", name, value) < 0 ? NULL : text;
}

/* In front of libraries that LD_PRELOAD names already. */
static char *preload(const char *shim)
{
    char *text;
    const char *others = getenv("LD_PRELOAD");
    bool alone = !others || *others == '\0';
    return asprintf(&text, "LD_PRELOAD=%s%s%s", shim, alone ? "" : ":", alone ? "" : others) < 0
               ? NULL
               : text;
}

static size_t add(char **environment, const struct rebind *rebind, const char *shim)
{
    size_t used = 0;
    environment[used++] = number("WSLUICE_COMMAND_PORT", rebind->to);
    environment[used++] = number(SHIM_FROM, rebind->from);
    environment[used++] = number(SHIM_TO, rebind->to);
    environment[used++] = preload(shim);
    return used;
}

static bool need_shim(char *shim, size_t size, char *error, size_t error_size)
{
    const char *problem = NULL;
    if (!find_shim(shim, size))
        problem = "cannot be found; WSLUICE_REBIND may name it";
    else if (strpbrk(shim, " :"))
        problem = "must not lie in a folder whose name has a space or colon (see ld.so(8))";
    if (problem)
        snprintf(error, error_size, "%s, which leads the command to another port, %s", shim_name,
                 problem);
    return !problem;
}

static char **make_environment(const struct rebind *rebind, const char *shim)
{
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **environment = calloc(count + ADDITIONS + 1, sizeof(*environment));
    if (!environment)
        return NULL;
    if (rebind->to != 0)
        used = add(environment, rebind, shim);
    for (size_t i = 0; i < used; i++)
        if (!environment[i])
            goto no_memory;
    for (size_t i = 0; i < count; i++) {
        if (is_private(environ[i]) ||
            (rebind->to != 0 && strncmp(environ[i], "LD_PRELOAD=", 11) == 0))
            continue;
        environment[used] = strdup(environ[i]);
        if (!environment[used++])
            goto no_memory;
    }
    return environment;
no_memory:
    rebind_free_environment(environment);
    return NULL;
}

char **rebind_environment(const struct rebind *rebind, char *error, size_t error_size)
{
    char shim[PATH_MAX + sizeof(shim_name) + 32] = "";
    if (rebind->to != 0 && !need_shim(shim, sizeof(shim), error, error_size))
        return NULL;
    char **environment = make_environment(rebind, shim);
    if (!environment)
        snprintf(error, error_size, "out of memory");
    return environment;
}

void rebind_free_environment(char **environment)
{
    for (size_t i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}
