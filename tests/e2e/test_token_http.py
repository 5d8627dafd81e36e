"""tokens.http: a service of the administrator says where a token leads to; what it answers, and how it fails."""
import base64
import json
import socket
import threading
import time

import pytest
import targets
from gateway import ANY, PROXIED, ask, reload, start, write
from lab import run
from services import Service, kept, response
from test_tokens import opened, says
from wire import BINARY, frame, request, time_passes, until

TOKEN = 's3cr3t-t0k3n'


def served(lab, answer, *, tls=None, url='/desk?name={token}', options=None, tokens=None, listeners=({'address': ANY},),
           workers=2, **route):
    """A bridge whose tokens a service finds, and the service."""
    service = Service(answer)
    target = lab.target(service, context=tls)
    address = f'{"https" if tls else "http"}://127.0.0.1:{target.port}{url}'
    tokens = {'http': {'url': address, **(options or {})}, 'permit': 'any', **(tokens or {})}
    bridge = start(lab, [{'path': '/*', 'tokens': tokens, **route}], listeners, workers=workers)
    return bridge, service


def asking(lab, http):
    """A bridge with this option `http`."""
    return start(lab, [{'path': '/*', 'tokens': {'permit': 'any', 'http': http}}])


def at(target):
    return f'127.0.0.1:{target.port}'


def go(lab, bridge, token=TOKEN, **how):
    return opened(lab, bridge, f'/?token={token}', **how)


# ---- the request ----

def test_what_the_service_is_told(lab):
    desk = lab.target(says('desk'))
    bridge, service = served(lab, lambda request: response(200, at(desk)), listeners=PROXIED)
    fields = {'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'evil.example',
              'Remote-User': 'root', 'Origin': 'https://desk.example', 'Host': 'desk.example', 'Cookie': 'a=b'}
    assert opened(lab, bridge, '/?token=a%2Fb%26c%3D%C3%A9%20%0D%0Ax', fields=fields) == 'desk'
    asked = service.requests[0]
    assert (asked.method, asked.version) == ('GET', 'HTTP/1.1')
    assert asked.target == '/desk?name=a%2Fb%26c%3D%C3%A9%20%0D%0Ax'
    assert asked.all('X-Forwarded-For') == ['203.0.113.9'] and asked.all('X-Forwarded-Proto') == ['https']
    assert asked.all('X-Forwarded-Host') == ['desk.example'] and asked.all('Origin') == ['https://desk.example']
    assert not asked.all('Remote-User') and not asked.all('Cookie'), 'nothing that the client made up, no credentials'


@pytest.mark.parametrize('token', ['.', '..', '%2E%2E'])
def test_tokens_that_would_change_the_path(lab, token):
    bridge, service = served(lab, lambda request: response(200, '127.0.0.1:1'), url='/desks/{token}')
    assert go(lab, bridge, token) == 404
    assert not service.requests


def test_connections_are_used_again(lab):
    desk = lab.target(says('desk'))
    bridge, service = served(lab, lambda request: response(200, at(desk)), workers=1)
    for number in range(5):
        assert go(lab, bridge, f't{number}') == 'desk'
    assert (len(service.requests), service.connections) == (5, 1)


def test_a_service_that_closes_each_connection(lab):
    desk = lab.target(says('desk'))
    bridge, service = served(lab, lambda request: response(200, at(desk), {'Connection': 'close'}), workers=1)
    assert [go(lab, bridge) for _ in range(3)] == ['desk'] * 3
    assert service.connections == 3


def test_https(lab, certs):
    desk = lab.target(says('desk'))
    context = certs.server_context(certs.ec, certs.ec_key)
    bridge, service = served(lab, lambda request: response(200, at(desk)), tls=context, options={'ca': certs.ca})
    assert [go(lab, bridge), go(lab, bridge)] == ['desk'] * 2
    other = certs.server_context(certs.other, certs.other_key)
    bridge, service = served(lab, lambda request: response(200, at(desk)), tls=other, options={'ca': certs.ca})
    assert go(lab, bridge) == 503, 'a certificate of another host'
    assert not service.requests and 'mismatch' in bridge.session(reason='token_source')['detail']


