#include "config/model/text_form.h"

#include "config/model/pattern.h"
#include "config/model/permit_rule.h"
#include "config/model/redis_url.h"
#include "config/model/section/config_proxy.h"
#include "config/model/section/ws_field.h"
#include "config/model/url.h"

/* A segment of a path has more than one or two dots, escaped or not. */
#define ESCAPE   "%(2[0-9A-Da-d]|[34689A-Fa-f][0-9A-Fa-f]|5[0-9ABD-Fabd-f]|7[0-9A-Ea-e])"
#define DOT      "(\\.|%2[Ee])"
#define ORDINARY "([^\x01-\x20#%*./?{}\x7f\\\\]|" ESCAPE ")"
#define SEGMENT  "(" DOT "{0,2}" ORDINARY "|" DOT "{3})(" DOT "|" ORDINARY ")*"
#define CAPTURE  "\\{[A-Za-z_][A-Za-z0-9_]{0,61}\\}"
#define PATH     "/((" SEGMENT "|" CAPTURE ")/)*(" SEGMENT "|" CAPTURE "|\\*)?"

#define HOST_NAME    "[A-Za-z0-9_](\\.?[-A-Za-z0-9_])*\\.?"
#define HOST_PATTERN "(\\[[0-9A-Fa-f:.]+\\]|(\\*\\.)?" HOST_NAME ")"

#define NAME  "[-A-Za-z0-9_.]{1,64}"
#define TOKEN "[-A-Za-z0-9!#$%&'*+.^_`|~]+"

/* Of ports and sockets, the expression checks less than url_parse. */
#define TARGET     "([!$&-;=?-[_a-z~]|\\]|%[0-9A-Fa-f]{2})"
#define SERVICE    "https?://([-A-Za-z0-9._]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?"
#define SOCKET     "unix:[/@][^:]+"
#define URL(place) "(" SERVICE "(/" TARGET "*" place ")|" SOCKET "(:/" TARGET "*" place "))"

/* Of addresses and ports, the expression checks less than ws_field_check_host. */
#define AUTHORITY "([-A-Za-z0-9._]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?"

const struct value_form text_form_path = {
    pattern_check_path, PATH,
    "must be a path such as /vnc, /vnc/* or /desk/{NAME}, without '//', '..', '?' and '#'"};
const struct value_form text_form_base = {
    pattern_check_base, "/(" SEGMENT "(/" SEGMENT ")*)?",
    "must be a path such as /desk, without '/' at its end, '//', '..', '?' and '#'"};
const struct value_form text_form_host = {pattern_check_host, HOST_PATTERN, NULL};
const struct value_form text_form_origin = {
    pattern_check_origin, "any|null|[-A-Za-z0-9+.]+://" HOST_PATTERN "(:[0-9]{1,5})?", NULL};
const struct value_form text_form_server_name = {pattern_check_server_name, "[-A-Za-z0-9_.:{}]+",
                                                 NULL};
const struct value_form text_form_name = {pattern_check_name, NAME,
                                          "must be at most 64 letters, digits, '-', '_' and '.'"};
const struct value_form text_form_reference = {pattern_check_reference, PATH "|" NAME,
                                               "must be the name of a route, or its path"};
const struct value_form text_form_expression = {
    pattern_check_expression, "([^\\\\]|\\\\[^A-Za-z0-9]){1,256}",
    "must be a POSIX extended regular expression, which has no '\\' before letters or digits"};
const struct value_form text_form_redirect = {
    pattern_check_redirect,
    "([Hh][Tt][Tt][Pp][Ss]?://|/)([!#-;=?-[_a-z~]|\\]|\\{(host|path|query)\\})*",
    "must be a URL that begins with https://, http:// or '/', and may contain {host}, {path} and "
    "{query}"};
const struct value_form text_form_token = {pattern_check_token, TOKEN, NULL};
const struct value_form text_form_field = {
    pattern_check_field, "[^\x01-\x20\x7f]([^\x01-\x1f\x7f]*[^\x01-\x20\x7f])?",
    "must not contain control characters, nor begin or end with a space"};
/* The expression counts characters, which are no more than the bytes. */
const struct value_form text_form_banner = {pattern_check_banner, "([^a]|a){1,255}",
                                            "must have 1 to 255 bytes"};
const struct value_form text_form_certificate_name = {
    pattern_check_certificate_name,
    "\\*|(\\*[.@])?[^\x01-\x20*\x7f]([^\x01-\x1f*\x7f]*[^\x01-\x20*\x7f])?",
    "must be a name, which may begin with '*.' or '*@', or '*' alone"};
const struct value_form text_form_pin = {
    pattern_check_pin,
    "sha256//[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", "must be sha256// and 44 characters of base64"};
const struct value_form text_form_syslog = {pattern_check_syslog, "[/@].+|.+:[0-9]+", NULL};
const struct value_form text_form_token_place = {
    pattern_check_token_place, "host|path|subprotocol|user|(query|header|cookie):" TOKEN, NULL};
const struct value_form text_form_permit = {
    permit_rule_check,
    "any|unix:[/@].+|(\\[[0-9A-Fa-f:.]+\\]|[-A-Za-z0-9_.*]+)(/[0-9]{1,3})?:"
    "(\\*|[0-9]{1,5}(-[0-9]{1,5})?)",
    "must be HOST:PORT, RANGE:PORT or unix:PATH, such as desk-*.lan:5900, 10.1.0.0/16:5900-5999, "
    "[fd00::]/8:* or unix:/run/desks/*; or any"};
const struct value_form text_form_url = {url_check, URL(""), NULL};
const struct value_form text_form_url_template = {url_check_template, URL("\\{token\\}" TARGET "*"),
                                                  NULL};
const struct value_form text_form_ticket_place = {
    pattern_check_ticket_place, "header|subprotocol|(query|header|cookie):" TOKEN, NULL};
const struct value_form text_form_redis_url = {
    redis_url_check,
    "rediss?://([^\x01-\x20@]*@)?([-A-Za-z0-9._]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(/"
    "[0-9]{0,7})?|"
    "unix:(//)?[/@][^?]+([?]db=[0-9]{1,7})?",
    NULL};
const struct value_form text_form_proxy = {
    config_proxy_check,
    "([Hh][Tt][Tt][Pp]://|[Ss][Oo][Cc][Kk][Ss]5[Hh]?://)?([^\x01-\x1f\x7f]*@)?"
    "([-A-Za-z0-9._]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?",
    NULL};
const struct value_form text_form_authority = {ws_field_check_host, AUTHORITY, NULL};
const struct value_form text_form_sent_origin = {ws_field_check_origin,
                                                 "null|[-A-Za-z0-9+.]+://" AUTHORITY, NULL};
const struct value_form text_form_user = {ws_field_check_user, "[^\x01-\x1f:\x7f]+",
                                          "must not contain ':' and control characters"};
const struct value_form text_form_credential = {
    ws_field_check_password, "[^\x01-\x1f\x7f]+",
    "must not contain control characters, such as the end of a line"};
const struct value_form text_form_bearer = {ws_field_check_bearer, "[-A-Za-z0-9._~+/]+=*", NULL};
