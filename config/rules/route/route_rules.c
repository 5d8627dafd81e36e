#include "config/rules/route/route_rules.h"

#include "config/rules/route/auth_rules.h"
#include "config/rules/route/capture_rules.h"
#include "config/rules/route/route_conflicts.h"
#include "config/rules/route/target_rules.h"
#include "config/rules/route/ws_rules.h"

/* ---- kinds ---- */

/* The purpose of a route: exactly one of these is given. */
struct purpose {
    bool given;
    const char *name;
    struct option_ref option;
};

static void check_purposes(const struct route_check *check, const struct purpose *purposes,
                           size_t count)
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
        route_check_report(
            check, purposes[i].option,
            "a route has one of target, targets, tokens, redirect, metrics, health and status",
            "the route has %s%s as well", first->name, place);
    }
    if (!first && !check->route->files.root)
        route_check_report(check, route_check_option(check, NULL),
                           "give it a target, such as tcp://localhost:5900",
                           "the route has no target, tokens, files, redirect, metrics, "
                           "health or status");
}

/* Options that need another one beside them, or exclude it. */
static void check_combinations(const struct route_check *check, bool bridge, bool other)
{
    const struct config_route *route = check->route;
    struct option_ref files = {.section = OPTIONS_FILES, .outer = check->index};
    if (route->files.root && other)
        route_check_report(check, files, "make it a route of its own",
                           "files may stand alone or beside a target or tokens only");
    if (route->demo && !bridge)
        route_check_report(check, route_check_option(check, "demo"), "add a target that echoes",
                           "the demo page needs a target");
    if (route->demo && route->files.root)
        route_check_report(check, route_check_option(check, "demo"), "keep one of them",
                           "files answer the same requests");
    if (route->record && !bridge)
        route_check_report(check, route_check_option(check, "record"), "remove it",
                           "has no effect on a route without a target or tokens");
}

static void check_kind(const struct route_check *check)
{
    const struct config_route *route = check->route;
    const struct option_ref target = {.section = OPTIONS_TARGET, .outer = check->index};
    const struct option_ref tokens = {.section = OPTIONS_TOKENS, .outer = check->index};
    const struct purpose purposes[] = {
        {route->target_count > 0, "a target", target},
        {config_route_has_tokens(route), "tokens", tokens},
        {route->redirect != NULL, "redirect", route_check_option(check, "redirect")},
        {route->kind == CONFIG_KIND_METRICS, "metrics", route_check_option(check, "metrics")},
        {route->health != CONFIG_HEALTH_OFF, "health", route_check_option(check, "health")},
        {route->status, "status", route_check_option(check, "status")},
    };
    bool other = false; /* than a bridge */
    for (size_t i = 2; i < WSL_COUNT(purposes); i++)
        other = other || purposes[i].given;
    check_purposes(check, purposes, WSL_COUNT(purposes));
    check_combinations(check, route->target_count > 0 || config_route_has_tokens(route), other);
}

/* ---- headers ---- */

static void check_headers(const struct route_check *check)
{
    const struct config_route *route = check->route;
    for (size_t i = 0; i < route->header_count; i++) {
        const char *name = route->headers[i].name;
        struct option_ref option = {
            .section = OPTIONS_HEADER, .outer = check->index, .inner = i, .key = name};
        if (name && config_header_is_reserved(name))
            route_check_report(check, option, "remove it",
                               "has no effect: wsluice sets this field itself");
    }
}

void route_rules_check(const struct config *config, const struct option_locator *names,
                       struct diag *diag)
{
    struct route_check check = {.config = config, .names = names, .diag = diag};
    for (check.index = 0; check.index < config->route_count; check.index++) {
        check.route = &config->routes[check.index];
        if (option_ref_is_faulty(names, OPTIONS_ROUTE, check.index))
            continue;
        check_kind(&check);
        capture_rules_check(&check);
        target_rules_check(&check);
        ws_rules_check(&check);
        auth_rules_check(&check);
        check_headers(&check);
    }
    route_conflicts_check(config, names, diag);
}
