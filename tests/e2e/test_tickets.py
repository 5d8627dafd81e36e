"""Tickets: JSON Web Tokens in every place, from the makers that people use, and what attackers make of them."""
import base64
import hashlib
import hmac
import json
import pathlib
import re
import secrets
import shutil
import subprocess
import time

import pytest
from gateway import ANY, PROXIED, ask, get, reload, start, there, write
from lab import BINARY, run
from recipes import folder_for, gateway, recipe, replaced
from services import Service, response
from test_tokens import opened, says
from wire import request, time_passes, until

jwt = pytest.importorskip('jwt')
HERE = pathlib.Path(__file__).parent
KEY = 'an-example-secret-that-is-long-enough-for-HS512-as-well-as-for-the-others'


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b'=').decode()


def claims(seconds=60, **more):
    return {'sub': 'ann', 'exp': int(time.time()) + seconds, **more}


def signed(payload, key=KEY, header=None, digest='sha256'):
    """A token with any header and payload, over HMAC."""
    text = f'{b64(header or {"alg": "HS256", "typ": "JWT"})}.{b64(payload)}'
    return f'{text}.{b64(hmac.new(key.encode(), text.encode(), digest).digest())}'


def ticket(seconds=60, **more):
    return signed(claims(seconds, **more))


def route(lab, path='/desk', **options):
    """A route to an echo with the method `ticket`."""
    (lab.folder / 'ticket.key').write_text(KEY + '\n')
    options = {'key': {'file': str(lab.folder / 'ticket.key'), 'algorithm': 'HS256'}, **options}
    return {'path': path, 'target': there(lab.target()), 'auth': [{'ticket': options}]}


def bearer(token):
    return {'Authorization': f'Bearer {token}'}


def status(lab, endpoint, token, path='/desk'):
    return ask(lab, endpoint, path, fields=bearer(token)).status


# ---- places ----

PLACES = {
    'header': ('header', '/desk', lambda token: bearer(token)),
    'query': ('query:ticket', '/desk?ticket={}&x=1', lambda token: {}),
    'cookie': ('cookie:desk', '/desk', lambda token: {'Cookie': f'a=b; desk={token}'}),
    'another header': ('header:X-Ticket', '/desk', lambda token: {'X-Ticket': token}),
    'subprotocol': ('subprotocol', '/desk', lambda token: {'Sec-WebSocket-Protocol': f'bearer.{token}, binary'}),
}


@pytest.mark.parametrize('name', PLACES)
def test_each_place(lab, name):
    place, path, fields = PLACES[name]
    bridge = start(lab, [route(lab, **{'from': place})])
    good, bad = ticket(), ticket(-60)
    answer = ask(lab, bridge, path.format(good), fields=fields(good))
    assert answer.status == 101
    assert answer.fields.get('sec-websocket-protocol') == ('binary' if name == 'subprotocol' else None)
    answer = ask(lab, bridge, path.format(bad), fields=fields(bad))
    assert (answer.status, answer.fields['www-authenticate']) == (401, 'Bearer error="invalid_token"')
    answer = ask(lab, bridge, '/desk')
    assert (answer.status, answer.fields['www-authenticate']) == (401, 'Bearer')
    assert bridge.session(reason='auth_failed')['detail'] == 'the ticket has expired'
    assert bridge.session(user='ann', route='/desk')
    bridge.session(reason='auth_required')
    for token in (good, bad):
        assert token not in bridge.text and token.split('.')[2] not in bridge.text


def test_a_link_that_is_escaped_once_too_often_is_not_logged(lab):
    bridge = start(lab, [route(lab, **{'from': 'query:ticket'})])
    token = ticket()
    assert ask(lab, bridge, f'/desk%3Fticket={token}').status == 404
    bridge.session(reason='http_no_route')
    assert token not in bridge.text


# ---- attacks ----

