#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/identity.h"
#include "base/proc.h"
#include "base/safe_path.h"
#include "net/socket.h"

struct failure {
    char *text;
    size_t size;
    const struct config_place *place;
};

static bool fail(const struct failure *failure, const char *name, const char *what,
                 const char *remedy)
{
    config_place_format(failure->place, failure->text, failure->size, "cannot listen on %s: %s%s%s",
                        name, what, remedy ? "; " : "", remedy ? remedy : "");
    return false;
}

static const char *remedy_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "stop the program that holds it or choose another port";
    case EADDRNOTAVAIL:
        return "this machine has no such address";
    case EACCES:
        return "choose a port above 1023, or grant CAP_NET_BIND_SERVICE";
    default:
        return NULL;
    }
}

/* ---- TCP ---- */

static int open_tcp(const struct sockaddr *address, socklen_t length, int backlog)
{
    int on = 1, off = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    /* With the unspecified address one socket serves both families. */
    if (address->sa_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    socket_tune_tcp(fd);
    if (bind(fd, address, length) == 0 && listen(fd, backlog) == 0)
        return fd;
    fd_close_keep_errno(fd);
    return -1;
}

static void name_bound(struct listen_socket *listener)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof(bound);
    char text[ADDR_TEXT];
    if (getsockname(listener->fd, (struct sockaddr *)&bound, &length) != 0)
        return;
    if (bound.ss_family == AF_UNIX) {
        const struct sockaddr_un *path = (const struct sockaddr_un *)&bound;
        snprintf(listener->name, sizeof(listener->name), "unix:%s%s", path->sun_path[0] ? "" : "@",
                 path->sun_path + !path->sun_path[0]);
        return;
    }
    struct addr addr = addr_from((const struct sockaddr *)&bound);
    snprintf(listener->name, sizeof(listener->name), "%s", addr_print(&addr, text));
}

/* Every interface: both families on one socket, or IPv4 alone if the kernel has no IPv6. */
static int open_any(uint16_t port, int backlog)
{
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_addr = in6addr_any, .sin6_port = htons(port)};
    int fd = open_tcp((const struct sockaddr *)&v6, sizeof(v6), backlog);
    if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
        return fd;
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY), .sin_port = htons(port)};
    return open_tcp((const struct sockaddr *)&v4, sizeof(v4), backlog);
}

/* The first address that binds, the preferred family first. */
static int open_first(const struct addrinfo *list, int family, int backlog)
{
    for (int pass = 0; pass < 2; pass++)
        for (const struct addrinfo *info = list; info; info = info->ai_next) {
            if ((info->ai_family == family) != (pass == 0))
                continue;
            int fd = open_tcp(info->ai_addr, info->ai_addrlen, backlog);
            if (fd >= 0 || errno == EADDRINUSE || errno == EACCES)
                return fd;
        }
    return -1;
}

static bool listen_tcp(struct listen_socket *listener, const struct config_listener *config,
                       const struct failure *failure)
{
    const struct config_address *address = &config->address;
    if (!address->host) {
        listener->fd = open_any(address->port, (int)config->backlog);
    } else {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
        struct addrinfo *list = NULL;
        char port[8];
        snprintf(port, sizeof(port), "%u", address->port);
        int status = getaddrinfo(address->host, port, &hints, &list);
        if (status != 0)
            return fail(failure, listener->name, gai_strerror(status),
                        "use a number, or a name that this machine resolves");
        listener->fd =
            open_first(list, config->prefer_ipv6 ? AF_INET6 : AF_INET, (int)config->backlog);
        freeaddrinfo(list);
    }
    if (listener->fd < 0)
        return fail(failure, listener->name, strerror(errno), remedy_of(errno));
    name_bound(listener);
    return true;
}

/* ---- Unix sockets ---- */

static const char *folder_remedy(int error)
{
    switch (error) {
    case ENOENT:
        return "make its folder first, or choose another path";
    case EACCES:
        return "let this user write to its folder, or choose another path";
    default:
        return NULL;
    }
}

