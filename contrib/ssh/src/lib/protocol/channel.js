// Channels of a session (RFC 4254): windows in both directions, requests, ends.
import { SshError } from '../errors.js';
import { Reader, Writer, printable } from '../wire.js';
import { deferred, within } from '../waiting.js';

const GLOBAL_REQUEST = 80, REQUEST_SUCCESS = 81, REQUEST_FAILURE = 82;
const OPEN = 90, OPEN_CONFIRMATION = 91, OPEN_FAILURE = 92, WINDOW_ADJUST = 93, DATA = 94, EXTENDED_DATA = 95;
const EOF = 96, CLOSE = 97, REQUEST = 98, SUCCESS = 99, FAILURE = 100;
const PROHIBITED = 1; // a reason of OPEN_FAILURE
const LARGEST_PACKET = 32 * 1024; // of data, both ways
const LARGEST_WINDOW = 2 ** 32 - 1;

/** All channels of one session: feed it every message of types 80 to 100. */
export class Channels {
    #send;
    #fail;
    #timeout;
    #channels = new Map(); // by our number
    #next = 0;
    #error = null;

    /** @param session { send(payload), fail(error) }; `timeout` in milliseconds, for the server's replies */
    constructor({ send, fail }, timeout) {
        this.#send = send;
        this.#fail = fail;
        this.#timeout = timeout;
    }

    /** Opens a channel of the type "session". `window`: bytes that the server may send ahead of what was consumed. */
    async open(window, { signal } = {}) {
        if (this.#error) {
            throw this.#error;
        }
        const id = this.#next++;
        const ends = { send: (payload) => this.#send(payload), forget: () => this.#channels.delete(id) };
        const channel = new Channel(id, window, this.#timeout, ends);
        this.#channels.set(id, channel);
        await this.#send(new Writer().byte(OPEN).string('session').uint32(id).uint32(window).uint32(LARGEST_PACKET).bytes());
        await within(this.#timeout, 'the server opens a channel', channel.opened, { signal, onGiveUp: () => channel.close() });
        return channel;
    }

    /** The session has ended. */
    end(error) {
        this.#error = error;
        for (const channel of [...this.#channels.values()]) {
            channel.end(error);
        }
    }

    /** Sends an answer that nobody waits for. */
    #answer(writer) {
        this.#send(writer.bytes()).catch((error) => this.#fail(error));
    }

    receive(payload) {
        const type = payload[0];
        const reader = new Reader(payload.subarray(1));
        if (type === GLOBAL_REQUEST) {
            reader.string(); // keep-alives want any answer, the others do not concern a client
            if (reader.boolean()) {
                this.#answer(new Writer().byte(REQUEST_FAILURE));
            }
        } else if (type === OPEN) {
            reader.string();
            const theirs = reader.uint32();
            this.#answer(new Writer().byte(OPEN_FAILURE).uint32(theirs).uint32(PROHIBITED).string('not offered').string(''));
        } else if (type >= OPEN_CONFIRMATION && type <= FAILURE) {
            this.#deliver(type, reader);
        } else if (type !== REQUEST_SUCCESS && type !== REQUEST_FAILURE) {
            reader.fail(`The server sent a message of the unknown type ${type}.`);
        }
    }

    #deliver(type, reader) {
        const id = reader.uint32();
        const channel = this.#channels.get(id);
        if (!channel) {
            reader.fail(`The server names a channel that is not open (${id}).`);
        }
        channel.receive(type, reader);
    }
}

export class Channel {
    #send;
    #forget;
    #timeout;
    #theirs = null; // the server's number of the channel
    #opened = deferred();
    #ended = deferred();
    #window; // what we let the server send
    #left; // of it
    #consumed = 0; // to be given back
    #sendWindow = 0; // what the server lets us send
    #largest = 0;
    #widened = deferred();
    #turn = Promise.resolve(); // writers wait for each other
    #requests = []; // pending replies
    #state = { eofSent: false, closeSent: false, ended: false };

    constructor(id, window, timeout, { send, forget }) {
        this.id = id;
        this.#window = window;
        this.#left = window;
        this.#timeout = timeout;
        this.#send = send;
        this.#forget = forget;
        /** Called with (bytes, type): type 0 for data, 1 for stderr. Bytes count as consumed by consumed(). */
        this.onData = () => {};
        this.onEof = () => {};
        this.exit = { status: null, signal: null, message: '' };
    }

    get opened() {
        return this.#opened.promise;
    }

    /** Resolves with undefined, or with the session's error. */
    get ended() {
        return this.#ended.promise;
    }

    receive(type, reader) {
        const early = this.#theirs === null;
        if (early !== (type === OPEN_CONFIRMATION || type === OPEN_FAILURE)) {
            reader.fail('The server sent a message of a channel out of turn.');
        }
        const handlers = {
            [OPEN_CONFIRMATION]: () => this.#onConfirmation(reader),
            [OPEN_FAILURE]: () => this.#onFailure(reader),
            [WINDOW_ADJUST]: () => this.#onAdjust(reader),
            [DATA]: () => this.#onData(reader.string(), 0, reader),
            [EXTENDED_DATA]: () => this.#onData(...this.#extended(reader), reader),
            [EOF]: () => this.onEof(),
            [CLOSE]: () => this.#onClose(),
            [REQUEST]: () => this.#onRequest(reader),
            [SUCCESS]: () => this.#onReply(true, reader),
            [FAILURE]: () => this.#onReply(false, reader),
        };
        handlers[type]();
    }

    #onConfirmation(reader) {
        this.#theirs = reader.uint32();
        this.#sendWindow = reader.uint32();
        this.#largest = Math.min(reader.uint32(), LARGEST_PACKET);
        if (this.#largest === 0) {
            reader.fail('The server takes no data in a channel.');
        }
        this.#opened.resolve();
        if (this.#state.closeSent) { // given up meanwhile
            this.#post(new Writer().byte(CLOSE).uint32(this.#theirs));
        }
    }

    #onFailure(reader) {
        reader.uint32();
        const text = printable(reader.looseText());
        this.end(new SshError('refused', `The server opened no channel: ${text || 'it gives no reason'}.`));
    }

