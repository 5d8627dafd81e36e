// Private keys in PEM: PKCS#8 (plain and encrypted), PKCS#1 for RSA, SEC 1 for elliptic curves.
import { SshError } from '../errors.js';
import { Der } from './der.js';
import { fromBase64, padded, utf8 } from '../wire.js';
import { CURVES } from './publickeys.js';

const RSA = '2a864886f70d010101';
const EC = '2a8648ce3d0201';
const ED25519 = '2b6570';
const PBES2 = '2a864886f70d01050d';
const PBKDF2 = '2a864886f70d01050c';
const PRFS = {
    '2a864886f70d0207': 'SHA-1', '2a864886f70d0209': 'SHA-256', '2a864886f70d020a': 'SHA-384', '2a864886f70d020b': 'SHA-512',
};
const AES_CBC = { '608648016503040102': 16, '608648016503040116': 24, '60864801650304012a': 32 };
const MOST_ITERATIONS = 10_000_000;

const notHere = (what) => new SshError('key',
    `${what} cannot be read here: ssh-keygen -p -f FILE writes the key anew, as OpenSSH does.`);

function readPkcs1(der) {
    const fields = der.sequence();
    if (fields.small() !== 0) {
        throw notHere('An RSA key of more than two primes');
    }
    const [modulus, exponent, d, p, q] = Array.from({ length: 5 }, () => fields.unsigned());
    fields.unsigned(); // d mod (p - 1)
    fields.unsigned(); // d mod (q - 1)
    const qi = fields.unsigned();
    fields.end();
    return { type: 'ssh-rsa', modulus, exponent, d, p, q, qi };
}

/** `oid`: of the curve, when the algorithm of PKCS#8 names it. */
function readSec1(der, oid) {
    const fields = der.sequence();
    if (fields.small() !== 1) {
        fields.fail();
    }
    const secret = fields.octets();
    const named = fields.tagged(0)?.oid() ?? oid;
    const point = fields.tagged(1)?.bits();
    fields.end();
    const [name, curve] = Object.entries(CURVES).find(([, { oid: known }]) => known === named) ?? [];
    if (!curve) {
        throw new SshError('key', 'Only keys on the curves P-256, P-384 and P-521 can be used.');
    }
    if (!point) {
        throw notHere('A key without its public half');
    }
    return { type: `ecdsa-sha2-${name}`, point, secret: padded(secret, curve.length) ?? fields.fail() };
}

/** Ed25519: the file may lack the public half, which WebCrypto computes. */
async function readEd25519(whole, octets) {
    const secret = new Der(octets).octets();
    let jwk;
    try {
        const key = await crypto.subtle.importKey('pkcs8', whole, 'Ed25519', true, ['sign']);
        jwk = await crypto.subtle.exportKey('jwk', key);
    } catch {
        throw new SshError('key', 'This browser does not take the Ed25519 key.');
    }
    return { type: 'ssh-ed25519', secret, point: fromBase64(`${jwk.x.replace(/-/g, '+').replace(/_/g, '/')}=`) };
}

async function readPkcs8(bytes) {
    const fields = new Der(bytes).whole().sequence();
    if (fields.small() > 1) {
        fields.fail();
    }
    const algorithm = fields.sequence();
    const oid = algorithm.oid();
    const key = fields.octets();
    if (oid === RSA) {
        return readPkcs1(new Der(key).whole());
    }
    if (oid === EC) {
        return readSec1(new Der(key).whole(), algorithm.oid());
    }
    if (oid === ED25519) {
        return readEd25519(bytes, key);
    }
    throw new SshError('key', 'Only RSA, ECDSA and Ed25519 keys can be used.');
}

/** The bytes that an encrypted PKCS#8 file holds: PBES2 with PBKDF2 and AES. */
async function decryptPkcs8(bytes, passphrase) {
    const fields = new Der(bytes).whole().sequence();
    const algorithm = fields.sequence();
    if (algorithm.oid() !== PBES2) {
        throw notHere('A key of this old encryption');
    }
    const scheme = algorithm.sequence();
    const [derivation, cipher] = [scheme.sequence(), scheme.sequence()];
    const data = fields.octets();
    fields.end();
    const length = AES_CBC[cipher.oid()];
    if (derivation.oid() !== PBKDF2 || !length) {
        throw notHere('A key of this encryption');
    }
    if (passphrase === '') {
        throw new SshError('passphrase', 'The key needs its passphrase.', { needed: true });
    }
    const key = await derive(derivation.sequence(), passphrase, length);
    const iv = cipher.octets();
    try {
        const imported = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['decrypt']);
        return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, imported, data));
    } catch {
        throw new SshError('passphrase', 'The passphrase is wrong.', { wrong: true });
    } finally {
        key.fill(0);
    }
}

async function derive(parameters, passphrase, length) {
    const [salt, iterations] = [parameters.octets(), parameters.small()];
    if (parameters.isInteger() && parameters.small() !== length) {
        parameters.fail();
    }
    const hash = parameters.left > 0 ? PRFS[parameters.sequence().oid()] : 'SHA-1';
    if (!hash || iterations < 1 || iterations > MOST_ITERATIONS) {
        throw notHere('A key of this encryption');
    }
    const secret = utf8(passphrase);
    const material = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
    secret.fill(0);
    return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt, iterations, hash }, material, length * 8));
}

/** The parts of a key of the kind in the file's first line, from what is between its lines. */
export async function readPem(kind, body, passphrase) {
    if (/^(Proc-Type|DEK-Info):/m.test(body)) {
        throw notHere('A key of this old encryption');
    }
    const bytes = fromBase64(body);
    switch (kind) {
    case 'PRIVATE KEY':
        return readPkcs8(bytes);
    case 'ENCRYPTED PRIVATE KEY':
        return readDecrypted(await decryptPkcs8(bytes, passphrase));
    case 'RSA PRIVATE KEY':
        return readPkcs1(new Der(bytes).whole());
    case 'EC PRIVATE KEY':
        return readSec1(new Der(bytes).whole());
    default:
        throw new SshError('key', `A ${kind} cannot be used: RSA, ECDSA and Ed25519 keys can.`);
    }
}

/** Once in 256 a wrong passphrase seems to fit, and leaves nonsense. */
async function readDecrypted(bytes) {
    try {
        return await readPkcs8(bytes);
    } catch (error) {
        throw error.damaged ? new SshError('passphrase', 'The passphrase is wrong.', { wrong: true }) : error;
    }
}
