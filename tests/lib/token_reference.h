/*
 * A slow parser of a line of a token file: each rule by itself over the whole line, so that it is
 * unlikely to share a mistake with the real parser.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_TOKEN_REFERENCE_H
#define WSLUICE_TESTS_TOKEN_REFERENCE_H

#include <arpa/inet.h>
#include <ctype.h>

#include "core/tokens/token_file.h"

struct token_reference {
    bool silent, good; /* neither: a fault */
    char token[TOKEN_MAX + 1];
    bool is_unix;
    char host[512], service[64];
    unsigned port;
};

static inline bool token_reference_space(char c)
{
    return c != '\0' && strchr(" \t\v\f\r\n", c) != NULL;
}

static inline bool token_reference_host(const char *host)
{
    struct in6_addr v6;
    char copy[256];
    size_t length = strlen(host);
    if (length < 1 || length > 253 || strpbrk(host, "/[]@?#{}"))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)host[i]) || (unsigned char)host[i] > 126)
            return false;
    if (!strchr(host, ':'))
        return true;
    snprintf(copy, sizeof(copy), "%s", host);
    copy[strcspn(copy, "%")] = '\0';
    return inet_pton(AF_INET6, copy, &v6) == 1;
}

static inline bool token_reference_port(const char *text, struct token_reference *out)
{
    size_t length = strlen(text), digits = strspn(text, "0123456789");
    if (length > 0 && digits == length) {
        out->port = length <= 5 && text[0] != '0' ? (unsigned)strtoul(text, NULL, 10) : 0;
        return out->port >= 1 && out->port <= 65535;
    }
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (length < 1 || length > 32 || strspn(text, allowed) != length ||
        !strpbrk(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        return false;
    snprintf(out->service, sizeof(out->service), "%s", text);
    return true;
}

static inline bool token_reference_target(const char *begin, struct token_reference *out)
{
    char text[512];
    size_t length = strlen(begin);
    while (length > 0 && token_reference_space(begin[length - 1]))
        length--;
    while (length > 0 && token_reference_space(*begin)) {
        begin++;
        length--;
    }
    if (length >= sizeof(text))
        return false;
    memcpy(text, begin, length);
    text[length] = '\0';
    if (strncmp(text, "unix", 4) == 0) {
        const char *path = strncmp(text + 4, "_socket:", 8) == 0 ? text + 12
                           : text[4] == ':'                      ? text + 5
                                                                 : NULL;
        if (path) {
            size_t size = strlen(path);
            if (size < 2 || size > 107 || !strchr("/@", path[0]))
                return false;
            for (size_t i = 0; i < size; i++)
                if (iscntrl((unsigned char)path[i]))
                    return false;
            out->is_unix = true;
            snprintf(out->host, sizeof(out->host), "%s", path);
            return true;
        }
    }
    char *colon = strrchr(text, ':');
    if (!colon)
        return false;
    *colon = '\0';
    char *host = text;
    size_t size = strlen(host);
    if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        host++;
    }
    if (!token_reference_host(host) || !token_reference_port(colon + 1, out))
        return false;
    snprintf(out->host, sizeof(out->host), "%s", host);
    return true;
}

/* `line` without its LF. */
static inline void token_reference_read(const char *line, size_t length,
                                        struct token_reference *out)
{
    size_t separators = 0, first = 0;
    *out = (struct token_reference){0};
    for (; length > 0 && token_reference_space(line[0]); line++)
        length--;
    for (; length > 0 && token_reference_space(line[length - 1]);)
        length--;
    out->silent = length == 0 || line[0] == '#';
    for (size_t i = length; i-- > 1;) {
        if (line[i - 1] != ':' || (line[i] != ' ' && line[i] != '\t'))
            continue;
        separators++;
        first = i - 1;
    }
    if (out->silent || separators != 1 || first == 0 || first > TOKEN_MAX ||
        strnlen(line, length) < length)
        return;
    memcpy(out->token, line, first);
    char *rest = calloc(1, length);
    wsl_assert(rest);
    memcpy(rest, line + first + 2, length - first - 2);
    out->good = token_reference_target(rest, out);
    free(rest);
}

#endif
