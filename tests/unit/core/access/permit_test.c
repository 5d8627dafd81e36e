#include "core/access/permit.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/ip.h"

#define RULES 6

static struct permit *make(const char *const *rules)
{
    size_t count = 0;
    while (count < RULES && rules[count])
        count++;
    struct permit *permit = permit_create(&(struct config_texts){rules, count});
    assert_non_null(permit);
    return permit;
}

static void parse(const char *text, uint8_t address[static IP_BYTES])
{
    assert_true(ip_parse(slice_of(text), address));
}

static bool opens(const char *const *rules, const char *host, const char *text, uint16_t port)
{
    uint8_t address[IP_BYTES];
    struct permit *permit = make(rules);
    parse(text, address);
    bool open = permit_has_address(permit, slice_of(host), address, port);
    /* An address that is permitted was worth looking up. */
    assert_true(!open || permit_has_host(permit, slice_of(host), port));
    permit_free(permit);
    return open;
}

/* ---- without rules ---- */

static const char *const refused[] = {
    "0.0.0.0",
    "0.1.2.3",
    "0.255.255.255",
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.255",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.42.42",
    "169.254.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "::1",
    "::2",
    "::7f00:1",
    "::127.0.0.1",
    "::10.0.0.1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf:ffff::1",
    "ff02::1",
    "ff0e::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fd00:c1::a9fe:a9fe",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::0.0.0.0",
    "64:ff9b:1::10.0.0.1",
    "64:ff9b:1:ffff::1",
    "2002:7f00:1::",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:0:1::",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2a01::5efe:7f00:1",
    "2a01::200:5efe:127.0.0.1",
    "fd00::5efe:169.254.169.254",
    "::ffff:0:7f00:1",
    "::ffff:0:169.254.169.254",
};

static const char *const ordinary[] = {
    "1.1.1.1",          "10.0.0.1",          "10.255.255.255",
    "100.64.0.1",       "100.100.100.201",   "126.255.255.255",
    "128.0.0.0",        "169.253.255.255",   "169.255.0.0",
    "172.16.0.1",       "192.168.1.1",       "192.0.0.191",
    "168.63.129.15",    "223.255.255.255",   "240.0.0.1",
    "255.255.255.254",  "::ffff:10.0.0.1",   "2001:db8::1",
    "2001:1::1",        "fd00::1",           "fd00:ec1:ffff::1",
    "fd00:ec3::254",    "fec0::1",           "fd20:ce::253",
    "fd00:42::41",      "2a01::1",           "64:ff9b::10.0.0.1",
    "64:ff9b::8.8.8.8", "2002:a00:1::1",     "64:ff9b:2::127.0.0.1",
    "2003:7f00:1::",    "2a01::5eff:7f00:1", "2a01::5efe:10.0.0.1",
    "::ffff:0:a00:1",   "1::127.0.0.1",
};

static void test_refuses_what_is_near_without_rules(void **state)
{
    const char *const none[] = {NULL};
    for (size_t i = 0; i < WSL_COUNT(refused); i++)
        if (opens(none, "host", refused[i], 80))
            fail_msg("%s is permitted", refused[i]);
    for (size_t i = 0; i < WSL_COUNT(ordinary); i++)
        if (!opens(none, "host", ordinary[i], 80))
            fail_msg("%s is refused", ordinary[i]);
}

static void test_no_permit_permits_everything(void **state)
{
    uint8_t address[IP_BYTES];
    parse("127.0.0.1", address);
    assert_true(permit_has_host(NULL, SLICE("localhost"), 1));
    assert_true(permit_has_address(NULL, SLICE("localhost"), address, 1));
    assert_true(permit_has_path(NULL, SLICE("/run/docker.sock")));
    permit_free(NULL);
}

