#include "serve/auth/login_cookies.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/text/text.h"
#include "codec/b64.h"
#include "serve/auth/users/users_store.h"

/* Of one name; a browser sends the one with the longest path first. */
#define CANDIDATES_MAX 8
#define PAGE_MS        (24 * 3600 * INT64_C(1000))
#define NUMBER_BYTES   18
#define SCOPE_MAX      4096

_Static_assert(B64_ENCODED(NUMBER_BYTES) + 1 == LOGIN_COOKIES_NUMBER, "no padding");

/* ---- the path ---- */

/* The part of a route's path that stands for itself: "/desk" of "/desk/{name}/...". */
static size_t literal_length(const char *pattern)
{
    size_t length = strcspn(pattern, "{*");
    return pattern[length] == '\0' || length == 0 ? length : length - 1;
}

/* As browsers write it in a request. A ";" cannot stand in a cookie: the folder around it can. */
static char *make_path(const struct login_place *place, const struct config_auth_login *config)
{
    const char *pattern = config->scope ? config->scope : place->path;
    size_t length = config->scope ? strlen(pattern) : literal_length(pattern);
    const char *semicolon = memchr(pattern, ';', length);
    struct text text = {0};
    if (semicolon)
        length = (size_t)(semicolon - pattern);
    while (semicolon && length > 0 && pattern[length - 1] != '/')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] > ' ' && pattern[i] < 0x7f)
            text_add_byte(&text, pattern[i]);
        else
            text_add_format(&text, "%%%02X", (uint8_t)pattern[i]);
    }
    if (text.length == 1) /* "/" */
        text.length = 0;
    return text_take(&text, &length);
}

/* For the browser; "/" if it is empty. */
static size_t print_path(const struct login_cookies *cookies, const struct login_request *request,
                         char *out, size_t size)
{
    const char *base = request->base && request->base[1] ? request->base : "";
    int length = snprintf(out, size, "%s%s", base, cookies->path);
    if (length == 0)
        length = snprintf(out, size, "/");
    return (size_t)length < size ? (size_t)length : 0;
}

/* ---- keys ---- */

static bool read_file(const char *path, char *out, size_t *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t got = 1;
    if (fd < 0)
        return false;
    for (*length = 0; got > 0 && *length <= LOGIN_KEYS_FILE_MAX;
         *length += got > 0 ? (size_t)got : 0)
        got = read(fd, out + *length, LOGIN_KEYS_FILE_MAX + 1 - *length);
    int error = errno;
    close(fd);
    errno = error;
    return got >= 0;
}

bool login_cookies_read_secret(const char *path, struct login_keys *keys, char *error,
                               size_t error_size)
{
    char text[LOGIN_KEYS_FILE_MAX + 1];
    size_t length;
    const char *fault = NULL;
    if (!read_file(path, text, &length))
        fault = strerror(errno);
    else if (length > LOGIN_KEYS_FILE_MAX)
        fault = "the file is larger than 4 KiB";
    else
        fault = login_keys_read(keys, (struct slice){text, length});
    OPENSSL_cleanse(text, sizeof(text));
    if (fault)
        snprintf(error, error_size, "secret %s: %s", path, fault);
    return fault == NULL;
}

static bool derive(struct login_cookies *cookies, const struct login_place *place,
                   const struct login_keys *secret)
{
    char scope[SCOPE_MAX];
    int length =
        snprintf(scope, sizeof(scope), "%s %s", place->host ? place->host : "*", cookies->path);
    struct slice text = {scope, size_min((uint64_t)length, sizeof(scope) - 1)};
    return login_keys_derive(&cookies->logins, secret, LOGIN_PURPOSE_COOKIE, text) &&
           login_keys_derive(&cookies->pages, secret, LOGIN_PURPOSE_PAGE, text);
}

