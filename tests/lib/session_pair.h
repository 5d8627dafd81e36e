/*
 * Pairs of a client and a target that a session joins, both without faults: once nothing is left to
 * do, each has received all bytes of the other.
 *
 * Owns: a list. Thread: one. Errors: assertions. Lifetime: static; one include per program.
 */
#ifndef WSLUICE_TESTS_SESSION_PAIR_H
#define WSLUICE_TESTS_SESSION_PAIR_H

#include "lib/session_client.h"

struct session_pair {
    struct fake_peer *client, *target;
};

static struct session_pair session_pairs[SESSION_CLIENTS];
static size_t session_pair_count;

static inline bool session_pair_is_healthy(const struct fake_peer *peer)
{
    return !peer->eof && !peer->hung_up && !peer->broken && peer->error == 0;
}

static inline struct session_client_peer *session_pair_client(const struct fake_peer *peer)
{
    for (size_t i = 0; i < session_client_count; i++)
        if (session_clients[i].peer == peer)
            return &session_clients[i];
    return NULL;
}

/* A session in HEAD has read all bytes and answered all requests. */
static inline void session_pair_check_answers(const struct session *session)
{
    const struct fake_peer *client = fake_peer(session->fd);
    const struct session_peer *row = session_peer_of(client);
    if (session->state != LIFE_HEAD || row->unpredictable || !session_pair_is_healthy(client))
        return;
    wsl_assert(client->in_at == session_pair_client(client)->length);
    wsl_assert(row->answers == row->requests);
}

static inline void session_pair_note(const struct session *session)
{
    session_pair_check_answers(session);
    if (session->state != LIFE_OPEN || !session->target)
        return;
    struct fake_peer *client = fake_peer(session->fd),
                     *target = fake_peer(session->target_plain.fd);
    if (session_pair_is_healthy(client) && session_pair_is_healthy(target) &&
        !session_peer_of(client)->unpredictable)
        session_pairs[session_pair_count++] = (struct session_pair){client, target};
}

static inline void session_pairs_note(void)
{
    session_pair_count = 0;
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        struct list *sessions = &session_lab.workers[i].sessions;
        for (struct list *link = sessions->next; link != sessions; link = link->next)
            session_pair_note(WSL_CONTAINER(link, struct session, link));
    }
}

static inline void session_pairs_check(bool up, bool down)
{
    for (size_t i = 0; i < session_pair_count; i++) {
        const struct fake_peer *client = session_pairs[i].client, *target = session_pairs[i].target;
        const struct session_peer *row = session_peer_of(client);
        if (up) {
            wsl_assert(client->in_at == session_pair_client(client)->length);
            wsl_assert(session_peer_of(target)->payload_received == row->payload_sent);
        }
        if (down) {
            wsl_assert(target->in_at == target->in_end);
            wsl_assert(row->payload_received == target->in_end);
        }
    }
}

#endif
