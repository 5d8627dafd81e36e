// The protocol layer against a real sshd, through a real bridge. The server asks for new keys after each MiB.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Storage, lib, until } from './lib.mjs';
import { Machine } from './machine.mjs';

const { connect, HostKeys, parsePrivateKey } = lib.index;
const text = (bytes) => Buffer.from(bytes).toString();
let machine;

before(async () => { machine = await Machine.start(); });
after(() => machine?.stop());

const open = (options = {}) => connect({ url: machine.url, trust: () => true, ...options });

async function loggedIn(options) {
    const connection = await open(options);
    await connection.authenticate({ user: 'ada', password: ({ attempt }) => (attempt === 1 ? machine.password : null) });
    return connection;
}

/** A shell whose output is kept and counts as drawn at once. */
async function shellOf(connection, options = {}) {
    const it = { output: '', bytes: 0 };
    it.shell = await connection.openShell({
        onData: (bytes, drawn) => {
            it.bytes += bytes.length;
            it.output += it.bytes < 1 << 20 ? text(bytes) : '';
            drawn();
        }, ...options,
    });
    return it;
}

async function run(connection, command, options) {
    const it = await shellOf(connection, { command, pty: false, ...options });
    return { ...await it.shell.ended, output: it.output, bytes: it.bytes };
}

test('a password, a banner, facts of the connection', async () => {
    const states = [], banners = [];
    const connection = await open({ onState: (state) => states.push(state) });
    assert.deepEqual(states, ['connecting', 'negotiating', 'verifying', 'connected']);
    const login = { user: 'ada', password: () => machine.password, onBanner: (banner) => banners.push(banner) };
    assert.deepEqual(await connection.authenticate(login), { method: 'password' });
    assert.deepEqual(banners, [machine.file('banner')]);
    assert.match(connection.server, /^SSH-2\.0-OpenSSH/);
    assert.deepEqual(connection.algorithms, { keyExchange: 'curve25519-sha256', hostKey: 'ssh-ed25519', cipher: 'aes256-gcm@openssh.com' });
    const [, print] = execFileSync('ssh-keygen', ['-l', '-f', path.join(machine.folder, 'host_ed25519.pub')], { encoding: 'utf8' }).split(' ');
    assert.deepEqual(connection.hostKey, { type: 'ssh-ed25519', bits: 256, fingerprint: print, pinned: 'new' });
    connection.close();
    assert.deepEqual(await connection.ended, { by: 'us', text: 'Closed.' });
});

test('each type of user key', async () => {
    for (const name of ['ed25519', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'rsa']) {
        const connection = await open();
        const key = await parsePrivateKey(machine.file(`user_${name}`));
        assert.deepEqual(await connection.authenticate({ user: 'ada', keys: [key] }), { method: 'publickey' }, name);
        assert.equal((await run(connection, 'id -un')).output, 'ada\n');
        connection.close();
    }
});

test('each type of host key, as one of it is pinned', async () => {
    for (const [name, type] of [['ed25519', 'ssh-ed25519'], ['ecdsa', 'ecdsa-sha2-nistp256'], ['rsa', 'ssh-rsa']]) {
        const hostKeys = new HostKeys(new Storage());
        const [, print] = execFileSync('ssh-keygen', ['-l', '-f', path.join(machine.folder, `host_${name}.pub`)], { encoding: 'utf8' }).split(' ');
        hostKeys.pin(machine.url, '', { type, fingerprint: print });
        const connection = await open({ hostKeys, trust: () => assert.fail('nobody is asked') });
        assert.deepEqual([connection.hostKey.type, connection.hostKey.fingerprint, connection.hostKey.pinned], [type, print, 'stored']);
        connection.close();
        const pinned = await open({ pins: [machine.file(`host_${name}.pub`)], trust: () => assert.fail('nobody is asked') });
        assert.deepEqual([pinned.hostKey.type, pinned.hostKey.pinned], [type, 'configured']);
        pinned.close();
    }
});

test('another host key than before is refused, and the password stays here', async () => {
    const hostKeys = new HostKeys(new Storage());
    hostKeys.pin(machine.url, '', { type: 'ssh-ed25519', fingerprint: `SHA256:${'A'.repeat(43)}` });
    await assert.rejects(open({ hostKeys, trust: () => assert.fail('nobody is asked') }), { code: 'host-key', reason: 'changed' });
    await assert.rejects(open({ pins: [`SHA256:${'B'.repeat(43)}`] }), { code: 'host-key', reason: 'not-pinned' });
    await assert.rejects(open({ trust: () => false }), { code: 'host-key', reason: 'declined' });
});

