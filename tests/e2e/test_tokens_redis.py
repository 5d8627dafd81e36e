"""Targets by token from real Redis servers: how they are reached, what a key may hold, and what clients see while the
server is away, slow, full or wrong. No log has a token or a password."""
import concurrent.futures
import importlib.util
import os
import signal
import socket
import subprocess
import threading

import pytest
import targets
from gateway import start, write
from lab import run
from recipes import recipe, replaced
from redis_server import RedisServer, needs_redis
from test_tokens import SECRET, opened, says
from test_websockify import PREFIXES, Real, target_of, needs_the_real_one
from wire import request, until

PASSWORD = 'p@ss/w0rd'
pytestmark = needs_redis


@pytest.fixture
def desks(lab):
    return lab.target(says('one')), lab.target(says('other'))


@pytest.fixture
def server(lab):
    """A function that starts servers; they end before the bridges, so that those hold no connection to them."""
    servers = []

    def run_one(*options, **how):
        servers.append(RedisServer(lab.folder, *options, **how))
        return servers[-1].start()
    yield run_one
    for one in servers:
        one.stop()


def route(url, path='/*', permit='any', **options):
    more = {name: options.pop(name) for name in ('name', 'origins') if name in options}
    return {'path': path, 'tokens': {'permit': permit, 'redis': {'url': url, **options}}, **more}


def begin(lab, routes):
    bridge = start(lab, routes)
    return bridge, bridge.endpoints[0]


def keeps_secrets(bridge, *more):
    for secret in (SECRET, PASSWORD, 'p%40ss', *more):
        assert secret not in bridge.text


# ---- how it is reached ----

WAYS = {
    'TCP': ((), lambda one: {'url': f'redis://127.0.0.1:{one.port}'}),
    'a name': ((), lambda one: {'url': f'redis://localhost:{one.port}/0'}),
    'a Unix socket': ((), lambda one: {'url': f'unix:{one.socket}'}),
    'a password': (('--requirepass', PASSWORD), lambda one: {'url': f'redis://127.0.0.1:{one.port}', 'password': PASSWORD}),
    'a password in the URL': (('--requirepass', PASSWORD), lambda one: {'url': f'redis://:p%40ss/w0rd@127.0.0.1:{one.port}'}),
    'a user': (('--user', 'desk', 'on', f'>{PASSWORD}', '~*', '+get'),
               lambda one: {'url': f'redis://desk@127.0.0.1:{one.port}', 'password': PASSWORD}),
}


@pytest.mark.parametrize('way', WAYS)
def test_ways_to_the_server(lab, desks, server, way):
    options, url = WAYS[way]
    one = server(*options, password=PASSWORD if '--requirepass' in options else None)
    one.set(**{SECRET: f'127.0.0.1:{desks[0].port}'})
    bridge, endpoint = begin(lab, [route(**url(one))])
    assert opened(lab, endpoint, f'/?token={SECRET}') == 'one'
    assert opened(lab, endpoint, '/?token=unknown') == 404
    bridge.session(reason='token_unknown')
    keeps_secrets(bridge)


@pytest.mark.parametrize('trust', ['a CA', 'insecure', 'mutual', 'none', 'another name', 'no certificate of ours'])
def test_tls(lab, desks, server, certs, trust):
    mutual = trust in ('mutual', 'no certificate of ours')
    pair = (certs.other, certs.other_key) if trust == 'another name' else (certs.ec, certs.ec_key)
    one = server('--tls-auth-clients', 'yes' if mutual else 'no', tls=(*pair, certs.ca))
    one.set(**{SECRET: f'127.0.0.1:{desks[0].port}'})
    options = {'insecure': {'insecure': True}, 'none': {}}.get(trust, {'ca': certs.ca})
    if trust == 'mutual':
        options.update(certificate=certs.client, key=certs.client_key)
    bridge, endpoint = begin(lab, [route(f'rediss://localhost:{one.port}', timeout='300ms', **options)])
    good = trust in ('a CA', 'insecure', 'mutual')
    assert opened(lab, endpoint, f'/?token={SECRET}') == ('one' if good else 503)
    if not good:
        assert f'localhost:{one.port}: ' in bridge.session(reason='token_source')['detail']
    keeps_secrets(bridge)


