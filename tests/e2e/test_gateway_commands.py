"""The commands around the file: check, --print-config, help-config, schema."""
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import termios
import time

import pytest
from gateway import ANY, marked, there, write
from lab import BINARY, ROOT, reachable, run

EXAMPLES = sorted((ROOT / 'config/examples').glob('*.yaml'))

RICH = {
    'workers': 2, 'log': {'level': 'debug', 'format': 'json', 'access': False}, 'trusted_proxies': ['10.0.0.0/8'],
    'limits': {'handshake_timeout': '5s', 'head_size': '8KiB', 'max_connections': 100, 'handshakes_per_second': 7},
    'listeners': [
        {'address': ANY, 'name': 'front', 'base_path': '/desk', 'allow': ['127.0.0.0/8', 'fd00::/8'], 'deny': ['::1']},
        {'address': 'unix:/tmp/x y.sock', 'socket_mode': '0660', 'proxy_protocol': 'require', 'routes': ['ops']}],
    'routes': [
        {'path': '/vnc/{name}', 'captures': {'name': '[a-z0-9-]{1,32}'}, 'target': 'tcp://{name}.desks.internal:5900',
         'origins': ['https://*.example.com', 'null'], 'idle_timeout': '1h', 'subprotocols': ['binary', 'vnc'],
         'headers': {'X-Frame-Options': 'DENY', 'X-Odd': 'a: "b" #c'}, 'max_sessions': 3},
        {'path': '/many', 'host': '*.example.com', 'balance': 'least_sessions', 'connect_retry': '20s', 'targets': [
            {'address': 'tls://a.example.com:443', 'server_name': 'b', 'insecure': True},
            {'address': 'unix:@abstract', 'proxy_protocol': 'v2', 'probe': 'banner', 'banner': 'RFB 003.'}]},
        {'path': '/away', 'redirect': 'https://{host}{path}{query}', 'redirect_status': 308},
        {'path': '/metrics', 'name': 'ops', 'metrics': True}, {'path': '/ready', 'name': 'ops', 'health': 'ready'}]}


def printed(*arguments):
    status, out, err = run('--print-config', *arguments)
    assert status == 0, err
    return out


def test_what_is_printed_prints_the_same(tmp_path):
    once = printed('--config', write(tmp_path / 'rich.yaml', RICH))
    (tmp_path / 'once.yaml').write_text(once)
    assert printed('--config', tmp_path / 'once.yaml') == once
    for value in ('/vnc/{name}', 'least_sessions', '308', 'RFB 003.', '8KiB', 'fd00::/8', 'https://*.example.com'):
        assert value in once


@pytest.mark.parametrize('line', [
    ['5901', 'localhost:5900'], ['--connect=first', '--heartbeat=5s', '[::1]:0', '10.0.0.1:22'],
    ['--unix-target=/run/x.sock', '127.0.0.1:0'], ['--max-duration=1h', '--text=refuse', ':6080', 'a.example:1']])
def test_a_quick_command_line_becomes_a_file(tmp_path, line):
    once = printed(*line)
    (tmp_path / 'once.yaml').write_text(once)
    assert printed('--config', tmp_path / 'once.yaml') == once


def test_a_printed_file_serves_the_same(lab):
    echo = lab.target()
    text = printed('--config', write(lab.folder / 'a.yaml', {'listeners': [{'address': ANY}],
                                                             'routes': [marked('/x', echo)]}))
    (lab.folder / 'b.yaml').write_text(text)
    bridge = lab.start('--config', lab.folder / 'b.yaml')
    client = lab.open(bridge, upgrade={'path': '/x'}).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()


