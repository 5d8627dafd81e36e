#include "run/cli/cli_ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/siphash.h"
#include "codec/b64.h"
#include "config/model/value.h"
#include "core/ticket/ticket.h"
#include "core/ticket/ticket_make.h"
#include "run/cli/call/cli_call.h"
#include "run/ticket/ticket_show.h"
#include "run/ticket/ticket_text.h"

#define ERROR_MAX      400
#define TEXTS_MAX      16 /* audiences, or issuers, of one command line */
#define LIFETIME       VALUE_HOURS(1)
#define ALGORITHM_NAME "HS256"

/* ---- options ---- */

enum verb { KEY = 1, MINT = 2, VERIFY = 4, SHOW = 8 };

/* The verbs that an option is for. */
static const struct {
    const char *name;
    unsigned verbs;
} uses[] = {
    {"algorithm", KEY | MINT | VERIFY},
    {"jwk", KEY},
    {"public", KEY},
    {"kid", KEY | MINT},
    {"key", MINT | VERIFY},
    {"user", MINT},
    {"lifetime", MINT},
    {"once", MINT},
    {"claim", MINT},
    {"audience", MINT | VERIFY},
    {"issuer", MINT | VERIFY},
};

static bool is_for(const char *option, enum verb verb)
{
    for (size_t i = 0; i < WSL_COUNT(uses); i++)
        if (strcmp(uses[i].name, option) == 0)
            return uses[i].verbs & verb;
    return true;
}

/* EXIT_SUCCESS, or a status with its error printed. */
static int check_options(const struct cli_call *call, enum verb verb)
{
    for (size_t i = 0; i < call->scan->assignment_count; i++) {
        const char *name = call->scan->assignments[i].flag.flag->name;
        char option[32], message[64];
        if (is_for(name, verb))
            continue;
        snprintf(option, sizeof(option), "--%s", name);
        snprintf(message, sizeof(message), "is not for 'wsluice ticket %s'",
                 cli_call_operand(call, 0));
        return cli_call_wrong_usage(call, option, message);
    }
    return EXIT_SUCCESS;
}

/* NULL with EXIT_SUCCESS: it is not given. */
static int find_algorithm(const struct cli_call *call, const struct ticket_alg **alg)
{
    const char *name = cli_scan_value(call->scan, "algorithm");
    *alg = name ? ticket_alg_find(slice_of(name)) : NULL;
    if (!name || *alg)
        return EXIT_SUCCESS;
    return cli_call_wrong_usage(call, "--algorithm",
                                "must be HS, RS, PS or ES with 256, 384 or 512, or EdDSA");
}

/* The arguments of an option that may be repeated. */
static struct config_texts texts_of(const struct cli_call *call, const char *name,
                                    const char *items[static TEXTS_MAX])
{
    struct config_texts texts = {items, 0};
    for (size_t i = 0; i < call->scan->assignment_count && texts.count < TEXTS_MAX; i++)
        if (strcmp(call->scan->assignments[i].flag.flag->name, name) == 0)
            items[texts.count++] = call->scan->assignments[i].argument;
    return texts;
}

/* NULL with a status: the error is printed. */
static struct ticket_keys *read_keys(const struct cli_call *call, const char *path, int *status)
{
    char error[ERROR_MAX];
    const struct ticket_alg *alg;
    *status = find_algorithm(call, &alg);
    if (*status == EXIT_SUCCESS && !path)
        *status = cli_call_wrong_usage(call, "", "the key is missing: write --key=FILE");
    if (*status != EXIT_SUCCESS)
        return NULL;
    struct ticket_keys *keys = ticket_text_keys(path, alg, error, sizeof(error));
    if (!keys)
        *status = cli_call_cannot(call, error);
    return keys;
}

/* ---- key ---- */

/* A new file that its owner alone may read. */
static int write_key(const struct cli_call *call, const char *path, struct slice text)
{
    char error[ERROR_MAX];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    bool written = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len && fsync(fd) == 0;
    int problem = errno;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !written)
        unlink(path);
    if (written)
        return EXIT_SUCCESS;
    snprintf(error, sizeof(error), "%s: %s%s", path, strerror(problem),
             problem == EEXIST ? "; a key is not replaced: remove the file, or name another" : "");
    return cli_call_cannot(call, error);
}

