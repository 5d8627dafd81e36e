"""The PROXY protocol in and out, X-Forwarded-For and Forwarded: who the client is, and who may say so."""
import socket
import struct
import time

import pytest
import targets
from gateway import ANY, ask, get, marked, start, there
from wire import Client, request, time_passes, until

SIGNATURE = b'\r\n\r\n\0\r\nQUIT\n'
TRUSTED = ['127.0.0.1/32']


def v2(source, port=1234, *, command=1, family=None, tlvs=b'', length=None):
    """A header of version 2 for a TCP client."""
    kind = socket.AF_INET6 if ':' in source else socket.AF_INET
    here = '::1' if ':' in source else '127.0.0.1'
    body = socket.inet_pton(kind, source) + socket.inet_pton(kind, here) + struct.pack('!HH', port, 80) + tlvs
    if family is None:
        family = 0x21 if ':' in source else 0x11
    return SIGNATURE + struct.pack('!BBH', 0x20 | command, family, len(body) if length is None else length) + body


def client_of(bridge, number=0, **expected):
    return bridge.session(number, **expected)['client']


def endpoint_of(lab, mode, *, trusted=TRUSTED, **listener):
    return start(lab, [marked('/*', lab.target())], [
        {'address': ANY, 'proxy_protocol': mode, 'trusted_proxies': trusted, **listener}])


# ---- in ----

HEADERS = {
    'v1 IPv4': (b'PROXY TCP4 203.0.113.9 10.0.0.1 4711 80\r\n', '203.0.113.9:4711'),
    'v1 IPv6': (b'PROXY TCP6 2001:db8::9 ::1 4711 80\r\n', '[2001:db8::9]:4711'),
    'v1 unknown': (b'PROXY UNKNOWN\r\n', '127.0.0.1:'),
    'v1 unknown with more': (b'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', '127.0.0.1:'),
    'v2 IPv4': (v2('203.0.113.9', 4711), '203.0.113.9:4711'),
    'v2 IPv6': (v2('2001:db8::9', 4711), '[2001:db8::9]:4711'),
    'v2 mapped': (v2('::ffff:203.0.113.9', 4711), '203.0.113.9:4711'),
    'v2 local': (v2('203.0.113.9', command=0), '127.0.0.1:'),
    'v2 unspec': (SIGNATURE + b'\x21\x00\0\0', '127.0.0.1:'),
    'v2 TLVs': (v2('203.0.113.9', 4711, tlvs=b'\x02\0\x04host\x04\0\x03\0\0\0\xee\0\x01x'), '203.0.113.9:4711'),
}


@pytest.mark.parametrize('mode', ['accept', 'require'])
@pytest.mark.parametrize('which', HEADERS)
def test_a_trusted_header_names_the_client(lab, which, mode):
    header, client = HEADERS[which]
    bridge = endpoint_of(lab, mode)
    assert ask(lab, bridge, raw=header + request()).status == 101
    record = bridge.session(route='/*')
    assert record['client'].startswith(client)
    if not client.startswith('127'):
        assert record['proxy'].startswith('127.0.0.1:')


GARBAGE = [
    b'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n', b'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n',
    b'PROXY TCP4 1.2.3.400 1.1.1.1 1 2\r\n',
    b'PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n', b'PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n', b'PROXY TCP4 ::1 ::1 1 2\r\n',
    b'PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n', b'PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n', b'PROXY \r\n', b'PROXY TCP4\r\n',
    b'PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n', b'PROXY ' + b'x' * 200, b'PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n',
    v2('1.2.3.4', length=11), v2('1.2.3.4', family=0x12), v2('1.2.3.4', command=2), v2('1.2.3.4', family=0x41),
    v2('1.2.3.4', tlvs=b'\x01'), v2('1.2.3.4', tlvs=b'\x01\xff\xff'), v2('1.2.3.4', tlvs=b'\x03\0\x04\0\0\0\0'),
    SIGNATURE + b'\x11\x11\0\0', SIGNATURE + b'\x21\x11\xff\xff' + bytes(65535),
]


