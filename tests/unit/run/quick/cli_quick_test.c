#include "run/quick/cli_quick.h"

#include "lib/cli_run.h"

static void tcp_is(const struct config_address *address, const char *host, unsigned port)
{
    assert_int_equal(address->kind, CONFIG_ADDRESS_TCP);
    if (host)
        assert_string_equal(address->host, host);
    else
        assert_null(address->host);
    assert_int_equal(address->port, port);
}

static void unix_is(const struct config_address *address, const char *path)
{
    assert_int_equal(address->kind, CONFIG_ADDRESS_UNIX);
    assert_string_equal(address->path, path);
}

static void takes_two_addresses(void **state)
{
    struct run run;
    accepts(&run, "6080 localhost:5900");
    tcp_is(&run.listener->address, NULL, 6080);
    tcp_is(&run.route->targets[0].address, "localhost", 5900);
    assert_string_equal(run.route->path, "/*");
    assert_false(run.result.daemon);
    assert_string_equal(run.err, "");
    done(&run);
    accepts(&run, ":6080 [::1]:5900");
    tcp_is(&run.listener->address, NULL, 6080);
    tcp_is(&run.route->targets[0].address, "::1", 5900);
    done(&run);
    accepts(&run, "127.0.0.1:0 ::1:5900");
    tcp_is(&run.listener->address, "127.0.0.1", 0);
    tcp_is(&run.route->targets[0].address, "::1", 5900);
    done(&run);
}

static void has_its_own_defaults(void **state)
{
    struct run run;
    accepts(&run, "6080 localhost:5900");
    assert_int_equal(run.route->connect, CONFIG_CONNECT_AFTER_UPGRADE);
    assert_int_equal(run.route->text, CONFIG_TEXT_FORWARD);
    assert_int_equal(run.route->ping_interval_ms, 30000);
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_OFF);
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_INFO);
    done(&run);
}

static void takes_unix_sockets_at_both_ends(void **state)
{
    struct run run;
    accepts(&run, "--unix-target=run/s 6080");
    unix_is(&run.route->targets[0].address, "run/s");
    tcp_is(&run.listener->address, NULL, 6080);
    done(&run);
    accepts(&run, "--unix-listen /run/l --unix-listen-mode 660 host:1");
    unix_is(&run.listener->address, "/run/l");
    assert_int_equal(run.listener->unix_mode, 0660);
    tcp_is(&run.route->targets[0].address, "host", 1);
    done(&run);
    accepts(&run, "--unix-listen=@here --unix-target=@there");
    unix_is(&run.listener->address, "@here");
    unix_is(&run.route->targets[0].address, "@there");
    done(&run);
    accepts(&run, "unix:/a unix:@b");
    unix_is(&run.listener->address, "/a");
    unix_is(&run.route->targets[0].address, "@b");
    done(&run);
}

/* Every order of the same words means the same. */
static void takes_options_anywhere(void **state)
{
    const char *lines[] = {
        "--heartbeat=7 --text refuse 6080 h:1 -v",
        "6080 --heartbeat 7 h:1 -v --text=refuse",
        "6080 h:1 --heartbeat 7 -v --text refuse",
        "-v 6080 --text=refuse h:1 --heartbeat=7s",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct run run;
        accepts(&run, lines[i]);
        tcp_is(&run.listener->address, NULL, 6080);
        tcp_is(&run.route->targets[0].address, "h", 1);
        assert_int_equal(run.route->ping_interval_ms, 7000);
        assert_int_equal(run.route->text, CONFIG_TEXT_REFUSE);
        assert_int_equal(run.result.config->log.level, CONFIG_LOG_DEBUG);
        done(&run);
    }
}

static void takes_abbreviations_and_bundles(void **state)
{
    struct run run;
    accepts(&run, "--log f --heart 0 --work=3 --connect first -6vv 6080 h:1");
    assert_string_equal(run.result.config->log.file, "f");
    assert_int_equal(run.route->ping_interval_ms, 0);
    assert_int_equal(run.result.config->workers, 3);
    assert_int_equal(run.route->connect, CONFIG_CONNECT_FIRST);
    assert_true(run.listener->prefer_ipv6);
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_DEBUG);
    done(&run);
    accepts(&run, "6080 h:1 --log-fo=json --connect=after-upgrade --daem");
    assert_int_equal(run.result.config->log.format, CONFIG_LOG_JSON);
    assert_int_equal(run.route->connect, CONFIG_CONNECT_AFTER_UPGRADE);
    assert_true(run.result.daemon);
    done(&run);
}

