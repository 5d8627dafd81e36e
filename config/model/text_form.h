/*
 * The forms of texts that have a syntax of their own: each check of pattern.h and permit_rule.h,
 * with its regular expression for value_regex. Options name them in their rows.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_CONFIG_MODEL_TEXT_FORM_H
#define WSLUICE_CONFIG_MODEL_TEXT_FORM_H

#include "config/model/value.h"

extern const struct value_form text_form_path, text_form_base, text_form_host, text_form_origin,
    text_form_server_name, text_form_name, text_form_reference, text_form_expression,
    text_form_redirect, text_form_token, text_form_field, text_form_banner, text_form_syslog,
    text_form_token_place, text_form_ticket_place, text_form_certificate_name, text_form_pin,
    text_form_permit, text_form_url, text_form_url_template, text_form_redis_url, text_form_proxy,
    text_form_authority, text_form_sent_origin, text_form_user, text_form_credential,
    text_form_bearer;

#endif
