/*
 * The configuration as a const, reference-counted snapshot. The YAML file and the command line fill
 * the same structs through the same table (options.h).
 *
 * Owns: all strings and arrays of a snapshot (one arena). Thread: any; the count is atomic.
 * Errors: none. Lifetime: the last config_release frees it.
 */
#ifndef WSLUICE_CONFIG_MODEL_CONFIG_H
#define WSLUICE_CONFIG_MODEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model/section/config_auth.h"
#include "config/model/section/config_place.h"
#include "config/model/section/config_ws_target.h"

/* ---- values ---- */

enum config_address_kind {
    CONFIG_ADDRESS_TCP,
    CONFIG_ADDRESS_UNIX,
    CONFIG_ADDRESS_FD, /* listening: a socket that this process was started with */
};

struct config_address {
    enum config_address_kind kind;
    const char *host; /* TCP: name or number without brackets; NULL: all interfaces */
    uint16_t port;    /* TCP: 0 means "any free one" when listening; FD: the descriptor */
    const char *path; /* UNIX: a path; a leading '@' is Linux's abstract name space */
};

/* An address range; IPv4 is ::ffff:a.b.c.d with 96 more bits. Bits beyond `bits` are 0. */
struct config_cidr {
    uint8_t bytes[16];
    uint8_t bits;
};

struct config_cidrs {
    const struct config_cidr *items;
    size_t count;
};

/* As written: "[::]:443", "*:6080", "unix:/run/x", "unix:@x", "fd:0". Returns `text`. */
const char *config_address_print(const struct config_address *address, char *text, size_t size);

bool config_address_is_same(const struct config_address *a, const struct config_address *b);

bool config_texts_has(const struct config_texts *texts, struct slice text);

/* ---- process ---- */

enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };
enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };
enum config_log_target { CONFIG_LOG_STDERR, CONFIG_LOG_FILE, CONFIG_LOG_SYSLOG };
enum config_syslog_format { CONFIG_SYSLOG_RFC5424, CONFIG_SYSLOG_LEGACY };

struct config_log {
    enum config_log_level level;
    enum config_log_format format;
    enum config_log_target target;
    const char *file;   /* with target file; reopened on SIGUSR1 */
    const char *syslog; /* a socket's path, or host:port for UDP; beside another target as well */
    enum config_syslog_format syslog_format;
    bool access;  /* one line per session */
    bool traffic; /* a mark for each read and write on stdout */
};

struct config_limits {
    uint32_t handshake_timeout_ms; /* accept to finished upgrade */
    uint32_t close_timeout_ms;     /* close handshake and last bytes */
    uint32_t stall_timeout_ms;     /* a side of a session takes none of its bytes */
    uint32_t reply_timeout_ms;     /* a response that is prepared or sent makes no progress */
    uint32_t keep_alive_ms;        /* an idle HTTP connection waits for a request */
    uint32_t drain_delay_ms;       /* after SIGTERM: not ready, but still open */
    uint32_t drain_timeout_ms;     /* then, until sessions have ended */
    uint32_t drain_spread_ms;      /* period over which sessions are told to end */
    uint32_t upgrade_timeout_ms;   /* after SIGUSR2, until the new process serves */
    uint32_t head_bytes;           /* HTTP head */
    uint32_t head_fields;
    uint32_t max_connections;             /* the process; 0: what descriptors allow */
    uint32_t max_connections_per_address; /* IPv6 by /64; 0: off */
    uint32_t handshakes_per_second;       /* per address; 0: off */
    uint32_t handshake_burst;
};

/* The socket that wsluice status, kill and health connect to. */
struct config_admin {
    const char *socket; /* NULL: none; a leading '@' as in addresses */
    unsigned mode;
};

/* What the process may do once it serves. */
enum config_sandbox {
    CONFIG_SANDBOX_AUTO,    /* as little as the kernel and this binary can see to */
    CONFIG_SANDBOX_REQUIRE, /* as AUTO, TCP ports as well; without that it does not start */
    CONFIG_SANDBOX_OFF,
};

/* When the process drains and exits by itself. */
struct config_exit {
    bool once;         /* after the first session */
    uint32_t after_ms; /* this long after the start; sessions may finish. 0: off */
    uint32_t idle_ms;  /* no connection for this long; 0: off */
};

enum config_command_end { CONFIG_COMMAND_EXIT, CONFIG_COMMAND_IGNORE, CONFIG_COMMAND_RESPAWN };

/* A program that is started with the proxy, and runs beside it. */
struct config_command {
    struct config_texts words; /* none: no program */
    enum config_command_end when_it_ends;
};

/* ---- listeners ---- */

