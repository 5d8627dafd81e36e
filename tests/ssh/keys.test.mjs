// Private keys as ssh-keygen and openssl write them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { lib } from './lib.mjs';

const { parsePrivateKey, fingerprint, SshError } = lib.index;
const { PublicKey } = lib.publickeys;
const { fromBase64, toBase64 } = lib.wire;

const folder = mkdtempSync(path.join(os.tmpdir(), 'wsluice-keys-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Makes a key; returns { file, text, print, blob }. */
function keygen(...args) {
    const file = path.join(folder, String(count++));
    run('ssh-keygen', '-q', '-C', 'ada at home', '-f', file, ...(args.includes('-N') ? [] : ['-N', '']), ...args);
    return read(file);
}

function read(file) {
    const [, print] = run('ssh-keygen', '-l', '-f', file).split(' ');
    const blob = fromBase64(readFileSync(`${file}.pub`, 'utf8').split(' ')[1]);
    return { file, text: readFileSync(file, 'utf8'), print, blob };
}

const DATA = new TextEncoder().encode('to be signed');

// Chromium takes an elliptic curve's numbers in exactly its length, and RSA's without leading zeros; Node takes all.
const { importKey } = crypto.subtle;
crypto.subtle.importKey = (format, jwk, ...rest) => {
    const length = { 'P-256': 32, 'P-384': 48, 'P-521': 66, Ed25519: 32 }[jwk.crv];
    for (const name of ['d', 'x', 'y', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi'].filter((it) => format === 'jwk' && jwk[it])) {
        const bytes = Buffer.from(jwk[name], 'base64url');
        assert.ok(length ? bytes.length === length : bytes[0] !== 0, `${jwk.crv ?? jwk.kty}: ${name} of ${bytes.length} bytes`);
    }
    return importKey.call(crypto.subtle, format, jwk, ...rest);
};

/** Reads the key, and asks ssh-keygen's view of it. */
async function usable({ text, print, blob }, passphrase) {
    const key = await parsePrivateKey(text, passphrase);
    assert.equal(await key.fingerprint(), print);
    assert.equal(await fingerprint(blob), print);
    for (const algorithm of key.algorithms) {
        const signature = await key.sign(algorithm, DATA);
        const theirs = PublicKey.parse(blob);
        assert.equal(await theirs.verify(algorithm, signature, DATA), true);
        assert.equal(await theirs.verify(algorithm, signature, DATA.subarray(1)), false);
    }
    return key;
}

const TYPES = [['ed25519'], ['ecdsa', '-b', '256'], ['ecdsa', '-b', '384'], ['ecdsa', '-b', '521'], ['rsa', '-b', '2048'], ['rsa', '-b', '3072']];
const typeOf = ([type, , bits]) => ({ ed25519: 'ssh-ed25519', rsa: 'ssh-rsa', ecdsa: `ecdsa-sha2-nistp${bits}` })[type];

for (const type of TYPES) {
    test(`an OpenSSH key: ${type.join(' ')}`, async () => {
        const key = await usable(keygen('-t', ...type));
        assert.equal(key.type, typeOf(type));
        assert.equal(key.comment, 'ada at home');
        assert.equal(key.bits, Number(type[2] ?? 256));
    });
}

for (const cipher of ['aes256-ctr', 'aes192-ctr', 'aes128-ctr', 'aes256-cbc', 'aes128-cbc', 'aes256-gcm@openssh.com', 'aes128-gcm@openssh.com']) {
    test(`an OpenSSH key encrypted by ${cipher}`, async () => {
        const key = keygen('-t', 'ecdsa', '-N', 'pass wörd', '-Z', cipher, '-a', '4');
        await usable(key, 'pass wörd');
        await assert.rejects(parsePrivateKey(key.text), { code: 'passphrase', needed: true });
        await assert.rejects(parsePrivateKey(key.text, 'another'), { code: 'passphrase', wrong: true });
    });
}

test('a secret number that begins with zeros, as half of those of P-521 do', async () => {
    for (let short = 0; short < 2;) {
        const key = keygen('-t', 'ecdsa', '-b', '521');
        await usable(key);
        short += Buffer.from(bodyOf(key.text)).includes(Buffer.from([0, 0, 0, 65])) ? 1 : 0;
    }
});

test('an encrypted key of each type', async () => {
    for (const type of TYPES) {
        await usable(keygen('-t', ...type, '-N', 'secret', '-a', '4'), 'secret');
    }
});

test('a cipher that browsers lack says what to do', async () => {
    const { text } = keygen('-t', 'ed25519', '-N', 'x12345', '-Z', 'chacha20-poly1305@openssh.com');
    await assert.rejects(parsePrivateKey(text, 'x12345'), { code: 'key', message: /ssh-keygen -p -Z aes256-ctr/ });
});

test('a derivation of very many rounds is refused before it begins', async () => {
    const { text } = keygen('-t', 'ed25519', '-N', 'x12345', '-a', '4');
    const bytes = fromBase64(text.split('\n').slice(1, -2).join(''));
    const at = Buffer.from(bytes).indexOf(Buffer.from([0, 0, 0, 4, 0, 0, 0, 1]));
    new DataView(bytes.buffer).setUint32(at, 0x7fffffff);
    await assert.rejects(parsePrivateKey(pem('OPENSSH PRIVATE KEY', bytes), 'x12345'), { code: 'key', message: /2147483647 rounds/ });
});

for (const format of ['PEM', 'PKCS8']) {
    for (const type of TYPES.slice(1, 5)) {
        test(`${format}: ${type.join(' ')}`, () => usable(keygen('-t', ...type, '-m', format)));
    }
}

/** PKCS#8 by openssl, with ssh-keygen's idea of the public key. */
function openssl(...args) {
    const file = path.join(folder, String(count++));
    run('openssl', ...args, '-out', file);
    run('chmod', '600', file);
    return file;
}

test('PKCS#8: Ed25519', async () => {
    const file = openssl('genpkey', '-algorithm', 'ed25519');
    const der = execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-outform', 'DER']);
    const key = await parsePrivateKey(readFileSync(file, 'utf8'));
    assert.deepEqual(Buffer.from(key.publicKey.blob.subarray(-32)), der.subarray(-32));
});

for (const [name, ...options] of [['aes-256-cbc'], ['aes-128-cbc'], ['aes-256-cbc', '-v2prf', 'hmacWithSHA1'], ['aes-256-cbc', '-v2prf', 'hmacWithSHA512']]) {
    test(`encrypted PKCS#8: ${name} ${options.join(' ')}`, async () => {
        const plain = keygen('-t', 'ecdsa', '-m', 'PKCS8');
        const file = openssl('pkcs8', '-topk8', '-in', plain.file, '-v2', name, ...options, '-passout', 'pass:secret');
        const text = readFileSync(file, 'utf8');
        await usable({ ...plain, text }, 'secret');
        await assert.rejects(parsePrivateKey(text), { code: 'passphrase', needed: true });
        await assert.rejects(parsePrivateKey(text, 'another'), { code: 'passphrase', wrong: true });
    });
}

test('what is no usable private key says what it is', async () => {
    const refused = (text, message) => assert.rejects(parsePrivateKey(text, 'x'), { code: 'key', message });
    const plain = keygen('-t', 'rsa', '-b', '2048', '-m', 'PEM');
    await refused(readFileSync(`${plain.file}.pub`, 'utf8'), /public key/);
    await refused('PuTTY-User-Key-File-3: ssh-ed25519\n', /PuTTYgen/);
    await refused('hello', /not a private key/);
    await refused('', /not a private key/);
    await refused(readFileSync(openssl('rsa', '-in', plain.file, '-aes128', '-passout', 'pass:x', '-traditional'), 'utf8'), /old encryption.*ssh-keygen -p/);
    await refused(readFileSync(openssl('pkcs8', '-topk8', '-in', plain.file, '-scrypt', '-passout', 'pass:x'), 'utf8'), /this encryption/);
    await refused(readFileSync(openssl('genpkey', '-algorithm', 'ed448'), 'utf8'), /RSA, ECDSA and Ed25519/);
    await refused(readFileSync(openssl('ecparam', '-name', 'secp256k1', '-genkey', '-noout'), 'utf8'), /P-256/);
    await refused(readFileSync(openssl('genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:1024'), 'utf8'), /1024 bits/);
});

function pem(kind, bytes) {
    return `-----BEGIN ${kind}-----\n${toBase64(bytes).replace(/.{70}/g, '$&\n')}\n-----END ${kind}-----\n`;
}

const bodyOf = (text) => fromBase64(text.trim().split('\n').slice(1, -1).join(''));

/** Anything but an SshError of a key is a finding. */
async function neverCrashes(kind, bytes) {
    try {
        await parsePrivateKey(pem(kind, bytes), 'secret');
        return 'read';
    } catch (error) {
        assert.ok(error instanceof SshError && ['key', 'passphrase'].includes(error.code), error.stack);
        return 'refused';
    }
}

const SAMPLES = [
    ['OPENSSH PRIVATE KEY', ['-t', 'ed25519']],
    ['OPENSSH PRIVATE KEY', ['-t', 'ecdsa', '-N', 'secret', '-a', '1']],
    ['EC PRIVATE KEY', ['-t', 'ecdsa', '-m', 'PEM']],
    ['PRIVATE KEY', ['-t', 'ecdsa', '-m', 'PKCS8']],
];

for (const [kind, args] of SAMPLES) {
    test(`cut at each byte: ${kind} of ${args.join(' ')}`, async () => {
        const bytes = bodyOf(keygen(...args).text);
        const step = args.includes('secret') ? 7 : 1; // each attempt derives a key
        for (let length = 0; length < bytes.length; length += step) {
            assert.equal(await neverCrashes(kind, bytes.subarray(0, length)), 'refused', `cut to ${length}`);
        }
        assert.equal(await neverCrashes(kind, bytes), 'read');
        assert.equal(await neverCrashes(kind, Buffer.concat([bytes, Buffer.from([0])])), 'refused');
    });
}

test('each byte changed: refused, or what it says', async () => {
    const bytes = bodyOf(keygen('-t', 'ed25519').text);
    const comment = Buffer.from(bytes).indexOf('ada at home');
    for (let at = 0; at < bytes.length; at++) {
        const changed = Uint8Array.from(bytes);
        changed[at] ^= 0x41;
        const inComment = at >= comment && at < comment + 11;
        assert.equal(await neverCrashes('OPENSSH PRIVATE KEY', changed), inComment ? 'read' : 'refused', `byte ${at}`);
    }
});

test('a public key is read strictly', () => {
    const { blob } = keygen('-t', 'ecdsa');
    for (let length = 0; length < blob.length; length++) {
        assert.throws(() => PublicKey.parse(blob.subarray(0, length)), { code: 'protocol' });
    }
    assert.throws(() => PublicKey.parse(Buffer.concat([blob, Buffer.from([0])])), { code: 'protocol' });
    assert.throws(() => PublicKey.parse(new lib.wire.Writer().string('ssh-dss').string('x').bytes()), { code: 'protocol', message: /ssh-dss/ });
    assert.throws(() => PublicKey.parse(new lib.wire.Writer().string('toString').bytes()), { code: 'protocol' });
    const small = new lib.wire.Writer().string('ssh-rsa').unsigned(Uint8Array.of(1, 0, 1)).unsigned(new Uint8Array(128).fill(0xff)).bytes();
    assert.throws(() => PublicKey.parse(small), { code: 'protocol', message: /1024 bits/ });
});

test('a signature counts by exactly the algorithm that was agreed', async () => {
    const key = await parsePrivateKey(keygen('-t', 'rsa', '-b', '2048').text);
    const signature = await key.sign('rsa-sha2-256', DATA);
    await assert.rejects(key.publicKey.verify('rsa-sha2-512', signature, DATA), { code: 'protocol' });
    for (let length = 0; length < signature.length; length++) {
        const verdict = await key.publicKey.verify('rsa-sha2-256', signature.subarray(0, length), DATA).catch((error) => error.code);
        assert.notEqual(verdict, true);
    }
});