static void the_last_one_wins(void **state)
{
    struct run run;
    accepts(&run, "--heartbeat=5 6080 h:1 --heartbeat=9 -v --log-level=error");
    assert_int_equal(run.route->ping_interval_ms, 9000);
    assert_int_equal(run.result.config->log.level, CONFIG_LOG_ERROR);
    done(&run);
}

static void sets_each_option(void **state)
{
    struct run run;
    accepts(&run, "6080 h:1 --handshake-timeout=3 --close-timeout=2s --drain-timeout=0 --backlog 9 "
                  "--max-head-size=8KiB --max-head-fields=50 --connect-timeout=1500ms "
                  "--ping-timeout=4 --max-duration=1h --input-timeout=30m --expect=rfb "
                  "--ssl-version=tlsv1_3 --ssl-ciphers=HIGH "
                  "--ssl-target --ssl-target-name=n --workers=auto");
    const struct config *config = run.result.config;
    assert_int_equal(config->workers, 0);
    assert_int_equal(config->limits.handshake_timeout_ms, 3000);
    assert_int_equal(config->limits.close_timeout_ms, 2000);
    assert_int_equal(config->limits.drain_timeout_ms, 0);
    assert_int_equal(config->limits.head_bytes, 8192);
    assert_int_equal(config->limits.head_fields, 50);
    assert_int_equal(run.listener->backlog, 9);
    assert_int_equal(run.listener->tls.min_version, CONFIG_TLS_1_3);
    assert_string_equal(run.listener->tls.ciphers, "HIGH");
    assert_int_equal(run.route->connect_timeout_ms, 1500);
    assert_int_equal(run.route->ping_timeout_ms, 4000);
    assert_int_equal(run.route->max_duration_ms, 3600000);
    assert_int_equal(run.route->input_timeout_ms, 1800000);
    assert_string_equal(run.route->expect, "rfb");
    assert_true(run.route->targets[0].tls);
    assert_string_equal(run.route->targets[0].server_name, "n");
    done(&run);
}

/* One error is enough: the other would be its consequence. */
static void refuses_once(const char *line, const char *other)
{
    struct run run;
    parse(&run, line);
    assert_int_equal(run.result.exit_status, 2);
    if (strstr(run.err, other))
        fail_msg("%s: %s", line, run.err);
    done(&run);
}

static void counts_arguments(void **state)
{
    refuses("", 2, "Too few arguments");
    refuses("6080", 2, "Too few arguments; write [HOST:]PORT TARGET_HOST:PORT");
    refuses("gw.yaml", 2, "Too few arguments; did you mean --config=gw.yaml?");
    refuses("6080 a:1 b:2", 2, "Too many arguments");
    refuses("run gw.yaml", 2, "Too many arguments; did you mean --config=gw.yaml?");
    refuses("--unix-target=s", 2, "Too few arguments; write [HOST:]PORT as well");
    refuses("--unix-target=s 6080 a:1", 2, "Too many arguments");
    refuses("--unix-listen=l", 2, "Too few arguments; write TARGET_HOST:PORT as well");
    refuses("--unix-listen=l --unix-target=s 6080", 2, "Too many arguments");
    refuses("demo 6080 a:1", 2, "Too many arguments");
    refuses_once("--record", "Too few");
    refuses_once("--connect=foo", "Too few");
    refuses_once("--workers=many", "Too few");
}

/* All forms where nothing was typed; else the error has to stay in sight. */
static void the_usage_is_short_beside_an_error(void **state)
{
    struct run run;
    parse(&run, "");
    assert_non_null(strstr(run.err, "usage: wsluice [options] [HOST:]PORT TARGET_HOST:PORT\n"));
    assert_non_null(strstr(run.err, "--config=FILE"));
    done(&run);
    refuses_once("6080", "--config=FILE");
    refuses_once("--zzz", "--config=FILE");
    refuses("--zzz", 2,
            "usage: wsluice [options] [HOST:]PORT TARGET_HOST:PORT\n"
            "       wsluice --help shows all forms and options\n"
            "wsluice: error: --zzz: ");
}

