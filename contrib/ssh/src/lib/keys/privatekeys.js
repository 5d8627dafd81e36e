// Private keys of users: reading their files, and signing.
import { SshError } from '../errors.js';
import { hasEd25519 } from '../features.js';
import { equal, toBase64url } from '../wire.js';
import { PublicKey, SIGNATURES, publicBlob, signatureBlob, webAlgorithm } from './publickeys.js';
import { readOpenSsh } from './opensshkey.js';
import { readPem } from './pemkey.js';

/**
 * A private key. The browser holds what is secret of it, and does not hand it out again.
 * @property type 'ssh-ed25519', 'ssh-rsa' or 'ecdsa-sha2-nistp256' and so on
 * @property publicKey a PublicKey
 */
export class PrivateKey {
    #signers;

    constructor(publicKey, signers, comment) {
        this.publicKey = publicKey;
        this.#signers = signers;
        this.comment = comment;
    }

    get type() {
        return this.publicKey.type;
    }

    get bits() {
        return this.publicKey.bits;
    }

    fingerprint() {
        return this.publicKey.fingerprint();
    }

    /** The signature algorithms, best first. */
    get algorithms() {
        return SIGNATURES[this.type];
    }

    /** SSH's format of a signature by one of `algorithms`. */
    async sign(algorithm, data) {
        const raw = await crypto.subtle.sign(webAlgorithm(algorithm).use, this.#signers.get(algorithm), data);
        return signatureBlob(algorithm, new Uint8Array(raw));
    }
}

const number = (bytes) => BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') || '0'}`);

function bytesOf(value) {
    const text = value.toString(16);
    const even = text.length % 2 ? `0${text}` : text;
    return Uint8Array.from(even.match(/../g), (pair) => parseInt(pair, 16));
}

/** The JWK's secret members, from what the reader of a file found. */
function secretJwk(parts) {
    if (parts.type !== 'ssh-rsa') {
        return { d: toBase64url(parts.secret) };
    }
    const { d, p, q, qi } = parts;
    const rest = (prime) => {
        if (number(prime) < 2n) {
            throw new SshError('key', 'The RSA key is damaged.');
        }
        return bytesOf(number(d) % (number(prime) - 1n));
    };
    const members = { d, p, q, dp: rest(p), dq: rest(q), qi };
    return Object.fromEntries(Object.entries(members).map(([name, bytes]) => [name, toBase64url(bytes)]));
}

async function importSigners(publicKey, jwk) {
    const signers = new Map();
    for (const algorithm of SIGNATURES[publicKey.type]) {
        const { key } = webAlgorithm(algorithm);
        try {
            signers.set(algorithm, await crypto.subtle.importKey('jwk', jwk, key, false, ['sign']));
        } catch {
            throw new SshError('key',
                `This browser does not take the ${publicKey.type} key: it is damaged, or of an unusual kind.`);
        }
    }
    return signers;
}

/**
 * A private key from the parts that a reader found: { type, comment } and { point, secret } or { modulus, exponent, d,
 * p, q, qi }, all as bytes; { blob } if the file has the public key as well.
 */
async function privateKey(parts) {
    if (parts.type === 'ssh-ed25519' && !await hasEd25519()) {
        throw new SshError('key', 'This browser cannot use Ed25519 keys: take a newer one, or an ECDSA or RSA key.');
    }
    const publicKey = PublicKey.parse(publicBlob(parts.type, parts), 'key');
    if (parts.blob && !equal(parts.blob, publicKey.blob)) {
        throw new SshError('key', 'The public half in the file is not that of the private key.');
    }
    const signers = await importSigners(publicKey, { ...publicKey.jwk, ...secretJwk(parts) });
    const key = new PrivateKey(publicKey, signers, parts.comment ?? '');
    const [algorithm] = key.algorithms;
    const probe = new Uint8Array(32);
    if (!await publicKey.verify(algorithm, await key.sign(algorithm, probe), probe)) {
        throw new SshError('key', 'The public half in the file is not that of the private key.');
    }
    return key;
}

/** What a text is that is no private key, if that can be told. */
function refuseOthers(text) {
    if (/^PuTTY-User-Key-File/m.test(text)) {
        throw new SshError('key', 'This is a key of PuTTY: export it with PuTTYgen as an OpenSSH key.');
    }
    if (/BEGIN (SSH2 |RSA )?PUBLIC KEY|^(ssh|ecdsa|sk)-\S+ AAAA/m.test(text)) {
        throw new SshError('key', 'This is a public key: the private one is in the file of the same name without .pub.');
    }
    throw new SshError('key', 'This is not a private key: it begins with a line like -----BEGIN OPENSSH PRIVATE KEY-----.');
}

/**
 * Reads a private key. Throws `passphrase` with { needed: true } or { wrong: true }, and `key` for all else.
 * @param {string} text the file
 * @param {string} [passphrase]
 * @returns {Promise<PrivateKey>}
 */
export async function parsePrivateKey(text, passphrase = '') {
    const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----\r?\n?([\s\S]*?)-----END ([A-Z0-9 ]*)-----/.exec(text);
    if (!block || block[1] !== block[3]) {
        refuseOthers(text);
    }
    const [, kind, body] = block;
    const read = kind === 'OPENSSH PRIVATE KEY' ? readOpenSsh : (inner, pass) => readPem(kind, inner, pass);
    return privateKey(await read(body, passphrase));
}
