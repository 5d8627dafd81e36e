// User authentication (RFC 4252), with passwords, keys, and keyboard-interactive (RFC 4256).
import { SshError } from '../errors.js';
import { Reader, Writer, printable } from '../wire.js';
import { Inbox, within } from '../waiting.js';

const SERVICE_REQUEST = 5, SERVICE_ACCEPT = 6, REQUEST = 50, FAILURE = 51, SUCCESS = 52, BANNER = 53;
const OF_METHOD = 60; // PK_OK, PASSWD_CHANGEREQ or INFO_REQUEST: the method says which
const INFO_RESPONSE = 61;
const MOST_BANNER = 64 * 1024;
const MOST_PROMPTS = 32;
const MOST_ROUNDS = 32; // of prompts in one keyboard-interactive attempt
const MOST_ATTEMPTS = 100; // a server that refuses for ever is told good-bye

/** One user's authentication on one session. Feed it all messages of types 6 and 50 to 79. */
export class Authentication {
    #session;
    #inbox = new Inbox(64);
    #timeout;
    #options;
    #bannerBytes = 0;
    #tried = [];

    /**
     * @param session { send(payload), id, signatures }; signatures(): those that the server says it takes, or null
     * @param options of connection.authenticate()
     */
    constructor(session, options, timeout) {
        this.#session = session;
        this.#options = options;
        this.#timeout = timeout;
    }

    receive(payload) {
        if (payload[0] === BANNER) {
            this.#banner(payload);
        } else {
            this.#inbox.push(payload);
        }
    }

    /** The session has ended. */
    fail(error) {
        this.#inbox.fail(error);
    }

    #banner(payload) {
        this.#bannerBytes += payload.length;
        if (this.#bannerBytes > MOST_BANNER) {
            throw new SshError('protocol', 'The server\'s banner is too long.');
        }
        const text = printable(new Reader(payload.subarray(1)).looseText());
        this.#options.onBanner?.(text);
    }

    #next(what) {
        return within(this.#timeout, what, this.#inbox.next(), { signal: this.#options.signal });
    }

    /** Runs through the methods; returns { method }. */
    async run() {
        await this.#session.send(new Writer().byte(SERVICE_REQUEST).string('ssh-userauth').bytes());
        const accepted = await this.#next('the server\'s answer to the request for authentication');
        if (accepted[0] !== SERVICE_ACCEPT) {
            throw unexpected(accepted);
        }
        let answer = await this.#request('none');
        const methods = this.#methods();
        for (let count = 0; count < MOST_ATTEMPTS; count++) {
            if (answer.success) {
                return { method: answer.method };
            }
            const method = methods.find(({ name, left }) => answer.methods.includes(name) && left());
            if (!method) {
                throw this.#denied(answer.methods);
            }
            answer = await method.attempt() ?? answer;
        }
        throw this.#denied(answer.methods);
    }

    #denied(methods) {
        const wanted = methods.length > 0 ? ` The server takes: ${methods.map(printable).join(', ')}.` : '';
        const tried = [...new Set(this.#tried.filter((name) => name !== 'none'))];
        const what = tried.length > 0 ? `The server refused ${tried.join(', ')}.` : 'Nothing was tried that the server takes.';
        return new SshError('denied', `Permission denied. ${what}${wanted}`, { methods, tried });
    }

    /** Best first: left() says whether an attempt is left, attempt() makes it; null when the user gave up. */
    #methods() {
        const { keys = [], password, prompts } = this.#options;
        const waiting = [...keys];
        let passwords = 0, given = !password, done = !prompts;
        return [{
            name: 'publickey', left: () => waiting.length > 0, attempt: () => this.#tryKey(waiting.shift()),
        }, {
            name: 'password', left: () => !given,
            attempt: async () => {
                const text = await password({ attempt: ++passwords, user: this.#options.user });
                given = text === null || text === undefined;
                return given ? null : this.#tryPassword(text);
            },
        }, {
            name: 'keyboard-interactive', left: () => !done,
            attempt: async () => {
                const answer = await this.#tryPrompts();
                done = answer === null;
                return answer;
            },
        }];
    }

    #begin(method) {
        return new Writer().byte(REQUEST).string(this.#options.user).string('ssh-connection').string(method);
    }

    async #request(method, writer = this.#begin(method)) {
        this.#tried.push(method);
        const bytes = writer.bytes();
        writer.wipe();
        await this.#session.send(bytes);
        const answer = await this.#next('the server\'s answer to the login');
        bytes.fill(0);
        return this.#answer(answer, method);
    }

    #answer(payload, method) {
        const reader = new Reader(payload.subarray(1));
        switch (payload[0]) {
        case SUCCESS:
            reader.end();
            return { success: true, method };
        case FAILURE: {
            const methods = reader.names();
            const partial = reader.boolean();
            reader.end();
            return { success: false, methods, partial };
        }
        default:
            throw unexpected(payload);
        }
    }

    #tryPassword(text) {
        return this.#request('password', this.#begin('password').boolean(false).string(text))
            .catch((error) => {
                throw error.type === OF_METHOD ? expired(this.#tried) : error;
            });
    }

    async #tryKey(key) {
        const accepted = this.#session.signatures();
        const algorithm = key.algorithms.find((name) => accepted?.includes(name)) ?? key.algorithms[0];
        const body = this.#begin('publickey').boolean(true).string(algorithm).string(key.publicKey.blob);
        const signed = new Writer().string(this.#session.id).raw(body.bytes()).bytes();
        return this.#request('publickey', body.string(await key.sign(algorithm, signed)));
    }

    /** One attempt, of any number of questions; null when the user gave up. */
    async #tryPrompts() {
        this.#tried.push('keyboard-interactive');
        let message = this.#begin('keyboard-interactive').string('').string('');
        for (let count = 0; count < MOST_ROUNDS; count++) {
            const bytes = message.bytes();
            message.wipe();
            await this.#session.send(bytes);
            const payload = await this.#next('the server\'s answer to the login');
            bytes.fill(0);
            if (payload[0] !== OF_METHOD) {
                return this.#answer(payload, 'keyboard-interactive');
            }
            const replies = await this.#ask(parsePrompts(payload));
            if (!replies) {
                return null;
            }
            message = respond(replies);
        }
        throw new SshError('protocol', 'The server asks too many questions.');
    }

    /** The user's replies, null when there are none for each question. */
    async #ask(questions) {
        const { prompts, instruction } = questions;
        if (prompts.length === 0 && !instruction) {
            return [];
        }
        const replies = await this.#options.prompts(questions);
        return replies?.length === prompts.length ? replies : null;
    }
}

function respond(replies) {
    const writer = new Writer(1024).byte(INFO_RESPONSE).uint32(replies.length);
    replies.forEach((reply) => writer.string(reply));
    return writer;
}

/** The server's questions: { name, instruction, prompts: [{ text, echo }] }. */
export function parsePrompts(payload) {
    const reader = new Reader(payload.subarray(1));
    const name = printable(reader.looseText());
    const instruction = printable(reader.looseText());
    reader.looseText(); // the language
    const count = reader.uint32();
    if (count > MOST_PROMPTS) {
        reader.fail('The server asks too many questions at once.');
    }
    const prompts = Array.from({ length: count }, () => ({ text: printable(reader.looseText()), echo: reader.boolean() }));
    reader.end();
    return { name, instruction, prompts };
}

const expired = (tried) => new SshError('denied',
    'The password has expired: log in by another way to change it.', { methods: [], tried });

const unexpected = (payload) => new SshError('protocol',
    `The server sent an unexpected message (type ${payload[0]}) during the login.`, { type: payload[0] });
