"""Keys of tickets behind a URL: JWK Sets as identity providers publish them, which rotate, fail, and are attacked."""
import json
import pathlib
import shutil
import ssl
import subprocess
import time

import pytest
from gateway import ANY, PROXIED, ask, get, reload, start, there, write
from lab import run
from services import Service, kept, response
from test_tickets import bearer, status
from wire import request, until

jwt = pytest.importorskip('jwt')
algorithms = pytest.importorskip('jwt.algorithms')
rsa = pytest.importorskip('cryptography.hazmat.primitives.asymmetric.rsa')
ec = pytest.importorskip('cryptography.hazmat.primitives.asymmetric.ec')
HERE = pathlib.Path(__file__).parent
FAST = {'interval': '100ms', 'timeout': '20s'}


class Provider:
    """An identity provider with PyJWT: keys by their kid, and an answer that the test may replace."""

    def __init__(self):
        self.keys, self.published, self.fields, self.answer = {}, [], {}, None

    def make(self, kid, algorithm='ES256', publish=True):
        private = (ec.generate_private_key(ec.SECP256R1()) if algorithm == 'ES256'
                   else rsa.generate_private_key(public_exponent=65537, key_size=2048))
        kind = algorithms.ECAlgorithm if algorithm == 'ES256' else algorithms.RSAAlgorithm
        public = {**json.loads(kind.to_jwk(private.public_key())), 'use': 'sig', 'alg': algorithm}
        self.keys[kid] = private, algorithm
        if publish:
            self.published.append({**public, 'kid': kid} if kid else public)
        return {**public, 'kid': kid}

    def ticket(self, kid, seconds=60, header=None, **claims):
        private, algorithm = self.keys[kid]
        named = {'kid': kid} if kid else {}
        return jwt.encode({'sub': 'ann', 'exp': int(time.time()) + seconds, **claims}, private, algorithm=algorithm,
                          headers={**named, **(header or {})})

    def __call__(self, request):
        if self.answer:
            return self.answer(request)
        return response(200, json.dumps({'keys': self.published}), self.fields)


@pytest.fixture(name='provider')
def make_provider():
    return Provider()


def guarded(lab, provider, listeners=({'address': ANY},), *, tls=None, key=None, **options):
    """A bridge whose route takes the provider's tickets, and the service."""
    service = Service(provider)
    target = lab.target(service, context=tls)
    url = f'{"https" if tls else "http"}://127.0.0.1:{target.port}/jwks.json'
    method = {'ticket': {'key': {'url': url, **FAST, **(key or {})}, **options}}
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [method]}], listeners)
    return bridge, service


def test_a_set_of_an_identity_provider(lab, provider):
    """It is fetched with the first ticket, once, and for all workers."""
    provider.make('one')
    provider.make('two', 'RS256')
    bridge, service = guarded(lab, provider)
    assert not service.requests
    assert status(lab, bridge, provider.ticket('one')) == 101
    assert status(lab, bridge, provider.ticket('two')) == 101
    assert bridge.session(user='ann', route='/desk')
    assert status(lab, bridge, provider.ticket('one', -60)) == 401
    assert [status(lab, bridge, provider.ticket('one')) for _ in range(8)] == [101] * 8
    assert len(service.requests) == 1
    assert service.requests[0].target == '/jwks.json' and service.requests[0].fields['accept'] == 'application/json'


def test_a_key_that_is_new(lab, provider):
    """A ticket that names an unknown key is worth a fetch."""
    provider.make('old')
    bridge, service = guarded(lab, provider)
    assert status(lab, bridge, provider.ticket('old')) == 101
    provider.make('new')
    until(lambda: status(lab, bridge, provider.ticket('new')) == 101, 'the new key')
    assert status(lab, bridge, provider.ticket('old')) == 101
    fetched = len(service.requests)
    assert fetched == 2
    del provider.published[0]
    assert status(lab, bridge, provider.ticket('old')) == 101, 'until its lifetime is over'
    provider.make('third')
    until(lambda: status(lab, bridge, provider.ticket('third')) == 101, 'the third key')
    assert status(lab, bridge, provider.ticket('old')) == 401, 'a set replaces the one before'