bool login_cookies_open(struct login_cookies *cookies, const struct login_place *place,
                        const struct config_auth_login *config, struct login_shared *shared,
                        char *error, size_t error_size)
{
    struct login_keys secret = *login_shared_keys(shared);
    *cookies = (struct login_cookies){.config = config, .shared = shared};
    snprintf(error, error_size, "out of memory");
    cookies->path = make_path(place, config);
    bool done = cookies->path &&
                (!config->secret ||
                 login_cookies_read_secret(config->secret, &secret, error, error_size)) &&
                derive(cookies, place, &secret);
    login_keys_wipe(&secret);
    return done;
}

void login_cookies_close(struct login_cookies *cookies)
{
    login_keys_wipe(&cookies->logins);
    login_keys_wipe(&cookies->pages);
    free(cookies->path);
}

/* ---- names ---- */

static const char *prefix_of(const struct login_request *request, struct slice path)
{
    if (!request->secure)
        return "";
    return path.len == 1 ? "__Host-" : "__Secure-";
}

struct name {
    char text[32];
};

static struct slice print_name(struct name *name, const char *prefix, bool page)
{
    int length =
        snprintf(name->text, sizeof(name->text), "%swsluice%s", prefix, page ? "-page" : "");
    return (struct slice){name->text, (size_t)length};
}

static bool print_cookie(const struct login_cookies *cookies, const struct login_request *request,
                         bool page, struct cookie cookie, char out[static LOGIN_COOKIES_TEXT])
{
    char path[LOGIN_COOKIES_TEXT];
    struct name name;
    cookie.path = (struct slice){path, print_path(cookies, request, path, sizeof(path))};
    cookie.name = print_name(&name, prefix_of(request, cookie.path), page);
    cookie.secure = request->secure;
    return cookie_print(out, LOGIN_COOKIES_TEXT, &cookie) > 0;
}

static struct slice name_of(const struct login_cookies *cookies,
                            const struct login_request *request, bool page, struct name *name)
{
    char path[LOGIN_COOKIES_TEXT];
    size_t length = print_path(cookies, request, path, sizeof(path));
    return print_name(name, prefix_of(request, (struct slice){path, length}), page);
}

/* ---- logins ---- */

bool login_cookies_has(const struct login_cookies *cookies, const struct login_request *request)
{
    struct name name;
    return cookie_find(request->head, name_of(cookies, request, false, &name)).len > 0;
}

/* The effective end: `lifetime` may have become shorter since the cookie was made. */
static int64_t end_of(const struct login_cookies *cookies, const struct login_cookie *login)
{
    int64_t end = login->issued + (int64_t)cookies->config->lifetime_ms;
    return login->expires < end ? login->expires : end;
}

/* A name that no user has is checked against another hash, which takes as long, and is refused. */
static enum login_cookies_found check(const struct login_cookies *cookies,
                                      const struct login_request *request,
                                      struct login_cookie *login)
{
    struct users_trial trial;
    char problem[256];
    if (!users_store_try(cookies->users, login_cookie_user(login), &trial, problem,
                         sizeof(problem)))
        return LOGIN_COOKIES_FAILED;
    enum login_cookie_verdict verdict =
        login_cookie_check(login, &cookies->logins, slice_of(trial.hash), request->now);
    OPENSSL_cleanse(trial.hash, sizeof(trial.hash));
    login->expires = end_of(cookies, login);
    bool good = trial.is_user && verdict == LOGIN_COOKIE_GOOD && login->expires > request->now &&
                !login_shared_has_ended(cookies->shared, cookies->config->users, login);
    return good ? LOGIN_COOKIES_GOOD : LOGIN_COOKIES_ENDED;
}

enum login_cookies_found login_cookies_find(const struct login_cookies *cookies,
                                            const struct login_request *request,
                                            struct login_cookie *login)
{
    struct cookie_cursor cursor = cookie_begin(request->head);
    struct name text;
    struct slice name = name_of(cookies, request, false, &text), value;
    enum login_cookies_found found = LOGIN_COOKIES_NONE;
    for (int i = 0; i < CANDIDATES_MAX && cookie_next(&cursor, name, &value); i++) {
        if (value.len > 0)
            found = LOGIN_COOKIES_ENDED;
        if (!login_cookie_read(login, value))
            continue;
        found = check(cookies, request, login);
        if (found != LOGIN_COOKIES_ENDED)
            return found;
    }
    return found;
}

