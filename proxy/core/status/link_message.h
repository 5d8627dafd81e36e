/*
 * Messages between the process that serves and its predecessors, which still have sessions after an
 * upgrade. They travel over a socket that keeps packets apart (SOCK_SEQPACKET).
 *
 *      request     wsluice-link 1 NONCE VERB QUERY             one packet
 *      answer      wsluice-link 1 NONCE more|last LF BODY      packets; the bodies are one text
 *
 *      list        the status: a line of facts, then a line for each session
 *      kill        ends the session of the query; a line of facts says whether there was one
 *      drain, end  as the first and the second SIGTERM; an empty text
 *      link        with a descriptor: the end of another link, for a successor's successor
 *
 * Lines and queries are encoded as forms are (http_query.h). Both ends may be of any version: keys
 * and verbs that are unknown are ignored, and what is missing is 0 or empty. The nonce tells an
 * answer from a late one to an earlier request.
 *
 * Pure. Owns: nothing; parsed slices borrow the packet. Thread: any. Errors: false. Lifetime: plain
 * values.
 */
#ifndef WSLUICE_CORE_STATUS_LINK_MESSAGE_H
#define WSLUICE_CORE_STATUS_LINK_MESSAGE_H

#include "base/base.h"
#include "base/text/text.h"

#define LINK_MESSAGE_REQUEST 1024  /* bytes of a request, at most */
#define LINK_MESSAGE_PACKET  32768 /* of a packet of an answer */
#define LINK_MESSAGE_HEAD    64    /* of its first line */

enum link_message_verb {
    LINK_MESSAGE_UNKNOWN, /* of a newer version: it gets an empty answer */
    LINK_MESSAGE_LIST,
    LINK_MESSAGE_KILL,
    LINK_MESSAGE_DRAIN,
    LINK_MESSAGE_END,
    LINK_MESSAGE_LINK,
    LINK_MESSAGE_VERBS,
};

struct link_message_request {
    uint64_t nonce;
    enum link_message_verb verb;
    struct slice query;
};

/* Its length; 0: it is too long. */
WSL_MUST_CHECK size_t link_message_print(const struct link_message_request *request,
                                         char packet[static LINK_MESSAGE_REQUEST]);
WSL_MUST_CHECK bool link_message_parse(struct slice packet, struct link_message_request *request);

/* The head of a packet of an answer; its length. */
size_t link_message_head(uint64_t nonce, bool last, char head[static LINK_MESSAGE_HEAD]);
WSL_MUST_CHECK bool link_message_answer(struct slice packet, uint64_t *nonce, bool *last,
                                        struct slice *body);

/* Adds "&key=value", encoded; NULL: nothing. */
void link_message_put(struct text *text, const char *key, const char *value);
void link_message_put_number(struct text *text, const char *key, uint64_t value);

/* Cuts off the next key and its decoded value, cut to the size. False: the line is over. */
bool link_message_next(struct slice *line, struct slice *key, char *value, size_t size);

/* Cuts the first line off. False: the text is over. */
bool link_message_line(struct slice *text, struct slice *line);

/* The line of facts. */
struct link_message_facts {
    uint64_t pid, started_at; /* in seconds */
    char version[32], state[16];
    uint64_t sessions, matched;
    uint64_t rate_up, rate_down, stalled_up, stalled_down;
    uint64_t killed;
};

void link_message_facts_print(const struct link_message_facts *facts, struct text *text);
void link_message_facts_parse(struct slice line, struct link_message_facts *facts);

#endif