def test_a_key_that_is_withdrawn(lab, provider):
    """A lifetime that is over: the next ticket waits for the keys of now."""
    provider.make('old')
    provider.make('new')
    provider.fields = kept(1)
    bridge, service = guarded(lab, provider, key={'cache': '1s'})
    assert status(lab, bridge, provider.ticket('old')) == 101
    del provider.published[0]
    until(lambda: status(lab, bridge, provider.ticket('old')) == 401, 'the old key is gone')
    assert status(lab, bridge, provider.ticket('new')) == 101


def test_a_flood_of_unknown_keys(lab, provider):
    """One fetch in an interval; those who have a known key do not wait."""
    provider.make('one')
    bridge, service = guarded(lab, provider, key={'interval': '1h'})
    assert status(lab, bridge, provider.ticket('one')) == 101
    provider.make('unknown', publish=False)
    token = provider.ticket('unknown')
    for index in range(100):
        forged = token if index % 2 else provider.ticket('unknown', header={'kid': f'kid{index}'})
        assert status(lab, bridge, forged) == 401
    assert bridge.session(reason='auth_failed')['detail'] == 'no key has the kid of the ticket'
    assert len(service.requests) == 1
    assert status(lab, bridge, provider.ticket('one')) == 101


def test_one_fetch_for_all_who_wait(lab, provider):
    """Of all workers; the service answers late."""
    provider.make('one')
    held, good = [], response(200, json.dumps({'keys': provider.published}))

    def late(asked):
        held.append(asked)
        until(lambda: len(held) > 1, 'the test lets it go')
        return good
    provider.answer = late
    bridge, service = guarded(lab, provider)
    clients = [lab.connect(bridge) for _ in range(12)]
    for client in clients:
        client.send(request('/desk', fields=bearer(provider.ticket('one'))))
    gone = lab.connect(bridge)
    gone.send(request('/desk', fields=bearer(provider.ticket('one'))))
    until(lambda: held, 'the request for the keys')
    gone.reset()
    assert get(lab, bridge, '/nothing').status == 404, 'nothing waits but these'
    held.append('go')
    assert [client.answer().status for client in clients] == [101] * 12
    assert len(service.requests) == 1
    for client in clients:
        client.hang_up()


# ---- failures ----

def test_a_service_that_is_not_there_yet(lab, provider):
    """It may be started later than wsluice."""
    provider.make('one')
    down = True
    provider.answer = lambda asked: None if down else response(200, json.dumps({'keys': provider.published}))
    bridge, service = guarded(lab, provider)
    answer = ask(lab, bridge, '/desk', fields=bearer(provider.ticket('one')))
    assert answer.status == 503 and answer.fields['retry-after'] == '1'
    assert '127.0.0.1' in bridge.session(reason='auth_unavailable')['detail']
    until(lambda: 'no ticket is valid until they are there' in bridge.text, lambda: bridge.text)
    down = False
    until(lambda: status(lab, bridge, provider.ticket('one')) == 101, 'it is there')
    until(lambda: 'fetched again' in bridge.text, lambda: bridge.text)


def test_nobody_listens(lab, provider):
    provider.make('one')
    with_nobody = {'url': f'unix:{lab.folder}/nobody:/jwks', **FAST}
    desk = {'path': '/desk', 'target': there(lab.target()), 'auth': [{'ticket': {'key': with_nobody}}]}
    bridge = start(lab, [desk])
    assert [status(lab, bridge, provider.ticket('one')) for _ in range(3)] == [503] * 3
    assert ask(lab, bridge, '/desk').status == 401, 'no ticket needs no key'


def test_the_old_keys_stay(lab, provider):
    provider.make('one')
    provider.make('other', publish=False)
    bridge, service = guarded(lab, provider, key={'cache': '1s'})
    assert status(lab, bridge, provider.ticket('one')) == 101
    provider.answer = lambda asked: response(500)
    asked = len(service.requests)
    until(lambda: status(lab, bridge, provider.ticket('one')) == 101 and len(service.requests) >= asked + 3, 'more fetches')
    until(lambda: 'the keys of before stay in use' in bridge.text, lambda: bridge.text)
    assert bridge.text.count('the answer has status 500') == 1, 'each problem is logged once'
    assert status(lab, bridge, provider.ticket('other')) == 401
    reload(bridge)
    assert status(lab, bridge, provider.ticket('one')) == 101, 'over a reload as well'


