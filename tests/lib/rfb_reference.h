/*
 * Conversations of RFB, as recorded or as a fuzzer invents them, and a slow reference of what
 * codec/rfb/rfb_watch.h says about them: it sees all bytes at once.
 *
 * A conversation is a list of pieces: one byte (0: of the server, 1: of the client), the length in
 * two bytes, the bytes.
 */
#ifndef WSLUICE_TESTS_LIB_RFB_REFERENCE_H
#define WSLUICE_TESTS_LIB_RFB_REFERENCE_H

#include "codec/rfb/rfb_watch.h"

enum { RFB_TALK_MAX = 8192 };

struct rfb_talk {
    uint8_t client[RFB_TALK_MAX], server[RFB_TALK_MAX];
    size_t client_length, server_length;
    size_t seen[RFB_TALK_MAX]; /* by byte of the client: bytes of the server before it */
};

/* For each byte of the client: whether it completes an input. */
struct rfb_verdict {
    bool input[RFB_TALK_MAX];
    size_t opaque_at; /* the first byte that is not followed; SIZE_MAX: none */
};

static inline void rfb_talk_read(struct rfb_talk *talk, const uint8_t *bytes, size_t size)
{
    talk->client_length = talk->server_length = 0;
    for (size_t at = 0; at + 3 <= size;) {
        size_t length = size_min((uint64_t)bytes[at + 1] << 8 | bytes[at + 2], size - at - 3);
        const uint8_t *piece = bytes + at + 3;
        at += 3 + length;
        for (size_t i = 0; i < length; i++) {
            if (bytes[at - length - 3] % 2 == 0 && talk->server_length < RFB_TALK_MAX) {
                talk->server[talk->server_length++] = piece[i];
            } else if (bytes[at - length - 3] % 2 == 1 && talk->client_length < RFB_TALK_MAX) {
                talk->seen[talk->client_length] = talk->server_length;
                talk->client[talk->client_length++] = piece[i];
            }
        }
    }
}

/* ---- the reference ---- */

struct rfb_reader {
    const struct rfb_talk *talk;
    struct rfb_verdict *verdict;
    size_t at;
    bool extended_mouse;
};

/* False: the conversation ends before that. */
static inline bool rfb_has(const struct rfb_reader *reader, size_t length)
{
    return reader->talk->client_length - reader->at >= length;
}

static inline unsigned rfb_u8(const struct rfb_reader *reader, size_t offset)
{
    return reader->talk->client[reader->at + offset];
}

static inline uint64_t rfb_number(const struct rfb_reader *reader, size_t offset, size_t length)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++)
        number = number * 256 + rfb_u8(reader, offset + i);
    return number;
}

static inline bool rfb_opaque(struct rfb_reader *reader, size_t from)
{
    reader->verdict->opaque_at = from;
    for (size_t i = from; i < reader->talk->client_length; i++)
        reader->verdict->input[i] = true;
    return false;
}

/* A message of `fixed` bytes and `rest` more, each of which may be input. False: the end. */
static inline bool rfb_pass(struct rfb_reader *reader, size_t fixed, uint64_t rest, bool input,
                            bool rest_input)
{
    if (!rfb_has(reader, fixed))
        return false;
    reader->verdict->input[reader->at + fixed - 1] = input;
    reader->at += fixed;
    size_t passed = size_min(rest, reader->talk->client_length - reader->at);
    for (size_t i = 0; i < passed; i++)
        reader->verdict->input[reader->at + i] = rest_input;
    reader->at += passed;
    return passed == rest;
}

static inline unsigned rfb_version(const uint8_t *text)
{
    unsigned number[2] = {0, 0};
    if (memcmp(text, "RFB ", 4) != 0 || text[7] != '.' || text[11] != '\n')
        return 0;
    for (size_t i = 0; i < 6; i++) {
        unsigned digit = text[i < 3 ? 4 + i : 5 + i] - (unsigned)'0';
        if (digit > 9)
            return 0;
        number[i / 3] = number[i / 3] * 10 + digit;
    }
    if (number[0] < 3)
        return 0;
    return number[0] > 3 || number[1] > 7 ? 8 : number[1] == 7 ? 7 : 3;
}

/* The handshake, as far as ClientInit. False: it is not complete, or not followed. */
static inline bool rfb_greet(struct rfb_reader *reader)
{
    const struct rfb_talk *talk = reader->talk;
    if (!rfb_pass(reader, 12, 0, false, false))
        return false;
    if (talk->seen[11] < 12)
        return rfb_opaque(reader, 11);
    unsigned client = rfb_version(talk->client), server = rfb_version(talk->server);
    unsigned version = client < server ? client : server;
    uint64_t type;
    if (version == 0)
        return rfb_opaque(reader, 11);
    if (!rfb_has(reader, 1))
        return false;
    if (version == 3) {
        if (talk->seen[reader->at] < 16)
            return rfb_opaque(reader, reader->at);
        type = (uint64_t)talk->server[12] << 24 | (uint64_t)talk->server[13] << 16 |
               (uint64_t)talk->server[14] << 8 | talk->server[15];
    } else {
        type = rfb_u8(reader, 0);
    }
    if (type != 1 && type != 2)
        return rfb_opaque(reader, reader->at);
    size_t choice = version == 3 ? 0 : 1, response = type == 2 ? 16 : 0;
    return rfb_pass(reader, choice + response + 1, 0, false, false);
}

