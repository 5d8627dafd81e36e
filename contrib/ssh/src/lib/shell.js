// A login shell or a command, with a terminal or without.
import { SshError } from './errors.js';
import { Writer, utf8 } from './wire.js';

const WINDOW = 256 * 1024; // what is drawn before Ctrl-C takes effect: some 50 ms
const IUTF8 = 42, OPCODE_END = 0; // modes of RFC 4254, section 8, and RFC 8160
const MOST_CELLS = 10_000;

const cells = (count) => Math.min(Math.max(Math.trunc(count) || 1, 1), MOST_CELLS);

export class Shell {
    #channel;

    constructor(channel, onData) {
        this.#channel = channel;
        channel.onData = (bytes) => {
            let fresh = true;
            onData(bytes, () => {
                if (fresh) {
                    fresh = false;
                    channel.consumed(bytes.length);
                }
            });
        };
    }

    /** Opens a channel and starts what `options` say; see README.md. */
    static async open(channels, options) {
        const { term = 'xterm-256color', columns = 80, rows = 24, env = {}, command, pty = true, onData, signal } = options;
        const channel = await channels.open(WINDOW, { signal });
        const shell = new Shell(channel, onData);
        try {
            for (const [name, value] of Object.entries(env)) {
                await channel.request('env', (it) => it.string(name).string(value), false);
            }
            if (pty && !await channel.request('pty-req', (it) => fillPty(it, term, columns, rows))) {
                throw new SshError('refused', 'The server gives no terminal.');
            }
            if (!await start(channel, command)) {
                throw new SshError('refused', `The server starts no ${command === undefined ? 'shell' : 'command'}.`);
            }
        } catch (error) {
            channel.close();
            throw error;
        }
        return shell;
    }

    /** Resolves, when the program has ended, with { status, signal, message }. */
    get ended() {
        return this.#channel.ended.then(() => ({ ...this.#channel.exit }));
    }

    write(data) {
        return this.#channel.write(typeof data === 'string' ? utf8(data) : data);
    }

    /** A failure shows in `ended`. */
    resize(columns, rows) {
        this.#channel.request('window-change', (it) => fillSize(it, columns, rows), false).catch(() => {});
    }

    sendEof() {
        return this.#channel.sendEof();
    }

    close() {
        this.#channel.close();
    }
}

const start = (channel, command) => (command === undefined
    ? channel.request('shell') : channel.request('exec', (it) => it.string(command)));

/** Size in characters; that in pixels is left to the server. */
function fillSize(writer, columns, rows) {
    writer.uint32(cells(columns)).uint32(cells(rows)).uint32(0).uint32(0);
}

function fillPty(writer, term, columns, rows) {
    writer.string(term);
    fillSize(writer, columns, rows);
    writer.string(new Writer().byte(IUTF8).uint32(1).byte(OPCODE_END).bytes());
}