ATTACKS = {
    'none': (lambda: f'{b64({"alg": "none"})}.{b64(claims())}.', 'no key is for the algorithm of the ticket'),
    'none with a signature': (lambda: signed(claims(), header={'alg': 'none'}), 'no key is for the algorithm of the ticket'),
    'another algorithm': (lambda: signed(claims(), header={'alg': 'HS512'}, digest='sha512'),
                          'no key is for the algorithm of the ticket'),
    'another key': (lambda: signed(claims(), key='x' * 64), 'the signature of the ticket is wrong'),
    'crit': (lambda: signed(claims(), header={'alg': 'HS256', 'crit': ['b64'], 'b64': False}),
             'the ticket needs an extension (crit)'),
    'duplicates': (lambda: signed(b'{"exp": 1, "exp": 9999999999}'), 'a claim of the ticket is malformed'),
    'deep': (lambda: signed(b'{"exp": 9999999999, "a": ' + b'[' * 1000 + b']' * 1000 + b'}'),
             'a claim of the ticket is malformed'),
    'expired': (lambda: ticket(-1), 'the ticket has expired'),
    'early': (lambda: ticket(nbf=int(time.time()) + 60), 'the ticket is not valid yet'),
    'for ever': (lambda: signed({'sub': 'ann'}), 'the ticket lacks a claim that is required: exp'),
    'another audience': (lambda: ticket(aud=['shells']), 'the ticket is for another audience'),
    'a line in the name': (lambda: signed({**claims(), 'sub': 'ann\nlevel=error'}), 'a claim of the ticket is malformed: sub'),
    'half': (lambda: ticket()[:-19], 'the signature of the ticket is wrong'),
    'no token': (lambda: 'letmein', 'the ticket is no JSON Web Token in its compact form'),
    'long': (lambda: ticket(x='y' * 4000), 'the ticket is longer than 4096 bytes'),
}


@pytest.mark.parametrize('name', ATTACKS)
def test_attacks(lab, name):
    make, detail = ATTACKS[name]
    bridge = start(lab, [route(lab, leeway='0s')])
    assert status(lab, bridge, make()) == 401
    assert bridge.session(reason='auth_failed')['detail'] == detail
    assert status(lab, bridge, ticket()) == 101


def test_the_public_key_is_no_secret(lab):
    """RS256 turned into HS256, with the public key as everybody has it."""
    pair = subprocess.run(['openssl', 'genrsa', '2048'], capture_output=True, check=True).stdout
    public = subprocess.run(['openssl', 'pkey', '-pubout'], input=pair, capture_output=True, check=True).stdout
    (lab.folder / 'public.pem').write_bytes(public)
    bridge = start(lab, [route(lab, key={'file': str(lab.folder / 'public.pem'), 'algorithm': 'RS256'})])
    assert status(lab, bridge, signed(claims(), key=public.decode())) == 401
    assert bridge.session(reason='auth_failed')['detail'] == 'no key is for the algorithm of the ticket'
    assert status(lab, bridge, jwt.encode(claims(), pair.decode(), 'RS256')) == 101
    path = write(lab.folder / 'wrong.yaml', {'listeners': [ANY], 'routes': [
        {'path': '/a', 'target': 'tcp://127.0.0.1:1', 'auth': [
            {'ticket': {'key': {'file': str(lab.folder / 'public.pem'), 'algorithm': 'HS256'}}}]}]})
    code, _, error = run('--config', path)
    assert code == 1 and 'a key in PEM format is no secret, which HS256 needs' in error


# ---- makers ----

@pytest.mark.skipif(shutil.which('node') is None, reason='no node')
@pytest.mark.parametrize('algorithm', ['HS256', 'HS384', 'HS512', 'RS256', 'RS512', 'PS256', 'PS384', 'ES256', 'ES384', 'ES512',
                                       'EdDSA', 'Ed25519'])
def test_tickets_of_jose(lab, algorithm):
    said = subprocess.run(['node', 'tickets.mjs', algorithm, json.dumps(claims(aud='desks'))], cwd=HERE, capture_output=True,
                          text=True, check=True).stdout
    made = json.loads(said)
    (lab.folder / 'jose.key').write_text(made['key'])
    bridge = start(lab, [route(lab, audience='desks', key={'file': str(lab.folder / 'jose.key'), 'algorithm': algorithm})])
    assert status(lab, bridge, made['ticket']) == 101
    assert status(lab, bridge, made['ticket'][:-4] + 'AAAA') == 401


OPENSSL = {
    'RS256': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    'PS512': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    'ES256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    'ES384': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    'ES512': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    'EdDSA': ['-algorithm', 'ED25519'],
}


@pytest.mark.parametrize('algorithm', OPENSSL)
def test_tickets_of_python(lab, algorithm):
    """PyJWT signs with a key of openssl; wsluice has its public part, in a file of each kind."""
    pem = subprocess.run(['openssl', 'genpkey', *OPENSSL[algorithm]], capture_output=True, check=True).stdout
    (lab.folder / 'private.pem').write_bytes(pem)
    token = jwt.encode(claims(), pem.decode(), algorithm)
    for more in ([], ['--jwk']):
        code, public, error = run('ticket', 'key', '--public', f'--algorithm={algorithm}', *more, lab.folder / 'private.pem')
        assert code == 0, error
        (lab.folder / 'public').write_text(public)
        bridge = start(lab, [route(lab, key={'file': str(lab.folder / 'public'), 'algorithm': algorithm})])
        assert status(lab, bridge, token) == 101


