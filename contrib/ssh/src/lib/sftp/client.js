// A client of SFTP, version 3, over a channel: many requests at a time, little memory.
import { SshError } from '../errors.js';
import { Writer } from '../wire.js';
import { OPEN_FLAGS, STATUS, Splitter, TYPES, attributesOf, parseReply, parseVersion, request, statusError } from './messages.js';
import { aborted, deferred, within } from '../waiting.js';

const PIECE = 32 * 1024; // of a file in one request: each server takes it
const AHEAD = 32; // requests of one transfer at a time
const MOST_ENTRIES = 200_000; // of a folder
const STALLED = 60_000; // milliseconds without a byte from the server, while it owes an answer

export class Sftp {
    #channel;
    #splitter = new Splitter();
    #pending = new Map(); // by id: { expected, deferred }
    #next = 0;
    #version = deferred();
    #begun = false;
    #error = null;
    #timer = null;

    constructor(channel) {
        this.#channel = channel;
        channel.onData = (bytes, type) => this.#onData(bytes, type);
        channel.ended.then((error) => this.#fail(error ?? new SshError('ended', 'The server ended the file transfer.')));
    }

    /** Starts the subsystem on an open channel. */
    static async start(channel, timeout) {
        const sftp = new Sftp(channel);
        try {
            if (!await channel.request('subsystem', (it) => it.string('sftp'))) {
                throw new SshError('refused', 'The server offers no SFTP.');
            }
            await channel.write(new Writer().uint32(5).byte(TYPES.INIT).uint32(3).bytes());
            await within(timeout, 'the SFTP server\'s first answer', sftp.#version.promise);
        } catch (error) {
            channel.close();
            throw error;
        }
        return sftp;
    }

    // ---- requests and replies ----

    #onData(bytes, type) {
        this.#channel.consumed(bytes.length); // what is in memory is bounded by the requests
        if (type !== 0 || this.#error) {
            return;
        }
        try {
            this.#splitter.push(bytes).forEach((packet) => this.#onPacket(packet));
        } catch (error) {
            this.#fail(error);
            this.#channel.close();
        }
        this.#watch();
    }

    #onPacket(packet) {
        if (!this.#begun) {
            this.#begun = true;
            this.#version.resolve(parseVersion(packet));
            return;
        }
        const reply = parseReply(packet);
        const pending = this.#pending.get(reply.id);
        if (!pending || (reply.type !== TYPES.STATUS && reply.type !== pending.expected)) {
            throw new SshError('protocol', 'The server sent an SFTP reply that was not asked for.');
        }
        this.#pending.delete(reply.id);
        pending.deferred.resolve(reply);
    }

    #fail(error) {
        this.#error ??= error;
        clearTimeout(this.#timer);
        this.#version.reject(error);
        this.#pending.forEach((pending) => pending.deferred.reject(error));
        this.#pending.clear();
    }

