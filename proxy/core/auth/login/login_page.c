#include "core/auth/login/login_page.h"

#include <inttypes.h>

#include "codec/web/html.h"

static const struct {
    unsigned status;
    bool is_error, asks; /* asks: for user and password */
    const char *message;
} states[LOGIN_PAGE_STATES] = {
    [LOGIN_PAGE_ASK] = {401, false, true, ""},
    [LOGIN_PAGE_WRONG] = {401, true, true, "User name or password is wrong."},
    [LOGIN_PAGE_WAIT] = {429, true, true, "Too many attempts. "},
    [LOGIN_PAGE_ENDED] = {401, false, true, "Your login has ended. Log in again to continue."},
    [LOGIN_PAGE_STALE] = {403, true, true,
                          "This page was open for too long, or the browser keeps no cookies. Try "
                          "again."},
    [LOGIN_PAGE_FAILED] = {503, true, true,
                           "Passwords cannot be checked at the moment. Try again later."},
    [LOGIN_PAGE_LEAVE] = {200, false, false, ""},
    [LOGIN_PAGE_LEFT] = {200, false, false, "You are logged out."},
};

unsigned login_page_status(enum login_page_state state)
{
    return states[state].status;
}

/* "Try again in 2 minutes." for long waits; the page counts the seconds. */
static size_t print_message(char *out, size_t size, const struct login_page *what)
{
    const char *message = states[what->state].message;
    uint64_t seconds = what->seconds, minutes = seconds / 60 + (seconds % 60 > 0);
    int length;
    if (what->state == LOGIN_PAGE_LEAVE)
        length = snprintf(out, size, "You are logged in as %.*s.", (int)what->user.len,
                          what->user.ptr ? what->user.ptr : "");
    else if (what->state != LOGIN_PAGE_WAIT)
        length = snprintf(out, size, "%s", message);
    else if (seconds <= 90)
        length = snprintf(out, size, "%sTry again in %" PRIu64 " second%s.", message, seconds,
                          seconds == 1 ? "" : "s");
    else
        length = snprintf(out, size, "%sTry again in %" PRIu64 " minutes.", message, minutes);
    return size_min((uint64_t)length, size - 1);
}

static struct slice flag(bool wanted, const char *attribute)
{
    return wanted ? slice_of(attribute) : (struct slice){0};
}

static struct slice title_of(const struct login_page *what)
{
    if (what->title.len > 0)
        return what->title;
    return what->state == LOGIN_PAGE_LEAVE ? SLICE("Log out") : SLICE("Log in");
}

char *login_page_print(struct slice page, const struct login_page *what, size_t *length)
{
    char message[192], seconds[24] = "";
    bool asks = states[what->state].asks, error = states[what->state].is_error;
    bool named = what->user.len > 0, leave = what->state == LOGIN_PAGE_LEAVE;
    size_t message_length = print_message(message, sizeof(message), what);
    if (what->state == LOGIN_PAGE_WAIT)
        snprintf(seconds, sizeof(seconds), "%" PRIu64, what->seconds);
    const struct html_value values[] = {
        {"title", title_of(what)},
        {"mark", flag(error, "Error: ")},
        {"seconds", slice_of(seconds)},
        {"role", slice_of(error ? "alert" : "status")},
        {"message", {message, message_length}},
        {"user", what->user},
        {"page", what->token},
        {"link", slice_of(what->link ? what->link : "./")},
        {"everywhere", flag(what->everywhere, "checked")},
        {"invalid", slice_of(what->state == LOGIN_PAGE_WRONG ? "true" : "false")},
        {"no_login", flag(!asks, "hidden")},
        {"no_logout", flag(!leave, "hidden")},
        {"no_again", flag(asks || leave, "hidden")},
        {"focus_user", flag(asks && !named, "autofocus")},
        {"focus_password", flag(asks && named, "autofocus")},
        {"focus_leave", flag(leave, "autofocus")},
    };
    struct text text = {0};
    html_fill(&text, page, values, WSL_COUNT(values));
    return text_take(&text, length);
}