test('a wrong password, again, and then the right one', async () => {
    const connection = await open();
    const tried = [];
    const password = ({ attempt }) => {
        tried.push(attempt);
        return attempt < 3 ? 'wrong' : machine.password;
    };
    assert.deepEqual(await connection.authenticate({ user: 'ada', password }), { method: 'password' });
    assert.deepEqual(tried, [1, 2, 3]);
    connection.close();
});

/** A key that nobody knows. */
function strange() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'wsluice-strange-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(folder, 'key')]);
    const key = readFileSync(path.join(folder, 'key'), 'utf8');
    rmSync(folder, { recursive: true });
    return key;
}

test('no way in: what the server would take; too many attempts', async () => {
    const connection = await open();
    await assert.rejects(connection.authenticate({ user: 'kim', password: () => 'x' }),
        { code: 'denied', methods: ['keyboard-interactive'] });
    assert.deepEqual(await connection.authenticate({ user: 'kim', prompts: ({ prompts }) => prompts.map(() => machine.password) }),
        { method: 'keyboard-interactive' });
    connection.close();
    const other = await open();
    await assert.rejects(other.authenticate({ user: 'ada', password: () => 'wrong' }), { code: 'denied' });
    const keys = await Promise.all(Array.from({ length: 8 }, () => parsePrivateKey(strange())));
    const third = await open();
    await assert.rejects(third.authenticate({ user: 'ada', keys }), { code: 'denied', message: /Too many authentication failures/ });
    assert.equal((await third.ended).by, 'server');
});

test('a key and then keyboard-interactive', async () => {
    const connection = await open();
    const keys = [await parsePrivateKey(machine.file('user_ecdsa256'))];
    const asked = [];
    const prompts = (it) => {
        asked.push(it.prompts);
        return it.prompts.map(() => machine.password);
    };
    assert.deepEqual(await connection.authenticate({ user: 'two', keys, prompts }), { method: 'keyboard-interactive' });
    assert.match(asked[0][0].text, /Password/);
    assert.equal(asked[0][0].echo, false);
    connection.close();
});

test('a terminal: its size, what is typed, its end', async () => {
    const connection = await loggedIn();
    const it = await shellOf(connection, { columns: 91, rows: 33, env: { LANG: 'C.UTF-8' } });
    await it.shell.write('stty size; echo $TERM-$LANG-ä\n');
    await until(() => /91\r?\n/.test(it.output) && it.output.includes('xterm-256color-C.UTF-8-ä'));
    assert.match(it.output, /33 91/);
    it.shell.resize(120, 40);
    await it.shell.write('stty size\n');
    await until(() => it.output.includes('40 120'));
    await it.shell.write('exit 7\n');
    assert.deepEqual(await it.shell.ended, { status: 7, signal: null, message: '' });
    await assert.rejects(it.shell.write('x'), { code: 'ended' });
    connection.close();
});

test('commands: status, signal, stderr, several at a time', async () => {
    const connection = await loggedIn();
    const [one, two, three] = await Promise.all([run(connection, 'echo out; echo err >&2; exit 3'), run(connection, 'kill -TERM $$'), run(connection, 'cat </dev/null')]);
    assert.equal(one.status, 3);
    assert.deepEqual(one.output.split('\n').sort(), ['', 'err', 'out']);
    assert.deepEqual([two.status, two.signal], [null, 'TERM']);
    assert.equal(three.status, 0);
    for (let count = 0; count < 12; count++) { // more than the server has at a time: each is closed on both sides
        assert.equal((await run(connection, 'true')).status, 0);
    }
    connection.close();
});

test('many keys are exchanged meanwhile: 5 MB out, 3 MB in, both whole', async () => {
    const connection = await loggedIn();
    const out = await run(connection, 'head -c 5000000 /dev/zero');
    assert.deepEqual([out.status, out.bytes], [0, 5_000_000]);
    const sent = randomBytes(3_000_000);
    const it = await shellOf(connection, { command: 'sha256sum', pty: false });
    await it.shell.write(sent);
    await it.shell.sendEof();
    assert.equal((await it.shell.ended).status, 0);
    assert.ok(it.output.startsWith(createHash('sha256').update(sent).digest('hex')));
    connection.close();
});

