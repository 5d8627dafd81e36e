#include "core/sandbox/sandbox_plan.h"

#include "config/model/permit_rule.h"
#include "config/model/redis_url.h"
#include "config/model/section/config_proxy.h"
#include "config/model/text_form.h"
#include "config/model/url.h"
#include "config/options/snapshot.h"

#define PERMIT_PORTS_MAX 1024

#define DNS_PORT 53 /* an answer that is too long for UDP is asked for again over TCP */

/* ---- lists ---- */

/* Room for one more: the capacity doubles, so the list is full when the count is a power of two. */
static void *grow(void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0;
    return full ? realloc(items, (count ? 2 * count : 1) * size) : items;
}

static void add_file(struct sandbox_plan *plan, const struct sandbox_file *file)
{
    if (!file->path)
        return;
    struct sandbox_file *more = grow(plan->files, plan->file_count, sizeof(*more));
    if (!more) {
        plan->failed = true;
        return;
    }
    plan->files = more;
    more[plan->file_count++] = *file;
}

static size_t place_of(const struct sandbox_ports *ports, uint16_t port)
{
    size_t i = 0;
    while (i < ports->count && ports->items[i] < port)
        i++;
    return i;
}

static bool has_port(const struct sandbox_ports *ports, uint16_t port)
{
    size_t i = place_of(ports, port);
    return i < ports->count && ports->items[i] == port;
}

static void add_port(struct sandbox_plan *plan, struct sandbox_ports *ports, uint16_t port)
{
    if (has_port(ports, port))
        return;
    uint16_t *more = grow(ports->items, ports->count, sizeof(*more));
    if (!more) {
        plan->failed = true;
        return;
    }
    ports->items = more;
    size_t i = place_of(ports, port);
    memmove(more + i + 1, more + i, (ports->count - i) * sizeof(*more));
    more[i] = port;
    ports->count++;
}

/* ---- options ---- */

static void note_socket(struct sandbox_plan *plan, const char *path)
{
    if (path && path[0] == '@')
        plan->any_abstract = true;
}

static void add_listener(struct sandbox_plan *plan, const struct options_row *row,
                         const struct config_address *address)
{
    if (address->kind == CONFIG_ADDRESS_TCP && address->port != 0)
        add_port(plan, &plan->bind, address->port);
    if (address->kind == CONFIG_ADDRESS_UNIX && address->path && address->path[0] != '@')
        add_file(plan,
                 &(struct sandbox_file){.path = address->path, .use = OPTIONS_BINDS, .row = row});
}

static void add_target(struct sandbox_plan *plan, const struct config_address *address)
{
    if (address->kind == CONFIG_ADDRESS_TCP && address->port != 0)
        add_port(plan, &plan->connect, address->port);
    if (address->kind == CONFIG_ADDRESS_UNIX)
        note_socket(plan, address->path);
}

static void add_path(struct sandbox_plan *plan, const struct options_row *row, const char *path)
{
    if (path && path[0] == '@') /* an abstract socket of ours, which is no file */
        return;
    add_file(plan, &(struct sandbox_file){.path = path,
                                          .use = row->use,
                                          .only_within = row->section == OPTIONS_FILES,
                                          .row = row});
}

/* The proxy of a target, which is connected to instead. */
static void add_proxy(struct sandbox_plan *plan, const char *text)
{
    struct config_proxy proxy;
    if (!config_proxy_parse(text, &proxy))
        add_port(plan, &plan->connect, proxy.at.port);
    config_proxy_wipe(&proxy);
}

/* A service that is asked over HTTP, a Redis server, or a proxy. */
static void add_service(struct sandbox_plan *plan, const struct options_row *row, const char *text)
{
    struct url url;
    struct redis_url redis;
    bool http = row->value.form == &text_form_url || row->value.form == &text_form_url_template;
    if (http && text && !url_parse(text, &url))
        add_target(plan, &url.address);
    if (row->value.form == &text_form_proxy && text)
        add_proxy(plan, text);
    if (row->value.form != &text_form_redis_url || !text)
        return;
    if (!redis_url_parse(text, &redis))
        add_target(plan, &redis.address);
    redis_url_wipe(&redis);
}

