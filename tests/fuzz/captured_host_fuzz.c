/*
 * Captures become a host only if the result is a name that the resolver accepts, or an address that
 * the configuration spells out.
 *
 * Input: the values of two captures, a line each, for all templates and patterns below.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <regex.h>
#include <sys/socket.h>

#include "core/route/captured_host.h"
#include "core/route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    const char *text;
    bool for_addresses;
    regex_t compiled;
} patterns[] = {
    {.text = ".*"},
    {.text = "[a-z0-9.-]+"},
    {.text = "[a-zA-Z0-9:.]+"},
    {.text = "[0-9.]+", .for_addresses = true},
    {.text = "[0-9a-f:.]+|[0-9.]*", .for_addresses = true},
};
static const char *const forms[] = {"{a}", "{a}.{b}", "{b}{a}", "{a}.desks", "10.0.0.{a}", "{a}.1"};

static void check_host(const char *form, const char *host, bool for_addresses)
{
    struct addrinfo *found, hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct in_addr v4;
    struct in6_addr v6;
    char again[INET6_ADDRSTRLEN];
    size_t length = strlen(host);
    wsl_assert(length > 0 && length <= CAPTURED_HOST_MAX && !strchr(host, '%'));
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return;
    freeaddrinfo(found);
    if (inet_pton(AF_INET, host, &v4) == 1)
        wsl_assert(strcmp(inet_ntop(AF_INET, &v4, again, sizeof(again)), host) == 0);
    else
        wsl_assert(inet_pton(AF_INET6, host, &v6) == 1 && !IN6_IS_ADDR_V4MAPPED(&v6));
    wsl_assert(for_addresses || strpbrk(form, "01"));
}

static void check(size_t pattern, struct slice a, struct slice b)
{
    const struct route_capture captures[] = {{SLICE("a"), &patterns[pattern].compiled},
                                             {SLICE("b"), &patterns[pattern].compiled}};
    struct route_match match = {
        .captures = {{SLICE("a"), a}, {SLICE("b"), b}}, .capture_count = 2, .patterns = captures};
    if (!route_capture_matches(&captures[0], a) || !route_capture_matches(&captures[1], b))
        return;
    for (size_t i = 0; i < WSL_COUNT(forms); i++) {
        char *out = malloc(CAPTURED_HOST_MAX + 1);
        wsl_assert(out);
        if (!captured_host_make(forms[i], &match, out))
            check_host(forms[i], out, patterns[pattern].for_addresses);
        wsl_assert(strlen(out) <= CAPTURED_HOST_MAX);
        free(out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    for (size_t i = 0; !ready && i < WSL_COUNT(patterns); i++)
        wsl_assert(regcomp(&patterns[i].compiled, patterns[i].text, REG_EXTENDED) == 0);
    ready = true;
    const char *text = (const char *)data, *end = size > 0 ? memchr(text, '\n', size) : NULL;
    char *copy = malloc(size + 1);
    wsl_assert(copy);
    memcpy(copy, text, size);
    copy[size] = '\0';
    struct slice a = {copy, end ? (size_t)(end - text) : size};
    struct slice b =
        end ? slice_from((struct slice){copy, size}, a.len + 1) : (struct slice){copy, 0};
    /* A path has only visible ASCII. */
    bool visible = true;
    for (size_t i = 0; i < size; i++)
        visible = visible && (copy[i] == '\n' || (copy[i] > ' ' && copy[i] < 0x7F));
    for (size_t i = 0; visible && i < WSL_COUNT(patterns); i++)
        check(i, a, b);
    free(copy);
    return 0;
}
