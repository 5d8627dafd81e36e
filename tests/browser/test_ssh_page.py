"""SSH in a tab: contrib/ssh in Chromium, in front of real sshds that ask for new keys every megabyte."""
import base64
import hashlib
import os
import signal
import subprocess

import gateway
import looks
import pytest
import targets
from chromium import PHONE
from shells import PASTE, User

KEYS = ['ed25519', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'rsa']
COLOURS = "() => [...document.querySelectorAll('.xterm-rows span')].map((e) => [e.textContent, getComputedStyle(e).color])"


def entered(user, sshd):
    """Logged in with a password."""
    user.fill(password=sshd.password).connect().accept()
    return user.opened()


def test_a_password(user, sshd):
    """A wrong one, then the right one; colours, exit status, and a second connection without any question."""
    page = user.page
    page.media({'colorScheme': 'dark'})
    asked = user.fill(password='wrong').connect().accept()
    assert sshd.fingerprint('host_ed25519') in asked and 'ED25519' in asked, 'as ssh-keygen -l prints it'
    assert 'Private machine: tests only' in user.answer('Permission denied', sshd.password).opened().page.evaluate(
        "() => document.getElementById('banner').textContent")
    assert page.evaluate('() => document.title') == f'ada@{user.base[7:]}'
    user.run(r"printf '\033[38;5;208morange\033[0m \033[38;2;10;200;100mtrue\033[0m\n'")
    colours = dict(page.evaluate(COLOURS))
    assert colours['orange'] == 'rgb(255, 135, 0)' and colours['true'] == 'rgb(10, 200, 100)'
    leaves = "() => dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert page.evaluate(leaves) is False, 'the browser asks before it leaves the page'
    page.type('exit 3\n')
    page.wait_text('#why', 'exit status 3')
    assert page.evaluate(leaves) is True
    assert page.evaluate('() => document.activeElement.id') == 'reconnect'
    page.press('Enter')
    user.opened()
    assert user.run('echo again') == 'again'
    assert page.evaluate('() => JSON.stringify(localStorage)').find(sshd.password) == -1
    assert page.evaluate('() => document.querySelectorAll("#password, #key, #passphrase").values().every((one) => !one.value)')
    assert user.complaints() == []


@pytest.mark.parametrize('name', KEYS)
def test_a_key(user, sshd, tmp_path, name):
    """From a file, and as text."""
    key = sshd.key(f'user_{name}', tmp_path)
    if name == 'ecdsa256':
        with open(key, encoding='ascii') as file:
            key = file.read()
    user.fill(key=key).connect().accept()
    assert 'ada' in user.opened().run('echo $LOGNAME')
    assert user.complaints() == []


def secret_length(key):
    """Of an ECDSA key on P-521: the bytes of its secret number behind the second copy of its point."""
    blob = base64.b64decode(''.join(key.read_text().split('\n')[1:-2]))
    point = b'nistp521\0\0\0\x85\x04'
    after = blob.rindex(point) + len(point) + 132
    return int.from_bytes(blob[after:after + 4], 'big')


def test_a_key_with_a_short_secret(user, tmp_path):
    """Files leave out zeros at the begin, and browsers want all bytes. The server does not know this key, and asks for a password."""
    key = tmp_path / 'key'
    while not key.exists() or secret_length(key) > 65:
        key.unlink(missing_ok=True)
        subprocess.run(['ssh-keygen', '-q', '-t', 'ecdsa', '-b', '521', '-N', '', '-f', str(key)], check=True)
    user.fill(key=str(key)).connect().accept()
    user.decline('does not accept the key')
    user.page.wait_text('#login-problem', 'denied')
    assert user.complaints() == []


def test_a_key_with_a_passphrase(user, sshd, tmp_path):
    page, key = user.page, sshd.key('user_ed25519', tmp_path)
    subprocess.run(['ssh-keygen', '-q', '-p', '-N', 'sesame', '-f', key], check=True, capture_output=True)
    user.fill(key=key).connect()
    page.wait("() => document.activeElement.id === 'passphrase'")
    assert 'passphrase' in page.text('#login-problem')
    user.fill(key=key, passphrase='wrong').connect()
    page.wait_text('#login-problem', 'passphrase')
    user.fill(key=key, passphrase='sesame').connect().accept()
    user.opened()
    page.click('#disconnect')
    page.wait_text('#why', 'You have disconnected.')
    page.click('#other')
    user.fill(key='-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n').connect()
    page.wait("() => document.getElementById('login-problem').innerText && document.activeElement.id === 'key'")
    assert user.complaints() == []