/* There is a socket file, and nothing listens on it. */
static bool is_refused(const char *path)
{
    struct sockaddr_un address;
    socklen_t length;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool refused = probe >= 0 && addr_unix(&address, &length, path) &&
                   connect(probe, (const struct sockaddr *)&address, length) != 0 &&
                   errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    return refused;
}

/*
 * A socket file without a listener is left over from a crash; one that is yielded belongs to a
 * process that drains. Nothing else is removed.
 */
static bool remove_stale(const char *path, const char *name, const struct failure *failure)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || fail(failure, name, strerror(errno), NULL);
    if (!S_ISSOCK(status.st_mode))
        return fail(failure, name, "the path exists and is not a socket", "choose another path");

    if (!is_refused(path) && !unix_file_is_yielded(path))
        return fail(failure, name, "another program is listening there",
                    "stop it or choose another path");
    return unix_file_unlink(path) || fail(failure, name, safe_path_explain(errno), NULL);
}

static bool bind_unix(struct listen_socket *listener, const struct config_listener *config,
                      const struct sockaddr_un *address, socklen_t length)
{
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* fchmod before bind: the file never has more permissions than configured. */
    if (listener->fd >= 0 && fchmod(listener->fd, (mode_t)config->unix_mode) == 0 &&
        bind(listener->fd, (const struct sockaddr *)address, length) == 0 &&
        listen(listener->fd, (int)config->backlog) == 0)
        return true;
    fd_close_keep_errno(listener->fd);
    listener->fd = -1;
    return false;
}

/* In a folder that others may change, binds through its descriptor: its path may be swapped. */
static bool bind_file(struct listen_socket *listener, const struct config_listener *config)
{
    struct safe_path found;
    struct sockaddr_un address;
    socklen_t length;
    char name[PROC_NAME];
    const char *path = config->address.path;
    if (!safe_path_find(&found, path, false))
        return false;
    path = found.shared ? proc_entry(name, found.folder, found.name) : path;
    errno = ENAMETOOLONG;
    bool bound =
        addr_unix(&address, &length, path) && bind_unix(listener, config, &address, length);
    safe_path_close(&found);
    return bound;
}

/* Mode and owner as configured; with `before`, only what differs from it. */
static bool set_rights(const struct listen_socket *listener, const struct config_listener *config,
                       const struct config_listener *before, char *why, size_t size)
{
    struct unix_file_rights rights = {UNIX_FILE_SAME_MODE, (uid_t)-1, (gid_t)-1};
    gid_t own;
    bool same_owner = before && string_equal(before->unix_owner, config->unix_owner) &&
                      string_equal(before->unix_group, config->unix_group);
    if (!before || before->unix_mode != config->unix_mode)
        rights.mode = (mode_t)config->unix_mode;
    if (!same_owner && config->unix_owner &&
        !identity_user(config->unix_owner, &rights.user, &own, why, size))
        return false;
    if (!same_owner && config->unix_group &&
        !identity_group(config->unix_group, &rights.group, why, size))
        return false;
    if (unix_file_change(&listener->file, &rights))
        return true;
    snprintf(why, size, "cannot change who may connect: %s",
             errno == EPERM ? "another file lies in its place, or this user may not"
                            : safe_path_explain(errno));
    return false;
}

static bool listen_unix(struct listen_socket *listener, const struct config_listener *config,
                        const struct failure *failure)
{
    const char *path = config->address.path;
    bool abstract = path[0] == '@';
    struct sockaddr_un address;
    socklen_t length;
    if (!addr_unix(&address, &length, path))
        return fail(failure, listener->name, "the path does not fit a socket address",
                    "choose one of at most 107 bytes");
    if (!abstract && !remove_stale(path, listener->name, failure))
        return false;

    if (abstract ? !bind_unix(listener, config, &address, length) : !bind_file(listener, config))
        return fail(failure, listener->name, safe_path_explain(errno), folder_remedy(errno));
    char why[LISTEN_NAME];
    if (abstract)
        return true;
    if (!unix_file_own(&listener->file, path, true))
        snprintf(why, sizeof(why), "%s", safe_path_explain(errno));
    else if (set_rights(listener, config, NULL, why, sizeof(why)))
        return true;
    listen_close(listener);
    return fail(failure, listener->name, why, NULL);
}

