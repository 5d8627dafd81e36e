#include "run/supervisor/logging.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/log/log.h"
#include "config/compare.h"
#include "net/tls/context/tls_store.h"
#include "serve/site/site_resources.h"

#define WARNING_MAX 512
#define URL_MAX     2048

/* A file that root makes is given to the user that the process becomes. */
static bool find_owner(const struct config *config, struct safe_path_owner *owner,
                       struct log_options *options, char *error, size_t error_size)
{
    if (!config->user || geteuid() != 0)
        return true;
    options->owner = owner;
    return identity_user(config->user, &owner->user, &owner->group, error, error_size);
}

bool logging_open(const struct config *whole, const char *name, char *error, size_t error_size)
{
    const struct config_log *config = &whole->log;
    static const enum reason_level levels[] = {
        [CONFIG_LOG_DEBUG] = REASON_DEBUG,
        [CONFIG_LOG_INFO] = REASON_INFO,
        [CONFIG_LOG_WARN] = REASON_WARN,
        [CONFIG_LOG_ERROR] = REASON_ERROR,
    };
    static const enum log_target targets[] = {
        [CONFIG_LOG_STDERR] = LOG_STDERR,
        [CONFIG_LOG_FILE] = LOG_FILE,
        [CONFIG_LOG_SYSLOG] = LOG_SYSLOG,
    };
    struct log_options options = {
        .lowest = levels[config->level],
        .json = config->format == CONFIG_LOG_JSON,
        .target = targets[config->target],
        .file = config->file,
        .syslog = {.address = config->syslog,
                   .form = config->syslog_format == CONFIG_SYSLOG_LEGACY ? SYSLOG_LEGACY
                                                                         : SYSLOG_RFC5424,
                   .ident = name},
    };
    struct safe_path_owner owner;
    return find_owner(whole, &owner, &options, error, error_size) &&
           log_open(&options, error, error_size);
}

/* `due`: in the log, too. */
static void warn(const char *line, bool due, struct text *notes)
{
    if (due)
        log_message(REASON_WARN, "%s", line);
    if (notes)
        text_add_format(notes, "warning: %s\n", line);
}

void logging_certificates(const struct site *site, struct text *notes)
{
    struct tls_store *store = site->resources->store;
    int64_t now = time(NULL);
    size_t count;
    const struct tls_store_certificate *certificates = tls_store_certificates(store, &count);
    char text[WARNING_MAX];
    for (size_t i = 0; i < count; i++) {
        bool due = tls_store_is_warning_due(store, i, now);
        if ((due || notes) && tls_store_warning(&certificates[i], now, text, sizeof(text)) > 0)
            warn(text, due, notes);
    }
}

void logging_restarts(const struct config *before, const struct config *after, struct text *notes)
{
    char text[WARNING_MAX];
    size_t cursor = 0;
    const struct options_row *row;
    while ((row = compare_next_restart(before, after, &cursor))) {
        const char *section = options_section(row->section)->key;
        snprintf(text, sizeof(text), "%s%s%s has changed; a restart applies it",
                 section ? section : "", section ? "." : "", row->key);
        warn(text, true, notes);
    }
}

/* The URL of the first listener; false: it has none, or browsers cannot open it. */
static bool print_url(const struct site *site, char *url, size_t size)
{
    const struct config_listener *listener = &site->config->listeners[0];
    const char *name = site->listeners[0].name, *port = strrchr(name, ':');
    bool any = strncmp(name, "[::]:", 5) == 0 || strncmp(name, "0.0.0.0:", 8) == 0;
    bool tls = listener->tls.mode != CONFIG_TLS_OFF;
    if (!port || listener->raw || listener->address.kind != CONFIG_ADDRESS_TCP)
        return false;
    snprintf(url, size, "http%s://%s%s%s/", tls ? "s" : "", any ? "localhost" : "",
             any ? port : name, listener->base_path ? listener->base_path : "");
    return true;
}

/* Of the quick command line, which has one route. */
static void log_route(struct log_line *line, const struct config_route *route)
{
    if (route->target_count > 0) {
        char target[320];
        log_text(line, "target",
                 config_address_print(&route->targets[0].address, target, sizeof(target)));
    }
    if (config_route_has_tokens(route))
        log_text(line, "tokens", config_token_source_name(&route->tokens));
    if (route->files.root)
        log_text(line, "web", route->files.root);
}

void logging_started(const struct site *site)
{
    const struct config *config = site->config;
    struct log_line line;
    char url[URL_MAX];
    log_begin(&line, REASON_INFO, "started");
    log_text(&line, "version", WSLUICE_VERSION);
    if (print_url(site, url, sizeof(url)))
        log_text(&line, "url", url);
    if (config->file)
        log_text(&line, "config", config->file);
    else
        log_route(&line, &config->routes[0]);
    log_end(&line);
}

void logging_demo(const struct site *site)
{
    char url[URL_MAX];
    if (print_url(site, url, sizeof(url)))
        log_message(REASON_INFO, "open %s in a browser", url);
}
