/*
 * Whole sessions. The input plays clients, targets, the resolver, the thread pool, the clock,
 * drains and reloads. session_lab.h and session_peer.h check the state after each step. At the end
 * of a script the peers become well-behaved: all bytes that were sent arrive, and every session
 * ends within its deadline.
 *
 * Input: one byte for the ending and the descriptors of the host, then steps: a byte of enum step
 * and SCRIPT bits, and arguments.
 */
#include <sys/mman.h>

#include "lib/pki.h"
#include "lib/session_pair.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUIET_MS     (15 * 60 * 1000) /* longer than any timeout of the site */
#define TICKS_MOST   20000
#define STEPS_MOST   200
#define RELOADS_MOST 3

/* The low bits of the first byte of a step. */
enum step {
    STEP_CONNECT,
    STEP_REQUEST,
    STEP_FRAME,
    STEP_RAW,
    STEP_DELIVER,
    STEP_CLIENT,
    STEP_TARGET,
    STEP_TIME,
    STEP_DEADLINE,
    STEP_PLAN,
    STEP_POOL,
    STEP_FAULT,
    STEP_PROCESS,
    STEP_PROXY,
    STEP_END_SESSION,
    STEP_EXCHANGE,
    STEPS
};

enum { SCRIPT_UNDELIVERED = 16, SCRIPT_SETTLES = 32, SCRIPT_AT_ONCE = 64 };

static const uint8_t *script;
static size_t script_left;
static unsigned reloads; /* left: each costs as much as the rest of a script */
static const struct config *configs[2];

static uint8_t next_byte(void)
{
    if (script_left == 0)
        return 0;
    script_left--;
    return *script++;
}

static size_t next_size(void)
{
    static const uint32_t sizes[] = {0,    1,    2,     7,     125,   126,   127,   1000,
                                     1448, 4096, 16384, 20480, 65535, 65536, 70000, 300000};
    uint8_t byte = next_byte();
    return byte < 128 ? byte : sizes[byte % WSL_COUNT(sizes)];
}

/* ---- bytes of clients ---- */

static struct session_client_peer *next_client(void)
{
    uint8_t byte = next_byte();
    return session_client_count > 0 ? &session_clients[byte % session_client_count] : NULL;
}

static void step_frame(struct session_client_peer *client)
{
    uint8_t kind = next_byte();
    size_t length = next_size();
    struct session_peer *row = session_client_row(client);
    row->unpredictable = row->unpredictable || !row->upgraded;
    switch (kind % 8) {
    case 4:
        session_client_frame(client, 0x89, length % 126, false); /* ping */
        return;
    case 5:
        session_client_frame(client, 0x8a, length % 126, false); /* pong */
        return;
    case 6:
        row->unpredictable = row->unpredictable || (kind & 0xf0);
        session_client_close(client, kind & 0xf0 ? 999 : 1000);
        return;
    case 7:
        row->unpredictable = true;
        session_client_frame(client, (uint8_t)length, length, false);
        return;
    default:
        session_client_data(client, kind, length);
        return;
    }
}

static void step_raw(struct session_client_peer *client)
{
    uint8_t bytes[32];
    size_t length = next_byte() % sizeof(bytes);
    for (size_t i = 0; i < length; i++)
        bytes[i] = next_byte();
    session_client_row(client)->unpredictable =
        session_client_row(client)->unpredictable || length > 0;
    session_client_send(client, bytes, length);
}

/* ---- peers ---- */

/* Trusted proxies, a denied network, IPv6, and clients with one address. */
static struct addr next_address(uint32_t listener, uint8_t bits)
{
    static const uint8_t nets[][4] = {{10, 0, 0, 1}, {192, 0, 2, 9}, {198, 51, 100, 1}};
    struct ip_port ip = {.port = (uint16_t)(1000 + session_lab.accepted)};
    struct addr unix_peer = {.any = {.sa_family = AF_UNIX}};
    if (listener == 3)
        return unix_peer;
    ip_from_v4(nets[bits % WSL_COUNT(nets)], ip.address);
    if (bits & 4)
        ip.address[0] = 0x20;
    return addr_from_ip(&ip);
}

static void step_connect(void)
{
    uint8_t where = next_byte(), from = next_byte();
    size_t window = next_size();
    uint32_t listener = where & 64 ? 5 : where % 5;
    if (session_client_count == SESSION_CLIENTS)
        return;
    struct fake_peer *peer = fake_peer_new(false);
    if (!peer)
        return;
    struct session_client_peer *client = &session_clients[session_client_count];
    client->peer = peer;
    client->length = 0;
    peer->in = client->wire;
    peer->is_unix = listener == 3;
    peer->window = window > 0 ? window + 511 : 65536;
    struct addr address = next_address(listener, from);
    if (session_lab_accept(where >> 7, listener, peer, &address))
        session_client_count++;
}

