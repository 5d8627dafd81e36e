// A WebSocket as the stream of bytes that the SSH library reads and writes.
import { Emitter } from 'vscode-jsonrpc';
import { SshError } from './errors.js';
import { lossyText, printable } from './wire.js';
import { deferred, within } from './waiting.js';

const WRITE_AHEAD = 256 * 1024; // bytes in the browser's own queue; more would delay what is typed meanwhile
const READ_AHEAD = 16 * 1024 * 1024; // SSH's windows keep an honest server far below
const LOOK_AGAIN = 5; // milliseconds: browsers do not say when their queue is shorter

export class Transport {
    #socket;
    #chunks = [];
    #waiting = 0; // bytes in #chunks
    #read = null; // the pending read: { count, resolve }
    #woken = deferred();
    #closed = new Emitter();
    #ended = deferred();
    #end = null;
    #first = new Uint8Array(0); // of the first bytes, for an error message

    constructor(socket) {
        this.#socket = socket;
        this.isDisposed = false;
        this.closed = this.#closed.event;
        socket.onmessage = (event) => this.#onMessage(event.data);
        socket.onclose = ({ code, reason, wasClean }) => this.#finish({ by: 'bridge', code, reason, clean: wasClean });
        socket.onerror = () => {}; // a close event follows, and says more
    }

    /** Resolves with { by, code, reason, clean, text } when the WebSocket is closed. */
    get ended() {
        return this.#ended.promise;
    }

    /** The same, or null before. */
    get end() {
        return this.#end;
    }

    /** What the far end said first, if it is not SSH. */
    get greeting() {
        return printable(lossyText(this.#first)).trim();
    }

    #onMessage(data) {
        if (typeof data === 'string') {
            this.#fail('The bridge sent text instead of bytes: it has to carry binary messages.');
            return;
        }
        const chunk = Buffer.from(data);
        if (this.#first.length < 200) {
            this.#first = Buffer.concat([this.#first, chunk.subarray(0, 200)]);
        }
        this.#woken.resolve();
        if (chunk.length === 0 || this.#end) {
            return;
        }
        this.#chunks.push(chunk);
        this.#waiting += chunk.length;
        this.#serve();
        if (this.#waiting > READ_AHEAD) {
            this.#fail('The server sends more than was asked for.');
        }
    }

    #serve() {
        if (this.#read && this.#chunks.length > 0) {
            const { count, resolve } = this.#read;
            this.#read = null;
            resolve(this.#shift(count));
        }
    }

    #shift(count) {
        let chunk = this.#chunks[0];
        if (chunk.length > count) {
            this.#chunks[0] = chunk.subarray(count);
            chunk = chunk.subarray(0, count);
        } else {
            this.#chunks.shift();
        }
        this.#waiting -= chunk.length;
        return chunk;
    }

    #fail(text) {
        this.#chunks = [];
        this.#waiting = 0;
        this.#finish({ by: 'error', code: 1002, reason: '', clean: false, text });
        this.#socket.close();
    }

    #finish(end) {
        if (this.#end) {
            return;
        }
        this.#end = { text: closeText(end), ...end };
        this.#woken.resolve();
        this.#read?.resolve(null);
        this.#read = null;
        this.#ended.resolve(this.#end);
        this.#closed.fire({});
    }

    /** For the library: at most `count` bytes, null at the end. */
    async read(count) {
        if (this.#chunks.length > 0) {
            return this.#shift(count);
        }
        if (this.#end || this.isDisposed) {
            return null;
        }
        return new Promise((resolve) => {
            this.#read = { count, resolve };
        });
    }

    /**
     * For the library: resolves when the bytes are in the browser's queue, and that is short. After the far end's end
     * it does nothing: the reader says so, once it has had all that came before.
     */
    async write(bytes) {
        if (this.isDisposed) {
            throw new SshError('ended', 'The connection is closed.');
        }
        if (this.#end) {
            return;
        }
        this.#socket.send(bytes);
        while (this.#socket.bufferedAmount > WRITE_AHEAD && !this.#end) {
            this.#woken = deferred();
            const timer = setTimeout(this.#woken.resolve, LOOK_AGAIN);
            await this.#woken.promise;
            clearTimeout(timer);
        }
    }

    async close() {
        this.dispose();
    }

    /** Closes the WebSocket; what is in its queue is still sent. */
    dispose() {
        if (!this.isDisposed) {
            this.isDisposed = true;
            this.#socket.close(1000);
            this.#finish({ by: 'us', code: 1000, reason: '', clean: true, text: 'Closed.' });
        }
    }
}

/** A sentence about a Close code, as RFC 6455 and its registry name them. */
function closeText({ code, reason }) {
    const names = {
        1000: 'The far end closed the connection',
        1001: 'The gateway is going away',
        1002: 'The gateway reports a protocol error',
        1005: 'The gateway closed the connection',
        1006: 'The connection was lost',
        1008: 'The gateway refuses the connection',
        1009: 'The gateway refuses a message that is too big',
        1011: 'The gateway failed, or the machine behind it cannot be reached',
        1012: 'The gateway restarts',
        1013: 'The gateway is overloaded: try again later',
        1014: 'The gateway got a wrong answer from the machine behind it',
        1015: 'The gateway\'s certificate is not accepted',
    };
    const what = names[code] ?? 'The gateway closed the connection';
    return `${what} (Close code ${code}${reason ? `: ${printable(reason)}` : ''}).`;
}

/** Opens a WebSocket; throws `connect` when it is refused. */
export async function openTransport(url, { protocols = [], WebSocket = globalThis.WebSocket, timeout, signal }) {
    let socket;
    try {
        socket = new WebSocket(url, protocols);
    } catch (error) {
        throw new SshError('connect', `This is not a URL of a WebSocket: ${url} (${error.message})`);
    }
    socket.binaryType = 'arraybuffer';
    const transport = new Transport(socket);
    const opened = new Promise((resolve, reject) => {
        socket.onopen = () => resolve(transport);
        transport.ended.then((end) => reject(new SshError('connect',
            `Cannot open ${url}: ${end.code === 1006 ? 'it cannot be reached, or it refuses this page.' : end.text}`,
            { closeCode: end.code, closeReason: end.reason })));
    });
    return within(timeout, `no answer from ${url}`, opened, { signal, onGiveUp: () => transport.dispose() });
}