/* All that libc takes for an address of this machine, as it is resolved. */
static void test_no_spelling_gets_around_it(void **state)
{
    static const char *const spellings[] = {
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f.0x0.0x0.0x1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0177.1",
        "0",
        "0.0",
        "0x0",
        "0X7F.1",
        "00",
        "0.0.0.0",
        "169.254.43518",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "0:0:0:0:0:ffff:7f00:0001",
        "0:0:0:0:0:0:0:1",
        "::1%lo",
        "fe80::1%lo",
        "ff02::1%lo",
        "::0.0.0.1",
        "64:ff9b::127.0.0.1",
        "FD00:EC2::254",
    };
    const char *const rules[][RULES] = {
        {NULL},
        {"*:*"},
        {"10.0.0.0/8:*", "[2000::]/3:*", "*.example.com:*", "desk-*:*"},
        {"0.0.0.0/0:*", "[::]/0:*"},
    };
    for (size_t i = 0; i < WSL_COUNT(spellings); i++) {
        const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
        struct addrinfo *list;
        if (getaddrinfo(spellings[i], NULL, &hints, &list) != 0)
            continue; /* this libc reads no address in it */
        uint8_t address[IP_BYTES];
        const struct sockaddr_in *v4 = (const void *)list->ai_addr;
        const struct sockaddr_in6 *v6 = (const void *)list->ai_addr;
        if (list->ai_family == AF_INET)
            ip_from_v4((const uint8_t *)&v4->sin_addr, address);
        else
            memcpy(address, &v6->sin6_addr, sizeof(address));
        freeaddrinfo(list);
        for (size_t k = 0; k < WSL_COUNT(rules); k++) {
            struct permit *permit = make(rules[k]);
            if (permit_has_address(permit, slice_of(spellings[i]), address, 80))
                fail_msg("%s is permitted by %s", spellings[i], rules[k][0] ? rules[k][0] : "none");
            permit_free(permit);
        }
    }
}

/* ---- rules ---- */