    /** Restarts the clock for a server that owes answers. */
    #watch() {
        clearTimeout(this.#timer);
        if (this.#pending.size > 0 && !this.#error) {
            this.#timer = setTimeout(() => {
                this.#fail(new SshError('timeout', `Timed out: the server's answer about files (waited ${STALLED / 1000} s).`));
                this.#channel.close();
            }, STALLED);
        }
    }

    /** Sends a request; resolves with its reply, of the type `expected` or a status. */
    async #ask(type, expected, fill, capacity) {
        if (this.#error) {
            throw this.#error;
        }
        const id = this.#next;
        this.#next = (id + 1) >>> 0;
        const waiting = deferred();
        this.#pending.set(id, { expected, deferred: waiting });
        this.#watch();
        await this.#channel.write(request(type, id, fill, capacity)).catch((error) => {
            throw this.#error ?? error;
        });
        this.#watch();
        return waiting.promise;
    }

    /** The same; a status is an error that names `what`. */
    async #get(what, type, expected, fill) {
        const reply = await this.#ask(type, expected, fill);
        if (reply.type === TYPES.STATUS) {
            throw reply.status === STATUS.OK
                ? new SshError('protocol', 'The server gave no answer about a file.') : statusError(reply, what);
        }
        return reply;
    }

    async #do(what, type, fill) {
        const reply = await this.#ask(type, TYPES.STATUS, fill);
        if (reply.status !== STATUS.OK) {
            throw statusError(reply, what);
        }
    }

    // ---- names and attributes ----

    /** The absolute path of a path; '.' is where the server begins. */
    async realpath(path) {
        const { names } = await this.#get(path, TYPES.REALPATH, TYPES.NAME, (it) => it.string(path));
        if (names.length !== 1) {
            throw new SshError('protocol', 'The server gave several names for one path.');
        }
        return names[0].name;
    }

    async stat(path) {
        return (await this.#get(path, TYPES.STAT, TYPES.ATTRS, (it) => it.string(path))).attributes;
    }

    async lstat(path) {
        return (await this.#get(path, TYPES.LSTAT, TYPES.ATTRS, (it) => it.string(path))).attributes;
    }

    mkdir(path) {
        return this.#do(path, TYPES.MKDIR, (it) => attributesOf()(it.string(path)));
    }

    rmdir(path) {
        return this.#do(path, TYPES.RMDIR, (it) => it.string(path));
    }

    remove(path) {
        return this.#do(path, TYPES.REMOVE, (it) => it.string(path));
    }

    /** Fails when `to` exists. */
    rename(from, to) {
        return this.#do(`${from} to ${to}`, TYPES.RENAME, (it) => it.string(from).string(to));
    }

    /** The entries of a folder, without . and ..; also given to onEntries as they come. */
    async list(path, { onEntries = () => {}, signal } = {}) {
        const { handle } = await this.#get(path, TYPES.OPENDIR, TYPES.HANDLE, (it) => it.string(path));
        const all = [];
        try {
            for (;;) {
                throwIfAborted(signal);
                const reply = await this.#ask(TYPES.READDIR, TYPES.NAME, (it) => it.string(handle));
                if (reply.type === TYPES.STATUS) {
                    if (reply.status === STATUS.EOF) {
                        return all;
                    }
                    throw statusError(reply, path);
                }
                const entries = checkedNames(reply.names);
                if (reply.names.length === 0 || all.length + entries.length > MOST_ENTRIES) {
                    throw new SshError('protocol', `The folder does not end: ${all.length} entries so far.`);
                }
                all.push(...entries);
                onEntries(entries);
            }
        } finally {
            this.#release(handle);
        }
    }

    /** Nobody waits for it: a server that hangs may be the reason. */
    #release(handle) {
        this.#ask(TYPES.CLOSE, TYPES.STATUS, (it) => it.string(handle)).catch(() => {});
    }

    // ---- contents ----

    async #open(path, flags, mode) {
        const fill = (it) => attributesOf(mode)(it.string(path).uint32(flags));
        return (await this.#get(path, TYPES.OPEN, TYPES.HANDLE, fill)).handle;
    }

    /** 0 when the server does not say. */
    async #size(handle) {
        const reply = await this.#ask(TYPES.FSTAT, TYPES.ATTRS, (it) => it.string(handle));
        return reply.attributes?.size ?? 0;
    }

    /**
     * Reads a file from its start to its end. `write(bytes)` gets the pieces in order, and is waited for.
     * @returns {Promise<number>} bytes that were read
     */
    async download(path, { write, onProgress = () => {}, signal }) {
        throwIfAborted(signal);
        const handle = await this.#open(path, OPEN_FLAGS.READ);
        const sent = []; // requests in the order of the file: { offset, length, reply }
        const ask = (offset, length) => {
            const reply = this.#ask(TYPES.READ, TYPES.DATA, (it) => it.string(handle).uint64(offset).uint32(length));
            reply.catch(() => {});
            return { offset, length, reply };
        };
        try {
            const size = await this.#size(handle);
            let done = 0, asked = 0;
            onProgress(done, size);
            for (;;) {
                throwIfAborted(signal);
                // As much ahead as the file is said to be long; then piece by piece, as it may have grown.
                while (sent.length === 0 || (sent.length < AHEAD && asked < size)) {
                    sent.push(ask(asked, PIECE));
                    asked += PIECE;
                }
                const { offset, length, reply } = sent.shift();
                const data = pieceOf(await orAborted(reply, signal), length, path);
                if (!data) {
                    return done;
                }
                if (data.length < length) { // the rest of this piece comes next
                    sent.unshift(ask(offset + data.length, length - data.length));
                }
                await write(data);
                done += data.length;
                onProgress(done, size);
            }
        } finally {
            this.#release(handle);
        }
    }

    /**
     * Writes a file, which is emptied before if it exists. What was written before an error or a cancellation stays.
     * @param source a Blob, a ReadableStream, or an iterable of Uint8Array
     * @returns {Promise<number>} bytes that were written
     */
    async upload(path, source, { size = source.size, onProgress = () => {}, signal, mode, exclusive = false } = {}) {
        throwIfAborted(signal);
        const flags = OPEN_FLAGS.WRITE | OPEN_FLAGS.CREATE | (exclusive ? OPEN_FLAGS.EXCLUSIVE : OPEN_FLAGS.TRUNCATE);
        const handle = await this.#open(path, flags, mode);
        const sent = []; // { length, reply } in the order of the file
        let offset = 0, done = 0;
        const settle = async () => {
            const { length, reply } = sent.shift();
            const { status, ...rest } = await orAborted(reply, signal);
            if (status !== STATUS.OK) {
                throw statusError({ status, ...rest }, path);
            }
            done += length;
            onProgress(done, size);
        };
        try {
            onProgress(0, size);
            for await (const piece of pieces(source, PIECE)) {
                throwIfAborted(signal);
                const fill = (it) => it.string(handle).uint64(offset).string(piece);
                const reply = this.#ask(TYPES.WRITE, TYPES.STATUS, fill, PIECE + 512);
                reply.catch(() => {});
                sent.push({ length: piece.length, reply });
                offset += piece.length;
                if (sent.length >= AHEAD) {
                    await settle();
                }
            }
            while (sent.length > 0) {
                await settle();
            }
        } catch (error) {
            this.#release(handle);
            throw error;
        }
        await this.#do(path, TYPES.CLOSE, (it) => it.string(handle)); // a full disk may show only now
        return done;
    }

    close() {
        this.#channel.close();
    }
}

