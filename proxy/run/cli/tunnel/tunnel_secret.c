#include "run/cli/tunnel/tunnel_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text/secret.h"
#include "config/source_text.h"

static const char *const sources[] = {"password-file", "bearer-file", "credentials-env",
                                      "credentials-command"};

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
                          const char *name)
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
                         const char *script)
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

/* The only source that is given, in `option` without dashes; NULL: none. False: several. */
static bool find_source(const struct cli_scan *scan, const char **option)
{
    *option = NULL;
    for (size_t i = 0; i < WSL_COUNT(sources); i++) {
        char first[40], second[40];
        if (!cli_scan_has(scan, sources[i]))
            continue;
        if (!*option) {
            *option = sources[i];
            continue;
        }
        snprintf(first, sizeof(first), "there is --%s as well", *option);
        snprintf(second, sizeof(second), "--%s", sources[i]);
        complain(scan, second, "keep one of them", first);
        return false;
    }
    return true;
}

static bool check_use(const struct cli_scan *scan, const char *source, bool has_user)
{
    bool password = source && strcmp(source, "password-file") == 0;
    bool bearer = source && strcmp(source, "bearer-file") == 0;
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
    static const char *const names[] = {"--password-file", "--bearer-file", "--credentials-env",
                                        "--credentials-command"};
    const char *source;
    *secret = (struct tunnel_secret){.is_password = cli_scan_has(scan, "user")};
    secret->usage = !find_source(scan, &source) || !check_use(scan, source, secret->is_password);
    if (secret->usage)
        return false;
    if (!source)
        return true;
    size_t index = 0;
    while (sources[index] != source)
        index++;
    secret->option = names[index];
    const char *argument = cli_scan_value(scan, source);
    bool read = index < 2    ? read_file(secret, scan, argument, folder)
                : index == 2 ? read_variable(secret, scan, argument)
                             : read_program(secret, scan, argument);
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
