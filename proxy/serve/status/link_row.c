#include "serve/status/link_row.h"

#include "base/ascii.h"
#include "core/session/life.h"

#define FIELD(field)                                                                               \
    {                                                                                              \
#field, offsetof(struct session_row, field)                                                \
    }

static const struct {
    const char *key;
    size_t offset;
} numbers[] = {FIELD(age_ms),  FIELD(idle_ms),   FIELD(input_ms),
               FIELD(ping_ms), FIELD(bytes_up),  FIELD(bytes_down),
               FIELD(rate_up), FIELD(rate_down), FIELD(stalled_ms)},
  texts[LINK_ROW_TEXTS] = {FIELD(client), FIELD(listener), FIELD(route), FIELD(proxy),
                           FIELD(user),   FIELD(target),   FIELD(tls)};

static uint64_t number_of(const struct session_row *row, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)row + offset, sizeof(value));
    return value;
}

static const char *text_of(const struct session_row *row, size_t offset)
{
    const char *value;
    memcpy(&value, (const char *)row + offset, sizeof(value));
    return value;
}

void link_row_print(const struct session_row *row, struct text *text)
{
    char id[SESSION_ID_TEXT];
    link_message_put(text, "id", session_id_print(row->id, id));
    link_message_put(text, "state", session_row_state(row));
    link_message_put_number(text, "stalled", row->stalled);
    for (size_t i = 0; i < WSL_COUNT(numbers); i++)
        link_message_put_number(text, numbers[i].key, number_of(row, numbers[i].offset));
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        link_message_put(text, texts[i].key, text_of(row, texts[i].offset));
    text_add_byte(text, '\n');
}

/* A state of another version has no name here. */
static uint8_t parse_state(const char *name)
{
    for (int state = 0; state < LIFE_STATES; state++)
        if (strcmp(life_name((enum life_state)state), name) == 0)
            return (uint8_t)state;
    return LIFE_STATES;
}

static void take_number(struct session_row *row, struct slice key, uint64_t number)
{
    for (size_t i = 0; i < WSL_COUNT(numbers); i++)
        if (slice_equal(key, slice_of(numbers[i].key)))
            memcpy((char *)row + numbers[i].offset, &number, sizeof(number));
    if (slice_equal(key, SLICE("stalled")))
        row->stalled = (uint8_t)(number & 3);
}

static void take_text(struct session_row *row, struct slice key, const char *value,
                      struct link_row_storage *storage)
{
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        if (!slice_equal(key, slice_of(texts[i].key)))
            continue;
        const char *kept = storage->texts[i];
        snprintf(storage->texts[i], LINK_ROW_TEXT, "%s", value);
        memcpy((char *)row + texts[i].offset, &kept, sizeof(kept));
    }
}

bool link_row_parse(struct slice line, uint64_t process, struct session_row *row,
                    struct link_row_storage *storage)
{
    struct slice key;
    char value[LINK_ROW_TEXT];
    *row = (struct session_row){.process = process,
                                .input_ms = SESSION_ROW_NEVER,
                                .ping_ms = SESSION_ROW_NEVER,
                                .state = LIFE_STATES,
                                .client = "",
                                .listener = "",
                                .route = ""};
    while (link_message_next(&line, &key, value, sizeof(value))) {
        uint64_t number;
        if (slice_equal(key, SLICE("id")) && !session_id_parse(slice_of(value), &row->id))
            return false;
        if (slice_equal(key, SLICE("state")))
            row->state = parse_state(value);
        if (ascii_decimal(slice_of(value), UINT64_MAX, &number))
            take_number(row, key, number);
        take_text(row, key, value, storage);
    }
    return row->id != 0;
}
