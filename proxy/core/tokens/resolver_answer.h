/*
 * What a service answers about a token: where it leads to, and how. In one of these forms:
 *
 *     10.0.0.5:5900                                   a target alone, as in a token file, or with
 *                                                     tcp:// or tls:// in front
 *     {"host": "10.0.0.5", "port": 5900}              as websockify's services answer
 *     {"host": "10.0.0.5:5900"}                       as its keys in Redis hold it
 *     {"target": "tls://10.0.0.5:5900", ...}          HOST:PORT, tcp://, tls://, unix:PATH
 *
 * The JSON forms may have these members as well:
 *
 *     tls           true, false, or {"server_name": NAME}; else as configured
 *     preamble      base64; sent to the target before anything else
 *     user          the name of the client
 *     expires       Unix time in seconds at which the session ends
 *     max_duration  seconds, or a text such as "30m"; likewise idle_timeout
 *     record        the name of the session's recording
 *
 * Another member beside `target` is a mistake, and refused: a limit that is misspelt must not be
 * lost. Beside `host` it is ignored, as websockify does.
 *
 * Pure. Owns: its texts. Thread: any. Errors: a phrase, which quotes nothing of the answer.
 * Lifetime: plain memory that stays where it is: the target points into it.
 */
#ifndef WSLUICE_CORE_TOKENS_RESOLVER_ANSWER_H
#define WSLUICE_CORE_TOKENS_RESOLVER_ANSWER_H

#include "core/tokens/token_file.h"

#define RESOLVER_ANSWER_BODY     16384 /* bytes of an answer */
#define RESOLVER_ANSWER_TEXT     512
#define RESOLVER_ANSWER_USER     256 /* with its NUL, as the others */
#define RESOLVER_ANSWER_NAME     256
#define RESOLVER_ANSWER_RECORD   128
#define RESOLVER_ANSWER_PREAMBLE 4096

enum resolver_tls { RESOLVER_TLS_AS_CONFIGURED, RESOLVER_TLS_OFF, RESOLVER_TLS_ON };

struct resolver_answer {
    struct token_target target;
    enum resolver_tls tls;
    int64_t expires;                           /* 0: never */
    uint32_t max_duration_ms, idle_timeout_ms; /* 0: as configured */
    char user[RESOLVER_ANSWER_USER];           /* empty: none; likewise the next two */
    char server_name[RESOLVER_ANSWER_NAME];    /* with RESOLVER_TLS_ON */
    char record[RESOLVER_ANSWER_RECORD];       /* letters, digits, '-', '_' and '.' */
    size_t preamble_length;
    uint8_t preamble[RESOLVER_ANSWER_PREAMBLE];
    char text[RESOLVER_ANSWER_TEXT];
};

/* NULL, or what is wrong. JSON begins with "{". */
WSL_MUST_CHECK const char *resolver_answer_parse(struct slice body, struct resolver_answer *answer);

/* The first of the forms alone. */
WSL_MUST_CHECK const char *resolver_answer_parse_target(struct slice text,
                                                        struct resolver_answer *answer);

/* The same from a value that holds the JSON forms: a claim of a ticket, for one. */
struct json_value;
WSL_MUST_CHECK const char *resolver_answer_read(const struct json_value *object,
                                                struct resolver_answer *answer);

#endif
