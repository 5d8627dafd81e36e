"""The options of `wsluice connect` and `wsluice forward`: what each does at a real gateway, and what is said if it fails."""
import base64
import hashlib
import os
import pathlib
import signal
import socket
import subprocess

import pytest
from gateway import ANY, DONE, FAILED, start
from lab import BINARY, run
from recipes import says
from users_file import demand_crypt, set_password
from wire import WAIT, until

USER = ['--user=ann']


@pytest.fixture(name='gate')
def fixture_gate(lab, certs):
    """A gateway with TLS whose target says its name. Called with options of the route; has its URL and its pin."""
    target = lab.target(says(b'hello'))
    tls = {'certificates': [{'certificate': str(certs.ec), 'key': str(certs.ec_key)}]}

    def make(**options):
        make.bridge = start(lab, [{'path': '/x', 'target': f'tcp://127.0.0.1:{target.port}', **options}],
                            [{'address': ANY, 'tls': tls}])
        make.url = f'wss://localhost:{make.bridge.port}/x'
        return make
    key = subprocess.run(['openssl', 'x509', '-in', certs.ec, '-noout', '-pubkey'], capture_output=True, text=True,
                         check=True).stdout
    der = base64.b64decode(''.join(key.splitlines()[1:-1]))
    make.pin = 'sha256//' + base64.b64encode(hashlib.sha256(der).digest()).decode()
    return make


def connect(*words, env=None):
    """(exit status, standard output, standard error) with an input that has ended."""
    return run('connect', *words, env={'https_proxy': '', 'http_proxy': '', 'all_proxy': '', **(env or {})})


def opens(*words, **how):
    status, said, error = connect(*words, **how)
    assert (status, said, error) == (0, 'hello', '')


def fails(text, *words, status=1, **how):
    code, said, error = connect(*words, **how)
    assert (code, said) == (status, ''), error
    assert text in error and error.count('\n') == 1, error


def test_certificates_and_pins(gate, certs):
    url, pin = gate().url, gate.pin
    other = f'sha256//{base64.b64encode(bytes(32)).decode()}'
    ca = f'--ca={certs.ca}'
    opens(ca, url)
    opens(ca, url, f'--pin={pin}')
    opens(ca, url, f'--pin={other}', f'--pin={pin}')
    opens(url, '--insecure')
    opens(url, '--insecure', f'--pin={pin}')
    fails('see --ca', url)
    fails('if this port speaks TLS, write wss://', url.replace('wss:', 'ws:'))
    fails('is not one of the pinned keys; see --pin', ca, url, f'--pin={other}')
    fails('is not one of the pinned keys; see --pin', url, '--insecure', f'--pin={other}')
    fails('certificate', url, f'--pin={pin}')
    fails('see --server-name', ca, url, '--server-name=elsewhere.test')


def test_another_address(gate, certs):
    """The URL still names the server: in its certificate, in SNI and in Host."""
    port = gate(host='desk.test').bridge.port
    there = [f'wss://desk.test:{port}/x', f'--connect-to=127.0.0.1:{port}', f'--ca={certs.ca}']
    opens(*there, '--server-name=localhost')
    fails('404', *there, '--server-name=localhost', '--host=other.test')
    fails('mismatch', *there)


def test_families(lab):
    bridge, _ = lab.start_echo(handler=says(b'hello'))
    opens(f'ws://127.0.0.1:{bridge.port}/', '-4')
    fails('it has no IPv6 address', f'ws://127.0.0.1:{bridge.port}/', '-6')


def test_a_password(gate, certs, tmp_path):
    (tmp_path / 'password').write_text('open sesame\n')
    (tmp_path / 'wrong').write_text('closed\n')
    demand_crypt()
    users = tmp_path / 'users'
    set_password(users, 'ann', 'open sesame')
    url, ca = gate(auth=[{'basic': str(users)}]).url, f'--ca={certs.ca}'
    opens(ca, url, *USER, f'--password-file={tmp_path}/password')
    opens(ca, url, *USER, '--credentials-env=SECRET', env={'SECRET': 'open sesame'})
    opens(ca, url, *USER, f'--credentials-command=cat {tmp_path}/password')
    fails('401', ca, url, *USER, f'--password-file={tmp_path}/wrong')
    fails('401', ca, url)
    fails('--credentials-command: cannot run the command: it has ended with status 3', ca, url, *USER,
          '--credentials-command=exit 3')
    fails('--password-file: cannot read', ca, url, *USER, '--password-file=/no/such/file')


def ticket(folder, *words):
    return run('ticket', 'mint', f'--key={folder}/key', '--algorithm=HS256', *words)[1]