BROKEN = {
    'an error page': lambda keys: response(200, '<html>' + 'x' * 64),
    'a PEM file': lambda keys: response(200, '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
    'half of it': lambda keys: response(200, json.dumps({'keys': keys})[:-9]),
    'an empty set': lambda keys: response(200, '{"keys": []}'),
    'another document': lambda keys: response(200, '{"issuer": "https://id.example.com"}'),
    'a secret': lambda keys: response(200, json.dumps({'keys': [{'kty': 'oct', 'alg': 'HS256', 'k': 'a' * 64}, *keys]})),
    'many keys': lambda keys: response(200, json.dumps({'keys': keys * 65})),
    'deep': lambda keys: response(200, '{"keys":' + '[' * 5000 + ']' * 5000 + '}'),
    'too large': lambda keys: response(200, json.dumps({'keys': keys, 'x': 'y' * (256 << 10)})),
    'endless': lambda keys: b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' + b'10000\r\n' + b'x' * 65536 + b'\r\n' + (
        b'10000\r\n' + b' ' * 65536 + b'\r\n') * 8,
    'a redirect': lambda keys: response(302, fields={'Location': '/other'}),
    'a status': lambda keys: response(404, json.dumps({'keys': keys})),
    'no HTTP': lambda keys: b'SSH-2.0-OpenSSH\r\n',
    'nothing': lambda keys: None,
}


@pytest.mark.parametrize('name', BROKEN)
def test_answers_without_keys(lab, provider, name):
    """None of them lets anybody in, and all of it works once the keys are there."""
    provider.make('one')
    provider.answer = lambda asked: BROKEN[name](provider.published)
    bridge, service = guarded(lab, provider)
    assert status(lab, bridge, provider.ticket('one')) == 503
    for forged in ('a' * 64, '<html>' + 'x' * 64):
        token = jwt.encode({'sub': 'eve', 'exp': int(time.time()) + 60}, forged, algorithm='HS256')
        assert status(lab, bridge, token) in (401, 503)
    provider.answer = None
    until(lambda: status(lab, bridge, provider.ticket('one')) == 101, lambda: f'{len(service.requests)} requests\n{bridge.text[-3000:]}')


def test_a_set_with_keys_that_are_none_of_ours(lab, provider):
    """They are skipped, as RFC 7517 says."""
    provider.published.append({'kty': 'RSA', 'use': 'enc', 'alg': 'RSA-OAEP', 'n': 'AQAB', 'e': 'AQAB', 'kid': 'enc'})
    provider.make('one')
    bridge, _ = guarded(lab, provider)
    assert status(lab, bridge, provider.ticket('one')) == 101
    until(lambda: 'a key of the set is skipped' in bridge.text, lambda: bridge.text)


def test_a_slow_service(lab, provider):
    """A ticket waits as long as timeout says, and no other request with it."""
    provider.make('one')
    stop = []
    provider.answer = lambda asked: until(lambda: stop, 'the end of the test') and None
    bridge, service = guarded(lab, provider, key={'timeout': '200ms', 'interval': '1h'})
    assert status(lab, bridge, provider.ticket('one')) == 503
    assert [status(lab, bridge, provider.ticket('one')) for _ in range(20)] == [503] * 20, 'at once'
    assert len(service.requests) <= 1
    answer = ask(lab, bridge, '/desk', fields=bearer(provider.ticket('one')))
    assert 3000 < int(answer.fields['retry-after']) <= 3600
    stop.append(True)


# ---- TLS, Unix sockets ----

def test_over_tls(lab, certs, provider):
    provider.make('one')
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certs.ec, certs.ec_key)
    bridge, service = guarded(lab, provider, tls=context, key={'ca': certs.ca})
    assert status(lab, bridge, provider.ticket('one')) == 101
    fake = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    fake.load_cert_chain(certs.fake, certs.fake_key)
    bridge, service = guarded(lab, provider, tls=fake, key={'ca': certs.ca})
    assert status(lab, bridge, provider.ticket('one')) == 503
    assert not service.requests
    bridge, service = guarded(lab, provider, tls=context)
    assert status(lab, bridge, provider.ticket('one')) == 503, 'the system does not know that CA'


def test_over_a_unix_socket(lab, provider):
    provider.make('one')
    service = lab.unix_target(Service(provider))
    key = {'url': f'unix:{service.path}:/jwks', **FAST}
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [{'ticket': {'key': key}}]}])
    assert status(lab, bridge, provider.ticket('one')) == 101


# ---- the rest of the method ----

