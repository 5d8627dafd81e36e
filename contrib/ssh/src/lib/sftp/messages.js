// The messages of SFTP, version 3 (draft-ietf-secsh-filexfer-02), without any I/O.
import { SshError } from '../errors.js';
import { Reader, Writer, concat, printable } from '../wire.js';

export const TYPES = {
    INIT: 1, VERSION: 2, OPEN: 3, CLOSE: 4, READ: 5, WRITE: 6, LSTAT: 7, FSTAT: 8, OPENDIR: 11, READDIR: 12, REMOVE: 13,
    MKDIR: 14, RMDIR: 15, REALPATH: 16, STAT: 17, RENAME: 18, STATUS: 101, HANDLE: 102, DATA: 103, NAME: 104, ATTRS: 105,
};
export const OPEN_FLAGS = { READ: 1, WRITE: 2, CREATE: 8, TRUNCATE: 16, EXCLUSIVE: 32 };
export const STATUS = { OK: 0, EOF: 1 };

const STATUS_NAMES = ['ok', 'end of file', 'no such file', 'permission denied', 'failure', 'bad message', 'no connection',
    'connection lost', 'operation not supported'];
const SIZE = 1, OWNER = 2, PERMISSIONS = 4, TIMES = 8, EXTENDED = 0x80000000;
const LARGEST_PACKET = 256 * 1024 + 1024; // OpenSSH's own limit, and some
const LONGEST_HANDLE = 256;
const FILE_TYPES = { 0o040000: 'folder', 0o100000: 'file', 0o120000: 'link' };

/** Cuts a stream of bytes into packets. */
export class Splitter {
    #chunks = [];
    #length = 0;

    /** The packets that are whole now, without their lengths; throws on a length that no server needs. */
    push(bytes) {
        this.#chunks.push(bytes);
        this.#length += bytes.length;
        const packets = [];
        for (let packet = this.#take(); packet; packet = this.#take()) {
            packets.push(packet);
        }
        return packets;
    }

    #take() {
        if (this.#length < 4) {
            return null;
        }
        const length = new Reader(this.#peek(4)).uint32();
        if (length < 5 || length > LARGEST_PACKET) {
            throw new SshError('protocol', `The server sent an SFTP packet of ${length} bytes.`);
        }
        return this.#length < 4 + length ? null : this.#shift(4 + length).subarray(4);
    }

    #peek(count) {
        if (this.#chunks[0].length < count) {
            this.#chunks = [concat(...this.#chunks)];
        }
        return this.#chunks[0].subarray(0, count);
    }

    #shift(count) {
        const parts = [];
        let missing = count;
        while (missing > 0) {
            const [first] = this.#chunks;
            const part = first.subarray(0, missing);
            missing -= part.length;
            parts.push(part);
            if (part.length === first.length) {
                this.#chunks.shift();
            } else {
                this.#chunks[0] = first.subarray(part.length);
            }
        }
        this.#length -= count;
        return parts.length === 1 ? parts[0] : concat(...parts);
    }
}

/** A request's packet; `fill` writes what comes after the id. */
export function request(type, id, fill = () => {}, capacity = 256) {
    const body = new Writer(capacity).uint32(0).byte(type).uint32(id);
    fill(body);
    const bytes = body.bytes();
    new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
    return bytes;
}

export const attributesOf = (mode) => (writer) => (mode === undefined
    ? writer.uint32(0) : writer.uint32(PERMISSIONS).uint32(mode & 0o7777));

/** { size, uid, gid, mode, atime, mtime, type }: those that the server did not send are undefined. */
export function readAttributes(reader) {
    const flags = reader.uint32();
    const found = { type: 'other' };
    if (flags & SIZE) {
        found.size = reader.uint64();
    }
    if (flags & OWNER) {
        [found.uid, found.gid] = [reader.uint32(), reader.uint32()];
    }
    if (flags & PERMISSIONS) {
        const mode = reader.uint32();
        found.mode = mode & 0o7777;
        found.type = FILE_TYPES[mode & 0o170000] ?? 'other';
    }
    if (flags & TIMES) {
        [found.atime, found.mtime] = [reader.uint32(), reader.uint32()];
    }
    if ((flags & EXTENDED) >>> 0) {
        for (let count = reader.uint32(); count > 0; count--) {
            reader.string();
            reader.string();
        }
    }
    return found;
}

function readName(reader) {
    const bytes = reader.string();
    reader.string(); // a line of ls -l, for people
    const name = new Reader(new Writer().string(bytes).bytes()).looseText();
    return { name, label: printable(name), exact: !name.includes('\ufffd'), ...readAttributes(reader) };
}

/** A status as an SshError. */
export function statusError(reply, what) {
    const name = STATUS_NAMES[reply.status] ?? `status ${reply.status}`;
    const text = reply.text && reply.text.toLowerCase() !== name ? `${name} (${reply.text})` : name;
    return new SshError('sftp', `${what}: ${text}`, { status: reply.status, statusName: name });
}

const readers = {
    [TYPES.STATUS]: (reader) => {
        const status = reader.uint32();
        // Old servers send the number alone.
        const text = reader.left > 0 ? printable(reader.looseText()).slice(0, 300) : '';
        reader.take(reader.left);
        return { status, text };
    },
    [TYPES.HANDLE]: (reader) => {
        const handle = reader.string();
        return handle.length > LONGEST_HANDLE ? reader.fail('The server sent an SFTP handle that is too long.') : { handle };
    },
    [TYPES.DATA]: (reader) => ({ data: reader.string() }),
    [TYPES.NAME]: (reader) => {
        const count = reader.uint32();
        if (count > reader.left / 12) { // two strings and the flags are the least
            reader.fail('The data end too early.');
        }
        return { names: Array.from({ length: count }, () => readName(reader)) };
    },
    [TYPES.ATTRS]: (reader) => ({ attributes: readAttributes(reader) }),
};

/** A reply: { type, id } and what belongs to its type. */
export function parseReply(packet) {
    const reader = new Reader(packet);
    const type = reader.byte();
    const id = reader.uint32();
    if (!Object.hasOwn(readers, type)) {
        reader.fail(`The server sent an SFTP packet of the unknown type ${type}.`);
    }
    const reply = { type, id, ...readers[type](reader) };
    reader.end();
    return reply;
}

/** The server's first packet; returns its version. */
export function parseVersion(packet) {
    const reader = new Reader(packet);
    if (reader.byte() !== TYPES.VERSION) {
        reader.fail('The server does not begin as SFTP does.');
    }
    const version = reader.uint32();
    if (version !== 3) {
        reader.fail(`The server speaks SFTP version ${version}, which is not 3.`);
    }
    while (reader.left > 0) { // its extensions
        reader.string();
        reader.string();
    }
    return version;
}
