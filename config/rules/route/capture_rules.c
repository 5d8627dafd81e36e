#include "config/rules/route/capture_rules.h"

#include "config/model/pattern.h"

static bool path_has(const struct config_route *route, struct slice name)
{
    const char *cursor = route->path;
    struct slice capture;
    while (pattern_next_capture(&cursor, &capture))
        if (slice_equal(capture, name))
            return true;
    return false;
}

static bool has_pattern(const struct config_route *route, struct slice name)
{
    for (size_t i = 0; i < route->capture_count; i++)
        if (route->captures[i].name && slice_equal(name, slice_of(route->captures[i].name)))
            return true;
    return false;
}

static void check_path_capture(const struct route_check *check, struct slice name)
{
    const char *cursor = check->route->path;
    const struct option_ref option = route_check_option(check, "path");
    struct slice earlier;
    if (!has_pattern(check->route, name)) {
        char remedy[160];
        snprintf(remedy, sizeof(remedy),
                 "add captures: {%.*s: \"PATTERN\"}, with a pattern such as desk-[0-9]{1,4}",
                 (int)name.len, name.ptr);
        route_check_report(check, option, remedy, "{%.*s} has no pattern", (int)name.len, name.ptr);
    }
    while (pattern_next_capture(&cursor, &earlier) && earlier.ptr != name.ptr)
        if (slice_equal(earlier, name))
            route_check_report(check, option, "give each capture its own name", "has {%.*s} twice",
                               (int)name.len, name.ptr);
}

static void check_path(const struct route_check *check)
{
    const char *cursor = check->route->path;
    struct slice name;
    size_t count = 0;
    for (; pattern_next_capture(&cursor, &name); count++)
        check_path_capture(check, name);
    if (count > CAPTURE_RULES_MAX)
        route_check_report(check, route_check_option(check, "path"), "use fewer {NAME}s",
                           "has more than %d captures", CAPTURE_RULES_MAX);
}

void capture_rules_check(const struct route_check *check)
{
    const struct config_route *route = check->route;
    check_path(check);
    for (size_t i = 0; i < route->capture_count; i++) {
        const char *name = route->captures[i].name;
        struct option_ref option = {
            .section = OPTIONS_CAPTURE, .outer = check->index, .inner = i, .key = name};
        if (name && !path_has(route, slice_of(name)))
            route_check_report(check, option, "remove it, or capture a segment of the path with it",
                               "the path has no {%s}", name);
    }
}

/* An unknown name in braces: was another one meant? */
static void suggest_capture(const struct route_check *check, struct slice name, char *remedy,
                            size_t size)
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

bool capture_rules_check_template(const struct route_check *check, struct option_ref option,
                                  const char *text)
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
        route_check_report(check, option, remedy, "the path has no {%.*s}", (int)name.len,
                           name.ptr);
    }
    if (text && !pattern_braces_match(text))
        route_check_report(check, option, "write {NAME}", "has an unmatched brace");
    return any;
}