enum config_tls_mode {
    CONFIG_TLS_OFF,      /* plain only; a TLS hello is refused */
    CONFIG_TLS_OPTIONAL, /* both on one port, told apart by the first byte */
    CONFIG_TLS_REQUIRED,
};
enum config_client_verify { CONFIG_VERIFY_OFF, CONFIG_VERIFY_OPTIONAL, CONFIG_VERIFY_REQUIRED };

/* Values as OpenSSL and the TLS registry have them. */
enum config_tls_version {
    CONFIG_TLS_1_1 = 0x0302,
    CONFIG_TLS_1_2 = 0x0303,
    CONFIG_TLS_1_3 = 0x0304,
};

struct config_certificate {
    const char *certificate;  /* PEM chain; may hold the key as well */
    const char *key;          /* NULL: in the certificate file */
    const char *key_password; /* NULL: none */
    struct config_place place;
};

struct config_tls {
    enum config_tls_mode mode;
    struct config_certificate *certificates; /* chosen by SNI; the first is the default */
    size_t certificate_count;
    const char *client_ca;  /* NULL: the system's */
    const char *client_crl; /* NULL: nothing is revoked */
    enum config_client_verify client_verify;
    enum config_tls_version min_version;
    const char *ciphers; /* TLS 1.2, OpenSSL syntax; NULL: our default */
    const char *suites;  /* TLS 1.3; NULL: OpenSSL's default */
};

enum config_proxy_protocol { CONFIG_PROXY_OFF, CONFIG_PROXY_ACCEPT, CONFIG_PROXY_REQUIRE };

struct config_listener {
    const char *name; /* in logs and metrics; NULL: the address */
    struct config_address address;
    bool prefer_ipv6;   /* -6: where a name has addresses of both families */
    unsigned unix_mode; /* permission bits of a Unix socket */
    const char *unix_owner, *unix_group;
    unsigned backlog;
    struct config_tls tls;
    enum config_proxy_protocol proxy_protocol; /* from trusted_proxies only */
    struct config_cidrs trusted_proxies;       /* also for X-Forwarded-For and Forwarded */
    const char *base_path; /* "/desk": removed from request paths; others are refused. NULL: "/" */
    struct config_texts routes; /* names; none: every route that no listener names */
    struct config_cidrs allow, deny;
    struct config_auth_set auth; /* of all its routes (config_auth_of) */
    uint32_t max_connections;    /* 0: off */
    bool raw;   /* clients speak raw bytes: no HTTP, no WebSocket; it has one route */
    bool admin; /* not from a file: the admin socket (admin.h) */
    struct config_place place;
};

/* ---- routes ---- */

enum config_target_proxy {
    CONFIG_TARGET_PROXY_OFF,
    CONFIG_TARGET_PROXY_V1,
    CONFIG_TARGET_PROXY_V2,
};
enum config_family { CONFIG_FAMILY_ANY, CONFIG_FAMILY_IPV4, CONFIG_FAMILY_IPV6 };
enum config_probe { CONFIG_PROBE_OFF, CONFIG_PROBE_CONNECT, CONFIG_PROBE_BANNER };

struct config_target {
    struct config_address address; /* the host may hold {captures} of the route's path */
    /* Dialled instead of the address, which still names the server. No host, no path: none. */
    struct config_address connect_to;
    enum config_family family;                    /* of the addresses that are dialled */
    bool tls;                                     /* verified, with SNI */
    bool insecure;                                /* TLS without verification; only by that word */
    const char *server_name;                      /* NULL: address.host */
    const char *ca;                               /* NULL: the system's */
    const char *certificate, *key, *key_password; /* ours, for mutual TLS; NULL: none */
    struct config_texts pins; /* of its key: "sha256//" and base64; none: any key */
    struct config_ws_target ws;
    const char
        *proxy; /* URL of a forward proxy (config_proxy.h), may hold a password; NULL: none */
    enum config_target_proxy proxy_protocol; /* the header that we send first */
    enum config_probe probe;
    const char *banner; /* that a probe expects: "rfb", "ssh", or a text; NULL: the route's */
    uint32_t probe_interval_ms, probe_timeout_ms;
    bool is_command;    /* not from a file: the command; its user must own the listening socket */
    bool tls_on_demand; /* likewise: a service that names the target says whether it speaks TLS */
    struct config_place place;
};

/* What is dialled for a target: `address`, unless it names another one (connect_to). */
const struct config_address *config_target_place(const struct config_target *target,
                                                 const struct config_address *address);