test('the client asks for new keys, too', async () => {
    const transport = await lib.transport.openTransport(machine.url, { timeout: 15_000 });
    const configuration = await lib.mends.makeConfiguration([]);
    configuration.keyRotationThreshold = 100_000;
    const timeouts = { negotiate: 20_000, reply: 30_000 };
    const connection = new lib.session.Connection(transport, configuration, { timeouts });
    await connection.negotiate();
    await connection.verify({ url: machine.url, trust: () => true });
    await connection.authenticate({ user: 'ada', password: () => machine.password });
    const sent = randomBytes(2_000_000);
    const it = await shellOf(connection, { command: 'cat', pty: false });
    await Promise.all([it.shell.write(sent).then(() => it.shell.sendEof()), ...Array.from({ length: 6 }, () => run(connection, 'echo x'))]);
    assert.equal((await it.shell.ended).status, 0);
    assert.equal(it.bytes, sent.length);
    connection.close();
});

test('both directions at once, through new keys', async () => {
    const connection = await loggedIn();
    const sent = randomBytes(2_500_000);
    const hash = createHash('sha256');
    const shell = await connection.openShell({ command: 'cat', pty: false, onData: (bytes, drawn) => { hash.update(bytes); drawn(); } });
    await shell.write(sent);
    await shell.sendEof();
    assert.equal((await shell.ended).status, 0);
    assert.equal(hash.digest('hex'), createHash('sha256').update(sent).digest('hex'));
    connection.close();
});

test('what is not drawn holds the server back: a window, and no more', async () => {
    const connection = await loggedIn();
    const waiting = [];
    let bytes = 0;
    const shell = await connection.openShell({
        command: 'yes', pty: false, onData: (data, drawn) => { bytes += data.length; waiting.push(drawn); },
    });
    await until(() => bytes === 256 * 1024);
    assert.equal((await run(connection, 'echo still here')).output, 'still here\n');
    assert.equal(bytes, 256 * 1024);
    waiting.splice(0).forEach((drawn) => { drawn(); drawn(); });
    await until(() => bytes >= 384 * 1024); // less than half of a window is not given back yet
    shell.close();
    await shell.ended;
    connection.close();
});

test('Ctrl-C through a flood: what is still drawn is at most a window and the terminal\'s buffers', async () => {
    const connection = await loggedIn();
    let bytes = 0, output = '';
    const shell = await connection.openShell({
        onData: (data, drawn) => {
            bytes += data.length;
            output = (output + text(data)).slice(-200);
            setImmediate(drawn); // as a terminal draws
        },
    });
    await shell.write('yes flood\n');
    await until(() => bytes > 1_000_000);
    const before = bytes;
    await shell.write('\u0003');
    await until(() => /\^C/.test(output) && /\$ $/.test(output));
    assert.ok(bytes - before < 1_500_000, String(bytes - before));
    await shell.write('exit\n');
    await shell.ended;
    connection.close();
});

test('a paste of 100 KB arrives', async () => {
    const connection = await loggedIn();
    const it = await shellOf(connection, { command: 'stty raw -echo; echo ready; head -c 100000 | sha256sum', pty: true });
    await until(() => it.output.includes('ready'));
    const paste = 'abcdefghi\n'.repeat(10_000);
    await it.shell.write(paste);
    assert.equal((await it.shell.ended).status, 0);
    assert.ok(it.output.includes(createHash('sha256').update(paste).digest('hex')));
    connection.close();
});

test('a session that is cut says by whom', async () => {
    const killed = await loggedIn();
    const it = await shellOf(killed, {});
    await run(killed, 'kill -KILL $PPID').catch(() => {});
    const end = await killed.ended;
    assert.equal(end.by, 'bridge', JSON.stringify(end));
    assert.match(end.text, /Close code 10\d\d/);
    assert.equal((await it.shell.ended).status, null);
    await assert.rejects(killed.openShell({ onData: () => {} }), { code: 'ended' });

    const cut = await loggedIn();
    await machine.bridge.stop('SIGKILL');
    const lost = await cut.ended;
    assert.deepEqual([lost.by, lost.closeCode], ['bridge', 1006]);
    assert.match(lost.text, /lost/);
    const url = machine.url;
    await assert.rejects(connect({ url, trust: () => true }), { code: 'connect', message: /cannot be reached/ });
    await machine.startBridge();
});
