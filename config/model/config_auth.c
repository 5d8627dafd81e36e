#include "config/model/config_auth.h"

#include <stdlib.h>

bool config_auth_has(const struct config_auth *auth, enum config_auth_method method)
{
    switch (method) {
    case CONFIG_AUTH_BASIC:
        return auth->basic.users != NULL;
    case CONFIG_AUTH_HEADER:
        return auth->header.name != NULL;
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
        [CONFIG_AUTH_BASIC] = "basic",
        [CONFIG_AUTH_HEADER] = "header",
    };
    return method < CONFIG_AUTH_METHODS ? names[method] : "none";
}
