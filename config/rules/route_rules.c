#include "config/rules/route_rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/name_map.h"
#include "config/model/pattern.h"

/* One route under the magnifier. */
struct check {
    const struct config *config;
    const struct option_ref_names *names;
    struct diag *diag;
    const struct config_route *route;
    size_t index;
};

static struct option_ref of_route(const struct check *check, const char *key)
{
    return (struct option_ref){.section = OPTIONS_ROUTE, .outer = check->index, .key = key};
}

static struct option_ref of_target(const struct check *check, size_t target, const char *key)
{
    return (struct option_ref){
        .section = OPTIONS_TARGET, .outer = check->index, .inner = target, .key = key};
}

WSL_PRINTF(4, 5)
static void complain(const struct check *check, struct option_ref option, const char *remedy,
                     const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    option_ref_complain(check->names, check->diag, DIAG_ERROR, option, remedy, "%s", message);
}

/* ---- kinds ---- */

/* What a route is for: just one of these. */
struct purpose {
    bool given;
    const char *name;
    struct option_ref option;
};

static void check_purposes(const struct check *check, const struct purpose *purposes, size_t count)
{
    const struct purpose *first = NULL;
    char place[300];
    for (size_t i = 0; i < count; i++) {
        if (!purposes[i].given)
            continue;
        if (!first) {
            first = &purposes[i];
            continue;
        }
        option_ref_print_place(check->names, first->option, place, sizeof(place));
        complain(check, purposes[i].option,
                 "a route has one of target, targets, tokens, redirect, metrics, health and status",
                 "the route has %s%s as well", first->name, place);
    }
    if (!first && !check->route->files.root)
        complain(check, of_route(check, NULL), "give it a target, such as tcp://localhost:5900",
                 "the route leads nowhere: it has no target, tokens, files, redirect, metrics, "
                 "health or status");
}

/* What only makes sense next to something else. */
static void check_company(const struct check *check, bool bridge, bool other)
{
    const struct config_route *route = check->route;
    struct option_ref files = {.section = OPTIONS_FILES, .outer = check->index};
    if (route->files.root && other)
        complain(check, files, "make it a route of its own",
                 "files are for requests that come beside WebSockets, or alone");
    if (route->demo && !bridge)
        complain(check, of_route(check, "demo"), "add a target that echoes",
                 "the demo page needs something to talk to");
    if (route->demo && route->files.root)
        complain(check, of_route(check, "demo"), "keep one of them",
                 "there are files for the same requests");
    if (route->record && !bridge)
        complain(check, of_route(check, "record"), "leave it out", "there are no sessions here");
}

static void check_kind(const struct check *check)
{
    const struct config_route *route = check->route;
    const struct option_ref target = {.section = OPTIONS_TARGET, .outer = check->index};
    const struct option_ref tokens = {.section = OPTIONS_TOKENS, .outer = check->index};
    const struct purpose purposes[] = {
        {route->target_count > 0, "a target", target},
        {route->tokens.file != NULL, "tokens", tokens},
        {route->redirect != NULL, "redirect", of_route(check, "redirect")},
        {route->kind == CONFIG_KIND_METRICS, "metrics", of_route(check, "metrics")},
        {route->health != CONFIG_HEALTH_OFF, "health", of_route(check, "health")},
        {route->status, "status", of_route(check, "status")},
    };
    bool other = false;
    for (size_t i = 2; i < WSL_COUNT(purposes); i++)
        other = other || purposes[i].given;
    check_purposes(check, purposes, WSL_COUNT(purposes));
    check_company(check, route->target_count > 0 || route->tokens.file, other);
}

/* ---- captures ---- */

static bool path_has(const struct config_route *route, struct slice name)
{
    const char *cursor = route->path;
    struct slice capture;
    while (pattern_next_capture(&cursor, &capture))
        if (slice_equal(capture, name))
            return true;
    return false;
}

