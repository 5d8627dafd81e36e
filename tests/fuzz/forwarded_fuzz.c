/*
 * X-Forwarded-For and Forwarded of a client behind a trusted proxy that appends the true address to
 * one of them: the client has its true address or is refused. Hops are bounded, and two fields read
 * as one list.
 *
 * Input: the values of both fields, separated by a line feed.
 */
#include "codec/http/forwarded.h"
#include "codec/http/http_char.h"
#include "config/model/config.h"
#include "core/access/client_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 2048

static const uint8_t truth[IP_BYTES] = {[10] = 0xFF, [11] = 0xFF, [12] = 192, 0, 2, 1};
static const struct config_cidr ours[] = {{{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104}};
static const struct config_cidrs trusted = {ours, 1};
static const struct client_address proxy = {{{[10] = 0xFF, [11] = 0xFF, [12] = 10, 0, 0, 1}, 0},
                                            true};

static struct http_head head_of(struct slice name, struct slice first, struct slice second)
{
    struct http_head head = {.field_count = 2};
    head.fields[0] = (struct http_field){name, http_char_trim(first)};
    head.fields[1] = (struct http_field){name, http_char_trim(second)};
    return head;
}

static bool same_hop(enum forwarded_hop kind, const struct ip_port *a, const struct ip_port *b)
{
    return kind != FORWARDED_ADDRESS ||
           (memcmp(a->address, b->address, IP_BYTES) == 0 && a->port == b->port);
}

/* The hops of `one` are the next ones of `all`. */
static void take_hops(struct forwarded_walk *all, struct slice name, struct slice one,
                      enum forwarded_kind kind)
{
    struct http_head head = head_of(name, one, (struct slice){"", 0});
    struct forwarded_walk walk = forwarded_begin(&head, kind);
    struct ip_port hop, same;
    enum forwarded_hop verdict;
    size_t count = 0;
    while ((verdict = forwarded_next(&walk, &hop)) != FORWARDED_END) {
        wsl_assert(forwarded_next(all, &same) == verdict && same_hop(verdict, &hop, &same));
        wsl_assert(++count <= one.len);
    }
}

static void check_two_fields(struct slice name, struct slice first, struct slice second,
                             enum forwarded_kind kind)
{
    struct http_head head = head_of(name, first, second);
    struct forwarded_walk all = forwarded_begin(&head, kind);
    struct ip_port hop;
    take_hops(&all, name, second, kind);
    take_hops(&all, name, first, kind);
    wsl_assert(forwarded_next(&all, &hop) == FORWARDED_END);
}

static struct slice append(char *out, struct slice made_up, const char *entry)
{
    size_t length = strlen(entry);
    if (made_up.len > 0)
        memcpy(out, made_up.ptr, made_up.len);
    memcpy(out + made_up.len, entry, length);
    return (struct slice){out, made_up.len + length};
}

static void assert_true_or_refused(struct http_head head)
{
    struct client_address client;
    if (client_address_find(&head, &trusted, &proxy, &client) != REASON_none)
        return;
    wsl_assert(client.known && memcmp(client.ip.address, truth, IP_BYTES) == 0);
}

/* The proxy appends to one field, in the same line, and forwards the other unchanged. */
static void check_forged_hops(struct slice x_for, struct slice standard)
{
    char text[INPUT_MAX + 64];
    struct http_head head = {.field_count = 2};
    head.fields[0] = (struct http_field){SLICE("Forwarded"), standard};
    head.fields[1] =
        (struct http_field){SLICE("X-Forwarded-For"), append(text, x_for, ", 192.0.2.1, 10.0.0.2")};
    assert_true_or_refused(head);

    head.fields[1].value = x_for;
    head.fields[0].value = append(text, standard, ", for=\"192.0.2.1:80\";by=\"_a, b\"");
    assert_true_or_refused(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX)
        return 0;
    struct slice x_for = {(const char *)data, size};
    const char *feed = size > 0 ? memchr(data, '\n', size) : NULL;
    struct slice standard = {"", 0};
    if (feed) {
        x_for.len = (size_t)(feed - x_for.ptr);
        standard = (struct slice){feed + 1, size - x_for.len - 1};
    }
    check_two_fields(SLICE("x-forwarded-for"), x_for, standard, FORWARDED_X_FOR);
    check_two_fields(SLICE("forwarded"), x_for, standard, FORWARDED_STANDARD);
    check_forged_hops(x_for, standard);
    return 0;
}
