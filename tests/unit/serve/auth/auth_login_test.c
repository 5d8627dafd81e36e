#include "serve/auth/auth_login.h"

#include "lib/login_lab.h"

#define GOOD  "user=ann&password=sesame"
#define WRONG "user=ann&password=wrong"

static void log_in(void)
{
    login_lab_get("/desk/");
    assert_int_equal(login_lab_post("/desk/", GOOD), AUTH_ANSWERED);
    assert_int_equal(lab.status, 303);
}

static bool page_says(const char *text)
{
    return strstr(lab.page, text) != NULL;
}

static void assert_asked(enum reason reason, unsigned status)
{
    assert_int_equal(lab.outcome, AUTH_FAILED);
    assert_string_equal(reason_row(lab.answer.reason)->name, reason_row(reason)->name);
    assert_int_equal(lab.status, status);
}

static void test_a_user_logs_in(void **state)
{
    login_lab_get("/desk/vnc.html?path=x");
    assert_asked(REASON_auth_required, 401);
    assert_true(page_says("autocomplete=\"current-password\""));
    assert_non_null(strstr(lab.set[0], "__Secure-wsluice-page="));
    assert_string_equal(lab.set[1], "");

    assert_int_equal(login_lab_post("/desk/vnc.html?path=x", GOOD), AUTH_ANSWERED);
    assert_int_equal(lab.status, 303);
    assert_string_equal(lab.location, "./vnc.html?path=x");
    assert_string_equal(lab.answer.user, "ann");
    assert_non_null(strstr(lab.set[0], "__Secure-wsluice="));
    assert_non_null(
        strstr(lab.set[0], "; Path=/desk; Max-Age=3600; Secure; HttpOnly; SameSite=Lax"));

    assert_int_equal(login_lab_get("/desk/vnc.html?path=x"), AUTH_PASSED);
    assert_string_equal(lab.answer.user, "ann");
    assert_int_equal(lab.answer.expires_at, 0);
    lab.is_upgrade = true;
    assert_int_equal(login_lab_send("GET /desk/", "Upgrade: websocket\r\n", NULL, false),
                     AUTH_PASSED);
}

static void test_only_a_browser_gets_the_page(void **state)
{
    assert_int_equal(login_lab_send("GET /desk/", "", NULL, false), AUTH_FAILED);
    assert_asked(REASON_auth_required, 0);
    login_lab_send("GET /desk/a.js", "Sec-Fetch-Dest: script\r\n", NULL, false);
    assert_asked(REASON_auth_required, 0);
    lab.is_upgrade = true;
    login_lab_send("GET /desk/", LOGIN_LAB_PAGE, NULL, false);
    assert_asked(REASON_auth_required, 0);
}

static void test_wrong_passwords(void **state)
{
    login_lab_get("/desk/");
    login_lab_post("/desk/", "user=%3Cann%3E&password=wrong");
    assert_asked(REASON_auth_failed, 401);
    assert_true(page_says("User name or password is wrong.") && page_says("&lt;ann&gt;"));
    assert_false(page_says("wrong\""));
    login_lab_post("/desk/", "user=nobody&password=sesame");
    assert_asked(REASON_auth_failed, 401);
    login_lab_post("/desk/", "user=bob&password=sesame");
    assert_asked(REASON_auth_failed, 401);
    login_lab_post("/desk/", "user=&password=");
    assert_asked(REASON_auth_failed, 401);
    assert_int_equal(login_lab_get("/desk/"), AUTH_FAILED);
    assert_int_equal(login_lab_post("/desk/", GOOD), AUTH_ANSWERED);
}

static void test_too_many_attempts(void **state)
{
    login_lab_get("/desk/");
    for (int i = 0; i < 12 && lab.status != 429; i++) {
        char values[64];
        snprintf(values, sizeof(values), "user=ann&password=wrong%d", i);
        login_lab_post("/desk/", values);
    }
    assert_asked(REASON_auth_throttled, 429);
    assert_true(page_says("Too many attempts. Try again in ") && page_says("data-wait=\""));
    assert_true(lab.retry[0] >= '1' && lab.retry[0] <= '9');
    login_lab_post("/desk/", GOOD);
    assert_asked(REASON_auth_throttled, 429);
}

