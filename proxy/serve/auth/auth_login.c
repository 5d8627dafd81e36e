#include "serve/auth/auth_login.h"

#include "base/monotonic.h"
#include "config/model/pattern.h"
#include "core/auth/login/login_form.h"
#include "core/auth/login/login_request.h"
#include "core/auth/password.h"
#include "net/work.h"
#include "serve/auth/login_cookies.h"
#include "serve/auth/login_reply.h"
#include "serve/auth/users/auth_shared.h"
#include "serve/auth/users/password_check.h"
#include "serve/auth/users/users_store.h"

#define USER_MAX (LOGIN_USER_MAX + 1)
#define LINK_MAX 2048

_Static_assert(LOGIN_USER_MAX == USERS_NAME_MAX && LOGIN_FORM_PASSWORD_MAX == PASSWORD_MAX &&
                   LOGIN_BINDING_MAX > USERS_HASH_MAX,
               "all users of a file can log in");

struct auth_login {
    struct auth_method base;
    struct auth_shared *shared; /* borrowed */
    struct users_store *users;
    struct login_cookies cookies;
};

/* A question that waits: for the users file to be read, or for a password to be hashed. */
struct pending {
    struct password_wait wait;
    struct work_task task;
    struct auth_waiter *waiter; /* NULL: cancelled */
    struct auth_login *login;
    const struct auth_question *question;
    struct auth_answer *answer;
    struct auth_shared *shared;
    struct users_store *users; /* held for the task; NULL: none is queued */
    size_t user_length;
    char user[USER_MAX];
};

static struct login_request request_of(const struct auth_question *question)
{
    return (struct login_request){.head = question->head,
                                  .base = question->listener->base_path,
                                  .secure = question->is_secure,
                                  .now = wall_clock_ms()};
}

/* ---- replies ---- */

static enum auth_outcome no_memory(struct auth_answer *answer, struct auth_reply *reply)
{
    auth_reply_free(reply);
    return auth_fail(answer, REASON_out_of_memory);
}

/* The page, with a token for its form, and `cookie`, if it is not "". NULL: out of memory. */
static struct auth_reply *make_page(const struct auth_login *login,
                                    const struct auth_question *question,
                                    const struct login_page *what, const char *cookie)
{
    struct login_request request = request_of(question);
    char token[LOGIN_COOKIE_MAX], number[LOGIN_COOKIES_TEXT];
    if (!login_cookies_token(&login->cookies, &request, token, number))
        return NULL;
    struct login_page page = *what;
    page.token = slice_of(token);
    page.title = slice_of(login->cookies.config->title);
    struct auth_reply *reply = login_reply_page(&page);
    if (reply && login_reply_set_cookie(reply, number) && login_reply_set_cookie(reply, cookie))
        return reply;
    auth_reply_free(reply);
    return NULL;
}

/* Asks for user and password, and says why. */
static enum auth_outcome ask_user(const struct auth_login *login,
                                  const struct auth_question *question, struct auth_answer *answer,
                                  const struct login_page *page, enum reason reason)
{
    char cookie[LOGIN_COOKIES_TEXT] = "";
    struct login_request request = request_of(question);
    if (page->state == LOGIN_PAGE_ENDED && !login_cookies_delete(&login->cookies, &request, cookie))
        return no_memory(answer, NULL);
    answer->reply = make_page(login, question, page, cookie);
    return answer->reply ? auth_fail(answer, reason) : no_memory(answer, NULL);
}

static enum auth_outcome show(const struct auth_login *login, const struct auth_question *question,
                              struct auth_answer *answer, const struct login_page *page,
                              const char *cookie)
{
    answer->reply = make_page(login, question, page, cookie);
    return answer->reply ? AUTH_ANSWERED : no_memory(answer, NULL);
}

/* ---- the logout ---- */

static bool end_login(struct auth_login *login, const struct login_request *request,
                      const struct login_cookie *cookie, bool everywhere)
{
    const char *users = login->cookies.config->users;
    struct login_shared *shared = login->cookies.shared;
    int64_t longest = request->now + (int64_t)COOKIE_AGE_MAX * 1000;
    return everywhere ? login_shared_end_all(shared, users, cookie, request->now, longest)
                      : login_shared_end(shared, users, cookie, request->now);
}

