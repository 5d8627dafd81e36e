/* reload and upgrade against a process that answers as it is told, and without one. */
#include "run/cli/cli_change.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/cli_run.h"

static const char gateway[] = "listeners: [\":6080\", \":6081\"]\n"
                              "routes: [{path: /a, target: \"tcp://h:1\"}]\n";

static void a_file_and_a_process_are_needed(void **state)
{
    write_file("bad.yaml", "wrokers: 3\n");
    says("reload bad.yaml", 1, "", "bad.yaml:1:1: error: wrokers: unknown option");
    says("upgrade bad.yaml", 1, "", "bad.yaml:1:1: error: wrokers: unknown option");
    write_file("gateway.yaml", gateway);
    says("reload gateway.yaml", 1, "", "neither an admin socket nor a pid_file; add 'admin: FILE'");
    says("upgrade gateway.yaml", 1, "", "neither an admin socket nor a pid_file");
    says("reload --socket none.sock", 1, "", "is wsluice running, with this admin socket?");
    says("reload gateway.yaml --socket s", 2, "", "--socket or a file, not both");
    says("reload a b", 2, "", "b: too many arguments");
    says("reload --timeout 0s --socket s", 2, "", "--timeout: must be");
    says("reload --timeout x --socket s", 2, "", "--timeout: must be");
    says("upgrade --help", 0, "usage: wsluice upgrade [options] [FILE]", "");
}

/* A child that answers one request after the other, each with one of these. NULL ends the list. */
static pid_t serve(const char *const *answers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "self.pem"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    for (; child == 0 && *answers; answers++) {
        char request[4096];
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (recv(client, request, sizeof(request), 0) > 0)
            (void)!write(client, *answers, strlen(*answers));
        close(client);
    }
    if (child == 0) {
        pause();
        _exit(0);
    }
    close(fd);
    return child;
}

static void answers(const char *line, const char *const *list, int status, const char *out,
                    const char *err)
{
    pid_t child = serve(list);
    says(line, status, out, err);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    unlink("self.pem");
}

#define GOOD  "HTTP/1.1 200 OK\r\n\r\n"
#define BAD   "HTTP/1.1 409 Conflict\r\n\r\n"
#define MOVED "HTTP/1.1 503 Service Unavailable\r\n\r\n"

static void verdicts(void **state)
{
    static const char *const good[] = {GOOD "warning: old key\nin use\n", NULL},
                             *const bad[] = {BAD "error: f:1:1: no\x1b[2J\nstays\n", NULL},
                             *const moved[] = {MOVED "ask that one\n", MOVED, GOOD "done\n", NULL},
                             *const old[] = {"HTTP/1.1 400 Bad Request\r\n\r\nkill?", NULL},
                             *const other[] = {"HTTP/1.1 500 No\r\n\r\nout of memory", NULL},
                             *const cut[] = {"", "", NULL}, *const none[] = {NULL},
                             *const gone[] = {"", GOOD "by the next one\n", NULL};
    const char *const reload = "reload --socket self.pem";
    answers(reload, good, 0, "in use\n", "wsluice: warning: old key\n");
    answers(reload, bad, 1, "", "wsluice: error: f:1:1: no?[2J\nwsluice: error: stays\n");
    answers("upgrade --socket self.pem", moved, 0, "done\n", "");
    answers(reload, old, 1, "", "older than this command; send it SIGHUP");
    answers("upgrade --socket self.pem", old, 1, "", "send it SIGUSR2");
    answers(reload, other, 1, "", "wsluice: error: out of memory");
    answers(reload, cut, 1, "", "closed the connection without an answer");
    answers(reload, gone, 0, "by the next one\n", "");
    answers("upgrade --socket self.pem", gone, 0, "by the next one\n", "");
    answers("reload --socket self.pem --timeout 1s", none, 1, "", "no verdict within 1 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_file_and_a_process_are_needed),
        IN_DIRECTORY(verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