@pytest.mark.parametrize('mode', ['accept', 'require'])
def test_garbage_ends_the_connection(lab, mode):
    bridge = endpoint_of(lab, mode)
    for number, header in enumerate(GARBAGE):
        client = lab.connect(bridge)
        client.send(header + request())
        assert client.eof(), header
        assert bridge.session(number, reason='proxy_malformed')['client'].startswith('127.0.0.1:')


def test_require_and_no_header(lab):
    bridge = endpoint_of(lab, 'require')
    assert lab.connect(bridge).send(request()).eof()
    assert bridge.session(reason='proxy_missing')


def test_accept_and_no_header(lab):
    bridge = endpoint_of(lab, 'accept')
    assert ask(lab, bridge).status == 101
    assert client_of(bridge).startswith('127.0.0.1:')


@pytest.mark.parametrize('mode, trusted', [('off', TRUSTED), ('accept', ['192.0.2.0/24'])])
@pytest.mark.parametrize('header', [HEADERS['v1 IPv4'][0], HEADERS['v2 IPv4'][0]], ids=['v1', 'v2'])
def test_an_untrusted_proxy_may_not_name_a_client(lab, mode, trusted, header):
    bridge = endpoint_of(lab, mode, trusted=trusted)
    assert ask(lab, bridge, raw=header + request()).status == 400
    assert client_of(bridge).startswith('127.0.0.1:')


def test_require_and_an_untrusted_proxy(lab):
    bridge = endpoint_of(lab, 'require', trusted=['192.0.2.0/24'])
    assert lab.connect(bridge).send(HEADERS['v1 IPv4'][0] + request()).eof()
    assert bridge.session(reason='proxy_untrusted')


def test_a_header_that_drips(lab):
    """Byte by byte is well; too slowly is not, and costs no processor time."""
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': ANY, 'proxy_protocol': 'require', 'trusted_proxies': TRUSTED}], limits={'handshake_timeout': '1s'})
    for header in (HEADERS['v1 IPv4'][0], HEADERS['v2 TLVs'][0]):
        client = lab.connect(bridge)
        for byte in header:
            client.send(bytes([byte]))
            time_passes(0.002)
        client.upgrade().bye()
    before, began = bridge.cpu(), time.monotonic()
    slow = lab.connect(bridge).send(header[:20])
    assert slow.eof() and 0.5 < time.monotonic() - began < 5
    assert bridge.cpu() - before < 0.3
    assert bridge.session(reason='handshake_timeout')['client'].startswith('127.0.0.1:')
    half = lab.connect(bridge).send(b'PROXY TCP4')
    half.sock.shutdown(socket.SHUT_WR)
    assert half.eof() and bridge.session(reason='handshake_eof')