def test_a_ticket_of_openssl(lab):
    (lab.folder / 'text').write_text(f'{b64({"alg": "HS256"})}.{b64(claims())}')
    signature = subprocess.run(['openssl', 'dgst', '-sha256', '-mac', 'HMAC', '-macopt', f'key:{KEY}', '-binary', 'text'],
                               cwd=lab.folder, capture_output=True, check=True).stdout
    bridge = start(lab, [route(lab)])
    assert status(lab, bridge, f'{(lab.folder / "text").read_text()}.{b64(signature)}') == 101


def test_our_tickets_for_others(lab):
    """What `wsluice ticket` signs, PyJWT verifies."""
    for algorithm in ('HS256', 'PS256', 'ES384', 'EdDSA'):
        key = lab.folder / f'{algorithm}.key'
        assert run('ticket', 'key', f'--algorithm={algorithm}', key, seconds=60)[0] == 0
        code, out, error = run('ticket', 'mint', f'--key={key}', f'--algorithm={algorithm}', '--user=ann', '--audience=desks')
        assert (code, error) == (0, '')
        public = key.read_text().strip() if algorithm == 'HS256' else \
            run('ticket', 'key', '--public', f'--algorithm={algorithm}', key)[1]
        assert jwt.decode(out.strip(), public, [algorithm], audience='desks')['sub'] == 'ann'


def test_tickets_on_the_standard_input(tmp_path):
    (tmp_path / 'key').write_text(KEY)
    line = subprocess.run([BINARY, 'ticket', 'show'], input=ticket() + '\n', capture_output=True, text=True, check=True).stdout
    assert re.search(r'expires: \S+ \S+ UTC, in (1m|\d+s)\n', line)
    verify = [BINARY, 'ticket', 'verify', f'--key={tmp_path / "key"}', '--algorithm=HS256']
    assert json.loads(subprocess.run(verify, input=ticket(), capture_output=True, text=True, check=True).stdout)['sub'] == 'ann'
    result = subprocess.run(verify, input=ticket(-9), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, 'wsluice: error: the ticket has expired\n')
    for words in ([BINARY, 'ticket', 'show'], verify):  # a file instead of what is in it
        result = subprocess.run([*words, tmp_path / 'key'], capture_output=True, text=True, check=False)
        assert result.returncode == 2 and f'{tmp_path / "key"}: is a file; write <FILE' in result.stderr, result.stderr


# ---- keys that change ----

def test_a_key_that_changes(lab):
    bridge = start(lab, [route(lab)])
    other = 'y' * 40
    assert (status(lab, bridge, ticket()), status(lab, bridge, signed(claims(), key=other))) == (101, 401)
    (lab.folder / 'ticket.key').write_text(other)
    assert (status(lab, bridge, ticket()), status(lab, bridge, signed(claims(), key=other))) == (401, 101)
    (lab.folder / 'ticket.key').write_text('too short')
    assert status(lab, bridge, signed(claims(), key=other)) == 101
    until(lambda: 'the keys of before stay in use' in bridge.text, 'a warning')
    (lab.folder / 'ticket.key').unlink()
    assert status(lab, bridge, signed(claims(), key=other)) == 503
    assert 'gone' in bridge.session(reason='auth_unavailable')['detail']
    (lab.folder / 'ticket.key').write_text(KEY)
    assert status(lab, bridge, ticket()) == 101
    assert KEY not in bridge.text and other not in bridge.text


