"""The first lock: Origin, addresses, how many and how fast; and that what was counted is forgotten."""
import time

import pytest
from gateway import ANY, ask, get, marked, start
from wire import Client, request, until

PROXY = {'address': ANY, 'proxy_protocol': 'accept', 'trusted_proxies': ['127.0.0.1/32']}


def from_address(address, port=1234):
    """A PROXY header: what a trusted proxy says of its client."""
    family, here = ('TCP6', '::1') if ':' in address else ('TCP4', '127.0.0.1')
    return f'PROXY {family} {address} {here} {port} 80\r\n'.encode()


def status_from(lab, endpoint, address, path='/', **how):
    return ask(lab, endpoint, raw=from_address(address) + request(path, **how)).status


def come(lab, endpoint, address, path='/'):
    """A session that stays, of a client with that address."""
    client = lab.connect(endpoint)
    answer = client.send(from_address(address) + request(path)).answer()
    assert answer.status == 101, f'{answer.status} {answer.body!r}'
    return client


def told_to_wait(answer, status):
    assert answer.status == status, f'{answer.status} {answer.body!r}'
    assert int(answer.fields['retry-after']) > 0
    return True


# ---- Origin ----

ORIGINS = {  # of a route: (origin, Host): status
    (): {
        (None, 'desk.example.com'): 101, ('https://desk.example.com', 'desk.example.com'): 101,
        ('http://desk.example.com', 'desk.example.com'): 101, ('https://DESK.example.com', 'desk.EXAMPLE.com'): 101,
        ('https://desk.example.com', 'desk.example.com:443'): 101, ('http://a:8080', 'a:8080'): 101,
        ('https://desk.example.com:443', 'desk.example.com'): 101,
        ('http://a:8080', 'a'): 403, ('http://a', 'a:8080'): 403, ('http://a:443', 'a'): 403,
        ('https://evil.net', 'desk.example.com'): 403, ('null', 'desk.example.com'): 403,
        ('null', 'null'): 403, ('', 'desk.example.com'): 403, ('desk.example.com', 'desk.example.com'): 403,
        ('https://desk.example.com.evil.net', 'desk.example.com'): 403,
        ('https://evil.net/desk.example.com', 'desk.example.com'): 403,
        ('https://desk.example.com@evil.net', 'desk.example.com'): 403,
        ('https://evil.net https://desk.example.com', 'desk.example.com'): 403,
        ('https://desk.example.com/', 'desk.example.com'): 403, ('http://[::1]:5', '[::1]:5'): 101,
    },
    ('https://desk.example.com', 'https://*.example.org', 'http://localhost:8080'): {
        ('https://desk.example.com', 'x'): 101, ('https://desk.example.com:443', 'x'): 101,
        ('https://a.example.org', 'x'): 101, ('https://a.b.example.org', 'x'): 101, ('http://localhost:8080', 'x'): 101,
        (None, 'x'): 101,
        ('http://desk.example.com', 'x'): 403, ('https://example.org', 'x'): 403, ('https://aexample.org', 'x'): 403,
        ('https://desk.example.com:8443', 'x'): 403, ('http://a.example.org', 'x'): 403,
        ('https://.example.org', 'x'): 403, ('https://evil.net#.example.org', 'x'): 403,
        ('https://evil.net/.example.org', 'x'): 403, ('http://localhost', 'x'): 403, ('null', 'x'): 403,
        ('any', 'x'): 403, ('*', 'x'): 403,
    },
    ('any',): {('https://evil.net', 'x'): 101, ('null', 'x'): 101, ('rubbish', 'x'): 101},
    ('null',): {('null', 'x'): 101, ('https://evil.net', 'x'): 403, (None, 'x'): 101},
}


@pytest.mark.parametrize('allowed', ORIGINS, ids=lambda allowed: ','.join(allowed) or 'same')
def test_origin(lab, allowed):
    options = {'origins': list(allowed)} if allowed else {}
    bridge = start(lab, [marked('/*', lab.target(), **options)])
    wrong = {}
    for (origin, host), expected in ORIGINS[allowed].items():
        fields = {'Host': host, **({} if origin is None else {'Origin': origin})}
        status = ask(lab, bridge.endpoints[0], fields=fields).status
        if status != expected:
            wrong[origin, host] = status
    assert wrong == {}
    refusals = list(ORIGINS[allowed].values()).count(403)
    until(lambda: [r['reason'] for r in bridge.records()].count('origin_refused') == refusals, lambda: bridge.text)
    hints = {r.get('detail') for r in bridge.records() if r['reason'] == 'origin_refused'}
    assert all('list its origin in origins' in hint for hint in hints)