/* ---- forms of others ---- */

static void test_forms_of_other_sites(void **state)
{
    char token[1024] = "", body[2048];
    login_lab_get("/desk/");
    login_lab_token(token, sizeof(token));
    snprintf(body, sizeof(body), GOOD "&page=%s", token);
    static const char type[] = "Content-Type: application/x-www-form-urlencoded\r\n";
    static const char *const sites[] = {
        "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://evil.example\r\n", "Origin: null\r\n", "Origin: http://desk.example\r\n"};
    for (size_t i = 0; i < WSL_COUNT(sites); i++) {
        char fields[256];
        snprintf(fields, sizeof(fields), "%s%s", type, sites[i]);
        login_lab_send("POST /desk/", fields, body, false);
        assert_asked(REASON_origin_refused, 403);
    }
    assert_int_equal(login_lab_send("POST /desk/", type, body, false), AUTH_ANSWERED);
}

static void test_tokens_of_forms(void **state)
{
    char stolen[1024] = "", body[2048];
    login_lab_get("/desk/");
    login_lab_token(stolen, sizeof(stolen));
    snprintf(body, sizeof(body), GOOD "&page=%s", stolen);
    lab.cookies[1][0] = '\0'; /* another browser */
    login_lab_send("POST /desk/", LOGIN_LAB_FORM, body, false);
    assert_asked(REASON_auth_required, 403);
    assert_true(page_says("This page was open for too long"));
    login_lab_send("POST /desk/", LOGIN_LAB_FORM, body, false);
    assert_asked(REASON_auth_required, 403);
    login_lab_send("POST /desk/", LOGIN_LAB_FORM, GOOD, false);
    assert_asked(REASON_auth_required, 403);
    login_lab_send("POST /desk/", LOGIN_LAB_FORM, GOOD "&page=x", false);
    assert_asked(REASON_auth_required, 403);
    assert_int_equal(login_lab_post("/desk/", GOOD), AUTH_ANSWERED); /* of the page it got */

    login_lab_send("POST /desk/", LOGIN_LAB_FORM, "user=a&user=b", false);
    assert_int_equal(lab.answer.reason, REASON_http_malformed);
    login_lab_send("POST /desk/", LOGIN_LAB_FORM, "", false);
    assert_asked(REASON_auth_required, 403);
}

/* Two tabs of a browser: the page that was opened first is still good. */
static void test_two_pages(void **state)
{
    char first[1024] = "", body[2048];
    login_lab_get("/desk/a");
    login_lab_token(first, sizeof(first));
    login_lab_get("/desk/b");
    assert_string_equal(lab.set[0], ""); /* the browser has its number */
    snprintf(body, sizeof(body), GOOD "&page=%s", first);
    assert_int_equal(login_lab_send("POST /desk/a", LOGIN_LAB_FORM, body, false), AUTH_ANSWERED);
}

/* ---- cookies ---- */

static void test_names_of_cookies(void **state)
{
    login_lab_use("/*");
    login_lab_get("/");
    assert_non_null(strstr(lab.set[0], "__Host-wsluice-page="));
    login_lab_post("/", GOOD);
    assert_non_null(strstr(lab.set[0], "__Host-wsluice="));
    assert_non_null(strstr(lab.set[0], "; Path=/; "));
    assert_int_equal(login_lab_get("/"), AUTH_PASSED);

    lab.secure = false;
    assert_int_equal(login_lab_get("/"), AUTH_FAILED); /* it is another cookie */
    login_lab_post("/", GOOD);
    assert_memory_equal(lab.set[0], "wsluice=", 8);
    assert_null(strstr(lab.set[0], "Secure"));
}

