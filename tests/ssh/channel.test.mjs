// Channels against a server that is played here, honest and hostile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';

const { Channels } = lib.channel;
const { Reader, Writer } = lib.wire;
const GLOBAL_REQUEST = 80, REQUEST_FAILURE = 82, OPEN = 90, CONFIRMATION = 91, OPEN_FAILURE = 92, ADJUST = 93, DATA = 94;
const EXTENDED = 95, EOF = 96, CLOSE = 97, REQUEST = 98, SUCCESS = 99, FAILURE = 100;
const WINDOW = 1000, THEIRS = 77;

const message = (type, channel = 0) => new Writer().byte(type).uint32(channel);
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Channels with what they sent; open() opens one and confirms it. */
function side() {
    const sent = [];
    const it = {
        sent, failures: [],
        types: () => sent.map((payload) => payload[0]),
        last: () => new Reader(sent.at(-1).subarray(1)),
        async open(window = 5000, largest = 2000) {
            const opening = it.channels.open(WINDOW);
            await tick();
            const id = it.next++;
            it.channels.receive(message(CONFIRMATION, id).uint32(THEIRS).uint32(window).uint32(largest).bytes());
            const channel = await opening;
            it.got = [];
            channel.onData = (bytes, type) => it.got.push([type, bytes.length]);
            sent.length = 0;
            return channel;
        },
        next: 0,
    };
    it.channels = new Channels({
        send: async (payload) => { sent.push(payload); },
        fail: (error) => it.failures.push(error),
    }, 60_000);
    return it;
}

const data = (length, channel = 0) => message(DATA, channel).string(new Uint8Array(length)).bytes();

test('opening names window and packet', async () => {
    const it = side();
    it.channels.open(WINDOW).catch(() => {});
    await tick();
    const reader = new Reader(it.sent[0].subarray(1));
    assert.deepEqual([it.sent[0][0], reader.text(), reader.uint32(), reader.uint32(), reader.uint32()], [OPEN, 'session', 0, WINDOW, 32768]);
    it.channels.end(new Error('over'));
});

test('the window moves with what was consumed, and not before', async () => {
    const it = side();
    const channel = await it.open();
    it.channels.receive(data(600));
    it.channels.receive(data(400));
    assert.deepEqual(it.got, [[0, 600], [0, 400]]);
    assert.deepEqual(it.sent, []);
    channel.consumed(499);
    assert.deepEqual(it.sent, []);
    channel.consumed(1);
    assert.deepEqual(it.types(), [ADJUST]);
    const reader = it.last();
    assert.deepEqual([reader.uint32(), reader.uint32()], [THEIRS, 500]);
    it.channels.receive(data(500));
    assert.throws(() => it.channels.receive(data(1)), { code: 'protocol', message: /window/ });
});

test('stderr counts in the same window', async () => {
    const it = side();
    await it.open();
    it.channels.receive(message(EXTENDED).uint32(1).string(new Uint8Array(900)).bytes());
    assert.deepEqual(it.got, [[1, 900]]);
    assert.throws(() => it.channels.receive(data(101)), { code: 'protocol' });
});

test('writing waits for the window, in packets of the agreed size, in order', async () => {
    const it = side();
    const channel = await it.open(150, 100);
    const first = channel.write(new Uint8Array(240).fill(1));
    const second = channel.write(new Uint8Array(10).fill(2));
    const eof = channel.sendEof();
    await tick();
    const lengths = () => it.sent.filter((payload) => payload[0] === DATA).map((payload) => payload.length - 9);
    assert.deepEqual(lengths(), [100, 50]);
    it.channels.receive(message(ADJUST).uint32(95).bytes());
    await first;
    await tick();
    assert.deepEqual(lengths(), [100, 50, 90, 5]);
    it.channels.receive(message(ADJUST).uint32(95).bytes());
    await Promise.all([second, eof]);
    assert.deepEqual(lengths(), [100, 50, 90, 5, 5]);
    assert.equal(it.types().at(-1), EOF);
});

test('a window beyond 32 bits is refused', async () => {
    const it = side();
    await it.open(0xffffffff);
    assert.throws(() => it.channels.receive(message(ADJUST).uint32(1).bytes()), { code: 'protocol' });
});

test('a writer that waits for the window learns of the end', async () => {
    for (const end of [(it) => it.channels.receive(message(CLOSE).bytes()), (it) => it.channels.end(new Error('gone')), (it, channel) => channel.close()]) {
        const it = side();
        const channel = await it.open(0);
        const write = channel.write(new Uint8Array(5));
        await tick();
        end(it, channel);
        await assert.rejects(write, { code: 'ended' });
        await assert.rejects(channel.write(new Uint8Array(1)), { code: 'ended' });
    }
});