enum config_connect {
    CONFIG_CONNECT_FIRST,         /* connect, then answer 101 or 502/504 */
    CONFIG_CONNECT_AFTER_UPGRADE, /* 101, connect, Close 1011 with a reason if that fails */
};
enum config_text { CONFIG_TEXT_FORWARD, CONFIG_TEXT_REFUSE };
enum config_balance {
    CONFIG_BALANCE_ROUND_ROBIN,
    CONFIG_BALANCE_LEAST_SESSIONS,
    CONFIG_BALANCE_FIRST,
};
enum config_kind {
    CONFIG_KIND_BRIDGE,
    CONFIG_KIND_REDIRECT,
    CONFIG_KIND_METRICS,
    CONFIG_KIND_HEALTH,
    CONFIG_KIND_FILES,
    CONFIG_KIND_STATUS,
};
enum config_health { CONFIG_HEALTH_OFF, CONFIG_HEALTH_LIVE, CONFIG_HEALTH_READY };

struct config_capture {
    const char *name, *pattern; /* a whole-segment POSIX extended regular expression */
};

/* Files of a folder, for requests without an upgrade. */
struct config_files {
    const char *root;                    /* NULL: none */
    bool listing;                        /* of folders without an index.html */
    const char *fallback;                /* a file to send for missing names; NULL: 404 */
    const char *cache_control;           /* NULL: no such field */
    bool precompressed;                  /* FILE.br and FILE.gz instead of FILE */
    bool isolated;                       /* COOP and COEP, for SharedArrayBuffer */
    const char *content_security_policy; /* NULL: none */
    bool hidden;                         /* also names that begin with a dot */
};

enum config_token_format {
    CONFIG_TOKENS_LINES, /* TOKEN: HOST:PORT in each line */
    CONFIG_TOKENS_NAMES, /* a file of that name for each token: the same as `directory` */
};

/* A service that is asked about each token. */
struct config_token_http {
    const char *url; /* url.h, with {token}; NULL: not this source */
    const char *ca;  /* NULL: the system's */
    uint32_t timeout_ms;
    uint32_t cache_ms; /* the longest time that an answer is kept; 0: none is */
};

/* A Redis server whose keys are tokens. */
struct config_token_redis {
    const char *url;             /* redis_url.h; NULL: not this source. May hold a password */
    const char *prefix;          /* of keys; NULL: none */
    const char *user, *password; /* instead of those in the URL; NULL: none */
    uint32_t timeout_ms;         /* of a look-up, connecting included */
    struct config_target server; /* its TLS options; no address */
};

/* A client's target, by a token in its request. It has exactly one source. */
struct config_tokens {
    struct config_texts from; /* places, in order: query:NAME, header:NAME, cookie:NAME, host ... */
    struct config_texts permit; /* targets (permit_rule.h); "any": every one; none: see permit.h */
    const char *file;           /* or a folder; NULL, as are the other sources: not this one */
    enum config_token_format format; /* of `file` */
    const char *directory;           /* a folder with a file for each token */
    const char *sockets;             /* a folder with a Unix socket for each token */
    struct config_token_http http;
    struct config_token_redis redis;
    struct config_ticket ticket; /* tokens are tickets, which name their targets */
    bool auth;                   /* the route's methods name the target: there is no token */
    struct config_target target; /* options that all targets share; no address */
};

enum config_token_source {
    CONFIG_TOKENS_NONE,      /* the route has no tokens */
    CONFIG_TOKENS_FILE,      /* a file with a token in each line, or a folder of such files */
    CONFIG_TOKENS_DIRECTORY, /* a file for each token, which holds HOST:PORT */
    CONFIG_TOKENS_SOCKETS,   /* a Unix socket for each token */
    CONFIG_TOKENS_HTTP,
    CONFIG_TOKENS_REDIS,  /* a key for each token */
    CONFIG_TOKENS_TICKET, /* the target is in the token */
    CONFIG_TOKENS_AUTH,   /* the target is what the route's auth has found */
    CONFIG_TOKEN_SOURCES,
};

/* The source of the tokens, and its option in the section. */
enum config_token_source config_token_source(const struct config_tokens *tokens);
const char *config_token_source_key(const struct config_tokens *tokens);

/* May the source say of a target that it speaks TLS, although its configuration has none? */
bool config_tokens_may_use_tls(const struct config_tokens *tokens);

/* What the source reads, for logs and findings; NULL: the route has no tokens. */
const char *config_token_source_name(const struct config_tokens *tokens);

