#include "run/cli/cli_check.h"

#include "lib/cli_run.h"

static const char gateway[] = "listeners: [\":6080\", \":6081\"]\n"
                              "routes: [{path: /a, target: \"tcp://127.0.0.1:1\"}]\n";

static void good_and_bad_files(void **state)
{
    write_file("gateway.yaml", gateway);
    write_file("bad.yaml", "wrokers: 3\n");
    says("check gateway.yaml", 0, "gateway.yaml: ok: 2 listeners, 1 route\n", "");
    says("check --syntax gateway.yaml", 0, "gateway.yaml: ok: 2 listeners, 1 route\n", "");
    says("check --connect gateway.yaml", 1, "", "error: routes[0].target: target 127.0.0.1:1: ");
    says("check --connect gateway.yaml", 1, "", "wsluice: gateway.yaml: 1 error, 0 warnings\n");
    says("check bad.yaml", 1, "",
         "bad.yaml:1:1: error: wrokers: unknown option; did you mean workers?");
    says("check bad.yaml", 1, "", "wsluice: bad.yaml: 3 errors, 0 warnings\n");
    says("check --connect bad.yaml", 1, "", "3 errors");
    says("check none.yaml", 1, "", "cannot read 'none.yaml'");
    says("check", 2, "", "usage: wsluice check");
    says("check", 2, "", "wsluice: error: FILE is missing");
    says("check --conect bad.yaml", 2, "", "--conect: unknown option");
    says("check --connect --syntax gateway.yaml", 2, "", "--connect: not with --syntax");
    says("check a b", 2, "", "b: too many arguments");
    says("check --help", 0, "usage: wsluice check", "");
}

/* The configuration alone: as in CI, where the files of the server are not there. */
static void syntax_reads_no_files(void **state)
{
    write_file("gateway.yaml",
               "pid_file: /nowhere/pid\n"
               "listeners: [{address: \":6080\", tls: {certificates: [{certificate: /nowhere/c, "
               "key: /nowhere/k, key_password: {file: /nowhere/p}}]}}]\n"
               "routes: [{path: \"/*\", files: /nowhere/web}]\n");
    says("check --syntax gateway.yaml", 0, "gateway.yaml: ok: 1 listener, 1 route\n", "");
    says("check gateway.yaml", 1, "", "cannot read '/nowhere/p'");
    says("check gateway.yaml", 1, "", "gateway.yaml:1:1: error: pid_file: ");
    says("check gateway.yaml", 1, "", "certificates[0].key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(good_and_bad_files),
        IN_DIRECTORY(syntax_reads_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
