// Host keys: first use, pins, changes, an administrator's pins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Storage, lib } from './lib.mjs';

const { HostKeys, parsePin } = lib.index;
const { verifyHostKey } = lib.hostkeys;
const { PublicKey } = lib.publickeys;
const { Writer, toBase64 } = lib.wire;

const keyOf = (fill) => PublicKey.parse(new Writer().string('ssh-ed25519').string(new Uint8Array(32).fill(fill)).bytes());
const URL = 'wss://gate.example.com/ssh';
const never = () => assert.fail('nobody is asked');

test('an unknown key is asked for, and then known without a question', async () => {
    const hostKeys = new HostKeys(new Storage());
    const key = keyOf(1);
    let asked;
    const trust = (facts) => { asked = facts; return true; };
    assert.equal(await verifyHostKey(key, { url: URL, hostKeys, trust }), 'new');
    assert.deepEqual(asked, { type: 'ssh-ed25519', bits: 256, fingerprint: await key.fingerprint(), host: '', url: URL });
    assert.equal(await verifyHostKey(key, { url: URL, hostKeys, trust: never }), 'stored');
    assert.equal(await verifyHostKey(key, { url: 'wss://GATE.example.com:443/ssh?x#y', hostKeys, trust: never }), 'stored');
    const [pin] = hostKeys.pinned(URL);
    assert.equal(pin.fingerprint, await key.fingerprint());
    assert.match(pin.since, /^\d{4}-\d\d-\d\d$/);
});

test('only a clear yes is trust, and a no is not remembered', async () => {
    for (const answer of [false, undefined, null, 'yes', 1]) {
        const hostKeys = new HostKeys(new Storage());
        await assert.rejects(verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: () => answer }), { code: 'host-key', reason: 'declined' });
        assert.deepEqual(hostKeys.pinned(URL), []);
    }
    await assert.rejects(verifyHostKey(keyOf(1), { url: URL }), { code: 'host-key', reason: 'declined' });
});

test('another key is refused without a question, until the old one is forgotten', async () => {
    const hostKeys = new HostKeys(new Storage());
    await verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: () => true });
    const expected = [await keyOf(1).fingerprint()];
    await assert.rejects(verifyHostKey(keyOf(2), { url: URL, hostKeys, trust: never }),
        { code: 'host-key', reason: 'changed', expected, message: /CHANGED/ });
    assert.equal(hostKeys.pinned(URL).length, 1);
    hostKeys.forget(URL);
    assert.equal(await verifyHostKey(keyOf(2), { url: URL, hostKeys, trust: () => true }), 'new');
});

test('pins are of a URL and a machine', async () => {
    const hostKeys = new HostKeys(new Storage());
    await verifyHostKey(keyOf(1), { url: URL, host: 'desk', hostKeys, trust: () => true });
    let asked = 0;
    const trust = () => { asked++; return false; };
    for (const where of [{ url: URL, host: 'attic' }, { url: URL }, { url: 'ws://gate.example.com/ssh', host: 'desk' },
        { url: 'wss://gate.example.com/other', host: 'desk' }, { url: 'wss://gate.example.com:8443/ssh', host: 'desk' }]) {
        await assert.rejects(verifyHostKey(keyOf(1), { ...where, hostKeys, trust }), { reason: 'declined' });
    }
    assert.equal(asked, 5);
    assert.deepEqual(hostKeys.all().map(({ url, host }) => [url, host]), [[URL, 'desk']]);
});

test('a damaged memory is an error, not an unknown key', async () => {
    for (const damage of ['', '{}', '[]', 'null', '[{"type":"ssh-ed25519"}]', '[{"type":1,"fingerprint":"SHA256:x"}]']) {
        const storage = new Storage();
        const hostKeys = new HostKeys(storage);
        await verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: () => true });
        storage.setItem(storage.key(0), damage);
        await assert.rejects(verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: never }), { code: 'host-key', reason: 'damaged' }, damage);
        assert.equal(hostKeys.all()[0].pins, null);
        hostKeys.forget(URL);
        assert.equal(hostKeys.all().length, 0);
    }
});

test('a memory that is full says so', async () => {
    const storage = new Storage();
    storage.setItem = () => { throw new Error('quota'); };
    const hostKeys = new HostKeys(storage);
    await assert.rejects(verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: () => true }), { reason: 'storage', message: /quota/ });
});

test('what an administrator has pinned counts alone', async () => {
    const hostKeys = new HostKeys(new Storage());
    await verifyHostKey(keyOf(1), { url: URL, hostKeys, trust: () => true });
    const pins = [await keyOf(2).fingerprint(), `ssh-ed25519 ${toBase64(keyOf(3).blob)} root@desk`];
    await assert.rejects(verifyHostKey(keyOf(1), { url: URL, hostKeys, pins, trust: never }), { reason: 'not-pinned' });
    for (const key of [keyOf(2), keyOf(3)]) {
        assert.equal(await verifyHostKey(key, { url: URL, hostKeys, pins, trust: never }), 'configured');
    }
    assert.equal(hostKeys.pinned(URL).length, 1);
});

test('pins are fingerprints or public keys, and nothing else', async () => {
    const key = keyOf(9);
    const print = await key.fingerprint();
    const line = `ssh-ed25519 ${toBase64(key.blob)}`;
    for (const good of [print, ` ${print} `, `${print}=`, line, `desk,10.0.0.1 ${line}`, `${line} a comment`]) {
        assert.equal((await parsePin(good)).fingerprint, print, good);
    }
    for (const bad of ['', 'SHA256:', print.slice(0, -1), `${print}x`, 'MD5:00:11', `ssh-ed25519 ${toBase64(key.blob).slice(4)}`, 'AAAA', null, {}]) {
        await assert.rejects(parsePin(bad), { code: 'host-key', reason: 'bad-pin' }, String(bad));
    }
    const pins = ['nonsense'];
    await assert.rejects(verifyHostKey(key, { url: URL, pins, trust: never }), { reason: 'bad-pin' });
});
