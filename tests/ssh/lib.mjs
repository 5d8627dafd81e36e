// The protocol layer of contrib/ssh as browsers get it, in Node: bundled, with WebCrypto and npm's ws.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { webcrypto } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { bundle } from '../../contrib/ssh/build.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
export const { WebSocket, WebSocketServer } = createRequire(path.join(here, '../e2e/package.json'))('ws');

globalThis.self = globalThis; // the library looks for it to take WebCrypto
globalThis.crypto ??= webcrypto; // Node 18
globalThis.WebSocket = WebSocket;

const folder = mkdtempSync(path.join(os.tmpdir(), 'wsluice-ssh-lib-'));
await bundle(path.join(here, 'entry.js'), path.join(folder, 'lib.mjs'));
export const lib = await import(pathToFileURL(path.join(folder, 'lib.mjs')).href);
rmSync(folder, { recursive: true });

/** As localStorage. */
export class Storage {
    #items = new Map();

    get length() {
        return this.#items.size;
    }

    key(at) {
        return [...this.#items.keys()][at] ?? null;
    }

    getItem(key) {
        return this.#items.get(key) ?? null;
    }

    setItem(key, value) {
        this.#items.set(key, String(value));
    }

    removeItem(key) {
        this.#items.delete(key);
    }
}

/** Resolves with the first value that is not falsy; the runner's own limit ends it. */
export async function until(look) {
    for (;;) {
        const found = await look();
        if (found) {
            return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}