static void names_bad_options(void **state)
{
    refuses("--wrokers=3 6080 a:1", 2, "--wrokers: unknown option; did you mean --workers?");
    refuses("--zzz W 6080 a:1", 2, "--zzz: unknown option; see wsluice --help");
    refuses("-x 6080 a:1", 2, "-x: unknown option");
    refuses("--connect=later 6080 a:1", 2, "must be first or after-upgrade, not 'later'");
    refuses("--connect g.yaml", 2, "did you mean wsluice check --connect g.yaml?");
    refuses("--=1 6080 a:1", 2, "--: unknown option");
    refuses("--ssl 6080 a:1", 2, "--ssl: ambiguous option; it could be --ssl-");
    refuses("--con first 6080 a:1", 2, "it could be --connect, --connect-timeout");
    refuses("--ssl-only=yes 6080 a:1", 2, "--ssl-only: takes no argument");
    refuses("6080 a:1 --heartbeat", 2, "--heartbeat: needs an argument; write --heartbeat=TIME");
    refuses("--record --ssl-only 6080 a:1", 2, "--record: needs an argument; write --record=FILE");
    refuses("--record --ssl 6080 a:1", 2, "--record: needs an argument");
    refuses("--record --ssl-o 6080 a:1", 2, "--record: needs an argument");
    refuses("--record --cert=c.pem 6080 a:1", 2, "--record: needs an argument");
    refuses("6080 a:1 --record -- command", 2, "--record: needs an argument");
    refuses("--heartbeat=-1 6080 a:1", 2, "--heartbeat: must be a duration");
    refuses("--unix-listen-mode=9 --unix-listen=l a:1", 2,
            "--unix-listen-mode: must be permission");
    refuses("--ssl-version=sslv3 6080 a:1", 2,
            "--ssl-version: must be 1.1, 1.2 or 1.3, not 'sslv3'");
    refuses("--cert= 6080 a:1", 2, "--cert: must not be empty");
    refuses("--key k 6080 a:1", 1, "--key: ");
}

static void takes_an_argument_that_looks_like_no_flag(void **state)
{
    struct run run;
    accepts(&run, "--record - --log-file --odd --ssl-target --ssl-target-name=--ssl-only 6080 a:1");
    assert_string_equal(run.route->record, "-");
    assert_string_equal(run.result.config->log.file, "--odd");
    assert_string_equal(run.route->targets[0].server_name, "--ssl-only");
    done(&run);
    create("c.pem");
    accepts(&run, "--cert=c.pem --key-password -secret 6080 a:1");
    assert_string_equal(run.listener->tls.certificates[0].key_password, "-secret");
    done(&run);
}

/* An unknown option's argument is not counted as an address, which would only confuse. */
static void reports_everything_at_once(void **state)
{
    struct run run;
    parse(&run, "--zzz W --text=maybe 6080 a:1 --workers=many --tls");
    assert_int_equal(run.result.exit_status, 2);
    assert_non_null(strstr(run.err, "--zzz"));
    assert_non_null(strstr(run.err, "--text: must be forward or refuse"));
    assert_non_null(strstr(run.err, "--workers"));
    assert_non_null(strstr(run.err, "--tls"));
    assert_null(strstr(run.err, "Too many"));
    done(&run);
}

static void demo_brings_its_target(void **state)
{
    const struct {
        const char *line;
        unsigned port;
    } cases[] = {{"demo", 6080}, {"demo 7000", 7000}, {"-v demo 7000 --text=refuse", 7000}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run run;
        parse(&run, cases[i].line);
        assert_int_equal(run.result.action, CLI_DEMO);
        tcp_is(&run.listener->address, NULL, cases[i].port);
        assert_int_equal(run.route->targets[0].address.kind, CONFIG_ADDRESS_UNIX);
        assert_int_equal(run.route->targets[0].address.path[0], '@');
        done(&run);
    }
    struct run run;
    parse(&run, "demo --unix-listen=l");
    assert_int_equal(run.result.action, CLI_DEMO);
    unix_is(&run.listener->address, "l");
    done(&run);
    refuses("demo --unix-target=s", 2, "demo has its own target");
}

