// SFTP: its messages cut everywhere, and a client against a server that is played here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';

const { Sftp } = lib.sftp;
const { Splitter, TYPES, parseReply, parseVersion, readAttributes, request } = lib.sftpwire;
const { Reader, Writer } = lib.wire;
const { deferred } = lib.waiting;
const { SshError } = lib.index;

const packet = (type, fill) => {
    const body = new Writer().byte(type);
    fill(body);
    return body.bytes();
};
const framed = (body) => new Writer().string(body).bytes();
const attributes = (it, mode = 0o100644, size = 5) => it.uint32(13).uint64(size).uint32(mode).uint32(1).uint32(2);
const name = (text, mode) => (it) => attributes(it.string(text).string('-rw'), mode);

const REPLIES = {
    status: packet(TYPES.STATUS, (it) => it.uint32(9).uint32(2).string('No such file').string('en')),
    handle: packet(TYPES.HANDLE, (it) => it.uint32(9).string('h1')),
    data: packet(TYPES.DATA, (it) => it.uint32(9).string('hello')),
    names: packet(TYPES.NAME, (it) => { name('a')(it.uint32(9).uint32(2)); name('b', 0o040755)(it); }),
    attributes: packet(TYPES.ATTRS, (it) => attributes(it.uint32(9))),
};

test('each reply is read', () => {
    assert.deepEqual(parseReply(REPLIES.status), { type: TYPES.STATUS, id: 9, status: 2, text: 'No such file' });
    assert.equal(Buffer.from(parseReply(REPLIES.handle).handle).toString(), 'h1');
    assert.equal(Buffer.from(parseReply(REPLIES.data).data).toString(), 'hello');
    const { names } = parseReply(REPLIES.names);
    assert.deepEqual(names.map((it) => [it.name, it.type, it.size, it.mode, it.mtime]),
        [['a', 'file', 5, 0o644, 2], ['b', 'folder', 5, 0o755, 2]]);
});

test('each reply cut at each byte is refused', () => {
    for (const [which, whole] of Object.entries(REPLIES)) {
        for (let length = 0; length < whole.length; length++) {
            if (which === 'status' && (length === 9 || length >= 25)) {
                continue; // old servers send no text, or no language
            }
            assert.throws(() => parseReply(whole.subarray(0, length)), { code: 'protocol' }, `${which} cut to ${length}`);
        }
        if (which !== 'status') {
            assert.throws(() => parseReply(Buffer.concat([whole, Buffer.from([0])])), { code: 'protocol' });
        }
    }
});

test('counts that the packet cannot hold are refused before memory is taken', () => {
    assert.throws(() => parseReply(packet(TYPES.NAME, (it) => it.uint32(1).uint32(0xffffffff))), { code: 'protocol' });
    assert.throws(() => readAttributes(new Reader(new Writer().uint32(0x80000000).uint32(0xffffffff).bytes())), { code: 'protocol' });
    assert.throws(() => readAttributes(new Reader(new Writer().uint32(1).uint64(2n ** 60n).bytes())), { code: 'protocol' });
    assert.throws(() => parseReply(packet(TYPES.HANDLE, (it) => it.uint32(1).string('x'.repeat(257)))), { code: 'protocol' });
    assert.throws(() => parseReply(packet(42, (it) => it.uint32(1))), { code: 'protocol', message: /42/ });
});

test('packets come out whole, in whichever pieces they came', () => {
    const packets = Object.values(REPLIES);
    const stream = Buffer.concat(packets.map(framed));
    for (let size = 1; size <= stream.length; size++) {
        const splitter = new Splitter();
        const got = [];
        for (let at = 0; at < stream.length; at += size) {
            got.push(...splitter.push(stream.subarray(at, at + size)));
        }
        assert.deepEqual(got.map((it) => Buffer.from(it).toString('hex')), packets.map((it) => Buffer.from(it).toString('hex')));
    }
    for (const length of [0, 4, 0x7fffffff, 0xffffffff]) {
        assert.throws(() => new Splitter().push(new Writer().uint32(length).bytes()), { code: 'protocol' });
    }
});

