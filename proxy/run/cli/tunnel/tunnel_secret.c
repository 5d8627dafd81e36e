#include "run/cli/tunnel/tunnel_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text/secret.h"
#include "config/source_text.h"

static void complain(const struct cli_scan *scan, const char *option, const char *remedy,
                     const char *message)
{
    diag_add(scan->diag, DIAG_ERROR, config_place_none, option, remedy, "%s", message);
}

/* `where` is the source for findings, such as a file's name. */
static char *trimmed(const struct cli_scan *scan, const char *option, const char *where, char *text,
                     size_t length)
{
    const char *fault = source_text_trim(text, length);
    if (!fault)
        return text;
    diag_add(scan->diag, DIAG_ERROR, config_place_none, option, NULL, "%s %s", where, fault);
    secret_free(text, length);
    return NULL;
}

char *tunnel_secret_read_file(const struct cli_scan *scan, const char *option, const char *path)
{
    struct stat info;
    size_t length;
    const char *why;
    char *text = source_text_read(path, SOURCE_TEXT_MAX, &length, &info, &why);
    if (text)
        return trimmed(scan, option, path, text, length);
    diag_add(scan->diag, DIAG_ERROR, config_place_none, option, NULL, "cannot read '%s': %s", path,
             why);
    return NULL;
}

static bool read_file(struct tunnel_secret *secret, const struct cli_scan *scan, const char *path,
                      const char *folder)
{
    secret->origin = CONFIG_ORIGIN_FILE;
    if (asprintf(&secret->reference, "%s%s", *path == '/' ? "" : folder, path) < 0)
        secret->reference = NULL;
    secret->text = tunnel_secret_read_file(scan, secret->option, path);
    return secret->text != NULL;
}

static bool read_variable(struct tunnel_secret *secret, const struct cli_scan *scan,
                          const char *name, const char *folder)
{
    const char *value = getenv(name);
    secret->origin = CONFIG_ORIGIN_ENVIRONMENT;
    if (!value || !*value) {
        diag_add(scan->diag, DIAG_ERROR, config_place_none, secret->option, NULL,
                 "the environment has no %s", name);
        return false;
    }
    if (asprintf(&secret->reference, "${%s}", name) < 0)
        secret->reference = NULL;
    secret->text = strdup(value);
    return true;
}

static bool read_program(struct tunnel_secret *secret, const struct cli_scan *scan,
                         const char *script, const char *folder)
{
    const char *const words[] = {"/bin/sh", "-c", script};
    size_t length;
    char why[160];
    secret->origin = CONFIG_ORIGIN_COMMAND;
    if (asprintf(&secret->reference, "%s%c%s%c%s%c", words[0], CONFIG_WORD_END, words[1],
                 CONFIG_WORD_END, words[2], CONFIG_WORD_END) < 0)
        secret->reference = NULL;
    char *text =
        source_text_run(words, WSL_COUNT(words), SOURCE_TEXT_TIMEOUT_MS, &length, why, sizeof(why));
    if (!text) {
        diag_add(scan->diag, DIAG_ERROR, config_place_none, secret->option, NULL,
                 "cannot run the command: %s", why);
        return false;
    }
    secret->text = trimmed(scan, secret->option, "what the command prints", text, length);
    return secret->text != NULL;
}

enum use { ANY, PASSWORD, BEARER };

/* Where credentials may come from. */
static const struct source {
    const char *option;
    enum use use;
    bool (*read)(struct tunnel_secret *secret, const struct cli_scan *scan, const char *argument,
                 const char *folder);
} sources[] = {
    {"--password-file", PASSWORD, read_file},
    {"--bearer-file", BEARER, read_file},
    {"--credentials-env", ANY, read_variable},
    {"--credentials-command", ANY, read_program},
};

static const char *argument_of(const struct cli_scan *scan, const struct source *source)
{
    return cli_scan_value(scan, source->option + strlen("--"));
}

/* The only one that is given; NULL: none. False: several. */
static bool find_source(const struct cli_scan *scan, const struct source **found)
{
    *found = NULL;
    for (size_t i = 0; i < WSL_COUNT(sources); i++) {
        char first[60];
        if (!argument_of(scan, &sources[i]))
            continue;
        if (!*found) {
            *found = &sources[i];
            continue;
        }
        snprintf(first, sizeof(first), "there is %s as well", (*found)->option);
        complain(scan, sources[i].option, "keep one of them", first);
        return false;
    }
    return true;
}

static bool check_use(const struct cli_scan *scan, const struct source *source, bool has_user)
{
    bool password = source && source->use == PASSWORD, bearer = source && source->use == BEARER;
    if (has_user && !source)
        complain(scan, "--user", "add --password-file, --credentials-env or --credentials-command",
                 "a user needs a password");
    else if (has_user && bearer)
        complain(scan, "--bearer-file", "keep one of them", "there is --user as well");
    else if (!has_user && password)
        complain(scan, "--password-file", "add --user=NAME", "a password needs its user");
    else
        return true;
    return false;
}

bool tunnel_secret_read(struct tunnel_secret *secret, const struct cli_scan *scan,
                        const char *folder)
{
    const struct source *source;
    *secret = (struct tunnel_secret){.is_password = cli_scan_has(scan, "user")};
    secret->usage = !find_source(scan, &source) || !check_use(scan, source, secret->is_password);
    if (secret->usage)
        return false;
    if (!source)
        return true;
    secret->option = source->option;
    bool read = source->read(secret, scan, argument_of(scan, source), folder);
    if (read && (!secret->reference || !secret->text))
        diag_out_of_memory(scan->diag);
    return read && secret->reference && secret->text;
}

void tunnel_secret_free(struct tunnel_secret *secret)
{
    secret_free_text(secret->text);
    free(secret->reference);
    *secret = (struct tunnel_secret){0};
}