def test_a_set_of_keys_that_rotates(lab):
    def pair(kid):
        assert run('ticket', 'key', '--jwk', '--algorithm=ES256', f'--kid={kid}', lab.folder / kid)[0] == 0
        return json.loads(run('ticket', 'key', '--jwk', '--public', lab.folder / kid)[1])['keys'][0]

    def of(kid):
        return run('ticket', 'mint', f'--key={lab.folder / kid}', '--user=ann')[1].strip()
    old, new = pair('old'), pair('new')
    source = lab.folder / 'keys.json'
    source.write_text(json.dumps({'keys': [{'kty': 'RSA', 'use': 'enc', 'alg': 'RSA-OAEP', 'n': 'AQAB', 'e': 'AQAB'}, old]}))
    bridge = start(lab, [route(lab, key=str(source))])
    until(lambda: 'a key of the set is skipped' in bridge.text, 'a warning')
    assert (status(lab, bridge, of('old')), status(lab, bridge, of('new'))) == (101, 401)
    assert bridge.session(reason='auth_failed')['detail'] == 'no key has the kid of the ticket'
    source.write_text(json.dumps({'keys': [old, new]}))
    assert (status(lab, bridge, of('old')), status(lab, bridge, of('new'))) == (101, 101)
    source.write_text(json.dumps({'keys': [new]}))
    assert (status(lab, bridge, of('old')), status(lab, bridge, of('new'))) == (401, 101)


# ---- how long, how often ----

def test_single_use(lab):
    """By all workers and over a reload; a page of the route does not use it up."""
    (lab.folder / 'page.html').write_text('the page')
    desk = {**route(lab, path='/desk/*', single_use=True), 'files': str(lab.folder)}
    bridge = start(lab, [desk], workers=2)
    tokens = [ticket(jti=secrets.token_hex(8)) for _ in range(6)]
    for token in tokens:
        assert get(lab, bridge, '/desk/page.html', fields=bearer(token)).body == b'the page'
        assert status(lab, bridge, token, '/desk/') == 101
    for token in tokens:
        assert status(lab, bridge, token, '/desk/') == 401
    assert bridge.session(reason='auth_failed')['detail'] == 'the ticket has been used already'
    reload(bridge)
    for token in tokens:
        assert status(lab, bridge, token, '/desk/') == 401
    assert status(lab, bridge, ticket(), '/desk/') == 401
    assert status(lab, bridge, ticket(jti='another'), '/desk/') == 101


def test_the_ticket_ends_the_session(lab):
    bridge = start(lab, [route(lab, end_session=True, leeway='0s'), route(lab, '/open', leeway='0s')])
    token = ticket(3)
    clients = [lab.connect(bridge) for _ in range(2)]
    for client, path in zip(clients, ('/desk', '/open')):
        assert client.send(request(path, fields=bearer(token))).answer().status == 101
    assert clients[0].close_code() == 1000
    record = bridge.session(route='/desk', reason='duration_limit')
    assert record['user'] == 'ann'
    time_passes(0.5)
    clients[1].binary(b'still here')
    assert clients[1].data(10) == b'still here'
    clients[1].hang_up()


def test_bound_to_an_address(lab):
    bridge = start(lab, [route(lab, address='ip')], PROXIED)

    def of(address, token):
        fields = {**bearer(token), 'X-Forwarded-For': address}
        return ask(lab, bridge, '/desk', fields=fields).status
    token = ticket(ip=['203.0.113.9', '2001:db8::1'])
    assert (of('203.0.113.9', token), of('2001:db8:0::1', token), of('203.0.113.8', token)) == (101, 101, 401)
    assert bridge.session(reason='auth_failed')['detail'] == 'the ticket is for another client address'


def test_beside_another_method(lab):
    """A ticket, or the user that a proxy names."""
    desk = route(lab)
    desk.update(auth=[*desk['auth'], {'header': 'X-User'}], satisfy='any')
    bridge = start(lab, [desk], PROXIED)
    assert ask(lab, bridge, '/desk', fields={'X-User': 'bob'}).status == 101
    assert status(lab, bridge, ticket()) == 101
    assert {bridge.session(user=user)['user'] for user in ('ann', 'bob')} == {'ann', 'bob'}
    assert ask(lab, bridge, '/desk').status == 401


# ---- targets ----

def chosen(lab, permit, **options):
    """A route whose tickets name the target."""
    desk = route(lab, target='desk', **options)
    del desk['target']
    return {**desk, 'tokens': {'auth': True, **({'permit': permit} if permit else {})}}


@pytest.fixture
def desks(lab):
    return [lab.target(says(name)) for name in ('one', 'two')]


def led(lab, bridge, **more):
    """What the target says, or a status."""
    return opened(lab, bridge.endpoints[0], '/desk', fields=bearer(ticket(**more)))


