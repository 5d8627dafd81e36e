#include "run/cli/tunnel/tunnel_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/text/secret.h"
#include "config/model/ws_url.h"
#include "config/options/snapshot.h"
#include "config/rules/admin.h"
#include "config/rules/rules.h"
#include "core/outbound/proxy_env.h"
#include "run/cli/tunnel/tunnel_option.h"
#include "run/cli/tunnel/tunnel_secret.h"

struct tunnel {
    const struct cli_scan *scan;
    struct config *config;
    struct tunnel_secret secret;
    char *fields; /* of --header-file; NULL: none */
    char *folder; /* the current directory, with '/' at its end */
    bool usage;
    /* Of the tunnel that is being made. */
    struct config_route *route;
    struct config_target *target;
};

static void complain(struct tunnel *tunnel, const char *option, const char *remedy,
                     const char *message)
{
    tunnel->usage = true;
    diag_add(tunnel->scan->diag, DIAG_ERROR, config_place_none, option, remedy, "%s", message);
}

/* ---- one option ---- */

static bool is_relative(const char *path)
{
    return *path && *path != '/' && *path != '@';
}

/* A path is made absolute. The caller frees it; NULL: memory is out. */
static char *absolute(const struct tunnel *tunnel, const struct options_row *row, const char *text)
{
    enum value_type type = row->value.type;
    bool address = type == VALUE_LISTEN || type == VALUE_TARGET;
    bool socket = address && strncmp(text, "unix:", 5) == 0;
    const char *path = socket ? text + 5 : text;
    char *result;
    if ((!socket && type != VALUE_PATH) || !is_relative(path))
        return strdup(text);
    return asprintf(&result, "%s%s%s", socket ? "unix:" : "", tunnel->folder, path) < 0 ? NULL
                                                                                        : result;
}

/* The words of an option have hyphens; those of a file, underscores. */
static const char *as_option(char *words)
{
    for (char *c = words; (c = strchr(c, '_'));)
        *c = '-';
    return words;
}

/* `shown`: the option's name in findings. */
static bool set(struct tunnel *tunnel, enum options_section section, const char *key, void *object,
                const char *text, const char *shown)
{
    const struct options_row *row = options_find(section, key);
    char why[256];
    char *value = absolute(tunnel, row, text);
    enum value_verdict verdict =
        value ? snapshot_set(tunnel->config, row, object, value, why, sizeof(why))
              : VALUE_NO_MEMORY;
    secret_free_text(value);
    if (verdict == VALUE_OK)
        return true;
    if (verdict == VALUE_NO_MEMORY)
        diag_out_of_memory(tunnel->scan->diag);
    else
        complain(tunnel, shown, NULL, row->value.type == VALUE_ENUM ? as_option(why) : why);
    return false;
}

static void *object_of(struct tunnel *tunnel, enum options_section section)
{
    switch (section) {
    case OPTIONS_ROUTE:
        return tunnel->route;
    case OPTIONS_TARGET:
        return tunnel->target;
    case OPTIONS_WEBSOCKET:
        return &tunnel->target->ws;
    default:
        return snapshot_open(tunnel->config, section, tunnel->config);
    }
}

/* ---- header fields ---- */

static const char blanks[] = " \t";

/* "Name: value" */
static void add_field(struct tunnel *tunnel, struct slice line, const char *shown)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (!colon || colon == line.ptr) {
        complain(tunnel, shown, "write NAME: VALUE", "has no name with a ':' behind it");
        return;
    }
    char *name = strndup(line.ptr, (size_t)(colon - line.ptr));
    char *value = strndup(colon + 1, line.len - (size_t)(colon + 1 - line.ptr));
    struct config_header *header =
        snapshot_open(tunnel->config, OPTIONS_WEBSOCKET_HEADER, &tunnel->target->ws);
    if (name && value && header) {
        size_t end = strlen(value);
        while (end > 0 && strchr(blanks, value[end - 1]))
            value[--end] = '\0';
        if (set(tunnel, OPTIONS_WEBSOCKET_HEADER, "name", header, name, shown))
            (void)set(tunnel, OPTIONS_WEBSOCKET_HEADER, "value", header,
                      value + strspn(value, blanks), shown);
    } else {
        diag_out_of_memory(tunnel->scan->diag);
    }
    free(name);
    secret_free_text(value);
}

