#include "serve/status/worker_request.h"

#include "net/loop/pieces.h"

static void run_cb(void *owner, void *argument)
{
    struct worker_request *request = argument;
    (void)owner;
    PIECES_RUN("request", request->run, request->run(request));
}

void worker_request_begin(struct worker_request *request, struct session_env *asker)
{
    *request = (struct worker_request){.asker = asker, .worker = asker};
    session_env_hold(asker);
}

static void send_to(struct worker_request *request, struct session_env *worker,
                    worker_request_fn *run)
{
    request->worker = worker;
    request->run = run;
    mailbox_post(worker->lane.mailbox, &request->post, run_cb, request);
}

void worker_request_send(struct worker_request *request, unsigned worker, worker_request_fn *run)
{
    send_to(request, request->asker->workers[worker], run);
}

void worker_request_reply(struct worker_request *request, worker_request_fn *run)
{
    send_to(request, request->asker, run);
}

void worker_request_end(struct worker_request *request)
{
    session_env_release(request->asker);
}