def test_single_use_and_another_method(lab, provider):
    provider.make('one')
    bridge, _ = guarded(lab, provider, single_use=True)
    token = provider.ticket('one', jti='once')
    assert [status(lab, bridge, token) for _ in range(2)] == [101, 401]

    other = Service(provider)
    key = {'url': f'http://127.0.0.1:{lab.target(other).port}/', **FAST}
    desk = {'path': '/desk', 'target': there(lab.target()), 'satisfy': 'any',
            'auth': [{'ticket': {'key': key}}, {'header': 'X-User'}]}
    bridge = start(lab, [desk], PROXIED, file='other.yaml')
    assert ask(lab, bridge, '/desk', fields={'X-User': 'bob'}).status == 101
    assert status(lab, bridge, provider.ticket('one')) == 101
    assert bridge.session(user='bob') and bridge.session(user='ann')


def test_keys_of_a_listener(lab, provider):
    """One set for its routes, and for those of another listener."""
    provider.make('one')
    service = Service(provider)
    key = {'url': f'http://127.0.0.1:{lab.target(service).port}/', **FAST}
    method = {'ticket': {'key': key}}
    desks = [{'path': path, 'target': there(lab.target())} for path in ('/desk', '/shell')]
    bridge = start(lab, desks, ({'address': ANY, 'auth': [method]}, {'address': ANY, 'auth': [method]}))
    for endpoint in bridge.endpoints:
        for path in ('/desk', '/shell'):
            assert status(lab, endpoint, provider.ticket('one'), path) == 101
            assert ask(lab, endpoint, path).status == 401
    assert len(service.requests) == 1


def test_in_the_sandbox(lab, provider):
    provider.make('one')
    service = Service(provider)
    key = {'url': f'http://127.0.0.1:{lab.target(service).port}/', **FAST}
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [{'ticket': {'key': key}}]}], sandbox='auto')
    assert status(lab, bridge, provider.ticket('one')) == 101


WRONG = {
    'from another machine': ({'url': 'http://id.example.com/jwks'}, 'keys that come over http:// from another machine'),
    'a name that looks local': ({'url': 'http://127.0.0.1.example.com/jwks'}, 'keys that come over http://'),
    'a secret algorithm': ({'url': 'https://id.example.com/jwks', 'algorithm': 'HS256'}, 'the keys of a URL are public'),
    'two sources': ({'url': 'https://id.example.com/jwks', 'file': 'ticket.key'}, 'there is a file as well'),
    'no source': ({'algorithm': 'ES256'}, 'has neither file nor url'),
    'an authority of a file': ({'file': 'ticket.key', 'algorithm': 'HS256', 'ca': 'ca.pem'}, 'has no effect without url'),
    'no URL': ({'url': 'id.example.com'}, 'must be'),
}


@pytest.mark.parametrize('name', WRONG)
def test_a_wrong_configuration(lab, name):
    key, message = WRONG[name]
    (lab.folder / 'ticket.key').write_text('k' * 40)
    file = write(lab.folder / 'gateway.yaml', {
        'listeners': [ANY], 'routes': [{'path': '/desk', 'target': 'tcp://127.0.0.1:1', 'auth': [{'ticket': {'key': key}}]}]})
    code, out, error = run('check', file)
    assert code == 1 and message in out + error, error


def test_check(lab, certs):
    key = {'url': 'https://id.example.com/jwks', 'ca': certs.ca}
    config = {'listeners': [ANY], 'routes': [
        {'path': '/desk', 'target': 'tcp://127.0.0.1:1', 'auth': [{'ticket': {'key': key}}]}]}
    file = write(lab.folder / 'gateway.yaml', config)
    code, out, error = run('check', file)
    assert code == 0 and 'ticket keys https://id.example.com/jwks: asked over HTTP' in out, error
    key['ca'] = 'missing.pem'
    write(file, config)
    code, out, error = run('check', file)
    assert code == 1 and 'routes[0].auth[0].ticket.key.ca' in out + error


@pytest.mark.skipif(not shutil.which('node'), reason='no node')
@pytest.mark.parametrize('algorithm', ['RS256', 'PS384', 'ES512', 'EdDSA'])
def test_a_set_of_jose(lab, provider, algorithm):
    made = subprocess.run(['node', 'tickets.mjs', algorithm, json.dumps({'sub': 'ann', 'exp': int(time.time()) + 60})],
                          cwd=HERE, capture_output=True, text=True, check=True)
    made = json.loads(made.stdout)
    provider.published = json.loads(made['key'])['keys']
    bridge, _ = guarded(lab, provider)
    assert status(lab, bridge, made['ticket']) == 101