static int make_key(const struct cli_call *call)
{
    const struct ticket_alg *alg;
    const char *path = cli_call_operand(call, 1), *kid = cli_scan_value(call->scan, "kid");
    bool jwk = cli_scan_has(call->scan, "jwk");
    struct text text = {0};
    int status = find_algorithm(call, &alg);
    if (status == EXIT_SUCCESS && kid && !jwk)
        status =
            cli_call_wrong_usage(call, "--kid", "needs --jwk: other files have no place for it");
    if (status != EXIT_SUCCESS)
        return status;
    if (!alg)
        alg = ticket_alg_find(SLICE(ALGORITHM_NAME));
    if (!ticket_make_key(alg, jwk, kid, &text))
        status = cli_call_cannot(call, "OpenSSL cannot make the key");
    else if (path && strcmp(path, "-") != 0)
        status = write_key(call, path, text_slice(&text));
    else
        fwrite(text.bytes, 1, text.length, call->out);
    text_wipe(&text);
    return status;
}

static int print_public(const struct cli_call *call)
{
    int status;
    char error[ERROR_MAX];
    struct text text = {0};
    const char *path = cli_call_operand(call, 1);
    struct ticket_keys *keys = read_keys(call, path ? path : "-", &status);
    if (!keys)
        return status;
    if (ticket_make_public(keys, cli_scan_has(call->scan, "jwk"), cli_scan_value(call->scan, "kid"),
                           &text, error, sizeof(error)))
        fwrite(text.bytes, 1, text.length, call->out);
    else
        status = cli_call_cannot(call, error);
    text_wipe(&text);
    ticket_keys_release(keys);
    return status;
}

static int run_key(const struct cli_call *call)
{
    return cli_scan_has(call->scan, "public") ? print_public(call) : make_key(call);
}

/* ---- mint ---- */

/* One text, or a list of several. */
static void add_texts(struct json *json, const char *name, const struct config_texts *texts)
{
    if (texts->count == 0)
        return;
    json_put_key(json, name);
    if (texts->count > 1)
        json_put_open(json, '[');
    for (size_t i = 0; i < texts->count; i++)
        json_put_string(json, texts->items[i]);
    if (texts->count > 1)
        json_put_close(json, ']');
}

static int add_lifetime(const struct cli_call *call, struct json *json)
{
    static const struct value_spec spec = {
        .type = VALUE_DURATION, .min = 1000, .max = VALUE_DAYS(3660)};
    const char *text = cli_scan_value(call->scan, "lifetime");
    uint64_t now = (uint64_t)time(NULL);
    struct value value = {.number = LIFETIME};
    char why[160];
    if (text && value_parse(&spec, text, &value, why, sizeof(why)) != VALUE_OK)
        return cli_call_wrong_usage(call, "--lifetime", why);
    json_put_key(json, "iat");
    json_put_number(json, now);
    json_put_key(json, "exp");
    json_put_number(json, now + value.number / 1000);
    return EXIT_SUCCESS;
}

static int add_id(const struct cli_call *call, struct json *json)
{
    struct siphash_seed id;
    char text[B64_URL_ENCODED(sizeof(id)) + 1];
    if (!cli_scan_has(call->scan, "once"))
        return EXIT_SUCCESS;
    if (!siphash_seed(&id))
        return cli_call_cannot(call, "no random numbers");
    text[b64_url_encode(text, (const uint8_t *)&id, sizeof(id))] = '\0';
    json_put_key(json, "jti");
    json_put_string(json, text);
    return EXIT_SUCCESS;
}

/* EXIT_SUCCESS: *json is an object. */
static int make_claims(const struct cli_call *call, struct json *json)
{
    const char *items[TEXTS_MAX], *user = cli_scan_value(call->scan, "user");
    char error[ERROR_MAX];
    struct config_texts issuers = texts_of(call, "issuer", items);
    json_put_open(json, '{');
    if (issuers.count > 1)
        return cli_call_wrong_usage(call, "--issuer", "a ticket has one issuer");
    add_texts(json, "iss", &issuers);
    if (user) {
        json_put_key(json, "sub");
        json_put_string(json, user);
    }
    struct config_texts audiences = texts_of(call, "audience", items);
    add_texts(json, "aud", &audiences);
    int status = add_lifetime(call, json);
    if (status == EXIT_SUCCESS)
        status = add_id(call, json);
    struct config_texts claims = texts_of(call, "claim", items);
    for (size_t i = 0; status == EXIT_SUCCESS && i < claims.count; i++)
        if (!ticket_text_add_claim(json, claims.items[i], error, sizeof(error)))
            status = cli_call_wrong_usage(call, "--claim", error);
    json_put_close(json, '}');
    return status;
}

