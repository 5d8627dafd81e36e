// The panel of files: a folder over SFTP, uploads and downloads, one transfer at a time.
import { ask } from './dialogs.js';
import { blobSink, fileSink } from './sinks.js';

const $ = (id) => document.getElementById(id);
const SHOWN = 5000, LARGE = 64 * 1024 * 1024; // bytes that a download may keep in memory if the browser can write to a file
const visible = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
const units = ['B', 'kB', 'MB', 'GB', 'TB'];
let sftp = null, opening = null, folder = '', queue = Promise.resolve();

export function size(bytes) {
    let unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++) bytes /= 1000;
    return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)}\u00a0${units[unit]}`;
}

const join = (path, name) => path.endsWith('/') ? path + name : `${path}/${name}`;

function problem(text = '') {
    $('files-problem').textContent = text;
    $('files-problem').hidden = !text;
}

const say = (text) => { $('files-said').textContent = text; };

function element(name, text = '', properties = {}) {
    return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

// ---- the folder ----

function row(entry) {
    const line = element('tr'), name = element('td'), label = visible(entry.name) + (entry.type === 'folder' ? '/' : '');
    const open = element('button', label, { type: 'button', title: entry.type === 'folder' ? 'Open the folder' : 'Download the file' });
    open.addEventListener('click', () => act(entry));
    if (entry.type === 'other') name.textContent = label;
    else name.append(open);
    line.append(name, element('td', entry.type === 'file' ? size(entry.size) : ''),
        element('td', entry.mtime ? new Date(entry.mtime * 1000).toISOString().slice(0, 10) : ''));
    return line;
}

const order = (a, b) => (b.type === 'folder') - (a.type === 'folder') || a.name.localeCompare(b.name);

async function show(path) {
    problem();
    try {
        const there = await sftp.realpath(path);
        const entries = (await sftp.list(there)).filter(({ name }) => name !== '.' && name !== '..').sort(order);
        folder = there;
        $('path').value = there;
        $('entries').tBodies[0].replaceChildren(...entries.slice(0, SHOWN).map(row));
        $('entries-hint').textContent = entries.length > SHOWN ? `${entries.length - SHOWN} more are not shown.` : entries.length ? '' : 'The folder is empty.';
        say(`${visible(there)}: ${entries.length} entries`);
    } catch (error) {
        problem(`${visible(path)}: ${error.message}`);
    }
}

/** A folder opens, a file is downloaded; a link is what it leads to. */
async function act(entry) {
    const path = join(folder, entry.name);
    try {
        const target = entry.type === 'link' ? { ...entry, ...await sftp.stat(path), name: entry.name } : entry;
        if (target.type === 'folder') await show(path);
        else await download(path, target);
    } catch (error) {
        problem(`${visible(path)}: ${error.message}`);
    }
}

// ---- transfers ----

/** A line with a progress bar and a button to cancel. */
function line(label, signalOwner) {
    const item = element('li'), state = element('span', 'waiting', { className: 'soft' });
    const cancel = element('button', 'Cancel', { type: 'button' }), bar = element('progress', '', { max: 1, value: 0 });
    cancel.setAttribute('aria-label', `Cancel: ${label}`);
    bar.setAttribute('aria-label', label);
    cancel.addEventListener('click', () => signalOwner.abort());
    item.append(element('span', label), cancel, state, bar);
    $('transfers').prepend(item);
    let due = false, now = [0, 0];
    const draw = () => {
        due = false;
        bar.value = now[1] ? now[0] / now[1] : 0;
        if (cancel.isConnected) state.textContent = `${size(now[0])} of ${size(now[1])}`;
    };
    return {
        progress(done, total) {
            now = [done, total];
            if (!due) setTimeout(draw, 100);
            due = true;
        },
        end(text, bad) {
            const focused = document.activeElement === cancel;
            cancel.remove();
            if (bad) bar.remove();
            else bar.value = 1;
            state.textContent = text;
            state.className = bad ? 'bad' : 'soft';
            if (focused) $('upload').focus();
            say(`${label}: ${text}`);
        },
    };
}

/** Runs `work(signal, progress)` when its turn comes. */
function transfer(label, work) {
    const owner = new AbortController(), shown = line(label, owner);
    const run = async () => {
        try {
            owner.signal.throwIfAborted();
            shown.end(`${size(await work(owner.signal, shown.progress))}, done`, false);
        } catch (error) {
            shown.end(owner.signal.aborted ? 'cancelled' : error.message, true);
        }
    };
    queue = queue.then(run);
    return queue;
}

async function download(path, { name, size: total }) {
    const from = sftp, sink = total > LARGE && window.showSaveFilePicker ? await fileSink(name) : blobSink(name);
    if (!sink) return; // the user closed the picker
    await transfer(`Download of ${visible(name)}`, async (signal, progress) => {
        try {
            const bytes = await from.download(path, { write: sink.write, onProgress: progress, signal });
            await sink.finish();
            return bytes;
        } catch (error) {
            await sink.discard();
            throw error;
        }
    });
}

const absent = Symbol('absent');
const attributes = (path) => sftp.lstat(path).catch((error) => {
    if (error.statusName === 'no such file' || error.status === 2) return absent;
    throw error;
});

/** Where the bytes of an upload come to, once the user agrees; null if not. */
async function destination(file, into) {
    const path = join(into, file.name), there = await attributes(path);
    if (there === absent) return { path, replaces: false };
    const target = there.type === 'link' ? await sftp.realpath(path) : path;
    const { type, mode } = there.type === 'link' ? await sftp.stat(target) : there;
    if (type !== 'file') throw new Error('is there already, and no file');
    const yes = await ask({ title: `Replace ${visible(file.name)}?`, text: `${visible(target)} is there already.`, yes: 'Replace', no: 'Keep it' });
    return yes && { path: target, replaces: true, mode: mode & 0o777 };
}

/** Into a file of its own first: neither a cancelled nor a broken upload leaves half a file under the name. */
async function store(over, file, { path, replaces, mode }, signal, progress) {
    const slash = path.lastIndexOf('/') + 1;
    const part = `${path.slice(0, slash)}.${path.slice(slash, slash + 40)}.${crypto.randomUUID().slice(0, 8)}.part`;
    let bytes;
    try {
        bytes = await over.upload(part, file, { size: file.size, onProgress: progress, signal, exclusive: true, ...(replaces ? { mode } : {}) });
        if (replaces) await over.remove(path);
    } catch (error) {
        await over.remove(part).catch(() => {});
        throw error;
    }
    try {
        await over.rename(part, path);
    } catch (error) { // it may be the only copy now
        throw new Error(`${error.message}; the bytes are in ${visible(part)}`, { cause: error });
    }
    return bytes;
}

async function upload(files) {
    problem();
    const into = folder, over = sftp;
    for (const file of files) {
        try {
            const to = await destination(file, into);
            if (to) transfer(`Upload of ${visible(file.name)}`, (signal, progress) => store(over, file, to, signal, progress));
        } catch (error) {
            problem(`${visible(file.name)}: ${error.message}`);
        }
    }
    await queue;
    if (folder === into && over === sftp) await show(into);
}

// ---- the panel ----

async function open(connection) {
    try {
        sftp = await connection.openSftp();
        await show(folder || '.');
    } catch (error) {
        problem(`The server does not offer SFTP: ${error.message}`);
    } finally {
        opening = null;
    }
}

/** Opens the panel over a connection. */
export async function openFiles(connection) {
    $('files').hidden = false;
    if (!sftp) await (opening ??= open(connection));
}

/** Forgets what belonged to a connection; lines of transfers stay. */
export function resetFiles(again) {
    sftp?.close();
    sftp = null;
    if (!again) folder = '';
    problem();
    $('entries').tBodies[0].replaceChildren();
}

async function newFolder() {
    const answer = await ask({ title: 'New folder', prompts: [{ label: 'Name', echo: true }], yes: 'Make it' });
    if (!answer?.[0]) return;
    try {
        await sftp.mkdir(join(folder, answer[0]));
        await show(folder);
    } catch (error) {
        problem(`${visible(answer[0])}: ${error.message}`);
    }
}

$('path-form').addEventListener('submit', (event) => { event.preventDefault(); if (sftp) show($('path').value || '.'); });
$('up').addEventListener('click', () => sftp && show(join(folder, '..')));
$('new-folder').addEventListener('click', () => sftp && newFolder());
$('upload').addEventListener('click', () => $('upload-files').click());
$('upload-files').addEventListener('change', () => {
    const files = [...$('upload-files').files];
    $('upload-files').value = '';
    if (sftp) upload(files);
});
$('files').addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    $('files').classList.add('over');
});
for (const over of ['dragleave', 'drop']) $('files').addEventListener(over, () => $('files').classList.remove('over'));
$('files').addEventListener('drop', (event) => {
    event.preventDefault();
    if (sftp) upload([...event.dataTransfer.files]);
});
// A file that misses the panel must not replace the page.
for (const kind of ['dragover', 'drop']) addEventListener(kind, (event) => event.preventDefault());
