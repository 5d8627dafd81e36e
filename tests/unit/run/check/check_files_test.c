#include "run/check/check_files.h"

#include "codec/json_value.h"
#include "core/auth/password.h"
#include "lib/check_lab.h"
#include "lib/users_lab.h"

#define LISTENER "listeners: [{address: \"127.0.0.1:0\"}]\n"

static void test_the_process(void **unused)
{
    static char folder[] = "nowhere/x", user[] = "nosuchuser", group[] = "nosuchgroup";
    struct config_listener listener = {.address = {.kind = CONFIG_ADDRESS_UNIX, .path = folder},
                                       .unix_owner = user};
    struct config config = {
        .user = user,
        .group = group,
        .pid_file = folder,
        .log = {.target = CONFIG_LOG_FILE, .file = folder},
        .admin.socket = folder,
        .listeners = &listener,
        .listener_count = 1,
    };
    check_files_of_start(check_lab_open(&config));
    check_lab_close();
    assert_int_equal(check_lab_count(), 7);
    check_lab_finds("error: user: ");
    check_lab_finds("error: group: ");
    check_lab_finds("error: pid_file: pid file 'nowhere/x': its folder does not exist");
    check_lab_finds("error: log.file: log file ");
    check_lab_finds("error: admin.socket: admin socket ");
    check_lab_finds("error: listeners[0].socket_owner: ");
    check_lab_finds("error: listeners[0].address: socket ");

    listener.address.path = "@abstract";
    listener.unix_owner = NULL;
    config = (struct config){.log.file = folder, .listeners = &listener, .listener_count = 1};
    check_files_of_start(check_lab_open(&config));
    check_lab_close();
    check_lab_finds_nothing();
}

static void test_routes(void **unused)
{
    assert_false(check_lab_run(LISTENER
                               "routes:\n"
                               "  - {path: /a/*, files: nothing}\n"
                               "  - {path: /b, tokens: {from: host, file: none}}\n"
                               "  - {path: /c, host: h, target: \"tcp://h:1\", record: no/rec}\n",
                               false));
    assert_int_equal(check_lab_count(), 3);
    check_lab_finds("error: gateway.yaml:3:18: routes[0].files.root: files '");
    check_lab_finds("nothing': No such file or directory");
    check_lab_finds("error: gateway.yaml:4:37: routes[1].tokens.file: tokens '");
    check_lab_finds("error: gateway.yaml:5:46: routes[2].record: recording '");

    assert_int_equal(mkdir("folder", 0755), 0);
    check_lab_write("tokens", "a: h:1\n");
    assert_true(check_lab_run(LISTENER
                              "routes:\n"
                              "  - {path: /a/*, files: folder}\n"
                              "  - {path: /b, tokens: {from: host, file: tokens}}\n"
                              "  - {path: /d, tokens: {from: host, file: ., format: names}}\n"
                              "  - {path: /c, host: h, target: \"tcp://h:1\", record: folder/}\n",
                              false));
    check_lab_says("folder: readable\n");
    check_lab_says("tokens: 1 known\n");
    check_lab_says(": a file for each token\n");
    assert_false(check_lab_run(LISTENER "routes: [{path: /a/*, files: tokens}]\n", false));
    check_lab_finds("tokens': it is not a folder");
    assert_false(check_lab_run(LISTENER "routes: [{path: /a, files: folder}]\n", false));
    check_lab_finds("to serve a folder the path must end with /*");
}

#define BASIC(file)                                                                                \
    "routes: [{path: /a, host: h, target: \"tcp://h:1\", auth: [{basic: " file "}]}]\n"

#define LOGIN(file)                                                                                \
    "routes: [{path: /a, host: h, target: \"tcp://h:1\", auth: [{login: {users: users, "           \
    "secret: " file "}}]}]\n"

static void test_users(void **unused)
{
    check_lab_write("users", "ann:" USERS_LAB_HASH "\n");
    check_lab_write("plain", "ann:" USERS_LAB_HASH "\nbob:sesame\n");
    assert_false(check_lab_run(LISTENER BASIC("missing"), false));
    check_lab_finds("routes[0].auth[0].basic.users: users file '");
    assert_false(check_lab_run(LISTENER BASIC("plain"), false));
    check_lab_finds("plain:2: no password hash, perhaps the password itself");
    if (!password_supports(USERS_HASH_sha256))
        skip();
    assert_true(check_lab_run(LISTENER BASIC("users"), false));
    check_lab_says("users: 1 known\n");
    check_lab_write("secret", "0123456789abcdef0123456789abcdef\n");
    check_lab_write("short", "0123456789abcdef\n");
    assert_true(check_lab_run(LISTENER LOGIN("secret"), false));
    check_lab_says("secret: 1 key\n");
    assert_false(check_lab_run(LISTENER LOGIN("short"), false));
    check_lab_finds("routes[0].auth[0].login.secret: secret ");
    check_lab_finds("a key is shorter than 32 characters");
}

#define TICKET(key)                                                                                \
    LISTENER "routes: [{path: /a, host: h, target: \"tcp://h:1\", auth: [{header: X}, {ticket: "   \
             "{key: " key "}}]}]\ntrusted_proxies: [10.0.0.1]\n"

static void test_ticket_keys(void **unused)
{
    if (!JSON_VALUE_IS_BUILT_IN)
        return;
    assert_false(check_lab_run(TICKET("{file: none, algorithm: HS256}"), false));
    check_lab_finds("routes[0].auth[1].ticket.key.file: ticket key '");
    check_lab_write("short", "secret\n");
    assert_false(check_lab_run(TICKET("{file: short, algorithm: HS256}"), false));
    check_lab_finds("routes[0].auth[1].ticket.key.file: ticket key: ");
    check_lab_finds("short: the secret has 6 bytes; HS256 needs at least 32");
    check_lab_write("key", "0123456789abcdef0123456789abcdef\n");
    assert_true(check_lab_run(TICKET("{file: key, algorithm: HS256}"), false));
    check_lab_says("key: 1 for HS256\n");
    assert_false(check_lab_run(TICKET("key"), false));
    check_lab_finds("it does not say its algorithm, which must be named");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LAB(test_the_process),
        IN_LAB(test_routes),
        IN_LAB(test_users),
        IN_LAB(test_ticket_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
