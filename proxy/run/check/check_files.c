#include "run/check/check_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/identity.h"
#include "config/model/pattern.h"
#include "serve/auth/login_cookies.h"
#include "serve/auth/ticket/ticket_key_file.h"
#include "serve/auth/users/users_store.h"
#include "serve/files/files.h"
#include "serve/tokens/token_sources.h"

#define TEXT_MAX 1024

/* ---- the process ---- */

static void check_identities(const struct check *check, struct option_ref user,
                             const char *user_name, struct option_ref group, const char *group_name)
{
    uid_t uid;
    gid_t gid;
    char error[TEXT_MAX];
    if (user_name && !identity_user(user_name, &uid, &gid, error, sizeof(error)))
        option_ref_report(check->names, check->diag, DIAG_ERROR, user, NULL, "%s", error);
    if (group_name && !identity_group(group_name, &gid, error, sizeof(error)))
        option_ref_report(check->names, check->diag, DIAG_ERROR, group, NULL, "%s", error);
}

static void check_sockets(const struct check *check)
{
    for (size_t i = 0; i < check->config->listener_count; i++) {
        const struct config_listener *listener = &check->config->listeners[i];
        const struct config_address *address = &listener->address;
        if (option_ref_is_faulty(check->names, OPTIONS_LISTENER, i))
            continue;
        check_identities(
            check,
            (struct option_ref){.section = OPTIONS_LISTENER, .key = "socket_owner", .outer = i},
            listener->unix_owner,
            (struct option_ref){.section = OPTIONS_LISTENER, .key = "socket_group", .outer = i},
            listener->unix_group);
        if (address->kind == CONFIG_ADDRESS_UNIX && address->path && address->path[0] != '@')
            check_path_makes(
                check,
                (struct option_ref){.section = OPTIONS_LISTENER, .key = "address", .outer = i},
                "socket", address->path, CHECK_SOCKET);
    }
}

void check_files_of_start(const struct check *check)
{
    const struct config *config = check->config;
    check_identities(check, (struct option_ref){.section = OPTIONS_PROCESS, .key = "user"},
                     config->user, (struct option_ref){.section = OPTIONS_PROCESS, .key = "group"},
                     config->group);
    if (config->pid_file)
        check_path_makes(check, (struct option_ref){.section = OPTIONS_PROCESS, .key = "pid_file"},
                         "pid file", config->pid_file, CHECK_REPLACES);
    if (config->log.target == CONFIG_LOG_FILE && config->log.file)
        check_path_makes(check, (struct option_ref){.section = OPTIONS_LOG, .key = "file"},
                         "log file", config->log.file, CHECK_APPENDS);
    if (config->admin.socket)
        check_path_makes(check, (struct option_ref){.section = OPTIONS_ADMIN, .key = "socket"},
                         "admin socket", config->admin.socket, CHECK_SOCKET);
    check_sockets(check);
}

/* ---- routes ---- */

/* Behind the place that a message of the server begins with. */
static const char *skip_place(const struct config_place *place, const char *text)
{
    char where[300];
    int length = config_place_print(place, where, sizeof(where));
    bool has =
        length > 0 && (size_t)length < sizeof(where) && strncmp(text, where, (size_t)length) == 0;
    return has ? text + length : text;
}

static void check_root(const struct check *check, size_t index)
{
    const struct config_route *route = &check->config->routes[index];
    struct option_ref option = {.section = OPTIONS_FILES, .key = "root", .outer = index};
    char error[TEXT_MAX];
    if (!check_path_reads(check, option, "files", route->files.root,
                          pattern_is_prefix(route->path) ? CHECK_FOLDER : CHECK_FILE_OR_FOLDER))
        return;
    struct files *files = files_create(route, error, sizeof(error));
    if (files && files_are_readable(files, error, sizeof(error)))
        fprintf(check->out, "files %s: readable\n", route->files.root);
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s",
                          skip_place(&route->place, error));
    files_free(files);
}

/* A service that is asked while the process runs; it may be started later than wsluice. */
static void check_service(const struct check *check, struct option_ref ca, const char *what,
                          const char *url, const char *file)
{
    if (!file || check_path_reads(check, ca, "CA file", file, CHECK_FILE))
        fprintf(check->out, "%s %s: asked over HTTP\n", what, url);
}

static void check_ticket(const struct check *check, struct option_ref option,
                         const struct config_ticket_key *key)
{
    char error[TEXT_MAX];
    if (key->url) {
        option.key = "ca";
        check_service(check, option, "ticket keys", key->url, key->ca);
        return;
    }
    if (!check_path_reads(check, option, "ticket key", key->file, CHECK_FILE))
        return;
    struct ticket_key_file *file = ticket_key_file_create(key, error, sizeof(error));
    struct ticket_keys *keys = file ? ticket_key_file_get(file, 1) : NULL;
    if (keys)
        fprintf(check->out, "ticket key %s: %zu for %s%s\n", key->file, ticket_keys_count(keys),
                ticket_keys_at(keys, 0)->alg->name,
                ticket_keys_count(keys) > 1 ? " and others" : "");
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", error);
    ticket_keys_release(keys);
    ticket_key_file_free(file);
}

