// SSH's data types, cut everywhere; and the queue and deadlines on which all else waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';

const { Reader, Writer, digits, equal, fromBase64, mpintBytes, padded, printable, toBase64 } = lib.wire;
const { Inbox, deferred, within } = lib.waiting;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

function readAll(data) {
    const it = new Reader(data);
    const all = [it.byte(), it.boolean(), it.uint32(), it.uint64(), it.text(), it.names(), hex(it.unsigned()), it.looseText()];
    it.end();
    return all;
}

test('what was written is read again, and each cut is noticed', () => {
    const data = new Writer(1).byte(7).boolean(true).uint32(0xfffefdfc).uint64(2 ** 53 - 1).string('grüße').names(['a', 'b'])
        .unsigned(bytes('0000ff01')).string(bytes('ff41')).bytes();
    assert.deepEqual(readAll(data), [7, true, 0xfffefdfc, 2 ** 53 - 1, 'grüße', ['a', 'b'], 'ff01', '\ufffdA']);
    for (let length = 0; length < data.length; length++) {
        assert.throws(() => readAll(data.subarray(0, length)), { code: 'protocol' }, `cut to ${length}`);
    }
    assert.throws(() => readAll(Buffer.concat([data, Buffer.from([0])])), { code: 'protocol' });
});

test('numbers that are not exact, negative or padded are refused', () => {
    assert.throws(() => new Reader(bytes('0020000000000000')).uint64(), /too large/);
    assert.throws(() => new Reader(bytes('0000000180')).unsigned(), /negative/);
    assert.throws(() => new Reader(bytes('000000020001')).unsigned(), /leading/);
    assert.throws(() => new Reader(bytes('00000002ff41')).text(), /UTF-8/);
    assert.throws(() => new Reader(bytes('ffffffff41')).string(), /too early/);
});

test('mpints', () => {
    assert.equal(hex(mpintBytes(bytes('000080'))), '0080');
    assert.equal(hex(mpintBytes(bytes('00007f'))), '7f');
    assert.equal(hex(mpintBytes(bytes('0000'))), '');
    assert.equal(hex(padded(bytes('0001'), 3)), '000001');
    assert.equal(padded(bytes('01000000'), 3), null);
    assert.equal(hex(digits(new Uint8Array(0))), '');
});

test('base64 is strict', () => {
    const data = Uint8Array.from({ length: 70_000 }, (_, at) => at & 255);
    assert.ok(equal(fromBase64(toBase64(data)), data));
    for (const wrong of ['A', 'AA=A', 'AAAA=', 'A-__', 'A\u0000AA', '====']) {
        assert.throws(() => fromBase64(wrong), { code: 'key' }, wrong);
    }
});

test('texts of a server cannot move the cursor or turn letters around', () => {
    assert.equal(printable('a\u001b[2Jb\u0007\r\nc\td\u202ee\u009bf'), 'a[2Jb\nc\tdef');
});

test('a queue is bounded, and tells of its end after what it holds', async () => {
    const inbox = new Inbox(2);
    inbox.push(1);
    inbox.push(2);
    assert.throws(() => inbox.push(3), { code: 'protocol' });
    inbox.fail(new Error('over'));
    assert.deepEqual([await inbox.next(), await inbox.next()], [1, 2]);
    await assert.rejects(inbox.next(), /over/);
    const waiting = new Inbox(1);
    const next = waiting.next();
    waiting.push('now');
    assert.equal(await next, 'now');
    const failing = waiting.next();
    waiting.fail(new Error('gone'));
    await assert.rejects(failing, /gone/);
});

test('a deadline and a cancellation end a wait, once', async () => {
    const never = new Promise(() => {});
    let given = 0;
    const onGiveUp = () => given++;
    await assert.rejects(within(1, 'nothing', never, { onGiveUp }), { code: 'timeout', message: /nothing/ });
    const controller = new AbortController();
    const wait = within(60_000, 'nothing', never, { signal: controller.signal, onGiveUp });
    controller.abort();
    await assert.rejects(wait, { code: 'aborted' });
    await assert.rejects(within(60_000, 'nothing', never, { signal: controller.signal, onGiveUp }), { code: 'aborted' });
    assert.equal(given, 3);
    const { promise, resolve } = deferred();
    resolve('done');
    assert.equal(await within(60_000, 'it', promise, { signal: new AbortController().signal, onGiveUp }), 'done');
    assert.equal(given, 3);
});