def test_a_unix_socket(lab):
    desk, service = lab.target(says('desk')), Service(lambda request: response(200, at(desk)))
    there = lab.unix_target(service)
    bridge = asking(lab, f'unix:{there.path}:/desk/{{token}}')
    assert go(lab, bridge) == 'desk'
    assert service.requests[0].target == f'/desk/{TOKEN}' and service.requests[0].fields['host'] == 'localhost'


# ---- answers ----

@pytest.mark.parametrize('form', ['{host}:{port}\n', '{{"host": "{host}", "port": {port}}}',
                                  '{{"host": "{host}", "port": "{port}"}}', '{{"target": "tcp://{host}:{port}"}}'])
def test_forms(lab, form):
    desk = lab.target(says('desk'))
    bridge, _ = served(lab, lambda request: response(200, form.format(host='127.0.0.1', port=desk.port)))
    assert go(lab, bridge) == 'desk'


def test_chunked_and_until_close(lab):
    desk = lab.target(says('desk'))
    text = at(desk)
    answers = [b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n' % (len(text), text.encode()),
               b'HTTP/1.0 200 OK\r\n\r\n' + text.encode(),
               b'HTTP/1.1 100 Continue\r\n\r\n' + response(200, text)]
    bridge, _ = served(lab, lambda request: answers.pop(0))
    assert [go(lab, bridge) for _ in range(3)] == ['desk'] * 3


@pytest.mark.parametrize('status, expected, reason', [
    (404, 404, 'token_unknown'), (410, 404, 'token_unknown'), (403, 403, 'token_refused'), (401, 503, 'token_source'),
    (204, 503, 'token_source'), (301, 503, 'token_source'), (302, 503, 'token_source'), (500, 503, 'token_source'),
    (503, 503, 'token_source')])
def test_statuses(lab, status, expected, reason):
    """A redirect is not followed: it could lead to a service that nobody has configured."""
    trap = lab.target(targets.hold)
    bridge, service = served(lab, lambda request: response(status, b'' if status == 204 else b'<html>no</html>',
                                                           {'Location': f'http://127.0.0.1:{trap.port}/'}))
    answer = ask(lab, bridge, f'/?token={TOKEN}')
    assert answer.status == expected and b'html' not in answer.body
    assert ('retry-after' in answer.fields) == (expected == 503)
    record = bridge.session(reason=reason)
    assert (f'status {status}' in record.get('detail', '')) == (expected == 503)
    assert TOKEN not in bridge.text and not trap.connections and len(service.requests) == 1


WRONG = {
    'nothing': b'', 'html': b'<html></html>', 'no port': b'desk', 'two lines': b'a:1\nb:2', 'JSON that is cut': b'{"host": "a"',
    'a misspelt limit': b'{"target": "127.0.0.1:1", "expire": 5}', 'a member twice': b'{"host":"a","port":1,"port":2}',
    'deep': b'{"a":' * 1000, 'binary': bytes(range(256)), 'too long': b'x' * 20000, 'a port of 0': b'{"host": "a", "port": 0}',
    'a recording without record': b'{"target": "127.0.0.1:1", "record": "x"}',
}


@pytest.mark.parametrize('kind', WRONG)
def test_wrong_answers(lab, kind):
    bridge, _ = served(lab, lambda request: response(200, WRONG[kind]))
    assert go(lab, bridge) == 503
    assert 'the answer ' in bridge.session(reason='token_source')['detail']
    assert TOKEN not in bridge.text


HALF = {
    'no answer': None, 'half a head': b'HTTP/1.1 200 OK\r\nContent-Le', 'half a body': b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n127',
    'half a chunk': b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n127.0', 'another protocol': b'SSH-2.0-OpenSSH_9.2\r\n',
    'two lengths': b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 12\r\n\r\n127.0.0.1:1 ',
    'a length and chunks': b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
}


