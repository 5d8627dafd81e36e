#include "codec/rfb/rfb_watch.h"

#include "base/ascii.h"

#define VERSION 12 /* "RFB 003.008\n" */

enum { SECURITY_NONE = 1, SECURITY_VNC = 2 };

/* Numbers of the protocol: messages, and the pseudo-encoding of extended mouse buttons. */
enum {
    SET_PIXEL_FORMAT = 0,
    SET_ENCODINGS = 2,
    UPDATE_REQUEST = 3,
    KEY_EVENT = 4,
    POINTER_EVENT = 5,
    CUT_TEXT = 6,
    CONTINUOUS_UPDATES = 150,
    FENCE = 248,
    XVP = 250,
    SET_DESKTOP_SIZE = 251,
    GII = 253,
    QEMU = 255,
};
#define EXTENDED_MOUSE ((uint32_t)-316)

/*
 * Flags of an extended clipboard message. Its abilities (CAPS) have the others as a list; else an
 * announcement or contents stand for something its user did.
 */
#define CLIPBOARD_CAPS    ((uint32_t)1 << 24)
#define CLIPBOARD_NOTIFY  ((uint32_t)1 << 27)
#define CLIPBOARD_PROVIDE ((uint32_t)1 << 28)

enum step {
    STEP_VERSION,
    STEP_SECURITY, /* 3.3: the server chooses, which the client's next byte follows */
    STEP_CHOICE,   /* 3.7 and 3.8: the client chooses */
    STEP_RESPONSE, /* to the challenge of VNC authentication */
    STEP_INIT,
    STEP_TYPE,
    STEP_MESSAGE,   /* its fixed part */
    STEP_POINTER,   /* the extended one */
    STEP_CLIPBOARD, /* the flags of the extended one */
    STEP_QEMU_KEY,
    STEP_QEMU_AUDIO,
    STEP_QEMU_FORMAT,
    STEP_ENCODING,
};

void rfb_watch_init(struct rfb_watch *watch)
{
    *watch = (struct rfb_watch){.step = STEP_VERSION, .want = VERSION};
}

static uint32_t read_16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t read_32(const uint8_t *at)
{
    return read_16(at) << 16 | read_16(at + 2);
}

/* ---- steps ---- */

/* `want`: of the head, as far as it reaches. Always false: none of these is input. */
static bool step_to(struct rfb_watch *watch, enum step step, uint8_t want)
{
    watch->step = (uint8_t)step;
    watch->want = want;
    return false;
}

/* The message is complete, but for `skip` bytes. */
static void next_message(struct rfb_watch *watch, uint32_t skip, bool skips_input)
{
    watch->have = 0;
    watch->skip = skip;
    watch->skips_input = skips_input;
    (void)step_to(watch, STEP_TYPE, 1);
}

/* Always true: what cannot be followed counts as input. */
static bool give_up(struct rfb_watch *watch, enum rfb_watch_opaque why, uint8_t number)
{
    watch->opaque = (uint8_t)why;
    watch->number = number;
    return true;
}

/* ---- the handshake ---- */

/*
 * 3, 7 or 8; 0: not a version. Others count as the next lower one: 3.4 to 3.6 were never public,
 * and Apple's 3.889 speaks 3.8.
 */
static uint8_t minor_of(const uint8_t *version)
{
    const char *text = (const char *)version;
    uint64_t major, minor;
    if (memcmp(text, "RFB ", 4) != 0 || text[7] != '.' || text[11] != '\n' ||
        !ascii_decimal((struct slice){text + 4, 3}, 999, &major) ||
        !ascii_decimal((struct slice){text + 8, 3}, 999, &minor) || major < 3)
        return 0;
    if (major > 3 || minor >= 8)
        return 8;
    return minor == 7 ? 7 : 3;
}

void rfb_watch_server(struct rfb_watch *watch, struct slice bytes)
{
    size_t taken = size_min(bytes.len, (size_t)RFB_WATCH_SERVER - watch->server_have);
    if (taken == 0)
        return;
    memcpy(watch->server + watch->server_have, bytes.ptr, taken);
    watch->server_have = (uint8_t)(watch->server_have + taken);
}

static bool take_version(struct rfb_watch *watch)
{
    uint8_t client = minor_of(watch->head);
    if (watch->server_have < VERSION)
        return give_up(watch, RFB_WATCH_ORDER, 0);
    watch->minor = minor_of(watch->server);
    if (client < watch->minor)
        watch->minor = client;
    watch->have = 0;
    if (watch->minor == 0)
        return give_up(watch, RFB_WATCH_VERSION, 0);
    return watch->minor == 3 ? step_to(watch, STEP_SECURITY, 0) : step_to(watch, STEP_CHOICE, 1);
}