static void check_path_captures(const struct check *check)
{
    const struct config_route *route = check->route;
    const char *cursor = route->path;
    struct slice name;
    size_t count = 0;
    while (pattern_next_capture(&cursor, &name)) {
        const char *earlier = route->path;
        struct slice other;
        bool has_pattern = false;
        for (size_t i = 0; i < route->capture_count && !has_pattern; i++)
            has_pattern = slice_equal(name, slice_of(route->captures[i].name));
        if (!has_pattern) {
            char remedy[160];
            snprintf(remedy, sizeof(remedy),
                     "add captures: {%.*s: \"desk-[0-9]{1,4}\"}, or what it may be", (int)name.len,
                     name.ptr);
            complain(check, of_route(check, "path"), remedy, "{%.*s} has no pattern", (int)name.len,
                     name.ptr);
        }
        while (pattern_next_capture(&earlier, &other) && other.ptr != name.ptr)
            if (slice_equal(other, name))
                complain(check, of_route(check, "path"), "give each its own name",
                         "{%.*s} is there twice", (int)name.len, name.ptr);
        count++;
    }
    if (count > ROUTE_RULES_CAPTURES_MAX)
        complain(check, of_route(check, "path"), NULL, "more than %d captures",
                 ROUTE_RULES_CAPTURES_MAX);
}

static void check_captures(const struct check *check)
{
    const struct config_route *route = check->route;
    check_path_captures(check);
    for (size_t i = 0; i < route->capture_count; i++) {
        const char *name = route->captures[i].name;
        struct option_ref option = {
            .section = OPTIONS_CAPTURE, .outer = check->index, .inner = i, .key = name};
        if (name && !path_has(route, slice_of(name)))
            complain(check, option, "leave it out, or capture a segment of the path with it",
                     "the path has no {%s}", name);
    }
}

/* An unknown name in braces: was another one meant? */
static void suggest_capture(const struct check *check, struct slice name, char *remedy, size_t size)
{
    struct diag_guess guess = diag_guess(name.ptr, name.len);
    for (size_t i = 0; i < check->route->capture_count; i++)
        if (check->route->captures[i].name)
            diag_guess_offer(&guess, check->route->captures[i].name);
    if (guess.best)
        snprintf(remedy, size, "did you mean {%s}?", guess.best);
    else
        snprintf(remedy, size, "capture it in the path");
}

/* A host or a server_name. True: it has captures. */
static bool check_template(const struct check *check, struct option_ref option, const char *text)
{
    const char *cursor = text;
    struct slice name;
    bool any = false;
    while (cursor && pattern_next_capture(&cursor, &name)) {
        char remedy[100];
        any = true;
        if (path_has(check->route, name))
            continue;
        suggest_capture(check, name, remedy, sizeof(remedy));
        complain(check, option, remedy, "the path has no {%.*s}", (int)name.len, name.ptr);
    }
    if (cursor && strpbrk(cursor, "{}"))
        complain(check, option, "write {NAME}", "has a brace without its partner");
    return any;
}

static void check_target_captures(const struct check *check, size_t index)
{
    const struct config_target *target = &check->route->targets[index];
    struct option_ref option = of_target(check, index, "address");
    const char *path = target->address.path;
    if (path && strpbrk(path, "{}"))
        complain(check, option, NULL, "only a host may hold captures");
    bool host_varies = check_template(check, option, target->address.host);
    option.key = "server_name";
    bool name_varies = check_template(check, option, target->server_name);
    if ((host_varies || name_varies) && target->probe != CONFIG_PROBE_OFF)
        complain(check, of_target(check, index, "probe"), "leave it out",
                 "a probe has no request that {NAME} could be taken from");
}

/* ---- targets ---- */

static struct option_ref with_key(struct option_ref option, const char *key)
{
    option.key = key;
    return option;
}