static enum auth_outcome log_out(struct auth_login *login, const struct auth_question *question,
                                 struct auth_answer *answer, bool everywhere)
{
    struct login_request request = request_of(question);
    struct login_cookie cookie;
    char link[LINK_MAX], deleted[LOGIN_COOKIES_TEXT];
    struct login_page page = {.state = LOGIN_PAGE_LEFT, .link = link};
    if (login_request_back(link, sizeof(link), question->head,
                           pattern_is_prefix(question->route->path)) == 0)
        page.link = NULL;
    if (!login_cookies_delete(&login->cookies, &request, deleted))
        return no_memory(answer, NULL);
    if (login_cookies_find(&login->cookies, &request, &cookie) == LOGIN_COOKIES_GOOD) {
        if (!auth_set_user(answer, login_cookie_user(&cookie)) ||
            !end_login(login, &request, &cookie, everywhere))
            return no_memory(answer, NULL);
        answer->ends_sessions = everywhere;
    }
    return show(login, question, answer, &page, deleted);
}

/* Says who is logged in, and offers to log out. `link`: to PATH/logout; 0: it does not fit. */
static enum auth_outcome offer_logout(const struct auth_login *login,
                                      const struct auth_question *question,
                                      struct auth_answer *answer, const struct login_cookie *cookie)
{
    char link[LINK_MAX] = "./logout";
    struct login_page page = {
        .state = LOGIN_PAGE_LEAVE,
        .user = login_cookie_user(cookie),
        .link = link,
        .everywhere = login_request_asks_for(question->head, SLICE("everywhere")),
    };
    if (!question->is_logout && login_request_logout(link, sizeof(link), question->head) == 0)
        page.link = NULL;
    return show(login, question, answer, &page, "");
}

static enum auth_outcome ask_logout(struct auth_login *login, const struct auth_question *question,
                                    struct auth_answer *answer)
{
    struct login_request request = request_of(question);
    struct login_cookie cookie;
    bool meant =
        login_request_is_meant(question->head, question->is_secure, &question->route->origins);
    if (!meant && login_cookies_find(&login->cookies, &request, &cookie) == LOGIN_COOKIES_GOOD)
        return offer_logout(login, question, answer, &cookie);
    return log_out(login, question, answer,
                   login_request_asks_for(question->head, SLICE("everywhere")));
}

/* ---- the cookie ---- */

/* A route that only bridges has nothing else to show. */
static bool has_no_page(const struct config_route *route)
{
    return route->kind == CONFIG_KIND_BRIDGE && !route->demo && !route->files.root;
}

static enum auth_outcome let_in(const struct auth_login *login,
                                const struct auth_question *question, struct auth_answer *answer,
                                const struct login_cookie *cookie)
{
    if (!auth_set_user(answer, login_cookie_user(cookie)))
        return auth_fail(answer, REASON_auth_failed);
    if (login->cookies.config->ends_sessions)
        answer->expires_at = cookie->expires / 1000;
    if (question->is_upgrade || !has_no_page(question->route) ||
        !login_request_is_for_page(question->head))
        return AUTH_PASSED;
    return offer_logout(login, question, answer, cookie);
}

static enum auth_outcome check_cookie(struct auth_login *login,
                                      const struct auth_question *question,
                                      struct auth_answer *answer)
{
    struct login_request request = request_of(question);
    struct login_cookie cookie;
    struct login_page page = {.state = LOGIN_PAGE_ASK};
    enum reason reason = REASON_auth_required;
    if (question->is_logout)
        return ask_logout(login, question, answer);
    switch (login_cookies_find(&login->cookies, &request, &cookie)) {
    case LOGIN_COOKIES_GOOD:
        return let_in(login, question, answer, &cookie);
    case LOGIN_COOKIES_NONE:
        break;
    case LOGIN_COOKIES_ENDED:
        page.state = LOGIN_PAGE_ENDED;
        break;
    case LOGIN_COOKIES_FAILED:
        page.state = LOGIN_PAGE_FAILED;
        reason = REASON_auth_unavailable;
        break;
    }
    if (question->is_upgrade || !login_request_is_for_page(question->head))
        return auth_fail(answer, reason);
    return ask_user(login, question, answer, &page, reason);
}

