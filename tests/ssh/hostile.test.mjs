// Servers that are not, or only half, SSH servers: each is refused with a word, within its deadline.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { WebSocketServer, lib } from './lib.mjs';

const { connect, SshError } = lib.index;
const { ClientSession, makeConfiguration } = lib.mends;
const { Writer } = lib.wire;

const VERSION = 'SSH-2.0-Played_1.0\r\n';
const KEXINIT = 20, NEWKEYS = 21, REPLY = 31;
const servers = [];
after(() => servers.forEach((server) => server.close()));

/** A WebSocket server whose sockets are handed to `act`; returns its URL. */
async function serve(act) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    servers.push(server);
    server.on('connection', act);
    await new Promise((resolve) => server.on('listening', resolve));
    return `ws://127.0.0.1:${server.address().port}/`;
}

/** A packet before encryption. */
function plain(payload) {
    const padding = 8 - ((5 + payload.length) % 8) + 8;
    return new Writer().uint32(1 + payload.length + padding).byte(padding).raw(payload).raw(new Uint8Array(padding)).bytes();
}

function kexInit({ kex = 'curve25519-sha256,ecdh-sha2-nistp256', key = 'ssh-ed25519', cipher = 'aes256-gcm@openssh.com' } = {}) {
    const writer = new Writer().byte(KEXINIT).raw(new Uint8Array(16)).string(kex).string(key).string(cipher).string(cipher);
    return writer.string('hmac-sha2-256').string('hmac-sha2-256').string('none').string('none').string('').string('').boolean(false).uint32(0).bytes();
}

const reply = (hostKey, value, signature) => new Writer().byte(REPLY).string(hostKey).string(value).string(signature).bytes();
const ed25519 = new Writer().string('ssh-ed25519').string(new Uint8Array(32).fill(7)).bytes();
const signature = new Writer().string('ssh-ed25519').string(new Uint8Array(64)).bytes();

const fast = { connect: 10_000, negotiate: 10_000, reply: 10_000 };

/** What connecting to a server throws that sends these parts. */
async function thrown(...parts) {
    const url = await serve((socket) => parts.forEach((part) => (typeof part === 'function' ? part(socket) : socket.send(Buffer.from(part)))));
    return connect({ url, trust: () => assert.fail('nobody is asked'), timeouts: fast }).then(() => assert.fail('connected'), (error) => error);
}

const cases = {
    'an HTTP server': [['HTTP/1.1 400 Bad Request\r\n\r\n', (socket) => socket.close(1000)], 'connect', /no SSH server.*HTTP\/1.1 400/],
    'a server that is full': [['Exceeded MaxStartups\r\n', (socket) => socket.close(1000)], 'connect', /Exceeded MaxStartups/],
    'a bridge that cannot reach it': [[(socket) => socket.close(1011, 'refused')], 'connect', /1011: refused/],
    'an end after the version': [[VERSION, (socket) => socket.close(1000)], 'connect', /closed the connection before the login/],
    'version 1': [['SSH-1.5-old\r\n'], undefined, /./],
    'a packet of 4 GiB': [[VERSION, Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)], undefined, /length/],
    'no common key exchange': [[VERSION, plain(kexInit({ kex: 'diffie-hellman-group14-sha256' }))], 'negotiation', /key exchange.*group14/],
    'no common cipher': [[VERSION, plain(kexInit({ cipher: 'chacha20-poly1305@openssh.com,aes256-ctr' }))], 'negotiation', /cipher.*chacha20/],
    'no common host key': [[VERSION, plain(kexInit({ key: 'ssh-dss' }))], 'negotiation', /host key.*ssh-dss/],
    'a KEXINIT cut short': [[VERSION, plain(kexInit().subarray(0, 40))], 'protocol', /./],
    'NEWKEYS before anything': [[VERSION, plain(Uint8Array.of(NEWKEYS))], 'protocol', /out of turn/],
    'NEWKEYS after KEXINIT': [[VERSION, plain(kexInit()), plain(Uint8Array.of(NEWKEYS))], 'protocol', /NEWKEYS out of turn/],
    'two KEXINITs': [[VERSION, plain(kexInit()), plain(kexInit())], 'protocol', /KEXINIT out of turn/],
    'a reply before KEXINIT': [[VERSION, plain(reply(ed25519, new Uint8Array(32), signature))], 'protocol', /out of turn/],
    'success of a login before encryption': [[VERSION, plain(Uint8Array.of(52))], 'protocol', /middle of a key exchange/],
    'a channel before encryption': [[VERSION, plain(kexInit()), plain(Uint8Array.of(91, 0, 0, 0, 0))], 'protocol', /middle of a key exchange/],
    'a client\'s message': [[VERSION, plain(kexInit()), plain(Uint8Array.of(30, 0, 0, 0, 0))], 'protocol', /of a client/],
    'a value of zeros': [[VERSION, plain(kexInit()), plain(reply(ed25519, new Uint8Array(32), signature))], 'protocol', /not valid/],
    'a value that is too short': [[VERSION, plain(kexInit()), plain(reply(ed25519, new Uint8Array(3), signature))], 'protocol', /not valid/],
    'a point that is not on the curve': [[VERSION, plain(kexInit({ kex: 'ecdh-sha2-nistp256' })),
        plain(reply(ed25519, Uint8Array.from({ length: 65 }, () => 4), signature))], 'protocol', /not valid/],
    'a host key of another type': [[VERSION, plain(kexInit()),
        plain(reply(new Writer().string('ssh-dss').bytes(), new Uint8Array(32).fill(9), signature))], 'protocol', /ssh-dss/],
    'a signature that is none': [[VERSION, plain(kexInit()), plain(reply(ed25519, new Uint8Array(32).fill(9), signature))], undefined, /./],
    'a DISCONNECT': [[VERSION, plain(new Writer().byte(1).uint32(2).string('go\u001b[2J away').string('').bytes())], 'connect', /go\[2J away/],
    'a text message': [[(socket) => socket.send('hello')], undefined, /text instead of bytes/],
};

