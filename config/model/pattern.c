#include "config/model/pattern.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

enum {
    NAME_LENGTH_MAX = 64,
    EXPRESSION_LENGTH_MAX = 256,
    CAPTURE = 1,        /* for a capture in a canonical path, which has no control characters */
    REPEATS_MAX = 4096, /* of one character, nested bounds multiplied: glibc expands them all */
};

static bool is_name_character(char c)
{
    return ascii_is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

/* ---- paths ---- */

/* The byte at *p, which moves behind it. -1: an invalid escape. */
static int decode(const char **p)
{
    const char *at = *p;
    if (*at != '%') {
        ++*p;
        return (unsigned char)*at;
    }
    int byte = ascii_unescape((struct slice){at, strnlen(at, 3)});
    *p += byte < 0 ? 1 : 3;
    return byte;
}

static bool is_capture(const char *segment, size_t length)
{
    if (length < 3 || segment[0] != '{' || segment[length - 1] != '}' || ascii_is_digit(segment[1]))
        return false;
    for (size_t i = 1; i + 1 < length; i++)
        if (!ascii_is_alphanumeric(segment[i]) && segment[i] != '_')
            return false;
    return length <= NAME_LENGTH_MAX;
}

static const char *check_bytes(const char *segment, size_t length)
{
    size_t dots = 0, count = 0;
    for (const char *p = segment; p < segment + length; count++) {
        bool raw = *p != '%';
        int byte = decode(&p);
        if (byte < 0)
            return "has a '%' that two hexadecimal digits do not follow";
        if (byte < ' ' || byte == 0x7f || byte == '/')
            return "must not contain control characters or an escaped '/'";
        if (byte == '\\' || (raw && (byte == '?' || byte == '#' || byte == ' ')))
            return "must not contain '?', '#', '\\' or spaces; write '?' as %3F and so on";
        dots += byte == '.';
    }
    if (count > 0 && dots == count && count <= 2)
        return "must not have '.' or '..' as a segment";
    return NULL;
}

static const char *check_segment(const char *segment, size_t length, bool last, bool with_patterns)
{
    if (length == 0)
        return last ? NULL : "must not have '//' in it";
    if (with_patterns && last && length == 1 && *segment == '*')
        return NULL;
    if (memchr(segment, '*', length))
        return with_patterns ? "may have '*' only as its whole last segment"
                             : "must not contain '*', '{' or '}'";
    if (with_patterns && is_capture(segment, length))
        return NULL;
    if (memchr(segment, '{', length) || memchr(segment, '}', length))
        return with_patterns ? "may have {NAME} only as a whole segment"
                             : "must not contain '*', '{' or '}'";
    return check_bytes(segment, length);
}

static const char *check_segments(const char *text, bool with_patterns)
{
    if (*text != '/')
        return "must begin with '/'";
    while (*text == '/') {
        const char *segment = ++text;
        size_t length = strcspn(segment, "/");
        text += length;
        const char *wrong = check_segment(segment, length, *text == '\0', with_patterns);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *pattern_check_path(const char *text)
{
    return check_segments(text, true);
}

const char *pattern_check_base(const char *text)
{
    size_t length = strlen(text);
    if (length > 1 && text[length - 1] == '/')
        return "must not end with '/'";
    return check_segments(text, false);
}

void pattern_canonical_path(const char *path, char *canonical)
{
    while (*path) {
        const char *end = *path == '{' ? strchr(path, '}') : NULL;
        if (end) {
            *canonical++ = CAPTURE;
            path = end + 1;
        } else {
            *canonical++ = (char)decode(&path);
        }
    }
    *canonical = '\0';
}

bool pattern_next_capture(const char **cursor, struct slice *name)
{
    const char *open = strchr(*cursor, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    if (!close)
        return false;
    *name = (struct slice){open + 1, (size_t)(close - open - 1)};
    *cursor = close + 1;
    return true;
}

bool pattern_braces_match(const char *text)
{
    bool inside = false;
    for (; *text; text++) {
        if (*text == (inside ? '{' : '}'))
            return false;
        inside = *text == '{' || (inside && *text != '}');
    }
    return !inside;
}

/* ---- hosts ---- */

static bool is_host(const char *text, size_t length)
{
    if (length == 0 || length > VALUE_HOST_MAX || text[0] == '.' || text[0] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_name_character(text[i]) || (text[i] == '.' && i > 0 && text[i - 1] == '.'))
            return false;
    return true;
}

/* A name, perhaps with "*." in front, or an IPv6 address in brackets. */
static bool is_host_pattern(const char *text, size_t length)
{
    if (length > 2 && text[0] == '[' && text[length - 1] == ']')
        return strspn(text + 1, "0123456789abcdefABCDEF:.") == length - 2;
    if (length > 2 && text[0] == '*' && text[1] == '.')
        return is_host(text + 2, length - 2);
    return is_host(text, length);
}

const char *pattern_check_host(const char *text)
{
    if (is_host_pattern(text, strlen(text)))
        return NULL;
    return "must be a host name without a port, such as desk.example.com or *.example.com";
}

/* Refuses characters of neither names nor addresses; capture_rules.c checks the captures. */
const char *pattern_check_server_name(const char *text)
{
    size_t length = 0;
    bool inside = false;
    for (const char *p = text; *p; p++) {
        if (!is_name_character(*p) && !strchr(":{}", *p))
            return "must be the name in a certificate, such as desk.example.com, or an address; it "
                   "may contain {NAME}s of path";
        inside = *p == '{' || (inside && *p != '}');
        length += !inside && *p != '}';
    }
    return length <= VALUE_HOST_MAX ? NULL : "must have at most 253 characters";
}

const char *pattern_check_origin(const char *text)
{
    const char *wrong = "must be any, or an origin such as https://desk.example.com, "
                        "https://*.example.com or http://localhost:8080";
    if (strcmp(text, "any") == 0 || strcmp(text, "null") == 0)
        return NULL;
    const char *host = strstr(text, "://");
    if (!host || host == text)
        return wrong;
    for (const char *p = text; p < host; p++)
        if (!ascii_is_alphanumeric(*p) && !strchr("+-.", *p))
            return wrong;
    host += 3;
    size_t length = strlen(host);
    const char *colon = strrchr(host, ':');
    if (colon && !strchr(colon, ']')) {
        size_t digits = strspn(colon + 1, "0123456789");
        if (digits == 0 || digits > 5 || colon[1 + digits])
            return wrong;
        length = (size_t)(colon - host);
    }
    return is_host_pattern(host, length) ? NULL : wrong;
}

/* ---- names ---- */

const char *pattern_check_banner(const char *text)
{
    size_t length = strlen(text);
    _Static_assert(PATTERN_BANNER_MAX == 255, "as the text says");
    return length > 0 && length <= PATTERN_BANNER_MAX ? NULL : "must have 1 to 255 bytes";
}

const char *pattern_check_syslog(const char *text)
{
    const char *colon = strrchr(text, ':');
    bool socket = (*text == '/' || *text == '@') && text[1] != '\0';
    bool server = colon && colon != text && colon[1] != '\0' &&
                  colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
                  strtoul(colon + 1, NULL, 10) <= 65535;
    return socket || server
               ? NULL
               : "must be a socket's whole path, @NAME, or HOST:PORT with the port as a number";
}

const char *pattern_check_name(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!is_name_character(*p))
            return "must be letters, digits, '-', '_' and '.'";
    return strlen(text) <= NAME_LENGTH_MAX ? NULL : "must have at most 64 characters";
}

const char *pattern_check_reference(const char *text)
{
    return *text == '/' ? pattern_check_path(text) : pattern_check_name(text);
}

/* Multiplies the largest number of each bound such as {1,32}, as if all were nested. */
static bool repeats_are_few(const char *text)
{
    unsigned long product = 1;
    while ((text = strchr(text, '{'))) {
        unsigned long most = 1;
        for (text++; *text && *text != '}' && most <= REPEATS_MAX;) {
            char *end;
            unsigned long bound = ascii_is_digit(*text) ? strtoul(text, &end, 10) : 0;
            text = ascii_is_digit(*text) ? end : text + 1;
            most = bound > most ? bound : most;
        }
        if (most > REPEATS_MAX || (product *= most) > REPEATS_MAX)
            return false;
    }
    return true;
}

const char *pattern_check_expression(const char *text)
{
    if (strlen(text) > EXPRESSION_LENGTH_MAX)
        return "must have at most 256 characters";
    if (!repeats_are_few(text))
        return "must not repeat anything more than 4096 times";
    /* A backslash before another one escapes it: skip both. */
    for (const char *p = strchr(text, '\\'); p; p = p[1] ? strchr(p + 2, '\\') : NULL)
        if (ascii_is_alphanumeric(p[1]))
            return "must be a POSIX extended regular expression, which has no '\\' before letters "
                   "or digits; write [0-9] for a digit";
    regex_t compiled;
    if (regcomp(&compiled, text, REG_EXTENDED | REG_NOSUB) != 0)
        return "must be a POSIX extended regular expression, such as [a-z0-9-]{1,32}";
    regfree(&compiled);
    return NULL;
}

/* Returns the end of the bracket expression at `set`; *single: it matches one letter or digit. */
static const char *skip_set(const char *set, bool *single)
{
    const char *p = set + 1;
    p += *p == '^';
    p += *p == ']';
    while (*p && *p != ']') {
        if (*p == '[' && p[1] && strchr(":.=", p[1])) {
            const char *close = p + 2;
            while (*close && !(close[0] == p[1] && close[1] == ']'))
                close++;
            p = *close ? close + 1 : close - 1;
        }
        p++;
    }
    *single = p - set == 2 && ascii_is_alphanumeric(set[1]);
    return *p ? p + 1 : p;
}

/* Returns the end of the quantifiers at `p`; *some is cleared if they allow zero times. */
static const char *skip_quantifiers(const char *p, bool *some)
{
    while (*p && strchr("*+?{", *p)) {
        *some = *some && *p != '*' && *p != '?' &&
                !(*p == '{' && (p[1] == ',' || strtoul(p + 1, NULL, 10) == 0));
        if (*p == '{')
            p += strcspn(p, "}");
        p += *p != '\0';
    }
    return p;
}

/* Checks the branches up to a ")" or the end; *p moves there. */
static bool branches_are_specific(const char **p)
{
    bool all = true, branch = false;
    for (; **p && **p != ')';) {
        bool named = false, some = true;
        if (**p == '|') {
            all = all && branch;
            branch = false;
            ++*p;
            continue;
        }
        if (**p == '[') {
            *p = skip_set(*p, &named);
        } else if (**p == '(') {
            ++*p;
            named = branches_are_specific(p);
            *p += **p == ')';
        } else {
            *p += **p == '\\' && (*p)[1];
            named = ascii_is_alphanumeric(**p);
            ++*p;
        }
        *p = skip_quantifiers(*p, &some);
        branch = branch || (named && some);
    }
    return all && branch;
}

bool pattern_is_specific(const char *expression)
{
    return branches_are_specific(&expression);
}

const char *pattern_check_redirect(const char *text)
{
    if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0 &&
        *text != '/')
        return "must be a URL that begins with https://, http:// or '/'";
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`|", *p))
            return "must be a URL, without spaces and with ASCII characters only; escape the rest "
                   "with '%'";
    struct slice name;
    const char *rest = text;
    while (pattern_next_capture(&rest, &name)) {
        static const char *const known[] = {"host", "path", "query"};
        bool is_known = false;
        for (size_t i = 0; i < WSL_COUNT(known); i++)
            is_known |= slice_equal(name, slice_of(known[i]));
        if (!is_known)
            return "may contain {host}, {path} and {query}, and nothing else in braces";
    }
    return pattern_braces_match(text) ? NULL : "has an unmatched brace";
}

/* RFC 9110, section 5.6.2. */
const char *pattern_check_token(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!ascii_is_alphanumeric(*p) && !strchr("!#$%&'*+-.^_`|~", *p))
            return "must be letters, digits and characters such as '-', without spaces";
    return NULL;
}

/* Names of headers (RFC 9110) and cookies (RFC 6265) are tokens; names of a query may be. */
static const char *check_place(const char *text, const char *const *words, const char *wanted)
{
    static const char *const places[] = {"query:", "header:", "cookie:"};
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return NULL;
    for (size_t i = 0; i < WSL_COUNT(places); i++) {
        size_t length = strlen(places[i]);
        if (strncmp(text, places[i], length) == 0 && text[length])
            return pattern_check_token(text + length);
    }
    return wanted;
}

const char *pattern_check_token_place(const char *text)
{
    static const char *const words[] = {"host", "path", "subprotocol", "user", NULL};
    return check_place(
        text, words,
        "must be query:NAME, header:NAME, cookie:NAME, host, path, subprotocol or user");
}

const char *pattern_check_ticket_place(const char *text)
{
    static const char *const words[] = {"header", "subprotocol", NULL};
    return check_place(text, words,
                       "must be header, header:NAME, query:NAME, cookie:NAME or subprotocol");
}

/* RFC 9110, section 5.5. */
const char *pattern_check_field(const char *text)
{
    size_t length = strlen(text);
    if (length > 0 && (text[0] == ' ' || text[length - 1] == ' '))
        return "must not begin or end with a space";
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return "must not contain control characters";
    return NULL;
}

const char *pattern_check_certificate_name(const char *text)
{
    const char *rest = text + (text[0] == '*');
    if (rest > text && *rest != '\0') {
        if ((*rest != '.' && *rest != '@') || rest[1] == '\0')
            return "'*' must be all of it, or in front of '.' or '@' and a name";
        rest++;
    }
    return strchr(rest, '*') ? "'*' must be at the beginning" : pattern_check_field(rest);
}

/* The last digit of a SHA-256 in base64 has two bits too many, which are 0. */
const char *pattern_check_pin(const char *text)
{
    struct slice rest = slice_of(text);
    bool valid = slice_cut_prefix(&rest, SLICE("sha256//")) && rest.len == 44;
    for (size_t i = 0; valid && i < 43; i++)
        valid = ascii_is_alphanumeric(rest.ptr[i]) || rest.ptr[i] == '+' || rest.ptr[i] == '/';
    valid = valid && rest.ptr[43] == '=' && strchr("AEIMQUYcgkosw048", rest.ptr[42]);
    return valid ? NULL : "must be sha256// and 44 characters of base64";
}