/* ---- waiting ---- */

static struct pending *make_pending(struct auth_login *login, const struct auth_question *question,
                                    struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct pending *pending = calloc(1, sizeof(*pending));
    if (!pending)
        return NULL;
    pending->waiter = waiter;
    pending->login = login;
    pending->question = question;
    pending->answer = answer;
    pending->shared = login->shared;
    return pending;
}

static void free_pending(struct pending *pending)
{
    auth_shared_release(pending->shared, pending->users);
    free(pending);
}

static void read_cb(struct work_task *task)
{
    struct pending *pending = WSL_CONTAINER(task, struct pending, task);
    users_store_refresh(pending->users);
}

static void read_done_cb(struct work_task *task)
{
    struct pending *pending = WSL_CONTAINER(task, struct pending, task);
    struct auth_waiter *waiter = pending->waiter;
    enum auth_outcome outcome = AUTH_FAILED;
    if (waiter)
        outcome = check_cookie(pending->login, pending->question, pending->answer);
    free_pending(pending);
    if (waiter)
        auth_waiter_done(waiter, outcome);
}

/* The file has changed, or may have: it is read in the pool. */
static enum auth_outcome read_users(struct auth_login *login, const struct auth_question *question,
                                    struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct pending *pending = make_pending(login, question, waiter, answer);
    if (!pending)
        return no_memory(answer, NULL);
    pending->users = auth_shared_retain(login->shared, login->users);
    pending->task = (struct work_task){.work = read_cb, .done = read_done_cb};
    waiter->pending = pending;
    (void)work_queue(question->lane, &pending->task, WORK_tokens, 0);
    return AUTH_WAITS;
}

/* ---- the form ---- */

/* The cookie, and back to the page that was asked for. */
static enum auth_outcome log_in(const struct auth_login *login,
                                const struct auth_question *question, struct slice user,
                                struct auth_answer *answer)
{
    struct login_request request = request_of(question);
    struct login_page wrong = {.state = LOGIN_PAGE_WRONG, .user = user};
    char cookie[LOGIN_COOKIES_TEXT];
    if (!login_cookies_make(&login->cookies, &request, user, cookie))
        return ask_user(login, question, answer, &wrong, REASON_auth_failed);
    struct auth_reply *reply = login_reply_redirect(question->head);
    if (!reply || !login_reply_set_cookie(reply, cookie) || !auth_set_user(answer, user))
        return no_memory(answer, reply);
    answer->reply = reply;
    return AUTH_ANSWERED;
}

static enum auth_outcome password_known(const struct auth_login *login,
                                        const struct auth_question *question, struct slice user,
                                        const struct password_answer *known,
                                        struct auth_answer *answer)
{
    struct login_page page = {.state = LOGIN_PAGE_FAILED, .user = user};
    if (known->reason == REASON_none)
        return log_in(login, question, user, answer);
    if (known->reason == REASON_auth_failed)
        page.state = LOGIN_PAGE_WRONG;
    if (known->reason == REASON_auth_throttled) {
        page.state = LOGIN_PAGE_WAIT;
        page.seconds = known->retry_after;
    }
    memcpy(answer->detail, known->detail, sizeof(answer->detail));
    return ask_user(login, question, answer, &page, known->reason);
}

static void hashed_cb(struct password_wait *wait)
{
    struct pending *pending = WSL_CONTAINER(wait, struct pending, wait);
    struct auth_waiter *waiter = pending->waiter;
    struct slice user = {pending->user, pending->user_length};
    enum auth_outcome outcome =
        password_known(pending->login, pending->question, user, &wait->answer, pending->answer);
    free_pending(pending);
    auth_waiter_done(waiter, outcome);
}