@pytest.mark.parametrize('kind', HALF)
def test_broken_answers(lab, kind):
    service = Service(lambda request: None)

    def handler(connection):
        connection.read()
        connection.sock.sendall(HALF[kind] or b'')
    target = lab.target(handler)
    bridge = asking(lab, f'http://{at(target)}/{{token}}')
    assert go(lab, bridge) == 503 and not service.requests
    assert 'the answer ' in bridge.session(reason='token_source')['detail']


def test_endless_answers(lab):
    def endless(connection):
        connection.read()
        connection.sock.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        while True:
            connection.sock.sendall(b'1000\r\n' + 4096 * b'x' + b'\r\n')
    target = lab.target(endless)
    bridge = asking(lab, f'http://{at(target)}/{{token}}')
    assert go(lab, bridge) == 503
    assert 'body that is too large' in bridge.session(reason='token_source')['detail']


def drip(connection):
    """A byte of the head now and then, for ever."""
    connection.read()
    for byte in b'HTTP/1.1 200 OK\r\nX: ' + 10000 * b'x':
        connection.sock.sendall(bytes([byte]))
        time_passes(0.02)


@pytest.mark.parametrize('handler', [targets.hold, drip])
def test_late_answers(lab, handler):
    target = lab.target(handler)
    bridge = asking(lab, {'url': f'http://{at(target)}/{{token}}', 'timeout': '300ms'})
    began = time.monotonic()
    answer = ask(lab, bridge, f'/?token={TOKEN}')
    assert answer.status == 503 and 0.2 < time.monotonic() - began < 3 and 'retry-after' in answer.fields
    assert 'no answer in time' in bridge.session(reason='token_source')['detail']


def test_a_dead_service(lab):
    target = lab.target()
    url = f'http://{at(target)}/{{token}}'
    target.close()
    bridge = asking(lab, url)
    assert go(lab, bridge) == 503
    assert 'refused' in bridge.session(reason='token_source')['detail']


def test_a_client_that_leaves(lab):
    target = lab.target(targets.hold)
    bridge = asking(lab, f'http://{at(target)}/{{token}}')
    client = lab.connect(bridge)
    client.send(request(f'/?token={TOKEN}'))
    connection = target.connection()
    client.hang_up()
    connection.read_all()
    assert connection.saw_eof.is_set() and TOKEN.encode() in connection.received


def test_a_service_that_is_restarted(lab):
    desk = lab.target(says('desk'))
    service = Service(lambda request: response(200, at(desk)))
    first = lab.target(service)
    bridge = asking(lab, f'http://{at(first)}/{{token}}')
    assert go(lab, bridge) == 'desk'
    address = first.sock.getsockname()
    first.close()
    assert go(lab, bridge) == 503
    again = socket.create_server(address)
    lab.target(service, sock=again)
    assert go(lab, bridge) == 'desk'


# ---- one flight, and the cache ----

def test_one_flight(lab):
    """Clients with the same token cost one request at a time, also on several workers."""
    desk, gate = lab.target(says('desk')), threading.Event()

    def answer(request):
        gate.wait(10)
        return response(200, at(desk))
    bridge, service = served(lab, answer, workers=4)
    clients = [lab.connect(bridge) for _ in range(12)]
    for client in clients:
        client.send(request(f'/?token={TOKEN}'))
    other = lab.connect(bridge)
    other.send(request('/?token=other'))
    until(lambda: len(service.requests) == 2, lambda: f'{len(service.requests)} requests')
    bridge.rests()
    assert len(service.requests) == 2
    clients.pop().hang_up()
    gate.set()
    for client in [*clients, other]:
        assert client.answer().status == 101
    assert len(service.requests) == 2
    for client in [*clients, other]:
        client.hang_up()