/* ---- inherited descriptors ---- */

static bool listens(int fd)
{
    int on = 0;
    socklen_t size = sizeof(on);
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on;
}

/* inetd puts the socket on 0, 1 and 2: they would keep it open, and receive output. */
static void clear_standard_descriptors(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (listens(fd))
            (void)dup2(null, fd);
    close(null);
}

static bool take_descriptor(struct listen_socket *listener, const struct config_listener *config,
                            const struct failure *failure)
{
    int fd = config->address.port;
    if (!listens(fd))
        return fail(failure, listener->name, "that descriptor is no listening socket",
                    "start wsluice from a program that passes one, such as inetd with 'wait'");
    listener->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (listener->fd < 0)
        return fail(failure, listener->name, strerror(errno), NULL);
    if (fd <= STDERR_FILENO)
        clear_standard_descriptors();
    else
        close(fd);
    (void)fcntl(listener->fd, F_SETFL, fcntl(listener->fd, F_GETFL) | O_NONBLOCK);
    socket_tune_tcp(listener->fd); /* no effect on a Unix socket */
    name_bound(listener);
    return true;
}

/* ---- open, adopt, close ---- */

bool listen_open(struct listen_socket *listener, const struct config_listener *config, char *error,
                 size_t error_size)
{
    struct failure failure = {error, error_size, &config->place};
    *listener = (struct listen_socket){.fd = -1};
    config_address_print(&config->address, listener->name, sizeof(listener->name));
    switch (config->address.kind) {
    case CONFIG_ADDRESS_TCP:
        return listen_tcp(listener, config, &failure);
    case CONFIG_ADDRESS_UNIX:
        return listen_unix(listener, config, &failure);
    case CONFIG_ADDRESS_FD:
        return take_descriptor(listener, config, &failure);
    }
    return false;
}

bool listen_adopt(struct listen_socket *listener, const struct config_listener *config, int fd,
                  char *error, size_t error_size)
{
    struct failure failure = {error, error_size, &config->place};
    bool is_unix = config->address.kind == CONFIG_ADDRESS_UNIX;
    *listener = (struct listen_socket){.fd = fd};
    config_address_print(&config->address, listener->name, sizeof(listener->name));
    /* The previous owner may have set another backlog. */
    if (listen(fd, (int)config->backlog) != 0) {
        int reason = errno;
        close(fd);
        return fail(&failure, listener->name, strerror(reason), NULL);
    }
    if (is_unix) {
        /* On failure the file is gone or is another one: there is none to remove. */
        if (config->address.path[0] != '@')
            (void)!unix_file_own(&listener->file, config->address.path, false);
    } else {
        socket_tune_tcp(fd);
        name_bound(listener);
    }
    return true;
}

bool listen_renew(struct listen_socket *listener, const struct config_listener *before,
                  const struct config_listener *after, char *error, size_t error_size)
{
    struct failure failure = {error, error_size, &after->place};
    char why[LISTEN_NAME];
    (void)listen(listener->fd, (int)after->backlog);
    /* Only what has changed: without root the rest might fail. */
    return !listener->file.path || set_rights(listener, after, before, why, sizeof(why)) ||
           fail(&failure, listener->name, why, NULL);
}

void listen_disown(struct listen_socket *listener)
{
    unix_file_forget(&listener->file);
}

int listen_accept(const struct listen_socket *listener, struct addr *peer)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    int fd;
    do
        fd = accept4(listener->fd, (struct sockaddr *)&address, &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    if (fd >= 0)
        *peer = addr_from((const struct sockaddr *)&address);
    return fd;
}

/* Without the right to change the file, the path is free when this process has ended. */
void listen_yield(struct listen_socket *listener)
{
    if (listener->file.path)
        (void)!unix_file_yield(&listener->file);
}

void listen_hand_over(struct listen_socket *listener)
{
    close(listener->fd);
    listener->fd = -1;
    if (listener->file.path && is_refused(listener->file.path))
        unix_file_remove(&listener->file);
    unix_file_forget(&listener->file);
}

void listen_close(struct listen_socket *listener)
{
    unix_file_remove(&listener->file);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
    unix_file_forget(&listener->file);
}
