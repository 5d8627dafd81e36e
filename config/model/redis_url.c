#include "config/model/redis_url.h"

#include <sys/un.h>

#include "base/ascii.h"
#include "config/model/url.h"

static const char wanted[] = "must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// "
                             "for TLS, or unix:/PATH[?db=DATABASE]";

/* ---- parts ---- */

/* A part with its escapes decoded. NULL: it has an invalid one, or a NUL. */
static const char *keep(struct redis_url *url, struct slice part)
{
    char *begin = url->text + url->used, *out = begin;
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
    url->used = (size_t)(out - url->text);
    return begin;
}

static const char *parse_database(struct slice digits, struct redis_url *url)
{
    uint64_t number;
    if (!ascii_decimal(digits, REDIS_URL_DATABASES, &number))
        return "has no valid number of a database";
    url->database = (uint32_t)number;
    return NULL;
}

static const char *parse_login(struct slice login, struct redis_url *url)
{
    struct slice user;
    bool has_password = slice_cut_to(&login, ':', &user);
    if (!has_password)
        user = login;
    if (user.len > 0 && !(url->user = keep(url, user)))
        return "has a user with an invalid escape";
    if (has_password && login.len > 0 && !(url->password = keep(url, login)))
        return "has a password with an invalid escape";
    return NULL;
}

/* HOST[:PORT], [IPV6][:PORT] */
static const char *parse_host(struct slice text, struct redis_url *url)
{
    bool bracketed = text.len > 0 && text.ptr[0] == '[';
    struct slice host = slice_from(text, bracketed), rest;
    uint64_t port = REDIS_URL_PORT;
    rest = host;
    if (slice_cut_to(&rest, bracketed ? ']' : ':', &host)) {
        bool colon = !bracketed || slice_cut_prefix(&rest, SLICE(":"));
        if (!colon && rest.len > 0)
            return wanted;
        if (colon && (!ascii_decimal(rest, UINT16_MAX, &port) || port == 0))
            return "has no valid port";
    } else if (bracketed) {
        return wanted;
    }
    if (!url_is_host(host, bracketed))
        return wanted;
    url->address = (struct config_address){
        .kind = CONFIG_ADDRESS_TCP, .host = keep(url, host), .port = (uint16_t)port};
    return NULL;
}

/* ---- the whole ---- */

static size_t last_of(struct slice text, char mark)
{
    const char *found = text.len > 0 ? memrchr(text.ptr, mark, text.len) : NULL;
    return found ? (size_t)(found - text.ptr) : SIZE_MAX;
}

static const char *parse_tcp(struct slice text, struct redis_url *url)
{
    /* A password may have a "/" that is not escaped, a host has none. */
    size_t at = last_of(text, '@');
    const char *fault = NULL;
    if (at != SIZE_MAX) {
        fault = parse_login((struct slice){text.ptr, at}, url);
        text = slice_from(text, at + 1);
    }
    struct slice authority = text;
    if (slice_cut_to(&text, '/', &authority) && text.len > 0 && !fault)
        fault = parse_database(text, url);
    return fault ? fault : parse_host(authority, url);
}

static const char *parse_unix(struct slice text, struct redis_url *url)
{
    struct slice path = text;
    const char *fault = NULL;
    if (slice_cut_to(&text, '?', &path))
        fault = slice_cut_prefix(&text, SLICE("db=")) ? parse_database(text, url) : wanted;
    if (path.len > 2 && memcmp(path.ptr, "///", 3) == 0)
        path = slice_from(path, 2); /* unix:///PATH */
    if (fault || path.len < 2 || (path.ptr[0] != '/' && path.ptr[0] != '@'))
        return fault ? fault : wanted;
    if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return "has a path that is too long for a Unix socket";
    memcpy(url->text, path.ptr, path.len);
    url->text[path.len] = '\0';
    url->address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = url->text};
    return NULL;
}

const char *redis_url_parse(const char *text, struct redis_url *url)
{
    struct slice rest = slice_of(text);
    memset(url, 0, sizeof(*url));
    if (rest.len >= sizeof(url->text) - 4) /* each part gets a NUL */
        return "is too long";
    if (slice_cut_prefix(&rest, SLICE("unix:")))
        return parse_unix(rest, url);
    url->tls = slice_cut_prefix(&rest, SLICE("rediss://"));
    if (url->tls || slice_cut_prefix(&rest, SLICE("redis://")))
        return parse_tcp(rest, url);
    return wanted;
}

void redis_url_wipe(struct redis_url *url)
{
    explicit_bzero(url, sizeof(*url));
}

const char *redis_url_check(const char *text)
{
    struct redis_url url;
    const char *fault = redis_url_parse(text, &url);
    redis_url_wipe(&url);
    return fault;
}

bool redis_url_is_public(const char *text)
{
    struct redis_url url;
    bool is_public = !redis_url_parse(text, &url) && !url.password;
    redis_url_wipe(&url);
    return is_public;
}