static int sign(const struct cli_call *call, const struct ticket_key *key, struct slice claims)
{
    const char *fault;
    struct json_value *document = json_value_parse(claims, JSON_VALUE_DEPTH, &fault);
    if (!document) {
        char error[ERROR_MAX];
        snprintf(error, sizeof(error), "the claims of the ticket: %s", fault);
        return cli_call_cannot(call, error);
    }
    json_value_free(document);
    char *token = ticket_sign(key, claims);
    if (!token)
        return cli_call_cannot(call, "OpenSSL cannot sign with the key, or the ticket is too long");
    fprintf(call->out, "%s\n", token);
    free(token);
    return EXIT_SUCCESS;
}

static int run_mint(const struct cli_call *call)
{
    int status;
    struct json claims = {0};
    const char *kid = cli_scan_value(call->scan, "kid");
    struct ticket_keys *keys = read_keys(call, cli_scan_value(call->scan, "key"), &status);
    if (!keys)
        return status;
    const struct ticket_key *key = ticket_keys_signer(keys, kid);
    if (!key)
        status = cli_call_cannot(call, kid ? "there is no private key of that kid in the file"
                                           : "there is no private key in the file");
    else
        status = make_claims(call, &claims);
    if (status == EXIT_SUCCESS && claims.text.failed)
        status = cli_call_cannot(call, "out of memory");
    else if (status == EXIT_SUCCESS)
        status = sign(call, key, text_slice(&claims.text));
    text_free(&claims.text);
    ticket_keys_release(keys);
    return status;
}

/* ---- verify, show ---- */

static int refuse(const struct cli_call *call, enum ticket_verdict verdict,
                  const struct ticket_facts *facts)
{
    char error[ERROR_MAX];
    const char *phrase = ticket_verdict_phrase(verdict);
    bool of_claim = verdict == TICKET_MISSING || verdict == TICKET_CLAIMS;
    snprintf(error, sizeof(error), "%s%s%s%s", phrase, of_claim && *facts->claim ? ": " : "",
             of_claim ? facts->claim : "",
             verdict == TICKET_AUDIENCE ? "; if it is yours, write --audience=NAME" : "");
    return cli_call_cannot(call, error);
}

static int verify(const struct cli_call *call, const struct ticket_keys *keys, const char *token)
{
    const char *audiences[TEXTS_MAX], *issuers[TEXTS_MAX];
    struct ticket_policy policy = {.audiences = texts_of(call, "audience", audiences),
                                   .issuers = texts_of(call, "issuer", issuers)};
    const struct ticket_moment moment = {(int64_t)time(NULL) * 1000, NULL};
    struct ticket_facts facts;
    struct ticket_use use;
    char error[ERROR_MAX];
    enum ticket_verdict verdict =
        ticket_verify(slice_of(token), keys, &policy, &moment, &facts, &use);
    if (verdict != TICKET_VALID)
        return refuse(call, verdict, &facts);
    return ticket_show_claims(slice_of(token), call->out, error, sizeof(error))
               ? EXIT_SUCCESS
               : cli_call_cannot(call, error);
}

static bool read_token(const struct cli_call *call, char token[static TICKET_JWS_MAX + 3],
                       int *status)
{
    char error[ERROR_MAX];
    const char *given = cli_call_operand(call, 1);
    if (given && access(given, F_OK) == 0) {
        *status = cli_call_wrong_usage(call, given, "is a file; write <FILE to read it");
        return false;
    }
    if (ticket_text_token(given, stdin, token, TICKET_JWS_MAX + 3, error, sizeof(error)))
        return true;
    *status = cli_call_cannot(call, error);
    return false;
}

static int run_verify(const struct cli_call *call)
{
    int status;
    char token[TICKET_JWS_MAX + 3];
    struct ticket_keys *keys = read_keys(call, cli_scan_value(call->scan, "key"), &status);
    if (keys && read_token(call, token, &status))
        status = verify(call, keys, token);
    ticket_keys_release(keys);
    return status;
}