static bool take_security(struct rfb_watch *watch, uint32_t type)
{
    watch->have = 0;
    if (type == SECURITY_NONE)
        return step_to(watch, STEP_INIT, 1);
    if (type == SECURITY_VNC)
        return step_to(watch, STEP_RESPONSE, 16);
    return give_up(watch, RFB_WATCH_SECURITY, type <= UINT8_MAX ? (uint8_t)type : 0);
}

static bool take_security_3_3(struct rfb_watch *watch)
{
    if (watch->server_have < RFB_WATCH_SERVER)
        return give_up(watch, RFB_WATCH_ORDER, 0);
    return take_security(watch, read_32(watch->server + VERSION));
}

static bool take_init(struct rfb_watch *watch)
{
    next_message(watch, 0, false);
    return false;
}

/* ---- messages ---- */

/* Length of the fixed part, with the type; 0: unknown. */
static uint8_t length_of(uint8_t type)
{
    switch (type) {
    case SET_PIXEL_FORMAT:
        return 20;
    case SET_ENCODINGS:
    case XVP:
    case GII:
        return 4;
    case UPDATE_REQUEST:
    case CONTINUOUS_UPDATES:
        return 10;
    case KEY_EVENT:
    case CUT_TEXT:
    case SET_DESKTOP_SIZE:
        return 8;
    case POINTER_EVENT:
        return 6;
    case FENCE:
        return 9;
    case QEMU:
        return 2;
    default:
        return 0;
    }
}

static bool take_type(struct rfb_watch *watch)
{
    uint8_t length = length_of(watch->head[0]);
    if (length == 0)
        return give_up(watch, RFB_WATCH_MESSAGE, watch->head[0]);
    return step_to(watch, STEP_MESSAGE, length);
}

static bool take_encodings(struct rfb_watch *watch)
{
    watch->encodings = read_16(watch->head + 2);
    watch->extended_mouse = false;
    next_message(watch, 0, false);
    return watch->encodings > 0 && step_to(watch, STEP_ENCODING, 4);
}

static bool take_encoding(struct rfb_watch *watch)
{
    watch->extended_mouse |= read_32(watch->head) == EXTENDED_MOUSE;
    watch->have = 0;
    if (--watch->encodings == 0)
        next_message(watch, 0, false);
    return false;
}

/*
 * The highest bit of the buttons announces a byte more; a client that does not know of that has an
 * eighth button there.
 */
static bool take_pointer(struct rfb_watch *watch)
{
    if (watch->extended_mouse && watch->head[1] & 0x80)
        return step_to(watch, STEP_POINTER, 7);
    next_message(watch, 0, false);
    return true;
}

/* A negative length is that of an extended message. */
static bool take_cut_text(struct rfb_watch *watch)
{
    uint32_t length = read_32(watch->head + 4);
    bool extended = length > INT32_MAX;
    if (extended)
        length = UINT32_MAX - length + 1;
    if (extended && length >= 4)
        return step_to(watch, STEP_CLIPBOARD, 12);
    next_message(watch, length, !extended);
    return !extended;
}

static bool take_clipboard(struct rfb_watch *watch)
{
    uint32_t length = UINT32_MAX - read_32(watch->head + 4) + 1;
    uint32_t flags = read_32(watch->head + 8);
    bool input = !(flags & CLIPBOARD_CAPS) && flags & (CLIPBOARD_NOTIFY | CLIPBOARD_PROVIDE);
    next_message(watch, length - 4, input);
    return input;
}

/* Subtype 0 injects events of an input device; the top bit is the byte order of the length. */
static bool take_gii(struct rfb_watch *watch)
{
    const uint8_t *head = watch->head;
    bool input = (head[1] & 0x7f) == 0;
    next_message(watch,
                 head[1] & 0x80 ? read_16(head + 2) : (uint32_t)head[3] << 8 | (uint32_t)head[2],
                 input);
    return input;
}

static bool take_qemu(struct rfb_watch *watch)
{
    enum { KEY, AUDIO };
    if (watch->head[1] == KEY)
        return step_to(watch, STEP_QEMU_KEY, 12);
    if (watch->head[1] == AUDIO)
        return step_to(watch, STEP_QEMU_AUDIO, 4);
    return give_up(watch, RFB_WATCH_MESSAGE, QEMU);
}

