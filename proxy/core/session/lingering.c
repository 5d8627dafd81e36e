#include "core/session/lingering.h"

#include "core/bridge/pace.h"

static void note_taken(struct lingering *lingering, uint64_t now)
{
    if (lingering->longest_step < now - lingering->progress_at)
        lingering->longest_step = now - lingering->progress_at;
    lingering->progress_at = now;
}

static void give_up(struct lingering *lingering)
{
    lingering->client_done = true;
    pipe_break(&lingering->out);
}

/* FIN follows the last byte. When the client has finished, closing says the same at once. */
static void finish(struct lingering *lingering, uint64_t now)
{
    if (lingering->out.state != PIPE_ENDING || lingering->out.blocked)
        return;
    if (lingering->client_done) {
        lingering->out.state = PIPE_SHUT;
        return;
    }
    (void)pipe_shutdown(&lingering->out).status; /* a failure is in the pipe's state */
    if (lingering->out.state == PIPE_SHUT)
        lingering->progress_at = now;
}

void lingering_begin(struct lingering *lingering, struct transport *client, enum reason reason,
                     const void *bytes, size_t length, uint64_t now)
{
    *lingering = (struct lingering){
        .client = client,
        .out = {.state = PIPE_ENDING, .sink = client},
        .reason = reason,
        .progress_at = now,
    };
    if (length > 0)
        (void)pipe_send(&lingering->out, bytes, length).status; /* likewise */
    finish(lingering, now);
}

static void drop_input(struct lingering *lingering, uint8_t scratch[static TRANSPORT_READ_MIN])
{
    if (lingering->client_done)
        return;
    struct io io = transport_read(lingering->client, scratch, TRANSPORT_READ_MIN);
    if (io.status == IO_EOF)
        lingering->client_done = true;
    else if (io.status == IO_FAIL)
        give_up(lingering);
}

void lingering_turn(struct lingering *lingering, uint8_t scratch[static TRANSPORT_READ_MIN],
                    unsigned ready, uint64_t now)
{
    if (lingering->out.blocked && (ready & LINGERING_WRITE) &&
        pipe_resume(&lingering->out).status != IO_FAIL) {
        lingering->out.still_since = 0;
        note_taken(lingering, now);
    }
    if (ready & LINGERING_READ)
        drop_input(lingering, scratch);
    if (ready & LINGERING_BROKEN)
        give_up(lingering);
    finish(lingering, now);
}

unsigned lingering_want(const struct lingering *lingering)
{
    return (lingering->client_done ? 0u : LINGERING_READ) |
           (lingering->out.blocked ? LINGERING_WRITE : 0u);
}

uint64_t lingering_tick(struct lingering *lingering, uint64_t unsent,
                        const struct lingering_times *times, uint64_t now)
{
    if (lingering_is_done(lingering))
        return 0;
    if (pace_has_moved(&lingering->out, unsent, now))
        note_taken(lingering, now);
    bool holds = lingering->out.left > 0;
    uint64_t wait = pace_close_wait(holds ? lingering->longest_step : 0, times->close_timeout,
                                    times->stall_timeout);
    uint64_t deadline = lingering->progress_at + wait;
    uint64_t next = pace_next_check(times->close_timeout, now);
    if (now < deadline)
        return holds && next < deadline ? next : deadline;
    give_up(lingering);
    return 0;
}

/* Without a way to the client nothing is left to wait for. */
bool lingering_is_done(const struct lingering *lingering)
{
    return lingering->out.state == PIPE_BROKEN ||
           (lingering->client_done && lingering->out.state == PIPE_SHUT);
}

void lingering_free(struct lingering *lingering)
{
    pipe_free(&lingering->out);
}