static int run_show(const struct cli_call *call)
{
    int status = EXIT_SUCCESS;
    char token[TICKET_JWS_MAX + 3], error[ERROR_MAX];
    if (!read_token(call, token, &status))
        return status;
    return ticket_show_print(slice_of(token), (int64_t)time(NULL), call->out, error, sizeof(error))
               ? EXIT_SUCCESS
               : cli_call_cannot(call, error);
}

/* ---- the command ---- */

static int run_ticket(const struct cli_call *call)
{
    static const struct {
        const char *name;
        enum verb verb;
        int (*run)(const struct cli_call *call);
    } verbs[] = {
        {"key", KEY, run_key},
        {"mint", MINT, run_mint},
        {"verify", VERIFY, run_verify},
        {"show", SHOW, run_show},
    };
    const char *word = cli_call_operand(call, 0), *more = cli_call_operand(call, 1);
    for (size_t i = 0; i < WSL_COUNT(verbs); i++) {
        if (strcmp(verbs[i].name, word) != 0)
            continue;
        if (!JSON_VALUE_IS_BUILT_IN)
            return cli_call_cannot(call, JSON_VALUE_LIBRARY);
        if (verbs[i].verb == MINT && more)
            return cli_call_wrong_usage(call, more, "mint takes options only");
        int status = check_options(call, verbs[i].verb);
        return status == EXIT_SUCCESS ? verbs[i].run(call) : status;
    }
    return cli_call_wrong_usage(call, word, "write key, mint, verify or show");
}

static const struct options_flag ticket_flags[] = {
    {.name = "key", .argument = "FILE", .help = "mint, verify: the file of the key"},
    {.name = "algorithm",
     .argument = "NAME",
     .help = "what the key is for: HS, RS, PS or ES with 256, 384 or 512, or EdDSA; needed for a "
             "secret and a PEM file, which do not say so. A new key is for HS256 without it"},
    {.name = "jwk", .help = "key: print a JSON Web Key; with --public a JWK Set"},
    {.name = "public", .help = "key: print the public part of the key in FILE"},
    {.name = "kid",
     .argument = "ID",
     .help = "key: the name of the new JWK; mint: which key signs"},
    {.name = "user", .argument = "NAME", .help = "mint: who it is for (sub)"},
    {.name = "lifetime", .argument = "TIME", .help = "mint: how long it is valid; 1h without it"},
    {.name = "once", .help = "mint: with a random jti, for routes with single_use"},
    {.name = "audience",
     .argument = "NAME",
     .help = "mint: what it is for (aud); verify: that is accepted. May be repeated"},
    {.name = "issuer",
     .argument = "NAME",
     .help = "mint: who makes it (iss); verify: that is accepted, may be repeated"},
    {.name = "claim",
     .argument = "NAME=TEXT",
     .help = "mint: another claim; NAME:=JSON for other values. May be repeated"},
};

const struct cli_command cli_ticket_command = {
    .name = "ticket",
    .operands = "key|mint|verify|show [FILE|TICKET]",
    .operands_min = 1,
    .operands_max = 2,
    .operand = CLI_OPERAND_CHOICE,
    .flags = ticket_flags,
    .flag_count = WSL_COUNT(ticket_flags),
    .help = "make keys and tickets (JSON Web Tokens), verify and show them",
    .details = "Makes, verifies and shows tickets: JSON Web Tokens, for routes whose auth has\n"
               "the method ticket.\n"
               "\n"
               "  key [FILE]         make a key, in a new FILE or on the standard output; with\n"
               "                     --public print the public part of the one in FILE\n"
               "  mint               print a ticket that the key signs\n"
               "  verify [TICKET]    verify a ticket, and print its claims\n"
               "  show [TICKET]      print what a ticket says, without a key\n"
               "\n"
               "Without TICKET it is read from the standard input. For example:\n"
               "\n"
               "  wsluice ticket key /etc/wsluice/ticket.key\n"
               "  wsluice ticket mint --key=/etc/wsluice/ticket.key --algorithm=HS256 \\\n"
               "      --user=ann --audience=desks --lifetime=10m\n"
               "\n"
               "Exit status: 0; 1 if the ticket is not valid, or something failed; 2 for a\n"
               "wrong command line.\n",
    .run = run_ticket,
};