def test_keyboard_interactive(user, sshd, tmp_path):
    """Asked for after the host key; and after a key, where both are needed."""
    page = user.page
    user.fill('kim').connect().accept()
    user.answer('Password', 'wrong').answer('Password', sshd.password).opened()
    page.click('#disconnect')
    page.wait_text('#why', 'You have disconnected.')
    page.click('#other')
    user.fill('two', key=sshd.key('user_rsa', tmp_path)).connect().answer('Password', sshd.password).opened()
    page.click('#disconnect')
    page.wait_text('#why', 'You have disconnected.')
    page.click('#other')
    user.fill('kim').connect().decline('Password')
    page.wait_text('#login-problem', 'keyboard-interactive')
    assert user.complaints() == []


def test_a_paste(user, sshd):
    """100 KB arrive, though the shell's terminal takes 4 KB at a time."""
    entered(user, sshd)
    text = os.urandom(51200).hex()
    user.page.type("stty -icanon -echo; echo 'rea'dy; head -c 102400 | sha256sum; stty sane\n")
    user.sees('\nready\n')
    user.page.evaluate(PASTE, text)
    user.sees(hashlib.sha256(text.encode()).hexdigest())
    assert user.run('echo still here') == 'still here'
    assert user.complaints() == []


def test_five_megabytes(user, sshd, bridge):
    """With a new key exchange for each of them."""
    entered(user, sshd)
    for letter in 'vwxyz':
        shown = user.run(f"head -c 1000000 /dev/zero | tr '\\0' {letter} | fold -w 99; echo")
        assert shown.split('\n')[-1] == letter * (1_000_000 % 99)
    user.page.type('exit\n')
    user.state('closed')
    assert int(bridge.session()['bytes_down']) > 5_000_000
    assert user.complaints() == []


# A double click on the word that a row begins with.
SELECT = '''(word) => {
    const rows = [...document.querySelectorAll('.xterm-rows > div')], row = rows.find((one) => one.textContent.startsWith(word));
    const { x, y, height } = row.getBoundingClientRect(), at = { bubbles: true, clientX: x + 15, clientY: y + height / 2, detail: 2, buttons: 1 };
    row.closest('.xterm-screen').dispatchEvent(new MouseEvent('mousedown', at));
    document.dispatchEvent(new MouseEvent('mouseup', at));
}'''


def test_copy_and_paste_with_the_keyboard(user, sshd):
    page = user.page
    page.grant('clipboard-read', 'clipboard-write')
    entered(user, sshd)
    assert user.run('echo copied') == 'copied'
    page.evaluate(SELECT, 'copied')
    page.press('Control+Shift+c')
    page.wait("() => navigator.clipboard.readText().then((text) => text === 'copied')")
    page.evaluate('(text) => navigator.clipboard.writeText(text)', "echo past''ed")
    page.press('Control+Shift+v')
    user.sees("$ echo past''ed")
    page.press('Enter')
    user.sees('\npasted\n')
    assert user.complaints() == []


# Counts what the page receives; on request holds back what xterm.js would draw next.
WATCH = r'''() => {
    const Original = WebSocket, later = setTimeout, held = [];
    window.received = 0;
    window.WebSocket = class extends Original {
        constructor(...how) {
            super(...how);
            this.addEventListener('message', (event) => { window.received += event.data.byteLength; });
        }
    };
    window.setTimeout = (work, delay, ...rest) => window.held && !delay ? held.push(work) : later(work, delay, ...rest);
    window.release = () => {
        window.held = false;
        for (const work of held.splice(0)) work();
    };
}'''
WINDOW = 256 * 1024


def test_the_server_waits_for_the_screen(bridge, tab, sshd):
    """It sends no more than a window beyond what is drawn, so that no key is behind a flood."""
    page = tab()
    page.init(WATCH)
    user = User(page, f'http://127.0.0.1:{bridge.port}').visit()
    entered(user, sshd)
    page.evaluate('() => { window.held = true; window.before = window.received; }')
    page.type("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo 'al'l\n")
    page.wait(f'() => window.received - window.before > {WINDOW * 0.9}')
    bridge.rests()
    assert page.evaluate('() => window.received - window.before') < 1.2 * WINDOW
    page.evaluate('() => window.release()')
    user.sees('\nall\n')
    assert page.evaluate('() => window.received - window.before') > 3_000_000
    assert user.complaints() == []


def test_ctrl_c_through_a_flood(user, sshd):
    """It ends an endless output, and the shell goes on."""
    entered(user, sshd)
    user.page.type('seq -w 1 99999999\n')
    numbers = "() => [...document.querySelectorAll('.xterm-rows > div')].map((row) => +(/^\\d{8}$/.exec(row.textContent.trim())?.[0] ?? 0))"
    user.page.wait(f'() => Math.max(...({numbers})()) > 50000')
    user.page.press('Control+c')
    assert user.run('echo free') == 'free'
    assert user.complaints() == []


