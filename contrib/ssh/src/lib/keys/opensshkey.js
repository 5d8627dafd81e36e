// OpenSSH's own file of a private key (its PROTOCOL.key): what ssh-keygen writes.
import { pbkdf } from 'bcrypt-pbkdf';
import { SshError } from '../errors.js';
import { decryptCbc } from './cbc.js';
import { Reader, concat, equal, fromBase64, padded, utf8 } from '../wire.js';
import { curveOf } from './publickeys.js';

const MAGIC = utf8('openssh-key-v1\0');
const MOST_ROUNDS = 2000; // ssh-keygen -a; some 5 ms each, in which the page stands still

const CIPHERS = {
    'aes128-ctr': { key: 16, iv: 16, open: openCtr },
    'aes192-ctr': { key: 24, iv: 16, open: openCtr },
    'aes256-ctr': { key: 32, iv: 16, open: openCtr },
    'aes128-cbc': { key: 16, iv: 16, open: decryptCbc },
    'aes192-cbc': { key: 24, iv: 16, open: decryptCbc },
    'aes256-cbc': { key: 32, iv: 16, open: decryptCbc },
    'aes128-gcm@openssh.com': { key: 16, iv: 12, tag: 16, open: openGcm },
    'aes256-gcm@openssh.com': { key: 32, iv: 12, tag: 16, open: openGcm },
};

async function openCtr(key, iv, data) {
    const imported = await crypto.subtle.importKey('raw', key, 'AES-CTR', false, ['decrypt']);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CTR', counter: iv, length: 128 }, imported, data));
}

async function openGcm(key, iv, data) {
    const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, tagLength: 128 }, imported, data));
}

const wrong = () => new SshError('passphrase', 'The passphrase is wrong.', { wrong: true });

/** Key and IV of bcrypt's derivation. */
function derive(passphrase, options, length) {
    const reader = new Reader(options, 'key');
    const [salt, rounds] = [reader.string(), reader.uint32()];
    reader.end();
    if (salt.length === 0 || rounds < 1 || rounds > MOST_ROUNDS) {
        reader.fail(`The key's passphrase takes ${rounds} rounds, and at most ${MOST_ROUNDS} are accepted: ssh-keygen -p -a 100.`);
    }
    const secret = utf8(passphrase);
    const out = new Uint8Array(length);
    if (pbkdf(secret, secret.length, Uint8Array.from(salt), salt.length, out, length, rounds) !== 0) {
        reader.fail('The key\'s passphrase cannot be used.');
    }
    secret.fill(0);
    return out;
}

async function decrypt({ cipher, kdf, options, data, tag }, passphrase) {
    const known = Object.hasOwn(CIPHERS, cipher) ? CIPHERS[cipher] : null;
    if (!known || kdf !== 'bcrypt') {
        throw new SshError('key', `The key is encrypted by ${cipher}, which this page cannot read: `
            + 'ssh-keygen -p -Z aes256-ctr changes that.');
    }
    if (tag.length !== (known.tag ?? 0) || data.length === 0 || data.length % 16 !== 0) {
        throw new SshError('key', 'The key\'s file is damaged.');
    }
    if (passphrase === '') {
        throw new SshError('passphrase', 'The key needs its passphrase.', { needed: true });
    }
    const derived = derive(passphrase, options, known.key + known.iv);
    try {
        return await known.open(derived.subarray(0, known.key), derived.subarray(known.key), concat(data, tag));
    } catch (error) {
        if (error.name === 'NotSupportedError') {
            throw new SshError('key', `This browser has no ${cipher}: ssh-keygen -p -Z aes256-ctr changes the key.`);
        }
        throw wrong();
    } finally {
        derived.fill(0);
    }
}

function readEd25519(reader) {
    const [point, secret] = [reader.string(), reader.string()];
    if (point.length !== 32 || secret.length !== 64) {
        reader.fail('An Ed25519 key has 32 bytes.');
    }
    if (!equal(point, secret.subarray(32))) {
        reader.fail('The key\'s file is damaged.');
    }
    return { point, secret: secret.subarray(0, 32) };
}

/** The secret number in as many bytes as the curve has: browsers want it so. */
function readEcdsa(reader, type) {
    reader.text(); // the curve, which the type names, too
    const point = reader.string();
    const secret = padded(reader.unsigned(), curveOf(type).length);
    return { point, secret: secret ?? reader.fail('The key\'s secret number is too long.') };
}

function readRsa(reader) {
    const [modulus, exponent, d, qi, p, q] = Array.from({ length: 6 }, () => reader.unsigned());
    return { modulus, exponent, d, qi, p, q };
}

const TYPES = {
    'ssh-ed25519': readEd25519, 'ssh-rsa': readRsa,
    'ecdsa-sha2-nistp256': readEcdsa, 'ecdsa-sha2-nistp384': readEcdsa, 'ecdsa-sha2-nistp521': readEcdsa,
};

/** The private section: two equal numbers, the key, its comment, and 1, 2, 3... up to the cipher's block. */
function readPrivate(bytes, encrypted) {
    const reader = new Reader(bytes, 'key');
    if (reader.uint32() !== reader.uint32()) {
        throw encrypted ? wrong() : new SshError('key', 'The key\'s file is damaged.');
    }
    const type = reader.text();
    if (!Object.hasOwn(TYPES, type)) {
        reader.fail(`Keys of the type ${JSON.stringify(type)} cannot be used in a browser.`);
    }
    const parts = TYPES[type](reader, type);
    const comment = reader.looseText();
    const padding = reader.take(reader.left);
    if (padding.length >= 16 || !padding.every((byte, at) => byte === at + 1)) {
        reader.fail('The key\'s file is damaged.');
    }
    return { type, comment, ...parts };
}

/** The parts of a key from the base64 between the lines of the file. */
export async function readOpenSsh(body, passphrase) {
    const reader = new Reader(fromBase64(body), 'key');
    if (reader.left < MAGIC.length || !reader.take(MAGIC.length).every((byte, at) => byte === MAGIC[at])) {
        reader.fail('The key\'s file is damaged.');
    }
    const [cipher, kdf, options] = [reader.text(), reader.text(), reader.string()];
    if (reader.uint32() !== 1) {
        reader.fail('The file must hold exactly one key.');
    }
    const [blob, data] = [reader.string(), reader.string()];
    const tag = reader.take(reader.left);
    if (cipher !== 'none') {
        return { blob, ...readPrivate(await decrypt({ cipher, kdf, options, data, tag }, passphrase), true) };
    }
    if (kdf !== 'none' || options.length > 0 || tag.length > 0) {
        reader.fail('The key\'s file is damaged.');
    }
    return { blob, ...readPrivate(data, false) };
}