/* `subject`: what the options belong to, a target or tokens. */
static void check_target_tls(const struct check *check, const struct config_target *target,
                             struct option_ref option)
{
    const struct {
        const char *key;
        bool given;
    } options[] = {
        {"server_name", target->server_name != NULL},
        {"ca", target->ca != NULL},
        {"certificate", target->certificate != NULL},
        {"insecure", target->insecure},
    };
    const char *remedy =
        option.section == OPTIONS_TOKENS ? "add tls: true" : "write the address as tls://HOST:PORT";
    for (size_t i = 0; !target->tls && i < 4; i++)
        if (options[i].given)
            complain(check, with_key(option, options[i].key), remedy, "means nothing without TLS");
    if (target->tls && target->address.kind == CONFIG_ADDRESS_UNIX && !target->server_name &&
        !target->insecure)
        complain(check, with_key(option, "server_name"), "set the name that the certificate has",
                 "TLS to a Unix socket has no host to verify the certificate against");
    if (target->insecure && target->ca)
        complain(check, with_key(option, "insecure"), "leave one of them out",
                 "there is a ca to verify the target with as well");
    if (target->key && !target->certificate)
        complain(check, with_key(option, "key"), "name the certificate's file as well",
                 "a key needs its certificate");
    if (target->key_password && !target->certificate)
        complain(check, with_key(option, "key_password"), "name the certificate as well",
                 "there is no key to decrypt");
}

static void check_targets(const struct check *check)
{
    for (size_t i = 0; i < check->route->target_count; i++) {
        const struct config_target *target = &check->route->targets[i];
        if (!target->address.host && !target->address.path) {
            if (check->names->flags)
                complain(check, of_target(check, i, "address"),
                         "name the HOST:PORT that its clients reach", "a route needs a target");
            continue; /* in a file it was a finding already */
        }
        check_target_captures(check, i);
        check_target_tls(check, target, of_target(check, i, NULL));
        if (target->probe == CONFIG_PROBE_BANNER && !target->banner)
            complain(check, of_target(check, i, "probe"),
                     "add banner: SSH-2.0, or whatever the target says first",
                     "no banner is named");
        if (target->banner && target->probe != CONFIG_PROBE_BANNER)
            complain(check, of_target(check, i, "banner"), "add probe: banner",
                     "nobody looks for it");
    }
}

/* ---- tokens ---- */

static void check_tokens(const struct check *check)
{
    const struct config_tokens *tokens = &check->route->tokens;
    const struct option_ref option = {.section = OPTIONS_TOKENS, .outer = check->index};
    const char *path = check->route->path;
    if (!tokens->file)
        return;
    check_target_tls(check, &tokens->target, option);
    check_template(check, with_key(option, "server_name"), tokens->target.server_name);
    if (strcmp(tokens->from, "path") == 0 && path[strlen(path) - 1] != '*')
        complain(check, with_key(option, "from"), "end the path with /*",
                 "the route's path leaves no room for a token");
}

/* ---- headers ---- */

static void check_headers(const struct check *check)
{
    const struct config_route *route = check->route;
    for (size_t i = 0; i < route->header_count; i++) {
        const char *name = route->headers[i].name;
        struct option_ref option = {
            .section = OPTIONS_HEADER, .outer = check->index, .inner = i, .key = name};
        if (name && config_header_is_reserved(name))
            complain(check, option, "leave it out",
                     "would not be sent: wsluice writes this field itself");
    }
}

/* ---- routes against each other ---- */

struct table {
    const struct config *config;
    struct name_map named; /* by any listener */
    struct name_map keys;  /* host and path, to the first route that has them */
    size_t *next;          /* the next route of the same key; 0: none */
    size_t *last;          /* of the first route of a key: the last one */
    char **texts;
};

static bool is_named(const struct table *table, const struct config_route *route)
{
    size_t number;
    const char *name = config_route_name(route);
    return name_map_find(&table->named, slice_of(name), &number);
}

static bool lists(const struct config_texts *texts, const char *name)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->items[i], name) == 0)
            return true;
    return false;
}

/* Is there a listener that would have to choose between the two? */
static bool meet(const struct table *table, const struct config_route *a,
                 const struct config_route *b)
{
    if (is_named(table, a) != is_named(table, b))
        return false;
    if (!is_named(table, a) || strcmp(config_route_name(a), config_route_name(b)) == 0)
        return true;
    for (size_t i = 0; i < table->config->listener_count; i++) {
        const struct config_texts *routes = &table->config->listeners[i].routes;
        if (lists(routes, config_route_name(a)) && lists(routes, config_route_name(b)))
            return true;
    }
    return false;
}

