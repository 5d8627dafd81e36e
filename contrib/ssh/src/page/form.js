// The form that opens a connection: which machine, which user, with what.

const $ = (id) => document.getElementById(id);
const OTHER = '';
const KEY_SIZE = 100_000;
let machines = [];

const method = () => $('by-key').checked ? 'key' : 'password';

function showFields() {
    $('password-fields').hidden = method() !== 'password';
    $('key-fields').hidden = method() !== 'key';
}

const chosen = () => machines.find(({ name }) => name === $('machine').value) ?? null;

function showMachine() {
    const machine = chosen();
    $('url-field').hidden = Boolean(machine);
    $('url').disabled = Boolean(machine);
    if (machine) $('user').value = machine.user || $('user').value;
}

function option(label, value) {
    const element = document.createElement('option');
    element.textContent = label;
    element.value = value;
    return element;
}

/** Shows the form. `hosts` is that of hosts.js or null, `url` the address that is offered. */
export function openForm(hosts, url) {
    machines = hosts?.machines ?? [];
    $('url').value = url;
    $('machine-field').hidden = machines.length === 0;
    $('machine').replaceChildren(...machines.map(({ name }) => option(name, name)), ...(hosts?.other ? [option('Another address', OTHER)] : []));
    const wanted = machines.find(({ name }) => [name, encodeURIComponent(name)].includes(location.hash.slice(1)));
    if (wanted) $('machine').value = wanted.name; // a link to one machine
    showMachine();
    showFields();
    $('login').hidden = false;
    focusForm();
}

/** The first field that still needs a value. */
export function focusForm() {
    const fields = [machines.length > 1 ? 'machine' : 'user', 'user', method() === 'password' ? 'password' : 'key-file'];
    const [first, ...rest] = fields;
    $(first === 'machine' && !$('user').value ? first : rest.find((id) => !$(id).value) ?? 'connect').focus();
}

/** Says what is wrong; `field` gets the focus. Without a text, clears it. */
export function formProblem(text = '', field = null) {
    $('login-problem').textContent = text;
    $('login-problem').hidden = !text;
    for (const element of $('login').elements) element.removeAttribute('aria-invalid');
    if (!text || !field) return;
    $(field).setAttribute('aria-invalid', 'true');
    $(field).focus();
}

/** Forgets what is secret. */
export function clearSecrets() {
    for (const id of ['password', 'key', 'key-file', 'passphrase']) $(id).value = '';
}

async function keyText() {
    const [file] = $('key-file').files;
    if (!file) return $('key').value;
    if (file.size > KEY_SIZE) throw new Error(`${file.name} is too large for a private key.`);
    return file.text();
}

/** What the form says: {machine, address, user, password, key, passphrase}; `key` is its text, or null. */
export async function formValues() {
    const machine = chosen();
    const byKey = method() === 'key';
    return {
        machine, address: machine ? machine.url : $('url').value.trim(), user: $('user').value,
        password: byKey ? '' : $('password').value, key: byKey ? await keyText() : null, passphrase: byKey ? $('passphrase').value : '',
    };
}

/** True while the form waits for what it began. */
export function formBusy(busy) {
    $('connect').disabled = busy;
    $('connect').textContent = busy ? 'Connecting' : 'Connect';
    $('cancel').hidden = !busy;
}

$('machine').addEventListener('change', showMachine);
for (const id of ['by-password', 'by-key']) $(id).addEventListener('change', showFields);
$('key-file').addEventListener('change', () => { $('key').value = ''; });
$('key').addEventListener('input', () => { $('key-file').value = ''; });
