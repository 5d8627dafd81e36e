#include "run/quick/token_class.h"

#include <string.h>

#include "base/base.h"
#include "run/quick/redis_source.h"

/* "http://host/%s" is "http://host/{token}"; "%%" is "%", as in Python's formats. */
static const char *convert_url(const char *source, struct text *value)
{
    unsigned places = 0;
    for (const char *p = source; *p; p++) {
        if (*p != '%') {
            text_add_byte(value, *p);
            continue;
        }
        p++;
        if (*p == 's' && places++ == 0)
            text_add_string(value, "{token}");
        else if (*p == '%')
            text_add_byte(value, '%');
        else
            return "must be a URL with one %s, where the token goes; any other % is doubled";
    }
    return places == 1 ? NULL : "must be a URL with one %s, where the token goes";
}

static const struct token_class classes[] = {
    {"TokenFile", CONFIG_TOKENS_FILE, OPTIONS_TOKENS, "file", NULL, NULL, NULL},
    {"ReadOnlyTokenFile", CONFIG_TOKENS_FILE, OPTIONS_TOKENS, "file", NULL, NULL, NULL},
    {"TokenFileName", CONFIG_TOKENS_DIRECTORY, OPTIONS_TOKENS, "directory", NULL, NULL, NULL},
    {"UnixDomainSocketDirectory", CONFIG_TOKENS_SOCKETS, OPTIONS_TOKENS, "sockets", NULL, NULL,
     NULL},
    {"BaseTokenAPI", CONFIG_TOKENS_HTTP, OPTIONS_TOKENS_HTTP, "url", convert_url, NULL, NULL},
    {"JSONTokenApi", CONFIG_TOKENS_HTTP, OPTIONS_TOKENS_HTTP, "url", convert_url, NULL, NULL},
    {"TokenRedis", CONFIG_TOKENS_REDIS, OPTIONS_TOKENS_REDIS, "url", redis_source_url, "prefix",
     redis_source_prefix},
    {"JWTTokenApi", CONFIG_TOKENS_TICKET, OPTIONS_TOKENS_TICKET_KEY, "file", NULL, NULL, NULL},
};

const char *token_class_short_name(const char *name)
{
    static const char module[] = "websockify.token_plugins.";
    return strncmp(name, module, sizeof(module) - 1) == 0 ? name + sizeof(module) - 1 : name;
}

const struct token_class *token_class_find(const char *name)
{
    for (size_t i = 0; i < WSL_COUNT(classes); i++)
        if (strcmp(classes[i].name, name) == 0)
            return &classes[i];
    return NULL;
}

const struct token_class *token_class_of(enum config_token_source source)
{
    for (size_t i = 0; i < WSL_COUNT(classes); i++)
        if (classes[i].source == source)
            return &classes[i];
    return NULL;
}

void token_class_list(struct text *out)
{
    for (size_t i = 0; i < WSL_COUNT(classes); i++)
        text_add_format(out, "%s%s",
                        i == 0                       ? ""
                        : i + 1 < WSL_COUNT(classes) ? ", "
                                                     : " or ",
                        classes[i].name);
}