static const struct {
    const char *rules[RULES];
    const char *host, *address;
    uint16_t port;
    bool open;
} rule_cases[] = {
    /* ranges and ports */
    {{"10.1.0.0/16:5900-5999"}, "10.1.2.3", "10.1.2.3", 5900, true},
    {{"10.1.0.0/16:5900-5999"}, "10.1.2.3", "10.1.2.3", 5999, true},
    {{"10.1.0.0/16:5900-5999"}, "10.1.2.3", "10.1.2.3", 5899, false},
    {{"10.1.0.0/16:5900-5999"}, "10.1.2.3", "10.1.2.3", 6000, false},
    {{"10.1.0.0/16:5900-5999"}, "10.2.0.1", "10.2.0.1", 5900, false},
    {{"10.1.0.0/16:*"}, "desk", "10.1.255.255", 65535, true},
    {{"10.1.0.0/16:*"}, "desk", "10.0.255.255", 1, false},
    {{"10.1.0.0/16:*"}, "167837955", "10.1.1.3", 1, true},
    {{"10.1.0.0/16:1"}, "desk", "::ffff:10.1.0.1", 1, true},
    {{"10.1.0.0/16:1"}, "desk", "64:ff9b::10.1.0.1", 1, false},
    {{"10.1.0.0/16:1"}, "desk", "2002:a01:1::", 1, false},
    {{"10.0.0.5:22"}, "10.0.0.5", "10.0.0.5", 22, true},
    {{"10.0.0.5:22"}, "10.0.0.6", "10.0.0.6", 22, false},
    {{"[fd00::]/8:*"}, "fd12::1", "fd12::1", 80, true},
    {{"[fd00::]/8:*"}, "fd12::1", "fc12::1", 80, false},
    {{"[::]/0:*"}, "desk", "10.0.0.1", 80, false},
    {{"[::]/0:*"}, "desk", "2001:db8::1", 80, true},
    {{"0.0.0.0/0:*"}, "desk", "2001:db8::1", 80, false},
    {{"10.0.0.0/8:1", "11.0.0.0/8:2", "[fd00::]/8:3"}, "desk", "11.0.0.1", 2, true},
    {{"10.0.0.0/8:1", "11.0.0.0/8:2", "[fd00::]/8:3"}, "desk", "11.0.0.1", 1, false},
    {{"unix:/run/*"}, "desk", "10.0.0.1", 80, false},
    /* addresses that need a rule of their own */
    {{"127.0.0.0/8:5900"}, "127.0.0.1", "127.0.0.1", 5900, true},
    {{"127.0.0.1:5900"}, "localhost", "127.0.0.1", 5900, true},
    {{"127.0.0.1:5900"}, "localhost", "127.0.0.2", 5900, false},
    {{"127.0.0.0/8:5900"}, "127.0.0.1", "127.0.0.1", 5901, false},
    {{"126.0.0.0/7:*"}, "127.0.0.1", "127.0.0.1", 80, false},
    {{"126.0.0.0/7:*"}, "126.0.0.1", "126.0.0.1", 80, true},
    {{"0.0.0.0/0:*"}, "127.0.0.1", "127.0.0.1", 80, false},
    {{"0.0.0.0/8:*"}, "0", "0.0.0.0", 80, true},
    {{"0.0.0.0/1:*"}, "0", "0.0.0.0", 80, false},
    {{"[::1]:80"}, "::1", "::1", 80, true},
    {{"[::]/0:*"}, "::1", "::1", 80, false},
    {{"[::]/96:*"}, "::1", "::1", 80, false},
    {{"[::]/96:*"}, "::2", "::2", 80, true},
    {{"[fe80::]/10:*"}, "fe80::1%eth0", "fe80::1", 80, true},
    {{"[fe80::]/9:*"}, "fe80::1%eth0", "fe80::1", 80, false},
    {{"169.254.0.0/16:*"}, "x", "169.254.1.1", 80, true},
    {{"169.254.0.0/16:*"}, "x", "169.254.169.254", 80, false},
    {{"169.254.169.254:80"}, "x", "169.254.169.254", 80, true},
    {{"100.64.0.0/10:*"}, "x", "100.100.100.200", 80, false},
    {{"100.64.0.0/10:*"}, "x", "100.100.100.201", 80, true},
    {{"[fd00::]/8:*"}, "x", "fd00:ec2::254", 80, false},
    {{"[fd00:ec2::]/32:*"}, "x", "fd00:ec2::254", 80, false},
    {{"[fd00:ec2::]/32:*"}, "x", "fd00:ec2::253", 80, true},
    {{"[fd00:ec2::254]:80"}, "x", "fd00:ec2::254", 80, true},
    {{"224.0.0.0/4:*"}, "x", "224.0.0.1", 80, true},
    {{"224.0.0.0/3:*"}, "x", "255.255.255.255", 80, false},
    {{"[64:ff9b::]/96:*"}, "x", "64:ff9b::127.0.0.1", 80, false},
    {{"[64:ff9b::]/96:*"}, "x", "64:ff9b::10.0.0.1", 80, true},
    {{"[64:ff9b::7f00:1]:*"}, "x", "64:ff9b::127.0.0.1", 80, true},
    {{"127.0.0.0/8:*"}, "x", "64:ff9b::127.0.0.1", 80, false},
    {{"127.0.0.0/8:*"}, "x", "::ffff:127.0.0.1", 80, true},
    {{"[64:ff9b:1::]/48:*"}, "x", "64:ff9b:1::1", 80, true},
    {{"[2002::]/16:*"}, "x", "2002:7f00:1::1", 80, false},
    {{"[2002::]/16:*"}, "x", "2002:a00:1::1", 80, true},
    {{"[2001::]/32:*"}, "x", "2001::1", 80, true},
    {{"[2000::]/3:*"}, "x", "2001::1", 80, false},
    /* names */
    {{"desk-7.lan:5900"}, "desk-7.lan", "10.0.0.1", 5900, true},
    {{"desk-7.lan:5900"}, "DESK-7.LAN.", "10.0.0.1", 5900, true},
    {{"Desk-7.Lan:5900"}, "desk-7.lan", "2001:db8::1", 5900, true},
    {{"desk-7.lan:5900"}, "desk-7.lan", "10.0.0.1", 5901, false},
    {{"desk-7.lan:5900"}, "desk-7.lan..", "10.0.0.1", 5900, false},
    {{"desk-7.lan:5900"}, "desk-7.lan", "127.0.0.1", 5900, false},
    {{"desk-7.lan:5900"}, "desk-7.lan", "::1", 5900, false},
    {{"desk-7.lan:5900"}, "desk-7.lan", "169.254.169.254", 5900, false},
    {{"desk-7.lan:5900"}, "desk-77.lan", "10.0.0.1", 5900, false},
    {{"desk-7.lan:5900"}, "x.desk-7.lan", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-7.lan", "10.0.0.1", 5900, true},
    {{"desk-*.lan:5900"}, "desk-.lan", "10.0.0.1", 5900, true},
    {{"desk-*.lan:5900"}, "desk-a.b.lan", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-a/b.lan", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-@b.lan", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-%eth0.lan", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-a.lan.evil", "10.0.0.1", 5900, false},
    {{"desk-*.lan:5900"}, "desk-alan", "10.0.0.1", 5900, false},
    {{"*.example.com:22"}, "a.example.com", "10.0.0.1", 22, true},
    {{"*.example.com:22"}, "a.b.example.com", "10.0.0.1", 22, true},
    {{"*.example.com:22"}, "example.com", "10.0.0.1", 22, false},
    {{"*.example.com:22"}, ".example.com", "10.0.0.1", 22, false},
    {{"*.example.com:22"}, "aexample.com", "10.0.0.1", 22, false},
    {{"*.example.com:22"}, "a.example.com.evil", "10.0.0.1", 22, false},
    {{"*.desk-*.lan:22"}, "x.y.desk-1.lan", "10.0.0.1", 22, true},
    {{"*.desk-*.lan:22"}, "desk-1.lan", "10.0.0.1", 22, false},
    {{"*a*b*.lan:1"}, "xaxbx.lan", "10.0.0.1", 1, true},
    {{"*a*b*.lan:1"}, "xbxax.lan", "10.0.0.1", 1, false},
    {{"*a*b*.lan:1"}, "aaaaaaaaaaaaaaaaaaaab.lan", "10.0.0.1", 1, true},
    {{"*ab.*cd:1"}, "aab.ccd", "10.0.0.1", 1, true},
    {{"*ab.*cd:1"}, "aab.x.cd", "10.0.0.1", 1, false},
    {{"desk-*:5900"}, "desk-0x7f.1", "10.0.0.1", 5900, false},
    {{"*:5900"}, "anything", "10.0.0.1", 5900, true},
    {{"*:5900"}, "10.0.0.1", "10.0.0.1", 5900, true},
    {{"*:5900"}, "anything", "127.0.0.1", 5900, false},
    {{"*:5900"}, "localhost", "127.0.0.1", 5900, false},
    {{"localhost:5900"}, "localhost", "127.0.0.1", 5900, true},
    {{"localhost:5900"}, "LocalHost.", "::1", 5900, true},
    {{"a.localhost:5900"}, "a.localhost", "127.0.0.1", 5900, true},
    {{"*.localhost:5900"}, "a.localhost", "127.0.0.1", 5900, false},
    {{"localhost:5900"}, "localhost", "0.0.0.0", 5900, false},
    {{"localhost:5900"}, "localhost", "169.254.169.254", 5900, false},
    {{"localhost:5900"}, "127.0.0.1", "127.0.0.1", 5900, false},
    {{"notlocalhost:5900"}, "notlocalhost", "127.0.0.1", 5900, false},
    {{"desk.lan:1"}, "10.0.0.1", "10.0.0.1", 1, false},
    {{"desk.lan:1"}, "", "10.0.0.1", 1, false},
    {{"desk.lan:1", "10.9.0.0/16:1"}, "desk.lan", "10.8.0.1", 1, true},
    {{"desk.lan:1", "10.9.0.0/16:1"}, "other.lan", "10.8.0.1", 1, false},
    {{"desk.lan:1", "10.9.0.0/16:1"}, "other.lan", "10.9.0.1", 1, true},
};

static void test_rules(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(rule_cases); i++)
        if (opens(rule_cases[i].rules, rule_cases[i].host, rule_cases[i].address,
                  rule_cases[i].port) != rule_cases[i].open)
            fail_msg("%s: %s at %s:%u is %s", rule_cases[i].rules[0], rule_cases[i].host,
                     rule_cases[i].address, rule_cases[i].port,
                     rule_cases[i].open ? "refused" : "permitted");
}

