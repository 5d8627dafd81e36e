"""The commands around the file: check, --print-config, help-config, schema."""
import json
import re
import socket

import pytest
from gateway import ANY, marked, there, write
from lab import ROOT, run

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
    assert status == 0 and f'127.0.0.1:{good.port}' in out + err and certs.ec in out + err, out + err
    assert out.endswith(f'{file}: ok\n')
    write(file, {'listeners': [{'address': ANY}], 'routes': [{'path': '/a', 'target': there(good)},
                                                             {'path': '/b', 'target': dead}]})
    status, out, err = run('check', '--connect', file)
    assert status == 1 and 'nobody' in out + err and out.endswith(f'{file}: not ok, see above\n')
    write(file, {'listeners': [{'address': ANY, 'tls': {'certificates': [f'{tmp_path}/none.pem']}}],
                 'routes': [{'path': '/a', 'target': there(good)}]})
    status, out, err = run('check', '--connect', file)
    assert status == 1 and 'none.pem' in out and out.endswith(f'{file}: not ok; the rest was not checked\n')


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


def test_schema_names_every_option():
    status, out, _ = run('schema')
    schema = json.loads(out)
    assert status == 0 and schema['$schema'].startswith('https://json-schema.org/')
    named = set(re.findall(r'"([a-z_0-9]+)"', out))
    for line in run('help-config')[1].splitlines():
        path = line.split()
        if path and line.startswith('  '):
            assert path[0].rsplit('.', 1)[-1].rstrip('[]') in named, line


@pytest.mark.parametrize('file', EXAMPLES, ids=lambda file: file.name)
def test_examples_name_no_unknown_option(file):
    """The files and names in them may be missing here; nothing else may."""
    out = ''.join(run('check', file)[1:])
    assert 'unknown' not in out and 'did you mean' not in out, out
