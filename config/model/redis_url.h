/*
 * The URL of a Redis server, as its own programs write it:
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]      rediss:// with TLS
 *     unix:/PATH[?db=DATABASE]                              unix:@NAME
 *
 * User and password are percent-encoded where they need it. The port is 6379 by default, the
 * database 0.
 *
 * Pure. Owns: its text, which may hold a password; redis_url_wipe. Thread: any. Errors: a phrase
 * such as "must be ...", which quotes nothing. Lifetime: plain memory that stays where it is: the
 * texts are inside.
 */
#ifndef WSLUICE_CONFIG_MODEL_REDIS_URL_H
#define WSLUICE_CONFIG_MODEL_REDIS_URL_H

#include "base/base.h"
#include "config/model/config.h"
#include "config/model/section/authority.h"

#define REDIS_URL_MAX       1024
#define REDIS_URL_PORT      6379
#define REDIS_URL_DATABASES 1000000

struct redis_url {
    bool tls;
    struct config_address address;
    const char *user, *password; /* NULL: none */
    uint32_t database;
    char text[AUTHORITY_ROOM(REDIS_URL_MAX)];
};

/* NULL: parsed. */
WSL_MUST_CHECK const char *redis_url_parse(const char *text, struct redis_url *url);
void redis_url_wipe(struct redis_url *url);

/* As the `check` of an option (pattern.h). */
const char *redis_url_check(const char *text);

/* No password in it: it may be printed. */
bool redis_url_is_public(const char *text);

#endif