function throwIfAborted(signal) {
    if (signal?.aborted) {
        throw aborted();
    }
}

/** What `promise` becomes; fails at once when `signal` is aborted. */
function orAborted(promise, signal) {
    if (!signal) {
        return promise;
    }
    return new Promise((resolve, reject) => {
        const onAbort = () => reject(aborted());
        signal.addEventListener('abort', onAbort, { once: true });
        promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
        if (signal.aborted) {
            onAbort();
        }
    });
}

/** The data of a reply to READ, null at the end of the file. */
function pieceOf(reply, length, path) {
    if (reply.type === TYPES.STATUS) {
        if (reply.status === STATUS.EOF) {
            return null;
        }
        throw statusError(reply, path);
    }
    if (reply.data.length === 0 || reply.data.length > length) {
        throw new SshError('protocol', 'The server sent another amount of data than was asked for.');
    }
    return reply.data;
}

/** Names of one folder: a path among them is an attack. */
function checkedNames(names) {
    for (const { name } of names) {
        if (name === '' || /[/\0]/.test(name)) {
            throw new SshError('protocol', 'The server sent a name of a file that is none.');
        }
    }
    return names.filter(({ name }) => name !== '.' && name !== '..');
}

/** The bytes of a source in pieces of exactly `length`, but for the last. */
async function* pieces(source, length) {
    let rest = new Uint8Array(0);
    for await (const chunk of chunksOf(source)) {
        let bytes = chunk;
        if (rest.length > 0) {
            const missing = bytes.subarray(0, length - rest.length);
            bytes = bytes.subarray(missing.length);
            rest = joined(rest, missing);
        }
        if (rest.length === length) {
            yield rest;
            rest = new Uint8Array(0);
        }
        for (; bytes.length >= length; bytes = bytes.subarray(length)) {
            yield bytes.subarray(0, length);
        }
        rest = rest.length > 0 ? rest : bytes.slice();
    }
    if (rest.length > 0) {
        yield rest;
    }
}

function joined(first, second) {
    const whole = new Uint8Array(first.length + second.length);
    whole.set(first);
    whole.set(second, first.length);
    return whole;
}

/** Not every browser iterates over a ReadableStream. */
async function* chunksOf(source) {
    const stream = typeof source.stream === 'function' ? source.stream() : source;
    if (typeof stream.getReader !== 'function') {
        yield* stream;
        return;
    }
    const reader = stream.getReader();
    try {
        for (let step = await reader.read(); !step.done; step = await reader.read()) {
            yield step.value;
        }
    } finally {
        await reader.cancel().catch(() => {});
    }
}
