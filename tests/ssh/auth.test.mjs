// User authentication against a server that is played here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lib } from './lib.mjs';

const { Authentication, parsePrompts } = lib.auth;
const { Reader, Writer } = lib.wire;
const ACCEPT = 6, REQUEST = 50, FAILURE = 51, SUCCESS = 52, BANNER = 53, OF_METHOD = 60, RESPONSE = 61;

const accept = () => new Writer().byte(ACCEPT).string('ssh-userauth').bytes();
const success = () => Uint8Array.of(SUCCESS);
const failure = (methods, partial = false) => new Writer().byte(FAILURE).names(methods).boolean(partial).bytes();
const ask = (instruction, ...prompts) => {
    const writer = new Writer().byte(OF_METHOD).string('').string(instruction).string('').uint32(prompts.length);
    prompts.forEach((text) => writer.string(text).boolean(false));
    return writer.bytes();
};

/** What the client sent, as a list of words. */
function parse(payload) {
    const it = new Reader(payload.subarray(1));
    switch (payload[0]) {
    case 5:
        return ['service', it.text()];
    case REQUEST: {
        const [user, , method] = [it.text(), it.text(), it.text()];
        return method === 'password' ? [user, method, it.boolean(), it.text()] : [user, method];
    }
    case RESPONSE:
        return ['replies', ...Array.from({ length: it.uint32() }, () => it.text())];
    default:
        return [payload[0]];
    }
}

/** Runs a login against answers, one for each message of the client; returns its result and what was sent. */
async function login(options, answers, timeout = 60_000) {
    const sent = [];
    const authentication = new Authentication({
        id: new Uint8Array(32), signatures: () => null,
        async send(payload) {
            sent.push(parse(payload)); // now: a password is wiped after it was sent
            for (const answer of [answers.shift()].flat()) {
                if (answer) {
                    authentication.receive(answer);
                }
            }
        },
    }, { user: 'ada', ...options }, timeout);
    const result = await authentication.run().catch((error) => error);
    return { result, sent };
}

test('none, when the server wants no more', async () => {
    const { result, sent } = await login({}, [accept(), success()]);
    assert.deepEqual(result, { method: 'none' });
    assert.deepEqual(sent, [['service', 'ssh-userauth'], ['ada', 'none']]);
});

test('a password again after a refusal, until the user gives up', async () => {
    const attempts = [];
    const password = ({ attempt, user }) => {
        attempts.push([attempt, user]);
        return ['wrong', 'right', null][attempt - 1];
    };
    const answers = [accept(), failure(['password']), failure(['password']), success()];
    const good = await login({ password }, answers);
    assert.deepEqual(good.result, { method: 'password' });
    assert.deepEqual(attempts, [[1, 'ada'], [2, 'ada']]);
    assert.deepEqual(good.sent.slice(2), [['ada', 'password', false, 'wrong'], ['ada', 'password', false, 'right']]);
    const bad = await login({ password }, [accept(), failure(['password']), failure(['password']), failure(['password'])]);
    assert.equal(bad.result.code, 'denied');
    assert.deepEqual(bad.result.methods, ['password']);
    assert.deepEqual(bad.result.tried, ['password']);
});

test('what the server does not take is not sent', async () => {
    const password = () => assert.fail('nobody is asked');
    const { result, sent } = await login({ password }, [accept(), failure(['publickey'])]);
    assert.equal(result.code, 'denied');
    assert.match(result.message, /takes: publickey/);
    assert.equal(sent.length, 2);
});

test('several methods, one after another', async () => {
    const answers = [accept(), failure(['password']), failure(['keyboard-interactive'], true), ask('code', 'Token: '), success()];
    const prompts = ({ instruction, prompts: [{ text, echo }] }) => [`${instruction} ${text}${echo}`];
    const { result, sent } = await login({ password: () => 'right', prompts }, answers);
    assert.deepEqual(result, { method: 'keyboard-interactive' });
    assert.deepEqual(sent.at(-1), ['replies', 'code Token: false']);
});

test('keyboard-interactive: rounds, an empty one, none', async () => {
    const questions = [];
    const prompts = (it) => {
        questions.push(it);
        return it.prompts.map(() => 'x');
    };
    const answers = [accept(), failure(['keyboard-interactive']), ask('', 'A', 'B'), ask('Read this'), ask(''), success()];
    const { result, sent } = await login({ prompts }, answers);
    assert.deepEqual(result, { method: 'keyboard-interactive' });
    assert.deepEqual(sent.slice(2), [['ada', 'keyboard-interactive'], ['replies', 'x', 'x'], ['replies'], ['replies']]);
    assert.equal(questions.length, 2);
});

test('keyboard-interactive: giving up sends nothing more', async () => {
    for (const replies of [null, [], ['a', 'b']]) {
        const { result, sent } = await login({ prompts: () => replies }, [accept(), failure(['keyboard-interactive']), ask('', 'A')]);
        assert.equal(result.code, 'denied');
        assert.equal(sent.length, 3);
    }
});

test('a banner is shown without control characters, and bounded', async () => {
    const shown = [];
    const banner = (text) => new Writer().byte(BANNER).string(text).string('').bytes();
    await login({ onBanner: (text) => shown.push(text) }, [[banner('Hi\u001b[2J\r\n'), accept()], success()]);
    assert.deepEqual(shown, ['Hi[2J\n']);
    const { result } = await login({}, [[banner('x'.repeat(50_000)), banner('x'.repeat(50_000)), accept()], success()]);
    assert.equal(result.code, 'protocol');
});

test('a password that has expired', async () => {
    const change = new Writer().byte(OF_METHOD).string('change it').string('').bytes();
    const { result } = await login({ password: () => 'old' }, [accept(), failure(['password']), change]);
    assert.equal(result.code, 'denied');
    assert.match(result.message, /expired/);
});

test('a server that is silent, breaks the rules, or never stops', async () => {
    const code = async (answers, timeout, options) => (await login({ password: () => 'x', prompts: () => [], ...options }, answers, timeout)).result.code;
    assert.equal(await code([], 10), 'timeout');
    assert.equal(await code([accept()], 10), 'timeout');
    assert.equal(await code([success()]), 'protocol');
    assert.equal(await code([accept(), Uint8Array.of(FAILURE)]), 'protocol');
    assert.equal(await code([accept(), Uint8Array.of(SUCCESS, 0)]), 'protocol');
    assert.equal(await code([accept(), Uint8Array.of(70)]), 'protocol');
    assert.equal(await code([accept(), ask('', 'A')]), 'protocol');
    assert.equal(await code([Array(70).fill(failure([]))]), 'protocol');
    assert.equal(await code([accept(), ...Array.from({ length: 200 }, () => failure(['password']))]), 'denied');
    assert.equal(await code([accept(), failure(['keyboard-interactive']), ...Array(100).fill(ask(''))]), 'protocol');
});

test('prompts cut at each byte', () => {
    const payload = ask('read', 'A', 'B');
    assert.equal(parsePrompts(payload).prompts.length, 2);
    for (let length = 1; length < payload.length; length++) {
        assert.throws(() => parsePrompts(payload.subarray(0, length)), { code: 'protocol' });
    }
    const many = new Writer().byte(OF_METHOD).string('').string('').string('').uint32(0xffffffff).bytes();
    assert.throws(() => parsePrompts(many), { code: 'protocol', message: /too many/ });
});
