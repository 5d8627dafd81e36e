// Host keys: trusted on first use, then pinned per URL and machine; or given by the administrator.
import { SshError } from './errors.js';
import { PublicKey, fingerprint } from './keys/publickeys.js';
import { fromBase64 } from './wire.js';

const PREFIX = 'wsluice-ssh-host ';
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** Without what does not name the machine: query, fragment and credentials; ws://host:80/ is ws://host/. */
function normal(url) {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
}

const keyOf = (url, host) => PREFIX + JSON.stringify([normal(url), host]);

/** Pins as stored: anything else in their place is an error, lest a key that changed looked like a new one. */
function parseStored(text) {
    let pins;
    try {
        pins = JSON.parse(text);
    } catch {
        pins = null;
    }
    const valid = (pin) => typeof pin?.type === 'string' && FINGERPRINT.test(pin.fingerprint);
    if (!Array.isArray(pins) || pins.length === 0 || !pins.every(valid)) {
        throw new SshError('host-key', 'What this browser remembers of the machine\'s key is damaged. '
            + 'Forget the key to accept it anew.', { reason: 'damaged' });
    }
    return pins;
}

/**
 * A pin of hosts.json: a fingerprint (SHA256:...), or a public key as in a .pub or known_hosts file.
 * @returns {Promise<{fingerprint: string, type?: string}>}
 */
export async function parsePin(text) {
    const words = String(text).trim().split(/\s+/);
    if (words.length === 1 && FINGERPRINT.test(words[0].replace(/=$/, ''))) {
        return { fingerprint: words[0].replace(/=$/, '') };
    }
    const at = words.findIndex((word) => word.startsWith('AAAA'));
    try {
        const key = PublicKey.parse(fromBase64(words[at]), 'host-key');
        return { type: key.type, fingerprint: await fingerprint(key.blob) };
    } catch {
        throw new SshError('host-key', 'This is neither a SHA256 fingerprint nor a public key of a host: '
            + String(text).slice(0, 80), { reason: 'bad-pin' });
    }
}

export class HostKeys {
    #storage;

    /** @param {Storage} storage localStorage, or an object with its getItem, setItem, removeItem, key and length */
    constructor(storage) {
        this.#storage = storage;
    }

    /** The pins of a machine: [{ type, fingerprint, since }], since as an ISO date. */
    pinned(url, host = '') {
        const text = this.#storage.getItem(keyOf(url, host));
        return text === null ? [] : parseStored(text);
    }

    /** All pins: [{ url, host, pins }]; those that are damaged have pins: null. */
    all() {
        const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
        return keys.filter((key) => key?.startsWith(PREFIX)).sort().map((key) => {
            const [url, host] = JSON.parse(key.slice(PREFIX.length));
            try {
                return { url, host, pins: parseStored(this.#storage.getItem(key)) };
            } catch {
                return { url, host, pins: null };
            }
        });
    }

    forget(url, host = '') {
        this.#storage.removeItem(keyOf(url, host));
    }

    /** Adds a pin. */
    pin(url, host, { type, fingerprint: print }) {
        const pins = this.pinned(url, host).filter((pin) => pin.fingerprint !== print);
        const entry = { type, fingerprint: print, since: new Date().toISOString().slice(0, 10) };
        try {
            this.#storage.setItem(keyOf(url, host), JSON.stringify([...pins, entry]));
        } catch (error) {
            throw new SshError('host-key', `The browser cannot remember the host key: ${error.message}`, { reason: 'storage' });
        }
    }
}

/**
 * Decides about the key that a server has proved to hold. Returns 'configured', 'stored' or 'new'; throws `host-key`.
 * @param {PublicKey} key
 * @param {object} options of connect(): url, host, hostKeys, pins, trust
 */
export async function verifyHostKey(key, { url, host = '', hostKeys, pins, trust }) {
    const { type, bits } = key;
    const print = await key.fingerprint();
    const facts = { type, bits, fingerprint: print };
    if (pins?.length) {
        return configured(facts, await Promise.all(pins.map(parsePin)));
    }
    const known = hostKeys?.pinned(url, host) ?? [];
    if (known.some((pin) => pin.fingerprint === print)) {
        return 'stored';
    }
    if (known.length > 0) {
        throw changed(facts, known.map((pin) => pin.fingerprint));
    }
    if (!trust || await trust({ ...facts, host, url }) !== true) {
        throw new SshError('host-key', `The host key ${print} was not accepted.`, { reason: 'declined', ...facts, expected: [] });
    }
    hostKeys?.pin(url, host, facts);
    return 'new';
}

function configured(facts, pins) {
    const expected = pins.map((pin) => pin.fingerprint);
    if (!expected.includes(facts.fingerprint)) {
        throw new SshError('host-key', `The server shows the host key ${facts.fingerprint} (${facts.type}), which is not among `
            + 'those that the administrator of this page has given. Somebody may be between this page and the machine. '
            + 'No password was sent.', { reason: 'not-pinned', ...facts, expected });
    }
    return 'configured';
}

function changed(facts, expected) {
    return new SshError('host-key', `THE HOST KEY HAS CHANGED: it is ${facts.fingerprint} (${facts.type}) now, `
        + `and was ${expected.join(', ')}. Somebody may be between this page and the machine, or the machine was installed anew. `
        + 'No password was sent.', { reason: 'changed', ...facts, expected });
}
