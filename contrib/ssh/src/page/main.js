// SSH in a tab: the form, a connection, its terminal and files.
import { connect, HostKeys, parsePrivateKey } from '../lib/index.js';
import { ask } from './dialogs.js';
import { openFiles, resetFiles } from './files.js';
import { clearSecrets, focusForm, formBusy, formProblem, formValues, openForm } from './form.js';
import { bridgeUrl, HostsError, loadHosts } from './hosts.js';
import { keybar } from './keybar.js';
import { asText, changedKey, connectionEnd, notPinned, shellEnd, trustQuestion } from './words.js';
import { openTerminal } from './terminal.js';
import './style.css';

const $ = (id) => document.getElementById(id);
const DEFAULT_BRIDGE = '../ssh', SETTLED = 1000; // milliseconds
let hostKeys = null;
let login = null; // what the last connection was opened with, for a second one; in memory only
let attempt = null; // AbortController of a connection that is being opened
let connection = null, shell = null, terminal = null;

function state(name, text) {
    document.body.dataset.state = name;
    if ($('state').textContent !== text) $('state').textContent = text;
}

function view(name) {
    document.body.dataset.view = name;
    $('login').hidden = name !== 'login';
    $('session').hidden = name !== 'session';
    $('tools').hidden = name !== 'session';
}

const machineName = () => login.machine?.name ?? new URL(login.url).host;

function title(shown = '') {
    $('title').textContent = login ? `${login.user}@${machineName()}` : 'SSH';
    document.title = [shown.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 100), $('title').textContent].filter(Boolean).join(' · ');
}

const holdPage = (event) => event.preventDefault();

// ---- host keys ----

async function trust(key) {
    return Boolean(await ask({ ...trustQuestion(key, machineName()), signal: attempt.signal }));
}

async function refused(error) {
    if (error.reason === 'declined') return 'Not connected: you did not accept the host key.';
    if (error.reason === 'not-pinned') return asText(notPinned(error, machineName()));
    const answer = await ask(changedKey(error, machineName()));
    if (!answer) return asText(changedKey(error, machineName()));
    hostKeys.forget(login.url, login.machine?.name ?? '');
    return 'The stored host key is forgotten. Connect again, and compare the fingerprint.';
}

// ---- who the user is ----

async function password({ attempt: number }) {
    if (number === 1 && login.password) return login.password;
    const why = login.keys.length && number === 1 ? 'The server asks for a password: it does not accept the key, or not the key alone.' : '';
    const answer = await ask({ title: number > 1 ? 'Permission denied, try again' : 'Password', text: [login.banner, why].filter(Boolean).join('\n\n'), yes: 'Log in', signal: attempt.signal,
        prompts: [{ label: `Password of ${login.user}@${machineName()}`, echo: false }] });
    if (answer) [login.password] = answer;
    return answer && answer[0];
}

async function prompts({ name, instruction, prompts: asked }) {
    const only = asked.length === 1 && !asked[0].echo && /password/i.test(asked[0].text);
    if (only && login.password && !login.answered) {
        login.answered = true;
        return [login.password];
    }
    if (asked.length === 0) return [];
    return ask({ title: name || 'The server asks', text: [login.banner, instruction].filter(Boolean).join('\n\n'), yes: 'Answer', signal: attempt.signal,
        prompts: asked.map(({ text, echo }) => ({ label: text.trim() || 'Answer', echo })) });
}

function onBanner(text) {
    login.banner = text.trim();
    $('banner').textContent = login.banner;
    $('banner').hidden = !login.banner;
}

// ---- opening ----

const STATES = { connecting: 'Connecting', negotiating: 'Agreeing on keys', verifying: 'Verifying the host key', connected: 'Logging in' };

async function open() {
    const signal = attempt.signal;
    connection = await connect({
        url: login.url, host: login.machine?.name ?? '', hostKeys, pins: login.machine?.fingerprints ?? undefined, trust, signal,
        onState: (name) => state('connecting', STATES[name] ?? name),
    });
    signal.addEventListener('abort', () => connection?.close());
    if (signal.aborted) connection.close();
    login.answered = false;
    await connection.authenticate({ user: login.user, keys: login.keys, password, prompts, onBanner });
    state('connecting', 'Opening the terminal');
    view('session');
    terminal ??= openTerminal($('terminal'), {
        input: (bytes) => send(control(bytes)), resize: ({ cols, rows }) => shell?.resize(cols, rows), title, leave: () => $('show-files').focus() });
    const { cols, rows } = terminal.size();
    shell = await connection.openShell({ columns: cols, rows, env: { LANG: 'C.UTF-8' }, onData: terminal.write });
    const now = terminal.size();
    if (now.cols !== cols || now.rows !== rows) shell.resize(now.cols, now.rows);
}

let sent = Promise.resolve();
function send(bytes) {
    const to = shell;
    sent = sent.then(() => to?.write(bytes)).catch(() => {}); // the end of the session says why
}

const control = keybar($('keys'), () => terminal);

function opened() {
    state('open', 'Connected');
    title();
    $('facts').textContent = `${connection.hostKey.type} ${connection.hostKey.fingerprint}`;
    $('files').inert = $('show-files').disabled = $('disconnect').disabled = false;
    $('ended').hidden = true;
    terminal.readOnly(false);
    addEventListener('beforeunload', holdPage);
    sent = Promise.resolve();
    clearSecrets();
    watch(connection, shell);
    if (!$('files').hidden) openFiles(connection);
    terminal.focus();
}