/* Of hosts, case and a dot at the end do not count. */
static char *make_key(const struct config_route *route)
{
    const char *host = route->host ? route->host : "";
    size_t length = strlen(host);
    if (length > 0 && host[length - 1] == '.')
        length--;
    char *key = calloc(1, length + strlen(route->path) + 2);
    if (!key)
        return NULL;
    for (size_t i = 0; i < length; i++)
        key[i] = slice_lower(host[i]);
    pattern_canonical_path(route->path, key + length);
    return key;
}

static bool compare_route(const struct check *check, struct table *table)
{
    const struct config_route *routes = check->config->routes;
    size_t index = check->index, first = index;
    char *key = table->texts[index] = make_key(check->route);
    if (!key)
        return false;
    switch (name_map_add(&table->keys, slice_of(key), &first)) {
    case NAME_MAP_NO_MEMORY:
        return false;
    case NAME_MAP_ADDED:
        table->last[index] = index;
        return true;
    case NAME_MAP_FOUND:
        break;
    }
    for (size_t other = first;; other = table->next[other]) {
        if (meet(table, &routes[other], check->route)) {
            struct option_ref there = {.section = OPTIONS_ROUTE, .outer = other};
            char place[300];
            option_ref_print_place(check->names, there, place, sizeof(place));
            complain(check, of_route(check, NULL), "change the path or the host of one of them",
                     "cannot be told apart from routes[%zu]%s: same listeners, host and path",
                     other, place);
            break;
        }
        if (table->next[other] == 0)
            break;
    }
    table->next[table->last[first]] = index;
    table->last[first] = index;
    return true;
}

static bool collect_names(struct table *table)
{
    for (size_t i = 0; i < table->config->listener_count; i++) {
        const struct config_texts *routes = &table->config->listeners[i].routes;
        for (size_t j = 0; j < routes->count; j++) {
            size_t number = 0;
            if (name_map_add(&table->named, slice_of(routes->items[j]), &number) ==
                NAME_MAP_NO_MEMORY)
                return false;
        }
    }
    return true;
}

static bool everybody_chooses(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (config->listeners[i].routes.count == 0)
            return false;
    return config->listener_count > 0;
}

static bool compare_routes(struct check *check, struct table *table)
{
    /* With errors, a listener may well mean it. */
    bool chosen = check->diag->errors == 0 && everybody_chooses(check->config),
         ok = collect_names(table);
    for (check->index = 0; ok && check->index < check->config->route_count; check->index++) {
        check->route = &check->config->routes[check->index];
        if (option_ref_is_faulty(check->names, OPTIONS_ROUTE, check->index))
            continue;
        if (chosen && !is_named(table, check->route))
            option_ref_complain(check->names, check->diag, DIAG_WARNING, of_route(check, NULL),
                                "add its name to the routes of a listener",
                                "no listener serves it");
        ok = compare_route(check, table);
    }
    return ok;
}

static void check_against_each_other(struct check *check)
{
    size_t count = check->config->route_count;
    struct table table = {.config = check->config,
                          .next = calloc(count + 1, sizeof(*table.next)),
                          .last = calloc(count + 1, sizeof(*table.last)),
                          .texts = calloc(count + 1, sizeof(*table.texts))};
    if (!table.next || !table.last || !table.texts || !compare_routes(check, &table))
        diag_out_of_memory(check->diag);
    for (size_t i = 0; table.texts && i < count; i++)
        free(table.texts[i]);
    free(table.texts);
    free(table.next);
    free(table.last);
    name_map_free(&table.keys);
    name_map_free(&table.named);
}

void route_rules_check(const struct config *config, const struct option_ref_names *names,
                       struct diag *diag)
{
    struct check check = {.config = config, .names = names, .diag = diag};
    for (check.index = 0; check.index < config->route_count; check.index++) {
        check.route = &config->routes[check.index];
        if (option_ref_is_faulty(names, OPTIONS_ROUTE, check.index))
            continue;
        check_kind(&check);
        check_captures(&check);
        check_targets(&check);
        check_tokens(&check);
        check_headers(&check);
    }
    check_against_each_other(&check);
}
