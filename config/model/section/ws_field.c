#include "config/model/section/ws_field.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "config/model/section/authority.h"

static bool is_ipv6(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* HOST[:PORT], [IPV6][:PORT]: what a request takes as its Host (http_head_is_authority), or less.
 */
static bool is_authority(const char *text)
{
    struct slice rest = slice_of(text), host;
    bool bracketed = slice_cut_prefix(&rest, SLICE("["));
    bool has_port = slice_cut_to(&rest, bracketed ? ']' : ':', &host);
    uint64_t port = 1;
    if (bracketed) {
        if (!has_port || !is_ipv6(host))
            return false;
        has_port = rest.len > 0;
        if (has_port && !slice_cut_prefix(&rest, SLICE(":")))
            return false;
    } else if (!has_port) {
        host = rest;
    }
    return authority_is_host(host, bracketed) &&
           (!has_port || (ascii_decimal(rest, UINT16_MAX, &port) && port > 0));
}

const char *ws_field_check_host(const char *text)
{
    return is_authority(text) ? NULL : "must be HOST or HOST:PORT, such as desk.example.com:8443";
}

const char *ws_field_check_origin(const char *text)
{
    const char *host = strstr(text, "://");
    bool valid = strcmp(text, "null") == 0 ||
                 (host && host > text && !strchr(text, '*') && is_authority(host + 3));
    for (const char *p = text; valid && host && p < host; p++)
        valid = ascii_is_alphanumeric(*p) || strchr("+-.", *p);
    return valid ? NULL : "must be an origin such as https://desk.example.com, or null";
}

const char *ws_field_check_password(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return "must not contain control characters, such as the end of a line";
    return NULL;
}

const char *ws_field_check_user(const char *text)
{
    return strchr(text, ':') ? "must not contain ':'" : ws_field_check_password(text);
}

const char *ws_field_check_bearer(const char *text)
{
    const char *p = text;
    while (ascii_is_alphanumeric(*p) || (*p && strchr("-._~+/", *p)))
        p++;
    const char *end = p + strspn(p, "=");
    return p > text && *end == '\0'
               ? NULL
               : "must be letters, digits and '-._~+/', with '=' at the end only";
}
