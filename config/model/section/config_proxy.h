/*
 * The URL of a forward proxy through which a target is reached:
 *
 *     [http://][USER:PASSWORD@]HOST[:PORT]      CONNECT
 *     socks5://[USER:PASSWORD@]HOST[:PORT]      socks5h:// is the same: the proxy resolves names
 *
 * The port is 1080 by default, and the scheme http, as curl has it.
 *
 * Pure. Owns: its text, which may hold a password; config_proxy_wipe. Thread: any. Errors: a phrase
 * such as "must be ...", which quotes nothing. Lifetime: plain memory that stays where it is: the
 * texts are inside.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_CONFIG_PROXY_H
#define WSLUICE_CONFIG_MODEL_SECTION_CONFIG_PROXY_H

#include "config/model/section/authority.h"

#define CONFIG_PROXY_URL_MAX 1024
#define CONFIG_PROXY_PORT    1080

enum config_proxy_kind { CONFIG_PROXY_KIND_HTTP, CONFIG_PROXY_KIND_SOCKS5 };

struct config_proxy {
    enum config_proxy_kind kind;
    struct authority at; /* user NULL: no login; else the password is a text, if an empty one */
    char text[AUTHORITY_ROOM(CONFIG_PROXY_URL_MAX)];
};

/* NULL: parsed. */
WSL_MUST_CHECK const char *config_proxy_parse(const char *text, struct config_proxy *proxy);
void config_proxy_wipe(struct config_proxy *proxy);

/* As the `check` of an option (pattern.h). */
const char *config_proxy_check(const char *text);

/* No password in it: it may be printed. */
bool config_proxy_is_public(const char *text);

#endif
