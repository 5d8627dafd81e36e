#include "run/cli/cli_admin.h"

#include "lib/cli_run.h"

/* The error names the socket that was tried. */
static void tries(const char *line, const char *socket)
{
    struct run run;
    parse(&run, line);
    assert_int_equal(run.result.exit_status, 1);
    if (!strstr(run.err, socket))
        fail_msg("%s: expected '%s' in: %s", line, socket, run.err);
    assert_null(strstr(run.err, "usage: "));
    done(&run);
}

static void the_socket_is_named_in_this_order(void **state)
{
    write_file("gateway.yaml", "admin: /nowhere/file.sock\n"
                               "listeners: [':1']\n"
                               "routes: [{path: /, target: 'tcp://h:1'}]\n");
    setenv("WSLUICE_ADMIN_SOCKET", "/nowhere/environment.sock", 1);
    tries("status --socket=/nowhere/option.sock", "/nowhere/option.sock: ");
    tries("status gateway.yaml", "/nowhere/file.sock: ");
    tries("kill 0-1 gateway.yaml", "/nowhere/file.sock: ");
    tries("status", "/nowhere/environment.sock: ");
    tries("health", "/nowhere/environment.sock: ");
    setenv("WSLUICE_ADMIN_SOCKET", "", 1);
    if (access("/run/wsluice/admin.sock", F_OK) < 0)
        tries("status",
              "/run/wsluice/admin.sock: no such socket; is wsluice running? If its socket is");
    unsetenv("WSLUICE_ADMIN_SOCKET");
}

/* Without a socket health asks the address of the quick command line, which may be in use here. */
static void health_falls_back_to_the_default_address(void **state)
{
    static const char *const values[] = {NULL, ""};
    for (size_t i = 0; i < 2 && access("/run/wsluice/admin.sock", F_OK) < 0; i++) {
        struct run run;
        if (values[i])
            setenv("WSLUICE_ADMIN_SOCKET", values[i], 1);
        parse(&run, "health");
        unsetenv("WSLUICE_ADMIN_SOCKET");
        assert_null(strstr(run.err, "admin.sock"));
        assert_true(run.result.exit_status == 0 || strstr(run.err, "127.0.0.1:6080") ||
                    strstr(run.err, "unhealthy"));
        done(&run);
    }
}

static void a_file_without_a_socket_is_refused(void **state)
{
    write_file("gateway.yaml", "listeners: [':1']\nroutes: [{path: /, target: 'tcp://h:1'}]\n");
    tries("status gateway.yaml", "that file has no admin socket; add 'admin: FILE'");
    write_file("bad.yaml", "wrokers: 1\n");
    tries("status bad.yaml", "bad.yaml:1:1: error: wrokers");
}

static void ids_and_files_are_told_apart(void **state)
{
    refuses("kill a b", 2, "a: is no session id, and neither is b");
    refuses("kill gateway.yaml", 2, "gateway.yaml: name a session id");
    refuses("health localhost:1", 2, "neither a file nor a URL; write http://");
    refuses("health ftp://x", 2, "a URL is http://HOST[:PORT]/PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(the_socket_is_named_in_this_order),
        IN_DIRECTORY(health_falls_back_to_the_default_address),
        IN_DIRECTORY(a_file_without_a_socket_is_refused),
        IN_DIRECTORY(ids_and_files_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