static bool take_qemu_audio(struct rfb_watch *watch)
{
    enum { ENABLE, DISABLE, SET_FORMAT };
    uint32_t operation = read_16(watch->head + 2);
    if (operation == SET_FORMAT)
        return step_to(watch, STEP_QEMU_FORMAT, 10);
    if (operation > SET_FORMAT)
        return give_up(watch, RFB_WATCH_MESSAGE, QEMU);
    next_message(watch, 0, false);
    return false;
}

static bool take_message(struct rfb_watch *watch)
{
    switch (watch->head[0]) {
    case SET_ENCODINGS:
        return take_encodings(watch);
    case POINTER_EVENT:
        return take_pointer(watch);
    case CUT_TEXT:
        return take_cut_text(watch);
    case FENCE:
        next_message(watch, watch->head[8], false);
        return false;
    case SET_DESKTOP_SIZE:
        next_message(watch, (uint32_t)watch->head[6] * 16, false);
        return false;
    case GII:
        return take_gii(watch);
    case QEMU:
        return take_qemu(watch);
    default:
        next_message(watch, 0, false);
        return watch->head[0] == KEY_EVENT;
    }
}

/* ---- bytes ---- */

/* `head` is as long as the step wants it. */
static bool take_head(struct rfb_watch *watch)
{
    switch ((enum step)watch->step) {
    case STEP_VERSION:
        return take_version(watch);
    case STEP_SECURITY:
        return take_security_3_3(watch);
    case STEP_CHOICE:
        return take_security(watch, watch->head[0]);
    case STEP_RESPONSE:
        watch->have = 0;
        return step_to(watch, STEP_INIT, 1);
    case STEP_INIT:
        return take_init(watch);
    case STEP_TYPE:
        return take_type(watch);
    case STEP_MESSAGE:
        return take_message(watch);
    case STEP_CLIPBOARD:
        return take_clipboard(watch);
    case STEP_QEMU_AUDIO:
        return take_qemu_audio(watch);
    case STEP_ENCODING:
        return take_encoding(watch);
    case STEP_QEMU_FORMAT:
        next_message(watch, 0, false);
        return false;
    case STEP_POINTER:
    case STEP_QEMU_KEY:
        break;
    }
    next_message(watch, 0, false);
    return true;
}

/* Takes bytes into the head, or skips them; returns how many. */
static size_t take_bytes(struct rfb_watch *watch, struct slice bytes)
{
    if (watch->skip > 0) {
        size_t skipped = size_min(watch->skip, bytes.len);
        watch->skip -= (uint32_t)skipped;
        return skipped;
    }
    size_t taken = size_min(bytes.len, (size_t)watch->want - watch->have);
    memcpy(watch->head + watch->have, bytes.ptr, taken);
    watch->have = (uint8_t)(watch->have + taken);
    return taken;
}

bool rfb_watch_client(struct rfb_watch *watch, struct slice bytes)
{
    bool input = false;
    while (bytes.len > 0) {
        if (watch->opaque)
            return true;
        bool skips = watch->skip > 0;
        bytes = slice_from(bytes, take_bytes(watch, bytes));
        if (skips)
            input |= watch->skips_input;
        else if (watch->have == watch->want)
            input |= take_head(watch);
    }
    return input;
}

/* ---- for people ---- */

static const char *security_name(uint8_t type)
{
    switch (type) {
    case 5:
        return " (RSA-AES)";
    case 6:
        return " (RSA-AES unencrypted)";
    case 16:
        return " (Tight)";
    case 18:
        return " (TLS)";
    case 19:
        return " (VeNCrypt)";
    case 30:
        return " (Apple)";
    case 129:
        return " (RSA-AES 256)";
    default:
        return "";
    }
}

void rfb_watch_explain(const struct rfb_watch *watch, char *text, size_t size)
{
    switch ((enum rfb_watch_opaque)watch->opaque) {
    case RFB_WATCH_SECURITY:
        snprintf(text, size, "security type %u%s", watch->number, security_name(watch->number));
        return;
    case RFB_WATCH_MESSAGE:
        snprintf(text, size, "message type %u", watch->number);
        return;
    case RFB_WATCH_VERSION:
        snprintf(text, size, "an unknown version");
        return;
    case RFB_WATCH_ORDER:
        snprintf(text, size, "a client that does not wait for its server");
        return;
    case RFB_WATCH_FOLLOWED:
        snprintf(text, size, "%s", "");
        return;
    }
}
