/*
 * The table of end reasons: every way in which a connection, a handshake or a session can end.
 * The log, the metrics and the Close frame use the same row; no code or text is made up elsewhere.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_BASE_REASON_H
#define WSLUICE_BASE_REASON_H

#include <stdint.h>

/*
 * REASON(name, level, HTTP status before the upgrade, Close code after it, text)
 *
 * HTTP status 0: the connection is closed without an answer. Close code 0: no Close frame is sent,
 * because the client is gone or has closed first (its own code is then echoed).
 * A text fits a Close frame (123 bytes) and says what happened, from the client's point of view.
 */
#define REASON_TABLE(REASON)                                                                       \
    REASON(none, INFO, 0, 0, "")                                                                   \
    /* regular ends of sessions */                                                                 \
    REASON(client_closed, INFO, 0, 0, "client closed")                                             \
    REASON(client_eof, INFO, 0, 0, "client hung up without a Close frame")                         \
    REASON(target_closed, INFO, 0, 1000, "Target closed")                                          \
    REASON(shutdown, INFO, 503, 1001, "Server is shutting down")                                   \
    REASON(idle_timeout, INFO, 0, 1000, "Idle for too long")                                       \
    REASON(input_timeout, INFO, 0, 1000, "No input for too long")                                  \
    REASON(duration_limit, INFO, 0, 1000, "Session time limit reached")                            \
    REASON(killed, INFO, 503, 1008, "Ended by an operator")                                        \
    REASON(logged_out, INFO, 401, 1008, "The user has logged out")                                 \
    REASON(answered, DEBUG, 0, 0, "request answered")                                              \
    /* a peer or the network failed */                                                             \
    REASON(client_reset, INFO, 0, 0, "client connection was reset")                                \
    REASON(client_stalled, WARN, 0, 0, "client stopped reading")                                   \
    REASON(client_dead, WARN, 0, 1011, "Client did not answer the ping")                           \
    REASON(client_io, WARN, 0, 0, "client connection failed")                                      \
    REASON(target_stalled, WARN, 0, 1011, "Target stopped reading")                                \
    REASON(recording_stalled, ERROR, 0, 1011, "The recording could not be written in time")        \
    REASON(target_reset, WARN, 502, 1011, "Target reset the connection")                           \
    REASON(target_io, WARN, 502, 1011, "Connection to the target failed")                          \
    REASON(target_refused, WARN, 502, 1011, "Target refused the connection")                       \
    REASON(target_unreachable, WARN, 502, 1011, "Target is unreachable")                           \
    REASON(target_unresolved, WARN, 502, 1011, "Target name does not resolve")                     \
    REASON(target_timeout, WARN, 504, 1011, "Target did not answer in time")                       \
    REASON(target_tls, WARN, 502, 1011, "TLS to the target failed")                                \
    REASON(target_foreign, WARN, 502, 1011,                                                        \
           "Another user's program listens in place of the target")                                \
    REASON(target_unexpected, WARN, 502, 1011, "Target is not the expected service")               \
    REASON(target_silent, WARN, 504, 1011, "Target sent no greeting in time")                      \
    REASON(target_untrusted, WARN, 502, 1011, "Certificate of the target is not trusted")          \
    REASON(target_upgrade, WARN, 502, 1011, "Target did not open the WebSocket")                   \
    REASON(target_dead, WARN, 0, 1011, "Target did not answer the ping")                           \
    REASON(target_eof, WARN, 0, 1011, "Target hung up without a Close frame")                      \
    REASON(target_frames, WARN, 0, 1011, "Target broke the WebSocket protocol")                    \
    REASON(target_proxy_unreachable, WARN, 502, 1011, "The proxy to the target is unreachable")    \
    REASON(target_proxy_refused, WARN, 502, 1011, "The proxy refuses to connect to the target")    \
    REASON(target_proxy_auth, WARN, 502, 1011,                                                     \
           "The proxy to the target does not accept the login")                                    \
    REASON(target_proxy_failed, WARN, 502, 1011, "The proxy to the target gave no valid answer")   \
    /* before the first request */                                                                 \
    REASON(silent, DEBUG, 0, 0, "client sent nothing")                                             \
    REASON(handshake_eof, INFO, 0, 0, "client hung up during the handshake")                       \
    REASON(handshake_timeout, WARN, 408, 0, "Handshake took too long")                             \
    REASON(proxy_missing, WARN, 0, 0, "PROXY header is missing")                                   \
    REASON(proxy_malformed, WARN, 0, 0, "malformed PROXY header")                                  \
    REASON(proxy_untrusted, WARN, 0, 0, "PROXY header from an untrusted address")                  \
    REASON(tls_handshake, WARN, 0, 0, "TLS handshake failed")                                      \
    REASON(tls_certificate, WARN, 0, 0, "client certificate missing or not accepted")              \
    REASON(tls_required, WARN, 400, 0, "This port speaks HTTPS")                                   \
    REASON(tls_unavailable, WARN, 0, 0, "TLS hello on a listener without a certificate")           \
    /* plain HTTP answers */                                                                       \
    REASON(answer_timeout, WARN, 503, 0, "The answer took too long")                               \
    REASON(file_changed, WARN, 0, 0, "file became shorter while it was sent")                      \
    REASON(file_io, WARN, 0, 0, "file could not be read")                                          \
    /* HTTP, RFC 9112 and RFC 6455 section 4 */                                                    \
    REASON(http_malformed, WARN, 400, 0, "Malformed request")                                      \
    REASON(http_host, WARN, 400, 0, "Exactly one valid Host field is required")                    \
    REASON(http_body, WARN, 400, 0, "A request body is not accepted here")                         \
    REASON(http_body_too_large, WARN, 413, 0, "Request body too large")                            \
    REASON(http_version, WARN, 505, 0, "HTTP version not supported: use HTTP/1.1")                 \
    REASON(http_method, WARN, 405, 0, "Method not allowed")                                        \
    REASON(http_forwarded, WARN, 400, 0, "Forwarded and X-Forwarded-For disagree")                 \
    REASON(http_uri_too_long, WARN, 414, 0, "Request target too long")                             \
    REASON(http_head_too_large, WARN, 431, 0, "Request head too large")                            \
    REASON(http_not_upgrade, WARN, 426, 0, "This is a WebSocket endpoint")                         \
    REASON(http_path, WARN, 400, 0, "Malformed path")                                              \
    REASON(http_no_route, WARN, 404, 0, "No route for this host and path")                         \
    REASON(ws_no_target, WARN, 404, 0, "No WebSocket at this path: its route has no target")       \
    REASON(ws_http_version, WARN, 426, 0, "A WebSocket needs HTTP/1.1")                            \
    REASON(ws_version, WARN, 426, 0, "WebSocket version 13 is required")                           \
    REASON(ws_key, WARN, 400, 0, "Sec-WebSocket-Key is missing, repeated or malformed")            \
    REASON(ws_header, WARN, 400, 0, "Malformed WebSocket header field")                            \
    /* access */                                                                                   \
    REASON(address_refused, WARN, 403, 0, "This address is not allowed")                           \
    REASON(origin_refused, WARN, 403, 0, "Pages of this origin are not allowed")                   \
    REASON(target_name_refused, WARN, 404, 1008, "This target name is not allowed")                \
    REASON(target_not_permitted, WARN, 403, 1008, "This target is not permitted")                  \
    REASON(token_missing, WARN, 403, 0, "A token is required")                                     \
    REASON(token_unknown, WARN, 404, 0, "No target for this token")                                \
    REASON(token_refused, WARN, 403, 0, "This token is not accepted")                              \
    REASON(token_source, WARN, 503, 0, "Tokens cannot be looked up")                               \
    REASON(auth_required, INFO, 401, 0, "Authentication is required")                              \
    REASON(auth_failed, WARN, 401, 0, "Authentication failed")                                     \
    REASON(auth_refused, WARN, 403, 0, "This client is not allowed here")                          \
    REASON(auth_throttled, WARN, 429, 0, "Too many failed attempts")                               \
    REASON(auth_unavailable, WARN, 503, 0, "Authentication is not available")                      \
    /* limits */                                                                                   \
    REASON(too_many_process, WARN, 503, 0, "Too many connections")                                 \
    REASON(too_many_listener, WARN, 503, 0, "Too many connections to this listener")               \
    REASON(too_many_route, WARN, 503, 0, "Too many sessions on this route")                        \
    REASON(too_many_user, WARN, 429, 0, "Too many sessions of this user")                          \
    REASON(too_many_address, WARN, 429, 0, "Too many connections from this address")               \
    REASON(rate_limited, WARN, 429, 0, "Too many requests from this address")                      \
    /* frames, RFC 6455 section 5 */                                                               \
    REASON(ws_unmasked, WARN, 0, 1002, "Client frame is not masked")                               \
    REASON(ws_masked, WARN, 0, 1002, "Server frame is masked")                                     \
    REASON(ws_rsv, WARN, 0, 1002, "Reserved bit set without an extension")                         \
    REASON(ws_opcode, WARN, 0, 1002, "Reserved opcode")                                            \
    REASON(ws_length, WARN, 0, 1002, "Payload length not in its shortest form")                    \
    REASON(ws_control_long, WARN, 0, 1002, "Control frame longer than 125 bytes")                  \
    REASON(ws_control_fragmented, WARN, 0, 1002, "Fragmented control frame")                       \
    REASON(ws_continuation, WARN, 0, 1002, "Continuation without a message")                       \
    REASON(ws_interleaved, WARN, 0, 1002, "New message inside a fragmented one")                   \
    REASON(ws_close_malformed, WARN, 0, 1002, "Malformed Close frame")                             \
    REASON(ws_text_refused, WARN, 0, 1003, "Text frames are not accepted here")                    \
    REASON(ws_bad_utf8, WARN, 0, 1007, "Text is not valid UTF-8")                                  \
    /* ours */                                                                                     \
    REASON(drained, WARN, 0, 0, "drain deadline passed")                                           \
    REASON(out_of_memory, ERROR, 503, 1011, "Out of memory")                                       \
    REASON(out_of_descriptors, ERROR, 503, 1013, "Out of file descriptors")                        \
    REASON(internal, ERROR, 500, 1011, "Internal error")

enum reason_level { REASON_DEBUG, REASON_INFO, REASON_WARN, REASON_ERROR };

#define REASON_ENUM(name, level, http, ws, text) REASON_##name,
enum reason { REASON_TABLE(REASON_ENUM) REASON_COUNT };
#undef REASON_ENUM

struct reason_row {
    const char *name;
    enum reason_level level;
    uint16_t http_status;
    uint16_t close_code;
    const char *text;
};

/* The row of a reason; aborts on a value outside the table, which is a programming error. */
const struct reason_row *reason_row(enum reason reason);

#endif