def test_a_plain_server_where_tls_is_expected_and_the_other_way(lab, server, certs):
    plain, tls = server(), server('--tls-auth-clients', 'no', tls=(certs.ec, certs.ec_key, certs.ca))
    bridge, endpoint = begin(lab, [
        route(f'rediss://127.0.0.1:{plain.port}', '/plain', timeout='300ms', ca=certs.ca),
        route(f'redis://127.0.0.1:{tls.port}', '/tls', timeout='300ms')])
    assert opened(lab, endpoint, '/plain?token=x') == opened(lab, endpoint, '/tls?token=x') == 503
    assert 'redis 127.0.0.1:' in bridge.session(1, reason='token_source')['detail']


# ---- keys and values ----

def test_prefix_and_database(lab, desks, server):
    one = server()
    one.set(**{'desk:a': f'127.0.0.1:{desks[0].port}', 'a': f'127.0.0.1:{desks[1].port}'})
    with one.client() as client:
        client.execute_command('SELECT', 3)
        client.execute_command('SET', 'b', f'127.0.0.1:{desks[1].port}')
    _, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', '/desks', prefix='desk:'),
                                 route(f'redis://127.0.0.1:{one.port}', '/all'),
                                 route(f'redis://127.0.0.1:{one.port}/3', '/three')])
    assert opened(lab, endpoint, '/desks?token=a') == 'one'
    assert opened(lab, endpoint, '/desks?token=desk:a') == 404
    assert opened(lab, endpoint, '/all?token=a') == 'other'
    assert opened(lab, endpoint, '/all?token=desk%3Aa') == 'one'
    assert opened(lab, endpoint, '/three?token=b') == 'other'
    assert opened(lab, endpoint, '/three?token=a') == opened(lab, endpoint, '/all?token=b') == 404


VALUES = {
    '127.0.0.1:{}': 'one', ' localhost:{}\n': 'one', '{{"host": "127.0.0.1", "port": {}}}': 'one',
    '{{"host": "127.0.0.1:{}"}}': 'one', '{{"target": "tcp://127.0.0.1:{}"}}': 'one',
    '': 503, 'no target': 503, '{{"host": "127.0.0.1"}}': 503, '{{"host": {}': 503, '127.0.0.1:{}\n127.0.0.1:1': 503,
}


def test_values(lab, desks, server):
    one = server()
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}')])
    for value, wanted in VALUES.items():
        one.set(**{SECRET: value.format(desks[0].port)})
        assert opened(lab, endpoint, f'/?token={SECRET}') == wanted, value
    with one.client() as client:
        client.delete(SECRET)
        client.lpush(SECRET, 'a list')
    assert opened(lab, endpoint, f'/?token={SECRET}') == 503
    failed = list(VALUES.values()).count(503)
    assert 'WRONGTYPE' in bridge.session(failed, reason='token_source')['detail']
    one.set(**{SECRET: 'x' * 20000})
    assert opened(lab, endpoint, f'/?token={SECRET}') == 503
    one.set(**{'a b"\'é': f'127.0.0.1:{desks[1].port}'})
    assert opened(lab, endpoint, '/?token=a%20b%22%27%C3%A9') == 'other'
    keeps_secrets(bridge)


def test_without_a_permit_no_key_leads_into_this_machine(lab, desks, server):
    one = server()
    one.set(a=f'127.0.0.1:{desks[0].port}', b=f'localhost:{desks[0].port}', c='169.254.169.254:80',
            d=f'[::ffff:127.0.0.1]:{desks[0].port}')
    url = f'redis://127.0.0.1:{one.port}'
    _, endpoint = begin(lab, [{'path': '/default', 'tokens': {'redis': url}},
                              route(url, '/some', permit=[f'127.0.0.0/8:{desks[0].port}'])])
    for token in 'abcd':
        assert opened(lab, endpoint, f'/default?token={token}') in (403, 404), token
    assert opened(lab, endpoint, '/some?token=a') == 'one'
    assert opened(lab, endpoint, '/some?token=c') in (403, 404)