/* A name that no rule can permit is not looked up. */
static void test_hosts_that_are_worth_a_look(void **state)
{
    const char *const names[] = {"desk-*.lan:5900", NULL}, *const ranges[] = {"10.0.0.0/8:22",
                                                                              NULL};
    struct permit *by_name = make(names), *by_range = make(ranges);
    assert_true(permit_has_host(by_name, SLICE("desk-1.lan"), 5900));
    assert_false(permit_has_host(by_name, SLICE("desk-1.lan"), 22));
    assert_false(permit_has_host(by_name, SLICE("evil.example"), 5900));
    assert_false(permit_has_host(by_name, SLICE("10.0.0.1"), 5900));
    assert_true(permit_has_host(by_range, SLICE("evil.example"), 22));
    assert_false(permit_has_host(by_range, SLICE("10.0.0.1"), 23));
    permit_free(by_name);
    permit_free(by_range);
}

static void test_paths(void **state)
{
    static const struct {
        const char *rules[RULES];
        const char *path;
        bool open;
    } cases[] = {
        {{NULL}, "/run/docker.sock", false},
        {{"*:*", "0.0.0.0/0:*"}, "/run/docker.sock", false},
        {{"unix:/run/desks/*"}, "/run/desks/a", true},
        {{"unix:/run/desks/*"}, "/run/desks/", true},
        {{"unix:/run/desks/*"}, "/run/desks/a/b", false},
        {{"unix:/run/desks/*"}, "/run/desks/../docker.sock", false},
        {{"unix:/run/desks/*"}, "/run/desks/.hidden", false},
        {{"unix:/run/desks/*"}, "/run/desks/..", false},
        {{"unix:/run/desks/*"}, "/run/desks//a", false},
        {{"unix:/run/desks/*"}, "/run//desks/a", false},
        {{"unix:/run/desks/*"}, "/run/./desks/a", false},
        {{"unix:/run/desks/*"}, "run/desks/a", false},
        {{"unix:/run/desks/*"}, "@/run/desks/a", false},
        {{"unix:/run/desks/*"}, "/run/deskse", false},
        {{"unix:/run/desks/.*"}, "/run/desks/.a", true},
        {{"unix:/run/desks/desk-*.sock"}, "/run/desks/desk-1.sock", true},
        {{"unix:/run/desks/desk-*.sock"}, "/run/desks/desk-1.sock2", false},
        {{"unix:/run/desks/desk-*.sock"}, "/run/desks/Desk-1.sock", false},
        {{"unix:/run/a", "unix:/run/b"}, "/run/b", true},
        {{"unix:/run/a", "unix:/run/b"}, "/run/c", false},
        {{"unix:@desk-*"}, "@desk-1", true},
        {{"unix:@desk*/*"}, "@desk/1", true},
        {{"unix:@desk*/*"}, "@desk/.1", false},
        {{"unix:@desk*/*"}, "@desktop/.1", false},
        {{"unix:@desk*/*"}, "@desk/..", false},
        {{"unix:@desk-*"}, "@desk-1/x", false},
        {{"unix:@desk-*"}, "/desk-1", false},
        {{"unix:@desk-*"}, "@other", false},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct permit *permit = make(cases[i].rules);
        if (permit_has_path(permit, slice_of(cases[i].path)) != cases[i].open)
            fail_msg("%s is %s", cases[i].path, cases[i].open ? "refused" : "permitted");
        permit_free(permit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_what_is_near_without_rules),
        cmocka_unit_test(test_no_permit_permits_everything),
        cmocka_unit_test(test_no_spelling_gets_around_it),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_hosts_that_are_worth_a_look),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