async function watch(link, of) {
    const end = await Promise.race([of.ended, link.ended.then(() => null)]);
    const exited = end && (end.status !== null || end.signal);
    // A channel also ends with its connection, which then knows why.
    const lost = exited ? null : await Promise.race([link.ended, new Promise((resolve) => setTimeout(resolve, SETTLED, null))]);
    const words = lost ? connectionEnd(lost) : shellEnd(end);
    link.close();
    closed(words);
}

function closed({ text, bad }) {
    removeEventListener('beforeunload', holdPage);
    shell = connection = null;
    resetFiles(true);
    $('files').inert = $('show-files').disabled = $('disconnect').disabled = true;
    terminal.note(text.split('\n')[0]);
    terminal.readOnly(true);
    state('closed', 'Disconnected');
    $('why').textContent = text;
    $('ended').classList.toggle('bad', bad);
    $('ended').hidden = false;
    $('reconnect').focus();
}

const ADVICE = { // by the Close code of the gateway
    1006: ' If this gateway has a login, it may have ended: reload the page.',
    1011: ' Is sshd running there? On that machine: systemctl status ssh (to install it: apt install openssh-server).',
};

/** What went wrong, as a text and the field of the form that it is about. */
async function fault(error, cancelled) {
    if (blocked) return [`This page may not connect to ${new URL(login.url).host}: its Content-Security-Policy does not allow it. ` +
        `Build the page with --connect=${new URL(login.url).origin}.`, 'url'];
    if (cancelled) return ['Cancelled.', null];
    if (error.code === 'host-key') return [await refused(error), null];
    if (error.code === 'denied') return [error.message, login.keys.length ? 'key-file' : 'password'];
    const advice = (error.code === 'connect' && ADVICE[error.closeCode]) || '';
    return [error.message + advice, error.code === 'connect' && !login.machine ? 'url' : null];
}

let blocked = false; // by the policy: browsers tell the WebSocket little of it
addEventListener('securitypolicyviolation', (event) => {
    if (event.effectiveDirective !== 'connect-src') return;
    blocked = true;
    attempt?.abort();
});

async function run() {
    attempt = new AbortController();
    blocked = false;
    $('disconnect').disabled = false; // gives up
    formProblem();
    onBanner('');
    try {
        await open();
        opened();
    } catch (error) {
        const cancelled = attempt.signal.aborted;
        attempt.abort(); // and with it an open question
        const [text, field] = await fault(error, cancelled);
        connection = shell = null;
        state('idle', 'Not connected');
        if (document.body.dataset.view === 'session') closed({ text, bad: true });
        else formProblem(text, field);
    } finally {
        attempt = null;
    }
}

/** The login of the form, its key read; null if the form says what is wrong. */
async function read() {
    try {
        const { key, passphrase, address, ...rest } = await formValues();
        return { ...rest, url: bridgeUrl(address, location.href), keys: key === null ? [] : [await parsePrivateKey(key, passphrase || undefined)] };
    } catch (error) {
        const field = { passphrase: 'passphrase', key: 'key' }[error.code] ?? ($('url').disabled ? 'machine' : 'url');
        formProblem(error.message, field);
        return null;
    }
}

$('login').addEventListener('submit', async (event) => {
    event.preventDefault();
    formProblem();
    formBusy(true);
    login = await read();
    if (login) await run();
    formBusy(false);
});

// ---- the session's buttons ----

$('reconnect').addEventListener('click', () => attempt ?? run());
$('cancel').addEventListener('click', () => attempt?.abort());
$('disconnect').addEventListener('click', () => attempt ? attempt.abort() : connection?.close());
$('other').addEventListener('click', () => {
    attempt?.abort();
    login = null;
    terminal.clear();
    resetFiles(false);
    $('files').hidden = true;
    $('ended').hidden = true;
    view('login');
    state('idle', 'Not connected');
    title();
    focusForm();
});
$('show-files').addEventListener('click', () => {
    const show = $('files').hidden;
    $('show-files').setAttribute('aria-expanded', String(show));
    if (!show) hideFiles();
    else if (connection) openFiles(connection).then(() => $('path').focus());
});
function hideFiles() {
    $('files').hidden = true;
    $('show-files').setAttribute('aria-expanded', 'false');
    terminal?.focus();
}
$('hide-files').addEventListener('click', hideFiles);
$('reader').addEventListener('change', () => terminal?.screenReader($('reader').checked));
$('full').addEventListener('click', async () => {
    if (document.fullscreenElement) return document.exitFullscreen();
    await document.documentElement.requestFullscreen();
    await navigator.keyboard?.lock?.().catch(() => {}); // Ctrl+W and Esc go to the terminal
    terminal?.focus();
});
$('full').hidden = !document.fullscreenEnabled;
addEventListener('fullscreenchange', () => $('full').setAttribute('aria-pressed', String(Boolean(document.fullscreenElement))));

async function start() {
    try {
        hostKeys = new HostKeys(localStorage);
    } catch {
        $('problem').textContent = 'This browser does not let the page store host keys: allow it to keep data, and reload the page.';
        $('problem').hidden = false;
        return;
    }
    try {
        openForm(await loadHosts(location.href), bridgeUrl(DEFAULT_BRIDGE, location.href));
    } catch (error) {
        if (!(error instanceof HostsError)) throw error;
        $('problem').textContent = error.message;
        $('problem').hidden = false;
    }
}
await start();
