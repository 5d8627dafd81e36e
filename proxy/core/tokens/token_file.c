#include "core/tokens/token_file.h"

#include "base/ascii.h"
#include "codec/http/http_char.h"
#include "codec/ip.h"

#define HOST_MAX        253 /* RFC 1035 section 2.3.4, as text */
#define UNIX_PATH_MAX   107 /* sun_path without its NUL */
#define SERVICE_MAX     32
#define NAME_LENGTH_MAX 255 /* NAME_MAX of all file systems */

/* The ASCII white space of Python's str.strip, which websockify uses; a line has no LF. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice strip(struct slice text)
{
    while (text.len > 0 && is_space(text.ptr[0]))
        text = slice_from(text, 1);
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* ---- targets ---- */

static const char *parse_path(struct slice path, struct token_target *target)
{
    if (path.len < 2 || (path.ptr[0] != '/' && path.ptr[0] != '@'))
        return "a Unix socket is written unix:/PATH or unix:@NAME";
    if (path.len > UNIX_PATH_MAX)
        return "the path is too long for a Unix socket";
    if (ascii_has_control(path))
        return "a control character in the path of a Unix socket";
    *target = (struct token_target){.is_unix = true, .host = path};
    return NULL;
}

/* A name, or an address of either family; an IPv6 address may have a scope. */
static bool is_plausible_host(struct slice host)
{
    uint8_t address[IP_BYTES];
    if (host.len == 0 || host.len > HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c <= ' ' || c == 0x7F || memchr("/[]@?#{}", c, 8))
            return false;
    }
    if (!memchr(host.ptr, ':', host.len))
        return true;
    const char *scope = memchr(host.ptr, '%', host.len);
    if (scope)
        host.len = (size_t)(scope - host.ptr);
    return ip_parse_v6(host, address);
}

/* RFC 6335 section 5.1: letters, digits, hyphens, at least one letter. Underscores are in use. */
static bool is_plausible_service(struct slice service)
{
    bool letter = false;
    if (service.len == 0 || service.len > SERVICE_MAX)
        return false;
    for (size_t i = 0; i < service.len; i++) {
        char c = ascii_lower(service.ptr[i]);
        if (c >= 'a' && c <= 'z')
            letter = true;
        else if ((c < '0' || c > '9') && c != '-' && c != '_')
            return false;
    }
    return letter;
}

const char *token_file_target(struct slice text, struct token_target *target)
{
    struct slice rest = strip(text);
    if (slice_cut_prefix(&rest, SLICE("unix_socket:")) || slice_cut_prefix(&rest, SLICE("unix:")))
        return parse_path(rest, target);
    const char *colon = rest.len > 0 ? memrchr(rest.ptr, ':', rest.len) : NULL;
    if (!colon)
        return "the target is not HOST:PORT";
    struct slice host = {rest.ptr, (size_t)(colon - rest.ptr)};
    struct slice port = slice_from(rest, host.len + 1);
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = (struct slice){host.ptr + 1, host.len - 2};
    if (!is_plausible_host(host))
        return "the target has no valid host";
    *target = (struct token_target){.host = host};
    if (ip_parse_port(port, &target->port) && target->port > 0)
        return NULL;
    if (!is_plausible_service(port))
        return "the target has no valid port";
    target->port = 0;
    target->service = port;
    return NULL;
}

/* ---- names ---- */

bool token_file_is_name(struct slice token)
{
    return token.len > 0 && token.len <= NAME_LENGTH_MAX && token.ptr[0] != '.' &&
           !memchr(token.ptr, '/', token.len) && !memchr(token.ptr, '\0', token.len);
}

/* ---- lines ---- */

static struct slice take_line(struct token_cursor *cursor)
{
    struct slice line = http_char_cut(&cursor->rest, '\n');
    if (cursor->line == 0)
        (void)slice_cut_prefix(&line, SLICE("\xEF\xBB\xBF"));
    cursor->line++;
    return line;
}

/* The position of the first separator from `start` on; the line's length: none. */
static size_t find_separator(struct slice line, size_t start)
{
    for (size_t i = start; i + 1 < line.len; i++)
        if (line.ptr[i] == ':' && (line.ptr[i + 1] == ' ' || line.ptr[i + 1] == '\t'))
            return i;
    return line.len;
}

static const char *parse_line(struct slice text, struct token_line *line)
{
    size_t at = find_separator(text, 0);
    if (memchr(text.ptr, '\0', text.len))
        return "a NUL byte";
    if (at == text.len)
        return "not TOKEN: HOST:PORT";
    if (find_separator(text, at + 1) < text.len)
        return "more than one colon with white space behind it";
    if (at == 0 || at > TOKEN_MAX)
        return at == 0 ? "no token" : "the token is too long";
    line->token = (struct slice){text.ptr, at};
    return token_file_target(slice_from(text, at + 2), &line->target);
}

enum token_file_verdict token_file_next(struct token_cursor *cursor, struct token_line *line,
                                        const char **fault)
{
    while (cursor->rest.len > 0) {
        struct slice text = strip(take_line(cursor));
        if (text.len == 0 || text.ptr[0] == '#')
            continue;
        *fault = parse_line(text, line);
        return *fault ? TOKEN_FILE_FAULT : TOKEN_FILE_LINE;
    }
    return TOKEN_FILE_END;
}