static enum auth_outcome check_password(struct auth_login *login,
                                        const struct auth_question *question,
                                        const struct login_form *form, struct auth_waiter *waiter,
                                        struct auth_answer *answer)
{
    struct pending *pending = make_pending(login, question, waiter, answer);
    if (!pending)
        return no_memory(answer, NULL);
    struct slice user = login_form_value(form, LOGIN_FORM_USER);
    memcpy(pending->user, form->user, sizeof(pending->user));
    pending->user_length = user.len;
    pending->wait.done = hashed_cb;
    const struct password_question asked = {
        .shared = login->shared,
        .store = login->users,
        .lane = question->lane,
        .client = question->client,
        .user = user,
        .password = login_form_value(form, LOGIN_FORM_PASSWORD),
    };
    if (!password_check_ask(&asked, &pending->wait)) {
        waiter->pending = pending;
        return AUTH_WAITS;
    }
    enum auth_outcome outcome =
        password_known(login, question, user, &pending->wait.answer, answer);
    free_pending(pending);
    return outcome;
}

static enum auth_outcome take_form(struct auth_login *login, const struct auth_question *question,
                                   const struct login_form *form, struct auth_waiter *waiter,
                                   struct auth_answer *answer)
{
    struct login_request request = request_of(question);
    struct login_page stale = {.state = LOGIN_PAGE_STALE,
                               .user = login_form_value(form, LOGIN_FORM_USER)};
    bool foreign = login_request_site(question->head, question->is_secure,
                                      &question->route->origins) == LOGIN_SITE_FOREIGN;
    struct slice token = login_form_value(form, LOGIN_FORM_PAGE);
    if (foreign || !login_cookies_check_token(&login->cookies, &request, token))
        return ask_user(login, question, answer, &stale,
                        foreign ? REASON_origin_refused : REASON_auth_required);
    if (question->is_logout)
        return log_out(login, question, answer, form->fields[LOGIN_FORM_EVERYWHERE].found);
    return check_password(login, question, form, waiter, answer);
}

/* ---- the method ---- */

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    struct auth_login *login = WSL_CONTAINER(method, struct auth_login, base);
    struct login_request request = request_of(question);
    if (question->body.ptr) {
        struct login_form form;
        enum auth_outcome outcome = login_form_read(&form, question->body)
                                        ? take_form(login, question, &form, waiter, answer)
                                        : auth_fail(answer, REASON_http_malformed);
        explicit_bzero(&form, sizeof(form));
        return outcome;
    }
    if (login_cookies_has(&login->cookies, &request) && !users_store_is_current(login->users))
        return read_users(login, question, waiter, answer);
    return check_cookie(login, question, answer);
}

static void cancel(struct auth_method *method, struct auth_waiter *waiter)
{
    struct pending *pending = waiter->pending;
    (void)method;
    if (!pending->users) {
        password_check_cancel(&pending->wait);
        free_pending(pending);
        return;
    }
    pending->waiter = NULL;
    if (work_cancel(&pending->task.job))
        free_pending(pending);
}

static bool owns(const struct auth_method *method, const struct auth_question *question)
{
    (void)method;
    return question->is_logout || question->body.ptr != NULL;
}

static void release(struct auth_method *method)
{
    struct auth_login *login = WSL_CONTAINER(method, struct auth_login, base);
    auth_shared_release(login->shared, login->users);
    login_cookies_close(&login->cookies);
    free(login);
}

struct auth_method *auth_login_create(const struct login_place *place,
                                      const struct config_auth_login *config,
                                      struct auth_shared *shared, char *error, size_t error_size)
{
    static const struct auth_method_ops ops = {
        .ask = ask, .cancel = cancel, .owns = owns, .release = release};
    struct auth_login *login = calloc(1, sizeof(*login));
    snprintf(error, error_size, "out of memory");
    if (!login)
        return NULL;
    login->base.ops = &ops;
    login->shared = shared;
    if (login_cookies_open(&login->cookies, place, config, auth_shared_login(shared), error,
                           error_size))
        login->users = auth_shared_users(shared, config->users, error, error_size);
    login->cookies.users = login->users;
    if (login->users)
        return &login->base;
    release(&login->base);
    return NULL;
}
