"""websockify's authentication plugins on the command line: the same request gets the same verdict as from Debian's."""
import base64
import subprocess

import pytest
from gateway import plain
from lab import BINARY
from test_websockify import REAL, Real, named
from wire import request

BASIC = ['--auth-plugin', 'BasicHTTPAuth', '--auth-source', 'ann:open:sesame']
ORIGIN = ['--auth-plugin=ExpectOrigin', '--auth-source=http://a.example  https://b.example:8443']


def basic(text, scheme='Basic'):
    return {'Authorization': f'{scheme} ' + base64.b64encode(text.encode()).decode()}


def dotted(words):
    return [word.replace('BasicHTTPAuth', 'websockify.auth_plugins.BasicHTTPAuth')
            .replace('ExpectOrigin', 'websockify.auth_plugins.ExpectOrigin') for word in words]


# The fields of a request, and whether it is let in.
REQUESTS = [
    (BASIC, {}, False), (BASIC, basic('ann:open:sesame'), True), (BASIC, basic('ann:open'), False),
    (BASIC, basic('Ann:open:sesame'), False), (BASIC, basic('ann'), False), (BASIC, basic(':'), False),
    (BASIC, basic('ann:open:sesame', 'Bearer'), False), (BASIC, {'Authorization': 'Basic'}, False),
    (ORIGIN, {}, False), (ORIGIN, {'Origin': 'http://a.example'}, True), (ORIGIN, {'Origin': 'https://b.example:8443'}, True),
    (ORIGIN, {'Origin': 'http://A.example'}, False), (ORIGIN, {'Origin': 'http://a.example:80'}, False),
    (ORIGIN, {'Origin': 'https://a.example'}, False), (ORIGIN, {'Origin': 'null'}, False),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'web').mkdir()
    (tmp_path / 'web/page.html').write_text('page')
    return tmp_path


def status(lab, bridge, raw):
    client = lab.connect(bridge)
    try:
        return client.send(raw).answer().status
    except (EOFError, ConnectionError):
        return 0
    finally:
        client.hang_up()


def verdicts(lab, bridge, words):
    """Of each request: as an upgrade, and for a page."""
    found = []
    for theirs_words, fields, _ in REQUESTS:
        if theirs_words is words:
            upgrade = request('/websockify', fields={'Sec-WebSocket-Protocol': 'binary', **fields})
            page = plain('/page.html', fields={'Connection': 'close', **fields})
            found.append((fields, status(lab, bridge, upgrade) == 101, status(lab, bridge, page) == 200))
    return found


@pytest.mark.parametrize('web_auth', [False, True])
@pytest.mark.parametrize('of', [BASIC, ORIGIN], ids=['BasicHTTPAuth', 'ExpectOrigin'])
def test_the_same_verdicts(lab, folder, of, web_auth):
    target = lab.target()
    web = ['--web', str(folder / 'web'), *(['--web-auth'] if web_auth else [])]
    where = f'127.0.0.1:{target.port}'

    def ours(words):
        return verdicts(lab, lab.start(*words, *web, '127.0.0.1:0', where, binary=named(folder)), of)
    wanted = [(fields, passes, passes or not web_auth) for with_words, fields, passes in REQUESTS if with_words is of]
    assert ours(of) == wanted
    assert ours(dotted(of)) == wanted
    if REAL:
        theirs = Real(lab, *of, *web, 'LISTEN', where, cwd=folder, stdout=subprocess.DEVNULL)
        assert verdicts(lab, theirs, of) == wanted


def test_the_challenge_and_the_command_line(lab, folder):
    """The realm is websockify's, and the password is nowhere to be seen."""
    target = lab.target()
    bridge = lab.start(*BASIC, '127.0.0.1:0', f'127.0.0.1:{target.port}', binary=named(folder))
    client = lab.connect(bridge).send(request('/'))
    assert client.answer().fields['www-authenticate'].startswith('Basic realm="Websockify"')
    client.hang_up()
    with open(f'/proc/{bridge.pid}/cmdline', 'rb') as file:
        assert b'sesame' not in file.read()
    printed = subprocess.run([BINARY, *BASIC, '--print-config', '6080', 'localhost:5900'], capture_output=True, text=True,
                             timeout=20, check=True).stdout
    assert 'sesame' not in printed and 'ann:$' in printed and 'auth_for: websocket' in printed
    file = folder / 'printed.yaml'
    file.write_text(printed)
    assert subprocess.run([BINARY, 'check', '--syntax', file], timeout=20, check=False).returncode == 0