static void peer_act(struct fake_peer *peer, uint8_t what, size_t size)
{
    switch (what % 8) {
    case 0:
        peer->eof = true;
        break;
    case 1:
        fake_peer_reset(peer, ECONNRESET);
        break;
    case 2:
        peer->eof = peer->hung_up = true;
        break;
    case 3:
        peer->paused = true;
        break;
    case 4:
        peer->paused = false;
        break;
    case 5:
        fake_peer_read(peer, size);
        break;
    case 6:
        peer->window = 512 + size;
        break;
    case 7:
        fake_peer_connect(peer, size & 1 ? ECONNREFUSED : 0);
        break;
    }
}

static void step_client(struct session_client_peer *client)
{
    uint8_t what = next_byte();
    peer_act(client->peer, what, next_size());
}

static struct fake_peer *next_target(void)
{
    struct fake_peer *targets[FAKE_SOCKET_PEERS];
    size_t count = 0;
    uint8_t byte = next_byte();
    for (size_t i = 0; i < fake_socket.peer_count; i++)
        if (fake_socket.peers[i].is_target && fake_socket.peers[i].descriptor)
            targets[count++] = &fake_socket.peers[i];
    return count > 0 ? targets[byte % count] : NULL;
}

static void step_target(void)
{
    struct fake_peer *target = next_target();
    uint8_t what = next_byte();
    size_t size = next_size();
    if (!target)
        return;
    if (what & 8)
        peer_act(target, what, size);
    else if (target->connected && !target->eof && !target->hung_up)
        target->in_end += size;
}

/* ---- clock, pool, faults, process ---- */

static void step_time(void)
{
    static const uint32_t jumps[] = {1,    20,    99,    250,   500,   1000,   2000,    5000,
                                     9999, 10000, 15000, 30000, 45000, 120001, 3600000, 0};
    fake_loop.now += jumps[next_byte() % WSL_COUNT(jumps)];
}

static void step_connect_plan(void)
{
    uint8_t plan = next_byte();
    if (fake_socket.plan_count == FAKE_SOCKET_PLANS)
        return;
    size_t at = (fake_socket.plan_first + fake_socket.plan_count++) % FAKE_SOCKET_PLANS;
    fake_socket.plans[at] = plan % FAKE_PLAN_NARROW % FAKE_PLANS | (plan & FAKE_PLAN_NARROW);
    if (plan & 128)
        fake_socket.first_event = plan;
}

static void step_pool(void)
{
    uint8_t what = next_byte();
    switch (what % 4) {
    case 0:
        fake_loop.target_pool_paused = true;
        return;
    case 1:
        fake_loop.target_pool_paused = false;
        return;
    case 2:
        fake_loop_run_nth_task(what >> 2);
        return;
    default:
        fake_loop.answers = what >> 2;
        return;
    }
}

static void step_fault(void)
{
    uint8_t what = next_byte(), n = next_byte();
    fake_socket.fail_error = what & 128 ? EIO : ECONNRESET;
    switch (what % 6) {
    case 0:
        failing_alloc_arm(n);
        return;
    case 1:
        fake_socket.fail_socket = n;
        return;
    case 2:
        fake_socket.fail_watch = n;
        return;
    case 3:
        fake_socket.fail_recv = n;
        return;
    case 4:
        fake_socket.fail_send = n;
        return;
    default:
        fake_socket.fail_write = n;
        return;
    }
}

static void step_process(void)
{
    uint8_t what = next_byte();
    struct session_env *env = &session_lab.workers[what >> 7];
    switch (what % 8) {
    case 0:
        session_drain_retire(env);
        (void)session_drain_some(env, (what >> 3) % 4);
        return;
    case 1:
        session_drain_retire(env);
        return;
    case 2:
        session_drain_kill(env, REASON_drained);
        return;
    case 3:
    case 4:
        if (reloads > 0)
            (void)session_lab_serve(configs[what % 2]);
        reloads -= reloads > 0;
        return;
    default:
        atomic_store(&session_lab.process.draining, what & 8);
        return;
    }
}

