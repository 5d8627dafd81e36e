#include "codec/http/answer/http_chunks.h"

#include "base/ascii.h"
#include "codec/http/http_char.h"

#define DIGITS_MAX 8

enum part {
    PART_SIZE,
    PART_EXTENSION,
    PART_SIZE_LF,
    PART_DATA,
    PART_DATA_CR,
    PART_DATA_LF,
    PART_LINE, /* at the first byte of a line of the trailer, or of the empty one */
    PART_NAME,
    PART_VALUE,
    PART_LINE_LF,
    PART_END_LF,
    PART_DONE,
    PART_BAD,
};

static void enter(struct http_chunks *chunks, enum part part)
{
    chunks->part = (uint8_t)part;
}

static void expect(struct http_chunks *chunks, char byte, char wanted, enum part next)
{
    enter(chunks, byte == wanted ? next : PART_BAD);
}

static void begin_chunk(struct http_chunks *chunks)
{
    *chunks = (struct http_chunks){.part = PART_SIZE};
}

static void read_size(struct http_chunks *chunks, char byte)
{
    int digit = ascii_hex(byte);
    if (digit >= 0 && chunks->digits < DIGITS_MAX) {
        chunks->left = chunks->left << 4 | (uint32_t)digit;
        chunks->digits++;
    } else if (chunks->digits > 0 && byte == ';') {
        enter(chunks, PART_EXTENSION);
    } else {
        expect(chunks, byte, '\r', chunks->digits > 0 ? PART_SIZE_LF : PART_BAD);
    }
}

/* What is dropped: extensions, and the fields of the trailer. */
static void count_extra(struct http_chunks *chunks, char byte, enum http_char wanted, unsigned most)
{
    chunks->extra++;
    if (!http_char_is(byte, wanted) || chunks->extra > most)
        enter(chunks, PART_BAD);
}

static void read_extension(struct http_chunks *chunks, char byte)
{
    if (byte == '\r')
        enter(chunks, PART_SIZE_LF);
    else
        count_extra(chunks, byte, HTTP_CHAR_VALUE, HTTP_CHUNKS_EXTENSION);
}

static void read_trailer(struct http_chunks *chunks, char byte)
{
    bool at_start = chunks->part == PART_LINE, in_value = chunks->part == PART_VALUE;
    if (byte == '\r' && at_start) {
        enter(chunks, PART_END_LF);
    } else if (byte == '\r' && in_value) {
        enter(chunks, PART_LINE_LF);
    } else if (byte == ':' && chunks->part == PART_NAME) {
        enter(chunks, PART_VALUE);
    } else {
        enter(chunks, at_start ? PART_NAME : (enum part)chunks->part);
        count_extra(chunks, byte, in_value ? HTTP_CHAR_VALUE : HTTP_CHAR_TOKEN,
                    HTTP_CHUNKS_TRAILER);
    }
}

static void read_byte(struct http_chunks *chunks, char byte)
{
    switch ((enum part)chunks->part) {
    case PART_SIZE:
        read_size(chunks, byte);
        break;
    case PART_EXTENSION:
        read_extension(chunks, byte);
        break;
    case PART_SIZE_LF:
        chunks->extra = 0;
        expect(chunks, byte, '\n', chunks->left > 0 ? PART_DATA : PART_LINE);
        break;
    case PART_DATA_CR:
        expect(chunks, byte, '\r', PART_DATA_LF);
        break;
    case PART_DATA_LF:
        expect(chunks, byte, '\n', PART_SIZE);
        if (chunks->part == PART_SIZE)
            begin_chunk(chunks);
        break;
    case PART_LINE:
    case PART_NAME:
    case PART_VALUE:
        read_trailer(chunks, byte);
        break;
    case PART_LINE_LF:
        expect(chunks, byte, '\n', PART_LINE);
        break;
    case PART_END_LF:
        expect(chunks, byte, '\n', PART_DONE);
        break;
    case PART_DATA:
    case PART_DONE:
    case PART_BAD:
        break;
    }
}

static void take_data(struct http_chunks *chunks, struct slice *bytes, struct slice *data)
{
    *data = (struct slice){bytes->ptr, size_min(chunks->left, bytes->len)};
    *bytes = slice_from(*bytes, data->len);
    chunks->left -= (uint32_t)data->len;
    if (chunks->left == 0)
        enter(chunks, PART_DATA_CR);
}

enum http_chunks_verdict http_chunks_next(struct http_chunks *chunks, struct slice *bytes,
                                          struct slice *data)
{
    while (chunks->part != PART_DONE && chunks->part != PART_BAD) {
        if (bytes->len == 0)
            return HTTP_CHUNKS_MORE;
        if (chunks->part == PART_DATA) {
            take_data(chunks, bytes, data);
            return HTTP_CHUNKS_DATA;
        }
        read_byte(chunks, bytes->ptr[0]);
        *bytes = slice_from(*bytes, 1);
    }
    return chunks->part == PART_DONE ? HTTP_CHUNKS_DONE : HTTP_CHUNKS_BAD;
}
