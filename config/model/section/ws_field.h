/*
 * Values of the fields that a WebSocket client sends, as `check` of options.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a phrase such as "must be ..."; NULL: valid.
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_WS_FIELD_H
#define WSLUICE_CONFIG_MODEL_SECTION_WS_FIELD_H

const char *ws_field_check_host(const char *text);   /* Host: HOST[:PORT] */
const char *ws_field_check_origin(const char *text); /* Origin: null, or SCHEME://HOST[:PORT] */

/* RFC 7617: a user has no ':', neither has control characters. */
const char *ws_field_check_user(const char *text);
const char *ws_field_check_password(const char *text);

/* RFC 6750, section 2.1. */
const char *ws_field_check_bearer(const char *text);

#endif