PAGES = {  # the scheme of the page: answer where the client came over TLS, where it did not
    'https': (101, 101), 'wss': (101, 101), 'http': (403, 101), 'ws': (403, 101)}


def scheme_answers(lab, endpoint, certs, **fields):
    connection = {'context': certs.context()} if certs else None
    return {scheme: ask(lab, endpoint, connection=connection, fields={
        'Host': 'desk', 'Origin': f'{scheme}://desk', **fields}).status for scheme in PAGES}


def test_the_scheme_of_the_page_counts_behind_tls(lab, certs):
    """A page that came without TLS may not reach what our own TLS protects."""
    over_tls, plain = ({scheme: status[i] for scheme, status in PAGES.items()} for i in (0, 1))
    tls = {'certificates': [{'certificate': certs.rsa, 'key': certs.rsa_key}], 'mode': 'optional'}
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': ANY, 'tls': tls}, {'address': ANY, 'trusted_proxies': ['127.0.0.1']},
        {'address': ANY, 'tls': tls, 'trusted_proxies': ['127.0.0.1']}])
    direct, front, both = bridge.endpoints
    assert scheme_answers(lab, direct, certs) == over_tls
    assert scheme_answers(lab, direct, None) == plain
    # Headers of an untrusted proxy change nothing.
    assert scheme_answers(lab, direct, certs, **{'X-Forwarded-Proto': 'http'}) == over_tls
    assert scheme_answers(lab, direct, None, **{'X-Forwarded-Proto': 'https'}) == plain
    assert scheme_answers(lab, front, None) == plain
    assert scheme_answers(lab, front, None, **{'X-Forwarded-Proto': 'https'}) == over_tls
    assert scheme_answers(lab, both, certs, **{'X-Forwarded-Proto': 'http'}) == plain
    assert scheme_answers(lab, both, certs) == over_tls


def test_one_too_many_is_told_without_having_asked(lab):
    bridge = start(lab, [marked('/', lab.target())], limits={'max_connections': 1})
    first = lab.open(bridge)
    second = lab.connect(bridge)
    assert second.answer().status == 503
    second.hang_up()
    first.bye()


def test_two_origins_are_refused(lab):
    bridge = start(lab, [marked('/*', lab.target())])
    answer = ask(lab, bridge.endpoints[0], fields={'Origin': 'http://localhost'}, extra=['Origin: http://evil.net'])
    assert answer.status in (400, 403)


# ---- addresses ----

def test_addresses_of_a_listener(lab):
    endpoint = start(lab, [marked('/*', lab.target())], [{
        **PROXY, 'allow': ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'], 'deny': ['10.9.0.0/16', 'fd00:bad::/32']}]).endpoints[0]
    expected = {
        '10.0.0.1': 101, '10.255.255.255': 101, '192.0.2.7': 101, 'fd00::1': 101, 'fdff::1': 101,
        '::ffff:10.0.0.1': 101, '::ffff:10.9.0.1': 403, '::10.0.0.1': 403, '64:ff9b::10.0.0.1': 403,
        '10.9.1.2': 403, '11.0.0.1': 403, '9.255.255.255': 403, '192.0.2.6': 403, '192.0.2.8': 403,
        'fd00:bad::1': 403, 'fc00::1': 403, 'fe00::1': 403, '::1': 403, '127.0.0.1': 403}
    assert {address: status_from(lab, endpoint, address) for address in expected} == expected
    assert ask(lab, endpoint).status == 403  # the proxy itself


def test_addresses_of_a_route(lab):
    echo = lab.target()
    routes = [marked('/*', echo), marked('/in', echo, allow=['10.0.0.0/8', '::/0']),
              marked('/out', echo, deny=['10.0.0.0/8', '2001:db8::/32']), marked('/v4', echo, deny=['0.0.0.0/0']),
              {'path': '/metrics', 'metrics': True, 'allow': ['10.0.0.1']}, {'path': '/health', 'health': 'live'}]
    bridge = start(lab, routes, [{**PROXY, 'deny': ['10.0.0.66']}])
    endpoint = bridge.endpoints[0]
    table = {
        '/in': {'10.1.1.1': 101, '11.1.1.1': 403, '2001:db8::1': 101, '::ffff:11.1.1.1': 403, '10.0.0.66': 403},
        '/out': {'10.1.1.1': 403, '11.1.1.1': 101, '2001:db8::1': 403, '::ffff:10.1.1.1': 403, '::1': 101},
        '/v4': {'10.1.1.1': 403, '::1': 101, '::ffff:1.2.3.4': 403},
        '/else': {'10.1.1.1': 101, '10.0.0.66': 403}}
    assert {path: {address: status_from(lab, endpoint, address, path) for address in row}
            for path, row in table.items()} == table
    plain = b'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'
    assert ask(lab, endpoint, raw=from_address('10.0.0.1') + plain).status == 200
    assert ask(lab, endpoint, raw=from_address('10.0.0.2') + plain).status == 403
    assert bridge.session(reason='address_refused', client='11.1.1.1:1234', route='/in')


def test_a_mapped_peer_is_an_ipv4_one(lab):
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': '[::]:0', 'allow': ['127.0.0.0/8']}, {'address': '[::]:0', 'deny': ['127.0.0.0/8']},
        {'address': '[::]:0', 'deny': ['::/0']}])
    expected = {('127.0.0.1', 0): 101, ('::1', 0): 403, ('127.0.0.1', 1): 403, ('::1', 1): 101,
                ('127.0.0.1', 2): 101, ('::1', 2): 403}
    for (host, number), status in expected.items():
        endpoint = bridge.endpoints[number]
        endpoint.address = f'[{host}]:{endpoint.port}' if ':' in host else f'{host}:{endpoint.port}'
        assert ask(lab, endpoint).status == status, (host, number)
    bridge.session(reason='address_refused', number=2)
    refused = [record['client'] for record in bridge.records() if record['reason'] == 'address_refused']
    assert sorted(client.rsplit(':', 1)[0] for client in refused) == ['127.0.0.1', '[::1]', '[::1]']  # workers log in any order


def test_a_peer_without_an_address(lab):
    """Of a Unix socket: no range holds it, so `allow` refuses and `deny` does not."""
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': f'unix:{lab.folder}/a.sock', 'allow': ['0.0.0.0/0', '::/0']},
        {'address': f'unix:{lab.folder}/b.sock', 'deny': ['0.0.0.0/0', '::/0']}])
    assert [ask(lab, endpoint).status for endpoint in bridge.endpoints] == [403, 101]