def test_a_claim_chooses_the_target(lab, desks):
    bridge = start(lab, [chosen(lab, [f'127.0.0.1:{desk.port}' for desk in desks])])
    assert [led(lab, bridge, desk=f'127.0.0.1:{desk.port}') for desk in desks] == ['one', 'two']
    record = bridge.session(user='ann', target=f'127.0.0.1:{desks[1].port}')
    assert record['chosen_by'] == 'ticket'
    assert led(lab, bridge, desk='127.0.0.1:1') == 403
    record = bridge.session(reason='target_not_permitted')
    assert (record['chosen_by'], record['target']) == ('ticket', '127.0.0.1:1')
    assert led(lab, bridge) == 401
    assert bridge.session(reason='auth_failed')['detail'] == 'the ticket lacks a claim that is required: desk'
    assert led(lab, bridge, desk=7) == 401
    assert led(lab, bridge, desk='desk') == 503
    assert bridge.session(reason='token_source')['detail'] == 'auth names no valid target'
    assert ask(lab, bridge, '/desk').status == 401
    assert not any(part in bridge.text for part in (KEY, ticket().split('.')[0]))


@pytest.mark.parametrize('permit', [None, ['*:*'], ['0.0.0.0/0:*', '10.0.0.0/8:*']])
def test_a_claim_does_not_lead_to_this_machine(lab, desks, permit):
    """Not without a rule for it, in no spelling."""
    bridge = start(lab, [chosen(lab, permit)])
    for host in ('127.0.0.1', 'localhost', '0x7f.1', '0', '::1', '[::ffff:127.0.0.1]', '169.254.169.254'):
        assert led(lab, bridge, desk=f'{host}:{desks[0].port}') in (403, 502), host
    assert led(lab, bridge, desk='unix:/run/docker.sock') == 403
    assert not desks[0].connections


def test_tls_to_the_target_of_a_claim(lab, certs):
    """tls:// in the claim is enough; the certificate must be of the host that the ticket names."""
    secure, plain = lab.target(says('secure'), context=certs.server_context(certs.ec, certs.ec_key)), lab.target(says('plain'))
    desk = chosen(lab, f'127.0.0.1:{min(secure.port, plain.port)}-{max(secure.port, plain.port)}')
    desk['tokens']['ca'] = certs.ca
    bridge = start(lab, [desk])
    assert led(lab, bridge, desk=f'tls://127.0.0.1:{secure.port}') == 'secure'
    assert led(lab, bridge, desk=f'127.0.0.1:{plain.port}') == 'plain'
    assert led(lab, bridge, desk=f'tls://127.0.0.2:{secure.port}') == 403
    assert led(lab, bridge, desk=f'tls://127.0.0.1:{plain.port}') == 502


def test_tokens_that_are_tickets(lab, desks, short_folder):
    """In the path or the query, without auth; a session has the user and the end that the ticket says."""
    lab.unix_target(says('socket'), path=str(short_folder / 'desk'))
    (lab.folder / 'ticket.key').write_text(KEY)
    key = {'file': str(lab.folder / 'ticket.key'), 'algorithm': 'HS256'}
    ports = [f'127.0.0.1:{desk.port}' for desk in desks]
    permit = [*ports, f'unix:{short_folder}/*']
    bridge = start(lab, [
        {'path': '/path/*', 'tokens': {'from': 'path', 'ticket': {'key': key, 'single_use': True}, 'permit': permit}},
        {'path': '/query', 'tokens': {'ticket': {'key': key, 'target': 'desk', 'audience': 'desks'}, 'permit': permit}},
        {'path': '/closed', 'tokens': {'ticket': {'key': key}}}])

    def lead(path):
        return opened(lab, bridge.endpoints[0], path)
    there = {'host': '127.0.0.1', 'port': desks[0].port}
    token = ticket(jti='a', **there)
    assert (lead(f'/path/{token}'), lead(f'/path/{token}')) == ('one', 404)
    assert bridge.session(reason='token_unknown')['detail'] == 'the ticket has been used already'
    assert bridge.session(route='/path/*', user='ann')['chosen_by'] == 'ticket'
    assert lead(f'/query?token={ticket(aud="desks", desk=ports[1])}') == 'two'
    assert lead(f'/query?token={ticket(aud="desks", desk=f"unix:{short_folder}/desk")}') == 'socket'
    for bad in (ticket(desk=ports[1]), ticket(aud='desks', **there), ticket(-60, aud='desks', desk=ports[1]), 'words',
                signed(claims(aud='desks', desk=ports[1]), key='x' * 64)):
        assert lead(f'/query?token={bad}') == 404
    assert lead('/query') == 403
    assert lead(f'/query?token={ticket(aud="desks", desk="10.0.0.5:22")}') == 403
    assert lead(f'/closed?token={ticket(**there)}') == 403, 'this machine needs a rule'
    (lab.folder / 'ticket.key').unlink()
    assert lead(f'/query?token={ticket(aud="desks", desk=ports[1])}') == 503
    assert token.split('.')[2] not in bridge.text