def test_one_connection_for_each_worker(lab, desks, server):
    one = server()
    one.set(a=f'127.0.0.1:{desks[0].port}')
    write_to = [route(f'redis://127.0.0.1:{one.port}')]
    _, endpoint = begin(lab, write_to)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: opened(lab, endpoint, '/?token=a'), range(64))) == {'one'}
    assert 1 <= one.connections() <= 2


# ---- servers that refuse ----

REFUSALS = {
    'no password': (('--requirepass', PASSWORD), {}, 'NOAUTH'),
    'a wrong password': (('--requirepass', PASSWORD), {'password': 'wrong-secret'}, 'WRONGPASS'),
    'a password too many': ((), {'password': 'wrong-secret'}, 'the server has no password'),
    'another user': ((), {'user': 'nobody', 'password': 'wrong-secret'}, 'WRONGPASS'),
    'no such database': ((), {'database': 99}, 'no database of this number'),
    'other keys': (('--user', 'desk', 'on', f'>{PASSWORD}', '~desk:*', '+get'), {'user': 'desk', 'password': PASSWORD},
                   'NOPERM'),
}


@pytest.mark.parametrize('refusal', REFUSALS)
def test_refusals(lab, server, refusal):
    options, login, problem = REFUSALS[refusal]
    login = dict(login)
    one = server(*options, password=PASSWORD if '--requirepass' in options else None)
    database = login.pop('database', 0)
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}/{database}', **login)])
    for number in range(3):
        assert opened(lab, endpoint, f'/?token={SECRET}') == 503
        assert problem in bridge.session(number, reason='token_source')['detail']
    keeps_secrets(bridge, 'wrong-secret')


def test_a_full_server(lab, desks, server):
    one = server('--maxclients', 1)
    one.set(a=f'127.0.0.1:{desks[0].port}')
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='400ms')])
    with socket.create_connection(('127.0.0.1', one.port)) as other:
        other.sendall(b'PING\r\n')
        assert other.recv(100) == b'+PONG\r\n'
        assert opened(lab, endpoint, '/?token=a') == 503
        assert 'maxclients' in bridge.session(reason='token_source')['detail']
    until(lambda: opened(lab, endpoint, '/?token=a') == 'one', 'a place at the server')


# ---- servers that are away ----

@pytest.mark.threads
def test_a_server_that_is_restarted_under_load(lab, desks, server):
    """No client hears of it: look-ups wait for the next connection, each within its own deadline."""
    one = server()
    value = f'127.0.0.1:{desks[0].port}'
    one.set(a=value)
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='20s')])
    over, verdicts = threading.Event(), []

    def load():
        while not over.is_set():
            verdicts.append(opened(lab, endpoint, '/?token=a'))
    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            seen = len(verdicts)
            until(lambda: len(verdicts) > seen + 8, 'clients go on')  # pylint: disable=cell-var-from-loop
            one.stop(how)
            one.start()
            one.set(a=value)
    finally:
        over.set()
        for client in clients:
            client.join()
    # a key that is not there yet, in a server that has just started, is unknown
    assert set(verdicts) <= {'one', 404} and verdicts.count('one') > 24
    assert not [record for record in bridge.records() if record['reason'] == 'token_source']


def test_a_server_that_starts_late(lab, desks, server):
    one = server()
    one.stop()
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='300ms')])
    assert opened(lab, endpoint, '/?token=a') == 503
    assert 'Connection refused' in bridge.session(reason='token_source')['detail']
    one.start()
    one.set(a=f'127.0.0.1:{desks[0].port}')
    until(lambda: opened(lab, endpoint, '/?token=a') == 'one', 'the server is found')