struct config_route {
    const char *name; /* for listeners' route sets, logs and metrics; NULL: the path */
    const char *path; /* "/vnc"; "/vnc/" and '*': a prefix; "/desk/{name}": a capture */
    const char *host; /* NULL: any; "desk.example.com", "*.example.com" */
    enum config_kind kind;
    struct config_target *targets; /* bridge: at least one */
    size_t target_count;
    enum config_balance balance;
    uint32_t fail_after;    /* consecutive failures that mark a target down */
    uint32_t retry_down_ms; /* first back-off of a target that is down; doubles up to 32 times it */
    struct config_tokens tokens; /* bridge: instead of targets */
    struct config_auth_set auth;
    struct config_files files; /* also of a bridge: for requests without an upgrade */
    bool demo;                 /* bridge: for the same requests, the built-in demo page */
    const char *demo_shell; /* not from a file: the demo's sshd; its page links to SSH in a tab */
    bool status;            /* the status page, for operators */
    const char *record;     /* bridge: each session to a file of this name and a number */
    struct config_capture *captures;
    size_t capture_count;
    const char *redirect;        /* redirect: the URL, with {host} {path} {query} */
    uint32_t redirect_status;    /* 301, 302, 307, 308 */
    enum config_health health;   /* health; OFF for the other kinds */
    struct config_texts needs;   /* health: routes that must have a usable target */
    struct config_texts origins; /* none: the origin of Host; "any"; a host may begin with "*." */
    struct config_cidrs allow, deny;
    enum config_connect connect;
    uint32_t connect_timeout_ms;
    uint32_t connect_retry_ms; /* how long to retry a target that refuses; 0: off */
    const char *expect;        /* first bytes of a target: "rfb", "ssh", or a text; NULL: any */
    enum config_text text;
    /* In order of preference; none: "binary", else the first offered except base64. */
    struct config_texts subprotocols;
    uint32_t ping_interval_ms;      /* ping if nothing was received for this long; 0: never */
    uint32_t ping_timeout_ms;       /* nothing received for this long after a ping: dead */
    uint32_t idle_timeout_ms;       /* no data in either direction for this long; 0: off */
    uint32_t input_timeout_ms;      /* no input of the client's user for this long; 0: off */
    uint32_t max_duration_ms;       /* longest session; 0: off */
    uint32_t max_sessions;          /* 0: off */
    uint32_t max_sessions_per_user; /* as auth names the user; 0: off */
    struct config_header *headers;  /* added to the 101 and other responses */
    size_t header_count;
    struct config_place place;
};

struct config {
    uint32_t workers;         /* 0: one per CPU that this process may use */
    const char *user, *group; /* to switch to once all is bound and read; NULL: no change */
    const char *pid_file;     /* NULL: none */
    enum config_sandbox sandbox;
    struct config_log log;
    struct config_limits limits;
    struct config_admin admin;
    struct config_exit exit;
    struct config_command command;
    struct config_cidrs trusted_proxies; /* default for listeners */
    struct config_listener *listeners;
    size_t listener_count;
    struct config_route *routes;
    size_t route_count;
    size_t admin_listeners, admin_routes; /* of these, the last ones: not from a file (admin.h) */
    const char *file;                     /* the main file; NULL: the command line */
    struct config_owner *owner;           /* the count and the memory; config.c only */
};

/* Tokens choose its target. */
bool config_route_has_tokens(const struct config_route *route);

/*
 * What a request of the listener must pass for the route: the route's methods; if it has none, the
 * listener's, except for health.
 */
const struct config_auth_set *config_auth_of(const struct config_listener *listener,
                                             const struct config_route *route);

/* The route's name in listeners' routes, in logs and in metrics. */
const char *config_route_name(const struct config_route *route);

/*
 * A field that routes may not set, as wsluice writes it into its responses: it frames or describes
 * the body, or belongs to the handshake.
 */
bool config_header_is_reserved(const char *name);

/* Through a const pointer, as only the count changes. */
const struct config *config_retain(const struct config *config);
void config_release(const struct config *config); /* NULL: nothing happens */

/*
 * For the builder (snapshot.c), before the snapshot is shared; one thread. config_new: all zero,
 * count 1. config_alloc: zeroed memory with the lifetime of the snapshot; it is wiped before it is
 * freed, as it holds passwords. Both return NULL if memory is out.
 */
struct config *config_new(void);
void *config_alloc(struct config *config, size_t size);

/*
 * Where a secret came from, so that the printed configuration names that instead of the secret.
 * `text` is the secret in the snapshot; `reference` is copied. False: memory is out.
 */
enum config_secret_source {
    CONFIG_ORIGIN_FILE,        /* its path */
    CONFIG_ORIGIN_ENVIRONMENT, /* "${NAME}" */
    CONFIG_ORIGIN_COMMAND,     /* the words, each with CONFIG_WORD_END behind it */
};

#define CONFIG_WORD_END '\x1f'

bool config_note_secret_source(struct config *config, const char *text,
                               enum config_secret_source origin, const char *reference);

/* NULL: the secret is in the configuration itself. */
const char *config_secret_source(const struct config *config, const char *text,
                                 enum config_secret_source *origin);

/*
 * The files that the snapshot was read from: its own, included ones and patterns of them, and those
 * of texts. Absolute paths; `path` is copied. False: memory is out.
 */
bool config_note_file(struct config *config, const char *path);

/* In any order; `cursor` begins as NULL. NULL: there is no further one. */
const char *config_next_file(const struct config *config, const void **cursor);

#endif
