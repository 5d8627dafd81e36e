/*
 * Thousands of sessions between two peers with random behaviour: what they send, how it is cut, how
 * much they read, when they end. Every byte must arrive, in both directions.
 */
#include "core/bridge/bridge.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_lab.h"

#define SESSIONS 4000
#define CAPACITY ((size_t)1 << 17)

static struct bridge_scratch scratch;

struct sim {
    struct lab lab;
    uint64_t random;
    uint8_t *sent; /* what the client's frames carried, up to its Close */
    size_t sent_length;
    unsigned pings;
    bool in_message, closed;
};

static size_t draw(struct sim *sim, size_t below)
{
    sim->random = sim->random * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(sim->random >> 33) % below;
}

/* Most are small, some are large. */
static size_t draw_size(struct sim *sim, size_t most)
{
    size_t below = draw(sim, 8) ? 16 : most;
    return draw(sim, below < most ? below : most);
}

static void draw_bytes(struct sim *sim, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)draw(sim, 256);
}

static void client_sends(struct sim *sim)
{
    uint8_t payload[4000];
    struct lab *lab = &sim->lab;
    if (sim->closed || lab->client.in_capacity - lab->client.in_length < 5000)
        return;
    if (draw(sim, 6) == 0) {
        size_t length = draw(sim, WS_CONTROL_MAX + 1);
        draw_bytes(sim, payload, length);
        bool ping = draw(sim, 2);
        sim->pings += ping;
        lab_frame(lab, ping ? 0x89 : 0x8A, payload, length);
        return;
    }
    size_t length = draw_size(sim, sizeof(payload));
    bool last = draw(sim, 2);
    draw_bytes(sim, payload, length);
    memcpy(sim->sent + sim->sent_length, payload, length);
    sim->sent_length += length;
    lab_frame(lab, (uint8_t)((last ? 0x80 : 0) | (sim->in_message ? 0 : 2)), payload, length);
    sim->in_message = !last;
}

static void target_sends(struct sim *sim)
{
    uint8_t bytes[4000];
    struct fake *target = &sim->lab.target;
    size_t length = draw_size(sim, sizeof(bytes));
    if (target->in_end.status != IO_WANT_READ || target->in_capacity - target->in_length < length)
        return;
    draw_bytes(sim, bytes, length);
    fake_send(target, bytes, length);
}

static void peers_move(struct sim *sim, struct fake *fake)
{
    if (fake->arrived < fake->in_length)
        fake->arrived += draw_size(sim, fake->in_length - fake->arrived + 1);
    if (draw(sim, 3) == 0)
        fake->room += draw_size(sim, 5000);
    fake->read_max = draw(sim, 4) ? FAKE_NO_LIMIT : 1 + draw(sim, 100);
}

static void step(struct sim *sim)
{
    struct lab *lab = &sim->lab;
    if (draw(sim, 3) == 0)
        client_sends(sim);
    if (draw(sim, 3) == 0)
        target_sends(sim);
    peers_move(sim, &lab->client);
    peers_move(sim, &lab->target);
    if (draw(sim, 2))
        lab_run(lab);
    else
        lab_turn(lab, lab_ready(lab) & (unsigned)draw(sim, 64));
    lab->now += draw(sim, 3);
    lab_tick(lab, lab->client.inside);
}

static void open_taps(struct fake *fake)
{
    fake->arrived = fake->read_max = fake->room = FAKE_NO_LIMIT;
}

static void client_closes(struct sim *sim)
{
    if (!sim->closed)
        lab_frame(&sim->lab, 0x88, "\x03\xe8", 2);
    sim->closed = true;
}

enum end { CLIENT_CLOSES, CLIENT_HANGS_UP, TARGET_HANGS_UP, WE_END, ENDS };

static void begin_end(struct sim *sim, enum end end)
{
    struct lab *lab = &sim->lab;
    if (end == CLIENT_CLOSES)
        client_closes(sim);
    else if (end == CLIENT_HANGS_UP)
        lab->client.in_end = io_status(IO_EOF);
    else if (end == TARGET_HANGS_UP)
        lab->target.in_end = io_status(IO_EOF);
    else
        bridge_end(&lab->bridge, REASON_shutdown, lab->now);
    sim->closed = sim->closed || end == CLIENT_HANGS_UP;
}

/* Well-behaved peers: each answers the other's end with its own. */
static void end_in_order(struct sim *sim)
{
    struct lab *lab = &sim->lab;
    open_taps(&lab->client);
    open_taps(&lab->target);
    lab_run(lab);
    if (lab->view.closed && !bridge_is_done(&lab->bridge))
        client_closes(sim);
    lab_run(lab);
    lab->target.in_end = io_status(IO_EOF);
    lab_run(lab);
    lab->client.in_end = io_status(IO_EOF);
    lab_run(lab);
}

static void expect_everything(const struct sim *sim, enum end end)
{
    static const enum reason reasons[ENDS] = {REASON_client_closed, REASON_client_eof,
                                              REASON_target_closed, REASON_shutdown};
    const struct lab *lab = &sim->lab;
    assert_true(bridge_is_done(&lab->bridge));
    assert_int_equal(lab->bridge.reason, reasons[end]);
    assert_int_equal(lab->target.out_length, sim->sent_length);
    assert_memory_equal(lab->target.out, sim->sent, sim->sent_length);
    if (end == CLIENT_HANGS_UP || end == TARGET_HANGS_UP)
        assert_int_equal(lab->view.payload, lab->target.in_length);
    assert_true(lab->view.closed);
    assert_true(lab->view.pongs <= sim->pings);
    assert_int_equal(lab->view.at, lab->client.out_length);
    assert_int_equal(lab->bridge.up.bytes, sim->sent_length);
    assert_null(lab->bridge.up.carry);
    assert_null(lab->bridge.down.carry);
}

static void run_session(uint64_t seed)
{
    struct sim sim = {.random = seed};
    struct lab *lab = &sim.lab;
    sim.sent = malloc(CAPACITY);
    assert_non_null(sim.sent);
    lab_init(lab, &scratch, CAPACITY);
    lab->client.sealed = draw(&sim, 2);
    lab->target.sealed = draw(&sim, 2);
    lab->client.never_drained = draw(&sim, 2);
    lab->target.never_drained = draw(&sim, 2);
    lab->client.arrived = lab->target.arrived = 0;
    lab->client.room = lab->target.room = 0;
    bridge_send_upgrade(&lab->bridge, "HTTP", 4, lab->now);
    lab->answer_length = 4;
    lab_attach(lab);

    for (size_t steps = draw(&sim, 60); steps > 0; steps--)
        step(&sim);
    enum end end = (enum end)draw(&sim, ENDS);
    begin_end(&sim, end);
    /* Time does not pass: no deadline may cut bytes that a slow peer will read. */
    for (size_t steps = draw(&sim, 60); steps > 0; steps--) {
        peers_move(&sim, &lab->client);
        peers_move(&sim, &lab->target);
        lab_run(lab);
    }
    end_in_order(&sim);
    expect_everything(&sim, end);
    lab_free(lab);
    free(sim.sent);
}

static void test_all_bytes_arrive(void **unused)
{
    for (uint64_t seed = 1; seed <= SESSIONS; seed++)
        run_session(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_bytes_arrive)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
