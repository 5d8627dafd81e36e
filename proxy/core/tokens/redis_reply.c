#include "core/tokens/redis_reply.h"

#if WSLUICE_HIREDIS
#include <hiredis/hiredis.h>

/* Of a reply that is not complete: a value, its length in front and the line's end behind it. */
#define WAITING_MAX (REDIS_VALUE_MAX + 16)

/* What hiredis reports of one reply; its objects are of no use, so all are this one. */
struct redis_parser {
    redisReader *reader;
    const char *fault; /* of the stream; NULL: none */
    enum redis_reply_kind kind;
    size_t length;
    redisReplyObjectFunctions functions;
    char text[REDIS_VALUE_MAX];
};

static struct redis_parser *parser_of(const redisReadTask *task)
{
    return task->privdata;
}

static void refuse(struct redis_parser *parser, const char *fault)
{
    if (!parser->fault)
        parser->fault = fault;
}

/* Of any type that has a text. Not NULL, which would mean: out of memory. */
static void *note_text(const redisReadTask *task, char *bytes, size_t length)
{
    struct redis_parser *parser = parser_of(task);
    bool is_error = task->type == REDIS_REPLY_ERROR;
    if (!is_error && task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS)
        refuse(parser, "the reply has a type that is not expected");
    else if (length > sizeof(parser->text))
        refuse(parser, "the reply is longer than 16 KiB");
    else if (length > 0)
        memcpy(parser->text, bytes, length);
    parser->kind = is_error ? REDIS_ERROR : REDIS_VALUE;
    parser->length = length <= sizeof(parser->text) ? length : 0;
    return parser;
}

static void *note_integer(const redisReadTask *task, long long value)
{
    struct redis_parser *parser = parser_of(task);
    int length = snprintf(parser->text, sizeof(parser->text), "%lld", value);
    parser->kind = REDIS_VALUE;
    parser->length = length > 0 ? (size_t)length : 0;
    return parser;
}

static void *note_nothing(const redisReadTask *task)
{
    struct redis_parser *parser = parser_of(task);
    parser->kind = REDIS_NOTHING;
    return parser;
}

/* The count is an int or a size_t, depending on hiredis's version. */
#if HIREDIS_MAJOR >= 1
static void *note_list(const redisReadTask *task, size_t count)
#else
static void *note_list(const redisReadTask *task, int count)
#endif
{
    (void)count;
    struct redis_parser *parser = parser_of(task);
    refuse(parser, "the reply is a list");
    return parser;
}

static const redisReplyObjectFunctions functions = {
    .createString = note_text,
    .createArray = note_list,
    .createInteger = note_integer,
    .createNil = note_nothing,
};

struct redis_parser *redis_reply_create(void)
{
    struct redis_parser *parser = malloc(sizeof(*parser));
    if (!parser)
        return NULL;
    parser->fault = NULL;
    parser->functions = functions;
    parser->reader = redisReaderCreateWithFunctions(&parser->functions);
    if (!parser->reader) {
        free(parser);
        return NULL;
    }
    parser->reader->privdata = parser;
    return parser;
}

void redis_reply_free(struct redis_parser *parser)
{
    if (!parser)
        return;
    redisReaderFree(parser->reader);
    free(parser);
}

void redis_reply_feed(struct redis_parser *parser, struct slice bytes)
{
    if (parser->fault || bytes.len == 0)
        return;
    if (redisReaderFeed(parser->reader, bytes.ptr, bytes.len) != REDIS_OK)
        refuse(parser, "out of memory");
}

static struct redis_reply broken(const struct redis_parser *parser)
{
    return (struct redis_reply){.kind = REDIS_BROKEN, .fault = parser->fault};
}

