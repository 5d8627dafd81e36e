// The SSH library's client session, mended: the library does framing, encryption and negotiation; all else is ours.
//
// What this version of it lacks or gets wrong, against RFC 4253 and OpenSSH:
// - it goes on with any version of the protocol
// - a key exchange that the server begins ends the session ("Key exchange was not started")
// - messages that wait for their turn may be sent in the middle of a key exchange
// - DEBUG is unknown to it, and sshd sends it for some keys
// - messages are accepted in any order and before encryption, those of a server's side as well
// - its user authentication and channels: see auth.js and channel.js, which take their place
// - no strict key exchange: so only AES-GCM is offered, which is not affected by cut handshakes (Terrapin)
// - Diffie-Hellman over integers takes seconds in a browser: only elliptic curves are offered
import { SshAlgorithms, SshClientSession, SshMessage, SshSession, SshSessionConfiguration } from './library.js';
import { SshError } from '../errors.js';
import { equal, printable } from '../wire.js';
import { deferred, within } from '../waiting.js';
import { exchangeHash, hostKeyAlgorithms, keyExchanges } from './kex.js';

const DISCONNECT = 1, IGNORE = 2, UNIMPLEMENTED = 3, DEBUG = 4, KEXINIT = 20, NEWKEYS = 21, KEX_REPLY = 31;
const OF_THE_LIBRARY = new Set([DISCONNECT, UNIMPLEMENTED, KEXINIT, NEWKEYS, 30, KEX_REPLY]);
const MAC_ERROR = 5, CONNECTION_LOST = 10; // the library's reasons of an end
const REKEY_TIMEOUT = 60_000; // milliseconds
const REKEY_AFTER = 1024 ** 3; // bytes, as RFC 4253 recommends; servers may ask for more

/** A message as its bytes, the first of which is its type. */
class RawMessage extends SshMessage {
    constructor(payload) {
        super();
        this.payload = payload;
    }

    get messageType() {
        return this.payload[0];
    }

    read(reader) {
        this.payload = new Uint8Array(reader.buffer); // the library uses its buffer again
    }

    write(writer) {
        writer.write(Buffer.from(this.payload.buffer, this.payload.byteOffset, this.payload.length));
    }
}

/** What is offered; `preferred`: types of host keys that are pinned. */
export async function makeConfiguration(preferred) {
    const configuration = new SshSessionConfiguration();
    const fill = (list, ...items) => list.splice(0, list.length, ...items);
    fill(configuration.keyExchangeAlgorithms, ...await keyExchanges());
    fill(configuration.publicKeyAlgorithms, ...await hostKeyAlgorithms(preferred));
    fill(configuration.encryptionAlgorithms, SshAlgorithms.encryption.aes256Gcm);
    fill(configuration.protocolExtensions);
    configuration.keyRotationThreshold = REKEY_AFTER;
    configuration.messages.clear();
    for (const [key, type] of SshMessage.index) {
        if (OF_THE_LIBRARY.has(key)) {
            configuration.messages.set(key, type);
        }
    }
    for (let type = 0; type < 256; type++) {
        if (!OF_THE_LIBRARY.has(type)) {
            configuration.messages.set(type, RawMessage);
        }
    }
    configuration.contextualMessages.clear();
    return configuration;
}

export class ClientSession extends SshClientSession {
    #exchange = 'none'; // of keys: none, init (the server's KEXINIT came), reply (its KEX_ECDH_REPLY)
    #encrypted = false;
    #hostKeyBlob = null;
    #rekeyed = null; // while senders wait for the end of an exchange
    #receive;
    #timeout;

    /** `receive(payload)` takes every message that is not the transport's; what it throws ends the session. */
    constructor(configuration, receive, timeout = REKEY_TIMEOUT) {
        super(configuration);
        this.#receive = receive;
        this.#timeout = timeout;
        this.disconnect = null; // the server's DISCONNECT: { code, text }
        this.error = null; // what ended the session from our side
        const kex = this.kexService;
        kex.computeExchangeHash = (...values) => this.#hash(...values);
        this.onClosed((event) => this.#onClosed(event));
    }

    #onClosed({ reason, error }) {
        if (reason === MAC_ERROR) {
            this.error ??= new SshError('protocol', 'A packet was damaged, or changed on its way.');
        } else if (reason !== CONNECTION_LOST && !this.disconnect) {
            this.error ??= error;
        }
        this.#rekeyed?.resolve();
    }

    /** The server's key, proved in the key exchange. */
    get hostKey() {
        return this.kexService.hostKey.key;
    }

    /** { keyExchange, hostKey, cipher } as negotiated. */
    negotiated = {};

    /** The library goes on with a version that it does not know. */
    async exchangeVersions(cancellation) {
        const written = super.exchangeVersions(cancellation);
        this.versionExchangePromise = this.versionExchangePromise.then(() => {
            const version = this.remoteVersion?.protocolVersion;
            if (!['2.0', '1.99'].includes(version)) {
                throw new SshError('connect', `The server speaks SSH ${version ?? 'of an unknown version'}, and not 2.0.`);
            }
        });
        this.versionExchangePromise.catch(() => {}); // is awaited later
        await written;
    }

