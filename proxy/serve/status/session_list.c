#include "serve/status/session_list.h"

bool session_list_init(struct session_list *list, const struct status_query *query)
{
    *list = (struct session_list){.query = *query};
    list->rows = calloc(query->limit, sizeof(struct session_row *));
    return list->rows != NULL;
}

void session_list_free(struct session_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->rows[i]);
    free(list->rows);
    list->rows = NULL;
    list->count = 0;
}

struct session_list session_list_take(struct session_list *list)
{
    struct session_list taken = *list;
    list->rows = NULL;
    list->count = 0;
    return taken;
}

/* ---- the kept rows: a heap with the last one in the order at its root ---- */

static void swap(struct session_list *list, size_t a, size_t b)
{
    struct session_row *row = list->rows[a];
    list->rows[a] = list->rows[b];
    list->rows[b] = row;
}

static bool is_later(const struct session_list *list, size_t a, size_t b)
{
    return session_row_compare(&list->query, list->rows[a], list->rows[b]) > 0;
}

static void sift_up(struct session_list *list, size_t at)
{
    for (; at > 0 && is_later(list, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(list, at, (at - 1) / 2);
}

static void sift_down(struct session_list *list)
{
    for (size_t at = 0, child = 1; child < list->count; at = child, child = 2 * at + 1) {
        if (child + 1 < list->count && is_later(list, child + 1, child))
            child++;
        if (!is_later(list, child, at))
            return;
        swap(list, at, child);
    }
}

static bool is_too_late(const struct session_list *list, const struct session_row *row)
{
    return list->count == list->query.limit &&
           session_row_compare(&list->query, row, list->rows[0]) > 0;
}

void session_list_add_row(struct session_list *list, const struct session_row *row)
{
    if (is_too_late(list, row))
        return;
    struct session_row *copy = session_row_copy(row);
    if (!copy) {
        list->failed = true;
    } else if (list->count < list->query.limit) {
        list->rows[list->count++] = copy;
        sift_up(list, list->count - 1);
    } else {
        free(list->rows[0]);
        list->rows[0] = copy;
        sift_down(list);
    }
}

/* ---- adding sessions ---- */

static bool sorts_by_text(enum status_sort sort)
{
    return sort == STATUS_SORT_client || sort == STATUS_SORT_user || sort == STATUS_SORT_route ||
           sort == STATUS_SORT_target;
}

/* Texts are expensive: they are made only if numbers do not already decide that a row is late. */
void session_list_add(struct session_list *list, struct session *session, uint64_t now)
{
    struct session_row row;
    struct session_row_texts texts;
    const struct status_query *query = &list->query;
    if (!session_row_is_listed(session))
        return;
    session_row_read_numbers(session, &row, now);
    list->sums.sessions++;
    list->sums.rate_up += row.rate_up;
    list->sums.rate_down += row.rate_down;
    list->sums.stalled_up += (row.stalled & SESSION_ROW_TARGET_STALLS) != 0;
    list->sums.stalled_down += (row.stalled & SESSION_ROW_CLIENT_STALLS) != 0;
    if (query->filter[0] == '\0' && !sorts_by_text(query->sort) && is_too_late(list, &row)) {
        list->sums.matched++;
        return;
    }
    session_row_read_texts(session, &row, &texts);
    if (!session_row_matches(&row, query->filter))
        return;
    list->sums.matched++;
    session_list_add_row(list, &row);
}

static int compare_rows(const void *a, const void *b, void *query)
{
    return session_row_compare(query, *(struct session_row *const *)a,
                               *(struct session_row *const *)b);
}

void session_list_sort(struct session_list *list)
{
    qsort_r(list->rows, list->count, sizeof(struct session_row *), compare_rows, &list->query);
}
