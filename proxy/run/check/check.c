#include "run/check/check.h"

#include <unistd.h>

#include "base/identity.h"
#include "run/check/check_connect.h"
#include "run/check/check_files.h"
#include "run/check/check_tls.h"
#include "run/process/privilege.h"
#include "run/sandbox/sandbox.h"
#include "serve/target/target_pool.h"

#define ERROR_MAX 512

static void check_service(const struct check *check, struct target_pool *pool, bool connects)
{
    check_files_of_service(check);
    if (connects)
        check_connect_run(check, pool);
}

static void check_sandbox(const struct check *check)
{
    struct option_ref option = {.section = OPTIONS_PROCESS, .key = "sandbox"};
    struct sandbox sandbox;
    char text[ERROR_MAX];
    if (!sandbox_prepare(&sandbox, check->config, NULL, text, sizeof(text))) {
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", text);
    } else if (sandbox_is_on(&sandbox)) {
        sandbox_describe(&sandbox, text, sizeof(text));
        if (check->diag->errors == 0)
            fprintf(check->out, "%s\n", text);
        sandbox_check(&sandbox, check->diag);
    }
    sandbox_free(&sandbox);
}

/* Without root's rights, the user of the file cannot be acted as. */
static void report_user(const struct check *check)
{
    struct option_ref option = {.section = OPTIONS_PROCESS, .key = "user"};
    if (geteuid() == 0 || !check->config->user)
        return;
    char user[128];
    option_ref_report(check->names, check->diag, DIAG_WARNING, option, "check as root",
                      "files are looked at as %s, not as this user",
                      check_path_user(check, user, sizeof(user)));
}

/* A user or group that does not exist is a finding already. */
static void report_failure(const struct check *check, const char *error)
{
    struct option_ref option = {.section = OPTIONS_PROCESS, .key = "user"};
    const struct config *config = check->config;
    uid_t uid;
    gid_t gid;
    char unknown[ERROR_MAX];
    if ((!config->user || identity_user(config->user, &uid, &gid, unknown, ERROR_MAX)) &&
        (!config->group || identity_group(config->group, &gid, unknown, ERROR_MAX)))
        option_ref_report(check->names, check->diag, DIAG_ERROR, option, NULL, "%s", error);
}

static void check_as_user(struct check *check, struct target_pool *pool, bool connects)
{
    const struct config *config = check->config;
    struct privilege_own own;
    char error[ERROR_MAX];
    if (!privilege_borrow(&own, config->user, config->group, error, sizeof(error))) {
        report_failure(check, error);
        return;
    }
    check->user = own.borrowed ? config->user : NULL;
    if (own.borrowed)
        check_tls_renewal(check);
    check_sandbox(check);
    check_service(check, pool, connects);
    privilege_return(&own);
}

void check_inspect(void *owner, const struct config *config, const struct option_locator *names,
                   struct diag *diag)
{
    const struct check_options *options = owner;
    struct check check = {.config = config, .names = names, .diag = diag, .out = options->out};
    bool connects = options->connects && diag->errors == 0;
    char error[ERROR_MAX];
    struct target_pool *pool = target_pool_create(config, NULL, NULL, error, sizeof(error));
    if (!pool) {
        diag_out_of_memory(diag);
        return;
    }
    report_user(&check);
    check_files_of_start(&check);
    struct tls_store *store = check_tls_begin(&check, pool);
    if (store)
        check_as_user(&check, pool, connects);
    target_pool_free(pool);
    check_tls_end(store);
    fflush(check.out); /* before the findings, which go to standard error */
}
