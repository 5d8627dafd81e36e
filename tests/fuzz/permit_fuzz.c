/*
 * A rule that is parsed permits what another reading of it permits, and never an address of this
 * machine that it does not name.
 *
 * Input: a rule, a host and a path, on three lines; then the bytes of an address, and a port.
 */
#include "core/access/permit.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <netinet/in.h>

#include "base/ascii.h"
#include "codec/ip.h"
#include "config/model/permit_rule.h"

#define TEXT 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies a line without its end. False: it is too long, or has a NUL. */
static bool take_line(struct slice *rest, char out[static TEXT])
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    size_t length = end ? (size_t)(end - rest->ptr) : rest->len;
    if (length >= TEXT || (length > 0 && memchr(rest->ptr, '\0', length)))
        return false;
    if (length > 0)
        memcpy(out, rest->ptr, length);
    out[length] = '\0';
    *rest = slice_from(*rest, length + (end != NULL));
    return true;
}

/* This machine, as libc's macros tell. */
static bool is_near(const uint8_t *address)
{
    struct in6_addr v6;
    memcpy(&v6, address, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return address[12] == 127 || address[12] == 0 || (address[12] & 0xf0) == 0xe0 ||
               (address[12] == 169 && address[13] == 254);
    return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
           IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_MULTICAST(&v6) || IN6_IS_ADDR_V4COMPAT(&v6);
}

static void lower(char *text)
{
    for (; *text; text++)
        *text = ascii_lower(*text);
}

/* fnmatch has no '*' that stops at a dot, but one that stops at '/'. */
static bool reference_name(const struct permit_rule *rule, const char *host)
{
    char pattern[TEXT], name[TEXT];
    snprintf(pattern, sizeof(pattern), "%.*s", (int)rule->pattern.len, rule->pattern.ptr);
    snprintf(name, sizeof(name), "%s", host);
    lower(pattern);
    lower(name);
    size_t length = strlen(name);
    if (length > 1 && name[length - 1] == '.')
        name[length - 1] = '\0';
    if (strcmp(pattern, "*") == 0)
        return true;
    if (strpbrk(name, "/:%"))
        return false;
    bool deep = strncmp(pattern, "*.", 2) == 0;
    for (char *p = pattern; (p = strchr(p, '.'));)
        *p = '/';
    for (char *p = name; (p = strchr(p, '.'));)
        *p = '/';
    if (!deep)
        return fnmatch(pattern, name, FNM_PATHNAME | FNM_NOESCAPE) == 0;
    for (char *p = name + (name[0] != '\0'); (p = strchr(p, '/')); p++)
        if (p > name && fnmatch(pattern + 2, p + 1, FNM_PATHNAME | FNM_NOESCAPE) == 0)
            return true;
    return false;
}

static void check_host(const struct permit *permit, const struct permit_rule *rule,
                       const char *host, const uint8_t *address, uint16_t port)
{
    struct slice name = slice_of(host);
    bool has_address = permit_has_address(permit, name, address, port);
    bool has_host = permit_has_host(permit, name, port);
    wsl_assert(!has_address || has_host);
    if (rule->kind == PERMIT_RULE_UNIX) {
        wsl_assert(!has_host);
        return;
    }
    bool in_ports = port >= rule->lowest && port <= rule->highest;
    wsl_assert(!has_host || in_ports);
    if (rule->kind == PERMIT_RULE_RANGE) {
        wsl_assert(!(has_address && is_near(address)) || rule->range.bits >= 8);
        return;
    }
    wsl_assert(!has_host || reference_name(rule, host));
    wsl_assert(!(has_address && is_near(address)) || strcasestr(rule->pattern.ptr, "localhost"));
}

static void check_path(const struct permit *permit, const struct permit_rule *rule,
                       const char *path)
{
    char pattern[TEXT];
    bool has_path = permit_has_path(permit, slice_of(path));
    if (rule->kind != PERMIT_RULE_UNIX) {
        wsl_assert(!has_path);
        return;
    }
    snprintf(pattern, sizeof(pattern), "%.*s", (int)rule->pattern.len, rule->pattern.ptr);
    if (strpbrk(pattern, "?[\\"))
        return;
    int flags = FNM_PATHNAME | FNM_NOESCAPE | FNM_PERIOD;
    wsl_assert(has_path == (fnmatch(pattern, path, flags) == 0));
    bool is_abstract = path[0] == '@'; /* a name there has no folders to climb out of */
    wsl_assert(!has_path || is_abstract || !strstr(path, "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    char text[TEXT], host[TEXT], path[TEXT];
    uint8_t tail[IP_BYTES + 2] = {0};
    if (!take_line(&rest, text) || !take_line(&rest, host) || !take_line(&rest, path))
        return 0;
    if (rest.len > 0)
        memcpy(tail, rest.ptr, size_min(rest.len, sizeof(tail)));
    uint16_t port = (uint16_t)(tail[IP_BYTES] << 8 | tail[IP_BYTES + 1]);

    const char *one = text;
    const struct config_texts none = {0}, rules = {&one, 1};
    struct permit *plain = permit_create(&none), *permit = permit_create(&rules);
    struct permit_rule rule;
    wsl_assert(plain && permit);
    wsl_assert(!permit_has_address(plain, slice_of(host), tail, port) || !is_near(tail));
    wsl_assert(!permit_has_path(plain, slice_of(path)));
    const char *wrong = permit_rule_parse(text, &rule);
    wsl_assert(!wrong || strncmp(wrong, "m", 1) == 0);
    if (!wrong) {
        check_host(permit, &rule, host, tail, port);
        check_path(permit, &rule, path);
    }
    permit_free(plain);
    permit_free(permit);
    return 0;
}
