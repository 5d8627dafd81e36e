#include "config/model/redis_url.h"

#include <sys/un.h>

#include "base/ascii.h"

static const char wanted[] = "must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// "
                             "for TLS, or unix:/PATH[?db=DATABASE]";

/* ---- parts ---- */

static const char *parse_database(struct slice digits, struct redis_url *url)
{
    uint64_t number;
    if (!ascii_decimal(digits, REDIS_URL_DATABASES, &number))
        return "has no valid number of a database";
    url->database = (uint32_t)number;
    return NULL;
}

/* ---- the whole ---- */

static const char *parse_tcp(struct slice text, struct redis_url *url)
{
    struct authority at;
    const char *fault = authority_parse(&text, REDIS_URL_PORT, wanted, url->text, &at);
    if (fault)
        return fault;
    url->user = at.user;
    url->password = at.password;
    url->address =
        (struct config_address){.kind = CONFIG_ADDRESS_TCP, .host = at.host, .port = at.port};
    return text.len > 1 ? parse_database(slice_from(text, 1), url) : NULL;
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
    if (rest.len > REDIS_URL_MAX)
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
