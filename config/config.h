/*
 * The configuration as everybody sees it: a const, reference-counted snapshot. The YAML file and
 * the command line fill the same structs through the same table (options.h).
 *
 * Owns: all strings and arrays of a snapshot (one arena). Thread: any; the count is atomic.
 * Errors: none. Lifetime: the last config_release frees it.
 */
#ifndef WSLUICE_CONFIG_CONFIG_H
#define WSLUICE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_address_kind { CONFIG_ADDRESS_TCP, CONFIG_ADDRESS_UNIX };

struct config_address {
    enum config_address_kind kind;
    const char *host; /* TCP: name or number without brackets; NULL: every interface */
    uint16_t port;    /* TCP: 0 means "any free one" when listening */
    const char *path; /* UNIX: a path; a leading '@' is Linux's abstract name space */
};

enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };
enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };

struct config_log {
    enum config_log_level level;
    enum config_log_format format;
    const char *file; /* NULL: standard error */
};

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

struct config_tls {
    enum config_tls_mode mode;
    const char *certificate;  /* PEM chain; may hold the key as well */
    const char *key;          /* NULL: in the certificate file */
    const char *key_password; /* NULL: none */
    const char *client_ca;    /* NULL: the system's */
    enum config_client_verify client_verify;
    enum config_tls_version min_version;
    const char *ciphers; /* TLS 1.2, OpenSSL syntax; NULL: our default */
};

struct config_listener {
    struct config_address address;
    bool ipv6_only_first; /* -6: prefer IPv6 results when the host is a name */
    unsigned unix_mode;   /* permission bits of a Unix socket */
    unsigned backlog;
    struct config_tls tls;
};

struct config_target {
    struct config_address address;
    bool tls;                /* verified against the system's CAs, with SNI */
    const char *server_name; /* NULL: address.host */
};

enum config_connect {
    CONFIG_CONNECT_FIRST,         /* dial, then answer 101 or 502/504 */
    CONFIG_CONNECT_AFTER_UPGRADE, /* 101, dial, Close 1011 with a reason when that fails */
};
enum config_text { CONFIG_TEXT_FORWARD, CONFIG_TEXT_REFUSE };

struct config_route {
    const char *path; /* for now always every path */
    struct config_target target;
    enum config_connect connect;
    enum config_text text;
    uint32_t connect_timeout_ms;
    uint32_t ping_interval_ms; /* ping when nothing was received for so long; 0: never */
    uint32_t ping_timeout_ms;  /* no byte for so long after a ping: dead */
    uint32_t idle_timeout_ms;  /* no data either way for so long; 0: off */
    uint32_t max_duration_ms;  /* longest session; 0: off */
};

struct config_limits {
    uint32_t handshake_timeout_ms; /* accept to finished upgrade */
    uint32_t close_timeout_ms;     /* close handshake and last bytes */
    uint32_t drain_timeout_ms;     /* after SIGTERM */
    uint32_t head_bytes;           /* HTTP head */
    uint32_t head_fields;
};

struct config {
    uint32_t workers; /* 0: as many as this process may use CPUs */
    struct config_log log;
    struct config_limits limits;
    struct config_listener *listeners;
    size_t listener_count;
    struct config_route *routes;
    size_t route_count;
    struct config_owner *owner; /* the count and the memory; config.c only */
};

/* Counted through a const pointer: the snapshot's content never changes, its count does. */
const struct config *config_retain(const struct config *config);
void config_release(const struct config *config); /* NULL: nothing happens */

/*
 * For the builder (snapshot.c), before anybody else sees the snapshot; one thread.
 * config_new: all zero, count 1. config_alloc: zeroed memory that lives as long as the snapshot and
 * is wiped before it is freed, because passwords lie there. Both return NULL when memory is out.
 */
struct config *config_new(void);
void *config_alloc(struct config *config, size_t size);

#endif
