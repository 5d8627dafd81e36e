// hosts.json: the machines that an administrator offers beside the page. Pure: text in, machines or an error out.
//
//   {"hosts": [{"name": "web1", "url": "../ssh/web1", "user": "ann", "fingerprints": ["SHA256:…"]}], "other": true}

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const LIMITS = { hosts: 1000, name: 100, url: 2048, user: 128, fingerprints: 16 };
const PRINTABLE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

export class HostsError extends Error {}

const fail = (where, what) => { throw new HostsError(`hosts.json: ${where ? `${where}: ` : ''}${what}`); };

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function demandKeys(where, object, known) {
    const unknown = Object.keys(object).find((key) => !known.includes(key));
    if (unknown !== undefined) fail(where, `unknown key ${JSON.stringify(unknown)}; known are ${known.join(', ')}`);
}

function text(where, key, value) {
    if (typeof value !== 'string' || !PRINTABLE.test(value) || value.trim() !== value) fail(where, `${key} must be a text of one line`);
    if (value.length > LIMITS[key]) fail(where, `${key} is longer than ${LIMITS[key]} characters`);
    return value;
}

/** The address of a bridge as a WebSocket URL: relative to `base`, http as ws. Throws an Error that says what is wrong. */
export function bridgeUrl(address, base) {
    if (!URL.canParse(address, base)) throw new Error(`${address} is not a URL`);
    const url = new URL(address, base);
    url.protocol = { 'http:': 'ws:', 'https:': 'wss:' }[url.protocol] ?? url.protocol;
    if (!['ws:', 'wss:'].includes(url.protocol)) throw new Error(`${address} must begin with wss:// or ws://, or be relative to this page`);
    if (url.hash) throw new Error(`${address} must not have a fragment (#)`);
    if (url.username || url.password) throw new Error('browsers do not send a name and a password of a WebSocket URL; leave them out');
    if (url.protocol === 'ws:' && new URL(base).protocol === 'https:') throw new Error('a page that came over https may connect to wss:// only');
    return url.href;
}

function fingerprints(where, value) {
    if (!Array.isArray(value) || value.length === 0 || value.length > LIMITS.fingerprints)
        fail(where, `fingerprints must be a list of 1 to ${LIMITS.fingerprints}, as ssh-keygen -l prints them`);
    const wrong = value.find((one) => typeof one !== 'string' || !FINGERPRINT.test(one));
    if (wrong !== undefined) fail(where, `${JSON.stringify(wrong)} is not a fingerprint: SHA256: and 43 characters, as ssh-keygen -l prints it`);
    return value;
}

function machine(value, number, base) {
    const place = `host ${number + 1}`;
    if (!isObject(value)) fail(place, 'must be an object with name and url');
    const where = typeof value.name === 'string' ? `${place} (${JSON.stringify(value.name.slice(0, LIMITS.name))})` : place;
    demandKeys(where, value, ['name', 'url', 'user', 'fingerprints']);
    for (const key of ['name', 'url']) if (!(key in value)) fail(where, `${key} is missing`);
    const found = { name: text(where, 'name', value.name), user: '', fingerprints: null };
    try {
        found.url = bridgeUrl(text(where, 'url', value.url), base);
    } catch (error) {
        if (error instanceof HostsError) throw error;
        fail(where, `url: ${error.message}`);
    }
    if ('user' in value) found.user = text(where, 'user', value.user);
    if ('fingerprints' in value) found.fingerprints = fingerprints(where, value.fingerprints);
    return found;
}

/** {machines: [{name, url, user, fingerprints}], other}. `other`: users may also type an address of their own. */
export function parseHosts(json, base) {
    let document;
    try {
        document = JSON.parse(json);
    } catch (error) {
        fail('', `not JSON: ${error.message}`);
    }
    if (!isObject(document)) fail('', 'must be an object with the key hosts');
    demandKeys('', document, ['hosts', 'other']);
    if (!Array.isArray(document.hosts) || document.hosts.length === 0 || document.hosts.length > LIMITS.hosts)
        fail('', `hosts must be a list of 1 to ${LIMITS.hosts} machines`);
    if (!['boolean', 'undefined'].includes(typeof document.other)) fail('', 'other must be true or false');
    const machines = document.hosts.map((value, number) => machine(value, number, base));
    const names = new Set();
    for (const { name } of machines) {
        if (names.has(name)) fail('', `two hosts are called ${JSON.stringify(name)}`);
        names.add(name);
    }
    return { machines, other: document.other === true };
}

/** The list beside the page; without one, null. Anything but a valid list or its absence is an error: pins must not get lost. */
export async function loadHosts(base) {
    const answer = await fetch(new URL('hosts.json', base), { cache: 'no-cache', credentials: 'same-origin', redirect: 'error' })
        .catch((error) => fail('', `cannot be loaded (${error.message})`));
    if (answer.status === 404) return null;
    if (!answer.ok) fail('', `cannot be loaded: the server answers ${answer.status}`);
    return parseHosts(await answer.text(), base);
}