def test_check(lab, tmp_path):
    good = write(tmp_path / 'good.yaml', {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/x', 'target': there(lab.target())}]})
    assert run('check', good)[0] == 0
    bad = tmp_path / 'bad.yaml'
    bad.write_text('listeners:\n  - adress: 1\nroutes:\n  - {path: vnc, target: "tcp://a"}\n'
                   '  - {path: /a, idle_timout: 3s}\n')
    status, out, err = run('check', bad)
    said = out + err
    assert status == 1
    found = re.findall(r'bad\.yaml:(\d+):(\d+): error', said)
    assert {int(line) for line, _ in found} >= {2, 4, 5}, said
    assert 'address' in said and 'idle_timeout' in said and '^' in said
    assert run('check', tmp_path / 'none.yaml')[0] == 1


def test_check_connects(lab, certs, tmp_path):
    good, dead = lab.target(), f'unix:{tmp_path}/nobody'
    file = write(tmp_path / 'c.yaml', {
        'listeners': [{'address': ANY, 'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}],
        'routes': [{'path': '/a', 'target': there(good)}]})
    status, out, err = run('check', '--connect', file)
    assert status == 0 and f'target 127.0.0.1:{good.port}: connected in ' in out, out + err
    assert re.search(rf'certificate {certs.ec} \(localhost\): (29|30) days left\n', out)
    assert out.endswith(f'{file}: ok: 1 listener, 1 route\n') and err == ''

    fake = lab.target(context=certs.server_context(certs.fake, certs.fake_key))

    # All that is wrong at once, and the targets as well; a name without an address is one of them.
    write(file, {'listeners': [{'address': ANY, 'tls': {'certificates': [f'{tmp_path}/none.pem']}}],
                 'routes': [{'path': '/a', 'target': there(good)}, {'path': '/b', 'target': dead},
                            {'path': '/c', 'target': 'tcp://no.such.name.invalid:1'},
                            {'path': '/d', 'target': f'tls://localhost:{fake.port}'}]})
    status, out, err = run('check', '--connect', file)
    assert status == 1 and f'target 127.0.0.1:{good.port}: connected in ' in out
    found = re.findall(r'c\.yaml:\d+:\d+: error: (\S+): (.*)', err)
    assert len(found) == 4 and err.endswith(f'wsluice: {file}: 4 errors, 0 warnings\n'), err
    assert found[0][0] == 'listeners[0].tls.certificates[0].certificate' and 'none.pem' in found[0][1]
    assert [option for option, _ in found[1:]] == ['routes[1].target', 'routes[2].target', 'routes[3].target']
    assert 'nobody' in found[1][1] and 'no.such.name.invalid' in found[2][1]
    assert 'unable to get local issuer' in found[3][1] and '; certificate of localhost, ' in found[3][1]


def test_check_looks_at_all_files(certs, tmp_path):
    """Without an option; with --syntax at none."""
    old = certs.dated('check-old', 'old.example', time.time() - 9 * 86400, time.time() - 3 * 86400)
    live = tmp_path / 'live'  # as ACME clients lay it out
    live.mkdir()
    for kind, name in ((certs.ec, 'fullchain.pem'), (certs.rsa_key, 'privkey.pem')):
        (live / name).symlink_to(kind)
    config = {
        'pid_file': f'{tmp_path}/none/pid', 'log': {'file': f'{tmp_path}/none/log'}, 'admin': f'{tmp_path}/none/admin',
        'listeners': [{'address': ANY, 'tls': {'certificates': [old, {'certificate': str(live / 'fullchain.pem'),
                                                                      'key': str(live / 'privkey.pem')}]}}],
        'routes': [{'path': '/f/*', 'files': f'{tmp_path}/none/web'},
                   {'path': '/t', 'tokens': {'from': 'query:token', 'file': f'{tmp_path}/none/tokens'}},
                   {'path': '/r', 'target': 'tcp://127.0.0.1:1', 'record': f'{tmp_path}/none/record'}]}
    file = write(tmp_path / 'all.yaml', config)
    status, out, err = run('check', file)
    assert status == 1
    found = dict(re.findall(r'all\.yaml:\d+:\d+: error: (\S+): (.*)', err))
    assert set(found) == {
        'pid_file', 'log.file', 'admin.socket', 'listeners[0].tls.certificates[1].certificate', 'routes[0].files.root',
        'routes[1].tokens.file', 'routes[2].record'}, err
    assert f"does not belong to the first certificate in '{live}" in err
    assert "warning: listeners[0].tls.certificates[0]" in err and 'expired on ' in err
    assert f'certificate {old} (old.example): expired 3 days ago\n' in out
    assert run('check', '--syntax', file)[:2] == (0, f'{file}: ok: 1 listener, 3 routes\n')

    del config['pid_file'], config['log'], config['admin'], config['routes'][:2], config['routes'][0]['record']
    config['listeners'][0]['tls']['certificates'].pop()
    status, out, err = run('check', write(file, config))
    assert status == 0 and out.endswith(f'{file}: ok: 1 listener, 1 route, 1 warning\n'), err

    status, out, err = run('check', '--syntax', '--connect', file)
    assert (status, out) == (2, '') and '--connect: not with --syntax' in err


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
def test_check_as_another_user(certs):
    """A user who may not read a file is named, and so is the folder that may not be entered."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        check_as_another_user(certs, pathlib.Path(folder))


def check_as_another_user(certs, tmp_path):
    binary = reachable(tmp_path)
    closed, key = tmp_path / 'live', tmp_path / 'live/privkey.pem'
    closed.mkdir(mode=0o700)
    shutil.copy(certs.ec_key, key)
    shutil.copy(certs.ec, tmp_path / 'cert.pem')
    os.chmod(tmp_path / 'cert.pem', 0o644)
    tokens = tmp_path / 'tokens'
    tokens.write_text('a: 127.0.0.1:1\n')
    tokens.chmod(0o600)
    config = {'listeners': [{'address': ANY, 'tls': {'certificates': [{'certificate': str(tmp_path / 'cert.pem'),
                                                                       'key': str(key)}]}}],
              'routes': [{'path': '/t', 'tokens': {'from': 'query:token', 'file': str(tokens)}}]}
    file = write(tmp_path / 'users.yaml', config)
    os.chmod(file, 0o644)
    assert run('check', file)[0] == 0
    status, _, err = run('check', file, user='nobody', extra_groups=[], binary=binary)
    assert status == 1
    assert f"key file '{key}': user nobody (uid 65534) may not enter the folder '{closed}'; give it access, or check as " \
           'the user that starts wsluice' in err
    assert f"tokens '{tokens}': user nobody (uid 65534) may not read it" in err

    # As root, the service's user is another one: the key is read before, and cannot be renewed.
    write(file, {'user': 'nobody', **config})
    status, _, err = run('check', file)
    assert status == 1 and f"error: routes[0].tokens.file: tokens '{tokens}': user nobody (uid 65534) may not read it" in err
    assert f"user nobody (uid 65534) may not read '{key}', so a renewed certificate is not taken up" in err
    assert err.count(' error: ') == 1

    # Where the service's user could lead root astray, the check refuses as the start does.
    theirs = tmp_path / 'theirs'
    theirs.mkdir()
    (theirs / 'link').symlink_to('/etc')
    os.chown(theirs, 65534, 65534)
    write(file, {**config, 'pid_file': f'{theirs}/link/wsluice.pid'})
    status, _, err = run('check', file)
    assert status == 1 and 'a link on this path lies where another user may change it' in err
    assert not os.path.exists('/etc/wsluice.pid')


def test_a_bad_file_does_not_start(tmp_path):
    status, _, err = run('--config', write(tmp_path / 'a.yaml', {'listeners': [], 'routes': []}))
    assert status == 1 and 'a.yaml' in err


BAD_ENDPOINTS = {
    'taken': 'cannot listen on 127.0.0.1:{port}: Address already in use; stop the program that holds it',
    'nobody.invalid:80': 'cannot listen on nobody.invalid:80: ',
}


@pytest.mark.parametrize('address', BAD_ENDPOINTS)
def test_a_endpoint_that_does_not_open_is_named_with_its_place(tmp_path, address):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        file = tmp_path / 'a.yaml'
        written = f'127.0.0.1:{port}' if address == 'taken' else address
        file.write_text(f'listeners:\n  - address: "{written}"\nroutes: [{{path: /, target: "tcp://127.0.0.1:9"}}]\n')
        status, _, err = run('--config', file)
    assert status == 1
    assert f'{file}:2:5: {BAD_ENDPOINTS[address].format(port=port)}' in err


def test_secrets_are_not_printed(certs, tmp_path):
    secret = 'Zq7-secret-8vTt'
    (tmp_path / 'password').write_text(secret)
    pair = {'certificate': certs.ec, 'key': certs.encrypted_key(secret)}
    routes = [{'path': '/a', 'target': 'tcp://127.0.0.1:1'}]
    for password in ({'file': str(tmp_path / 'password')}, '${PASSWORD}'):
        file = write(tmp_path / 'a.yaml', {'routes': routes, 'listeners': [
            {'address': ANY, 'tls': {'certificates': [{**pair, 'key_password': password}]}}]})
        status, out, err = run('--print-config', '--config', file, env={'PASSWORD': secret})
        assert status == 0 and secret not in out + err, out + err
        assert 'password' in out if isinstance(password, dict) else '${PASSWORD}' in out
        (tmp_path / 'again.yaml').write_text(out)
        assert run('check', tmp_path / 'again.yaml', env={'PASSWORD': secret})[0] == 0


def test_help_config():
    status, out, _ = run('help-config')
    assert status == 0 and 'routes[].idle_timeout' in out and 'limits.head_size' in out
    status, one, _ = run('help-config', 'routes[].idle_timeout')
    assert status == 0 and 'default' in one.lower() and 'limits' not in one
    status, _, err = run('help-config', 'routes[].idle_timeou')
    assert status != 0 and 'idle_timeout' in err


@pytest.mark.parametrize('columns, variable, widest', [(30, None, 40), (70, None, 70), (110, None, 110),
                                                       (300, None, 120), (110, '52', 52)])
def test_help_config_is_as_wide_as_the_terminal(columns, variable, widest):
    """Only a path that is wider has a longer line."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    environment = {**os.environ, 'COLUMNS': variable} if variable else os.environ
    program = subprocess.Popen([BINARY, 'help-config'], stdout=there, env=environment)
    os.close(there)
    said = b''
    try:
        while piece := os.read(here, 65536):
            said += piece
    except OSError:  # the terminal has no other end any more
        pass
    os.close(here)
    assert program.wait(timeout=10) == 0
    lines = [line.strip('\r') for line in said.decode().splitlines()]
    assert max(len(line) for line in lines if ' ' in line.strip()) in range(widest - 9, widest + 1)
    assert 'limits.head_size' in said.decode()


def test_schema_names_every_option():
    status, out, _ = run('schema')
    schema = json.loads(out)
    assert status == 0 and schema['$schema'].startswith('https://json-schema.org/')
    named = set(re.findall(r'"([a-z_0-9]+)"', out))
    for line in run('help-config')[1].splitlines():
        path = line.split()
        if re.match('  [a-z]', line):
            assert path[0].rsplit('.', 1)[-1].rstrip('[]') in named, line


@pytest.mark.parametrize('file', EXAMPLES, ids=lambda file: file.name)
def test_examples_name_no_unknown_option(file):
    """The files and names in them may be missing here; nothing else may."""
    out = ''.join(run('check', '--syntax', file)[1:])
    assert 'unknown' not in out and 'did you mean' not in out, out
