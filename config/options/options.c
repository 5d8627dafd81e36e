#include "config/options/options.h"

#include <assert.h>

#define ONE(parent_type, member)                                                                   \
    .shape = OPTIONS_ONE, .offset = offsetof(struct parent_type, member)
#define LIST(parent_type, member, count_member)                                                    \
    .shape = OPTIONS_LIST, .offset = offsetof(struct parent_type, member),                         \
    .count_offset = offsetof(struct parent_type, count_member)
#define MAP(parent_type, member, count_member)                                                     \
    .shape = OPTIONS_MAP, .offset = offsetof(struct parent_type, member),                          \
    .count_offset = offsetof(struct parent_type, count_member)

static const struct options_section_row sections[] = {
    [OPTIONS_PROCESS] =
        {
            .title = "Process",
            .size = sizeof(struct config),
            .place = OPTIONS_NO_PLACE,
            .help = "What holds for the whole process.",
        },
    [OPTIONS_LOG] =
        {
            .key = "log",
            .title = "Log",
            .parent = OPTIONS_PROCESS,
            ONE(config, log),
            .size = sizeof(struct config_log),
            .place = OPTIONS_NO_PLACE,
            .help = "What is logged, how and where to.",
        },
    [OPTIONS_LIMITS] =
        {
            .key = "limits",
            .title = "Limits",
            .parent = OPTIONS_PROCESS,
            ONE(config, limits),
            .size = sizeof(struct config_limits),
            .place = OPTIONS_NO_PLACE,
            .help = "What one client, and all of them together, may take.",
        },
    [OPTIONS_ADMIN] =
        {
            .key = "admin",
            .title = "Operation",
            .parent = OPTIONS_PROCESS,
            ONE(config, admin),
            .size = sizeof(struct config_admin),
            .place = OPTIONS_NO_PLACE,
            .help = "Where wsluice status and wsluice kill find the process: a mapping, or just "
                    "the socket.",
        },
    [OPTIONS_EXIT] =
        {
            .key = "exit",
            .parent = OPTIONS_PROCESS,
            ONE(config, exit),
            .size = sizeof(struct config_exit),
            .place = OPTIONS_NO_PLACE,
            .help = "When the process ends by itself.",
        },
    [OPTIONS_COMMAND] =
        {
            .key = "command",
            .parent = OPTIONS_PROCESS,
            ONE(config, command),
            .size = sizeof(struct config_command),
            .place = OPTIONS_NO_PLACE,
            .help = "A program that is started once the listeners are open.",
        },
    [OPTIONS_LISTENER] =
        {
            .key = "listeners",
            .title = "Listening",
            .parent = OPTIONS_PROCESS,
            LIST(config, listeners, listener_count),
            .size = sizeof(struct config_listener),
            .place = offsetof(struct config_listener, place),
            .help = "Where clients come in. A listener that serves nothing but health, metrics and "
                    "status routes is the operators': limits of clients (limits.max_connections, "
                    "max_connections_per_address, handshakes_per_second) do not hold there, it has "
                    "descriptors of its own, and its connections keep no idle process alive.",
        },
    [OPTIONS_TLS] =
        {
            .key = "tls",
            .parent = OPTIONS_LISTENER,
            ONE(config_listener, tls),
            .size = sizeof(struct config_tls),
            .place = OPTIONS_NO_PLACE,
            .help = "TLS of a listener. With certificates and without a mode, TLS is required.",
        },
    [OPTIONS_CERTIFICATE] =
        {
            .key = "certificates",
            .title = "TLS",
            .parent = OPTIONS_TLS,
            LIST(config_tls, certificates, certificate_count),
            .size = sizeof(struct config_certificate),
            .place = offsetof(struct config_certificate, place),
            .help = "Chosen by the name that the client asks for; the first is the default.",
        },
    [OPTIONS_ROUTE] =
        {
            .key = "routes",
            .title = "Sessions",
            .parent = OPTIONS_PROCESS,
            LIST(config, routes, route_count),
            .size = sizeof(struct config_route),
            .place = offsetof(struct config_route, place),
            .help = "What a request gets. The longest match wins, whatever the order. A route has "
                    "exactly one of target, targets, tokens, redirect, metrics, health and status; "
                    "files may be alone or next to a target.",
        },
    [OPTIONS_TARGET] =
        {
            .key = "targets",
            .single = "target",
            .title = "Target",
            .parent = OPTIONS_ROUTE,
            LIST(config_route, targets, target_count),
            .size = sizeof(struct config_target),
            .place = offsetof(struct config_target, place),
            .help = "What sessions are bridged to. A target is a mapping, or just its address.",
        },
    [OPTIONS_TOKENS] =
        {
            .key = "tokens",
            .title = "Tokens",
            .parent = OPTIONS_ROUTE,
            ONE(config_route, tokens),
            .size = sizeof(struct config_tokens),
            .place = OPTIONS_NO_PLACE,
            .help = "The target by a token that the client brings along, instead of target: a "
                    "mapping, or just the file. Its lines are TOKEN: HOST:PORT, or TOKEN: "
                    "unix:PATH; those that begin with # say nothing, and of two with the same "
                    "token the later one holds. The next client sees a change; best write a new "
                    "file and rename it. While the file cannot be read, no token is known. The "
                    "options about TLS are for all targets.",
        },
    [OPTIONS_FILES] =
        {
            .key = "files",
            .title = "Files",
            .parent = OPTIONS_ROUTE,
            ONE(config_route, files),
            .size = sizeof(struct config_files),
            .place = OPTIONS_NO_PLACE,
            .help = "Files of a folder: a mapping, or just the folder. Next to a target or tokens "
                    "they are for requests that are no WebSocket.",
        },
    [OPTIONS_CAPTURE] =
        {
            .key = "captures",
            .parent = OPTIONS_ROUTE,
            MAP(config_route, captures, capture_count),
            .size = sizeof(struct config_capture),
            .place = OPTIONS_NO_PLACE,
            .help =
                "What each {NAME} of the path may be. The target's host and server_name may then "
                "hold {NAME}. The result is a host name. It is an address only where template or "
                "pattern spell that out, as 10.0.0.{NAME} and [0-9.]+ do; [a-z0-9.-]+ is for "
                "names, and any number that it takes is refused.",
        },
    [OPTIONS_HEADER] =
        {
            .key = "headers",
            .parent = OPTIONS_ROUTE,
            MAP(config_route, headers, header_count),
            .size = sizeof(struct config_header),
            .place = OPTIONS_NO_PLACE,
            .help = "Header fields that are added to every answer of the route.",
        },
};
_Static_assert(WSL_COUNT(sections) == OPTIONS_SECTION_COUNT, "a row for each section");

