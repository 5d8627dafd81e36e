/* Dialling names: answers with several addresses, and the budget of simultaneous attempts. */
#include "net/connect/dial.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>

#include "core/access/permit.h"
#include "lib/failing_alloc.h"

#include "lib/dial_lab.h"

/* ---- a name with two addresses ---- */

#define TWO_ADDRESSES "two.test"
#define UNREACHABLE   "unreachable.test" /* the second one fails at once */
#define BOTH          "both.test"        /* nothing listens on the first one */
#define FIRST         "127.0.0.1"
#define SECOND        "127.0.0.2"
#define BROADCAST     "255.255.255.255"

static struct sockaddr_in two_sockaddrs[2];
static struct addrinfo two_infos[2];
static struct sockaddr_in6 one_v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
static struct sockaddr_in one_v4 = {.sin_family = AF_INET};
static struct addrinfo both_infos[2] = {
    {.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&one_v6, .ai_next = &both_infos[1]},
    {.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&one_v4},
};

/* libuv's thread calls these. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *,
                               struct addrinfo **);
    getaddrinfo_fn *real;
    bool unreachable = strcmp(name, UNREACHABLE) == 0;
    if (strcmp(name, BOTH) == 0) {
        one_v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        *list = both_infos;
        return 0;
    }
    if (!unreachable && strcmp(name, TWO_ADDRESSES) != 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, list);
    }
    for (int i = 0; i < 2; i++) {
        two_sockaddrs[i].sin_family = AF_INET;
        const char *text = i == 0 ? FIRST : unreachable ? BROADCAST : SECOND;
        inet_pton(AF_INET, text, &two_sockaddrs[i].sin_addr);
        two_infos[i] = (struct addrinfo){.ai_family = AF_INET,
                                         .ai_addr = (struct sockaddr *)&two_sockaddrs[i],
                                         .ai_addrlen = sizeof(two_sockaddrs[i]),
                                         .ai_next = i == 0 ? &two_infos[1] : NULL};
    }
    *list = two_infos;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    void (*real)(struct addrinfo *);
    *(void **)&real = dlsym(RTLD_NEXT, "freeaddrinfo");
    if (list && list != two_infos && list != both_infos)
        real(list);
}

/* With each socket that is opened. */
static size_t most_descriptors;

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

int socket(int domain, int type, int protocol)
{
    int (*real)(int, int, int);
    *(void **)&real = dlsym(RTLD_NEXT, "socket");
    int fd = real(domain, type, protocol);
    size_t count = open_descriptors();
    if (count > most_descriptors)
        most_descriptors = count;
    return fd;
}

/* ---- names ---- */

static void test_localhost(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp("127.0.0.1", &port, 8);
    struct config_address target = tcp_target("localhost", port);
    expect_connected(&target);
    close(fd);
    expect_failure(&target, 5000, REASON_target_refused, ":");
}

static void set_permit(const char *rule)
{
    permit_free(permit);
    permit = permit_create(&(struct config_texts){&rule, 1});
    assert_non_null(permit);
}

/* A name resolves to what its owner wants: each address is checked before it is connected to. */
static void test_addresses_that_are_not_permitted(void **unused)
{
    uint16_t port = 0;
    int first = listen_tcp(FIRST, &port, 8), second = listen_tcp(SECOND, &port, 8);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    const struct config_texts none = {0};
    permit = permit_create(&none);
    expect_failure(&target, 5000, REASON_target_not_permitted, SECOND);
    set_permit("*.test:*");
    expect_failure(&target, 5000, REASON_target_not_permitted, "is not permitted");
    set_permit("10.0.0.0/8:*");
    expect_failure(&target, 5000, REASON_target_not_permitted, "is not permitted");
    assert_int_equal(fcntl(first, F_SETFL, O_NONBLOCK), 0);
    set_permit(SECOND ":*");
    expect_connected(&target);
    assert_int_equal(accept(first, NULL, NULL), -1);
    int accepted = accept(second, NULL, NULL);
    assert_true(accepted >= 0);
    close(accepted);
    set_permit("127.0.0.0/8:1");
    expect_failure(&target, 5000, REASON_target_not_permitted, "this host and port");
    permit_free(permit);
    permit = NULL;
    close(first);
    close(second);
}

static void test_the_family_that_is_wanted(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp(FIRST, &port, 8);
    struct config_address both = tcp_target(BOTH, port), two = tcp_target(TWO_ADDRESSES, port);
    family = CONFIG_FAMILY_IPV4;
    expect_connected(&both);
    expect_connected(&two);
    family = CONFIG_FAMILY_IPV6;
    expect_failure(&two, 5000, REASON_target_unresolved, "two.test:");
    struct dial_result result = dial_it(&both, 5000);
    assert_true(result.reason == REASON_target_refused ||
                result.reason == REASON_target_unreachable); /* a machine without IPv6 */
    assert_non_null(strstr(result.detail, "[::1]:"));
    family = CONFIG_FAMILY_ANY;
    close(fd);
}

