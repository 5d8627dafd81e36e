#include "run/change/change_waiters.h"

void change_waiters_init(struct change_waiters *waiters)
{
    for (enum change change = CHANGE_NONE; change < CHANGES; change++)
        list_init(&waiters->pending[change]);
    list_init(&waiters->current);
}

void change_waiters_add(struct change_waiters *waiters, enum change change,
                        struct control_request *request)
{
    list_append(&waiters->pending[change], control_request_link(request));
}

void change_waiters_join(struct change_waiters *waiters, struct control_request *request)
{
    list_append(&waiters->current, control_request_link(request));
}

void change_waiters_begin(struct change_waiters *waiters, enum change change)
{
    struct list *pending = &waiters->pending[change];
    while (!list_empty(pending)) {
        struct list *link = pending->next;
        list_remove(link);
        list_append(&waiters->current, link);
    }
}

static void answer(struct list *requests, enum control_outcome outcome, const char *text)
{
    const struct control_verdict verdict = {outcome, text};
    while (!list_empty(requests)) {
        struct list *link = requests->next;
        list_remove(link);
        control_request_answer(control_request_of(link), &verdict);
    }
}

void change_waiters_answer(struct change_waiters *waiters, enum control_outcome outcome,
                           const char *text)
{
    answer(&waiters->current, outcome, text);
}

void change_waiters_answer_all(struct change_waiters *waiters, enum control_outcome outcome,
                               const char *text)
{
    answer(&waiters->current, outcome, text);
    for (enum change change = CHANGE_NONE; change < CHANGES; change++)
        answer(&waiters->pending[change], outcome, text);
}