static const struct options_part *const parts[] = {&options_process_part, &options_listener_part,
                                                   &options_route_part, &options_target_part,
                                                   &options_content_part};
enum { PART_COUNT = WSL_COUNT(parts) };

const struct options_row *options_at(size_t index)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (index < parts[i]->count)
            return &parts[i]->rows[index];
        index -= parts[i]->count;
    }
    return NULL;
}

size_t options_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < PART_COUNT; i++)
        count += parts[i]->count;
    return count;
}

const struct options_section_row *options_section(enum options_section section)
{
    return &sections[section];
}

bool options_child(enum options_section parent, const char *key, enum options_section *child)
{
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        const struct options_section_row *row = &sections[i];
        if (row->parent != parent ||
            (strcmp(row->key, key) != 0 && !(row->single && strcmp(row->single, key) == 0)))
            continue;
        *child = (enum options_section)i;
        return true;
    }
    return false;
}

struct options_map options_map(enum options_section section)
{
    struct options_map map = {NULL, NULL};
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section == section && !map.name)
            map.name = row;
        else if (row->section == section)
            map.text = row;
    }
    assert(map.name && map.text);
    return map;
}

const struct options_row *options_scalar_form(enum options_section section)
{
    const struct options_row *row, *found = NULL;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section || !row->required)
            continue;
        if (found)
            return NULL;
        found = row;
    }
    return found;
}

const struct options_row *options_find(enum options_section section, const char *key)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

void options_path(enum options_section section, const struct options_row *row, char *buffer,
                  size_t size)
{
    const struct options_section_row *own = options_section(section);
    buffer[0] = '\0';
    if (section != OPTIONS_PROCESS) {
        options_path(own->parent, NULL, buffer, size);
        size_t used = strlen(buffer);
        snprintf(buffer + used, size - used, "%s%s%s", used ? "." : "", own->key,
                 own->shape == OPTIONS_LIST ? "[]" : "");
    }
    size_t used = strlen(buffer);
    if (row)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", row->key);
}
