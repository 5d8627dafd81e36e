/*
 * Preloaded into the command (LD_PRELOAD). When the command binds a TCP socket to the port where
 * wsluice itself listens, the socket gets another port of this machine's loopback instead.
 *
 *      0.0.0.0, or any IPv4 address            127.0.0.1
 *      ::, open to IPv4 as well                ::ffff:127.0.0.1, which is the same
 *      any other IPv6 address                  ::1
 *
 * So two binds that conflict on the old port conflict on the new one, and two that do not still do
 * not. All other binds are unchanged; errno is bind's own.
 *
 * The file-scope variables are written once, before main: a shared object has no other place.
 */
#include "rebind/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef int bind_fn(int fd, const struct sockaddr *address, socklen_t length);

static bind_fn *next_bind;
static in_port_t from, to; /* network byte order; 0: no bind is moved */

/* ISO C cannot convert the object pointer of dlsym to a function pointer. */
static bind_fn *find_next(void)
{
    void *found = dlsym(RTLD_NEXT, "bind");
    bind_fn *function = NULL;
    memcpy(&function, &found, sizeof(found));
    return function;
}

static in_port_t port_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (!text || *text == '\0')
        return 0;
    unsigned long port = strtoul(text, &end, 10);
    return *end == '\0' && port <= UINT16_MAX ? htons((uint16_t)port) : 0;
}

__attribute__((constructor)) static void prepare(void)
{
    int error = errno;
    next_bind = find_next();
    from = port_of(SHIM_FROM);
    to = port_of(SHIM_TO);
    errno = error;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);
    return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

/* A socket that never listens reserves the new port: both sockets need SO_REUSEADDR. */
static void allow_reuse(int fd)
{
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

static int bind_v4(bind_fn *bind_next, int fd)
{
    struct sockaddr_in moved = {.sin_family = AF_INET, .sin_port = to};
    moved.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind_next(fd, (const struct sockaddr *)&moved, sizeof(moved));
}

static int bind_v6(bind_fn *bind_next, int fd, const struct in6_addr *wanted)
{
    static const struct in6_addr mapped = {
        .s6_addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};
    bool both = IN6_IS_ADDR_UNSPECIFIED(wanted) && option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
    struct sockaddr_in6 moved = {.sin6_family = AF_INET6, .sin6_port = to};
    moved.sin6_addr = both || IN6_IS_ADDR_V4MAPPED(wanted) ? mapped : in6addr_loopback;
    return bind_next(fd, (const struct sockaddr *)&moved, sizeof(moved));
}

/* glibc declares bind with a transparent union, which no definition can match. */
__attribute__((visibility("default"))) int shim_bind(int fd, const struct sockaddr *address,
                                                     socklen_t length) __asm__("bind");

int shim_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_in v4 = {0};
    struct sockaddr_in6 v6 = {0};
    int error = errno;
    /* Another library's constructor may call bind before prepare has run. */
    bind_fn *bind_next = next_bind ? next_bind : find_next();
    if (!bind_next) {
        errno = ENOSYS;
        return -1;
    }
    if (from == 0 || to == 0 || !address || length < sizeof(v4) ||
        option_of(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) {
        errno = error;
        return bind_next(fd, address, length);
    }
    memcpy(&v4, address, sizeof(v4));
    memcpy(&v6, address, length < sizeof(v6) ? length : sizeof(v6));
    bool is_v4 = v4.sin_family == AF_INET && v4.sin_port == from;
    bool is_v6 = v6.sin6_family == AF_INET6 && v6.sin6_port == from &&
                 length >= sizeof(v6) - sizeof(uint32_t);
    if (is_v4 || is_v6)
        allow_reuse(fd);
    errno = error;
    if (is_v4)
        return bind_v4(bind_next, fd);
    if (is_v6)
        return bind_v6(bind_next, fd, &v6.sin6_addr);
    return bind_next(fd, address, length);
}