static void add_option(struct sandbox_plan *plan, const struct options_row *row, const void *object)
{
    const void *field = (const char *)object + row->offset;
    const struct config_texts *list = field;
    switch (row->value.type) {
    case VALUE_LISTEN:
        add_listener(plan, row, field);
        return;
    case VALUE_TARGET:
        add_target(plan, field);
        return;
    case VALUE_PATH:
        for (size_t i = 0; row->list && i < list->count; i++)
            add_path(plan, row, list->items[i]);
        if (!row->list)
            add_path(plan, row, *(const char *const *)field);
        return;
    case VALUE_TEXT:
        if (!row->list)
            add_service(plan, row, *(const char *const *)field);
        return;
    default:
        return;
    }
}

static void walk_section(struct sandbox_plan *plan, enum options_section section,
                         const char *object);

static void walk_child(struct sandbox_plan *plan, enum options_section child, const char *object)
{
    const struct options_section_row *row = options_section(child);
    size_t count = 1;
    const char *element = object + row->offset;
    if (row->shape != OPTIONS_ONE)
        element = snapshot_elements(child, object, &count);
    for (size_t i = 0; i < count; i++)
        walk_section(plan, child, element + i * row->size);
}

static void walk_section(struct sandbox_plan *plan, enum options_section section,
                         const char *object)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            add_option(plan, row, object);
    for (enum options_section child = section; options_next_child(section, &child);)
        walk_child(plan, child, object);
}

/* ---- the plan ---- */

/* A pattern of many ports limits nothing that is worth a rule for each. */
static void add_permit(struct sandbox_plan *plan, const char *text)
{
    struct permit_rule rule = {0};
    if (permit_rule_parse(text, &rule)) { /* "any" */
        plan->connect.any = plan->any_abstract = true;
        return;
    }
    if (rule.kind == PERMIT_RULE_UNIX) {
        if (rule.pattern.len > 0 && rule.pattern.ptr[0] == '@')
            plan->any_abstract = true;
        return;
    }
    if (rule.highest - rule.lowest >= PERMIT_PORTS_MAX)
        plan->connect.any = true;
    for (unsigned port = rule.lowest; !plan->connect.any && port <= rule.highest; port++)
        add_port(plan, &plan->connect, (uint16_t)port);
}

/* A token's target is known only when a client brings the token, unless `permit` says more. */
static void note_tokens(struct sandbox_plan *plan, const struct config *config)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_texts *permit = &config->routes[i].tokens.permit;
        if (!config_route_has_tokens(&config->routes[i]))
            continue;
        if (permit->count == 0)
            plan->connect.any = plan->any_abstract = true;
        for (size_t j = 0; j < permit->count; j++)
            add_permit(plan, permit->items[j]);
    }
}

void sandbox_plan_make(struct sandbox_plan *plan, const struct config *config)
{
    const void *cursor = NULL;
    const char *path;
    *plan = (struct sandbox_plan){.reloads = config->file != NULL,
                                  .command = config->command.words.count > 0};
    while ((path = config_next_file(config, &cursor)))
        add_file(plan, &(struct sandbox_file){.path = path});
    add_port(plan, &plan->connect, DNS_PORT);
    walk_section(plan, OPTIONS_PROCESS, (const char *)config);
    note_socket(plan, config->log.syslog);
    note_tokens(plan, config);
}

void sandbox_plan_free(struct sandbox_plan *plan)
{
    free(plan->files);
    free(plan->connect.items);
    free(plan->bind.items);
    *plan = (struct sandbox_plan){0};
}

bool sandbox_plan_ports_cover(const struct sandbox_ports *ports, const struct sandbox_ports *wanted,
                              uint16_t *missing)
{
    *missing = 0;
    if (ports->any)
        return true;
    if (wanted->any)
        return false;
    for (size_t i = 0; i < wanted->count; i++) {
        if (has_port(ports, wanted->items[i]))
            continue;
        *missing = wanted->items[i];
        return false;
    }
    return true;
}