@pytest.mark.parametrize('fields, options, requests', [
    (kept(60), None, 1), ({}, None, 3), (kept(0), None, 3), ({'Cache-Control': 'no-store, max-age=60'}, None, 3),
    ({'Cache-Control': 'private, max-age=60'}, None, 3), (kept(60), {'cache': 'off'}, 3),
    ({**kept(60), 'Vary': 'X-Forwarded-For'}, None, 3)])
def test_caching(lab, fields, options, requests):
    desk = lab.target(says('desk'))
    bridge, service = served(lab, lambda request: response(200, at(desk), fields), options=options)
    assert [go(lab, bridge) for _ in range(3)] == ['desk'] * 3
    assert len(service.requests) == requests
    assert go(lab, bridge, 'other') == 'desk'
    assert len(service.requests) == requests + 1


def test_refusals_are_kept_as_well(lab):
    bridge, service = served(lab, lambda request: response(404, b'', kept(60)))
    assert [go(lab, bridge), go(lab, bridge)] == [404, 404]
    assert len(service.requests) == 1
    bridge, service = served(lab, lambda request: response(500, b'', kept(60)))
    assert [go(lab, bridge), go(lab, bridge)] == [503, 503]
    assert len(service.requests) == 2, 'a failure is not'


def test_a_lifetime_that_is_over(lab):
    desk = lab.target(says('desk'))
    bridge, service = served(lab, lambda request: response(200, at(desk), kept(1)))
    assert go(lab, bridge) == 'desk'
    time_passes(1.1)
    assert go(lab, bridge) == 'desk' and len(service.requests) == 2


def test_a_reload_forgets(lab):
    one, other = lab.target(says('one')), lab.target(says('other'))
    where = [one]
    bridge, service = served(lab, lambda request: response(200, at(where[0]), kept(60)))
    assert go(lab, bridge) == 'one'
    where[0] = other
    assert go(lab, bridge) == 'one'
    assert len(service.requests) == 1
    reload(bridge)
    assert go(lab, bridge) == 'other' and len(service.requests) == 2


# ---- what an answer says of the session ----

def test_a_preamble(lab):
    """It reaches the target first, before what the client sends, and after the PROXY header."""
    desk = lab.target(targets.sink)
    preamble = b'CONNECT /console?ref=1 HTTP/1.0\r\n\r\n'
    body = json.dumps({'target': at(desk), 'preamble': base64.b64encode(preamble).decode()})
    bridge, _ = served(lab, lambda request: response(200, body))
    client = lab.connect(bridge)
    client.send(request(f'/?token={TOKEN}') + frame(BINARY, b'first'))
    assert client.answer().status == 101
    client.binary(b' second')
    until(lambda: desk.connection().received == preamble + b'first second', lambda: bytes(desk.connection().received))
    client.hang_up()


def test_tls_to_the_target(lab, certs):
    context = certs.server_context(certs.ec, certs.ec_key)
    secure, plain, received = lab.target(says('secure'), context=context), lab.target(says('plain')), []

    def first(connection):
        received.append(connection.read())
        connection.sock.sendall(b'late')
        targets.echo(connection)
    greeted = lab.target(first, context=context)
    preamble = base64.b64encode(b'hello').decode()
    answers = {
        'plain': {'target': at(plain)},
        'tls': {'target': f'tls://{at(secure)}'},
        'named': {'target': at(secure), 'tls': {'server_name': 'localhost'}},
        'wrong': {'target': at(secure), 'tls': {'server_name': 'elsewhere.example'}},
        'greeted': {'target': f'tls://{at(greeted)}', 'preamble': preamble},
    }
    bridge, _ = served(lab, lambda request: response(200, json.dumps(answers[request.target.split('=')[1]])),
                       tokens={'ca': certs.ca})
    assert go(lab, bridge, 'plain') == 'plain'
    assert go(lab, bridge, 'tls') == 'secure'
    assert go(lab, bridge, 'named') == 'secure'
    assert go(lab, bridge, 'wrong') == 502
    assert go(lab, bridge, 'greeted') == 'late' and received == [b'hello']