static void with_client(enum step step, bool undelivered)
{
    struct session_client_peer *client = next_client();
    uint8_t a, b;
    if (!client)
        return;
    switch (step) {
    case STEP_REQUEST:
        a = next_byte();
        b = next_byte();
        session_client_request(client, a, b);
        break;
    case STEP_FRAME:
        step_frame(client);
        break;
    case STEP_RAW:
        step_raw(client);
        break;
    case STEP_DELIVER:
        session_client_deliver(client, next_size());
        return;
    case STEP_CLIENT:
        step_client(client);
        return;
    case STEP_PROXY:
        session_client_proxy(client, next_byte());
        break;
    case STEP_END_SESSION:
        session_client_kill(client, next_byte());
        break;
    default: /* STEP_EXCHANGE: an upgrade, mostly a valid one */
        a = next_byte();
        session_client_request(client, a % 12, 1 | 8);
        break;
    }
    if (!undelivered)
        session_client_deliver(client, SIZE_MAX);
}

static void run_step(void)
{
    uint8_t byte = next_byte();
    switch ((enum step)(byte % STEPS)) {
    case STEP_CONNECT:
        step_connect();
        break;
    case STEP_TARGET:
        step_target();
        break;
    case STEP_TIME:
        step_time();
        break;
    case STEP_DEADLINE:
        if (fake_loop_next() != UINT64_MAX && fake_loop_next() > fake_loop.now)
            fake_loop.now = fake_loop_next();
        break;
    case STEP_PLAN:
        step_connect_plan();
        break;
    case STEP_POOL:
        step_pool();
        break;
    case STEP_FAULT:
        step_fault();
        break;
    case STEP_PROCESS:
        step_process();
        break;
    default:
        with_client((enum step)(byte % STEPS), byte & SCRIPT_UNDELIVERED);
        break;
    }
    if (byte & SCRIPT_SETTLES)
        session_lab_settle();
    else if (!(byte & SCRIPT_AT_ONCE))
        (void)session_lab_turn();
}

/* ---- the ending of a script ---- */

/* All peers read, answer and connect, and no call fails any more. */
static void make_peers_behave(void)
{
    fake_loop.target_pool_paused = false;
    fake_loop.answers = 0;
    (void)failing_alloc_disarm();
    fake_socket.fail_socket = fake_socket.fail_watch = 0;
    fake_socket.fail_recv = fake_socket.fail_send = fake_socket.fail_write = 0;
    for (size_t i = 0; i < fake_socket.peer_count; i++)
        fake_socket.peers[i].paused = false;
    for (size_t i = 0; i < session_client_count; i++)
        session_client_deliver(&session_clients[i], SIZE_MAX);
    session_lab_settle();
}

static void act_all(bool targets, bool clients, uint8_t what)
{
    for (size_t i = 0; i < fake_socket.peer_count; i++)
        if (fake_socket.peers[i].is_target ? targets : clients)
            peer_act(&fake_socket.peers[i], what, 0);
}

static void close_politely(void)
{
    for (size_t i = 0; i < session_client_count; i++) {
        const struct session_peer *row = session_client_row(&session_clients[i]);
        if (row->upgraded && !row->unpredictable && !row->sent_close)
            session_client_close(&session_clients[i], 1000);
        session_client_deliver(&session_clients[i], SIZE_MAX);
    }
    session_lab_settle();
    session_pairs_check(true, false);
    for (size_t i = 0; i < session_pair_count; i++) {
        wsl_assert(session_pairs[i].target->finished || session_pairs[i].target->closed);
        wsl_assert(session_peer_of(session_pairs[i].client)->got_close);
        wsl_assert(!session_pairs[i].client->was_reset);
    }
    act_all(true, true, 0);
}

static void drain_all(void)
{
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        session_drain_retire(&session_lab.workers[i]);
        (void)session_drain_some(&session_lab.workers[i], SIZE_MAX);
    }
}

/* How a script ends: the low bits of its first byte. */
enum ending {
    ENDING_POLITE,
    ENDING_TARGETS_END,
    ENDING_SILENCE,
    ENDING_CLIENTS_RESET,
    ENDING_DRAIN,
    ENDING_TARGETS_RESET,
    ENDING_CLIENTS_END,
    ENDING_CLIENTS_GONE,
    ENDINGS,
};
enum { ENDING_AT_ONCE = 8 }; /* without making the peers well-behaved first */

/* Descriptors that the host grants: the next bits of the first byte. */
enum { HOST_FIRST = 16 };
static const uint64_t descriptors[] = {1000, 80, 64, 48};

