#include "config/model/section/config_auth.h"

#include <stdlib.h>

bool config_auth_has(const struct config_auth *auth, enum config_auth_method method)
{
    switch (method) {
    case CONFIG_AUTH_BASIC:
        return auth->basic.users || auth->basic.accounts.count > 0;
    case CONFIG_AUTH_ORIGIN:
        return auth->origin.origins.count > 0;
    case CONFIG_AUTH_CERTIFICATE:
        return auth->certificate.names.count + auth->certificate.pins.count > 0;
    case CONFIG_AUTH_HEADER:
        return auth->header.name != NULL;
    case CONFIG_AUTH_LOGIN:
        return auth->login.users != NULL;
    case CONFIG_AUTH_FORWARD:
        return auth->forward.url != NULL;
    case CONFIG_AUTH_TICKET:
        return auth->ticket.key.file || auth->ticket.key.url;
    case CONFIG_AUTH_METHODS:
        break;
    }
    return false;
}

enum config_auth_method config_auth_method(const struct config_auth *auth)
{
    int method = 0;
    while (method < CONFIG_AUTH_METHODS && !config_auth_has(auth, (enum config_auth_method)method))
        method++;
    return (enum config_auth_method)method;
}

const char *config_auth_method_name(enum config_auth_method method)
{
    static const char *const names[CONFIG_AUTH_METHODS] = {
        [CONFIG_AUTH_ORIGIN] = "origin",
        [CONFIG_AUTH_BASIC] = "basic",
        [CONFIG_AUTH_CERTIFICATE] = "certificate",
        [CONFIG_AUTH_HEADER] = "header",
        [CONFIG_AUTH_LOGIN] = "login",
        [CONFIG_AUTH_FORWARD] = "forward",
        [CONFIG_AUTH_TICKET] = "ticket",
    };
    return method < CONFIG_AUTH_METHODS ? names[method] : "none";
}

bool config_auth_names_target(const struct config_auth *auth)
{
    return (config_auth_has(auth, CONFIG_AUTH_TICKET) && auth->ticket.target) ||
           (config_auth_has(auth, CONFIG_AUTH_FORWARD) && auth->forward.target);
}

const struct config_auth_login *config_auth_login(const struct config_auth_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (config_auth_has(&set->methods[i], CONFIG_AUTH_LOGIN))
            return &set->methods[i].login;
    return NULL;
}