static void a_daemon_has_absolute_paths(void **state)
{
    const char *directory = *state;
    char expected[128];
    struct run run;
    create("c.pem");
    accepts(&run, "-D --cert=c.pem --log-file=l --unix-listen=s --unix-target=@t");
    assert_true(run.result.daemon);
    snprintf(expected, sizeof(expected), "%s/c.pem", directory);
    assert_string_equal(run.listener->tls.certificates[0].certificate, expected);
    snprintf(expected, sizeof(expected), "%s/l", directory);
    assert_string_equal(run.result.config->log.file, expected);
    snprintf(expected, sizeof(expected), "%s/s", directory);
    unix_is(&run.listener->address, expected);
    unix_is(&run.route->targets[0].address, "@t");
    done(&run);
    create("self.pem");
    accepts(&run, "6080 unix:s -D --key=/etc/passwd");
    snprintf(expected, sizeof(expected), "%s/self.pem", directory);
    assert_string_equal(run.listener->tls.certificates[0].certificate, expected);
    assert_string_equal(run.listener->tls.certificates[0].key, "/etc/passwd");
    snprintf(expected, sizeof(expected), "%s/s", directory);
    unix_is(&run.route->targets[0].address, expected);
    done(&run);
}

static void passwords_leave_the_arguments(void **state)
{
    struct run run;
    create("c.pem");
    accepts(&run, "--key-password=hush --cert=c.pem 6080 a:1 --key-password secret");
    assert_string_equal(run.listener->tls.certificates[0].key_password, "secret");
    assert_string_equal(run.argv[1], "--key-password=");
    assert_string_equal(run.argv[6], "");
    done(&run);
}

/* Called so, its name stands in every message. */
static void says_its_name(void **state)
{
    static const char *const programs[] = {"websockify", "/opt/websockify/run"};
    static const char *const lines[] = {"--zzz 6080 a:1",
                                        "",
                                        "halp",
                                        "6080 a",
                                        "6080 a:1 b:2",
                                        "--ssl 6080 a:1",
                                        "--record",
                                        "--cert=/tmp 6080 a:1",
                                        "--auth-plugin=x 6080 a:1",
                                        "--config=none.yaml"};
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct run run;
        parse_as(&run, programs[i % 2], lines[i]);
        assert_int_equal(run.result.action, CLI_EXIT);
        assert_non_null(strstr(run.err, "websockify: error: "));
        if (strstr(run.err, "wsluice"))
            fail_msg("%s: %s", lines[i], run.err);
        done(&run);
    }
}

/* Command lines from scripts and documents in the wild. */
static void takes_what_people_type(void **state)
{
    const char *lines[] = {
        "-D 6080 localhost:5901",
        "8080 localhost:5900 --daemon",
        "--heartbeat=30 0.0.0.0:6080 localhost:5900",
        "127.0.0.1:6080 127.0.0.1:5900",
        "80 10.1.1.1:5902",
        "--unix-target=/run/s 6080",
        "6080 localhost:5900 --heartbeat 10",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct run run;
        accepts(&run, lines[i]);
        done(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(takes_two_addresses),
        IN_DIRECTORY(has_its_own_defaults),
        IN_DIRECTORY(takes_unix_sockets_at_both_ends),
        IN_DIRECTORY(takes_options_anywhere),
        IN_DIRECTORY(takes_abbreviations_and_bundles),
        IN_DIRECTORY(the_last_one_wins),
        IN_DIRECTORY(sets_each_option),
        IN_DIRECTORY(counts_arguments),
        IN_DIRECTORY(the_usage_is_short_beside_an_error),
        IN_DIRECTORY(names_bad_options),
        IN_DIRECTORY(takes_an_argument_that_looks_like_no_flag),
        IN_DIRECTORY(reports_everything_at_once),
        IN_DIRECTORY(demo_brings_its_target),
        IN_DIRECTORY(a_daemon_has_absolute_paths),
        IN_DIRECTORY(passwords_leave_the_arguments),
        IN_DIRECTORY(says_its_name),
        IN_DIRECTORY(takes_what_people_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
