#include "config/model/section/ws_field.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"

/* HOST[:PORT]: visible ASCII that ends no authority. */
static bool is_authority(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr("/?#@,\"\\", *p))
            return false;
    return *text && *text != ':';
}

const char *ws_field_check_host(const char *text)
{
    return is_authority(text) ? NULL : "must be HOST or HOST:PORT";
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