def test_a_server_that_is_stopped(lab, desks, server):
    """Other routes do not wait for it, and it is asked again as soon as it runs."""
    one = server()
    one.set(a=f'127.0.0.1:{desks[0].port}')
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', '/slow', timeout='400ms'),
                                      {'path': '/other', 'target': f'tcp://127.0.0.1:{desks[1].port}'}])
    assert opened(lab, endpoint, '/slow?token=a') == 'one'
    one.pause()
    client = lab.connect(endpoint)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(opened, lab, endpoint, f'/slow?token={SECRET}')
        assert opened(lab, endpoint, '/other') == 'other'
        assert slow.result() == 503
    client.hang_up()
    assert 'in time' in bridge.session(reason='token_source')['detail']
    one.resume()
    until(lambda: opened(lab, endpoint, '/slow?token=a') == 'one', 'the server answers again')
    keeps_secrets(bridge)


def test_a_server_that_is_busy(lab, desks, server):
    """DEBUG SLEEP: look-ups wait for it as long as their time lasts."""
    one = server('--enable-debug-command', 'yes')
    one.set(a=f'127.0.0.1:{desks[0].port}')
    _, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='20s')])
    assert opened(lab, endpoint, '/?token=a') == 'one'
    with socket.create_connection(('127.0.0.1', one.port)) as other:
        other.sendall(b'DEBUG SLEEP 1\r\n')
        assert opened(lab, endpoint, '/?token=a') == 'one'


def test_clients_that_leave_while_they_wait(lab, server):
    one = server()
    one.pause()
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='20s')])
    clients = [lab.connect(endpoint).send(request('/?token=a')) for _ in range(20)]
    until(lambda: bridge.fds() > bridge.baseline + 20, 'connections')
    for client in clients:
        client.reset()
    until(lambda: len([r for r in bridge.records() if r['reason'] in ('client_reset', 'handshake_eof')]) == 20,
          lambda: f'20 ends in {bridge.text}')
    one.resume()
    assert opened(lab, endpoint, '/?token=a') == 404


def test_clients_that_leave_before_they_are_read(lab, server):
    """Many that were reset while nobody was accepting: request and reset come at once."""
    one = server()
    one.pause()
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='20s')])
    bridge.signal(signal.SIGSTOP)
    for client in [lab.connect(endpoint).send(request('/?token=a')) for _ in range(40)]:
        client.reset()
    bridge.signal(signal.SIGCONT)
    until(lambda: len([r for r in bridge.records() if r['reason'] in ('client_reset', 'handshake_eof')]) == 40,
          lambda: f'40 ends in {bridge.text}')
    one.resume()


def test_a_server_that_loads_its_data(lab, desks):
    """As after a restart with much data: look-ups wait for it, within their own time."""
    connections, value = [], f'127.0.0.1:{desks[0].port}'

    def handler(connection):
        connections.append(connection)
        ready = len(connections) > 3
        while connection.sock.recv(1000):
            connection.sock.sendall(f'${len(value)}\r\n{value}\r\n'.encode() if ready else b'-LOADING Redis is loading\r\n')
    one, stuck = lab.target(handler), lab.target(lambda connection: (connection.sock.recv(1000), connection.sock.sendall(b'-LOADING x\r\n')))
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='30s'),
                                   route(f'redis://127.0.0.1:{stuck.port}', '/stuck/*', timeout='300ms')])
    assert opened(lab, endpoint, '/?token=a') == 'one'
    assert opened(lab, endpoint, '/stuck/?token=a') == 503
    until(lambda: opened(lab, endpoint, '/stuck/?token=a') == 503 and 'LOADING: the server is loading its data' in bridge.text, 'a detail')


# ---- servers that are wrong ----

WRONG = {
    'nested': b'*1\r\n' * 50 + b':1\r\n', 'a list': b'*2\r\n$1\r\na\r\n$1\r\nb\r\n', 'giant': b'$536870911\r\n' + b'x' * 100000,
    'endless': b'+' + b'x' * 1000000, 'http': b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', 'half': b'$20\r\nloca',
    'nothing': b'', 'resp3': b'%1\r\n+a\r\n+b\r\n', 'too many': b'$-1\r\n' * 1000,
    'quotes the command': f"-ERR unknown command 'GET', with args beginning with: '{SECRET}'\r\n".encode(),
}


