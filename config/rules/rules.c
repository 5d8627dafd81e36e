#include "config/rules/rules.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/name_map.h"
#include "config/rules/raw_rules.h"
#include "config/rules/route/auth_rules.h"
#include "config/rules/route/route_rules.h"
#include "config/rules/warnings.h"

enum { ADDRESS_TEXT_MAX = 300 };

struct check {
    const struct config *config;
    const struct option_locator *names;
    struct diag *diag;
    struct name_map addresses, listener_names, routes;
    char (*texts)[ADDRESS_TEXT_MAX]; /* the listeners' addresses */
};

static struct option_ref of_process(enum options_section section, const char *key)
{
    return (struct option_ref){.section = section, .key = key};
}

static struct option_ref of_listener(size_t index, const char *key)
{
    return (struct option_ref){.section = OPTIONS_LISTENER, .outer = index, .key = key};
}

static struct option_ref of_tls(size_t index, const char *key)
{
    return (struct option_ref){.section = OPTIONS_TLS, .outer = index, .key = key};
}

static void complain(const struct check *check, struct option_ref option, const char *remedy,
                     const char *message)
{
    option_ref_report(check->names, check->diag, DIAG_ERROR, option, remedy, "%s", message);
}

/* ---- process ---- */

static void check_log(const struct check *check)
{
    const struct config_log *log = &check->config->log;
    if (log->target == CONFIG_LOG_FILE && !log->file)
        complain(check, of_process(OPTIONS_LOG, "target"), "set log.file as well",
                 "log.file is not set");
    if (log->target == CONFIG_LOG_SYSLOG && !log->syslog)
        complain(check, of_process(OPTIONS_LOG, "target"),
                 "set log.syslog as well, such as /dev/log", "log.syslog is not set");
}

static void check_user(const struct check *check)
{
    if (check->config->group && !check->config->user)
        complain(check, of_process(OPTIONS_PROCESS, "group"), "set user as well",
                 "a group has no effect without a user");
}

/* The admin socket is not shared with clients. */
static void check_admin(const struct check *check)
{
    const char *path = check->config->admin.socket;
    for (size_t i = 0; path && i < check->config->listener_count; i++) {
        const char *other = check->config->listeners[i].address.path;
        if (other && strcmp(other, path) == 0)
            complain(check, of_process(OPTIONS_ADMIN, "socket"), "choose another path",
                     "a listener has the same path");
    }
}

/* ---- listeners ---- */

static void check_tls(const struct check *check, size_t index)
{
    const struct config_tls *tls = &check->config->listeners[index].tls;
    if (tls->mode != CONFIG_TLS_OFF && tls->certificate_count == 0)
        complain(check, of_tls(index, "mode"), "name a PEM file with its chain and key",
                 "TLS needs a certificate");
    for (size_t i = 0; i < tls->certificate_count; i++) {
        struct option_ref option = {
            .section = OPTIONS_CERTIFICATE, .outer = index, .inner = i, .key = "key"};
        const struct config_certificate *pair = &tls->certificates[i];
        if (!pair->certificate && pair->key && check->names->flags)
            complain(check, option, "add --cert=FILE", "a key needs its certificate");
    }
    if (tls->client_verify != CONFIG_VERIFY_OFF && tls->mode == CONFIG_TLS_OFF)
        complain(check, of_tls(index, "client_verify"), "add a certificate",
                 "client certificates need TLS");
    if (tls->client_crl && !tls->client_ca)
        complain(check, of_tls(index, "client_crl"), "name the authorities with client_ca",
                 "needs client_ca");
    if (tls->client_crl && tls->client_verify == CONFIG_VERIFY_OFF)
        complain(check, of_tls(index, "client_crl"), "set client_verify, or remove it",
                 "no client is asked for a certificate");
    if (tls->client_verify == CONFIG_VERIFY_REQUIRED && tls->mode == CONFIG_TLS_OPTIONAL)
        option_ref_report(check->names, check->diag, DIAG_WARNING, of_tls(index, "client_verify"),
                          check->names->flags ? "add --ssl-only" : "set tls.mode to required",
                          "clients without TLS need no certificate");
}

/* The same text for the same address, in any notation. False: any free port, so never the same. */
static bool print_address(const struct config_address *address, char *text, size_t size)
{
    if (address->kind == CONFIG_ADDRESS_UNIX) {
        snprintf(text, size, "unix:%s", address->path);
        return true;
    }
    if (address->kind == CONFIG_ADDRESS_FD) {
        snprintf(text, size, "fd:%u", address->port);
        return true;
    }
    struct in6_addr v6;
    char host[INET6_ADDRSTRLEN] = "";
    bool is_v6 = address->host && inet_pton(AF_INET6, address->host, &v6) == 1 &&
                 inet_ntop(AF_INET6, &v6, host, sizeof(host));
    snprintf(text, size, "%s %u", is_v6 || !address->host ? host : address->host, address->port);
    for (char *p = text; *p; p++)
        *p = ascii_lower(*p);
    return address->port != 0;
}

