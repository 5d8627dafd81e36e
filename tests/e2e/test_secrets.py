"""Passwords and tokens leave no trace: not in ps, logs, status, metrics, recordings or memory."""
import base64
import os
import pathlib
import signal

import pytest
from gateway import ANY, get, plain, start, there
from lab import run
from processes import adopt_orphans, family, state, upgrade
from wire import until

WORD = 'Zq7secret8vTt'  # in all of these


@pytest.fixture(autouse=True)
def fixture_orphans():
    adopt_orphans()


def check_titles(pid):
    for one in family(pid):
        title = pathlib.Path(f'/proc/{one}/cmdline').read_bytes()
        assert WORD.encode() not in title, (one, title)


# ---- the command line ----

@pytest.mark.usefixtures('own_process')
@pytest.mark.parametrize('form', ['--key-password={}', '--key-password {}'])
def test_a_password_is_not_in_the_title_and_survives_upgrades(lab, certs, form):
    """The successor gets it, and hides it in turn; so does a third process."""
    key = certs.encrypted_key(WORD)
    bridge, _ = lab.start_echo(f'--cert={certs.ec}', f'--key={key}', *form.format(WORD).split())
    process = bridge
    for _ in range(2):
        check_titles(process.pid)
        client = lab.open(bridge, context=certs.context()).binary(b'x')
        assert client.data(1) == b'x'
        client.bye()
        process = upgrade(lab, bridge, process.pid)
    check_titles(process.pid)
    process.stop()


@pytest.mark.usefixtures('own_process')
def test_in_the_background_too(lab, certs, tmp_path):
    key, pid = certs.encrypted_key(WORD), tmp_path / 'pid'
    status, out, error = run('-D', f'--pid-file={pid}', f'--cert={certs.ec}', f'--key={key}', f'--key-password={WORD}', ANY,
                             'localhost:1', cwd=tmp_path)
    assert status == 0 and WORD not in out + error, error
    number = int(until(lambda: pid.exists() and pid.read_text(), 'a pid file'))
    try:
        check_titles(number)
    finally:
        os.kill(number, signal.SIGTERM)
    until(lambda: state(number) in (None, 'Z'), 'its end')


def test_wrong_ones_are_not_repeated(certs):
    for words in (['--key-password', WORD, '--no-such-option'], ['--auth-plugin', 'NoSuchPlugin', '--auth-source', f'a:{WORD}'],
                  ['--token-plugin', 'NoSuchPlugin', '--token-source', f'redis://:{WORD}@h/0'],
                  ['--token-plugin', 'BaseTokenAPI', '--token-source', f'http://ann:{WORD}@h/%s'],
                  ['--token-plugin', 'BaseTokenAPI', '--token-source', f'https://ann:{WORD}/@h/'],
                  [f'--cert={certs.ec}', f'--key={certs.encrypted_key("other")}', f'--key-password={WORD}']):
        status, out, error = run(*words, ANY, 'localhost:1')
        if status != 0:
            assert WORD not in out + error, out + error


# ---- requests ----

def secret_request(path, **more):
    """Secrets wherever a request can have one."""
    basic = base64.b64encode(f'user:{WORD}'.encode()).decode()
    fields = {'Authorization': f'Basic {basic}', 'Cookie': f'session={WORD}; other={WORD}',
              'Proxy-Authorization': f'Bearer {WORD}', 'X-Api-Key': WORD, 'Referer': f'http://localhost/?token={WORD}',
              'User-Agent': WORD, **more}
    return plain(f'{path}?token={WORD}&password={WORD}', fields=fields), basic


UPGRADE = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Version': '13',
           'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol': f'bearer.{WORD}, binary'}