test('the first packet', () => {
    const version = (number, rest = []) => packet(TYPES.VERSION, (it) => rest.reduce((to, text) => to.string(text), it.uint32(number)));
    assert.equal(parseVersion(version(3, ['posix-rename@openssh.com', '1'])), 3);
    assert.throws(() => parseVersion(version(6)), /version 6/);
    assert.throws(() => parseVersion(version(3, ['odd'])), { code: 'protocol' });
    assert.throws(() => parseVersion(REPLIES.status), { code: 'protocol' });
});

test('a request has its length in front', () => {
    const bytes = request(TYPES.STAT, 7, (it) => it.string('/x'));
    const reader = new Reader(bytes);
    assert.deepEqual([reader.uint32(), reader.byte(), reader.uint32(), reader.text()], [bytes.length - 4, TYPES.STAT, 7, '/x']);
});

// ---- a client and a server ----

const status = (id, code) => packet(TYPES.STATUS, (it) => it.uint32(id).uint32(code).string('').string(''));
const data = (id, bytes) => packet(TYPES.DATA, (it) => it.uint32(id).string(bytes));

/**
 * A client whose server calls handlers[type](id, reader, server): it returns a packet, an array of them, or nothing.
 * server.reply(packet) sends later.
 */
async function client(handlers) {
    const ended = deferred();
    const splitter = new Splitter();
    const server = { most: 0, open: 0, log: [], closed: false, reply: (body) => channel.onData(framed(body), 0) };
    const all = {
        [TYPES.INIT]: () => packet(TYPES.VERSION, (it) => it.uint32(3)),
        [TYPES.OPEN]: (id) => packet(TYPES.HANDLE, (it) => it.uint32(id).string('file')),
        [TYPES.OPENDIR]: (id) => packet(TYPES.HANDLE, (it) => it.uint32(id).string('folder')),
        [TYPES.CLOSE]: (id) => status(id, 0),
        [TYPES.FSTAT]: (id) => status(id, 8),
        ...handlers,
    };
    const channel = {
        consumed() {}, ended: ended.promise, onData: null,
        request: async () => true,
        close() { server.closed = true; ended.resolve(); },
        async write(bytes) {
            for (const body of splitter.push(bytes)) {
                const reader = new Reader(body);
                const type = reader.byte();
                const id = type === TYPES.INIT ? 0 : reader.uint32();
                server.log.push(type);
                const answer = all[type](id, reader, server);
                for (const one of [answer].flat()) {
                    if (one) {
                        setImmediate(() => server.reply(one));
                    }
                }
            }
        },
    };
    const sftp = await Sftp.start(channel, 60_000);
    return { sftp, server, ended };
}

/** Serves `content`; pieces of at most `largest` bytes. */
const reads = (content, largest = 1 << 20) => ({
    [TYPES.FSTAT]: (id) => packet(TYPES.ATTRS, (it) => attributes(it.uint32(id), 0o100644, content.length)),
    [TYPES.READ]: (id, reader) => {
        reader.string();
        const offset = reader.uint64();
        const length = Math.min(reader.uint32(), largest);
        return offset >= content.length ? status(id, 1) : data(id, content.subarray(offset, offset + length));
    },
});

const noise = (length) => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 255);

async function downloaded(sftp, options) {
    const parts = [];
    const count = await sftp.download('/x', { write: (bytes) => { parts.push(bytes.slice()); }, ...options });
    const whole = Buffer.concat(parts);
    assert.equal(whole.length, count);
    return whole;
}

test('a download of any size, with short reads', async () => {
    for (const length of [0, 1, 32767, 32768, 32769, 3_000_001]) {
        for (const largest of [1 << 20, 10_000]) {
            const content = noise(length);
            const { sftp } = await client(reads(content, largest));
            const seen = [];
            const got = await downloaded(sftp, { onProgress: (done, total) => seen.push([done, total]) });
            assert.ok(got.equals(content), `${length} by ${largest}`);
            assert.deepEqual([seen[0], seen.at(-1)], [[0, length], [length, length]]);
            sftp.close();
        }
    }
});