static void test_paths_of_cookies(void **state)
{
    static const struct {
        const char *path, *base, *scope, *wanted;
    } rows[] = {
        {"/desk/*", NULL, NULL, "/desk"},
        {"/ssh", NULL, NULL, "/ssh"},
        {"/", NULL, NULL, "/"},
        {"/*", "/base", NULL, "/base"},
        {"/desk/*", "/base", NULL, "/base/desk"},
        {"/desk/{name}/x", NULL, NULL, "/desk"},
        {"/{name}", NULL, NULL, "/"},
        {"/desk/*", NULL, "/", "/"},
        {"/desk/*", "/base", "/", "/base"},
        {"/a/b/*", NULL, "/a", "/a"},
        {"/b\xc3\xbcro/*", NULL, NULL, "/b%C3%BCro"},
        {"/a/b;c/*", NULL, NULL, "/a/"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char wanted[64];
        lab.listener.base_path = rows[i].base;
        lab.auth.login.scope = rows[i].scope;
        lab.cookies[0][0] = lab.cookies[1][0] = '\0';
        login_lab_use(rows[i].path);
        login_lab_get("/");
        snprintf(wanted, sizeof(wanted), "; Path=%s; ", rows[i].wanted);
        if (!strstr(lab.set[0], wanted))
            fail_msg("%s: %s", rows[i].path, lab.set[0]);
    }
}

static void test_forged_cookies(void **state)
{
    log_in();
    char good[1024];
    memcpy(good, lab.cookies[0], sizeof(good));
    for (size_t i = strcspn(good, "=") + 1; good[i]; i += 3) {
        lab.cookies[0][i] ^= 1;
        login_lab_get("/desk/");
        assert_asked(REASON_auth_required, 401);
        assert_true(page_says("Your login has ended."));
        assert_non_null(strstr(lab.set[0], "Max-Age=0"));
        memcpy(lab.cookies[0], good, sizeof(good));
    }
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED);
    snprintf(lab.cookies[0], sizeof(lab.cookies[0]), "__Secure-wsluice=x; %.900s", good);
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED); /* one of several */
}

/* A login of one route is none of another, unless they share a scope. */
static void test_routes_share_no_login(void **state)
{
    log_in();
    login_lab_use("/desk/deeper/*");
    assert_int_equal(login_lab_get("/desk/deeper/"), AUTH_FAILED);
    lab.auth.login.scope = "/desk";
    login_lab_use("/desk/*");
    log_in();
    login_lab_use("/desk/deeper/*");
    assert_int_equal(login_lab_get("/desk/deeper/"), AUTH_PASSED);
    lab.route.host = "other.example";
    login_lab_use("/desk/deeper/*");
    assert_int_equal(login_lab_get("/desk/deeper/"), AUTH_FAILED);
}

static void test_lifetimes(void **state)
{
    log_in();
    lab.auth.login.ends_sessions = true;
    int64_t now = (int64_t)time(NULL);
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED);
    assert_in_range(lab.answer.expires_at, now + 3590, now + 3610);
    lab.auth.login.lifetime_ms = 0; /* shorter, after a reload */
    assert_int_equal(login_lab_get("/desk/"), AUTH_FAILED);
}

/* The random key and the logins that have ended outlive a reload; a secret outlives the process. */
static void test_secrets(void **state)
{
    log_in();
    login_lab_use("/desk/*");
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED);
    FILE *file = fopen("secret", "w");
    assert_true(file && fputs("0123456789abcdef0123456789abcdef\n", file) >= 0 &&
                fclose(file) == 0);
    lab.auth.login.secret = "secret";
    login_lab_use("/desk/*");
    assert_int_equal(login_lab_get("/desk/"), AUTH_FAILED);
    log_in();
    lab.method->ops->release(lab.method);
    lab.method = NULL;
    auth_shared_destroy(lab.shared);
    lab.shared = auth_shared_create();
    login_lab_use("/desk/*");
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED);
    assert_int_equal(unlink("secret"), 0);
    char error[256];
    const struct login_place place = {NULL, "/desk/*"};
    assert_null(auth_login_create(&place, &lab.auth.login, lab.shared, error, sizeof(error)));
    assert_non_null(strstr(error, "secret secret: No such file"));
    lab.auth.login.secret = NULL;
    lab.auth.login.users = "missing";
    assert_null(auth_login_create(&place, &lab.auth.login, lab.shared, error, sizeof(error)));
    assert_non_null(strstr(error, "missing"));
    lab.auth.login.users = "users";
}

