#include "config/model/url.h"

#include <sys/un.h>

#include "base/ascii.h"
#include "config/model/section/authority.h"
#include "config/model/ws_url.h"

#define PORT_HTTP  80
#define PORT_HTTPS 443

static const char wanted[] = "must be http://HOST[:PORT]/PATH, https://HOST[:PORT]/PATH or "
                             "unix:/SOCKET:/PATH";
static const char place[] = "{token}";

/* ---- parts ---- */

/* The only braces are those of a place for a token. */
static bool is_target(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p != '{' && *p != '}')
            continue;
        if (strncmp(p, place, sizeof(place) - 1) != 0)
            return false;
        p += sizeof(place) - 2;
    }
    return ws_url_is_target(slice_of(text));
}

/* The target begins behind the NUL of what comes first in url->text. */
static const char *keep(struct url *url, struct slice first, const char *target)
{
    memcpy(url->text, first.ptr, first.len);
    url->text[first.len] = '\0';
    char *at = url->text + first.len + 1;
    size_t room = sizeof(url->text) - first.len - 1;
    if ((size_t)snprintf(at, room, "%s", target[0] ? target : "/") >= room)
        return "is too long";
    url->target = at;
    return is_target(at) ? NULL
                         : "has a path with a character that a URL cannot have, or without "
                           "its '/' in front";
}

static const char *parse_port(const char **text, uint64_t *port)
{
    if (**text != ':')
        return NULL;
    struct slice digits = {*text + 1, strspn(*text + 1, "0123456789")};
    if (!ascii_decimal(digits, UINT16_MAX, port) || *port == 0)
        return "has no valid port";
    *text = digits.ptr + digits.len;
    return NULL;
}

static const char *parse_tcp(const char *text, struct url *url)
{
    bool bracketed = *text == '[';
    if (memchr(text, '@', strcspn(text, "/?#")))
        return "must not have a user name";
    text += bracketed;
    struct slice host = {text, strcspn(text, bracketed ? "]" : ":/?#")};
    if (!authority_is_host(host, bracketed) || (bracketed && host.ptr[host.len] != ']'))
        return wanted;
    const char *rest = host.ptr + host.len + bracketed;
    uint64_t port = url->tls ? PORT_HTTPS : PORT_HTTP;
    const char *fault = parse_port(&rest, &port);
    if (fault)
        return fault;
    url->address = (struct config_address){
        .kind = CONFIG_ADDRESS_TCP, .host = url->text, .port = (uint16_t)port};
    return keep(url, host, rest);
}

static const char *parse_unix(const char *text, struct url *url)
{
    const char *colon = strstr(text, ":/");
    struct slice path = {text, colon ? (size_t)(colon - text) : strlen(text)};
    if (path.len < 2 || (text[0] != '/' && text[0] != '@'))
        return wanted;
    if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return "has a socket path that is too long";
    url->address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = url->text};
    return keep(url, path, colon ? colon + 1 : "");
}

/* ---- the whole ---- */

const char *url_parse(const char *text, struct url *url)
{
    static const struct {
        const char *scheme;
        bool tls;
        const char *(*parse)(const char *text, struct url *url);
    } schemes[] = {
        {"http://", false, parse_tcp}, {"https://", true, parse_tcp}, {"unix:", false, parse_unix}};
    memset(url, 0, sizeof(*url));
    if (strlen(text) > URL_MAX)
        return "is too long";
    for (size_t i = 0; i < WSL_COUNT(schemes); i++) {
        size_t length = strlen(schemes[i].scheme);
        if (strncmp(text, schemes[i].scheme, length) != 0)
            continue;
        url->tls = schemes[i].tls;
        return schemes[i].parse(text + length, url);
    }
    return wanted;
}

static const char *check(const char *text, unsigned places)
{
    struct url url;
    const char *fault = url_parse(text, &url);
    if (fault)
        return fault;
    unsigned found = 0;
    for (const char *p = url.target; (p = strstr(p, place)) != NULL; p++)
        found++;
    if (found == places)
        return NULL;
    return places == 0 ? "has no token to fill in" : "must have {token} in its path or query, once";
}

const char *url_check(const char *text)
{
    return check(text, 0);
}

const char *url_check_template(const char *text)
{
    return check(text, 1);
}

const char *url_print_host(const struct url *url, char *text, size_t size)
{
    const struct config_address *to = &url->address;
    if (to->kind == CONFIG_ADDRESS_UNIX) {
        snprintf(text, size, "localhost");
        return text;
    }
    bool brackets = strchr(to->host, ':') != NULL;
    const char *open = brackets ? "[" : "", *close = brackets ? "]" : "";
    if (to->port == (url->tls ? PORT_HTTPS : PORT_HTTP))
        snprintf(text, size, "%s%s%s", open, to->host, close);
    else
        snprintf(text, size, "%s%s%s:%u", open, to->host, close, to->port);
    return text;
}

/* Also behind a "?" or "/", which a password may have, although it must not. */
bool url_may_have_password(const char *text)
{
    const char *authority = strstr(text, "://");
    return authority && strchr(authority, '@');
}
