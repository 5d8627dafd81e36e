// The pure modules of the page: addresses and hosts.json, keys with Ctrl, words about an end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostsError, bridgeUrl, parseHosts } from '../../contrib/ssh/src/page/hosts.js';
import { withControl } from '../../contrib/ssh/src/page/keybar.js';
import { changedKey, connectionEnd, notPinned, shellEnd, trustQuestion } from '../../contrib/ssh/src/page/words.js';

const PAGE = 'https://gate.example/shell/index.html';
const FINGERPRINT = `SHA256:${'aB3+/'.repeat(8)}xyz`;

test('addresses of bridges', () => {
    assert.equal(bridgeUrl('../ssh', PAGE), 'wss://gate.example/ssh');
    assert.equal(bridgeUrl('../ssh', 'http://localhost:6080/'), 'ws://localhost:6080/ssh');
    assert.equal(bridgeUrl('https://other.example/a?token=b', PAGE), 'wss://other.example/a?token=b');
    for (const wrong of ['ws://gate.example/ssh', 'ftp://a/', 'javascript:alert(1)', 'wss://u:p@a/', 'wss://a/#b', 'wss://', 'http://[', 'data:,x']) {
        assert.throws(() => bridgeUrl(wrong, PAGE), Error, wrong);
    }
});

test('a list of machines', () => {
    const hosts = [{ name: 'web1', url: '../ssh/web1', user: 'ann', fingerprints: [FINGERPRINT] }, { name: 'Büro 2', url: 'wss://b.example/' }];
    assert.deepEqual(parseHosts(JSON.stringify({ hosts, other: true }), PAGE), {
        other: true, machines: [
            { name: 'web1', url: 'wss://gate.example/ssh/web1', user: 'ann', fingerprints: [FINGERPRINT] },
            { name: 'Büro 2', url: 'wss://b.example/', user: '', fingerprints: null },
        ],
    });
    const text = JSON.stringify({ hosts });
    for (let cut = 0; cut < text.length; cut++) {
        assert.throws(() => parseHosts(text.slice(0, cut), PAGE), HostsError);
    }
});

test('what a list must not contain', () => {
    const good = { name: 'web1', url: '../ssh', user: 'ann', fingerprints: [FINGERPRINT] };
    const values = [null, 1, true, '', ' ', 'a\u0000b', 'a\u202eb', 'x'.repeat(3000), {}, [], [1], ['SHA256:short'], [`${FINGERPRINT}=`], [`${FINGERPRINT}\n`]];
    for (const key of Object.keys(good)) {
        for (const value of values) {
            assert.throws(() => parseHosts(JSON.stringify({ hosts: [{ ...good, [key]: value }] }), PAGE), HostsError, `${key}: ${JSON.stringify(value)}`);
        }
    }
    for (const document of [null, 1, [], {}, { hosts: {} }, { hosts: [1] }, { hosts: [good, good] }, { hosts: [good], other: 1 }, { hosts: [good], more: 1 },
        { hosts: Array(1001).fill(good) }]) {
        assert.throws(() => parseHosts(JSON.stringify(document), PAGE), HostsError, JSON.stringify(document).slice(0, 60));
    }
    assert.throws(() => parseHosts('{"hosts": [{"name": "a", "url": "b", "__proto__": {"user": "c"}}]}', PAGE), /unknown key/);
});

test('Ctrl with the key that follows', () => {
    const bytes = (text) => new TextEncoder().encode(text);
    assert.deepEqual([...withControl(bytes('c'))], [3]);
    assert.deepEqual([...withControl(bytes('['))], [27]);
    assert.deepEqual([...withControl(bytes('@'))], [0]);
    for (const same of ['1', '\x1b', '\x1b[A', 'ab', 'ä', '']) {
        assert.deepEqual(withControl(bytes(same)), bytes(same));
    }
});

test('words', () => {
    const key = { type: 'ssh-ed25519', fingerprint: FINGERPRINT, expected: ['SHA256:old'] };
    assert.match(trustQuestion(key, 'web1').advice, /ssh_host_ed25519_key\.pub/);
    for (const words of [changedKey(key, 'web1'), notPinned(key, 'web1')]) {
        assert.ok(words.details.includes(FINGERPRINT) && words.details.includes('SHA256:old'));
    }
    assert.equal(shellEnd({ status: 3, signal: null }).text, 'The session has ended with exit status 3.');
    assert.equal(shellEnd({ status: null, signal: 'TERM', message: '' }).text, 'The session was ended by signal TERM.');
    assert.match(shellEnd({ status: null, signal: null }).text, /without an exit status/);
    assert.equal(connectionEnd({ text: 'closed', by: 'us' }).text, 'You have disconnected.');
    assert.equal(connectionEnd({ text: 'Lost (Close code 1006).', by: 'bridge', closeCode: 1006 }).text, 'The connection has ended: Lost (Close code 1006).');
    assert.equal(connectionEnd({ text: 'Gone.', by: 'bridge', closeCode: 1001, closeReason: 'drain' }).text, 'The connection has ended: Gone. Close code 1001: drain.');
});