    #onAdjust(reader) {
        this.#sendWindow += reader.uint32();
        if (this.#sendWindow > LARGEST_WINDOW) {
            reader.fail('The server made its window too large.');
        }
        this.#widened.resolve();
    }

    #extended(reader) {
        const type = reader.uint32();
        return [reader.string(), type];
    }

    #onData(bytes, type, reader) {
        reader.end();
        if (bytes.length > this.#left || bytes.length > LARGEST_PACKET) {
            reader.fail('The server sent more than the window of a channel allows.');
        }
        this.#left -= bytes.length;
        if (this.#state.closeSent) {
            return;
        }
        this.onData(bytes, type);
    }

    /** Lets the server send as many bytes again. */
    consumed(count) {
        this.#consumed += count;
        if (this.#consumed * 2 >= this.#window && !this.#state.closeSent && !this.#state.ended) {
            this.#left += this.#consumed;
            this.#post(new Writer().byte(WINDOW_ADJUST).uint32(this.#theirs).uint32(this.#consumed));
            this.#consumed = 0;
        }
    }

    #onRequest(reader) {
        const name = reader.text();
        const wantsReply = reader.boolean();
        if (name === 'exit-status') {
            this.exit.status = reader.uint32();
        } else if (name === 'exit-signal') {
            this.exit.signal = printable(reader.looseText());
            reader.boolean();
            this.exit.message = printable(reader.looseText());
        }
        if (wantsReply) {
            this.#post(new Writer().byte(FAILURE).uint32(this.#theirs));
        }
    }

    #onReply(success, reader) {
        const pending = this.#requests.shift();
        if (!pending) {
            reader.fail('The server answers a request that was not made.');
        }
        pending.resolve(success);
    }

    #onClose() {
        this.close();
        this.end();
    }

    /** Ends our side of it: all that waits fails, with `error` or because the channel is closed. */
    end(error) {
        if (this.#state.ended) {
            return;
        }
        this.#state.ended = true;
        const reason = error ?? new SshError('ended', 'The channel is closed.');
        this.#forget();
        this.#opened.reject(reason);
        this.#requests.splice(0).forEach((pending) => pending.reject(reason));
        this.#widened.resolve();
        this.#ended.resolve(error);
    }

    /** Sends what nobody waits for. A failure ends the session, which ends the channel. */
    #post(writer) {
        this.#send(writer.bytes()).catch(() => {});
    }

    /** Runs one writer after another. */
    #inTurn(work) {
        const result = this.#turn.then(work);
        this.#turn = result.catch(() => {});
        return result;
    }

    #check() {
        if (this.#state.ended || this.#state.closeSent) {
            throw new SshError('ended', 'The channel is closed.');
        }
    }

    /** Resolves when all bytes are on their way: as the server's window and the network allow. */
    write(bytes) {
        return this.#inTurn(async () => {
            let at = 0;
            while (at < bytes.length) {
                this.#check();
                const length = Math.min(bytes.length - at, this.#sendWindow, this.#largest);
                if (length === 0) {
                    this.#widened = deferred();
                    await this.#widened.promise;
                    continue;
                }
                this.#sendWindow -= length;
                const piece = bytes.subarray(at, at + length);
                at += length;
                await this.#send(new Writer(length + 9).byte(DATA).uint32(this.#theirs).string(piece).bytes());
            }
        });
    }

    sendEof() {
        return this.#inTurn(async () => {
            this.#check();
            if (!this.#state.eofSent) {
                this.#state.eofSent = true;
                await this.#send(new Writer().byte(EOF).uint32(this.#theirs).bytes());
            }
        });
    }

    /** Sends a channel request; `fill` writes what belongs to it. Resolves with the server's yes or no. */
    async request(name, fill = () => {}, wantsReply = true) {
        this.#check();
        const writer = new Writer().byte(REQUEST).uint32(this.#theirs).string(name).boolean(wantsReply);
        fill(writer);
        const pending = deferred();
        if (wantsReply) {
            this.#requests.push(pending);
        } else {
            pending.resolve(true);
        }
        await this.#send(writer.bytes());
        return within(this.#timeout, `the server's answer to the request "${name}"`, pending.promise);
    }

    /** Closes it; bytes that still wait for the server's window are dropped. */
    close() {
        if (this.#state.closeSent || this.#state.ended) {
            return;
        }
        this.#state.closeSent = true;
        this.#widened.resolve();
        if (this.#theirs !== null) {
            this.#post(new Writer().byte(CLOSE).uint32(this.#theirs));
        }
    }
}