test('a CLOSE is answered by ours, once, and the number is free', async () => {
    const it = side();
    const channel = await it.open();
    it.channels.receive(message(REQUEST).string('exit-status').boolean(false).uint32(3).bytes());
    it.channels.receive(message(EOF).bytes());
    it.channels.receive(message(CLOSE).bytes());
    await channel.ended;
    assert.equal(channel.exit.status, 3);
    channel.close();
    assert.deepEqual(it.types(), [CLOSE]);
    assert.throws(() => it.channels.receive(data(1)), { code: 'protocol', message: /not open/ });
});

test('our CLOSE first: what comes until theirs is dropped', async () => {
    const it = side();
    const channel = await it.open();
    channel.close();
    it.channels.receive(data(1000));
    assert.deepEqual(it.got, []);
    assert.throws(() => it.channels.receive(data(1)), { code: 'protocol' });
    it.channels.receive(message(CLOSE).bytes());
    await channel.ended;
    assert.deepEqual(it.types(), [CLOSE]);
});

test('an exit signal', async () => {
    const it = side();
    const channel = await it.open();
    it.channels.receive(message(REQUEST).string('exit-signal').boolean(false).string('TERM').boolean(false).string('bye\u001b[2J').string('').bytes());
    assert.deepEqual(channel.exit, { status: null, signal: 'TERM', message: 'bye[2J' });
});

test('requests are answered in order', async () => {
    const it = side();
    const channel = await it.open();
    const first = channel.request('a'), second = channel.request('b');
    await tick();
    it.channels.receive(message(FAILURE).bytes());
    it.channels.receive(message(SUCCESS).bytes());
    assert.deepEqual([await first, await second], [false, true]);
    assert.throws(() => it.channels.receive(message(SUCCESS).bytes()), { code: 'protocol', message: /not made/ });
    assert.equal(await channel.request('c', () => {}, false), true);
    const pending = channel.request('d');
    await tick();
    it.channels.receive(message(CLOSE).bytes());
    await assert.rejects(pending, { code: 'ended' });
});

test('a refused channel says why', async () => {
    const it = side();
    const opening = it.channels.open(WINDOW);
    await tick();
    it.channels.receive(message(OPEN_FAILURE).uint32(1).string('no more sessions').string('').bytes());
    await assert.rejects(opening, { code: 'refused', message: /no more sessions/ });
});

test('a channel that was given up is closed when it opens late', async () => {
    const it = side();
    const controller = new AbortController();
    const opening = it.channels.open(WINDOW, { signal: controller.signal });
    await tick();
    controller.abort();
    await assert.rejects(opening, { code: 'aborted' });
    it.channels.receive(message(CONFIRMATION).uint32(THEIRS).uint32(10).uint32(10).bytes());
    assert.equal(it.types().at(-1), CLOSE);
});

test('the server gets no channel, and an answer to what it asks', async () => {
    const it = side();
    it.channels.receive(new Writer().byte(OPEN).string('x11').uint32(5).uint32(1).uint32(1).bytes());
    it.channels.receive(new Writer().byte(GLOBAL_REQUEST).string('keepalive@openssh.com').boolean(true).bytes());
    it.channels.receive(new Writer().byte(GLOBAL_REQUEST).string('hostkeys-00@openssh.com').boolean(false).bytes());
    assert.deepEqual(it.types(), [OPEN_FAILURE, REQUEST_FAILURE]);
    const channel = await it.open();
    it.channels.receive(message(REQUEST).string('anything').boolean(true).bytes());
    assert.deepEqual(it.types(), [FAILURE]);
    channel.close();
});

test('messages out of turn, cut short or unknown are refused', async () => {
    const it = side();
    await it.open();
    const refused = (payload) => assert.throws(() => it.channels.receive(payload), { code: 'protocol' });
    refused(message(CONFIRMATION).uint32(1).uint32(1).uint32(1).bytes());
    refused(data(1, 9));
    refused(Uint8Array.of(101));
    refused(Uint8Array.of(200));
    const whole = message(DATA).string(new Uint8Array(10)).bytes();
    for (let length = 1; length < whole.length; length++) {
        refused(whole.subarray(0, length));
    }
    refused(Buffer.concat([whole, Buffer.from([0])]));
    it.channels.open(WINDOW).catch(() => {});
    refused(data(1, 1)); // not confirmed yet
    refused(message(CONFIRMATION, 1).uint32(1).uint32(1).uint32(0).bytes());
    it.channels.end(new Error('over'));
});

test('the end of the session ends all that waits', async () => {
    const it = side();
    const channel = await it.open();
    const request = channel.request('a');
    const opening = it.channels.open(WINDOW);
    await tick();
    it.channels.end(new Error('the line is cut'));
    await assert.rejects(request, /cut/);
    await assert.rejects(opening, /cut/);
    await assert.rejects(it.channels.open(WINDOW), /cut/);
    assert.match((await channel.ended).message, /cut/);
});