    #hash(exchange, hostKey, clientValue, serverValue, secret) {
        const { clientKexInitPayload, serverKexInitPayload } = this.kexService.exchangeContext;
        return exchangeHash(exchange, {
            ours: SshSession.localVersion.toString(), theirs: this.remoteVersion.toString(), clientInit: clientKexInitPayload,
            serverInit: serverKexInitPayload, hostKey, clientValue, serverValue, secret,
        });
    }

    /** Called by the library for each message in turn. */
    async handleMessage(message) {
        try {
            await this.#handle(message);
        } catch (error) {
            this.error ??= error;
            throw error;
        }
    }

    async #handle(message) {
        const type = message.messageType;
        if (type === IGNORE || type === DEBUG) {
            return undefined;
        }
        if (message instanceof RawMessage) {
            if (!this.#encrypted || this.#exchange !== 'none') {
                throw new SshError('protocol', `The server sent a message of type ${type} in the middle of a key exchange.`);
            }
            return this.#receive(message.payload);
        }
        switch (type) {
        case KEXINIT:
            return this.#handleInit(message);
        case KEX_REPLY:
            return this.#handleReply(message);
        case NEWKEYS:
            return this.#handleNewKeys(message);
        case DISCONNECT:
            this.disconnect = { code: message.reasonCode, text: message.description ?? '' };
            return super.handleMessage(message);
        case UNIMPLEMENTED:
            return this.#handleUnimplemented(message);
        default:
            throw new SshError('protocol', 'The server sent a message of a client.');
        }
    }

    /** The library makes such a message itself of an empty packet; the server's own answers one of ours. */
    #handleUnimplemented(message) {
        throw new SshError('protocol',
            message.rawBytes ? 'The server does not understand this client.' : 'The server sent an empty packet.');
    }

    #expect(state, what) {
        if (this.#exchange !== state) {
            throw new SshError('protocol', `The server sent its ${what} out of turn.`);
        }
    }

    async #handleInit(message) {
        this.#expect('none', 'KEXINIT');
        this.#exchange = 'init';
        const kex = this.kexService;
        if (!kex.exchanging) {
            const [init] = await kex.startKeyExchange(false);
            await this.sendMessage(init);
        }
        this.#checkCommon(message);
        await super.handleMessage(message);
        const { keyExchange, publicKey, serverEncryption } = kex.exchangeContext;
        this.negotiated = { keyExchange, hostKey: publicKey, cipher: serverEncryption };
    }

    /** Says what is missing: the library's own message lists everything. */
    #checkCommon(message) {
        const { config } = this;
        const kinds = [
            ['key exchange', config.keyExchangeAlgorithms, message.keyExchangeAlgorithms],
            ['host key', config.publicKeyAlgorithms, message.serverHostKeyAlgorithms],
            ['cipher', config.encryptionAlgorithms, message.encryptionAlgorithmsServerToClient],
            ['cipher', config.encryptionAlgorithms, message.encryptionAlgorithmsClientToServer],
        ];
        for (const [what, ours, theirs] of kinds) {
            if (!ours.some(({ name }) => theirs.includes(name))) {
                throw new SshError('negotiation', `The server has no ${what} that this page can use. `
                    + `It offers ${printable(theirs.join(', ')).slice(0, 500)}; this page has ${ours.map(({ name }) => name).join(', ')}.`);
            }
        }
    }

    async #handleReply(message) {
        this.#expect('init', 'key exchange reply');
        this.#exchange = 'reply';
        this.#hostKeyBlob ??= new Uint8Array(message.hostKey);
        if (!equal(this.#hostKeyBlob, message.hostKey)) {
            throw new SshError('host-key', 'The server changed its host key within the session.', { reason: 'changed' });
        }
        return super.handleMessage(message);
    }

    async #handleNewKeys(message) {
        this.#expect('reply', 'NEWKEYS');
        await super.handleMessage(message);
        this.#exchange = 'none';
        this.#encrypted = true;
        this.#rekeyed?.resolve();
        this.#rekeyed = null;
    }

    /** Sends a payload; resolves when it is on its way. */
    send(payload) {
        return this.sendMessage(new RawMessage(payload));
    }

    /** In place of the library's: nothing but the transport's own messages is sent during a key exchange. */
    async sendMessage(message) {
        const type = message.messageType;
        const waits = type > DEBUG && (type < 20 || type > 49);
        await this.#turn(waits);
        try {
            if (!this.protocol || this.isClosed || !await this.protocol.sendMessage(message)) {
                throw new SshError('ended', 'The session has ended.');
            }
        } finally {
            this.blockedMessagesSemaphore.release();
        }
    }

    async #turn(waits) {
        for (;;) {
            while (waits && this.kexService.exchanging && !this.isClosed) {
                this.#rekeyed ??= deferred();
                await within(this.#timeout, 'the server\'s part of a key exchange', this.#rekeyed.promise,
                    { onGiveUp: (error) => this.fail(error) });
            }
            await this.blockedMessagesSemaphore.wait();
            if (!waits || !this.kexService.exchanging || this.isClosed) {
                return;
            }
            this.blockedMessagesSemaphore.release();
        }
    }

    /** Ends the session because of an error of the server's or of ours. */
    fail(error) {
        this.error ??= error;
        return this.close(2, error.message, error).catch(() => {});
    }
}