/* ---- changes of the users file ---- */

static void test_a_new_password_ends_logins(void **state)
{
    log_in();
    users_lab_write("ann:" USERS_LAB_OTHER "\n");
    login_lab_get("/desk/");
    assert_asked(REASON_auth_required, 401);
    assert_true(page_says("Your login has ended."));
}

static void test_a_user_who_is_removed(void **state)
{
    log_in();
    users_lab_write("bob:" USERS_LAB_HASH "\n");
    login_lab_get("/desk/");
    assert_asked(REASON_auth_required, 401);
    users_lab_write("ann:" USERS_LAB_HASH "\n");
}

static void test_a_users_file_that_cannot_be_read(void **state)
{
    log_in();
    users_lab_write("ann:plain\n");
    login_lab_get("/desk/");
    assert_asked(REASON_auth_unavailable, 503);
    assert_true(page_says("Passwords cannot be checked at the moment."));
    login_lab_post("/desk/", WRONG);
    assert_asked(REASON_auth_unavailable, 503);
    assert_int_equal(login_lab_send("GET /desk/", "", NULL, false), AUTH_FAILED);
    assert_asked(REASON_auth_unavailable, 0);
}

/* ---- the logout ---- */

static void test_a_user_logs_out(void **state)
{
    char old[1024];
    log_in();
    memcpy(old, lab.cookies[0], sizeof(old));
    lab.is_logout = true;
    assert_int_equal(login_lab_get("/desk/logout"), AUTH_ANSWERED);
    assert_int_equal(lab.status, 200);
    assert_string_equal(lab.answer.user, "ann");
    assert_false(lab.answer.ends_sessions);
    assert_true(page_says("You are logged out.") && page_says("href=\"./\""));
    assert_string_equal(lab.cookies[0], "");
    lab.is_logout = false;
    memcpy(lab.cookies[0], old, sizeof(old)); /* a copy counts no more */
    login_lab_get("/desk/");
    assert_asked(REASON_auth_required, 401);
    login_lab_use("/desk/*"); /* nor after a reload */
    memcpy(lab.cookies[0], old, sizeof(old));
    login_lab_get("/desk/");
    assert_asked(REASON_auth_required, 401);
}

static void test_a_user_logs_out_everywhere(void **state)
{
    char elsewhere[1024];
    log_in();
    memcpy(elsewhere, lab.cookies[0], sizeof(elsewhere));
    lab.cookies[0][0] = '\0';
    log_in();
    lab.is_logout = true;
    assert_int_equal(login_lab_get("/desk/logout?everywhere"), AUTH_ANSWERED);
    assert_true(lab.answer.ends_sessions);
    lab.is_logout = false;
    memcpy(lab.cookies[0], elsewhere, sizeof(elsewhere));
    login_lab_get("/desk/");
    assert_asked(REASON_auth_required, 401);
}

/* A link of another site shows a form, which logs out. */
static void test_a_logout_that_is_not_meant(void **state)
{
    log_in();
    lab.is_logout = true;
    assert_int_equal(login_lab_send("GET /desk/logout?everywhere",
                                    "Sec-Fetch-Dest: document\r\nSec-Fetch-Site: cross-site\r\n",
                                    NULL, false),
                     AUTH_ANSWERED);
    assert_true(page_says("You are logged in as ann.") && page_says("action=\"./logout\""));
    assert_true(page_says("name=\"everywhere\" value=\"1\" checked"));
    assert_string_not_equal(lab.cookies[0], "");
    assert_int_equal(login_lab_post("/desk/logout", "everywhere=1"), AUTH_ANSWERED);
    assert_true(page_says("You are logged out.") && lab.answer.ends_sessions);
    assert_string_equal(lab.cookies[0], "");
    assert_int_equal(login_lab_get("/desk/logout"), AUTH_ANSWERED); /* once more */
    assert_true(page_says("You are logged out.") && !lab.answer.ends_sessions);
}

