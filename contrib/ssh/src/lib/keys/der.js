// ASN.1's DER (X.690), as much as keys need.
import { SshError } from '../errors.js';

const INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, OID = 0x06, SEQUENCE = 0x30, CONTEXT = 0xa0;

/** Reads the elements of one value in turn. */
export class Der {
    #bytes;
    #at = 0;

    constructor(bytes) {
        this.#bytes = bytes;
    }

    get left() {
        return this.#bytes.length - this.#at;
    }

    fail() {
        throw new SshError('key', 'The key\'s file is damaged.', { damaged: true });
    }

    #byte() {
        return this.left > 0 ? this.#bytes[this.#at++] : this.fail();
    }

    #length() {
        const first = this.#byte();
        if (first < 0x80) {
            return first;
        }
        if (first === 0x80 || first > 0x83) {
            this.fail();
        }
        let length = 0;
        for (let count = first & 0x7f; count > 0; count--) {
            length = length * 256 + this.#byte();
        }
        return length;
    }

    #element(tag) {
        if (this.#byte() !== tag) {
            this.fail();
        }
        const length = this.#length();
        if (length > this.left) {
            this.fail();
        }
        this.#at += length;
        return this.#bytes.subarray(this.#at - length, this.#at);
    }

    /** Itself, if it is one element without anything behind. */
    whole() {
        const copy = new Der(this.#bytes);
        copy.#element(SEQUENCE);
        copy.end();
        return this;
    }

    end() {
        if (this.left > 0) {
            this.fail();
        }
    }

    isInteger() {
        return this.left > 0 && this.#bytes[this.#at] === INTEGER;
    }

    sequence() {
        return new Der(this.#element(SEQUENCE));
    }

    octets() {
        return this.#element(OCTET_STRING);
    }

    /** A BIT STRING of whole bytes. */
    bits() {
        const bytes = this.#element(BIT_STRING);
        return bytes[0] === 0 ? bytes.subarray(1) : this.fail();
    }

    /** An INTEGER that is not negative, without leading zeros. */
    unsigned() {
        const bytes = this.#element(INTEGER);
        if (bytes.length === 0 || bytes[0] >= 0x80 || (bytes.length > 1 && bytes[0] === 0 && bytes[1] < 0x80)) {
            this.fail();
        }
        return bytes[0] === 0 ? bytes.subarray(1) : bytes;
    }

    /** An INTEGER below 2^32. */
    small() {
        const bytes = this.unsigned();
        return bytes.length > 4 ? this.fail() : bytes.reduce((value, byte) => value * 256 + byte, 0);
    }

    /** An OBJECT IDENTIFIER's bytes, in hexadecimal. */
    oid() {
        return [...this.#element(OID)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    }

    /** The value of an optional, explicitly tagged element, or null. */
    tagged(number) {
        return this.left > 0 && this.#bytes[this.#at] === CONTEXT + number ? new Der(this.#element(CONTEXT + number)) : null;
    }
}