/* No two listeners may have the same address or name; the map borrows the text. */
static void check_unique(struct check *check, struct name_map *map, size_t index, const char *key,
                         const char *text)
{
    size_t other = index;
    char place[ADDRESS_TEXT_MAX];
    switch (name_map_add(map, slice_of(text), &other)) {
    case NAME_MAP_NO_MEMORY:
        diag_out_of_memory(check->diag);
        break;
    case NAME_MAP_FOUND:
        option_ref_print_place(check->names, of_listener(other, key), place, sizeof(place));
        option_ref_report(check->names, check->diag, DIAG_ERROR, of_listener(index, key),
                          "change one of them", "is the same as in listeners[%zu]%s", other, place);
        break;
    case NAME_MAP_ADDED:
        break;
    }
}

static void check_route_names(const struct check *check, struct option_ref option,
                              const struct config_texts *names)
{
    const struct config *config = check->config;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        size_t number;
        if (name_map_find(&check->routes, slice_of(name), &number))
            continue;
        char remedy[120] = "a route is called by its name, or by its path when it has none";
        struct diag_guess guess = diag_guess(name, strlen(name));
        for (size_t j = 0; j < config->route_count; j++)
            diag_guess_offer(&guess, config_route_name(&config->routes[j]));
        if (guess.best)
            snprintf(remedy, sizeof(remedy), "did you mean %s?", guess.best);
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, remedy,
                          "no route is called '%s'", name);
    }
}

/* The routes that a health route depends on. */
static void check_needs(const struct check *check, size_t index)
{
    const struct config_route *route = &check->config->routes[index];
    struct option_ref option = {.section = OPTIONS_ROUTE, .outer = index, .key = "needs"};
    if (route->needs.count == 0 || option_ref_is_faulty(check->names, OPTIONS_ROUTE, index))
        return;
    if (route->health != CONFIG_HEALTH_READY)
        complain(check, option, "write health: ready, or remove it",
                 "only health: ready depends on routes");
    if (!check->names->incomplete)
        check_route_names(check, option, &route->needs);
}

static void check_listener(struct check *check, size_t index)
{
    const struct config_listener *listener = &check->config->listeners[index];
    char *text = check->texts[index];
    const struct config_address *address = &listener->address;
    bool has_address =
        address->host || address->path || address->port || address->kind == CONFIG_ADDRESS_FD;
    if (has_address && print_address(address, text, ADDRESS_TEXT_MAX))
        check_unique(check, &check->addresses, index, "address", text);
    if (listener->name)
        check_unique(check, &check->listener_names, index, "name", listener->name);
    if (listener->proxy_protocol != CONFIG_PROXY_OFF && listener->trusted_proxies.count == 0)
        complain(check, of_listener(index, "proxy_protocol"),
                 "name the addresses of your proxies in trusted_proxies",
                 "no proxy is trusted to send the client's address");
    if ((listener->unix_owner || listener->unix_group) &&
        listener->address.kind != CONFIG_ADDRESS_UNIX)
        complain(check, of_listener(index, listener->unix_owner ? "socket_owner" : "socket_group"),
                 "remove it", "only a Unix socket has an owner");
    if (!option_ref_is_faulty(check->names, OPTIONS_LISTENER, index)) {
        check_tls(check, index);
        auth_rules_check_listener(check->config, check->names, check->diag, index);
    }
    if (!check->names->incomplete)
        check_route_names(check, of_listener(index, "routes"), &listener->routes);
}

static void collect_route_names(struct check *check)
{
    const struct config *config = check->config;
    for (size_t i = 0; i < config->route_count; i++) {
        const char *name = config_route_name(&config->routes[i]);
        size_t number = i;
        if (name_map_add(&check->routes, slice_of(name), &number) == NAME_MAP_NO_MEMORY)
            diag_out_of_memory(check->diag);
    }
}

static void check_listeners(struct check *check)
{
    const struct config *config = check->config;
    check->texts = calloc(config->listener_count + 1, sizeof(*check->texts));
    if (!check->texts)
        diag_out_of_memory(check->diag);
    for (size_t i = 0; check->texts && i < config->listener_count; i++)
        check_listener(check, i);
    free(check->texts);
    name_map_free(&check->addresses);
    name_map_free(&check->listener_names);
}

void rules_check(const struct config *config, const struct option_locator *names, struct diag *diag)
{
    struct check check = {.config = config, .names = names, .diag = diag};
    if (config->listener_count == 0 && !names->incomplete)
        complain(&check, of_process(OPTIONS_PROCESS, NULL),
                 "add a listener, such as listeners: [\":6080\"]", "there are no listeners");
    if (config->route_count == 0 && !names->incomplete)
        complain(&check, of_process(OPTIONS_PROCESS, NULL),
                 "add a route, such as routes: [{target: \"tcp://localhost:5900\"}]",
                 "there are no routes");
    check_log(&check);
    check_user(&check);
    check_admin(&check);
    collect_route_names(&check);
    check_listeners(&check);
    for (size_t i = 0; i < config->route_count; i++)
        check_needs(&check, i);
    name_map_free(&check.routes);
    raw_rules_check(config, names, diag);
    route_rules_check(config, names, diag);
    if (diag->errors == 0)
        warnings_check(config, names, diag);
}
