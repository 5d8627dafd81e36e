// A connection to an SSH server through a WebSocket, from the first byte to its end.
import { SshError } from './errors.js';
import { secureContext } from './features.js';
import { Authentication } from './protocol/auth.js';
import { Channels } from './protocol/channel.js';
import { parsePin, verifyHostKey } from './hostkeys.js';
import { ClientSession, makeConfiguration } from './protocol/mends.js';
import { Sftp } from './sftp/client.js';
import { Shell } from './shell.js';
import { openTransport } from './transport.js';
import { Reader, printable } from './wire.js';
import { aborted, deferred, within } from './waiting.js';

const TIMEOUTS = { connect: 15_000, negotiate: 20_000, reply: 30_000 };
const EXT_INFO = 7;
const SUCCESS = 52;
const BANNER = 53;
const BY_APPLICATION = 11;
const HOST_KEY_NOT_VERIFIABLE = 9;
const SFTP_WINDOW = 2 * 1024 * 1024;

/** An open SSH session. README.md describes it. */
export class Connection {
    #transport;
    #session;
    #timeouts;
    #signal;
    #ended = deferred();
    #authentication = null;
    #channels = null;
    #signatures = null;
    #closedByUs = false;

    constructor(transport, configuration, { timeouts, signal }) {
        this.#transport = transport;
        this.#timeouts = timeouts;
        this.#signal = signal;
        this.#session = new ClientSession(configuration, (payload) => this.#receive(payload));
        this.#session.onClosed(() => this.#end());
    }

    /** Negotiates; throws what went wrong, with all that is known of it. */
    async negotiate() {
        const options = { signal: this.#signal, onGiveUp: () => this.#transport.dispose() };
        try {
            const connected = this.#session.connect(this.#transport);
            await within(this.#timeouts.negotiate, 'the server\'s part of the key exchange', connected, options);
        } catch (error) {
            const known = this.#explain(error);
            this.#session.dispose();
            this.#transport.dispose();
            throw known;
        }
        this.server = printable(this.#session.remoteVersion.toString());
        this.algorithms = this.#session.negotiated;
    }

    /** The best explanation of why the handshake failed. */
    #explain(error) {
        const { greeting, end } = this.#transport;
        if (error.code === 'timeout' || error.code === 'aborted') {
            return error;
        }
        if (this.#session.error instanceof SshError || error.code === 'connect') {
            return this.#session.error ?? error;
        }
        if (this.#session.disconnect) {
            return new SshError('connect', `The server refuses the connection: ${printable(this.#session.disconnect.text)}`);
        }
        if (greeting && !/^SSH-/m.test(greeting)) {
            const line = greeting.split('\n')[0].slice(0, 200);
            return new SshError('connect', `The far end is no SSH server, or refuses the connection. It says: ${line}`);
        }
        if (end && end.by !== 'us') {
            return new SshError('connect', `The far end closed the connection before the login. ${end.text}`,
                { closeCode: end.code, closeReason: end.reason });
        }
        return error instanceof SshError ? error
            : new SshError('protocol', `The key exchange failed: ${printable(String(error?.message))}`);
    }

    /** Decides about the server's key. */
    async verify(options) {
        const key = this.#session.hostKey;
        const pinned = await verifyHostKey(key, options).catch(async (error) => {
            await this.#close(HOST_KEY_NOT_VERIFIABLE, 'host key not accepted');
            throw error;
        });
        this.hostKey = { type: key.type, bits: key.bits, fingerprint: await key.fingerprint(), pinned };
        if (this.#signal?.aborted) {
            this.close();
            throw aborted();
        }
        this.#check();
    }

    get ended() {
        return this.#ended.promise;
    }

    #check() {
        if (this.#session.isClosed || this.#transport.end) {
            throw this.#endError();
        }
    }

    #receive(payload) {
        const type = payload[0];
        if (type === EXT_INFO) {
            this.#readExtensions(payload);
        } else if (type === BANNER && !this.#channels && !this.#authentication) {
            return; // between two attempts there is nobody to show it to
        } else if (type < 80 && this.#authentication) {
            this.#authentication.receive(payload);
            if (type === SUCCESS) { // what follows belongs to channels
                this.#authentication = null;
                this.#channels = this.#newChannels();
            }
        } else if (type >= 80 && this.#channels) {
            this.#channels.receive(payload);
        } else {
            throw new SshError('protocol', `The server sent a message of type ${type} out of turn.`);
        }
    }

    #newChannels() {
        const session = this.#session;
        const ends = { send: (payload) => session.send(payload), fail: (error) => session.fail(error) };
        return new Channels(ends, this.#timeouts.reply);
    }