bool login_cookies_make(const struct login_cookies *cookies, const struct login_request *request,
                        struct slice user, char out[static LOGIN_COOKIES_TEXT])
{
    struct login_cookie login = {
        .issued = request->now,
        .expires = request->now + (int64_t)cookies->config->lifetime_ms,
        .user_length = user.len,
    };
    struct users_trial trial;
    char problem[256], value[LOGIN_COOKIE_MAX];
    if (user.len > sizeof(login.user))
        return false;
    if (user.len > 0)
        memcpy(login.user, user.ptr, user.len);
    if (!users_store_try(cookies->users, user, &trial, problem, sizeof(problem)) || !trial.is_user)
        return false;
    size_t length = login_cookie_sign(value, &cookies->logins, &login, slice_of(trial.hash));
    OPENSSL_cleanse(trial.hash, sizeof(trial.hash));
    struct cookie cookie = {.value = {value, length},
                            .max_age = (long)(cookies->config->lifetime_ms / 1000)};
    return length > 0 && print_cookie(cookies, request, false, cookie, out);
}

bool login_cookies_delete(const struct login_cookies *cookies, const struct login_request *request,
                          char out[static LOGIN_COOKIES_TEXT])
{
    struct cookie cookie = {.value = SLICE(""), .max_age = COOKIE_DELETE};
    return print_cookie(cookies, request, false, cookie, out);
}

/* ---- tokens of forms ---- */

static bool is_number(struct slice value)
{
    if (value.len != LOGIN_COOKIES_NUMBER - 1)
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (!ascii_is_alphanumeric(value.ptr[i]) && value.ptr[i] != '+' && value.ptr[i] != '/')
            return false;
    return true;
}

/* The number that the browser has, or a new one with a cookie. */
static bool number_of(const struct login_cookies *cookies, const struct login_request *request,
                      char number[static LOGIN_COOKIES_NUMBER], char out[static LOGIN_COOKIES_TEXT])
{
    struct name name;
    uint8_t bytes[NUMBER_BYTES];
    struct slice known = cookie_find(request->head, name_of(cookies, request, true, &name));
    out[0] = number[LOGIN_COOKIES_NUMBER - 1] = '\0';
    if (is_number(known)) {
        memcpy(number, known.ptr, known.len);
        return true;
    }
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    struct cookie cookie = {.value = {number, b64_encode(number, bytes, sizeof(bytes))},
                            .max_age = COOKIE_SESSION};
    return print_cookie(cookies, request, true, cookie, out);
}

bool login_cookies_token(const struct login_cookies *cookies, const struct login_request *request,
                         char token[static LOGIN_COOKIE_MAX],
                         char cookie[static LOGIN_COOKIES_TEXT])
{
    char number[LOGIN_COOKIES_NUMBER];
    if (!number_of(cookies, request, number, cookie))
        return false;
    struct login_cookie page = {.issued = request->now,
                                .expires = request->now + PAGE_MS,
                                .user_length = LOGIN_COOKIES_NUMBER - 1};
    memcpy(page.user, number, page.user_length);
    return login_cookie_sign(token, &cookies->pages, &page, SLICE("")) > 0;
}

bool login_cookies_check_token(const struct login_cookies *cookies,
                               const struct login_request *request, struct slice token)
{
    struct cookie_cursor cursor = cookie_begin(request->head);
    struct name text;
    struct slice name = name_of(cookies, request, true, &text), value;
    struct login_cookie page;
    if (!login_cookie_read(&page, token) ||
        login_cookie_check(&page, &cookies->pages, SLICE(""), request->now) != LOGIN_COOKIE_GOOD)
        return false;
    for (int i = 0; i < CANDIDATES_MAX && cookie_next(&cursor, name, &value); i++)
        if (slice_equal(value, login_cookie_user(&page)))
            return true;
    return false;
}