# ---- how many ----

def test_connections_of_the_process(lab):
    bridge = start(lab, [marked('/*', lab.target())], [{'address': ANY}, {'address': ANY}],
                   limits={'max_connections': 3})
    open_ones = [lab.open(endpoint) for endpoint in (bridge, bridge.endpoints[1], bridge)]
    told_to_wait(ask(lab, bridge.endpoints[1]), 503)
    assert bridge.session(reason='too_many_process')
    open_ones[1].bye()
    until(lambda: ask(lab, bridge.endpoints[1]).status == 101, 'room again')
    open_ones[0].reset()
    open_ones[2].reset()
    until(lambda: ask(lab, bridge.endpoints[0]).status == 101, 'room again')
    until(lambda: bridge.fds() == bridge.baseline, 'all are gone')
    again = [lab.open(endpoint) for endpoint in (bridge, bridge.endpoints[1], bridge)]
    told_to_wait(ask(lab, bridge.endpoints[0]), 503)
    for client in again:
        client.bye()


def test_connections_of_a_listener(lab):
    bridge = start(lab, [marked('/*', lab.target())], [{'address': ANY, 'max_connections': 2}, {'address': ANY}])
    inside = [lab.open(bridge) for _ in range(2)]
    told_to_wait(ask(lab, bridge.endpoints[0]), 503)
    assert ask(lab, bridge.endpoints[1]).status == 101
    assert bridge.session(reason='too_many_listener')
    inside[0].bye()
    until(lambda: ask(lab, bridge.endpoints[0]).status == 101, 'room again')
    inside[1].bye()


def test_sessions_of_a_route(lab):
    echo = lab.target()
    routes = [marked('/a', echo, max_sessions=2), marked('/b', echo, max_sessions=1), marked('/c', echo, name='two'),
              marked('/d', lab.target(), name='two', max_sessions=1)]
    bridge = start(lab, routes)
    endpoint = bridge.endpoints[0]
    inside = [lab.open(bridge, upgrade={'path': '/a'}) for _ in range(2)]
    told_to_wait(ask(lab, endpoint, '/a'), 503)
    assert bridge.session(reason='too_many_route')['route'] == '/a'
    inside.append(lab.open(bridge, upgrade={'path': '/b'}))
    told_to_wait(ask(lab, endpoint, '/b'), 503)
    assert ask(lab, endpoint, '/c').status == 101
    # Only sessions take places, not a refused upgrade, a plain request or a dead target.
    assert get(lab, endpoint, '/a').status == 426
    for client in inside:
        client.bye()
    for path in ('/a', '/a', '/b'):
        until(lambda p=path: ask(lab, endpoint, p).status == 101, 'room again')


