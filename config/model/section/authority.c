#include "config/model/section/authority.h"

#include "base/ascii.h"

bool authority_is_host(struct slice host, bool bracketed)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (bracketed ? ascii_hex(c) < 0 && c != ':' && c != '.'
                      : !ascii_is_alphanumeric(c) && c != '-' && c != '.' && c != '_')
            return false;
    }
    return host.len > 0 && host.len <= AUTHORITY_HOST_MAX;
}

/* A part with its escapes decoded. NULL: it has an invalid one, or a NUL. */
static const char *keep(char **room, struct slice part)
{
    char *begin = *room, *out = begin;
    for (size_t i = 0; i < part.len; i++) {
        int byte = (unsigned char)part.ptr[i];
        if (byte == '%') {
            byte = ascii_unescape(slice_from(part, i));
            i += 2;
        }
        if (byte <= 0)
            return NULL;
        *out++ = (char)byte;
    }
    *out++ = '\0';
    *room = out;
    return begin;
}

static const char *parse_login(struct slice login, char **room, struct authority *authority)
{
    struct slice user;
    bool has_password = slice_cut_to(&login, ':', &user);
    if (!has_password)
        user = login;
    if (user.len > 0 && !(authority->user = keep(room, user)))
        return "has a user with an invalid escape";
    if (has_password && login.len > 0 && !(authority->password = keep(room, login)))
        return "has a password with an invalid escape";
    return NULL;
}

/* HOST[:PORT], [IPV6][:PORT] */
static const char *parse_host(struct slice text, const char *wanted, char **room,
                              struct authority *authority)
{
    bool bracketed = text.len > 0 && text.ptr[0] == '[';
    struct slice host = slice_from(text, bracketed), rest = host;
    uint64_t port = authority->port;
    if (slice_cut_to(&rest, bracketed ? ']' : ':', &host)) {
        bool colon = !bracketed || slice_cut_prefix(&rest, SLICE(":"));
        if (!colon && rest.len > 0)
            return wanted;
        if (colon && (!ascii_decimal(rest, UINT16_MAX, &port) || port == 0))
            return "has no valid port";
    } else if (bracketed) {
        return wanted;
    }
    if (!authority_is_host(host, bracketed))
        return wanted;
    authority->host = keep(room, host);
    authority->port = (uint16_t)port;
    return NULL;
}

const char *authority_parse(struct slice *text, uint16_t port, const char *wanted, char *room,
                            struct authority *authority)
{
    /* A password may have a "/" that is not escaped, a host has none. */
    const char *at = text->len > 0 ? memrchr(text->ptr, '@', text->len) : NULL;
    const char *fault = NULL;
    *authority = (struct authority){.port = port};
    if (at) {
        struct slice login = {text->ptr, (size_t)(at - text->ptr)};
        *text = slice_from(*text, login.len + 1);
        fault = parse_login(login, &room, authority);
    }
    const char *slash = text->len > 0 ? memchr(text->ptr, '/', text->len) : NULL;
    struct slice host = {text->ptr, slash ? (size_t)(slash - text->ptr) : text->len};
    *text = slice_from(*text, host.len);
    return fault ? fault : parse_host(host, wanted, &room, authority);
}
