// Public keys of hosts and users: Ed25519, ECDSA over NIST's curves, RSA. WebCrypto does the arithmetic.
import { SshError } from '../errors.js';
import { Reader, Writer, concat, padded, toBase64, toBase64url } from '../wire.js';

const RSA_LEAST_BITS = 2048;
const RSA_MOST_BITS = 16384;

export const CURVES = {
    nistp256: { name: 'P-256', hash: 'SHA-256', length: 32, bits: 256, oid: '2a8648ce3d030107' },
    nistp384: { name: 'P-384', hash: 'SHA-384', length: 48, bits: 384, oid: '2b81040022' },
    nistp521: { name: 'P-521', hash: 'SHA-512', length: 66, bits: 521, oid: '2b81040023' },
};

/** The signature algorithms of each type of key, best first. */
export const SIGNATURES = {
    'ssh-ed25519': ['ssh-ed25519'],
    'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
    'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
    'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
    'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

const RSA_HASHES = { 'rsa-sha2-512': 'SHA-512', 'rsa-sha2-256': 'SHA-256' };

export const curveOf = (type) => CURVES[type.replace(/^ecdsa-sha2-/, '')];

/** How WebCrypto calls a signature algorithm of SSH: for importKey, and for sign and verify. */
export function webAlgorithm(algorithm) {
    if (algorithm === 'ssh-ed25519') {
        return { key: 'Ed25519', use: 'Ed25519' };
    }
    if (algorithm in RSA_HASHES) {
        return { key: { name: 'RSASSA-PKCS1-v1_5', hash: RSA_HASHES[algorithm] }, use: 'RSASSA-PKCS1-v1_5' };
    }
    const { name, hash } = curveOf(algorithm);
    return { key: { name: 'ECDSA', namedCurve: name }, use: { name: 'ECDSA', hash } };
}

/** As ssh-keygen -l shows it. */
export async function fingerprint(blob) {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', blob));
    return `SHA256:${toBase64(hash).replace(/=+$/, '')}`;
}

function parseEd25519(reader) {
    const point = reader.string();
    if (point.length !== 32) {
        reader.fail('An Ed25519 key has 32 bytes.');
    }
    return { bits: 256, jwk: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(point) } };
}

function parseEcdsa(type, reader) {
    const curve = curveOf(type);
    if (reader.text() !== type.replace(/^ecdsa-sha2-/, '')) {
        reader.fail('The curve is not that of the key\'s type.');
    }
    return { bits: curve.bits, jwk: pointJwk(curve, reader.string(), reader) };
}

/** The JWK of an uncompressed point. */
export function pointJwk(curve, point, reader) {
    if (point.length !== 1 + 2 * curve.length || point[0] !== 4) {
        reader.fail(`A point on ${curve.name} has ${1 + 2 * curve.length} bytes, uncompressed.`);
    }
    const [x, y] = [point.subarray(1, 1 + curve.length), point.subarray(1 + curve.length)];
    return { kty: 'EC', crv: curve.name, x: toBase64url(x), y: toBase64url(y) };
}

export const bitLength = (number) => (number.length === 0 ? 0 : number.length * 8 - Math.clz32(number[0]) + 24);

function parseRsa(reader) {
    const exponent = reader.unsigned();
    const modulus = reader.unsigned();
    const bits = bitLength(modulus);
    if (bits < RSA_LEAST_BITS || bits > RSA_MOST_BITS) {
        reader.fail(`An RSA key of ${bits} bits is not accepted: ${RSA_LEAST_BITS} to ${RSA_MOST_BITS} are.`);
    }
    return { bits, jwk: { kty: 'RSA', n: toBase64url(modulus), e: toBase64url(exponent) } };
}

/** A public key as SSH sends it (a blob), checked. */
export class PublicKey {
    constructor(type, blob, bits, jwk) {
        this.type = type;
        this.blob = blob;
        this.bits = bits;
        this.jwk = jwk;
    }

    /** Throws an SshError with `code` when the blob is malformed or of a type that is not supported. */
    static parse(blob, code = 'protocol') {
        const reader = new Reader(blob, code);
        const type = reader.text();
        if (!Object.hasOwn(SIGNATURES, type)) {
            throw new SshError(code, `Keys of the type ${JSON.stringify(type)} are not supported.`);
        }
        const parse = { 'ssh-ed25519': parseEd25519, 'ssh-rsa': parseRsa }[type] ?? ((left) => parseEcdsa(type, left));
        const { bits, jwk } = parse(reader);
        reader.end();
        return new PublicKey(type, new Uint8Array(blob), bits, jwk);
    }

    fingerprint() {
        return fingerprint(this.blob);
    }

    /** Whether `signature` (SSH's format, with its algorithm's name) is of `data`, by exactly `algorithm`. */
    async verify(algorithm, signature, data) {
        const reader = new Reader(signature);
        const named = reader.text();
        if (named !== algorithm || !SIGNATURES[this.type].includes(algorithm)) {
            reader.fail(`The signature is of the algorithm ${JSON.stringify(named)}, not ${algorithm}.`);
        }
        const { key, use } = webAlgorithm(algorithm);
        const raw = this.#rawSignature(reader);
        reader.end();
        let imported;
        try {
            imported = await crypto.subtle.importKey('jwk', this.jwk, key, false, ['verify']);
        } catch {
            reader.fail(`The ${this.type} key is not valid.`);
        }
        return crypto.subtle.verify(use, imported, raw, data);
    }

    #rawSignature(reader) {
        const bytes = reader.string();
        if (this.type.startsWith('ecdsa-')) {
            return rawEcdsa(bytes, curveOf(this.type).length);
        }
        if (this.type === 'ssh-rsa') {
            return padded(bytes, Math.ceil(this.bits / 8)) ?? reader.fail('The signature is too long.');
        }
        return bytes.length === 64 ? bytes : reader.fail('An Ed25519 signature has 64 bytes.');
    }
}

/** r and s as WebCrypto wants them, from SSH's two mpints. */
function rawEcdsa(bytes, length) {
    const reader = new Reader(bytes);
    const [r, s] = [padded(reader.unsigned(), length), padded(reader.unsigned(), length)];
    reader.end();
    return r && s ? concat(r, s) : reader.fail('The signature is too long.');
}

/** SSH's format of a signature that WebCrypto made. */
export function signatureBlob(algorithm, raw) {
    let bytes = raw;
    if (algorithm.startsWith('ecdsa-')) {
        const { length } = curveOf(algorithm);
        bytes = new Writer().unsigned(raw.subarray(0, length)).unsigned(raw.subarray(length)).bytes();
    }
    return new Writer().string(algorithm).string(bytes).bytes();
}

/** The blob of a public key, from its JWK. */
export function publicBlob(type, parts) {
    const writer = new Writer().string(type);
    if (type === 'ssh-ed25519') {
        writer.string(parts.point);
    } else if (type === 'ssh-rsa') {
        writer.unsigned(parts.exponent).unsigned(parts.modulus);
    } else {
        writer.string(type.replace(/^ecdsa-sha2-/, '')).string(parts.point);
    }
    return writer.bytes();
}