/* One in each line; empty ones and those that begin with '#' are ignored. */
static void add_fields(struct tunnel *tunnel)
{
    for (const char *line = tunnel->fields; line && *line;) {
        size_t length = strcspn(line, "\n");
        size_t end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        if (end > 0 && *line != '#')
            add_field(tunnel, (struct slice){line, end}, "--header-file");
        line += length + (line[length] == '\n');
    }
}

/* ---- one tunnel ---- */

static void set_flag(struct tunnel *tunnel, const struct cli_assignment *assignment)
{
    char shown[40];
    const char *name = assignment->flag.flag->name;
    const struct tunnel_option *option = tunnel_option_find(name);
    snprintf(shown, sizeof(shown), "--%s", name);
    if (strcmp(name, "header") == 0)
        add_field(tunnel, slice_of(assignment->argument), shown);
    if (option)
        (void)set(tunnel, option->section, option->key, object_of(tunnel, option->section),
                  option->sets ? option->sets : assignment->argument, shown);
}

static void set_secret(struct tunnel *tunnel)
{
    struct config_ws_target *ws = &tunnel->target->ws;
    const struct tunnel_secret *secret = &tunnel->secret;
    const char *key = secret->is_password ? "password" : "bearer";
    if (!secret->text || !set(tunnel, OPTIONS_WEBSOCKET, key, ws, secret->text, secret->option))
        return;
    if (!config_note_secret_source(tunnel->config, secret->is_password ? ws->password : ws->bearer,
                                   secret->origin, secret->reference))
        diag_out_of_memory(tunnel->scan->diag);
}

static void set_url(struct tunnel *tunnel, const char *url)
{
    if (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)
        complain(tunnel, "URL", url[4] == 's' ? "write wss:// instead" : "write ws:// instead",
                 "http is not WebSocket");
    else if (!ws_url_has_scheme(url))
        complain(tunnel, "URL", NULL,
                 "must be ws://HOST/PATH, wss://HOST/PATH or ws+unix:/SOCKET:/PATH");
    else if (strpbrk(url, "{}"))
        complain(tunnel, "URL", NULL, "must have a fixed path and host, without {NAME}");
    else
        (void)set(tunnel, OPTIONS_TARGET, "address", tunnel->target, url, "URL");
}

static const char *get_environment(void *owner, const char *name)
{
    (void)owner;
    return getenv(name);
}

/* That of --proxy, which may be "none", or of the environment. */
static void set_proxy(struct tunnel *tunnel)
{
    static const char option[] = "--proxy";
    struct config_target *target = tunnel->target;
    const char *variable = NULL, *url = cli_scan_value(tunnel->scan, "proxy");
    if (url) {
        if (strcmp(url, "none") != 0)
            (void)set(tunnel, OPTIONS_TARGET, "proxy", target, url, option);
        return;
    }
    if (!target->address.host || target->connect_to.path)
        return;
    url = proxy_env_find(target->tls, target->address.host, get_environment, NULL, &variable);
    if (!url || !set(tunnel, OPTIONS_TARGET, "proxy", target, url, variable))
        return;
    char reference[64];
    snprintf(reference, sizeof(reference), "${%s}", variable);
    if (!config_note_secret_source(tunnel->config, target->proxy, CONFIG_ORIGIN_ENVIRONMENT,
                                   reference))
        diag_out_of_memory(tunnel->scan->diag);
}

static void set_listen(struct tunnel *tunnel, struct config_listener *listener, const char *text)
{
    const char *shown = *text ? text : "[BIND:]PORT|unix:PATH";
    char local[64];
    bool port = *text && strspn(text, "0123456789") == strlen(text);
    if (port && snprintf(local, sizeof(local), "127.0.0.1:%s", text) < (int)sizeof(local))
        text = local;
    (void)set(tunnel, OPTIONS_LISTENER, "address", listener, text, shown);
}

