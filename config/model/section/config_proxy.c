#include "config/model/section/config_proxy.h"

#include "base/ascii.h"

#define SOCKS_FIELD_MAX 255 /* bytes of a user or password, RFC 1929 */

static const char wanted[] = "must be http://[USER:PASSWORD@]HOST[:PORT] or "
                             "socks5://[USER:PASSWORD@]HOST[:PORT]";

static const char *check_login(const struct config_proxy *proxy)
{
    bool is_socks = proxy->kind == CONFIG_PROXY_KIND_SOCKS5;
    const struct authority *at = &proxy->at;
    if (!at->user)
        return at->password ? "has a password without a user" : NULL;
    if (ascii_has_control(slice_of(at->user)) || ascii_has_control(slice_of(at->password)))
        return "has a user or a password with a control character";
    if (!is_socks && strchr(at->user, ':'))
        return "has a user with a ':', which the login of an HTTP proxy cannot have";
    if (is_socks && (strlen(at->user) > SOCKS_FIELD_MAX || strlen(at->password) > SOCKS_FIELD_MAX))
        return "has a user or a password of more than 255 bytes";
    return NULL;
}

static bool is_scheme(struct slice *rest, const char *scheme)
{
    struct slice prefix = {rest->ptr, strlen(scheme)};
    if (rest->len < prefix.len || !slice_equal_nocase(prefix, slice_of(scheme)))
        return false;
    *rest = slice_from(*rest, prefix.len);
    return true;
}

const char *config_proxy_parse(const char *text, struct config_proxy *proxy)
{
    struct slice rest = slice_of(text);
    memset(proxy, 0, sizeof(*proxy));
    if (rest.len > CONFIG_PROXY_URL_MAX)
        return "is too long";
    if (is_scheme(&rest, "https://"))
        return "begins with https://: TLS to a proxy is not supported, use http://";
    if (is_scheme(&rest, "socks4://") || is_scheme(&rest, "socks4a://"))
        return "begins with socks4: only version 5 is supported, use socks5://";
    if (is_scheme(&rest, "socks5://") || is_scheme(&rest, "socks5h://"))
        proxy->kind = CONFIG_PROXY_KIND_SOCKS5;
    else if (!is_scheme(&rest, "http://") && strstr(text, "://"))
        return wanted;
    const char *fault = authority_parse(&rest, CONFIG_PROXY_PORT, wanted, proxy->text, &proxy->at);
    if (fault)
        return fault;
    if (rest.len > 0 && !slice_equal(rest, SLICE("/")))
        return "has a path: a proxy has none";
    if (proxy->at.user && !proxy->at.password)
        proxy->at.password = "";
    return check_login(proxy);
}

void config_proxy_wipe(struct config_proxy *proxy)
{
    explicit_bzero(proxy, sizeof(*proxy));
}

const char *config_proxy_check(const char *text)
{
    struct config_proxy proxy;
    const char *fault = config_proxy_parse(text, &proxy);
    config_proxy_wipe(&proxy);
    return fault;
}

bool config_proxy_is_public(const char *text)
{
    struct config_proxy proxy;
    bool is_public =
        !config_proxy_parse(text, &proxy) && (!proxy.at.password || !proxy.at.password[0]);
    config_proxy_wipe(&proxy);
    return is_public;
}
