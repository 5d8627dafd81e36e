/*
 * A browser for the method `login`: sends requests to it, keeps its cookies, and reads its answers.
 *
 * Owns: loop, pool, users file, method. Thread: one. Errors: cmocka's. Lifetime: login_lab_open to
 * login_lab_close.
 */
#ifndef WSLUICE_TESTS_LOGIN_LAB_H
#define WSLUICE_TESTS_LOGIN_LAB_H

#include "core/auth/password.h"
#include "lib/head_of.h"
#include "lib/users_lab.h"
#include "lib/work_lab.h"
#include "serve/auth/auth_login.h"
#include "serve/auth/login_cookies.h"
#include "serve/auth/users/auth_shared.h"

struct login_lab {
    uv_loop_t loop;
    struct work_lab work;
    struct auth_shared *shared;
    struct config_listener listener;
    struct config_auth auth;
    struct config_route route;
    struct auth_method *method;
    bool secure, is_upgrade, is_logout;
    char cookies[2][1024]; /* "name=value"; "": none */
    /* of the last answer: */
    enum auth_outcome outcome;
    struct auth_answer answer;
    unsigned status; /* 0: no reply of its own */
    char location[256], page[16384], set[2][1024], retry[16];
};

static struct login_lab lab;

static inline void login_lab_use(const char *path)
{
    char error[256];
    if (lab.method)
        lab.method->ops->release(lab.method);
    lab.route.path = path;
    const struct login_place place = {lab.route.host, path};
    lab.method = auth_login_create(&place, &lab.auth.login, lab.shared, error, sizeof(error));
    if (!lab.method)
        fail_msg("%s", error);
}

static inline int login_lab_open(void **state)
{
    (void)state;
    lab = (struct login_lab){.secure = true};
    users_lab_enter();
    users_lab_write("ann:" USERS_LAB_HASH "\nbob:" USERS_LAB_OTHER "\n");
    assert_int_equal(uv_loop_init(&lab.loop), 0);
    work_lab_open(&lab.work, &lab.loop);
    lab.shared = auth_shared_create();
    lab.auth.login = (struct config_auth_login){.users = "users", .lifetime_ms = 3600000};
    lab.route = (struct config_route){.kind = CONFIG_KIND_FILES,
                                      .auth = {.methods = &lab.auth, .count = 1},
                                      .files = {.root = "/"}};
    login_lab_use("/desk/*");
    return 0;
}

static inline int login_lab_close(void **state)
{
    (void)state;
    work_lab_close(&lab.work);
    uv_run(&lab.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&lab.loop), 0);
    work_lab_free(&lab.work);
    lab.method->ops->release(lab.method);
    auth_shared_destroy(lab.shared);
    users_lab_leave();
    return 0;
}

static inline void login_lab_done(struct auth_waiter *waiter, enum auth_outcome outcome)
{
    (void)waiter;
    lab.outcome = outcome;
}

/* Keeps a cookie that is set, in the place of the one with the same name. */
static inline void login_lab_keep(const char *value)
{
    size_t name = strcspn(value, "="), end = strcspn(value, ";");
    size_t place = lab.set[0][0] ? 1 : 0;
    snprintf(lab.set[place], sizeof(lab.set[place]), "%s", value);
    size_t at = memmem(value, name, "-page", 5) ? 1 : 0;
    snprintf(lab.cookies[at], sizeof(lab.cookies[at]), "%.*s", (int)end, value);
    if (strstr(value, "Max-Age=0;"))
        lab.cookies[at][0] = '\0';
}

static inline void login_lab_read_reply(void)
{
    struct auth_reply *own = lab.answer.reply;
    if (!own)
        return;
    struct reply *reply = &own->reply;
    lab.status = reply->status;
    snprintf(lab.location, sizeof(lab.location), "%s", reply->location ? reply->location : "");
    snprintf(lab.page, sizeof(lab.page), "%.*s", (int)reply->body.length,
             reply->body.bytes ? reply->body.bytes : "");
    for (size_t i = 0; i < reply->field_count; i++) {
        if (strcmp(reply->fields[i].name, "Set-Cookie") == 0)
            login_lab_keep(reply->fields[i].value);
        if (strcmp(reply->fields[i].name, "Retry-After") == 0)
            snprintf(lab.retry, sizeof(lab.retry), "%s", reply->fields[i].value);
    }
    assert_string_equal(reply->cache_control, "no-store");
    reply_release(reply);
    own->release(own);
    lab.answer.reply = NULL;
}

/* `line`: "GET /desk/"; `fields`: whole lines. Waits, unless it is cancelled. */
static inline enum auth_outcome login_lab_send(const char *line, const char *fields,
                                               const char *body, bool cancels)
{
    static const struct client_address client = {.known = true};
    char text[8192];
    snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: desk.example\r\nCookie: %s; %s\r\n%s\r\n",
             line, lab.cookies[0], lab.cookies[1], fields);
    struct http_head head = head_of_text(text);
    const struct auth_question question = {
        .head = &head,
        .route = &lab.route,
        .listener = &lab.listener,
        .body = slice_of(body),
        .client = &client,
        .lane = &lab.work.lane,
        .is_secure = lab.secure,
        .is_upgrade = lab.is_upgrade,
        .is_logout = lab.is_logout,
    };
    struct auth_waiter waiter = {.done = login_lab_done};
    lab.answer = (struct auth_answer){0};
    lab.outcome = AUTH_WAITS;
    lab.status = 0;
    lab.location[0] = lab.page[0] = lab.set[0][0] = lab.set[1][0] = lab.retry[0] = '\0';
    enum auth_outcome outcome = lab.method->ops->ask(lab.method, &question, &waiter, &lab.answer);
    if (outcome != AUTH_WAITS)
        lab.outcome = outcome;
    else if (cancels)
        lab.method->ops->cancel(lab.method, &waiter);
    uv_run(&lab.loop, UV_RUN_DEFAULT);
    login_lab_read_reply();
    return lab.outcome;
}

#define LOGIN_LAB_PAGE "Sec-Fetch-Dest: document\r\nSec-Fetch-Site: none\r\n"
#define LOGIN_LAB_FORM                                                                             \
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Site: same-origin\r\n"                                  \
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n"

/* A user opens a page. */
static inline enum auth_outcome login_lab_get(const char *target)
{
    char line[512];
    snprintf(line, sizeof(line), "GET %s", target);
    return login_lab_send(line, LOGIN_LAB_PAGE, NULL, false);
}

/* The token of the form in the last page, encoded. */
static inline void login_lab_token(char *out, size_t size)
{
    const char *at = strstr(lab.page, "name=\"page\" value=\"");
    assert_non_null(at);
    at += strlen("name=\"page\" value=\"");
    size_t used = 0;
    for (; *at != '"'; at++)
        used += (size_t)snprintf(out + used, size - used, "%%%02X", (uint8_t)*at);
}

/* Sends the form of the last page with these values. */
static inline enum auth_outcome login_lab_post(const char *target, const char *values)
{
    char line[512], body[2048], token[1024] = "";
    snprintf(line, sizeof(line), "POST %s", target);
    login_lab_token(token, sizeof(token));
    snprintf(body, sizeof(body), "%s&page=%s", values, token);
    return login_lab_send(line, LOGIN_LAB_FORM, body, false);
}

#endif
