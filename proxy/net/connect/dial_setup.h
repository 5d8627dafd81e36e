/*
 * What follows a dial's connect: the check whose program the target is, the preface, and TLS.
 *
 * Owns: nothing; descriptor, watch and transport are the result's. Thread: the dial's. Errors: in
 * the result. Lifetime: the dial's.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_SETUP_H
#define WSLUICE_NET_CONNECT_DIAL_SETUP_H

#include "net/connect/dial_result.h"

struct dial_setup {
    const struct dial_request *request;
    struct dial_result *result; /* has descriptor and watch when the set-up begins */
    size_t preface_sent;
};

/* True: complete; nothing is to be sent, or the target is a foreign program. */
WSL_MUST_CHECK bool dial_setup_begin(struct dial_setup *setup);

/* From where it stopped. True: complete, or failed. False: the watch waits for what is missing. */
WSL_MUST_CHECK bool dial_setup_proceed(struct dial_setup *setup);

#endif