@pytest.mark.parametrize('connect, status', [('first', 502), ('after_upgrade', 101)])
def test_a_dead_target_gives_its_place_back(lab, connect, status):
    """At once, also while its client does not hang up."""
    bridge = start(lab, [{'path': '/*', 'target': f'unix:{lab.folder}/nobody', 'max_sessions': 1, 'connect': connect}])
    for _ in range(3):
        client = lab.connect(bridge).send(request())
        assert client.answer().status == status
        if status == 101:
            assert client.closing()[1] == 1011


def test_connections_of_an_address(lab):
    bridge = start(lab, [marked('/*', lab.target())], [PROXY], limits={'max_connections_per_address': 2})
    endpoint = bridge.endpoints[0]
    inside = [come(lab, endpoint, '10.0.0.1'), come(lab, endpoint, '::ffff:10.0.0.1'),
              come(lab, endpoint, '2001:db8::1'), come(lab, endpoint, '2001:db8::ffff:1')]
    told_to_wait(ask(lab, endpoint, raw=from_address('10.0.0.1') + request()), 429)
    told_to_wait(ask(lab, endpoint, raw=from_address('2001:db8:0:0:1234::') + request()), 429)  # the same /64
    assert status_from(lab, endpoint, '10.0.0.2') == 101
    assert status_from(lab, endpoint, '2001:db8:0:1::1') == 101
    assert bridge.session(reason='too_many_address', client='10.0.0.1:1234')
    for client in inside:
        client.bye()
    for address in ('10.0.0.1', '2001:db8::2'):
        until(lambda a=address: status_from(lab, endpoint, a) == 101, 'room again')


def test_handshakes_per_second(lab):
    bridge = start(lab, [marked('/*', lab.target())], [PROXY],
                   limits={'handshakes_per_second': 2, 'handshake_burst': 5})
    endpoint = bridge.endpoints[0]
    began = time.monotonic()
    seen = [status_from(lab, endpoint, '10.0.0.1') for _ in range(30)]
    took = time.monotonic() - began
    assert seen[:5] == [101] * 5 and seen.count(101) <= 5 + 2 * took + 1 and seen[-1] == 429
    told_to_wait(ask(lab, endpoint, raw=from_address('10.0.0.1') + request()), 429)
    assert status_from(lab, endpoint, '10.0.0.2') == 101
    assert bridge.session(reason='rate_limited')['client'].startswith('10.0.0.1:')
    until(lambda: status_from(lab, endpoint, '10.0.0.1') == 101, 'a token after half a second', 2)


def test_limits_of_an_address_behind_a_header_field(lab):
    """The client is known only by its request; the proxy's own address is not limited."""
    bridge = start(lab, [marked('/*', lab.target())], [{'address': ANY, 'trusted_proxies': ['127.0.0.1']}],
                   limits={'max_connections_per_address': 1})
    endpoint = bridge.endpoints[0]

    def client_of(address):
        client = lab.connect(endpoint)
        return client, client.send(request(fields={'X-Forwarded-For': address})).answer()
    inside = [client_of(f'10.0.0.{i}') for i in range(5)]
    assert [answer.status for _, answer in inside] == [101] * 5
    told_to_wait(client_of('10.0.0.3')[1], 429)
    inside[3][0].bye()
    until(lambda: client_of('10.0.0.3')[1].status == 101, 'room again')


@pytest.mark.threads
def test_a_limit_is_exact_under_a_rush(lab):
    bridge = start(lab, [marked('/*', lab.target())], limits={'max_connections_per_address': 20})
    clients = [lab.connect(bridge) for _ in range(60)]
    for client in clients:
        client.send(request())
    statuses = [client.answer().status for client in clients]
    assert sorted(set(statuses)) == [101, 429] and statuses.count(101) == 20
    for client in clients:
        client.hang_up()
    until(lambda: ask(lab, bridge.endpoints[0]).status == 101, 'room again')


def test_too_many_sessions_inside_tls(lab, certs):
    """A refusal that is known with the request only reaches a TLS client as an answer, too."""
    bridge = start(lab, [marked('/*', lab.target(), max_sessions=1)], [{
        'address': ANY, 'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}])
    first = lab.open(bridge, context=certs.context())
    told_to_wait(ask(lab, bridge.endpoints[0], connection={'context': certs.context()}), 503)
    first.bye()


def test_refusals_do_not_wait_for_the_target(lab):
    """Nothing of a refused client reaches a target."""
    echo = lab.target()
    bridge = start(lab, [marked('/*', echo, deny=['127.0.0.1']), marked('/origin', echo)])
    assert ask(lab, bridge.endpoints[0]).status == 403
    assert ask(lab, bridge.endpoints[0], '/origin', fields={'Origin': 'https://evil.net'}).status == 403
    assert isinstance(lab.open(bridge, upgrade={'path': '/origin'}), Client)
    until(lambda: len(echo.connections) == 1, 'one dial')