@pytest.mark.parametrize('ends', [True, False], ids=['and hangs up', 'and waits'])
@pytest.mark.parametrize('wrong', WRONG)
def test_wrong_servers(lab, wrong, ends):
    def handler(connection):
        connection.sock.recv(1000)
        connection.sock.sendall(WRONG[wrong])
        if not ends:
            connection.sock.recv(1)
    one = lab.target(handler)
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}', timeout='300ms'),
                                      {'path': '/echo', 'target': f'tcp://127.0.0.1:{lab.target(targets.echo).port}'}])
    assert opened(lab, endpoint, f'/?token={SECRET}') == (404 if wrong == 'too many' else 503)
    lab.open(endpoint, upgrade={'path': '/echo'}).hang_up()
    keeps_secrets(bridge)


# ---- configuration ----

def test_a_reload_asks_the_new_server(lab, desks, server):
    one, other = server(), server()
    one.set(a=f'127.0.0.1:{desks[0].port}')
    other.set(a=f'127.0.0.1:{desks[1].port}')
    file = lab.folder / 'gateway.yaml'
    bridge, endpoint = begin(lab, [route(f'redis://127.0.0.1:{one.port}')])
    assert opened(lab, endpoint, '/?token=a') == 'one'
    config = {'listeners': [{'address': endpoint.address}], 'routes': [route(f'redis://127.0.0.1:{other.port}')]}
    write(file, config)
    bridge.signal(signal.SIGHUP)
    until(lambda: opened(lab, endpoint, '/?token=a') == 'other', 'the new server')


def test_the_url_is_printed_without_a_password(lab):
    file = lab.folder / 'gateway.yaml'
    write(file, {'listeners': [{'address': '127.0.0.1:0'}],
                 'routes': [route('redis://127.0.0.1:1/2', '/a'), route(f'redis://:{PASSWORD}@127.0.0.1:1', '/b')]})
    status, out, error = run('--print-config', '--config', file)
    assert (status, error) == (0, '')
    assert 'url: redis://127.0.0.1:1/2' in out or 'url: "redis://127.0.0.1:1/2"' in out
    assert PASSWORD not in out and '${WSLUICE_ROUTES_1_TOKENS_REDIS_URL}' in out


# ---- the quick command line ----

@pytest.fixture(name='desk')
def fixture_desk(lab, server):
    """A server with keys of each form, and what each one means to websockify."""
    one = server('--requirepass', PASSWORD, password=PASSWORD)
    port = lab.target(says('one')).port
    one.set(**{'json': f'{{"host":"127.0.0.1:{port}"}}', 'plain': f'127.0.0.1:{port}', 'desks:in': f'127.0.0.1:{port}',
               'a:b:in': f'127.0.0.1:{port}', 'bad': 'no target', 'broken': '{"host"', 'other': '{"desk":"127.0.0.1:1"}'})
    with one.client() as client:
        client.execute_command('SELECT', 2)
        client.execute_command('SET', 'second', f'127.0.0.1:{port}')
    return one


FORMS = {
    '{host}:{port}::{password}': {'json', 'plain', 'desks:in', 'a:b:in'},
    '"{host}":"{port}":"":"{password}":""': {'json', 'plain', 'desks:in', 'a:b:in'},
    '{host}:{port}:2:{password}': {'second'},
    '{host}:{port}::{password}:desks': {'in'},
    '{host}:{port}::{password}:"a:b"': {'in'},
}


@pytest.mark.parametrize('prefix', PREFIXES)
@pytest.mark.parametrize('form', FORMS)
def test_sources_of_the_quick_line(lab, desk, form, prefix):
    source = form.format(host='localhost', port=desk.port, password=PASSWORD)
    bridge = lab.start('--token-plugin', prefix + 'TokenRedis', '--token-source', source, '127.0.0.1:0')
    tokens = ('json', 'plain', 'desks:in', 'a:b:in', 'in', 'second', 'bad', 'broken', 'other', 'nobody')
    assert {token for token in tokens if opened(lab, bridge, f'/?token={token}') == 'one'} == FORMS[form]
    keeps_secrets(bridge)
    desk.stop()


