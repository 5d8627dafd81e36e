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

/* A file that root makes is given to the user that the process becomes. */
static bool find_owner(const struct config *config, struct safe_path_owner *owner,
                       struct log_options *options, char *error, size_t error_size)
{
    if (!config->user || geteuid() != 0)
        return true;
    options->owner = owner;
    return identity_user(config->user, &owner->user, &owner->group, error, error_size);
}

bool logging_open(const struct config *whole, char *error, size_t error_size)
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
                   .ident = "wsluice"},
    };
    struct safe_path_owner owner;
    return find_owner(whole, &owner, &options, error, error_size) &&
           log_open(&options, error, error_size);
}

void logging_certificates(const struct site *site)
{
    struct tls_store *store = site->resources->store;
    int64_t now = time(NULL);
    size_t count;
    const struct tls_store_certificate *certificates = tls_store_certificates(store, &count);
    char text[WARNING_MAX];
    for (size_t i = 0; i < count; i++)
        if (tls_store_is_warning_due(store, i, now) &&
            tls_store_warning(&certificates[i], now, text, sizeof(text)) > 0)
            log_message(REASON_WARN, "%s", text);
}

void logging_restarts(const struct config *before, const struct config *after)
{
    size_t cursor = 0;
    const struct options_row *row;
    while ((row = compare_next_restart(before, after, &cursor))) {
        const char *section = options_section(row->section)->key;
        log_message(REASON_WARN, "%s%s%s has changed; a restart applies it", section ? section : "",
                    section ? "." : "", row->key);
    }
}

void logging_demo(const struct site *site)
{
    const char *name = site->listeners[0].name, *port = strrchr(name, ':');
    bool any = strncmp(name, "[::]:", 5) == 0 || strncmp(name, "0.0.0.0:", 8) == 0;
    bool tls = site->config->listeners[0].tls.mode != CONFIG_TLS_OFF;
    if (port && site->config->listeners[0].address.kind == CONFIG_ADDRESS_TCP)
        log_message(REASON_INFO, "open http%s://%s%s/ in a browser", tls ? "s" : "",
                    any ? "localhost" : "", any ? port : name);
}