test('a file without a size, or one that grows, is read to its end', async () => {
    const content = noise(200_000);
    for (const size of [0, 1000]) {
        const fstat = (id) => packet(TYPES.ATTRS, (it) => attributes(it.uint32(id), 0o100644, size));
        const { sftp } = await client({ ...reads(content), [TYPES.FSTAT]: fstat });
        assert.ok((await downloaded(sftp)).equals(content));
        sftp.close();
    }
});

test('a file that was cut meanwhile ends where it ends', async () => {
    const content = noise(100_000);
    const fstat = (id) => packet(TYPES.ATTRS, (it) => attributes(it.uint32(id), 0o100644, 10_000_000));
    const { sftp } = await client({ ...reads(content), [TYPES.FSTAT]: fstat });
    assert.ok((await downloaded(sftp)).equals(content));
    sftp.close();
});

test('many requests at a time, but not more; a slow reader holds them back', async () => {
    const content = noise(10_000_000);
    let open = 0, most = 0;
    const base = reads(content);
    const { sftp } = await client({ ...base, [TYPES.READ]: (...args) => { most = Math.max(most, ++open); return base[TYPES.READ](...args); } });
    await sftp.download('/x', { write: async () => { open--; } });
    assert.ok(most > 16 && most <= 33, String(most));
    sftp.close();
});

test('an upload arrives as it was, in pieces of any source', async () => {
    const content = noise(300_001);
    const sources = {
        blob: () => new Blob([content]),
        odd: () => (async function* () { for (let at = 0; at < content.length; at += 7777) { yield content.subarray(at, at + 7777); } })(),
        list: () => [content, new Uint8Array(0)],
        stream: () => new Blob([content]).stream(),
    };
    for (const [what, make] of Object.entries(sources)) {
        const file = new Uint8Array(content.length);
        let opened;
        const { sftp } = await client({
            [TYPES.OPEN]: (id, reader) => {
                opened = [reader.text(), reader.uint32(), reader.uint32()];
                return packet(TYPES.HANDLE, (it) => it.uint32(id).string('file'));
            },
            [TYPES.WRITE]: (id, reader) => {
                reader.string();
                const offset = reader.uint64();
                file.set(reader.string(), offset);
                return status(id, 0);
            },
        });
        let last;
        const count = await sftp.upload('/x', make(), { size: content.length, onProgress: (...it) => { last = it; } });
        assert.ok(Buffer.from(file).equals(content), what);
        assert.equal(count, content.length);
        assert.deepEqual(last, [content.length, content.length]);
        assert.deepEqual(opened, ['/x', 2 | 8 | 16, 0]);
        sftp.close();
    }
});

test('a full disk ends an upload, also when it shows at the end', async () => {
    const wrong = [{ [TYPES.WRITE]: (id) => status(id, 4) }, { [TYPES.WRITE]: (id) => status(id, 0), [TYPES.CLOSE]: (id) => status(id, 4) }];
    for (const handlers of wrong) {
        const { sftp, server } = await client(handlers);
        await assert.rejects(sftp.upload('/full', new Blob([noise(100_000)])), { code: 'sftp', status: 4, message: /\/full: failure/ });
        assert.ok(server.log.includes(TYPES.CLOSE));
        sftp.close();
    }
});

test('cancelling ends a transfer at once, and closes its file', async () => {
    const controller = new AbortController();
    const { sftp, server } = await client({ ...reads(noise(5_000_000)) });
    const download = sftp.download('/x', { write: () => controller.abort(), signal: controller.signal });
    await assert.rejects(download, { code: 'aborted' });
    assert.ok(server.log.includes(TYPES.CLOSE));
    const silent = await client({ [TYPES.WRITE]: () => undefined, [TYPES.CLOSE]: () => undefined });
    const again = new AbortController();
    const upload = silent.sftp.upload('/x', new Blob([noise(5_000_000)]), { signal: again.signal });
    setImmediate(() => again.abort());
    await assert.rejects(upload, { code: 'aborted' });
    await assert.rejects(sftp.upload('/x', new Blob([]), { signal: again.signal }), { code: 'aborted' });
    sftp.close();
    silent.sftp.close();
});