static inline bool rfb_encodings(struct rfb_reader *reader)
{
    if (!rfb_has(reader, 4))
        return false;
    size_t count = rfb_number(reader, 2, 2);
    reader->extended_mouse = false;
    for (size_t i = 0; i < count && rfb_has(reader, 8 + 4 * i); i++)
        reader->extended_mouse |= rfb_number(reader, 4 + 4 * i, 4) == 0xfffffec4;
    return rfb_pass(reader, 4, 4 * count, false, false);
}

static inline bool rfb_clipboard(struct rfb_reader *reader)
{
    if (!rfb_has(reader, 8))
        return false;
    uint64_t length = rfb_number(reader, 4, 4);
    if (length < 0x80000000)
        return rfb_pass(reader, 8, length, true, true);
    length = 0x100000000 - length;
    if (length < 4)
        return rfb_pass(reader, 8, length, false, false);
    if (!rfb_has(reader, 12))
        return false;
    unsigned actions = rfb_u8(reader, 8);
    bool input = actions % 2 == 0 && (actions & 8 || actions & 16);
    return rfb_pass(reader, 12, length - 4, input, input);
}

static inline bool rfb_qemu(struct rfb_reader *reader)
{
    if (!rfb_has(reader, 2))
        return false;
    if (rfb_u8(reader, 1) == 0)
        return rfb_pass(reader, 12, 0, true, false);
    if (rfb_u8(reader, 1) != 1)
        return rfb_opaque(reader, reader->at + 1);
    if (!rfb_has(reader, 4))
        return false;
    uint64_t operation = rfb_number(reader, 2, 2);
    if (operation > 2)
        return rfb_opaque(reader, reader->at + 3);
    return rfb_pass(reader, operation == 2 ? 10 : 4, 0, false, false);
}

/* False: the last one. */
static inline bool rfb_message(struct rfb_reader *reader)
{
    if (!rfb_has(reader, 1))
        return false;
    switch (rfb_u8(reader, 0)) {
    case 0:
        return rfb_pass(reader, 20, 0, false, false);
    case 2:
        return rfb_encodings(reader);
    case 3:
    case 150:
        return rfb_pass(reader, 10, 0, false, false);
    case 4:
        return rfb_pass(reader, 8, 0, true, false);
    case 5:
        return rfb_has(reader, 6) &&
               rfb_pass(reader, reader->extended_mouse && rfb_u8(reader, 1) >= 128 ? 7 : 6, 0, true,
                        false);
    case 6:
        return rfb_clipboard(reader);
    case 248:
        return rfb_has(reader, 9) && rfb_pass(reader, 9, rfb_u8(reader, 8), false, false);
    case 250:
        return rfb_pass(reader, 4, 0, false, false);
    case 251:
        return rfb_has(reader, 8) && rfb_pass(reader, 8, 16 * rfb_u8(reader, 6), false, false);
    case 253: {
        if (!rfb_has(reader, 4))
            return false;
        unsigned order = rfb_u8(reader, 1), a = rfb_u8(reader, 2), b = rfb_u8(reader, 3);
        bool input = order == 0 || order == 128;
        return rfb_pass(reader, 4, order >= 128 ? a * 256 + b : b * 256 + a, input, input);
    }
    case 255:
        return rfb_qemu(reader);
    default:
        return rfb_opaque(reader, reader->at);
    }
}

static inline void rfb_reference(const struct rfb_talk *talk, struct rfb_verdict *verdict)
{
    struct rfb_reader reader = {.talk = talk, .verdict = verdict};
    memset(verdict->input, 0, sizeof(verdict->input));
    verdict->opaque_at = SIZE_MAX;
    if (rfb_greet(&reader))
        while (rfb_message(&reader))
            ;
}

/* ---- the watcher ---- */

/*
 * The first piece of the client, from `at` on, that the watcher judges otherwise; SIZE_MAX: none.
 * `next_cut`: the end of the piece that begins there.
 */
static inline size_t rfb_differs(const struct rfb_talk *talk, const struct rfb_verdict *verdict,
                                 size_t (*next_cut)(void *owner, size_t at), void *owner)
{
    struct rfb_watch watch;
    rfb_watch_init(&watch);
    size_t heard = 0;
    for (size_t at = 0, end; at < talk->client_length; at = end) {
        end = size_min(next_cut(owner, at), talk->client_length);
        /* A piece of the client that the server answered in the middle is two pieces. */
        for (size_t i = at + 1; i < end; i++)
            if (talk->seen[i] != talk->seen[at])
                end = i;
        const char *server = (const char *)talk->server;
        rfb_watch_server(&watch, (struct slice){server + heard, talk->seen[at] - heard});
        heard = talk->seen[at];
        bool wanted = false;
        for (size_t i = at; i < end; i++)
            wanted |= verdict->input[i];
        struct slice piece = {(const char *)talk->client + at, end - at};
        if (rfb_watch_client(&watch, piece) != wanted)
            return at;
        if ((watch.opaque != RFB_WATCH_FOLLOWED) != (verdict->opaque_at < end))
            return at;
    }
    return SIZE_MAX;
}

#endif
