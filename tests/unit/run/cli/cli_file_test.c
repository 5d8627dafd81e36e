#include "run/cli/cli_file.h"

#include "lib/cli_run.h"

static const char gateway[] = "listeners: [\":6080\", \":6081\"]\n"
                              "routes: [{path: /a, target: \"tcp://h:1\"}]\n";

static void commands_of_the_file_answer(void **state)
{
    write_file("gateway.yaml", gateway);
    write_file("bad.yaml", "wrokers: 3\n");
    says("check bad.yaml", 1, "",
         "bad.yaml:1:1: error: wrokers: unknown option; did you mean workers?");
    says("help-config", 0, "listeners[].tls.certificates[].key_password", "");
    says("help-config routes.ping_interval", 0, "default: 30s", "");
    says("help-config routes[3].target", 0, "routes[].targets[].server_name", "");
    says("help-config --markdown", 0, "| `ping_interval` |", "");
    says("help-config --reasons", 0, "| `http_no_route` | warn | No route for this host and path |",
         "");
    says("help-config --codes", 0, "| 1011 | Target refused the connection |", "");
    says("help-config routes.pin_interval", 2, "", "did you mean ping_interval?");
    says("help-config drain_delay", 0, "limits.drain_delay\n", "");
    says("help-config files", 0, "routes[].files.root", "");
    says("help-config target", 0, "routes[].targets[].address", "");
    says("help-config target", 0, "\n\nlog.target\n", "");
    says("help-config a b", 2, "", "b: too many arguments");
    says("schema", 0, "\"$schema\"", "");
    says("schema x", 2, "", "takes no arguments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(commands_of_the_file_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
