/*
 * The configuration of `wsluice demo`: the echo service behind the demo page and, with --web=FOLDER
 * of SSH in a tab (contrib/ssh/build.sh), two more routes that the page links to: that folder at
 * /shell/, and an sshd at /ssh. Clients of this machine alone may use them.
 *
 * Owns: nothing. Thread: the main one. Errors: findings of the line. Lifetime: the call that parses
 * the line.
 */
#ifndef WSLUICE_RUN_QUICK_QUICK_DEMO_H
#define WSLUICE_RUN_QUICK_QUICK_DEMO_H

#include "run/quick/quick_values.h"

/* Does the demo have SSH in a tab, and so a second operand: the address of an sshd? */
bool quick_demo_has_shell(const struct quick *quick);

/* Reports what does not go with the demo. */
void quick_demo_check(struct quick *quick);

/* The echo service as the first target; a second one is the sshd. After the operands are set. */
void quick_demo_set(struct quick *quick);

/*
 * Makes routes of the folder and of the sshd, with the options of the first route. The last step:
 * the structs that `quick` points to may move.
 */
void quick_demo_add_shell(struct quick *quick);

#endif