def test_the_size_of_the_window(user, sshd):
    page = user.page
    entered(user, sshd)
    rows = "() => document.querySelectorAll('.xterm-rows > div').length"
    sizes = [user.run('stty size')]
    assert int(sizes[0].split()[0]) == page.evaluate(rows)
    for size in ((700, 500), (1500, 900)):
        page.size(*size)
        page.wait(f'(before) => ({rows})() !== before', int(sizes[-1].split()[0]))
        sizes.append(user.run('stty size'))
        assert int(sizes[-1].split()[0]) == page.evaluate(rows)
    assert len({size.split()[1] for size in sizes}) == 3
    for element in ('HTML', None):
        page.click('#full')
        page.wait("(name) => (document.fullscreenElement?.tagName ?? null) === name", element)
    assert user.complaints() == []


def test_a_cut_in_the_middle(lab, built, user, bridge, sshd):
    """The bridge drains, then is killed: the page says so, and connects again."""
    page = user.page
    entered(user, sshd)
    bridge.config['limits'] = {'drain_timeout': '0s'}
    gateway.reload(bridge, bridge.config)
    bridge.signal(signal.SIGTERM)
    user.state('closed')
    assert '1001' in page.text('#why')
    bridge.wait()
    bridge.config['listeners'][0]['address'] = f'127.0.0.1:{bridge.port}'
    second = lab.start('--config', gateway.write(bridge.file, bridge.config))
    page.click('#reconnect')
    user.opened()
    second.expected_exit = -signal.SIGKILL
    second.signal(signal.SIGKILL)
    user.state('closed')
    assert '1006' in page.text('#why')
    second.wait()
    page.click('#reconnect')
    user.page.wait_text('#state', 'Disconnected')
    third = lab.start('--config', bridge.file)
    page.click('#reconnect')
    user.opened()
    assert third.port == bridge.port


def test_a_reconnection_is_given_up(lab, user, bridge, sshd):
    """While the host key is asked for, and while the server is silent."""
    page = user.page
    entered(user, sshd)
    page.type('exit\n')
    user.state('closed')
    silent = lab.target(targets.sink)
    bridge.config['routes'][1] = {'path': '/ssh', 'target': gateway.there(silent)}
    gateway.reload(bridge, bridge.config)
    page.click('#reconnect')
    page.wait_text('#state', 'Agreeing on keys')
    page.click('#disconnect')
    page.wait_text('#why', 'Cancelled.')
    page.click('#reconnect')
    page.wait_text('#state', 'Agreeing on keys')
    page.click('#other')
    page.wait_text('#login-problem', 'Cancelled.')
    page.evaluate('() => localStorage.clear()')
    bridge.config['routes'][1]['target'] = f'tcp://127.0.0.1:{sshd.port}'
    gateway.reload(bridge, bridge.config)
    user.fill(password=sshd.password).connect().decline('has the fingerprint')
    page.wait_text('#login-problem', 'did not accept')
    user.connect().accept()
    user.opened()
    assert 'exit' not in user.screen(), 'the screen of the session before is gone'
    assert user.complaints() == []


def test_looks(bridge, user, sshd, tab):
    """All views: names, contrast in both schemes, widths; and the keyboard alone."""
    page = user.page
    looks.check(page, texts=8)
    assert looks.walk(page, 3) == ['by-password', 'password', 'connect']
    page.fill('#user', 'ada')
    page.fill('#password', sshd.password)
    page.press('Enter')
    user.asked('has the fingerprint')
    looks.check(page, texts=8)
    page.shot('ssh-trust')
    assert page.evaluate('() => document.activeElement.id') == 'question-no', 'Enter alone accepts nothing'
    page.press('Shift+Tab')
    page.press('Enter')
    user.opened()
    looks.check(page, texts=8)
    page.press('Control+Shift+F6')
    assert page.evaluate('() => document.activeElement.id') == 'show-files'
    page.press('Enter')
    page.wait("() => document.querySelector('#path').value.endsWith('/home/ada')")
    looks.check(page, texts=12)
    page.click('#reader')
    page.wait("() => document.querySelector('.xterm-accessibility')")
    page.shot('ssh-files')
    phone = User(tab(**PHONE), user.base).visit()
    for width in (320, 390, 768):
        looks.check_width(phone.page, width)
        left, right = phone.page.evaluate("() => { const box = document.querySelector('#login').getBoundingClientRect(); return [box.left, innerWidth - box.right]; }")
        assert min(left, right) >= 8, f'the form touches the edge of a page of {width}'
    phone.fill(password=sshd.password).connect().accept()
    phone.state('open')
    for width in (320, 390, 768):
        looks.check_width(phone.page, width)
    phone.page.shot('ssh-phone')
    phone.page.size(390, 844)
    phone.run('clear')
    phone.page.click('#keys button:nth-child(3)')  # Ctrl, for the next key only
    phone.page.type('cd')
    assert '^Cd' in phone.sees('^C').replace('\n$ ', '')
    assert user.complaints() == [] and phone.complaints() == []