@pytest.mark.parametrize('form', ['text', 'json'])
def test_requests_leave_no_secret_anywhere(lab, form):
    """At the finest log level; sessions, refusals, files, redirects; the status while they last; recordings."""
    folder = lab.folder / 'rec'
    folder.mkdir()
    (lab.folder / 'web').mkdir()
    (lab.folder / 'web/index.html').write_text('page')
    tokens = lab.folder / 'tokens'
    target = lab.target()
    tokens.write_text(f'{WORD}: 127.0.0.1:{target.port}\n')
    bridge = start(lab, [{'path': '/desk', 'record': str(folder / 'rec'), 'target': there(target)},
                         {'path': '/token', 'tokens': {'from': 'query:token', 'file': str(tokens)}, 'record': str(folder / 'tok')},
                         {'path': '/in/*', 'tokens': {'from': 'path', 'file': str(tokens)}},
                         {'path': '/dead', 'target': 'tcp://127.0.0.1:1'},
                         {'path': '/web/*', 'files': str(lab.folder / 'web')},
                         {'path': '/status', 'status': True, 'allow': ['127.0.0.1']},
                         {'path': '/metrics', 'metrics': True}],
                   log={'level': 'debug', 'format': form}, admin=str(lab.folder / 'admin.sock'))
    basic, sessions = '', []
    for path in ('/desk', '/token', f'/in/{WORD}'):
        raw, basic = secret_request(path, **UPGRADE)
        client = lab.connect(bridge).send(raw)
        assert client.answer().status == 101, bridge.text
        client.binary(b'x').data(1)
        sessions.append(client)
    seen = [get(lab, bridge, path, fields={'Accept': accept}).body.decode()
            for path in ('/status', '/metrics') for accept in ('text/html', 'application/json')]
    seen += list(run('status', '--socket', lab.folder / 'admin.sock')[1:])
    for path, more in (('/dead', UPGRADE), ('/none', UPGRADE), ('/token', {}), ('/web/', {}), ('/web/none', {}),
                       ('/desk', {**UPGRADE, 'Origin': f'http://evil.example/{WORD}'}),
                       ('/desk', {**UPGRADE, 'Sec-WebSocket-Key': WORD}), ('/in/wrong', UPGRADE)):
        client = lab.connect(bridge).send(secret_request(path, **more)[0])
        client.answer()
        client.hang_up()
    for broken in (b'GET /desk?t=%s HTTP/1.1\nx\0: %s\r\n\r\n', b'GET http://user:%s@localhost/?%s HTTP/1.1\r\nHost: a b\r\n\r\n'):
        client = lab.connect(bridge).send(broken.replace(b'%s', WORD.encode()))
        client.answer()
        client.hang_up()
    for client in sessions:
        client.bye()
    until(lambda: len(bridge.records()) >= 3, lambda: bridge.text)
    until(lambda: len(list(folder.iterdir())) == 2, 'recordings')
    seen.append(bridge.text)
    for file in folder.iterdir():
        seen += [file.name, file.read_text(errors='replace')]
    for text in seen:
        for word in (WORD, basic):
            where = text.find(word)
            assert where < 0, text[max(0, where - 300):where + 100]


# ---- memory ----

def memory_has(pid, word):
    """The mappings of a process in whose writable memory the word is."""
    found = []
    with open(f'/proc/{pid}/maps', encoding='utf-8') as maps, open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            begin, end = (int(number, 16) for number in span.split('-'))
            if 'w' not in rights:
                continue
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except OSError:
                continue
            if word in data:
                found.append(line.strip())
    return found


@pytest.mark.release_only
@pytest.mark.usefixtures('own_process')
@pytest.mark.parametrize('written', ['out', 'in a file'])
def test_the_starter_has_no_password(lab, certs, written):
    """It stays outside of the sandbox. The process itself needs the password, to read a key that is renewed."""
    (lab.folder / 'password').write_text(WORD)
    password = {'out': WORD, 'in a file': {'file': str(lab.folder / 'password')}}[written]
    bridge = start(lab, [{'path': '/', 'target': there(lab.target())}],
                   [{'address': ANY, 'tls': {'certificates': [
                       {'certificate': certs.ec, 'key': certs.encrypted_key(WORD), 'key_password': password}]}}])
    _, *started = family(bridge.pid)
    if not os.access(f'/proc/{bridge.pid}/mem', os.R_OK):
        pytest.skip('this machine lets no process look at the memory of its child')
    assert memory_has(bridge.pid, WORD.encode())
    for pid in started:
        assert memory_has(pid, WORD.encode()) == []


@pytest.mark.release_only
@pytest.mark.usefixtures('own_process')
def test_a_request_is_wiped_once_it_is_answered(lab):
    """
    It came in parts, so it was kept; a second one waits for a listing, which another thread makes. What the shared buffer
    had is overwritten by the next large read. Longer than a vector register, of which the loader may leave a copy.
    """
    secret = WORD * 20
    (lab.folder / 'web').mkdir()
    bridge = start(lab, [{'path': '/', 'target': there(lab.target())},
                         {'path': '/web/*', 'files': {'root': str(lab.folder / 'web'), 'listing': True}}], workers=1)
    if not os.access(f'/proc/{bridge.pid}/mem', os.R_OK):
        pytest.skip('this machine lets no process look at the memory of its child')
    raw, _ = secret_request('/', **UPGRADE, Cookie=secret)
    client = lab.connect(bridge)
    client.send(raw[:-2])
    bridge.rests()
    assert memory_has(bridge.pid, secret.encode())
    client.send(raw[-2:])
    assert client.answer().status == 101
    page = lab.connect(bridge).send(secret_request('/web/', Cookie=secret)[0])
    assert page.answer().status == 200
    page.hang_up()
    data = bytes(1 << 20)
    other = lab.open(bridge)
    for one in (client, other):
        one.binary(data)
        assert one.data(len(data)) == data
    assert memory_has(bridge.pid, secret.encode()) == []
    client.bye()
    other.bye()
