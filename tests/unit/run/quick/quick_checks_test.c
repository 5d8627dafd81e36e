#include "run/quick/quick_checks.h"

#include "lib/cli_run.h"

/* ---- with files ---- */

static void a_certificate_shares_the_port(void **state)
{
    struct run run;
    create("c.pem");
    create("k.pem");
    accepts(&run, "--cert=c.pem --key k.pem 6080 a:1");
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_OPTIONAL);
    assert_string_equal(run.listener->tls.certificates[0].certificate, "c.pem");
    assert_string_equal(run.listener->tls.certificates[0].key, "k.pem");
    assert_string_equal(run.err, "");
    done(&run);
    accepts(&run, "--ssl-only --verify-client --cert=c.pem 6080 a:1");
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_REQUIRED);
    assert_int_equal(run.listener->tls.client_verify, CONFIG_VERIFY_REQUIRED);
    assert_string_equal(run.err, "");
    done(&run);
}

static void self_pem_counts_only_if_it_is_there(void **state)
{
    struct run run;
    refuses("--ssl-only 6080 a:1", 2, "SSL only and CERT not found");
    accepts(&run, "6080 a:1");
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_OFF);
    done(&run);
    create("self.pem");
    accepts(&run, "6080 a:1");
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_OPTIONAL);
    assert_string_equal(run.listener->tls.certificates[0].certificate, "self.pem");
    done(&run);
    accepts(&run, "--ssl-only 6080 a:1");
    assert_int_equal(run.listener->tls.mode, CONFIG_TLS_REQUIRED);
    done(&run);
}

static void missing_files_are_named(void **state)
{
    create("c.pem");
    refuses("--cert=none.pem 6080 a:1", 1,
            "--cert: cannot read 'none.pem': No such file or directory; name a PEM file");
    refuses("--cert=/tmp 6080 a:1", 1, "--cert: cannot read '/tmp': Is a directory");
    refuses("--cert=c.pem --key=none 6080 a:1", 1, "--key: cannot read 'none'");
    refuses("--cert=c.pem --verify-client --cafile=none 6080 a:1", 1, "--cafile: cannot read");
    refuses("--cert=none.pem --ssl-only 6080 a:1", 2, "SSL only and CERT not found: none.pem");
    refuses("--key=c.pem 6080 a:1", 1, "--key: a key needs its certificate; add --cert=FILE");
    refuses("--verify-client 6080 a:1", 1, "--verify-client: client certificates need TLS");
}

static void warns_of_less_security_than_it_seems(void **state)
{
    struct run run;
    create("c.pem");
    accepts(&run, "--cert=c.pem --verify-client 6080 a:1");
    assert_non_null(strstr(run.err, "wsluice: warning: --verify-client: "));
    done(&run);
    accepts(&run, "--cert=c.pem --cafile=c.pem 6080 a:1");
    assert_non_null(strstr(run.err, "wsluice: warning: --cafile: "));
    done(&run);
    accepts(&run, "--ssl-target --unix-target=s 6080");
    assert_non_null(strstr(run.err, "wsluice: warning: --ssl-target: "));
    assert_false(run.route->targets[0].tls);
    done(&run);
    accepts(&run, "--ssl-target-name=n 6080 a:1");
    assert_non_null(strstr(run.err, "wsluice: warning: --ssl-target-name: has no effect without"));
    done(&run);
}

static void a_target_verified_in_another_way(void **state)
{
    struct run run;
    create("c.pem");
    accepts(&run, "--ssl-target --ssl-target-ca=c.pem 6080 a:1");
    assert_string_equal(run.route->targets[0].ca, "c.pem");
    assert_string_equal(run.err, "");
    done(&run);
    accepts(&run, "--ssl-target --ssl-target-insecure 6080 a:1");
    assert_true(run.route->targets[0].insecure);
    assert_non_null(strstr(run.err, "wsluice: warning: --ssl-target-insecure: the target's cert"));
    done(&run);
    accepts(&run, "--ssl-target --ssl-target-insecure --unix-target=s 6080");
    assert_true(run.route->targets[0].tls && run.route->targets[0].insecure);
    done(&run);
    accepts(&run, "--ssl-target --ssl-target-insecure --target-config=c.pem 6080");
    assert_true(run.route->tokens.target.tls && run.route->tokens.target.insecure);
    done(&run);
    accepts(&run, "--ssl-target-insecure 6080 tls://a:1");
    done(&run);
    refuses("--ssl-target --ssl-target-ca=none 6080 a:1", 1, "--ssl-target-ca: cannot read 'none'");
    refuses("--ssl-target-ca=c.pem 6080 a:1", 2, "--ssl-target-ca: has no effect");
    refuses("--ssl-target-insecure 6080 a:1", 2, "no TLS; add --ssl-target");
    refuses("--ssl-target --ssl-target-ca=c.pem --unix-target=s 6080", 2,
            "add --ssl-target and --ssl-target-name");
    refuses("--ssl-target --ssl-target-insecure --ssl-target-ca=c.pem 6080 a:1", 2,
            "--ssl-target-insecure: --ssl-target-ca is there to verify the certificate; leave one");
}

/* websockify goes on without TLS when there is no certificate, but not when it is unreadable. */
static void websockify_does_without_a_certificate(void **state)
{
    static const struct {
        const char *line, *warning;
    } lines[] = {
        {"--cert=none.pem 6080 a:1", "websockify: warning: --cert: 'none.pem': No such file"},
        {"--cert=none.pem --key=k.pem 6080 a:1", "--cert: 'none.pem': No such file"},
        {"--key=none.pem 6080 a:1", "websockify: warning: --key: 'self.pem': No such file"},
        {"--cert=none.pem --verify-client --cafile=none 6080 a:1", "TLS is off"},
    };
    struct run run;
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        parse_as(&run, "websockify", lines[i].line);
        if (run.result.action != CLI_RUN || !strstr(run.err, lines[i].warning))
            fail_msg("%s: %s", lines[i].line, run.err);
        assert_int_equal(run.listener->tls.mode, CONFIG_TLS_OFF);
        assert_int_equal(run.listener->tls.certificate_count, 0);
        done(&run);
    }
    create("c.pem");
    static const struct {
        const char *line, *error;
        int status;
    } wrong[] = {
        {"--ssl-only --cert=none.pem 6080 a:1", "SSL only and CERT not found: none.pem", 2},
        {"--cert=/tmp 6080 a:1", "websockify: error: --cert: cannot read '/tmp'", 1},
        {"--cert=c.pem --key=none 6080 a:1", "websockify: error: --key: cannot read 'none'", 1},
    };
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        parse_as(&run, "websockify", wrong[i].line);
        assert_int_equal(run.result.exit_status, wrong[i].status);
        if (!strstr(run.err, wrong[i].error))
            fail_msg("%s: %s", wrong[i].line, run.err);
        done(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_certificate_shares_the_port),
        IN_DIRECTORY(self_pem_counts_only_if_it_is_there),
        IN_DIRECTORY(missing_files_are_named),
        IN_DIRECTORY(warns_of_less_security_than_it_seems),
        IN_DIRECTORY(a_target_verified_in_another_way),
        IN_DIRECTORY(websockify_does_without_a_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