static void test_names_that_do_not_resolve(void **unused)
{
    char label[70] = {0}, name[400] = {0};
    memset(label, 'a', sizeof(label) - 1);
    memset(name, 'b', sizeof(name) - 1);
    const char *names[] = {"nowhere.invalid", label, name, "a b", ""};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct config_address target = tcp_target(names[i], 80);
        expect_failure(&target, 20000, REASON_target_unresolved, ": ");
    }
}

/* The first address does not answer: 250 ms later the second one is tried and wins. */
static void test_the_second_address_wins(void **unused)
{
    uint16_t port = 0;
    int silent = listen_tcp(FIRST, &port, 0), fillers[FILLERS];
    int good = listen_tcp(SECOND, &port, 8);
    struct addr address;
    assert_true(addr_parse(&address, FIRST, port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    uint64_t began = uv_hrtime();
    expect_connected(&target);
    assert_in_range((uv_hrtime() - began) / 1000000, 240, 3000);
    close_all(fillers, FILLERS);
    close(silent);
    close(good);
}

/* The most descriptors that a dial of both addresses has open at once; it succeeds. */
static size_t most_while_dialling(const struct config_address *target)
{
    size_t before = open_descriptors();
    most_descriptors = 0;
    struct dial_result result = dial_it(target, 1200);
    assert_int_equal(result.reason, REASON_none);
    hang_up(&result);
    return most_descriptors - before;
}

/*
 * Simultaneous attempts come from a budget that all dials share. With none left, the first address
 * keeps its descriptor for its share of the time, and then gives it to the second.
 */
static void test_attempts_are_counted(void **unused)
{
    uint16_t port = 0;
    uint32_t left = 1;
    int silent = listen_tcp(FIRST, &port, 0), fillers[FILLERS];
    int good = listen_tcp(SECOND, &port, 8);
    struct addr address;
    assert_true(addr_parse(&address, FIRST, port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    expect_connected(&target); /* libuv opens its own descriptors in the first one */
    attempts = &left;
    assert_int_equal(most_while_dialling(&target), 2);
    assert_int_equal(left, 1);
    left = 0;
    assert_int_equal(most_while_dialling(&target), 1);
    assert_int_equal(left, 0);
    attempts = NULL;
    close_all(fillers, FILLERS);
    close(silent);
    close(good);
}

/* Cancelled with two under way, it returns its part of the budget. */
static void test_attempts_come_back(void **unused)
{
    uint16_t port = 0;
    uint32_t left = 1;
    int silent = listen_tcp("0.0.0.0", &port, 0), fillers[2][FILLERS];
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    struct addr address;
    struct call call;
    for (int i = 0; i < 2; i++) {
        assert_true(addr_parse(&address, i == 0 ? FIRST : SECOND, port));
        fill_backlog(&address.any, addr_length(&address), fillers[i]);
    }
    attempts = &left;
    struct dial *dial = start(&target, 5000, &call);
    while (left == 1)
        assert_int_not_equal(uv_run(&loop, UV_RUN_ONCE), 0);
    dial_cancel(dial);
    assert_int_equal(left, 1);
    expect_failure(&target, 600, REASON_target_timeout, TWO_ADDRESSES);
    assert_int_equal(left, 1);
    attempts = NULL;
    for (int i = 0; i < 2; i++)
        close_all(fillers[i], FILLERS);
    close(silent);
}

/* The first does not answer, the second fails: the deadline still applies to the first. */
static void test_the_second_address_fails(void **unused)
{
    static const char *const names[] = {TWO_ADDRESSES, UNREACHABLE};
    uint16_t port = 0;
    int silent = listen_tcp(FIRST, &port, 0), fillers[FILLERS];
    struct addr address;
    assert_true(addr_parse(&address, FIRST, port));
    fill_backlog(&address.any, addr_length(&address), fillers);
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        struct config_address target = tcp_target(names[i], port);
        uint64_t began = uv_hrtime();
        expect_failure(&target, 400, REASON_target_timeout, names[i]);
        assert_in_range((uv_hrtime() - began) / 1000000, 390, 3000);
    }
    close_all(fillers, FILLERS);
    close(silent);
}

static void test_both_refuse(void **unused)
{
    uint16_t port = 0;
    int fd = listen_tcp(FIRST, &port, 8);
    close(fd);
    struct config_address target = tcp_target(TWO_ADDRESSES, port);
    expect_failure(&target, 5000, REASON_target_refused, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_localhost),
        TEST(test_addresses_that_are_not_permitted),
        TEST(test_the_family_that_is_wanted),
        TEST(test_names_that_do_not_resolve),
        TEST(test_the_second_address_wins),
        TEST(test_attempts_are_counted),
        TEST(test_attempts_come_back),
        TEST(test_the_second_address_fails),
        TEST(test_both_refuse),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
