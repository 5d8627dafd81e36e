// Key exchange over elliptic curves: X25519 (RFC 8731) and NIST's curves (RFC 5656), by WebCrypto.
import { KeyExchangeAlgorithm, PublicKeyAlgorithm } from './library.js';
import { SshError } from '../errors.js';
import { hasEd25519, hasX25519 } from '../features.js';
import { Writer, mpintBytes } from '../wire.js';
import { CURVES, PublicKey, SIGNATURES } from '../keys/publickeys.js';

const X25519 = { web: { name: 'X25519' }, hash: 'SHA-256', digest: 32, secretBits: 256 };
const DIGESTS = { 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 };

const nist = (curve) => ({
    web: { name: 'ECDH', namedCurve: curve.name }, hash: curve.hash, digest: DIGESTS[curve.hash], secretBits: curve.length * 8,
});

/** One exchange: what the library calls. Values are strings of bytes, the secret is an mpint's bytes. */
class Exchange {
    #group;
    #pair = null;

    constructor(group) {
        this.#group = group;
        this.digestLength = group.digest;
    }

    async startKeyExchange() {
        this.#pair = await crypto.subtle.generateKey(this.#group.web, false, ['deriveBits']);
        return Buffer.from(await crypto.subtle.exportKey('raw', this.#pair.publicKey));
    }

    async decryptKeyExchange(value) {
        let secret;
        try {
            const theirs = await crypto.subtle.importKey('raw', value, this.#group.web, false, []);
            secret = new Uint8Array(await crypto.subtle.deriveBits({ name: this.#group.web.name, public: theirs },
                this.#pair.privateKey, this.#group.secretBits));
        } catch {
            throw new SshError('protocol', 'The server\'s value in the key exchange is not valid.');
        }
        if (secret.every((byte) => byte === 0)) {
            throw new SshError('protocol', 'The server\'s value in the key exchange is not valid.');
        }
        const bytes = Buffer.from(mpintBytes(secret));
        secret.fill(0);
        return bytes;
    }

    async sign(data) {
        return Buffer.from(await crypto.subtle.digest(this.#group.hash, data));
    }

    dispose() {}
}

class Algorithm extends KeyExchangeAlgorithm {
    #group;

    constructor(name, group) {
        super(name, group.secretBits, group.hash, group.digest);
        this.#group = group;
    }

    createKeyExchange() {
        return new Exchange(this.#group);
    }
}

/** The key exchanges to offer, best first. */
export async function keyExchanges() {
    const curves = Object.entries(CURVES).map(([name, curve]) => new Algorithm(`ecdh-sha2-${name}`, nist(curve)));
    return await hasX25519()
        ? [new Algorithm('curve25519-sha256', X25519), new Algorithm('curve25519-sha256@libssh.org', X25519), ...curves]
        : curves;
}

/** Exchange hash of RFC 5656 and RFC 8731. */
export function exchangeHash(exchange, { ours, theirs, clientInit, serverInit, hostKey, clientValue, serverValue, secret }) {
    const writer = new Writer(2048).string(ours).string(theirs).string(clientInit).string(serverInit).string(hostKey)
        .string(clientValue).string(serverValue).unsigned(secret);
    return exchange.sign(writer.bytes());
}

/** A host key in the hands of the library. */
class HostKey {
    async setPublicKeyBytes(blob) {
        this.key = PublicKey.parse(blob);
    }
}

/** A host key algorithm, verified by PublicKey. */
class HostKeyAlgorithm extends PublicKeyAlgorithm {
    constructor(name, type) {
        super(name, type, '');
    }

    createKeyPair() {
        return new HostKey();
    }

    /** The signature's blob goes to the verifier whole. */
    readSignatureData(signature) {
        return signature;
    }

    createVerifier({ key }) {
        return { verify: (data, signature) => key.verify(this.name, signature, data) };
    }
}

/** The host key algorithms to offer: of the types in `preferred` first, as one of them is pinned. */
export async function hostKeyAlgorithms(preferred) {
    const types = Object.keys(SIGNATURES).filter((type) => type !== 'ssh-ed25519');
    if (await hasEd25519()) {
        types.unshift('ssh-ed25519');
    }
    types.sort((a, b) => preferred.includes(b) - preferred.includes(a));
    return types.flatMap((type) => SIGNATURES[type].map((name) => new HostKeyAlgorithm(name, type)));
}
