/* `wsluice demo --web=FOLDER`: the routes of SSH in a tab beside the echo service. */
#include "run/quick/quick_demo.h"

#include "lib/cli_run.h"

static void make_page(void)
{
    create("index.html");
    create("app.js");
}

static void adds_routes_for_ssh_in_a_tab(void **state)
{
    struct run run;
    make_page();
    parse_file(&run, "demo --web=. --origins=https://desk.example");
    assert_int_equal(run.result.action, CLI_DEMO);
    const struct config *config = run.result.config;
    assert_int_equal(config->route_count, 3);
    const struct config_route *echo = &config->routes[0], *files = echo + 1, *bridge = echo + 2;
    assert_string_equal(echo->demo_shell, "localhost:22");
    assert_true(echo->demo);
    assert_null(echo->files.root);
    assert_int_equal(echo->allow.count, 0);
    assert_int_equal(echo->target_count, 1);
    assert_int_equal(echo->targets[0].address.path[0], '@');

    assert_string_equal(files->path, "/shell/*");
    assert_int_equal(files->kind, CONFIG_KIND_FILES);
    assert_string_equal(files->files.root, ".");
    assert_int_equal(files->target_count, 0);
    assert_string_equal(files->headers[0].value, "frame-ancestors 'none'");

    assert_string_equal(bridge->path, "/ssh");
    assert_string_equal(bridge->expect, "ssh");
    assert_int_equal(bridge->target_count, 1);
    assert_int_equal(bridge->targets[0].address.port, 22);
    for (const struct config_route *route = files; route <= bridge; route++) {
        assert_false(route->demo);
        assert_int_equal(route->allow.count, 2); /* clients of this machine */
        assert_int_equal(route->origins.count, 1);
    }
    done(&run);
}

static void takes_another_sshd(void **state)
{
    struct run run;
    make_page();
    parse_file(&run, "demo --web=. 127.0.0.1:7000 desk:2222");
    assert_int_equal(run.result.action, CLI_DEMO);
    assert_int_equal(run.result.config->listeners[0].address.port, 7000);
    assert_string_equal(run.result.config->routes[0].demo_shell, "desk:2222");
    assert_string_equal(run.result.config->routes[2].targets[0].address.host, "desk");
    done(&run);
}

static void refuses_other_folders_and_an_sshd_alone(void **state)
{
    refuses("demo --web=.", 1, "--web: '.' is not the folder of SSH in a tab: index.html: No such");
    create("index.html");
    refuses("demo --web=.", 1, "app.js: No such file or directory; contrib/ssh/build.sh FOLDER");
    refuses("demo 7000 desk:2222", 2,
            "Too many arguments; an SSH server needs the page of SSH in a tab: add --web=FOLDER, "
            "which contrib/ssh/build.sh FOLDER makes");
    refuses("demo --unix-listen=s desk:2222", 2, "add --web=FOLDER");
    refuses("demo 7000 desk:2222 more", 2, "Too many arguments; see wsluice --help");
    make_page();
    refuses("demo --web=. 7000 desk:2222 more", 2, "Too many arguments");
    refuses("demo --web=. --unix-target=s", 2, "demo has its own target");
    refuses("demo --web=. --print-config", 2, "a file cannot say demo");
    refuses("demo --web=. -- true", 2, "leave the command out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(adds_routes_for_ssh_in_a_tab),
        IN_DIRECTORY(takes_another_sshd),
        IN_DIRECTORY(refuses_other_folders_and_an_sshd_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