def test_the_quick_line_as_a_file(tmp_path):
    line = ['--token-plugin=TokenRedis', '--token-source=desk:7000:3::desks', '--print-config', '6080']
    status, out, error = run(*line)
    assert (status, error) == (0, '')
    assert 'redis://desk:7000/3' in out and 'prefix: "desks:"' in out
    file = tmp_path / 'gateway.yaml'
    file.write_text(out)
    assert run('check', '--syntax', file)[0] == 0


@needs_the_real_one
@pytest.mark.skipif(not importlib.util.find_spec('simplejson'), reason='python3-simplejson is not installed')
@pytest.mark.parametrize('prefix', PREFIXES)
def test_beside_the_real_websockify(lab, server, prefix):
    """Debian 12's takes HOST:PORT and JSON alone; ours takes all that later ones take."""
    one = server()
    port = lab.target(says('one')).port
    one.set(**{'json': f'{{"host":"127.0.0.1:{port}"}}', 'bad': 'no target',
               'broken': '{"host"', 'other': '{"desk":"127.0.0.1:1"}', 'empty': ''})
    words = ['--token-plugin', prefix + 'TokenRedis', '--token-source', f'127.0.0.1:{one.port}']
    ours, theirs = lab.start(*words, '127.0.0.1:0'), Real(lab, *words, 'LISTEN')
    tokens = ('json', 'bad', 'broken', 'other', 'empty', 'nobody')
    verdicts = [{token: target_of(lab, bridge, token) for token in tokens} for bridge in (ours, theirs)]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]['json'] == 'one' and set(verdicts[0].values()) == {'one', None}
    one.stop()


# ---- what users paste, and check ----

def test_the_recipe(lab, desks, server):
    one = server()
    (_, config), (_, commands) = recipe('Tokens in Redis')
    text = replaced(config, listen=(':6080', '127.0.0.1:0'), server=('127.0.0.1:6379', f'127.0.0.1:{one.port}'),
                    permit=('10.0.0.0/8:5900-5999', '127.0.0.0/8:*'))
    shell = replaced(commands, cli=('redis-cli', f'redis-cli -p {one.port}'), target=('10.0.0.5:5900', f'127.0.0.1:{desks[0].port}'))
    subprocess.run(['sh', '-ec', shell], env={**os.environ, 'REDIS_PASSWORD': PASSWORD}, check=True)
    file = lab.folder / 'recipe.yaml'
    file.write_text(text)
    bridge = lab.start('--config', file, env={'REDIS_PASSWORD': PASSWORD})
    assert opened(lab, bridge, '/websockify?token=8uFbcR2q') == 'one'
    assert opened(lab, bridge, '/websockify?token=8uFbcR2') == 404
    keeps_secrets(bridge)
    one.stop()


def check_connect(lab, *routes):
    file = write(lab.folder / 'checked.yaml', {'listeners': [{'address': '127.0.0.1:1'}], 'routes': list(routes)})
    return run('check', '--connect', file)


def test_check_asks_the_server(lab, server, certs):
    open_one, closed, tls = server(), server('--requirepass', PASSWORD, password=PASSWORD), \
        server('--tls-auth-clients', 'no', tls=(certs.ec, certs.ec_key, certs.ca))
    status, out, error = check_connect(lab, route(f'redis://127.0.0.1:{open_one.port}', '/a'),
                                       route(f'redis://127.0.0.1:{closed.port}', '/b', password=PASSWORD),
                                       route(f'rediss://localhost:{tls.port}', '/c', ca=certs.ca))
    assert (status, error) == (0, ''), error
    for one, host in ((open_one, '127.0.0.1'), (closed, '127.0.0.1'), (tls, 'localhost')):
        assert f'redis {host}:{one.port}: answers' in out
    status, out, error = check_connect(lab, route(f'redis://127.0.0.1:{closed.port}', '/b', password='wrong-secret'),
                                       route(f'rediss://localhost:{tls.port}', '/c'),
                                       route('redis://127.0.0.1:1', '/d'))
    assert status == 1
    for words in ('routes[0].tokens.redis', 'WRONGPASS', 'routes[1].tokens.redis', 'certificate', 'Connection refused'):
        assert words in error, error
    assert PASSWORD not in out + error and 'wrong-secret' not in out + error
