/*
 * One pattern of `permit`: targets that an answer may name.
 *
 *     desk-7.lan:5900             a name, in any case
 *     desk-*.lan:5900             '*' stands for any characters of one label
 *     *.example.com:22            "*." stands for one label or more
 *     *:5900                      any name or address
 *     10.1.0.0/16:5900-5999       a range of addresses, and of ports
 *     [fd00::]/8:*                any port
 *     unix:/run/desks/vm-*        '*' in the last segment; at its beginning it stands for no dot
 *     unix:@desk-*                a name of Linux's abstract name space
 *
 * A name that ends in a number is an address in some spelling (0x7f.1, 2130706433), so that no
 * pattern of names may end in one.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a phrase. Lifetime: a rule borrows its text.
 */
#ifndef WSLUICE_CONFIG_MODEL_PERMIT_RULE_H
#define WSLUICE_CONFIG_MODEL_PERMIT_RULE_H

#include "base/base.h"
#include "config/model/config.h"

enum permit_rule_kind { PERMIT_RULE_NAME, PERMIT_RULE_RANGE, PERMIT_RULE_UNIX };

struct permit_rule {
    enum permit_rule_kind kind;
    struct slice pattern;     /* NAME: of the host; UNIX: of the path */
    struct config_cidr range; /* RANGE */
    uint16_t lowest, highest; /* NAME, RANGE: ports */
};

/* NULL, or what is wrong, as the checks of pattern.h say it. */
WSL_MUST_CHECK const char *permit_rule_parse(const char *text, struct permit_rule *rule);

/* The same as a check of an option's form; "any" is valid, too. */
const char *permit_rule_check(const char *text);

#endif
