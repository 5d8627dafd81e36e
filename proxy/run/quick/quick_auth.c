#include "run/quick/quick_auth.h"

#include "run/passwd/password_make.h"

static void fail(struct quick *quick, const char *flag, const char *remedy, const char *message)
{
    diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, flag, remedy, "%s", message);
}

/* ---- BasicHTTPAuth ---- */

/* The first kind that this build knows. */
static bool make_hash(struct slice password, char hash[static USERS_HASH_MAX + 1])
{
    for (enum users_hash kind = 0; kind < USERS_HASHES; kind++)
        if ((kind != USERS_HASH_bcrypt || password.len <= PASSWORD_BCRYPT_MAX) &&
            password_supports(kind))
            return password_make_hash(password, kind, hash);
    return false;
}

static void set_basic(struct quick *quick)
{
    struct slice password = slice_of(quick->line->args.auth_source), user;
    char hash[USERS_HASH_MAX + 1], line[USERS_NAME_MAX + USERS_HASH_MAX + 2];
    if (!slice_cut_to(&password, ':', &user)) {
        fail(quick, "--auth-source", "write USER:PASSWORD", "there is no colon in it");
        return;
    }
    const char *fault = users_file_name(user);
    if (fault) {
        fail(quick, "--auth-source", "write USER:PASSWORD", fault);
        return;
    }
    if (!make_hash(password, hash)) {
        fail(quick, "--auth-source", "choose a password of at most 511 bytes, without a NUL",
             "the password cannot be hashed, or this build has no crypt(3)");
        return;
    }
    snprintf(line, sizeof(line), "%.*s:%s", (int)user.len, user.ptr, hash);
    quick_values_set_fixed(quick, OPTIONS_AUTH_BASIC, "accounts", line);
    quick_values_set_fixed(quick, OPTIONS_AUTH_BASIC, "realm", "Websockify");
}

/* ---- ExpectOrigin, ClientCertCNAuth ---- */

/* The words of the source, separated by white space, as Python splits. */
static void set_words(struct quick *quick, enum options_section section, const char *key)
{
    static const char space[] = " \t\n\v\f\r";
    const struct options_row *row = options_find(section, key);
    const char *at = quick->line->args.auth_source + strspn(quick->line->args.auth_source, space);
    char why[128];
    if (*at == '\0')
        fail(quick, "--auth-source", NULL, "there is no word in it");
    while (*at != '\0') {
        size_t length = strcspn(at, space);
        char *word = strndup(at, length);
        enum value_verdict verdict =
            word ? quick_values_set(quick, row, word, why, sizeof(why)) : VALUE_NO_MEMORY;
        free(word);
        if (verdict == VALUE_NO_MEMORY)
            cli_line_out_of_memory(quick->line);
        else if (verdict != VALUE_OK)
            fail(quick, "--auth-source", NULL, why);
        at += length;
        at += strspn(at, space);
    }
}

static void set_origin(struct quick *quick)
{
    set_words(quick, OPTIONS_AUTH_ORIGIN, "origins");
}

static void set_certificate(struct quick *quick)
{
    set_words(quick, OPTIONS_AUTH_CERTIFICATE, "names");
}

/* ---- the class ---- */

static const struct {
    const char *name;
    void (*set)(struct quick *quick);
} classes[] = {
    {"BasicHTTPAuth", set_basic},
    {"ExpectOrigin", set_origin},
    {"ClientCertCNAuth", set_certificate},
};

static void report_class(struct quick *quick, const char *class)
{
    diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, "--auth-plugin",
             strchr(class, '.') ? "let a service of your own answer: auth: forward in a file"
                                : "use BasicHTTPAuth, ExpectOrigin or ClientCertCNAuth",
             strchr(class, '.') ? "Python classes cannot be loaded: '%s'"
                                : "there is no such class: '%s'",
             class);
}

void quick_auth_set(struct quick *quick)
{
    static const char module[] = "websockify.auth_plugins.";
    const struct cli_args *args = &quick->line->args;
    const char *class = args->auth_plugin;
    if (!class)
        return;
    if (strncmp(class, module, sizeof(module) - 1) == 0)
        class += sizeof(module) - 1;
    size_t index = 0;
    while (index < WSL_COUNT(classes) && strcmp(classes[index].name, class) != 0)
        index++;
    if (index == WSL_COUNT(classes)) {
        report_class(quick, class);
    } else if (!args->auth_source) {
        fail(quick, "--auth-plugin", "add --auth-source", "the class needs --auth-source");
    } else {
        classes[index].set(quick);
        if (!args->web_auth)
            quick_values_set_fixed(quick, OPTIONS_ROUTE, "auth_for", "websocket");
    }
}
