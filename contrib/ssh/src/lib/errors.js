/**
 * What this layer throws. `code` is for programs, `message` for users.
 *
 * Codes: connect (WebSocket or far end), ended (a session's end while something waited for it), timeout, aborted,
 * protocol (the server breaks the rules), negotiation (no common algorithm), host-key (refused), denied
 * (authentication), key (a private key that cannot be used), passphrase (missing or wrong), refused (a channel or
 * request), sftp (a status of the server, in `status`), insecure (no secure context).
 */
export class SshError extends Error {
    constructor(code, message, facts = {}) {
        super(message);
        this.name = 'SshError';
        this.code = code;
        Object.assign(this, facts);
    }
}