static void test_a_route_without_a_page(void **state)
{
    lab.route.kind = CONFIG_KIND_BRIDGE;
    lab.route.files.root = NULL;
    login_lab_use("/ssh");
    login_lab_get("/ssh");
    assert_asked(REASON_auth_required, 401);
    assert_int_equal(login_lab_post("/ssh", GOOD), AUTH_ANSWERED);
    assert_string_equal(lab.location, "./ssh");
    assert_int_equal(login_lab_get("/ssh"), AUTH_ANSWERED);
    assert_true(page_says("You are logged in as ann.") && page_says("action=\"./ssh/logout\""));
    assert_int_equal(login_lab_send("GET /ssh", "", NULL, false), AUTH_PASSED);
    lab.is_logout = true;
    assert_int_equal(login_lab_get("/ssh/logout"), AUTH_ANSWERED);
    assert_true(page_says("href=\"../ssh\""));
}

/* ---- waiting ---- */

static void test_questions_that_are_cancelled(void **state)
{
    char body[2048], token[1024] = "";
    login_lab_get("/desk/");
    login_lab_token(token, sizeof(token));
    snprintf(body, sizeof(body), GOOD "&page=%s", token);
    assert_int_equal(login_lab_send("POST /desk/", LOGIN_LAB_FORM, body, true), AUTH_WAITS);
    assert_int_equal(login_lab_send("POST /desk/", LOGIN_LAB_FORM, body, false), AUTH_ANSWERED);
    users_lab_write("ann:" USERS_LAB_HASH "\n#\n");
    assert_int_equal(login_lab_send("GET /desk/", LOGIN_LAB_PAGE, NULL, true), AUTH_WAITS);
    assert_int_equal(login_lab_get("/desk/"), AUTH_PASSED);
}

static void test_owns(void **state)
{
    struct auth_question question = {.is_logout = true};
    assert_true(lab.method->ops->owns(lab.method, &question));
    question.is_logout = false;
    assert_false(lab.method->ops->owns(lab.method, &question));
    question.body = SLICE("");
    assert_true(lab.method->ops->owns(lab.method, &question));
}

#define IN_LAB(test) cmocka_unit_test_setup_teardown(test, login_lab_open, login_lab_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_LAB(test_a_user_logs_in),
        IN_LAB(test_only_a_browser_gets_the_page),
        IN_LAB(test_wrong_passwords),
        IN_LAB(test_too_many_attempts),
        IN_LAB(test_forms_of_other_sites),
        IN_LAB(test_tokens_of_forms),
        IN_LAB(test_two_pages),
        IN_LAB(test_names_of_cookies),
        IN_LAB(test_paths_of_cookies),
        IN_LAB(test_forged_cookies),
        IN_LAB(test_routes_share_no_login),
        IN_LAB(test_lifetimes),
        IN_LAB(test_secrets),
        IN_LAB(test_a_new_password_ends_logins),
        IN_LAB(test_a_user_who_is_removed),
        IN_LAB(test_a_users_file_that_cannot_be_read),
        IN_LAB(test_a_user_logs_out),
        IN_LAB(test_a_user_logs_out_everywhere),
        IN_LAB(test_a_logout_that_is_not_meant),
        IN_LAB(test_a_route_without_a_page),
        IN_LAB(test_questions_that_are_cancelled),
        IN_LAB(test_owns),
    };
    if (!password_supports(USERS_HASH_sha256))
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
