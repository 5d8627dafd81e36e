// An SSH server that does as a test says, on Node's own cryptography: ecdh-sha2-nistp256, ssh-ed25519, aes256-gcm.
import crypto from 'node:crypto';
import { WebSocketServer, lib } from './lib.mjs';

const { Reader, Writer } = lib.wire;
const VERSION = 'SSH-2.0-Played_1.0';
const KEXINIT = 20, NEWKEYS = 21, ECDH_INIT = 30, ECDH_REPLY = 31;

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest();

export function newHostKey() {
    const { privateKey, publicKey } = crypto.generateKeyPairSync('ed25519');
    const point = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url');
    return { privateKey, blob: new Writer().string('ssh-ed25519').string(point).bytes() };
}

function kexInit() {
    const writer = new Writer().byte(KEXINIT).raw(crypto.randomBytes(16)).string('ecdh-sha2-nistp256').string('ssh-ed25519');
    for (const list of ['aes256-gcm@openssh.com', 'hmac-sha2-256', 'none', '']) {
        writer.string(list).string(list);
    }
    return writer.boolean(false).uint32(0).bytes();
}

export class Played {
    #socket;
    #bytes = Buffer.alloc(0);
    #wake = () => {};
    #out = null; // { key, iv }, once encrypted
    #in = null;
    #clientVersion;
    #sessionId = null;

    constructor(socket) {
        this.#socket = socket;
        this.closed = new Promise((resolve) => socket.on('close', resolve));
        socket.on('message', (data) => {
            this.#bytes = Buffer.concat([this.#bytes, data]);
            this.#wake();
        });
        socket.on('close', () => this.#wake());
    }

    raw(bytes) {
        this.#socket.send(Buffer.from(bytes));
    }

    close(code, reason) {
        this.#socket.close(code, reason);
    }

    async #take(length) {
        while (this.#bytes.length < length) {
            if (this.#socket.readyState > 1) {
                throw new Error('the client has left');
            }
            await new Promise((resolve) => { this.#wake = resolve; });
        }
        const taken = this.#bytes.subarray(0, length);
        this.#bytes = this.#bytes.subarray(length);
        return taken;
    }

    /** A payload as a packet, encrypted once there are keys. */
    packet(payload) {
        const block = this.#out ? 16 : 8;
        const covered = (this.#out ? 1 : 5) + payload.length;
        const padding = block - (covered % block) + (block - (covered % block) < 4 ? block : 0);
        const length = new Writer().uint32(1 + payload.length + padding).bytes();
        const body = new Writer().byte(padding).raw(payload).raw(new Uint8Array(padding)).bytes();
        if (!this.#out) {
            return Buffer.concat([length, body]);
        }
        const cipher = crypto.createCipheriv('aes-256-gcm', this.#out.key, step(this.#out));
        cipher.setAAD(length);
        return Buffer.concat([length, cipher.update(body), cipher.final(), cipher.getAuthTag()]);
    }

    send(payload) {
        this.raw(this.packet(payload));
    }

    /** The client's next payload. */
    async receive() {
        const length = await this.#take(4);
        const size = length.readUInt32BE();
        let body = await this.#take(size);
        if (this.#in) {
            const decipher = crypto.createDecipheriv('aes-256-gcm', this.#in.key, step(this.#in));
            decipher.setAAD(length);
            decipher.setAuthTag(await this.#take(16));
            body = Buffer.concat([decipher.update(body), decipher.final()]);
        }
        return body.subarray(1, body.length - body[0]);
    }

    /** Skips what comes before a message of this type. */
    async expect(type) {
        for (;;) {
            const payload = await this.receive();
            if (payload[0] === type) {
                return payload;
            }
        }
    }

    async versions() {
        this.raw(Buffer.from(`${VERSION}\r\n`));
        let line = '';
        while (!line.endsWith('\r\n')) {
            line += await this.#take(1);
        }
        this.#clientVersion = line.trim();
    }

    /** One key exchange; `inside` is sent after our KEXINIT; `spoil` may change the signature's blob. */
    async exchange(hostKey, { inside, spoil = (signature) => signature } = {}) {
        const ours = kexInit();
        this.send(ours);
        if (inside) {
            this.send(inside);
        }
        const theirs = await this.expect(KEXINIT);
        const value = new Reader((await this.expect(ECDH_INIT)).subarray(1)).string();
        const ecdh = crypto.createECDH('prime256v1');
        const mine = ecdh.generateKeys();
        const secret = new Writer().unsigned(ecdh.computeSecret(value)).bytes();
        const hash = sha256(new Writer().string(this.#clientVersion).string(VERSION).string(theirs).string(ours).string(hostKey.blob)
            .string(value).string(mine).raw(secret).bytes());
        this.#sessionId ??= hash;
        const signature = new Writer().string('ssh-ed25519').string(crypto.sign(null, hash, hostKey.privateKey)).bytes();
        this.send(new Writer().byte(ECDH_REPLY).string(hostKey.blob).string(mine).string(spoil(signature)).bytes());
        this.send(Uint8Array.of(NEWKEYS));
        const derive = (letter) => sha256(Buffer.concat([secret, hash, Buffer.from(letter), this.#sessionId]));
        this.#out = { key: derive('D'), iv: derive('B').subarray(0, 12) };
        await this.expect(NEWKEYS);
        this.#in = { key: derive('C'), iv: derive('A').subarray(0, 12) };
    }

    /** To the end of a login that needs nothing. */
    async login(hostKey) {
        await this.versions();
        await this.exchange(hostKey);
        await this.expect(5);
        this.send(new Writer().byte(6).string('ssh-userauth').bytes());
        await this.expect(50);
        this.send(Uint8Array.of(52));
    }

    /** Lets the client open its channel 0, and run what it likes. */
    async channel() {
        await this.expect(90);
        this.send(new Writer().byte(91).uint32(0).uint32(0).uint32(100_000).uint32(32768).bytes());
    }
}

/** The counter of GCM's nonce: returns it as it is, and counts. */
function step(direction) {
    const iv = Buffer.from(direction.iv);
    direction.iv.writeBigUInt64BE(direction.iv.readBigUInt64BE(4) + 1n, 4);
    return iv;
}

/** Serves one client by `act(played)`; what that throws when the client leaves does not matter. Returns the URL. */
export async function play(act) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (socket) => {
        server.close();
        act(new Played(socket)).catch((error) => {
            if (!/client has left/.test(error.message)) {
                throw error;
            }
        });
    });
    await new Promise((resolve) => server.on('listening', resolve));
    return `ws://127.0.0.1:${server.address().port}/`;
}
