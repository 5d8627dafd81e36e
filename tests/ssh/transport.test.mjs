// The WebSocket as a stream, with a socket that is played here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';

const { Transport, openTransport } = lib.transport;
const tick = () => new Promise((resolve) => setImmediate(resolve));

class Socket {
    bufferedAmount = 0;
    sent = [];
    closed = null;

    send(bytes) {
        this.sent.push(Buffer.from(bytes));
    }

    close(code) {
        this.closed = code ?? 'closed';
    }

    says(...bytes) {
        this.onmessage({ data: Uint8Array.from(bytes).buffer });
    }
}

function pair() {
    const socket = new Socket();
    return { socket, transport: new Transport(socket) };
}

test('bytes come in the pieces that were asked for', async () => {
    const { socket, transport } = pair();
    const early = transport.read(2);
    socket.says(1, 2, 3);
    socket.says();
    socket.says(4, 5);
    assert.deepEqual([...await early], [1, 2]);
    assert.deepEqual([...await transport.read(9)], [3]);
    assert.deepEqual([...await transport.read(1)], [4]);
    socket.onclose({ code: 1000, reason: '', wasClean: true });
    assert.deepEqual([...await transport.read(9)], [5]);
    assert.equal(await transport.read(9), null);
});

test('writing waits while the browser\'s queue is long', async () => {
    const { socket, transport } = pair();
    socket.bufferedAmount = 10 ** 6;
    let done = false;
    const write = transport.write(Buffer.from('x')).then(() => { done = true; });
    await tick();
    assert.equal(done, false);
    socket.bufferedAmount = 0;
    await write;
    socket.bufferedAmount = 10 ** 6;
    const waiting = transport.write(Buffer.from('y'));
    socket.onclose({ code: 1006, reason: '', wasClean: false });
    await waiting;
    await transport.write(Buffer.from('z'));
    assert.equal(socket.sent.length, 2);
    assert.match((await transport.ended).text, /lost/);
});

test('the end says what the bridge said', async () => {
    const { socket, transport } = pair();
    const read = transport.read(1);
    socket.onclose({ code: 1011, reason: 'target \u001b[2Jrefused', wasClean: true });
    assert.equal(await read, null);
    const end = await transport.ended;
    assert.deepEqual([end.by, end.code, end.reason], ['bridge', 1011, 'target \u001b[2Jrefused']);
    assert.match(end.text, /Close code 1011: target \[2Jrefused/);
});

test('text messages and a flood end the connection', async () => {
    const text = pair();
    text.socket.onmessage({ data: 'hello' });
    assert.match((await text.transport.ended).text, /text instead of bytes/);
    assert.ok(text.socket.closed);
    const flood = pair();
    for (let count = 0; count < 17 && !flood.socket.closed; count++) {
        flood.socket.onmessage({ data: new ArrayBuffer(1 << 20) });
    }
    assert.match((await flood.transport.ended).text, /more than was asked/);
    assert.equal(await flood.transport.read(1), null);
});

test('disposing closes once, and ends a pending read', async () => {
    const { socket, transport } = pair();
    const read = transport.read(1);
    transport.dispose();
    transport.dispose();
    assert.equal(await read, null);
    assert.equal(socket.closed, 1000);
    assert.equal((await transport.ended).by, 'us');
    await assert.rejects(transport.write(Buffer.from('x')), { code: 'ended' });
});

test('opening: refused, silent, cancelled, no URL', async () => {
    const open = (act, options = {}) => openTransport('ws://x/ssh', {
        timeout: 60_000, ...options,
        WebSocket: class extends Socket {
            constructor(url, protocols) {
                super();
                setImmediate(() => act(this, url, protocols));
            }
        },
    });
    await assert.rejects(open((it) => it.onclose({ code: 1006, reason: '', wasClean: false })), { code: 'connect', closeCode: 1006, message: /ws:\/\/x\/ssh/ });
    await assert.rejects(open((it) => it.onclose({ code: 1008, reason: 'no', wasClean: true })), { code: 'connect', closeCode: 1008, closeReason: 'no' });
    await assert.rejects(open(() => {}, { timeout: 1 }), { code: 'timeout' });
    const controller = new AbortController();
    await assert.rejects(open(() => controller.abort(), { signal: controller.signal }), { code: 'aborted' });
    await assert.rejects(openTransport('nonsense', { timeout: 1000, WebSocket: class { constructor() { throw new Error('bad'); } } }), { code: 'connect' });
    const transport = await open((it) => it.onopen());
    assert.equal(transport.end, null);
});