struct redis_reply redis_reply_next(struct redis_parser *parser)
{
    void *object = NULL;
    if (parser->fault)
        return broken(parser);
    parser->kind = REDIS_BROKEN;
    parser->length = 0;
    if (redisReaderGetReply(parser->reader, &object) != REDIS_OK)
        refuse(parser,
               parser->reader->err == REDIS_ERR_OOM ? "out of memory" : "the reply is no RESP");
    else if (object && parser->kind == REDIS_BROKEN)
        refuse(parser, "the reply has a type that is not expected");
    else if (!object && parser->reader->len - parser->reader->pos > WAITING_MAX)
        refuse(parser, "the reply is longer than 16 KiB");
    if (parser->fault)
        return broken(parser);
    if (!object)
        return (struct redis_reply){.kind = REDIS_INCOMPLETE};
    return (struct redis_reply){.kind = parser->kind, .text = {parser->text, parser->length}};
}

#else

struct redis_parser *redis_reply_create(void)
{
    return NULL;
}

void redis_reply_free(struct redis_parser *parser)
{
    (void)parser;
}

void redis_reply_feed(struct redis_parser *parser, struct slice bytes)
{
    (void)parser;
    (void)bytes;
}

struct redis_reply redis_reply_next(struct redis_parser *parser)
{
    (void)parser;
    return (struct redis_reply){.kind = REDIS_BROKEN, .fault = "built without hiredis"};
}

#endif

/* ---- errors ---- */

struct meaning {
    const char *begin; /* of the error; a code alone ends at a space */
    const char *text;
};

/* Of entries with the same code, the one with more words comes first. */
static const struct meaning meanings[] = {
    {"NOAUTH", "NOAUTH: the server wants a password"},
    {"WRONGPASS", "WRONGPASS: the server does not accept the user or the password"},
    {"NOPERM", "NOPERM: the user may not run this command, or not on this key"},
    {"LOADING", "LOADING: the server is loading its data"},
    {"MOVED", "MOVED: another node of the cluster has the key"},
    {"ASK", "ASK: another node of the cluster has the key"},
    {"TRYAGAIN", "TRYAGAIN: the cluster is moving the key"},
    {"CLUSTERDOWN", "CLUSTERDOWN: the cluster is down"},
    {"READONLY", "READONLY: the server is a replica and refuses the command"},
    {"MASTERDOWN", "MASTERDOWN: the server is a replica that has lost its master"},
    {"WRONGTYPE", "WRONGTYPE: the key holds something else than a string"},
    {"BUSY", "BUSY: the server runs a script"},
    {"OOM", "OOM: the server is out of memory"},
    {"MISCONF", "MISCONF: the server cannot save its data"},
    {"DENIED", "DENIED: the server is in protected mode and takes local clients only"},
    {"NOREPLICAS", "NOREPLICAS: the server has too few replicas"},
    {"ERR max number of clients", "ERR: the server has as many clients as it takes (maxclients)"},
    {"ERR DB index", "ERR: the server has no database of this number"},
    {"ERR invalid DB index", "ERR: the server has no database of this number"},
    {"ERR SELECT is not allowed", "ERR: a cluster has database 0 only"},
    {"ERR invalid password", "ERR: the server does not accept the password"},
    {"ERR Client sent AUTH", "ERR: the server has no password, and does not accept one"},
    {"ERR AUTH <password>", "ERR: the server has no password, and does not accept one"},
    {"ERR wrong number of arguments for 'auth'",
     "ERR: the server is older than Redis 6 and knows no users"},
    {"ERR unknown command", "ERR: the server does not know the command"},
    {"ERR", "ERR: the server refuses the command"},
};

const char *redis_reply_explain(struct slice error)
{
    for (size_t i = 0; i < WSL_COUNT(meanings); i++) {
        struct slice rest = error;
        bool is_code = !strchr(meanings[i].begin, ' ');
        if (slice_cut_prefix(&rest, slice_of(meanings[i].begin)) &&
            (!is_code || rest.len == 0 || rest.ptr[0] == ' '))
            return meanings[i].text;
    }
    return "an error that wsluice does not know";
}

bool redis_reply_will_pass(struct slice error)
{
    return slice_cut_prefix(&error, SLICE("LOADING")) && (error.len == 0 || error.ptr[0] == ' ');
}
