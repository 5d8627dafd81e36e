// Waiting with a deadline, an AbortSignal, or until something has been said.
import { SshError } from './errors.js';

/** A promise with its own resolve and reject, of which nobody must take notice. */
export function deferred() {
    const it = {};
    it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
    it.promise.catch(() => {});
    return it;
}

/**
 * What `promise` becomes, unless `milliseconds` pass or `signal` is aborted before: then `onGiveUp` is called, and the
 * promise's own result is ignored. `what` says what was waited for.
 */
export function within(milliseconds, what, promise, { signal, onGiveUp = () => {} } = {}) {
    return new Promise((resolve, reject) => {
        const finish = (settle) => (value) => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            settle(value);
        };
        const giveUp = (error) => {
            finish(reject)(error);
            onGiveUp(error);
        };
        const onAbort = () => giveUp(aborted());
        const timer = setTimeout(() => giveUp(new SshError('timeout',
            `Timed out: ${what} (waited ${Math.round(milliseconds / 1000)} s).`)), milliseconds);
        promise.then(finish(resolve), finish(reject));
        signal?.addEventListener('abort', onAbort);
        if (signal?.aborted) {
            onAbort();
        }
    });
}

export const aborted = () => new SshError('aborted', 'Cancelled.');

/** A bounded queue between one producer and one consumer. */
export class Inbox {
    #items = [];
    #reader = null;
    #error = null;
    #most;

    constructor(most) {
        this.#most = most;
    }

    push(item) {
        if (this.#reader) {
            this.#reader.resolve(item);
            this.#reader = null;
        } else if (this.#items.length >= this.#most) {
            throw new SshError('protocol', 'The server sends more messages than were asked for.');
        } else {
            this.#items.push(item);
        }
    }

    /** All further reads fail, once what is there has been read. */
    fail(error) {
        this.#error ??= error;
        this.#reader?.reject(this.#error);
        this.#reader = null;
    }

    next() {
        this.#reader = deferred();
        const { promise } = this.#reader;
        if (this.#items.length > 0) {
            this.#reader.resolve(this.#items.shift());
            this.#reader = null;
        } else if (this.#error) {
            this.#reader.reject(this.#error);
            this.#reader = null;
        }
        return promise;
    }
}