@pytest.mark.parametrize('mode', ['accept', 'require'])
def test_tls_behind_a_header(lab, certs, mode):
    bridge = start(lab, [marked('/*', lab.target())], [{
        'address': ANY, 'proxy_protocol': mode, 'trusted_proxies': TRUSTED,
        'tls': {'mode': 'optional', 'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}])
    for number, header in enumerate((HEADERS['v1 IPv6'][0], HEADERS['v2 IPv6'][0])):
        sock = lab.socket(bridge)
        sock.sendall(header)
        client = Client(certs.context().wrap_socket(sock, server_hostname='localhost', suppress_ragged_eofs=False))
        lab.clients.append(client)
        client.upgrade().binary(b'x' * 100000)
        assert client.data(100000) == b'x' * 100000
        client.bye()
        record = bridge.session(number, reason='client_closed')
        assert record['client'] == '[2001:db8::9]:4711' and record['tls'].startswith('TLSv1.3')
    assert ask(lab, bridge, raw=HEADERS['v1 IPv4'][0] + request()).status == 101  # plain on the same port


def test_a_header_inside_tls_is_none(lab, certs):
    bridge = start(lab, [marked('/*', lab.target())], [{
        'address': ANY, 'proxy_protocol': 'accept', 'trusted_proxies': TRUSTED,
        'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}])
    raw = HEADERS['v1 IPv4'][0] + request()
    assert ask(lab, bridge, raw=raw, connection={'context': certs.context()}).status == 400


def test_two_headers_are_one_too_many(lab):
    bridge = endpoint_of(lab, 'accept')
    answer = ask(lab, bridge, raw=HEADERS['v1 IPv4'][0] + HEADERS['v1 IPv6'][0] + request())
    assert answer.status == 400 and client_of(bridge) == '203.0.113.9:4711'


def test_a_unix_peer_is_a_proxy_where_any_is(lab):
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': f'unix:{lab.folder}/in.sock', 'proxy_protocol': 'require', 'trusted_proxies': TRUSTED}])
    assert ask(lab, bridge, raw=HEADERS['v2 IPv4'][0] + request()).status == 101
    assert client_of(bridge) == '203.0.113.9:4711'


# ---- header fields ----

def forwarded(lab, fields, *, trusted=('127.0.0.1', '10.0.0.0/8'), extra=()):
    """(status, the client in the log) of a request with these fields, on a listener with trusted proxies."""
    options = {'trusted_proxies': list(trusted)} if trusted else {}
    bridge = start(lab, [marked('/*', lab.target())], [{'address': ANY, **options}])
    status = ask(lab, bridge, fields=fields, extra=extra).status
    return status, client_of(bridge)


@pytest.mark.parametrize('fields, client', [
    ({'X-Forwarded-For': '203.0.113.9'}, '203.0.113.9'),
    ({'X-Forwarded-For': '1.1.1.1, 203.0.113.9'}, '203.0.113.9'),  # what the client made up does not count
    ({'X-Forwarded-For': '1.1.1.1, 203.0.113.9, 10.1.1.1'}, '203.0.113.9'),
    ({'X-Forwarded-For': '1.1.1.1 , 203.0.113.9 ,10.1.1.1,10.0.0.2'}, '203.0.113.9'),
    ({'X-Forwarded-For': '2001:db8::9'}, '2001:db8::9'),
    ({'X-Forwarded-For': '::ffff:203.0.113.9'}, '203.0.113.9'),
    ({'X-Forwarded-For': '203.0.113.9, unknown'}, '127.0.0.1'),
    ({'X-Forwarded-For': '203.0.113.9, rubbish, 10.0.0.1'}, '10.0.0.1'),
    ({'X-Forwarded-For': ''}, '127.0.0.1'),
    ({'Forwarded': 'for=203.0.113.9'}, '203.0.113.9'),
    ({'Forwarded': 'for=1.1.1.1, For=203.0.113.9;proto=https;by=10.0.0.1'}, '203.0.113.9'),
    ({'Forwarded': 'for="[2001:db8::9]:4711";host="a,b"'}, '[2001:db8::9]:4711'),
    ({'Forwarded': 'for=203.0.113.9, for=_hidden'}, '127.0.0.1'),
    ({'Forwarded': 'for=203.0.113.9', 'X-Forwarded-For': '203.0.113.9'}, '203.0.113.9'),
])
def test_a_trusted_proxy_names_the_client(lab, fields, client):
    status, seen = forwarded(lab, fields)
    assert status == 101 and (seen == client or seen.startswith(client + ':'))


def test_fields_that_disagree(lab):
    assert forwarded(lab, {'Forwarded': 'for=203.0.113.9', 'X-Forwarded-For': '203.0.113.8'})[0] == 400


def test_fields_in_several_lines_are_one_list(lab):
    status, seen = forwarded(lab, {'X-Forwarded-For': '203.0.113.1'}, extra=['X-Forwarded-For: 203.0.113.9'])
    assert status == 101 and seen.startswith('203.0.113.9')


@pytest.mark.parametrize('name, value', [('X-Forwarded-For', '10.0.0.1'), ('Forwarded', 'for=10.0.0.1')])
def test_an_untrusted_proxy_is_not_believed(lab, name, value):
    for number, trusted in enumerate(({}, {'trusted_proxies': ['192.0.2.1']})):
        bridge = start(lab, [marked('/*', lab.target(), allow=['10.0.0.0/8'])], [{'address': ANY, **trusted}],
                       file=f'{number}.yaml')
        assert ask(lab, bridge, fields={name: value}).status == 403
        assert client_of(bridge).startswith('127.0.0.1:')


def test_rules_hold_for_the_named_client(lab):
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': ANY, 'trusted_proxies': TRUSTED, 'allow': ['10.0.0.0/8']}])
    endpoint = bridge.endpoints[0]
    assert ask(lab, endpoint, fields={'X-Forwarded-For': '10.0.0.1'}).status == 101
    assert ask(lab, endpoint, fields={'X-Forwarded-For': '10.0.0.1, 11.0.0.1'}).status == 403
    assert ask(lab, endpoint).status == 403
    # A PROXY header goes first: its client is the proxy's, which is no proxy of ours.
    bridge = endpoint_of(lab, 'require', allow=['10.0.0.0/8'])
    raw = HEADERS['v1 IPv4'][0] + request(fields={'X-Forwarded-For': '10.0.0.1'})
    assert ask(lab, bridge, raw=raw).status == 403


def test_trusted_proxies_of_the_process(lab):
    bridge = start(lab, [marked('/*', lab.target())], [
        {'address': ANY}, {'address': ANY, 'trusted_proxies': ['192.0.2.1']}], trusted_proxies=TRUSTED)
    for endpoint in bridge.endpoints:
        assert ask(lab, endpoint, fields={'X-Forwarded-For': '203.0.113.9'}).status == 101
    clients = {record['client'].split(':')[0] for record in [bridge.session(0), bridge.session(1)]}
    assert clients == {'203.0.113.9', '127.0.0.1'}


# ---- out ----

def parse_v2(data):
    """(command, family, source, destination, {type: value}, what follows)"""
    assert data.startswith(SIGNATURE)
    command, family, length = struct.unpack('!BBH', data[12:16])
    body, rest = data[16:16 + length], data[16 + length:]
    size = {0x11: 4, 0x21: 16, 0: 0}[family]
    kind = socket.AF_INET if size == 4 else socket.AF_INET6
    ends = None, None
    if size:
        ports = struct.unpack('!HH', body[2 * size:2 * size + 4])
        ends = tuple((socket.inet_ntop(kind, body[i * size:(i + 1) * size]), ports[i]) for i in range(2))
        body = body[2 * size + 4:]
    return command, family, *ends, parse_tlvs(body), rest


def parse_tlvs(body):
    found = {}
    while body:
        kind, length = struct.unpack('!BH', body[:3])
        assert kind not in found and len(body) >= 3 + length
        found[kind], body = body[3:3 + length], body[3 + length:]
    return found


def sent_to_target(lab, version, *, listener=None, route=None, opening=b'', connection=None, payload=b'hello',
                   fields=None):
    """The bytes that a target got before and with a client's first ones, and the client's own address."""
    target = lab.target(targets.sink)
    bridge = start(lab, [{'path': '/*', 'target': there(target, proxy_protocol=version), **(route or {})}],
                   [listener or {'address': ANY}])
    client = lab.connect(bridge, **(connection or {}))
    mine, its = client.sock.getsockname(), client.sock.getpeername()
    client.send(opening + request(fields={'Host': 'desk.example.com:99', **(fields or {})})).answer()
    client.binary(payload)
    seen = target.connection()
    until(lambda: seen.received.endswith(payload), lambda: seen.received)
    client.bye()
    return bytes(seen.received), mine, its


def test_version_1_out(lab):
    seen, mine, its = sent_to_target(lab, 'v1')
    assert seen == f'PROXY TCP4 127.0.0.1 127.0.0.1 {mine[1]} {its[1]}\r\nhello'.encode()


def test_version_1_out_names_the_forwarded_client(lab):
    listener = {'address': '[::1]:0', 'proxy_protocol': 'require', 'trusted_proxies': ['::1']}
    seen, _, its = sent_to_target(lab, 'v1', listener=listener, opening=b'PROXY TCP6 2001:db8::9 ::1 4711 80\r\n')
    assert seen == f'PROXY TCP6 2001:db8::9 ::1 4711 {its[1]}\r\nhello'.encode()


def test_version_1_out_of_a_unix_client(lab):
    seen, _, _ = sent_to_target(lab, 'v1', listener={'address': f'unix:{lab.folder}/in'})
    assert seen == b'PROXY UNKNOWN\r\nhello'


@pytest.mark.parametrize('client, line', [
    ('203.0.113.9', 'TCP4 203.0.113.9 0.0.0.0 0 0'), ('2001:db8::9', 'TCP6 2001:db8::9 :: 0 0')])
def test_version_1_out_names_who_is_behind_a_unix_proxy(lab, client, line):
    """A target that hears UNKNOWN may take the client for a local one."""
    listener = {'address': f'unix:{lab.folder}/in', 'trusted_proxies': ['10.0.0.1']}
    seen, _, _ = sent_to_target(lab, 'v1', listener=listener, fields={'X-Forwarded-For': client})
    assert seen == f'PROXY {line}\r\nhello'.encode()


def test_version_2_out(lab):
    seen, mine, its = sent_to_target(lab, 'v2')
    command, family, source, destination, tlvs, rest = parse_v2(seen)
    assert (command, family, rest) == (0x21, 0x11, b'hello')
    assert (source, destination) == (mine, its)
    assert tlvs.get(2, b'').startswith(b'desk.example.com') and 0x20 not in tlvs


def test_version_2_out_of_a_host_without_end(lab):
    """No header has room for it: that is the client's fault, and nothing of ours has failed."""
    target = lab.target()
    bridge = start(lab, [{'path': '/', 'target': there(target, proxy_protocol='v2')}])
    assert ask(lab, bridge, fields={'Host': 'a' * 1500}).status == 404
    until(lambda: 'no valid address for this request' in bridge.text, lambda: bridge.text)
    assert ' error ' not in bridge.text


def test_version_2_out_tells_of_tls(lab, certs):
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}], 'client_ca': certs.ca}
    context = certs.context(client=(certs.client, certs.client_key))
    seen, mine, _ = sent_to_target(lab, 'v2', listener={'address': ANY, 'tls': tls}, connection={'context': context})
    _, _, source, _, tlvs, rest = parse_v2(seen)
    assert source == mine and rest == b'hello'
    flags, verify = struct.unpack('!BI', tlvs[0x20][:5])
    inner = parse_tlvs(tlvs[0x20][5:])
    assert flags & 1 and flags & 6 and verify == 0  # by TLS, with a certificate that is good
    assert inner[0x21] == b'TLSv1.3' and inner[0x22] == b'somebody' and inner[0x23].startswith(b'TLS_')


def test_header_goes_before_tls_to_the_target(lab, certs):
    """The target ends TLS behind the PROXY header, as a load balancer's backend does."""
    seen = []

    def handler(connection):
        line = b''
        while not line.endswith(b'\r\n'):
            line += connection.sock.recv(1)
        seen.append(line)
        tls = certs.server_context(certs.ec, certs.ec_key).wrap_socket(connection.sock, server_side=True)
        tls.sendall(tls.recv(100).upper())
        tls.close()
    target = lab.target(handler)
    bridge = start(lab, [{'path': '/*', 'target': {
        'address': f'tls://localhost:{target.port}', 'ca': certs.ca, 'proxy_protocol': 'v1'}}])
    assert lab.open(bridge).binary(b'hello').end()[0] == b'HELLO'
    assert seen[0].startswith(b'PROXY TCP4 127.0.0.1')


def test_the_header_is_not_counted_as_payload(lab):
    target = lab.target(targets.sink)
    bridge = start(lab, [{'path': '/*', 'target': there(target, proxy_protocol='v2'), 'connect': 'after_upgrade'}])
    lab.open(bridge).binary(b'hello').bye()
    assert bridge.session()['bytes_up'] == '5'
    assert bytes(target.connection().received).endswith(b'hello')


def test_plain_requests_are_not_misled(lab):
    """A PROXY line cannot be smuggled by a path or a field into what a target gets."""
    answer = get(lab, endpoint_of(lab, 'accept'), '/x', fields={'X': 'PROXY TCP4 1.1.1.1 1.1.1.1 1 1'})
    assert answer.status == 426
