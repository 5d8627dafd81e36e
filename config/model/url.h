/*
 * The URL of an HTTP service that wsluice asks:
 *
 *     http://HOST[:PORT][/TARGET]     https://HOST[:PORT][/TARGET]
 *     unix:/PATH[:/TARGET]            unix:@NAME[:/TARGET]
 *
 * Host and target are visible ASCII, the target with its escapes as it is sent. There is no user
 * name, and no fragment. A target may hold "{token}", where the caller fills in a text.
 *
 * Pure. Owns: its text. Thread: any. Errors: a phrase such as "must be ...". Lifetime: plain memory
 * that stays where it is: address and target point into it.
 */
#ifndef WSLUICE_CONFIG_MODEL_URL_H
#define WSLUICE_CONFIG_MODEL_URL_H

#include "base/base.h"
#include "config/model/config.h"

#define URL_MAX 1024

struct url {
    bool tls;
    struct config_address address;
    const char *target;     /* begins with "/" */
    char text[URL_MAX + 2]; /* the host or path, and the target */
};

/* NULL: parsed. */
WSL_MUST_CHECK const char *url_parse(const char *text, struct url *url);

/* As the `check` of an option (pattern.h): without a place for a token, and with exactly one. */
const char *url_check(const char *text);
const char *url_check_template(const char *text);

/* Of any text: whether it is a URL with something in front of its host. Such a text is not shown.
 */
bool url_may_have_password(const char *text);

/* The value of the field Host. Returns `text`. */
const char *url_print_host(const struct url *url, char *text, size_t size);

#endif