def test_what_check_says_of_a_key(lab):
    (lab.folder / 'ticket.key').write_text(KEY)
    path = write(lab.folder / 'gateway.yaml', {'listeners': [ANY], 'routes': [{'path': '/a', 'tokens': {
        'ticket': {'key': {'file': 'ticket.key', 'algorithm': 'HS256'}}, 'permit': '10.0.0.0/8:*'}}]})
    code, out, error = run('check', path)
    assert code == 0 and re.search(r'ticket key .*ticket.key: 1 for HS256\n', out), error
    (lab.folder / 'ticket.key').write_text('short')
    code, _, error = run('check', path)
    assert code == 1 and 'routes[0].tokens.ticket.key.file: ticket key' in error


# ---- recipes ----

def plain(text, here, **places):
    return replaced(text, folder=('/etc/wsluice', here), **places)


def test_recipe_tickets_that_choose(lab, certs, desks):
    (_, config), (_, mint) = recipe('Tickets that choose the desktop')
    here = folder_for(lab, certs)
    (here / 'ticket.key').write_text(KEY)
    bridge = gateway(lab, here, plain(config, here, port=(':6080', ANY),
                                      permit=('10.0.0.0/16:5900-5999', f'127.0.0.1:{desks[0].port}-{desks[0].port}')))
    for target, answer in ((f'127.0.0.1:{desks[0].port}', 'one'), ('127.0.0.1:1', 403)):
        command = f'PATH={here}/bin:$PATH\n{plain(mint, here, target=("10.0.0.5:5900", target))}'
        token = subprocess.run(['bash', '-ec', command], cwd=here, text=True, capture_output=True, check=True).stdout.strip()
        assert opened(lab, bridge, f'/desk?ticket={token}') == answer


@pytest.mark.skipif(not (shutil.which('php') and shutil.which('node')), reason='no PHP or no node')
def test_recipe_links_with_a_ticket(lab, certs):
    (_, make_key), (_, config), (_, php), (_, python), (_, javascript) = recipe('Links with a ticket')
    here = folder_for(lab, certs)
    subprocess.run(['bash', '-ec', f'PATH={here}/bin:$PATH\n{plain(make_key, here)}'], cwd=here, check=True)
    target = lab.target()
    bridge = gateway(lab, here, plain(config, here, port=(':6080', ANY), target=('10.0.0.5:5900', f'127.0.0.1:{target.port}')))
    digest = hashlib.sha256((here / 'ticket.key').read_bytes()).hexdigest()
    for command, text in ((['php'], php), (['/usr/bin/python3', '-'], python), (['node', '-'], javascript)):
        token = subprocess.run(command, input=plain(text, here), text=True, capture_output=True, check=True).stdout.strip()
        assert ask(lab, bridge, f'/desk?ticket={token}').status == 101, command
        assert ask(lab, bridge, f'/desk?ticket={token}').status == 401, 'it is good for one WebSocket'
    assert digest == hashlib.sha256((here / 'ticket.key').read_bytes()).hexdigest()


def test_recipe_tickets_of_an_identity_provider(lab, certs):
    (_, make_keys), (_, config), (_, online) = recipe('Tickets of an identity provider')
    here = folder_for(lab, certs)
    subprocess.run(['bash', '-ec', f'PATH={here}/bin:$PATH\n{plain(make_keys, here)}'], cwd=here, check=True)
    target = lab.target()
    bridge = gateway(lab, here, plain(config, here, port=(':6080', ANY), target=('10.0.0.5:5900', f'127.0.0.1:{target.port}')))
    token = run('ticket', 'mint', f'--key={here}/signing.jwk', '--issuer=https://login.example.com/', '--audience=desks',
                '--claim=preferred_username=bob')[1].strip()
    assert status(lab, bridge, token) == 101
    assert bridge.session(user='bob')
    service = lab.target(Service(lambda request: response(200, (here / 'keys.json').read_text())))
    bridge = gateway(lab, here, replaced(online, port=(':6080', ANY), target=('10.0.0.5:5900', f'127.0.0.1:{target.port}'),
                                         url=('https://login.example.com/.well-known', f'http://127.0.0.1:{service.port}')))
    assert status(lab, bridge, token) == 101
    assert bridge.session(user='bob')
