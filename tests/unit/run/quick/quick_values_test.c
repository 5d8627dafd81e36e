#include "run/quick/quick_values.h"

#include "lib/cli_run.h"

static void names_bad_addresses_as_websockify_does(void **state)
{
    refuses("x a:1", 2, "Error parsing listen port");
    refuses("desk", 2, "desk: neither a command nor a port; see wsluice --help");
    refuses("~ a:1", 2, "Error parsing listen port");
    refuses("host:http a:1", 2, "Error parsing listen port");
    refuses("70000 a:1", 2, "Error parsing listen port");
    refuses("6080 localhost", 2, "write TARGET_HOST:PORT, for example localhost:5900");
    refuses("6080 5901", 2, "write TARGET_HOST:PORT, for example localhost:5901");
    refuses("6080 /run/app.sock", 2, "write unix:/run/app.sock");
    refuses("6080 a:b", 2, "Error parsing target port");
    refuses("6080 5900", 2,
            "Error parsing target: '5900' is no address; write TARGET_HOST:PORT, for");
    refuses("6080 http://a:1", 2, "'http://a:1' is no address; write TARGET_HOST:PORT");
    refuses("6080 {desk}", 2, "Error parsing target: only the routes of a file have {NAME}s");
    refuses("6080 a:", 2, "Error parsing target port");
    refuses("6080 {desk}:1", 2, "Error parsing target: only the routes of a file have {NAME}s");
    refuses("- a:1", 2, "Error parsing listen port");
}

static void a_target_without_a_host_is_this_machine(void **state)
{
    struct run run;
    accepts(&run, "6080 :5900");
    assert_string_equal(run.route->targets[0].address.host, "localhost");
    assert_int_equal(run.route->targets[0].address.port, 5900);
    done(&run);
    refuses("6080 :", 2, "Error parsing target port");
    refuses("6080 :vnc", 2, "not ':vnc'");
    refuses("6080 :0", 2, "Error parsing target port");
}

static void origins_are(const char *line, const char *first, const char *second)
{
    struct run run;
    accepts(&run, line);
    const struct config_texts *origins = &run.route->origins;
    assert_int_equal(origins->count, second ? 2 : 1);
    assert_string_equal(origins->items[0], first);
    if (second)
        assert_string_equal(origins->items[1], second);
    done(&run);
}

static void reads_a_list(void **state)
{
    origins_are("6080 a:1", "any", NULL);
    origins_are("--origins=https://a 6080 a:1", "https://a", NULL);
    origins_are("--origins https://a,https://*.b 6080 a:1", "https://a", "https://*.b");
    origins_are("--origins=http://x,http://y --origins=https://a 6080 a:1", "https://a", NULL);
    origins_are("--origins=https://a --origins=any 6080 a:1", "any", NULL);
    refuses("--origins= 6080 a:1", 2, "--origins: must");
    refuses("--origins=https://a, 6080 a:1", 2, "--origins: must");
    refuses("--origins=https://a,b 6080 a:1", 2, "not 'b'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(names_bad_addresses_as_websockify_does),
        IN_DIRECTORY(a_target_without_a_host_is_this_machine),
        IN_DIRECTORY(reads_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
