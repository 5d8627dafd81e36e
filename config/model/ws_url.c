#include "config/model/ws_url.h"

#include "base/ascii.h"

enum { PORT_WS = 80, PORT_WSS = 443 };

static const struct {
    const char *text;
    bool tls, is_socket;
} schemes[] = {
    {"ws://", false, false},
    {"wss://", true, false},
    {"ws+unix:", false, true},
    {"wss+unix:", true, true},
};

static size_t scheme_of(const char *text)
{
    size_t i = 0;
    while (i < WSL_COUNT(schemes) && strncmp(text, schemes[i].text, strlen(schemes[i].text)) != 0)
        i++;
    return i;
}

bool ws_url_has_scheme(const char *text)
{
    return scheme_of(text) < WSL_COUNT(schemes);
}

bool ws_url_is_target(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= ' ' || c > '~' || strchr("\"#<>\\^`|", c))
            return false;
        if (c == '%' && ascii_unescape((struct slice){text.ptr + i, text.len - i}) < 0)
            return false;
    }
    return text.len > 0 && text.ptr[0] == '/';
}

/* Where the request's target begins; of a socket, behind a ':'. */
static const char *find_target(const char *text, bool is_socket)
{
    const char *colon = is_socket ? strstr(text, ":/") : NULL;
    if (is_socket)
        return colon ? colon + 1 : text + strlen(text);
    return text + strcspn(text, "/?#");
}

const char *ws_url_split(const char *text, struct ws_url *url)
{
    size_t scheme = scheme_of(text);
    *url = (struct ws_url){.tls = schemes[scheme].tls, .is_socket = schemes[scheme].is_socket};
    url->port = url->tls ? PORT_WSS : PORT_WS;
    text += strlen(schemes[scheme].text);
    const char *target = find_target(text, url->is_socket);
    bool colon = url->is_socket && *target;
    url->place = (struct slice){text, (size_t)(target - text) - colon};
    url->target = *target ? slice_of(target) : SLICE("/");
    if (memchr(url->place.ptr, '@', url->place.len) && !url->is_socket)
        return "must not have a user name: credentials are options of their own";
    if (url->is_socket && *text != '/' && *text != '@')
        return "must have an absolute path of a Unix socket, or @NAME";
    if (memchr(url->target.ptr, '#', url->target.len))
        return "must not have a fragment, which begins with '#'";
    if (*target == '?')
        return "must have a '/' before the '?'";
    if (url->target.len > WS_URL_TARGET_MAX)
        return "has a path that is too long";
    return ws_url_is_target(url->target) ? NULL
                                         : "has a path with a character that a URL cannot have";
}
