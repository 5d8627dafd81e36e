#include "run/quick/quick_checks.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/quick/cli_plugin.h"
#include "run/quick/quick_demo.h"

static const char default_certificate[] = "self.pem";

void quick_checks_conflicts(struct quick *quick)
{
    struct cli_line *line = quick->line;
    const struct cli_args *args = &line->args;
    bool target_given = quick_values_given(quick, OPTIONS_TARGET, "address");
    if (cli_plugin_has_tokens(line) && (target_given || args->demo))
        cli_line_usage_error(line, args->demo ? NULL : "--unix-target", "tokens choose the target",
                             "leave one of them out");
    if (quick_values_given(quick, OPTIONS_TARGET, "insecure") &&
        quick_values_given(quick, OPTIONS_TARGET, "ca"))
        cli_line_usage_error(line, "--ssl-target-insecure",
                             "--ssl-target-ca is there to verify the certificate",
                             "leave one of them out");
    quick_demo_check(quick);
}

/* ---- implied values, and checks ---- */

/* NULL: this process can read it. */
static const char *unreadable(const char *path)
{
    struct stat info;
    if (access(path, R_OK) < 0 || stat(path, &info) < 0)
        return strerror(errno);
    return S_ISDIR(info.st_mode) ? strerror(EISDIR) : NULL;
}

static void check_file(struct quick *quick, const char *flag, const char *path)
{
    const char *problem = path ? unreadable(path) : NULL;
    if (problem)
        diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, flag,
                 "name a PEM file that exists and that this user may read", "cannot read '%s': %s",
                 path, problem);
}

/* As websockify goes on without TLS when there is no certificate; other names refuse to. */
static bool may_drop_tls(const struct quick *quick)
{
    const struct config_tls *tls = quick->objects[OPTIONS_TLS];
    const struct config_certificate *pair = quick->objects[OPTIONS_CERTIFICATE];
    return quick->line->args.scan.websockify && tls->mode != CONFIG_TLS_REQUIRED && pair &&
           (!pair->certificate || access(pair->certificate, F_OK) < 0);
}

static void drop_tls(struct quick *quick)
{
    struct config_tls *tls = quick->objects[OPTIONS_TLS];
    const struct config_certificate *pair = quick->objects[OPTIONS_CERTIFICATE];
    const char *file = pair->certificate ? pair->certificate : default_certificate;
    diag_add(&quick->line->diag, DIAG_WARNING, config_place_none,
             pair->certificate ? "--cert" : "--key", "add --ssl-only to make this an error",
             "'%s': %s; TLS is off, and clients connect without it", file, strerror(ENOENT));
    tls->certificate_count = 0;
    tls->client_verify = CONFIG_VERIFY_OFF;
    tls->client_ca = NULL;
    quick->objects[OPTIONS_CERTIFICATE] = NULL;
}

void quick_checks_imply_tls(struct quick *quick)
{
    const struct config_tls *tls = quick->objects[OPTIONS_TLS];
    const struct config_certificate *pair = quick->objects[OPTIONS_CERTIFICATE];
    if (!(pair && pair->certificate) && access(default_certificate, F_OK) == 0)
        quick_values_set_fixed(quick, OPTIONS_CERTIFICATE, "certificate", default_certificate);
    if (may_drop_tls(quick))
        drop_tls(quick);
    pair = quick->objects[OPTIONS_CERTIFICATE];
    const char *certificate = pair ? pair->certificate : NULL;
    if (tls->mode == CONFIG_TLS_REQUIRED && (!certificate || unreadable(certificate))) {
        quick->line->args.scan.usage_error = true;
        diag_add(&quick->line->diag, DIAG_ERROR, config_place_none, NULL,
                 "name a PEM file with --cert", "SSL only and CERT not found%s%s",
                 certificate ? ": " : "", certificate ? certificate : "");
        return;
    }
    if (certificate && tls->mode == CONFIG_TLS_OFF)
        quick_values_set_fixed(quick, OPTIONS_TLS, "mode", "optional");
    check_file(quick, "--cert", certificate);
    check_file(quick, "--key", pair ? pair->key : NULL);
    check_file(quick, "--cafile", tls->client_ca);
}

static void check_target_tls(struct quick *quick)
{
    struct config_target *target = quick->objects[OPTIONS_TARGET];
    bool is_unix = target->address.kind == CONFIG_ADDRESS_UNIX;
    const char *remedy = is_unix ? "add --ssl-target and --ssl-target-name" : "add --ssl-target";
    if (target->tls && is_unix && !target->server_name && !target->insecure) {
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--ssl-target",
                 "name the host of its certificate with --ssl-target-name",
                 "connections to a Unix socket have no TLS");
        quick_values_set_fixed(quick, OPTIONS_TARGET, "tls", "false");
    }
    if (target->server_name && !target->tls) {
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--ssl-target-name", NULL,
                 "has no effect without --ssl-target");
        target->server_name = NULL; /* --print-config could not write it */
    }
    if (!target->tls && (target->insecure || target->ca))
        cli_line_usage_error(quick->line,
                             target->insecure ? "--ssl-target-insecure" : "--ssl-target-ca",
                             "has no effect, as connections to the target have no TLS", remedy);
    else if (target->insecure)
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--ssl-target-insecure",
                 "--ssl-target-ca names a certificate to trust",
                 "the target's certificate is not verified: an attacker between here and there can "
                 "read and change all data");
}

void quick_checks_warn(struct quick *quick)
{
    const struct config_tls *tls = quick->objects[OPTIONS_TLS];
    const struct config_target *target = quick->objects[OPTIONS_TARGET];
    if (tls->client_ca && tls->client_verify == CONFIG_VERIFY_OFF)
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--cafile", NULL,
                 "has no effect without --verify-client");
    if (quick_values_given(quick, OPTIONS_COMMAND, "when_it_ends") && !quick->line->args.scan.rest)
        diag_add(&quick->line->diag, DIAG_WARNING, config_place_none, "--wrap-mode", NULL,
                 "has no effect without -- COMMAND");
    check_target_tls(quick);
    check_file(quick, "--ssl-target-ca", target->ca);
}