static void check_tokens(const struct check *check, size_t index)
{
    const struct config_tokens *tokens = &check->config->routes[index].tokens;
    struct option_ref option = {
        .section = OPTIONS_TOKENS, .key = config_token_source_key(tokens), .outer = index};
    enum config_token_source kind = config_token_source(tokens);
    char text[TEXT_MAX];
    if (tokens->http.url) {
        check_service(
            check, (struct option_ref){.section = OPTIONS_TOKENS_HTTP, .key = "ca", .outer = index},
            "tokens", tokens->http.url, tokens->http.ca);
        return;
    }
    if (kind == CONFIG_TOKENS_TICKET) {
        check_ticket(check,
                     (struct option_ref){
                         .section = OPTIONS_TOKENS_TICKET_KEY, .key = "file", .outer = index},
                     &tokens->ticket.key);
        return;
    }
    if (kind != CONFIG_TOKENS_REDIS && kind != CONFIG_TOKENS_AUTH &&
        !check_path_reads(check, option, "tokens", config_token_source_name(tokens),
                          kind == CONFIG_TOKENS_FILE ? CHECK_FILE_OR_FOLDER : CHECK_FOLDER))
        return;
    struct token_source *source =
        token_sources_create(tokens, &(struct token_shared){0}, text, sizeof(text));
    if (source && token_source_describe(source, text, sizeof(text)))
        fprintf(check->out, "%s\n", text);
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    token_source_release(source);
}

static void check_users(const struct check *check, struct option_ref option, const char *path)
{
    char text[TEXT_MAX];
    if (!path || !check_path_reads(check, option, "users file", path, CHECK_FILE))
        return;
    struct users_store *store = users_store_create(path, text, sizeof(text));
    if (store && users_store_describe(store, text, sizeof(text)))
        fprintf(check->out, "%s\n", text);
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    users_store_free(store);
}

static void check_secret(const struct check *check, struct option_ref option, const char *path)
{
    struct login_keys keys;
    char text[TEXT_MAX];
    if (!path || !check_path_reads(check, option, "secret file", path, CHECK_FILE))
        return;
    if (login_cookies_read_secret(path, &keys, text, sizeof(text)))
        fprintf(check->out, "secret %s: %u %s\n", path, keys.count,
                keys.count == 1 ? "key" : "keys");
    else
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    login_keys_wipe(&keys);
}

static struct option_ref option_of(struct option_ref base, enum options_section section,
                                   const char *key)
{
    base.section = section;
    base.key = key;
    return base;
}

static void check_auth(const struct check *check, const struct config_auth_set *set,
                       struct option_ref base)
{
    for (base.inner = 0; base.inner < set->count; base.inner++) {
        const struct config_auth *auth = &set->methods[base.inner];
        check_users(check, option_of(base, OPTIONS_AUTH_BASIC, "users"), auth->basic.users);
        if (auth->forward.url)
            check_service(check, option_of(base, OPTIONS_AUTH_FORWARD, "ca"), "auth",
                          auth->forward.url, auth->forward.ca);
        check_users(check, option_of(base, OPTIONS_AUTH_LOGIN, "users"), auth->login.users);
        check_secret(check, option_of(base, OPTIONS_AUTH_LOGIN, "secret"), auth->login.secret);
        if (config_auth_method(auth) == CONFIG_AUTH_TICKET)
            check_ticket(check, option_of(base, OPTIONS_TICKET_KEY, "file"), &auth->ticket.key);
    }
}

/* A recording's name is the option, a dot and a number. */
static void check_record(const struct check *check, size_t index)
{
    char *path;
    if (asprintf(&path, "%s.1", check->config->routes[index].record) < 0) {
        diag_out_of_memory(check->diag);
        return;
    }
    check_path_makes(check,
                     (struct option_ref){.section = OPTIONS_ROUTE, .key = "record", .outer = index},
                     "recording", path, CHECK_NEW);
    free(path);
}

void check_files_of_service(const struct check *check)
{
    for (size_t i = 0; i < check->config->route_count; i++) {
        const struct config_route *route = &check->config->routes[i];
        if (option_ref_is_faulty(check->names, OPTIONS_ROUTE, i))
            continue;
        if (route->files.root && route->path)
            check_root(check, i);
        if (config_route_has_tokens(route))
            check_tokens(check, i);
        if (route->record)
            check_record(check, i);
        check_auth(check, &route->auth, (struct option_ref){.outer = i});
    }
    for (size_t i = 0; i < check->config->listener_count; i++)
        if (!option_ref_is_faulty(check->names, OPTIONS_LISTENER, i))
            check_auth(check, &check->config->listeners[i].auth,
                       (struct option_ref){.outer = i, .within = OPTIONS_LISTENER_AUTH});
}
