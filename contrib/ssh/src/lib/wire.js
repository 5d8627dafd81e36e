// SSH's data types (RFC 4251, section 5), read strictly: what is too short, too long or not UTF-8 is an error.
import { SshError } from './errors.js';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export const utf8 = (text) => encoder.encode(text);

/** Text of bytes that a server chose: what is not UTF-8 becomes U+FFFD. */
export const lossyText = (bytes) => lossyUtf8.decode(bytes);

// Control characters but for line feed and tab, and those that change the direction of text.
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What is safe to show of a text. */
export const printable = (text) => text.replace(/\r\n/g, '\n').replace(UNPRINTABLE, '');

export function concat(...parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

export const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export function toBase64(bytes) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) {
        text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    }
    return btoa(text);
}

export const toBase64url = (bytes) => toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** Throws on anything but base64, white space aside. */
export function fromBase64(text) {
    const compact = text.replace(/[ \t\r\n]+/g, '');
    if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
        throw new SshError('key', 'The base64 text is damaged.');
    }
    return Uint8Array.from(atob(compact), (character) => character.charCodeAt(0));
}

/** An unsigned number's bytes without leading zeros. */
export function digits(bytes) {
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? new Uint8Array(0) : bytes.subarray(start);
}

/** An unsigned number as an mpint's bytes: a zero comes first when it would be negative otherwise. */
export function mpintBytes(bytes) {
    const short = digits(bytes);
    return short.length > 0 && short[0] >= 0x80 ? concat(new Uint8Array(1), short) : short.slice();
}

/** An unsigned number in exactly `length` bytes, or null when it does not fit. */
export function padded(bytes, length) {
    const short = digits(bytes);
    return short.length > length ? null : concat(new Uint8Array(length - short.length), short);
}

export class Reader {
    #bytes;
    #view;
    #at = 0;
    #code;

    /** `code`: of the SshError that is thrown when the bytes end too early. */
    constructor(bytes, code = 'protocol') {
        this.#bytes = bytes;
        this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        this.#code = code;
    }

    get left() {
        return this.#bytes.length - this.#at;
    }

    fail(text) {
        throw new SshError(this.#code, text);
    }

    /** The next bytes, as a view. */
    take(length) {
        if (length > this.left) {
            this.fail('The data end too early.');
        }
        this.#at += length;
        return this.#bytes.subarray(this.#at - length, this.#at);
    }

    byte() {
        return this.take(1)[0];
    }

    boolean() {
        return this.byte() !== 0;
    }

    uint32() {
        this.take(4);
        return this.#view.getUint32(this.#at - 4);
    }

    /** A number; throws beyond 2^53, where numbers are no longer exact. */
    uint64() {
        this.take(8);
        const value = this.#view.getBigUint64(this.#at - 8);
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
            this.fail('A number is too large.');
        }
        return Number(value);
    }

    /** A string's bytes, as a view. */
    string() {
        return this.take(this.uint32());
    }

    text() {
        const bytes = this.string();
        try {
            return strictUtf8.decode(bytes);
        } catch {
            return this.fail('A text is not UTF-8.');
        }
    }

    /** A text to show, which may be in any encoding. */
    looseText() {
        return lossyText(this.string());
    }

    names() {
        const text = this.text();
        return text === '' ? [] : text.split(',');
    }

    /** An mpint that may not be negative: its bytes without leading zeros. */
    unsigned() {
        const bytes = this.string();
        if (bytes.length > 0 && bytes[0] >= 0x80) {
            this.fail('A number is negative.');
        }
        if (bytes.length > 1 && bytes[0] === 0 && bytes[1] < 0x80) {
            this.fail('A number has leading zeros.');
        }
        return bytes[0] === 0 ? bytes.subarray(1) : bytes;
    }

    end() {
        if (this.left > 0) {
            this.fail('The data are longer than they should be.');
        }
    }
}

export class Writer {
    #bytes;
    #view;
    #length = 0;

    constructor(capacity = 256) {
        this.#grow(capacity);
    }

    #grow(capacity) {
        const bytes = new Uint8Array(capacity);
        if (this.#bytes) {
            bytes.set(this.#bytes.subarray(0, this.#length));
        }
        this.#bytes = bytes;
        this.#view = new DataView(bytes.buffer);
    }

    /** Room for `length` bytes; returns where they begin. */
    #reserve(length) {
        const start = this.#length;
        if (start + length > this.#bytes.length) {
            this.#grow(Math.max(this.#bytes.length * 2, start + length));
        }
        this.#length += length;
        return start;
    }

    raw(bytes) {
        const start = this.#reserve(bytes.length);
        this.#bytes.set(bytes, start);
        return this;
    }

    byte(value) {
        const start = this.#reserve(1);
        this.#bytes[start] = value;
        return this;
    }

    boolean(value) {
        return this.byte(value ? 1 : 0);
    }

    uint32(value) {
        const start = this.#reserve(4);
        this.#view.setUint32(start, value);
        return this;
    }

    uint64(value) {
        const start = this.#reserve(8);
        this.#view.setBigUint64(start, BigInt(value));
        return this;
    }

    /** A string of bytes or of a text's UTF-8. */
    string(value) {
        const bytes = typeof value === 'string' ? utf8(value) : value;
        return this.uint32(bytes.length).raw(bytes);
    }

    names(list) {
        return this.string(list.join(','));
    }

    /** An mpint of an unsigned number's bytes. */
    unsigned(bytes) {
        return this.string(mpintBytes(bytes));
    }

    bytes() {
        return this.#bytes.slice(0, this.#length);
    }

    /** Overwrites the memory: for passwords and keys. */
    wipe() {
        this.#bytes.fill(0);
    }
}