@pytest.mark.parametrize('terms, reason', [
    ({'max_duration': 1}, 'duration_limit'), ({'idle_timeout': 1}, 'idle_timeout'), ({'expires': None}, 'duration_limit')])
def test_limits(lab, terms, reason):
    desk = lab.target()
    if 'expires' in terms:
        terms = {'expires': int(time.time()) + 2}
    bridge, _ = served(lab, lambda request: response(200, json.dumps({'target': at(desk), 'user': 'ann', **terms})))
    client = lab.connect(bridge)
    client.send(request(f'/?token={TOKEN}'))
    assert client.answer().status == 101
    assert client.frame()[0] == 8
    client.hang_up()
    assert bridge.session(reason=reason)['user'] == 'ann'


@pytest.mark.parametrize('ago', [0, 1, 10 ** 9])
def test_an_answer_whose_time_is_over(lab, ago):
    """It may have been kept, here or in a database: no byte of the client's reaches the target."""
    desk = lab.target(targets.sink)
    body = json.dumps({'target': at(desk), 'expires': int(time.time()) - ago})
    bridge, _ = served(lab, lambda request: response(200, body))
    client = lab.connect(bridge)
    client.send(request(f'/?token={TOKEN}') + frame(BINARY, b'first'))
    assert client.answer().status == 403
    client.hang_up()
    assert 'expires' in bridge.session(reason='token_refused')['detail'] and not desk.connections


def test_the_route_has_the_shorter_limit(lab):
    desk = lab.target()
    bridge, _ = served(lab, lambda request: response(200, json.dumps({'target': at(desk), 'max_duration': '1h'})),
                       max_duration='1s')
    client = lab.connect(bridge)
    client.send(request(f'/?token={TOKEN}'))
    assert client.answer().status == 101 and client.frame()[0] == 8
    client.hang_up()


def test_a_recording_with_a_name(lab):
    desk = lab.target(says('desk'))
    body = json.dumps({'target': at(desk), 'record': 'ann-7'})
    bridge, _ = served(lab, lambda request: response(200, body), record=str(lab.folder / 'session'))
    assert go(lab, bridge) == 'desk'
    until(lambda: list(lab.folder.glob('session-ann-7.*')), 'a recording with that name')


# ---- the configuration ----

@pytest.mark.parametrize('url', ['http://ann:{}@desk.example/{{token}}', 'https://{}@desk.example/{{token}}',
                                 'http://ann:{}?@desk.example/{{token}}', 'redis://ann:{}@desk.example/{{token}}'])
@pytest.mark.parametrize('form', ['short', 'long'])
def test_a_password_in_the_url_is_not_shown(lab, url, form):
    """It is refused, in a finding that reaches the log at a reload."""
    url = url.format(TOKEN)
    write(lab.folder / 'x.yaml', {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/', 'tokens': {'http': url if form == 'short' else {'url': url}}}]})
    status, out, error = run('check', lab.folder / 'x.yaml')
    assert status == 1 and 'tokens.http' in error and TOKEN not in out + error


def test_check(lab):
    def check(http):
        lab.folder.joinpath('x.yaml').write_text(json.dumps({
            'listeners': [{'address': ANY}], 'routes': [{'path': '/', 'tokens': {'http': http}}]}))
        return run('check', lab.folder / 'x.yaml')
    for http in ('http://127.0.0.1:9/{token}', {'url': 'https://desk.example/?t={token}', 'timeout': '2s', 'cache': 'off'}):
        assert check(http)[0] == 0
    for http, words in (('http://127.0.0.1:9/', '{token}'), ('ftp://a/{token}', 'http://HOST'),
                        ('http://u:p@a/{token}', 'user name'), ({'url': 'http://a/{token}', 'timeout': '2h'}, '50ms'),
                        ({'timeout': '2s'}, 'url'), ({'url': 'https://a/{token}', 'ca': '/nowhere.pem'}, '/nowhere.pem')):
        code, *texts = check(http)
        assert code == 1 and words in ''.join(texts)
