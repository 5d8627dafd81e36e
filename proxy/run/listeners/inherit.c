#include "run/listeners/inherit.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/addr.h"

#define FIRST_ACTIVATED 3 /* sd_listen_fds(3) */
#define MOST_ACTIVATED  65536

#define TOLD_MAX 4000 /* of an error, for a predecessor */

#define OWN  "own"
#define LENT "lent"

/* The pipe that a variable names; -1: none. Its value may be anybody's, and name any descriptor. */
static int pipe_of(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t fd;
    struct stat status;
    if (!text || !ascii_decimal(slice_of(text), INT_MAX, &fd) || fd <= STDERR_FILENO ||
        fstat((int)fd, &status) != 0 || !S_ISFIFO(status.st_mode))
        return -1;
    return (int)fd;
}

bool inherit_is_successor(void)
{
    return pipe_of(INHERIT_READY) >= 0;
}

int inherit_error_fd(void)
{
    int fd = pipe_of(INHERIT_ERROR);
    unsetenv(INHERIT_ERROR);
    if (fd < 0)
        return -1;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK);
    return fd;
}

void inherit_tell(int error_fd, const char *text)
{
    if (error_fd >= 0)
        (void)!write(error_fd, text, strnlen(text, TOLD_MAX));
}

/* A descriptor that is no listening socket fits no listener, and is closed with the others. */
static void add(struct inherit *inherit, int fd, bool lent, const char *name, size_t length)
{
    int flags = fcntl(fd, F_GETFL);
    struct inherit_socket *sockets = NULL;
    if (flags >= 0)
        sockets = reallocarray(inherit->sockets, inherit->count + 1, sizeof(*sockets));
    if (!sockets)
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    inherit->sockets = sockets;
    struct inherit_socket *socket = &sockets[inherit->count++];
    *socket = (struct inherit_socket){.fd = fd, .lent = lent};
    snprintf(socket->name, INHERIT_NAME, "%.*s", (int)length, name);
}

static void from_systemd(struct inherit *inherit)
{
    const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    const char *names = getenv("LISTEN_FDNAMES");
    if (!count || !pid || strtol(pid, NULL, 10) != getpid())
        return;
    long total = strtol(count, NULL, 10);
    for (long i = 0; i < total && i < MOST_ACTIVATED; i++) {
        size_t length = names ? strcspn(names, ":") : 0;
        add(inherit, FIRST_ACTIVATED + (int)i, true, names ? names : "", length);
        if (names)
            names += length + (names[length] == ':');
    }
}

static void add_line(struct inherit *inherit, const char *line, const char *end)
{
    char *owner;
    long fd = strtol(line, &owner, 10);
    /* strtol skips white space, also line ends. */
    if (*line < '0' || *line > '9' || *owner != ' ' || fd <= STDERR_FILENO || fd > INT_MAX)
        return;
    owner++;
    const char *name = memchr(owner, ' ', (size_t)(end - owner));
    if (!name)
        return;
    bool lent = slice_equal((struct slice){owner, (size_t)(name - owner)}, SLICE(LENT));
    name++;
    add(inherit, (int)fd, lent, name, (size_t)(end - name));
}

/* Lines of "FD OWNER NAME", where OWNER is "own" or "lent". */
static void from_predecessor(struct inherit *inherit)
{
    const char *line = getenv(INHERIT_SOCKETS);
    while (line && *line) {
        size_t length = strcspn(line, "\n");
        add_line(inherit, line, line + length);
        line += length + (line[length] == '\n');
    }
    inherit->ready_fd = pipe_of(INHERIT_READY);
    if (inherit->ready_fd >= 0)
        (void)fcntl(inherit->ready_fd, F_SETFD, FD_CLOEXEC);
}

void inherit_open(struct inherit *inherit)
{
    *inherit = (struct inherit){.ready_fd = -1};
    from_systemd(inherit);
    from_predecessor(inherit);
    static const char *const variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
                                            INHERIT_SOCKETS, INHERIT_READY};
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

bool inherit_fits(int fd, const struct config_address *address)
{
    union {
        struct sockaddr any;
        struct sockaddr_un path;
        struct sockaddr_storage room;
    } bound = {.room = {0}};
    socklen_t length = sizeof(bound);
    if (address->kind == CONFIG_ADDRESS_FD || getsockname(fd, &bound.any, &length) != 0)
        return false;
    if (address->kind == CONFIG_ADDRESS_UNIX)
        return bound.any.sa_family == AF_UNIX && bound_to_path(&bound.path, length, address->path);
    if (bound.any.sa_family == AF_UNIX)
        return false;

    struct addr have = addr_from(&bound.any);
    char a[ADDR_TEXT];
    addr_print(&have, a);
    if (address->host) {
        struct addr want;
        char b[ADDR_TEXT];
        return addr_parse(&want, address->host, address->port) &&
               strcmp(a, addr_print(&want, b)) == 0;
    }
    char any6[ADDR_TEXT], any4[ADDR_TEXT];
    snprintf(any6, sizeof(any6), "[::]:%u", address->port);
    snprintf(any4, sizeof(any4), "0.0.0.0:%u", address->port);
    return strcmp(a, any6) == 0 || strcmp(a, any4) == 0;
}

/* systemd may give the name to a wrong socket: checks that it listens, and its family. */
static bool can_serve(int fd, const struct config_address *address)
{
    int listens = 0, family = 0;
    socklen_t size = sizeof(listens);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || !listens ||
        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
        return false;
    return address->kind == CONFIG_ADDRESS_FD ||
           (family == AF_UNIX) == (address->kind == CONFIG_ADDRESS_UNIX);
}

bool inherit_claim(struct inherit *inherit, const struct config_listener *listener,
                   struct inherit_socket *claimed)
{
    char written[INHERIT_NAME];
    config_address_print(&listener->address, written, sizeof(written));
    for (size_t i = 0; i < inherit->count; i++) {
        struct inherit_socket *socket = &inherit->sockets[i];
        bool named = (listener->name && strcmp(socket->name, listener->name) == 0) ||
                     strcmp(socket->name, written) == 0;
        if (socket->fd < 0 || !can_serve(socket->fd, &listener->address) ||
            !(named || inherit_fits(socket->fd, &listener->address)))
            continue;
        *claimed = *socket;
        socket->fd = -1;
        return true;
    }
    return false;
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
    free(inherit->sockets);
    inherit->sockets = NULL;
    inherit->count = 0;
    return closed;
}

char *inherit_describe(const struct inherit_socket *sockets, size_t count)
{
    static const char variable[] = INHERIT_SOCKETS "=";
    size_t size = sizeof(variable) + count * (INHERIT_NAME + 24), used = sizeof(variable) - 1;
    char *text = malloc(size);
    if (!text)
        return NULL;
    memcpy(text, variable, sizeof(variable));
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%d %s %s\n", sockets[i].fd,
                                 sockets[i].lent ? LENT : OWN, sockets[i].name);
    return text;
}