static void play_ending(enum ending how)
{
    switch (how) {
    case ENDING_POLITE:
        close_politely();
        break;
    case ENDING_TARGETS_END: /* targets send EOF */
        act_all(true, false, 0);
        session_lab_settle();
        session_pairs_check(true, true);
        for (size_t i = 0; i < session_pair_count; i++)
            wsl_assert(session_peer_of(session_pairs[i].client)->got_close);
        break;
    case ENDING_SILENCE: /* no peer sends or reads */
        act_all(true, true, 3);
        break;
    case ENDING_CLIENTS_RESET:
        act_all(false, true, 1);
        break;
    case ENDING_DRAIN:
        drain_all();
        break;
    case ENDING_TARGETS_RESET:
        act_all(true, false, 1);
        break;
    case ENDING_CLIENTS_END: /* clients send EOF without a Close */
        act_all(false, true, 0);
        session_lab_settle();
        session_pairs_check(true, false);
        break;
    case ENDING_CLIENTS_GONE: /* clients close, and targets stop reading */
        act_all(true, false, 3);
        act_all(false, true, 2);
        break;
    case ENDINGS:
        break;
    }
}

static void wait_for_ends(void)
{
    uint64_t until = fake_loop.now + QUIET_MS;
    unsigned ticks = 0;
    session_lab_settle();
    while (fake_loop.now < until && session_lab_advance(until - fake_loop.now))
        wsl_assert(++ticks < TICKS_MOST);
}

/* Open between two live peers, on a route without time limits. */
static bool may_stay_open(const struct session *session)
{
    return session->state == LIFE_OPEN && !session_lab_is_bounded(session) &&
           session_pair_is_healthy(fake_peer(session->fd)) &&
           session_pair_is_healthy(fake_peer(session->target_plain.fd));
}

static void check_ends(unsigned how)
{
    for (unsigned i = 0; i < SESSION_LAB_WORKERS; i++) {
        struct list *sessions = &session_lab.workers[i].sessions;
        for (struct list *link = sessions->next; link != sessions; link = link->next) {
            const struct session *session = WSL_CONTAINER(link, struct session, link);
            if (how != ENDING_DRAIN && may_stay_open(session))
                continue;
            fprintf(stderr, "a session does not end, its state is %s\n",
                    life_name((enum life_state)session->state));
            wsl_assert(!"a session is open after its deadline");
        }
    }
}

static void finish(uint8_t how)
{
    session_pair_count = 0;
    if (!(how & ENDING_AT_ONCE)) {
        make_peers_behave();
        session_pairs_note();
        session_pairs_check(true, true);
    }
    play_ending((enum ending)(how % ENDINGS));
    if (how & ENDING_AT_ONCE) {
        /* In the silent ending, the disk and the resolver keep hanging. */
        fake_loop.target_pool_paused =
            fake_loop.target_pool_paused && how % ENDINGS == ENDING_SILENCE;
        (void)failing_alloc_disarm();
    }
    wait_for_ends();
    check_ends(how % ENDINGS);
    session_lab_kill();
}

/* A file in memory; the configuration has its path from the environment. */
static void make_certificate(void)
{
    struct pki pki = {0};
    char path[64];
    int fd = memfd_create("certificate", MFD_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    FILE *file = fopen(path, "w");
    struct pki_pair pair =
        pki_issue(&pki, EVP_EC_gen("P-256"), "desk.example", "DNS:desk.example", NULL);
    wsl_assert(fd >= 0 && file && PEM_write_X509(file, pair.certificate) == 1);
    wsl_assert(PEM_write_PKCS8PrivateKey(file, pair.key, NULL, NULL, 0, NULL, NULL) == 1);
    wsl_assert(fclose(file) == 0 && setenv("WSLUICE_FUZZ_CERTIFICATE", path, 1) == 0);
    pki_free_pair(&pair);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    make_certificate();
    fake_pattern_make();
    fake_socket.sent = session_peer_receive;
    configs[0] = session_lab_load(WSLUICE_SOURCE "/tests/fuzz/session/gateway.yaml");
    configs[1] = session_lab_load(WSLUICE_SOURCE "/tests/fuzz/session/reloaded.yaml");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script = data;
    script_left = size;
    session_client_count = 0;
    reloads = RELOADS_MOST;
    session_peer_reset();
    uint8_t how = next_byte();
    session_lab_open(configs[0], descriptors[how / HOST_FIRST % WSL_COUNT(descriptors)]);
    for (unsigned i = 0; script_left > 0 && i < STEPS_MOST; i++)
        run_step();
    finish(how);
    session_lab_close();
    return 0;
}