test('a folder, without what is no entry of it', async () => {
    let turn = 0;
    const { sftp } = await client({
        [TYPES.READDIR]: (id) => (turn++ > 1 ? status(id, 1) : packet(TYPES.NAME, (it) => {
            name('.', 0o040755)(it.uint32(id).uint32(3));
            name('..', 0o040755)(it);
            name(`file\u001b[2J${turn}`)(it);
        })),
    });
    const parts = [];
    const all = await sftp.list('/x', { onEntries: (entries) => parts.push(entries.length) });
    assert.deepEqual(all.map(({ label, exact }) => [label, exact]), [['file[2J1', true], ['file[2J2', true]]);
    assert.deepEqual(parts, [1, 1]);
    sftp.close();
});

test('names that are paths, and folders without end, are refused', async () => {
    for (const bad of ['../x', '/etc/passwd', 'a/b', '', 'x\0y']) {
        const { sftp } = await client({ [TYPES.READDIR]: (id) => packet(TYPES.NAME, (it) => name(bad)(it.uint32(id).uint32(1))) });
        await assert.rejects(sftp.list('/x'), { code: 'protocol' }, bad);
        sftp.close();
    }
    const { sftp } = await client({ [TYPES.READDIR]: (id) => packet(TYPES.NAME, (it) => it.uint32(id).uint32(0)) });
    await assert.rejects(sftp.list('/x'), { code: 'protocol' });
    sftp.close();
});

test('a server that answers what was not asked is left', async () => {
    const wrong = {
        'another id': (id) => packet(TYPES.ATTRS, (it) => attributes(it.uint32(id + 1))),
        'another type': (id) => data(id, 'x'),
        'half of it': (id) => packet(TYPES.ATTRS, (it) => it.uint32(id).uint32(13)),
        'twice': (id) => [packet(TYPES.ATTRS, (it) => attributes(it.uint32(id))), packet(TYPES.ATTRS, (it) => attributes(it.uint32(id)))],
    };
    for (const [what, answer] of Object.entries(wrong)) {
        const { sftp, server } = await client({ [TYPES.STAT]: answer });
        const first = await sftp.stat('/x').catch((error) => error);
        assert.ok(what === 'twice' || first.code === 'protocol', what);
        await new Promise((resolve) => setImmediate(resolve));
        await assert.rejects(sftp.stat('/x'), (error) => error instanceof SshError, what);
        assert.ok(server.closed, what);
    }
});

test('data beyond what was asked for are refused', async () => {
    for (const length of [0, 32769]) {
        const { sftp } = await client({ ...reads(noise(100_000)), [TYPES.READ]: (id) => data(id, new Uint8Array(length)) });
        await assert.rejects(downloaded(sftp), { code: 'protocol' });
        sftp.close();
    }
});

test('a status of the server in words', async () => {
    const { sftp } = await client({
        [TYPES.STAT]: (id) => packet(TYPES.STATUS, (it) => it.uint32(id).uint32(3).string('not\u001b[2J yours').string('')),
        [TYPES.MKDIR]: (id) => status(id, 0), [TYPES.REMOVE]: (id) => status(id, 2), [TYPES.RENAME]: (id) => packet(TYPES.STATUS, (it) => it.uint32(id).uint32(4)),
        [TYPES.LSTAT]: (id) => status(id, 0),
    });
    await assert.rejects(sftp.stat('/x'), { code: 'sftp', status: 3, statusName: 'permission denied', message: '/x: permission denied (not[2J yours)' });
    await sftp.mkdir('/new');
    await assert.rejects(sftp.remove('/x'), { message: '/x: no such file' });
    await assert.rejects(sftp.rename('/x', '/y'), { message: '/x to /y: failure' });
    await assert.rejects(sftp.lstat('/x'), { code: 'protocol' });
    sftp.close();
});

test('the end of the channel ends what waits', async () => {
    const { sftp, ended } = await client({ [TYPES.STAT]: () => undefined });
    const waiting = sftp.stat('/x');
    ended.resolve(new SshError('ended', 'The line is cut.'));
    await assert.rejects(waiting, /cut/);
    await assert.rejects(sftp.stat('/x'), /cut/);
});
