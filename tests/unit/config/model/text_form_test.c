#include "config/model/text_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/regex_compare.h"

static void compare(const struct value_form *form, const char *const *seeds,
                    enum regex_agreement agreement)
{
    const struct value_spec spec = {.type = VALUE_TEXT, .form = form};
    regex_compare(&spec, seeds, agreement);
}

static void paths(void **state)
{
    const char *seeds[] = {"/",     "/vnc",   "/vnc/*", "/a.b/..c/...",   "/%C3%A9/a%20b",
                           "/./",   "/%2e./", "/%2F",   "/{a}/d/{b_1}/x", "/a\\b?c#d",
                           "/%5C",  "/%7f",   "//",     "/a/../b",        "vnc",
                           "/{1a}", "/x{a}",  NULL};
    compare(&text_form_path, seeds, REGEX_EXACT);
    compare(&text_form_base, seeds, REGEX_EXACT);
    compare(&text_form_reference, seeds, REGEX_EXACT);
}

static void hosts_and_origins(void **state)
{
    const char *hosts[] = {"localhost", "*.example.com", "10.0.0.1",   "[::1]", "a_b.c.",
                           "-a",        "a..b",          "desk.*.com", "a:443", NULL};
    const char *origins[] = {"any",
                             "null",
                             "https://desk.example.com:8443",
                             "http://[::1]:80",
                             "moz-extension://a1-b2",
                             "https://*.example.com",
                             "https://a/",
                             "https://a:",
                             NULL};
    const char *names[] = {"desk", "{name}.desks", "::1", "a b", NULL};
    compare(&text_form_host, hosts, REGEX_EXACT);
    compare(&text_form_origin, origins, REGEX_EXACT);
    compare(&text_form_server_name, names, REGEX_EXACT);
}

static void websocket_targets(void **state)
{
    const char *hosts[] = {"desk", "desk:8080", "[::1]:80", ":80", "a/b",
                           "u@a",  "a b",       "~",        "",    NULL};
    const char *origins[] = {"null",    "https://desk", "https://*.desk", "https://a/",
                             "a://b:1", "://b",         "https://",       NULL};
    const char *users[] = {"ann", "Ann Lee", "a:b", "\x7f", "é", NULL};
    const char *bearers[] = {"a.b-c_~+/==", "=", "a=b", "a b", NULL};
    compare(&text_form_authority, hosts, REGEX_LOOSE);
    compare(&text_form_sent_origin, origins, REGEX_LOOSE);
    compare(&text_form_user, users, REGEX_EXACT);
    compare(&text_form_credential, users, REGEX_EXACT);
    compare(&text_form_bearer, bearers, REGEX_EXACT);
}

static void certificates(void **state)
{
    const char *seeds[] = {"*", "*.lan", "*@example.com", "Ann Lee", "a*b", "**", "*a", "*.", NULL};
    const char *pins[] = {"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                          "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", "sha256//",
                          "sha1//2jmj7l5rSw0yVb/vlWAYkK/YBwk=", NULL};
    compare(&text_form_certificate_name, seeds, REGEX_EXACT);
    compare(&text_form_pin, pins, REGEX_EXACT);
}

static void names(void **state)
{
    const char *seeds[] = {"ops",
                           "a.b-c_d",
                           "a b",
                           "a!#$%&'*+-.^_`|~9",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                           NULL};
    const char *tokens[] = {"query:token", "header:X-Desk", "cookie:a!b", "host", "path",
                            "subprotocol", "user",          "query:",     NULL};
    compare(&text_form_name, seeds, REGEX_EXACT);
    compare(&text_form_reference, seeds, REGEX_EXACT);
    compare(&text_form_token, seeds, REGEX_EXACT);
    compare(&text_form_token_place, tokens, REGEX_EXACT);
    compare(&text_form_ticket_place, tokens, REGEX_EXACT);
}

/* regcomp and permit_rule decide more than an expression can; of ports it counts no digits. */
static void other_texts(void **state)
{
    const char *expressions[] = {"[a-z0-9-]{1,32}", "a\\.b", "\\\\d", "\\d+", "(a|b", "x{3}", NULL};
    const char *redirects[] = {"https://{host}{path}{query}",
                               "http://a/b?c=%20[1]",
                               "/desk/",
                               "HTTPS://{hots}",
                               "ftp://a",
                               "/}",
                               NULL};
    const char *fields[] = {"a b", "\xc3\xa9", " a", "default-src 'self'", NULL};
    const char *banners[] = {"rfb", "SSH-2.0", "220 a\r\n", "", NULL};
    const char *syslogs[] = {"/dev/log", "@name", "host:514", "a:99999", "/", NULL};
    const char *permits[] = {"any",
                             "10.1.0.0/16:5900-5999",
                             "[fd00::]/8:*",
                             "desk-*.lan:22",
                             "unix:/run/desks/*",
                             "unix:@a",
                             "*:1",
                             "desk",
                             "a:b",
                             NULL};
    const char *proxies[] = {"http://ann:p%40ss@gate:3128",
                             "socks5h://[::1]/",
                             "Socks5://a",
                             "gate:3128",
                             "http://:a@b",
                             "https://gate",
                             "a b",
                             NULL};
    compare(&text_form_permit, permits, REGEX_LOOSE);
    compare(&text_form_proxy, proxies, REGEX_LOOSE);
    compare(&text_form_expression, expressions, REGEX_LOOSE);
    compare(&text_form_redirect, redirects, REGEX_EXACT);
    compare(&text_form_field, fields, REGEX_EXACT);
    compare(&text_form_banner, banners, REGEX_LOOSE);
    compare(&text_form_syslog, syslogs, REGEX_LOOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(hosts_and_origins),
        cmocka_unit_test(certificates),
        cmocka_unit_test(names),
        cmocka_unit_test(websocket_targets),
        cmocka_unit_test(other_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
