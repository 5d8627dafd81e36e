/*
 * For any name of a route and of a target the scrape is UTF-8 and has no additional line. The
 * unescaped label is the name, with question marks for bytes that are not UTF-8.
 */
#include "serve/metrics/prometheus.h"

#include "base/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_utf8(const char *text, size_t length)
{
    struct utf8 state = {0};
    return utf8_feed(&state, (const uint8_t *)text, length) && utf8_is_complete(&state);
}

static size_t lines_of(const char *text, size_t length)
{
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Reads a quoted value; returns the position behind its closing quote. */
static const char *unescape(const char *at, char *out)
{
    wsl_assert(*at == '"');
    for (at++; *at != '"'; at++) {
        wsl_assert(*at != '\n' && *at != '\0');
        if (*at == '\\') {
            at++;
            wsl_assert(*at == '\\' || *at == '"' || *at == 'n');
            *out++ = *at == 'n' ? '\n' : *at;
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
    return at + 1;
}

static void expect_name(const char *read, const char *name)
{
    bool valid = is_utf8(name, strlen(name));
    wsl_assert(strlen(read) == strlen(name));
    for (; *name; name++, read++)
        wsl_assert(*read == (valid || (unsigned char)*name < 0x80 ? *name : '?'));
}

static char *scrape(const struct process_facts *process, const char *certificate, size_t *length)
{
    struct prometheus_certificate one = {certificate, 1800000000};
    char *text = prometheus_print(process, &(struct prometheus_site){&one, 1, NULL, 0}, length);
    wsl_assert(text);
    text = realloc(text, *length + 1);
    wsl_assert(text);
    text[*length] = '\0';
    return text;
}

static void enter_target(struct route_stats *stats, struct metrics *metrics, const char *name)
{
    struct route_stats_use use = {0};
    route_stats_enter(&use, stats, 0, metrics);
    route_stats_enter_target(&use, stats, name);
    wsl_assert(use.target);
}

static void check_target(const char *text, const char *name, char *read)
{
    static const char label[] = "\nwsluice_token_target_sessions{route=";
    const char *at = strstr(text, label);
    wsl_assert(at);
    at = unescape(at + sizeof(label) - 1, read);
    wsl_assert(strncmp(at, ",target=", 8) == 0);
    at = unescape(at + 8, read);
    wsl_assert(strncmp(at, "} 0\n", 4) == 0);
    expect_name(read, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char route_label[] = "\nwsluice_route_sessions{route=";
    static const char file_label[] =
        "\nwsluice_certificate_not_after_timestamp_seconds{certificate=";
    struct metrics metrics = {0};
    const struct metrics *workers[] = {&metrics};
    struct process_facts process;
    char *name = calloc(1, size + 1), *read = calloc(1, size + 1);
    struct route_stats_set *set = route_stats_set_create(1);
    wsl_assert(name && read && set);
    memcpy(name, data, size);
    process_facts_init(&process, workers, 1, set, 0);
    struct route_stats *stats = route_stats_get(set, "plain");
    wsl_assert(stats);
    enter_target(stats, &metrics, "plain");
    size_t length;
    char *text = scrape(&process, "plain", &length);
    size_t lines = lines_of(text, length);
    free(text);
    route_stats_release(stats);
    route_stats_set_free(set);

    set = route_stats_set_create(1);
    wsl_assert(set);
    process.route_stats = set;
    stats = route_stats_get(set, name);
    wsl_assert(stats);
    enter_target(stats, &metrics, name);
    text = scrape(&process, name, &length);
    wsl_assert(is_utf8(text, length) && lines_of(text, length) == lines);
    const char *at = strstr(text, route_label);
    wsl_assert(at);
    at = unescape(at + sizeof(route_label) - 1, read);
    wsl_assert(strncmp(at, "} 0\n", 4) == 0);
    expect_name(read, name);
    at = strstr(text, file_label);
    wsl_assert(at);
    at = unescape(at + sizeof(file_label) - 1, read);
    wsl_assert(strncmp(at, "} 1800000000\n", 13) == 0);
    expect_name(read, name);
    check_target(text, name, read);
    free(text);
    route_stats_release(stats);
    route_stats_set_free(set);
    free(name);
    free(read);
    return 0;
}
