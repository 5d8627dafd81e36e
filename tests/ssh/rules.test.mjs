// Servers that break the rules after the keys were exchanged: the session ends, and says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';
import { newHostKey, play } from './played.mjs';

const { connect } = lib.index;
const { Reader, Writer } = lib.wire;
const timeouts = { connect: 10_000, negotiate: 10_000, reply: 10_000 };
const hostKey = newHostKey();

const opened = (url, options) => connect({ url, trust: () => true, timeouts, ...options });

/** Logs in to a server that then does `act`; returns how the session ended. */
async function endAfter(act, use = () => {}) {
    const url = await play(async (played) => {
        await played.login(hostKey);
        await act(played);
        await played.closed;
    });
    const connection = await opened(url);
    assert.deepEqual(await connection.authenticate({ user: 'ada' }), { method: 'none' });
    await use(connection);
    return connection.ended;
}

const data = (length) => new Writer().byte(94).uint32(0).string(new Uint8Array(length)).bytes();
const shell = (connection) => { connection.openShell({ pty: false, onData: () => {} }).catch(() => {}); };

const cases = {
    'another host key in a later key exchange': [(it) => it.exchange(newHostKey()), /changed its host key within the session/],
    'data in the middle of a key exchange': [(it) => it.exchange(hostKey, { inside: data(1) }), /middle of a key exchange/],
    'a login\'s success in the middle of a key exchange': [(it) => it.exchange(hostKey, { inside: Uint8Array.of(52) }), /middle of a key exchange/],
    'a second success': [async (it) => it.send(Uint8Array.of(52)), /type 52 out of turn/],
    'a request for a login': [async (it) => it.send(new Writer().byte(50).string('x').string('y').string('none').bytes()), /out of turn/],
    'a channel that was not opened': [async (it) => it.send(data(1)), /not open/],
    'extensions cut short': [async (it) => it.send(new Writer().byte(7).uint32(5).string('a').bytes()), /too early/],
    'an unknown message': [async (it) => it.send(Uint8Array.of(192)), /unknown type 192/],
    'UNIMPLEMENTED': [async (it) => it.send(new Writer().byte(3).uint32(1).bytes()), /does not understand/],
    'an empty packet': [async (it) => it.raw(new Uint8Array(4)), /empty packet/],
    'a packet that was changed': [async (it) => {
        const packet = it.packet(new Writer().byte(80).string('keepalive').boolean(true).bytes());
        packet[9] ^= 1;
        it.raw(packet);
    }, /changed on its way/],
    'a packet that was left out': [async (it) => {
        it.packet(Uint8Array.of(2)); // counted, not sent
        it.send(Uint8Array.of(2));
    }, /changed on its way/],
    'more than the window': [async (it) => {
        await it.channel();
        for (let sent = 0; sent <= 256 * 1024; sent += 32768) {
            it.send(data(32768));
        }
    }, /window/, shell],
    'a piece that is too large': [async (it) => {
        await it.channel();
        it.send(data(32769));
    }, /window/, shell],
};

for (const [what, [act, message, use]] of Object.entries(cases)) {
    test(what, async () => {
        const end = await endAfter(act, use);
        assert.equal(end.by, 'error', JSON.stringify(end));
        assert.match(end.text, message);
    });
}

test('the same key again, and what was sent meanwhile', async () => {
    const url = await play(async (played) => {
        await played.login(hostKey);
        await played.channel();
        await played.expect(98);
        await played.exchange(hostKey);
        played.send(new Writer().byte(99).uint32(0).bytes());
        await played.exchange(hostKey);
        played.send(new Writer().byte(98).uint32(0).string('exit-status').boolean(false).uint32(5).bytes());
        played.send(new Writer().byte(97).uint32(0).bytes());
        await played.expect(97);
        played.close(1000);
    });
    const connection = await opened(url);
    await connection.authenticate({ user: 'ada' });
    const it = await connection.openShell({ pty: false, onData: () => {} });
    assert.equal((await it.ended).status, 5);
    assert.equal((await connection.ended).by, 'bridge');
});

test('what a server may ask gets an answer', async () => {
    const answers = [];
    const url = await play(async (played) => {
        await played.login(hostKey);
        played.send(new Writer().byte(2).string('ignore').bytes());
        played.send(new Writer().byte(4).boolean(true).string('debug').string('').bytes());
        played.send(new Writer().byte(80).string('keepalive@openssh.com').boolean(true).bytes());
        answers.push((await played.receive())[0]);
        played.send(new Writer().byte(90).string('x11').uint32(3).uint32(1).uint32(1).bytes());
        const refusal = new Reader((await played.receive()).subarray(1));
        answers.push(refusal.uint32(), refusal.uint32());
        played.send(new Writer().byte(1).uint32(11).string('bye').string('').bytes());
        played.close(1000, 'Target closed');
    });
    const connection = await opened(url);
    await connection.authenticate({ user: 'ada' });
    const end = await connection.ended;
    assert.deepEqual([end.by, end.text], ['server', 'The server ended the session: bye.']);
    assert.deepEqual(answers, [82, 3, 1]);
});

test('a signature of something else, or of another key', async () => {
    for (const spoil of [(signature) => { signature[30] ^= 1; return signature; },
        (signature) => signature.slice(0, -1), () => new Writer().string('rsa-sha2-512').string(new Uint8Array(256)).bytes()]) {
        const url = await play(async (played) => {
            await played.versions();
            await played.exchange(hostKey, { spoil });
        });
        await assert.rejects(opened(url, { trust: () => assert.fail('nobody is asked') }), (error) => {
            assert.ok(error instanceof lib.index.SshError, error.stack);
            assert.match(error.message, /verification failed|64 bytes|not ssh-ed25519|too early/);
            return true;
        });
    }
});

test('silence in the login ends at the deadline, and ends the session', async () => {
    const url = await play(async (played) => {
        await played.versions();
        await played.exchange(hostKey);
        await played.closed;
    });
    const connection = await opened(url, { timeouts: { ...timeouts, reply: 100 } });
    await assert.rejects(connection.authenticate({ user: 'ada' }), { code: 'timeout' });
    assert.equal((await connection.ended).by, 'error');
});

test('a server that is slow to close does not hold us', async () => {
    const url = await play(async (played) => {
        await played.login(hostKey);
        await played.closed;
    });
    const connection = await opened(url);
    await connection.authenticate({ user: 'ada' });
    connection.close();
    assert.deepEqual(await connection.ended, { by: 'us', text: 'Closed.' });
    await assert.rejects(connection.openSftp(), { code: 'ended' });
});