    #readExtensions(payload) {
        const reader = new Reader(payload.subarray(1));
        for (let count = reader.uint32(); count > 0; count--) {
            const [name, value] = [reader.looseText(), reader.looseText()];
            if (name === 'server-sig-algs') {
                this.#signatures = value.split(',');
            }
        }
        reader.end();
    }

    /** Logs in; see README.md. */
    async authenticate(options) {
        this.#check();
        if (this.#channels || this.#authentication) {
            throw new SshError('denied', 'The login is under way, or done.');
        }
        const session = this.#session;
        const authentication = new Authentication({
            send: (payload) => session.send(payload), id: session.sessionId, signatures: () => this.#signatures,
        }, options, this.#timeouts.reply);
        this.#authentication = authentication;
        try {
            return await authentication.run();
        } catch (error) {
            if (['protocol', 'timeout'].includes(error.code)) {
                session.fail(error);
            }
            throw await this.#explainLogin(error);
        } finally {
            if (this.#authentication === authentication) {
                this.#authentication = null;
            }
        }
    }

    async #explainLogin(error) {
        if (error.code !== 'ended') {
            return error;
        }
        await this.#ended.promise; // the server's last word may still be under way
        const { disconnect } = this.#session;
        if (disconnect) {
            return new SshError('denied', `The server ended the login: ${printable(disconnect.text)}.`,
                { methods: [], tried: [], ended: true });
        }
        return this.#endError();
    }

    #channelsOf() {
        this.#check();
        if (!this.#channels) {
            throw new SshError('denied', 'Log in first.');
        }
        return this.#channels;
    }

    async openShell(options) {
        return Shell.open(this.#channelsOf(), options);
    }

    async openSftp({ signal } = {}) {
        const channel = await this.#channelsOf().open(SFTP_WINDOW, { signal });
        return Sftp.start(channel, this.#timeouts.reply);
    }

    close() {
        this.#close(BY_APPLICATION, 'closed by the user');
    }

    async #close(code, text) {
        this.#closedByUs = true;
        const { session, transport } = { session: this.#session, transport: this.#transport };
        await within(1000, 'the last message is sent', session.close(code, text)).catch(() => {});
        session.dispose();
        transport.dispose();
    }

    /** Once: tells everybody who waits. */
    #end() {
        const error = this.#endError();
        this.#authentication?.fail(error);
        this.#channels?.end(error);
        this.#ended.resolve(this.#facts());
        this.#transport.dispose();
    }

    #endError() {
        const { disconnect, error } = this.#session;
        const ours = !this.#closedByUs && !disconnect && error instanceof SshError;
        return ours ? error : new SshError('ended', this.#facts().text);
    }

    /** Who ended the connection, and why. */
    #facts() {
        const { end } = this.#transport;
        const { disconnect, error } = this.#session;
        if (this.#closedByUs) {
            return { by: 'us', text: 'Closed.' };
        }
        if (disconnect) {
            return { by: 'server', text: `The server ended the session: ${printable(disconnect.text) || 'it gives no reason'}.` };
        }
        if (error) {
            const broken = () => `The server breaks the rules of SSH: ${printable(String(error.message))}.`;
            return { by: 'error', text: error instanceof SshError ? error.message : broken() };
        }
        if (end?.by === 'bridge') {
            return { by: 'bridge', text: end.text, closeCode: end.code, closeReason: end.reason };
        }
        return { by: 'error', text: end?.by === 'error' ? end.text : 'The connection was lost.' };
    }
}

function checkUrl(url) {
    try {
        if (/^wss?:$/.test(new URL(url).protocol)) {
            return;
        }
    } catch {
        // what follows says it
    }
    throw new SshError('connect', `This is not the URL of a WebSocket (ws:// or wss://): ${url}`);
}

/** Connects, negotiates, and verifies the host key; README.md lists the options. */
export async function connect(options) {
    const { url, host = '', hostKeys, pins, protocols, WebSocket, signal, onState = () => {} } = options;
    const timeouts = { ...TIMEOUTS, ...options.timeouts };
    if (!secureContext()) {
        throw new SshError('insecure',
            'Browsers have cryptography in secure pages only: open this page by https, or from localhost.');
    }
    checkUrl(url);
    const known = pins?.length ? await Promise.all(pins.map(parsePin)) : hostKeys?.pinned(url, host) ?? [];
    const preferred = known.map(({ type }) => type).filter(Boolean);
    onState('connecting');
    const transport = await openTransport(url, { protocols, WebSocket, timeout: timeouts.connect, signal });
    onState('negotiating');
    const connection = new Connection(transport, await makeConfiguration(preferred), { timeouts, signal });
    await connection.negotiate();
    onState('verifying');
    await connection.verify(options);
    onState('connected');
    return connection;
}