def test_a_ticket(gate, certs, tmp_path):
    assert run('ticket', 'key', '--algorithm=HS256', tmp_path / 'key')[0] == 0
    (tmp_path / 'ticket').write_text(ticket(tmp_path))
    method = {'ticket': {'key': {'file': str(tmp_path / 'key'), 'algorithm': 'HS256'}}}
    url, ca = gate(auth=[method]).url, f'--ca={certs.ca}'
    opens(ca, url, f'--bearer-file={tmp_path}/ticket')
    (tmp_path / 'fields').write_text(f'# for the gateway\nAuthorization: Bearer {(tmp_path / "ticket").read_text()}')
    opens(ca, url, f'--header-file={tmp_path}/fields')
    fails('401', ca, url)


def test_fields_are_sent_and_not_shown(lab, tmp_path):
    """A token in a field of its own. Other users see the command line, where it is not for long."""
    target = lab.target(says(b'hello'))
    (tmp_path / 'tokens').write_text(f'alice: 127.0.0.1:{target.port}\n')
    bridge = start(lab, [{'path': '/x', 'tokens': {'from': 'header:X-Desk', 'file': str(tmp_path / 'tokens')}}])
    url = f'ws://127.0.0.1:{bridge.port}/x'
    opens(url, '-H', 'X-Desk: alice')
    opens(url, '-HX-Desk:alice')
    fails('404', url, '-H', 'X-Desk: bob')
    with subprocess.Popen([BINARY, 'connect', f'{url}?ticket=for-alice', '-H', 'X-Desk: alice'], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout.read(5) == b'hello'
        assert b'alice' not in pathlib.Path(f'/proc/{process.pid}/cmdline').read_bytes()
        process.stdin.close()
        assert process.wait(WAIT) == 0


def test_wrong_command_lines():
    fails('URL: must be ws://HOST/PATH', 'a:443', status=2)
    fails('URL: http is not WebSocket; write wss://', 'https://a', status=2)
    fails('URL: must not have a user name', 'wss://a:b@c', status=2)
    fails('--user: a user needs a password', 'wss://a', *USER, status=2)
    fails('https_proxy: must be', 'wss://a', status=2, env={'https_proxy': 'ftp://a'})
    status, said, error = run('forward', '1')
    assert (status, said) == (2, '') and 'is missing' in error


# ---- forward ----

def hears(address):
    kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(kind) as sock:
        sock.settimeout(WAIT)
        sock.connect(address)
        sock.shutdown(socket.SHUT_WR)
        said = b''
        while part := sock.recv(1000):
            said += part
        return said


def test_several_forwards(lab, tmp_path):
    one, two = (lab.start_echo(handler=says(name))[0] for name in (b'one', b'two'))
    path = str(tmp_path / 's')
    bridge = lab.start('forward', '127.0.0.1:0', f'ws://127.0.0.1:{one.port}/', f'unix:{path}', f'ws://127.0.0.1:{two.port}/')
    assert hears(('127.0.0.1', bridge.port)) == b'one'
    assert hears(path) == b'two'
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert 'http' not in bridge.lines[1], 'no page is there'
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0


def test_a_ticket_is_read_again(lab, gate, certs, tmp_path):
    assert run('ticket', 'key', '--algorithm=HS256', tmp_path / 'key')[0] == 0
    method = {'ticket': {'key': {'file': str(tmp_path / 'key'), 'algorithm': 'HS256'}, 'audience': 'desks'}}
    (tmp_path / 'ticket').write_text(ticket(tmp_path, '--audience=others'))
    bridge = lab.start('forward', '127.0.0.1:0', gate(auth=[method]).url, f'--ca={certs.ca}',
                       f'--bearer-file={tmp_path}/ticket')
    assert hears(('127.0.0.1', bridge.port)) == b''
    assert 'HTTP 401' in bridge.session()['detail']
    (tmp_path / 'ticket').write_text(ticket(tmp_path, '--audience=desks'))
    bridge.signal(signal.SIGHUP)
    until(lambda: DONE in bridge.text, lambda: bridge.text)
    until(lambda: hears(('127.0.0.1', bridge.port)) == b'hello', lambda: bridge.text)
    (tmp_path / 'ticket').unlink()
    bridge.signal(signal.SIGHUP)
    until(lambda: FAILED in bridge.text, lambda: bridge.text)
    bridge.says('--bearer-file: cannot read')
    assert hears(('127.0.0.1', bridge.port)) == b'hello', 'nothing has changed'


def test_the_same_as_a_file(lab, gate, certs, tmp_path):
    url = gate().url
    printed = run('forward', '127.0.0.1:0', url, f'--ca={certs.ca}', f'--pin={gate.pin}', '--print-config')[1]
    (tmp_path / 'gateway.yaml').write_text(printed)
    assert run('check', tmp_path / 'gateway.yaml')[0] == 0
    bridge = lab.start('--config', tmp_path / 'gateway.yaml')
    assert hears(('127.0.0.1', bridge.port)) == b'hello'
