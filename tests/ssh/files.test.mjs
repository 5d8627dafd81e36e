// SFTP against a real sshd.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { lib } from './lib.mjs';
import { Machine } from './machine.mjs';

const SIZE = 3_000_003;
let machine, connection, sftp, home;

before(async () => {
    machine = await Machine.start();
    connection = await lib.index.connect({ url: machine.url, trust: () => true });
    await connection.authenticate({ user: 'ada', password: () => machine.password });
    sftp = await connection.openSftp();
    home = await sftp.realpath('.');
});

after(async () => {
    connection?.close();
    await machine?.stop();
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function output(command) {
    let text = '';
    const shell = await connection.openShell({ command, pty: false, onData: (bytes, drawn) => { text += Buffer.from(bytes); drawn(); } });
    await shell.ended;
    return text;
}

test('a file both ways, with its checksum', async () => {
    const content = randomBytes(SIZE);
    const seen = [];
    const count = await sftp.upload(`${home}/big`, new Blob([content]), { mode: 0o640, onProgress: (...it) => seen.push(it) });
    assert.equal(count, SIZE);
    assert.deepEqual(seen.at(-1), [SIZE, SIZE]);
    assert.ok(seen.every(([done], at) => at === 0 || done > seen[at - 1][0]));
    assert.ok((await output('sha256sum big')).startsWith(sha256(content)));
    const { size, mode, type } = await sftp.stat(`${home}/big`);
    assert.deepEqual([size, mode, type], [SIZE, 0o640, 'file']);
    const hash = createHash('sha256');
    assert.equal(await sftp.download(`${home}/big`, { write: (bytes) => { hash.update(bytes); } }), SIZE);
    assert.equal(hash.digest('hex'), sha256(content));
});

test('two transfers and a shell at a time', async () => {
    const [a, b] = [randomBytes(1_500_000), randomBytes(1_500_000)];
    const [, , said] = await Promise.all([sftp.upload(`${home}/a`, new Blob([a])), sftp.upload(`${home}/b`, new Blob([b])), output('echo meanwhile')]);
    assert.equal(said, 'meanwhile\n');
    assert.deepEqual((await output('sha256sum a b | cut -d" " -f1')).trim().split('\n'), [sha256(a), sha256(b)]);
});

test('an empty file, one of /proc, and one that exists already', async () => {
    assert.equal(await sftp.upload(`${home}/empty`, new Blob([])), 0);
    assert.equal(await sftp.download(`${home}/empty`, { write: () => assert.fail('no data') }), 0);
    let text = '';
    await sftp.download('/proc/version', { write: (bytes) => { text += Buffer.from(bytes); } });
    assert.match(text, /^Linux version/);
    await assert.rejects(sftp.upload(`${home}/empty`, new Blob(['x']), { exclusive: true }), { code: 'sftp' });
    await sftp.upload(`${home}/empty`, new Blob(['longer']));
    await sftp.upload(`${home}/empty`, new Blob(['new']));
    assert.equal(await output('cat empty'), 'new');
});

test('folders, names, links', async () => {
    const folder = `${home}/föld er`;
    await sftp.mkdir(folder);
    await sftp.upload(`${folder}/ä 1`, new Blob(['x']));
    await output(`ln -s /etc 'föld er/link'; mkdir 'föld er/sub'; printf x > "föld er/$(printf '\\377')"`);
    const entries = (await sftp.list(folder)).sort((one, two) => (one.name < two.name ? -1 : 1));
    assert.deepEqual(entries.map(({ name, type, exact }) => [name, type, exact]),
        [['link', 'link', true], ['sub', 'folder', true], ['ä 1', 'file', true], ['\ufffd', 'file', false]]);
    assert.equal((await sftp.stat(`${folder}/link`)).type, 'folder');
    assert.equal((await sftp.lstat(`${folder}/link`)).type, 'link');
    await sftp.rename(`${folder}/ä 1`, `${folder}/b`);
    await assert.rejects(sftp.rename(`${folder}/b`, `${home}/empty2/x`), { code: 'sftp' });
    await sftp.remove(`${folder}/b`);
    await sftp.rmdir(`${folder}/sub`);
    await assert.rejects(sftp.rmdir(folder), { code: 'sftp' });
    await output('mkdir many; cd many; for i in $(seq 500); do : > file$i; done');
    assert.equal((await sftp.list(`${home}/many`)).length, 500);
});

test('what is missing or forbidden says so', async () => {
    await assert.rejects(sftp.download(`${home}/none`, { write() {} }), { code: 'sftp', status: 2, message: /none: no such file/ });
    await assert.rejects(sftp.list('/root'), { code: 'sftp', status: 3, message: /\/root: permission denied/ });
    await assert.rejects(sftp.upload('/etc/x', new Blob(['x'])), { code: 'sftp', status: 3 });
    await assert.rejects(sftp.download(home, { write() {} }), { code: 'sftp' });
});

test('a cancelled download leaves everything usable', async () => {
    const controller = new AbortController();
    const write = () => controller.abort();
    await sftp.upload(`${home}/c`, new Blob([randomBytes(2_000_000)]));
    await assert.rejects(sftp.download(`${home}/c`, { write, signal: controller.signal }), { code: 'aborted' });
    assert.equal((await sftp.stat(`${home}/c`)).size, 2_000_000);
});

test('the end of the session ends a transfer', async () => {
    const second = await lib.index.connect({ url: machine.url, trust: () => true });
    await second.authenticate({ user: 'ada', password: () => machine.password });
    const files = await second.openSftp();
    const download = files.download('/dev/zero', { write: () => second.close() });
    await assert.rejects(download, { code: 'ended' });
    await assert.rejects(files.stat('/'), { code: 'ended' });
});
