/*
 * The verdicts on a ticket, and a phrase for each.
 *
 * Pure. Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_VERDICT_H
#define WSLUICE_CORE_TICKET_TICKET_VERDICT_H

/* TICKET_VERDICT(name, phrase) */
#define TICKET_VERDICT_TABLE(VERDICT)                                                              \
    VERDICT(VALID, "valid")                                                                        \
    VERDICT(MALFORMED, "the ticket is no JSON Web Token in its compact form")                      \
    VERDICT(HEADER, "the header of the ticket is malformed")                                       \
    VERDICT(CRITICAL, "the ticket needs an extension (crit)")                                      \
    VERDICT(ALGORITHM, "no key is for the algorithm of the ticket")                                \
    VERDICT(KEY, "no key has the kid of the ticket")                                               \
    VERDICT(SIGNATURE, "the signature of the ticket is wrong")                                     \
    VERDICT(CLAIMS, "a claim of the ticket is malformed")                                          \
    VERDICT(MISSING, "the ticket lacks a claim that is required")                                  \
    VERDICT(EXPIRED, "the ticket has expired")                                                     \
    VERDICT(EARLY, "the ticket is not valid yet")                                                  \
    VERDICT(ISSUER, "the ticket is from another issuer")                                           \
    VERDICT(AUDIENCE, "the ticket is for another audience")                                        \
    VERDICT(ADDRESS, "the ticket is for another client address")                                   \
    VERDICT(USED, "the ticket has been used already")                                              \
    VERDICT(FULL, "too many single-use tickets are remembered")                                    \
    VERDICT(NO_KEYS, "the file of the ticket key is gone")                                         \
    VERDICT(MEMORY, "out of memory")

#define TICKET_VERDICT_ENUM(name, phrase) TICKET_##name,
enum ticket_verdict { TICKET_VERDICT_TABLE(TICKET_VERDICT_ENUM) TICKET_VERDICTS };
#undef TICKET_VERDICT_ENUM

const char *ticket_verdict_phrase(enum ticket_verdict verdict);

#endif
