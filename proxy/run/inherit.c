#include "run/inherit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/addr.h"

#define FIRST_ACTIVATED 3 /* sd_listen_fds(3) */

static bool is_listening(int fd)
{
    int on = 0;
    socklen_t size = sizeof(on);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

static void add(struct inherit *inherit, int fd, const char *name, size_t length)
{
    if (inherit->count == INHERIT_MAX || !is_listening(fd))
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    inherit->sockets[inherit->count].fd = fd;
    snprintf(inherit->sockets[inherit->count].name, INHERIT_NAME, "%.*s", (int)length, name);
    inherit->count++;
}

static void from_systemd(struct inherit *inherit)
{
    const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    const char *names = getenv("LISTEN_FDNAMES");
    if (!count || !pid || strtol(pid, NULL, 10) != getpid())
        return;
    long total = strtol(count, NULL, 10);
    for (long i = 0; i < total && i < INHERIT_MAX; i++) {
        size_t length = names ? strcspn(names, ":") : 0;
        add(inherit, FIRST_ACTIVATED + (int)i, names ? names : "", length);
        if (names)
            names += length + (names[length] == ':');
    }
}

/* "FD NAME" lines. */
static void from_predecessor(struct inherit *inherit)
{
    const char *line = getenv("WSLUICE_FDS");
    while (line && *line) {
        char *name;
        long fd = strtol(line, &name, 10);
        size_t length = strcspn(line, "\n");
        if (*name == ' ' && fd >= 0)
            add(inherit, (int)fd, name + 1, length - (size_t)(name + 1 - line));
        line += length + (line[length] == '\n');
    }
    const char *ready = getenv("WSLUICE_READY_FD");
    if (ready) {
        inherit->ready_fd = (int)strtol(ready, NULL, 10);
        (void)fcntl(inherit->ready_fd, F_SETFD, FD_CLOEXEC);
    }
}

void inherit_open(struct inherit *inherit)
{
    inherit->count = 0;
    inherit->ready_fd = -1;
    from_systemd(inherit);
    from_predecessor(inherit);
    static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
                                            "WSLUICE_FDS", "WSLUICE_READY_FD"};
    for (size_t i = 0; i < WSL_COUNT(variables); i++)
        unsetenv(variables[i]);
}

static bool bound_to_path(const struct sockaddr_un *bound, socklen_t length, const char *path)
{
    struct sockaddr_un wanted;
    socklen_t wanted_length;
    size_t head = offsetof(struct sockaddr_un, sun_path);
    if (!addr_unix(&wanted, &wanted_length, path))
        return false;
    if (path[0] != '@')
        return length > head && strcmp(bound->sun_path, path) == 0;
    return length == wanted_length && memcmp(bound->sun_path, wanted.sun_path, length - head) == 0;
}

static bool bound_to(int fd, const struct config_address *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_un path;
        struct sockaddr_storage room;
    } bound;
    socklen_t length = sizeof(bound);
    if (getsockname(fd, &bound.any, &length) != 0)
        return false;
    if (address->kind == CONFIG_ADDRESS_UNIX)
        return bound.any.sa_family == AF_UNIX && bound_to_path(&bound.path, length, address->path);
    if (bound.any.sa_family == AF_UNIX)
        return false;

    struct addr have = addr_from(&bound.any), want;
    char a[ADDR_TEXT], b[ADDR_TEXT];
    addr_print(&have, a);
    if (address->host)
        return addr_parse(&want, address->host, address->port) &&
               strcmp(a, addr_print(&want, b)) == 0;
    char any6[ADDR_TEXT], any4[ADDR_TEXT];
    snprintf(any6, sizeof(any6), "[::]:%u", address->port);
    snprintf(any4, sizeof(any4), "0.0.0.0:%u", address->port);
    return strcmp(a, any6) == 0 || strcmp(a, any4) == 0;
}

int inherit_claim(struct inherit *inherit, const struct config_listener *listener)
{
    char written[INHERIT_NAME];
    addr_print_config(&listener->address, written, sizeof(written));
    for (size_t i = 0; i < inherit->count; i++) {
        int fd = inherit->sockets[i].fd;
        const char *name = inherit->sockets[i].name;
        bool named =
            (listener->name && strcmp(name, listener->name) == 0) || strcmp(name, written) == 0;
        if (fd < 0 || !(named || bound_to(fd, &listener->address)))
            continue;
        inherit->sockets[i].fd = -1;
        return fd;
    }
    return -1;
}

size_t inherit_close(struct inherit *inherit)
{
    size_t closed = 0;
    for (size_t i = 0; i < inherit->count; i++) {
        if (inherit->sockets[i].fd < 0)
            continue;
        close(inherit->sockets[i].fd);
        closed++;
    }
    inherit->count = 0;
    return closed;
}

char *inherit_describe(const int *fds, const char *const *names, size_t count)
{
    static const char variable[] = "WSLUICE_FDS=";
    size_t size = sizeof(variable), used = sizeof(variable) - 1;
    for (size_t i = 0; i < count; i++)
        size += strlen(names[i]) + 16;
    char *text = malloc(size);
    if (!text)
        return NULL;
    memcpy(text, variable, sizeof(variable));
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%d %s\n", fds[i], names[i]);
    return text;
}
