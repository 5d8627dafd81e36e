#include "net/addr.h"

#include <arpa/inet.h>

struct addr addr_from(const struct sockaddr *address)
{
    struct addr result = {.any.sa_family = address->sa_family};
    if (address->sa_family == AF_INET)
        memcpy(&result.v4, address, sizeof(result.v4));
    if (address->sa_family != AF_INET6)
        return result;

    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        result.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = v6.sin6_port};
        memcpy(&result.v4.sin_addr, v6.sin6_addr.s6_addr + 12, 4);
    } else {
        result.v6 = v6;
    }
    return result;
}

bool addr_to_ip(const struct addr *address, struct ip_port *ip)
{
    if (address->any.sa_family == AF_INET) {
        uint8_t octets[4];
        memcpy(octets, &address->v4.sin_addr, sizeof(octets));
        ip_from_v4(octets, ip->address);
        ip->port = ntohs(address->v4.sin_port);
        return true;
    }
    if (address->any.sa_family != AF_INET6)
        return false;
    memcpy(ip->address, &address->v6.sin6_addr, IP_BYTES);
    ip->port = ntohs(address->v6.sin6_port);
    return true;
}

struct addr addr_from_ip(const struct ip_port *ip)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(ip->port)};
    memcpy(&v6.sin6_addr, ip->address, IP_BYTES);
    return addr_from((const struct sockaddr *)&v6);
}

socklen_t addr_length(const struct addr *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

const char *addr_print(const struct addr *address, char text[static ADDR_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    char scope[16] = "";
    switch (address->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        snprintf(text, ADDR_TEXT, "%s:%u", host, ntohs(address->v4.sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        if (address->v6.sin6_scope_id != 0)
            snprintf(scope, sizeof(scope), "%%%u", address->v6.sin6_scope_id);
        snprintf(text, ADDR_TEXT, "[%s%s]:%u", host, scope, ntohs(address->v6.sin6_port));
        break;
    default:
        snprintf(text, ADDR_TEXT, "unix");
    }
    return text;
}

bool addr_parse(struct addr *address, const char *host, uint16_t port)
{
    *address = (struct addr){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    if (inet_pton(AF_INET, host, &address->v4.sin_addr) == 1)
        return true;
    *address = (struct addr){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
}

bool addr_same_host(const struct addr *a, const struct addr *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET6)
        return a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
               memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

bool addr_unix(struct sockaddr_un *address, socklen_t *length, const char *path)
{
    size_t size = strlen(path);
    bool abstract = path[0] == '@';
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    /* A path includes its NUL; an abstract name starts with one and has none at its end. */
    if (size == 0 || size + (abstract ? 0 : 1) > sizeof(address->sun_path))
        return false;
    memcpy(address->sun_path, path, size);
    if (abstract)
        address->sun_path[0] = '\0';
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (abstract ? 0 : 1));
    return true;
}

void addr_interleave(struct addr *addresses, size_t count)
{
    for (size_t place = 1; place < count; place++) {
        sa_family_t before = addresses[place - 1].any.sa_family;
        size_t other = place;
        while (other < count && addresses[other].any.sa_family == before)
            other++;
        if (other == count)
            return;
        struct addr chosen = addresses[other];
        memmove(addresses + place + 1, addresses + place, (other - place) * sizeof(*addresses));
        addresses[place] = chosen;
    }
}
