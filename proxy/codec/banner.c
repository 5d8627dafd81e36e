#include "codec/banner.h"

#include "base/ascii.h"

#define SHOWN_MAX 24 /* characters of a banner in the log */

/* '#' in a form of a service is a digit. */
struct service {
    const char *name;
    const char *forms[2];
};

static const struct service services[] = {
    {"rfb", {"RFB ###.###\n", NULL}},
    {"ssh", {"SSH-2.0-", "SSH-1.99-"}},
};

static const struct service *find_service(const char *expected)
{
    for (size_t i = 0; i < WSL_COUNT(services); i++)
        if (strcmp(services[i].name, expected) == 0)
            return &services[i];
    return NULL;
}

static enum banner_verdict compare_form(const char *form, bool digits, struct slice bytes)
{
    size_t length = strlen(form), common = size_min(bytes.len, length);
    for (size_t i = 0; i < common; i++) {
        bool same =
            digits && form[i] == '#' ? ascii_is_digit(bytes.ptr[i]) : bytes.ptr[i] == form[i];
        if (!same)
            return BANNER_DIFFERS;
    }
    return common == length ? BANNER_MATCHES : BANNER_PARTIAL;
}

enum banner_verdict banner_compare(const char *expected, struct slice bytes)
{
    const struct service *service = find_service(expected);
    if (!service)
        return compare_form(expected, false, bytes);
    enum banner_verdict verdict = BANNER_DIFFERS;
    for (size_t i = 0; i < WSL_COUNT(service->forms) && service->forms[i]; i++) {
        enum banner_verdict one = compare_form(service->forms[i], true, bytes);
        if (one == BANNER_MATCHES)
            return one;
        if (one == BANNER_PARTIAL)
            verdict = one;
    }
    return verdict;
}

bool banner_is_rfb(const char *expected)
{
    return strcmp(expected, "rfb") == 0 || strncmp(expected, "RFB", 3) == 0;
}

/* Into `out`, of SHOWN_MAX + 1 bytes. */
static const char *show(struct slice bytes, char *out)
{
    size_t length = size_min(bytes.len, SHOWN_MAX);
    for (size_t i = 0; i < length; i++) {
        char byte = bytes.ptr[i];
        out[i] = byte >= ' ' && byte <= '~' && byte != '\'' ? byte : '.';
    }
    out[length] = '\0';
    return out;
}

void banner_explain(const char *expected, struct slice bytes, char *text, size_t size)
{
    char sent[SHOWN_MAX + 1], wanted[SHOWN_MAX + 1];
    const struct service *service = find_service(expected);
    const char *form = service ? service->forms[0] : expected;
    size_t length = strcspn(form, service ? "#" : "");
    snprintf(text, size, "sent '%s' instead of '%s'", show(bytes, sent),
             show((struct slice){form, length}, wanted));
}