static void add_tunnel(struct tunnel *tunnel, const char *listen, const char *url)
{
    struct config *config = tunnel->config;
    char name[32];
    struct config_listener *listener = snapshot_open(config, OPTIONS_LISTENER, config);
    tunnel->route = snapshot_open(config, OPTIONS_ROUTE, config);
    tunnel->target = tunnel->route ? snapshot_open(config, OPTIONS_TARGET, tunnel->route) : NULL;
    if (!listener || !tunnel->target) {
        diag_out_of_memory(tunnel->scan->diag);
        return;
    }
    snprintf(name, sizeof(name), "tunnel-%zu", config->route_count);
    set_listen(tunnel, listener, listen);
    (void)set(tunnel, OPTIONS_LISTENER, "raw", listener, "true", "raw");
    (void)set(tunnel, OPTIONS_LISTENER, "routes", listener, name, "routes");
    (void)set(tunnel, OPTIONS_ROUTE, "name", tunnel->route, name, "name");
    set_url(tunnel, url);
    for (size_t i = 0; i < tunnel->scan->assignment_count; i++)
        set_flag(tunnel, &tunnel->scan->assignments[i]);
    set_proxy(tunnel);
    add_fields(tunnel);
    set_secret(tunnel);
}

/* ---- the whole ---- */

static struct config_place locate(const void *owner, struct option_ref option)
{
    return config_place_none;
}

static const char *name_option(const void *owner, const struct option_ref *option)
{
    return tunnel_option_name(option);
}

/* For the sandbox: files that a reload reads again. */
static void note_files(struct tunnel *tunnel, const char *fields)
{
    const struct tunnel_secret *secret = &tunnel->secret;
    char *path = NULL;
    bool noted = true;
    if (secret->text && secret->origin == CONFIG_ORIGIN_FILE)
        noted = config_note_file(tunnel->config, secret->reference);
    if (fields && asprintf(&path, "%s%s", *fields == '/' ? "" : tunnel->folder, fields) < 0)
        path = NULL;
    if (fields)
        noted = noted && path && config_note_file(tunnel->config, path);
    free(path);
    if (!noted)
        diag_out_of_memory(tunnel->scan->diag);
}

static bool begin(struct tunnel *tunnel)
{
    const struct cli_scan *scan = tunnel->scan;
    char *here = getcwd(NULL, 0);
    if (!here) {
        diag_add(scan->diag, DIAG_ERROR, config_place_none, NULL,
                 "start from a directory that exists", "the current directory: %s",
                 strerror(errno));
        return false;
    }
    if (asprintf(&tunnel->folder, "%s%s", here, strcmp(here, "/") == 0 ? "" : "/") < 0)
        tunnel->folder = NULL;
    free(here);
    tunnel->config = snapshot_begin();
    if (!tunnel->folder || !tunnel->config) {
        diag_out_of_memory(scan->diag);
        return false;
    }
    const char *fields = cli_scan_value(scan, "header-file");
    if (fields)
        tunnel->fields = tunnel_secret_read_file(scan, "--header-file", fields);
    if ((fields && !tunnel->fields) || !tunnel_secret_read(&tunnel->secret, scan, tunnel->folder))
        return false;
    note_files(tunnel, fields);
    return !scan->diag->starved;
}

static void make(struct tunnel *tunnel, enum tunnel_config_kind kind)
{
    const struct cli_scan *scan = tunnel->scan;
    const struct option_locator names = {.locate = locate, .name = name_option};
    if (cli_scan_has(scan, "ipv4") && cli_scan_has(scan, "ipv6"))
        complain(tunnel, "--ipv4", "keep one of them", "there is --ipv6 as well");
    if (kind == TUNNEL_CONFIG_CONNECT)
        add_tunnel(tunnel, "fd:0", scan->operands[0]);
    for (size_t i = 0; kind == TUNNEL_CONFIG_FORWARD && i + 1 < scan->operand_count; i += 2)
        add_tunnel(tunnel, scan->operands[i], scan->operands[i + 1]);
    if (scan->diag->errors > 0)
        return;
    rules_check(tunnel->config, &names, scan->diag);
    tunnel->usage = scan->diag->errors > 0;
    if (scan->diag->errors == 0 && kind == TUNNEL_CONFIG_FORWARD && !admin_attach(tunnel->config))
        diag_out_of_memory(scan->diag);
}

struct config *tunnel_config_make(const struct cli_scan *scan, enum tunnel_config_kind kind,
                                  bool *usage)
{
    struct tunnel tunnel = {.scan = scan};
    if (begin(&tunnel))
        make(&tunnel, kind);
    *usage = tunnel.usage || tunnel.secret.usage;
    tunnel_secret_free(&tunnel.secret);
    secret_free_text(tunnel.fields);
    free(tunnel.folder);
    if (scan->diag->errors == 0)
        return tunnel.config;
    config_release(tunnel.config);
    return NULL;
}
