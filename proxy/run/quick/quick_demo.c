#include "run/quick/quick_demo.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/options/snapshot.h"

static const char demo_listen[] = "6080", demo_sshd[] = "localhost:22";

/* The page is not to be framed, which its own policy cannot say. */
static const struct config_header no_frames[] = {
    {"Content-Security-Policy", "frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
};

bool quick_demo_has_shell(const struct quick *quick)
{
    return quick->line->args.demo && quick_values_given(quick, OPTIONS_FILES, "root");
}

/* index.html and app.js are what contrib/ssh/build.sh makes. */
static void check_folder(struct quick *quick, const char *folder)
{
    static const char *const made[] = {"index.html", "app.js"};
    char path[4096];
    for (size_t i = 0; i < WSL_COUNT(made); i++) {
        int length = snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
        if (length < (int)sizeof(path) && access(path, R_OK) == 0)
            continue;
        diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, "--web",
                 "contrib/ssh/build.sh FOLDER makes it; for other pages leave demo out",
                 "'%s' is not the folder of SSH in a tab: %s: %s", folder, made[i],
                 length < (int)sizeof(path) ? strerror(errno) : strerror(ENAMETOOLONG));
        return;
    }
}

void quick_demo_check(struct quick *quick)
{
    struct cli_line *line = quick->line;
    if (!line->args.demo)
        return;
    if (quick_values_given(quick, OPTIONS_TARGET, "address"))
        cli_line_usage_error(line, NULL, "demo has its own target", "leave --unix-target out");
    if (quick_demo_has_shell(quick) && quick->config->routes[0].files.root)
        check_folder(quick, quick->config->routes[0].files.root);
    if (line->args.print)
        cli_line_usage_error(line, "--print-config", "a file cannot say demo",
                             "name a target instead");
    if (line->args.scan.rest)
        cli_line_usage_error(line, "--", "demo has its own target", "leave the command out");
}

/* The target so far, with its options, is the sshd's; the echo service goes before it. */
static bool put_sshd_second(struct quick *quick)
{
    struct config_target *sshd = quick->objects[OPTIONS_TARGET];
    if (sshd->address.kind == CONFIG_ADDRESS_TCP && sshd->address.port == 0)
        quick_values_set_fixed(quick, OPTIONS_TARGET, "address", demo_sshd);
    const struct config_target copy = *sshd;
    quick->objects[OPTIONS_TARGET] = NULL;
    if (!quick_values_open_section(quick, OPTIONS_TARGET))
        return false;
    *(struct config_target *)quick->objects[OPTIONS_TARGET] = copy;
    quick->objects[OPTIONS_TARGET] = &quick->config->routes[0].targets[0];
    return true;
}

void quick_demo_set(struct quick *quick)
{
    /* An abstract name needs no directory and leaves nothing behind. */
    char target[64];
    snprintf(target, sizeof(target), "unix:@wsluice-demo-%ld", (long)getpid());
    if (quick_demo_has_shell(quick) && !put_sshd_second(quick))
        cli_line_out_of_memory(quick->line);
    quick_values_set_fixed(quick, OPTIONS_TARGET, "address", target);
    quick_values_set_fixed(quick, OPTIONS_ROUTE, "demo", "true");
    if (quick->line->args.scan.operand_count == 0 &&
        !quick_values_given(quick, OPTIONS_LISTENER, "address"))
        quick_values_set_fixed(quick, OPTIONS_LISTENER, "address", demo_listen);
}

/* Sets one option of a route from a valid text. False: out of memory. */
static bool set(struct config *config, struct config_route *route, const char *key,
                const char *text)
{
    char why[128];
    return snapshot_set(config, options_find(OPTIONS_ROUTE, key), route, text, why, sizeof(why)) ==
           VALUE_OK;
}

/* A copy of the first route, for clients of this machine. NULL: out of memory. */
static struct config_route *add_route(struct config *config, const char *path)
{
    struct config_route *route = snapshot_open(config, OPTIONS_ROUTE, config);
    if (!route)
        return NULL;
    *route = config->routes[0];
    route->path = path;
    route->demo = false;
    route->files.root = NULL;
    bool here = set(config, route, "allow", "127.0.0.0/8") && set(config, route, "allow", "::1");
    return here ? route : NULL;
}

static bool add_files(struct config *config, const char *folder)
{
    struct config_route *route = add_route(config, "/shell/*");
    struct config_header *headers = config_alloc(config, sizeof(no_frames));
    if (!route || !headers)
        return false;
    memcpy(headers, no_frames, sizeof(no_frames));
    route->kind = CONFIG_KIND_FILES;
    route->targets = NULL;
    route->target_count = 0;
    route->files.root = folder;
    route->headers = headers;
    route->header_count = WSL_COUNT(no_frames);
    return true;
}

static bool add_bridge(struct config *config, struct config_target *sshd)
{
    struct config_route *route = add_route(config, "/ssh");
    if (!route || !set(config, route, "expect", "ssh"))
        return false;
    route->targets = sshd;
    return true;
}

static bool add_shell(struct config *config)
{
    struct config_route *first = &config->routes[0];
    const char *folder = first->files.root;
    struct config_target *sshd = &first->targets[1];
    const size_t size = 512; /* of a name of 253 bytes, or a path */
    char *name = config_alloc(config, size);
    if (!name)
        return false;
    config_address_print(&sshd->address, name, size);
    first->target_count = 1;
    if (!add_files(config, folder) || !add_bridge(config, sshd))
        return false;
    first = &config->routes[0]; /* the list has grown */
    first->files.root = NULL;
    first->demo_shell = name;
    return true;
}

void quick_demo_add_shell(struct quick *quick)
{
    if (quick_demo_has_shell(quick) && !add_shell(quick->config))
        cli_line_out_of_memory(quick->line);
}
