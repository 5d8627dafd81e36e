/*
 * The thread pool of one loop, for tests that look names up or queue work. The mailbox does not
 * keep the loop alive.
 *
 * Owns: pool, table and mailbox. Thread: one. Errors: cmocka's. Lifetime: work_lab_open to
 * work_lab_free, with work_lab_close before the loop is closed.
 */
#ifndef WSLUICE_TESTS_WORK_LAB_H
#define WSLUICE_TESTS_WORK_LAB_H

#include "net/connect/lookup.h"

struct work_lab {
    struct work_pool pool;
    struct mailbox mailbox;
    struct work_lane lane;
    struct lookup_table *lookups;
};

static inline void work_lab_open(struct work_lab *lab, uv_loop_t *loop)
{
    wsl_assert(work_pool_open(&lab->pool) && mailbox_open(&lab->mailbox, loop, lab));
    uv_unref((uv_handle_t *)&lab->mailbox.wake);
    lab->lane = (struct work_lane){&lab->pool, loop, &lab->mailbox};
    lab->lookups = lookup_table_create();
    wsl_assert(lab->lookups);
}

static inline void work_lab_close(struct work_lab *lab)
{
    mailbox_close(&lab->mailbox);
}

static inline void work_lab_free(struct work_lab *lab)
{
    mailbox_free(&lab->mailbox);
    lookup_table_free(lab->lookups);
    work_pool_close(&lab->pool);
}

#endif