for (const [what, [parts, code, message]] of Object.entries(cases)) {
    test(what, async () => {
        const error = await thrown(...parts);
        assert.ok(error instanceof SshError, error.stack);
        assert.match(error.message, message);
        if (code) {
            assert.equal(error.code, code, error.stack);
        }
        assert.notEqual(error.code, 'timeout', error.stack);
    });
}

test('silence ends at the deadline: after opening, and after the version', async () => {
    for (const parts of [[], [VERSION], [VERSION, plain(kexInit())]]) {
        const url = await serve((socket) => parts.forEach((part) => socket.send(Buffer.from(part))));
        const error = await connect({ url, timeouts: { ...fast, negotiate: 100 } }).catch((it) => it);
        assert.equal(error.code, 'timeout');
    }
});

test('cancelling ends the handshake, and closes the WebSocket', async () => {
    const closed = {};
    closed.promise = new Promise((resolve) => { closed.resolve = resolve; });
    const controller = new AbortController();
    const url = await serve((socket) => {
        socket.on('close', closed.resolve);
        controller.abort();
    });
    const error = await connect({ url, signal: controller.signal, timeouts: fast }).catch((it) => it);
    assert.equal(error.code, 'aborted');
    await closed.promise;
});

test('noise never gets anything but an error', async () => {
    let seed = 1;
    const random = () => { seed = (seed * 48271) % 2147483647; return seed; };
    for (let round = 0; round < 60; round++) {
        const noise = Uint8Array.from({ length: 40 + (random() % 300) }, () => random() & 255);
        const whole = kexInit();
        const changed = Uint8Array.from(whole, (byte) => (random() % 40 === 0 ? random() & 255 : byte));
        const error = await thrown(VERSION, round % 2 ? noise : plain(changed), (socket) => socket.close(1000));
        assert.ok(error instanceof SshError, error.stack);
    }
});

test('a key exchange that the server does not finish ends the session', async () => {
    const sent = [];
    const session = new ClientSession(await makeConfiguration([]), () => {}, 10);
    session.connected = true;
    session.protocol = { dispose() {}, sendMessage: async (message) => sent.push(message.messageType) };
    session.kexService.exchangeContext = {};
    await assert.rejects(session.send(Uint8Array.of(94)), { code: 'timeout' });
    assert.equal(session.error.code, 'timeout');
    assert.deepEqual(sent, [1]);
});

test('what is no URL of a WebSocket', async () => {
    for (const url of ['', 'nonsense', 'https://example.com/', 'javascript:alert(1)', undefined]) {
        await assert.rejects(connect({ url }), { code: 'connect', message: /not the URL/ });
    }
});

test('no plain HTTP page', async () => {
    globalThis.isSecureContext = false;
    try {
        await assert.rejects(connect({ url: 'ws://127.0.0.1:1/' }), { code: 'insecure', message: /https/ });
        assert.deepEqual(await lib.index.features(), { secureContext: false, ed25519: false, x25519: false });
    } finally {
        delete globalThis.isSecureContext;
    }
});

test('only AES-GCM and elliptic curves are offered, no compression; pinned types come first', async () => {
    const names = (list) => list.map((it) => it?.name ?? 'none');
    const it = await makeConfiguration(['ssh-rsa']);
    assert.deepEqual(names(it.encryptionAlgorithms), ['aes256-gcm@openssh.com']);
    assert.deepEqual(names(it.compressionAlgorithms), ['none']);
    assert.ok(names(it.keyExchangeAlgorithms).every((name) => /^(curve25519|ecdh)-/.test(name)));
    assert.equal(names(it.keyExchangeAlgorithms)[0], 'curve25519-sha256');
    assert.deepEqual(names(it.publicKeyAlgorithms).slice(0, 3), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
    assert.ok(new ClientSession(it, () => {}));
});
