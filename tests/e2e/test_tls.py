"""TLS on both sides of the bridge."""
import asyncio
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

import pytest
import websockets
from targets import digest, echo, sink, source
from wire import BINARY, close_frame, frame, pattern, request, time_passes, until

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
HERE = pathlib.Path(__file__).parent
pytestmark = pytest.mark.threads


def secure(certs, *more, kind='ec'):
    return (f'--cert={getattr(certs, kind)}', f'--key={getattr(certs, kind + "_key")}', *more)


@pytest.fixture
def bridge(lab, certs):
    return lab.start_echo(*secure(certs))[0]


def talk(client):
    assert client.binary(b'through').data(7) == b'through'
    return client


def offering(certs, ciphers, highest=V12):
    context = certs.context(lowest=ssl.TLSVersion.MINIMUM_SUPPORTED, highest=highest)
    context.set_ciphers(ciphers)
    return context


# ---- certificates, versions, suites ----

@pytest.mark.parametrize('kind', ['ec', 'rsa'])
@pytest.mark.parametrize('version', [V12, V13])
def test_versions_and_keys(lab, certs, kind, version):
    bridge, _ = lab.start_echo(*secure(certs, kind=kind))
    client = talk(lab.open(bridge, context=certs.context(lowest=version, highest=version)))
    assert client.sock.version() == ('TLSv1.2' if version == V12 else 'TLSv1.3')
    assert 'GCM' in client.sock.cipher()[0] or 'CHACHA20' in client.sock.cipher()[0]
    agreed = client.sock.version()
    client.bye()
    assert bridge.session(reason='client_closed')['tls'].startswith(agreed)


def test_tls_and_plain_on_one_port(lab, certs, bridge):
    bridge.says(f'listening on {bridge.address} (TLS and plain)')
    talk(lab.open(bridge))
    talk(lab.open(bridge, context=certs.context()))
    talk(lab.open(bridge))


def test_tls_only(lab, certs):
    bridge, target = lab.start_echo(*secure(certs, '--ssl-only'))
    bridge.says(f'listening on {bridge.address} (TLS)')
    client = lab.connect(bridge).send(request())
    answer = client.answer()
    assert (answer.status, answer.body) == (400, b'This port speaks HTTPS\n')
    assert answer.fields['connection'] == 'close' and client.eof()
    for other in (b'\0\0\0\10', b'\n', b' GET / HTTP/1.1\r\n\r\n', b'220 mail\r\n'):
        assert lab.connect(bridge).send(other).eof(), 'no answer to another protocol'
    assert all(bridge.session(number)['reason'] == 'tls_required' for number in range(5))
    assert not target.connections
    talk(lab.open(bridge, context=certs.context()))


def test_plain_requests_to_tls_only_get_their_answer(lab, certs):
    """However they are cut, and while the client still sends: a reset would discard the answer."""
    bridge, _ = lab.start_echo(*secure(certs, '--ssl-only'))
    for byte in sorted(set(request())):
        client = lab.connect(bridge).send(bytes([byte]))
        assert client.answer().status == 400 if chr(byte).isalpha() else client.eof()
        client.hang_up()
    large = lab.connect(bridge).send(b'POST /upload HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n' + bytes(200_000))
    assert large.answer().body == b'This port speaks HTTPS\n' and large.eof()
    head = lab.connect(bridge).send(b'HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    while head.fill():
        pass
    assert b'Content-Length: 23' in head.pending and head.pending.endswith(b'\r\n\r\n')


def test_a_tls_hello_without_a_certificate(lab, certs, tmp_path):
    bridge, _ = lab.start_echo(cwd=tmp_path)
    with pytest.raises(OSError):
        lab.connect(bridge, context=certs.context())
    bridge.session(reason='tls_unavailable')
    talk(lab.open(bridge))


def test_certificate_and_key_in_one_file(lab, certs):
    bridge, _ = lab.start_echo(f'--cert={certs.combined()}')
    talk(lab.open(bridge, context=certs.context()))


def test_an_expired_certificate_serves_with_a_warning(lab, certs, tmp_path):
    """As websockify does: named by --cert, or as self.pem in the working directory."""
    old = certs.dated('quick-old', 'localhost', time.time() - 9 * 86400, time.time() - 86400)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    shutil.copy(old, tmp_path / 'self.pem')
    for line, file, cwd in ((['--cert', old], old, None), ([], 'self.pem', tmp_path)):
        bridge = lab.start(target=lab.target(), options=line, cwd=cwd)
        until(lambda bridge=bridge, file=file: f"certificate '{file}' (localhost) expired on " in bridge.text,
              lambda bridge=bridge: bridge.text)
        talk(lab.open(bridge, context=context))


def test_a_key_with_a_password(lab, certs):
    bridge, _ = lab.start_echo(f'--cert={certs.ec}', f'--key={certs.encrypted_key("sesame")}', '--key-password=sesame')
    talk(lab.open(bridge, context=certs.context()))


@pytest.mark.filterwarnings('ignore:ssl.TLSVersion')
def test_tls_1_1_is_refused(lab, certs, bridge):
    with pytest.raises(OSError):
        lab.connect(bridge, context=offering(certs, 'ALL:@SECLEVEL=0', ssl.TLSVersion.TLSv1_1))
    bridge.session(reason='tls_handshake')


def test_lowest_version(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '--ssl-version=tlsv1_3'))
    with pytest.raises(OSError):
        lab.connect(bridge, context=certs.context(highest=V12))
    talk(lab.open(bridge, context=certs.context()))


@pytest.mark.parametrize('suite', ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384'])
def test_suites_without_forward_secrecy_or_aead_are_refused(lab, certs, bridge, suite):
    with pytest.raises(OSError):
        lab.connect(bridge, context=offering(certs, f'{suite}:@SECLEVEL=0'))


def test_chosen_suite(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '--ssl-ciphers=ECDHE-ECDSA-AES256-GCM-SHA384'))
    client = talk(lab.open(bridge, context=certs.context(highest=V12)))
    assert client.sock.cipher()[0] == 'ECDHE-ECDSA-AES256-GCM-SHA384'


@pytest.mark.parametrize('offered, chosen', [(['http/1.1'], 'http/1.1'), (['h2', 'http/1.1'], 'http/1.1'), ([], None)])
def test_alpn(lab, certs, bridge, offered, chosen):
    client = talk(lab.open(bridge, context=certs.context(alpn=offered)))
    assert client.sock.selected_alpn_protocol() == chosen


def test_alpn_without_anything_we_speak(lab, certs, bridge):
    """RFC 7301 section 3.2: a fatal alert; what must not happen is that h2 is agreed on."""
    with pytest.raises(OSError):
        lab.connect(bridge, context=certs.context(alpn=['h2']))
    bridge.session(reason='tls_handshake')


@pytest.mark.parametrize('version', [V12, V13])
def test_resumption_across_workers(lab, certs, version):
    bridge, _ = lab.start_echo(*secure(certs, '--workers=4'))
    context = certs.context(lowest=version, highest=version)
    first = talk(lab.open(bridge, context=context))
    assert not first.sock.session_reused
    session = first.sock.session
    assert session.has_ticket
    open_ones = [talk(lab.open(bridge, context=context, session=session)) for _ in range(12)]
    assert all(client.sock.session_reused for client in open_ones)


def read_until(stream, end):
    """Lines up to the one with `end`, or all of them."""
    output = b''
    for line in stream:
        output += line
        if end in line:
            break
    return output


def test_renegotiation_is_refused(lab, bridge):
    client = lab.spawn('openssl', 's_client', '-tls1_2', '-connect', f'127.0.0.1:{bridge.port}', '-noservername',
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = read_until(client.stdout, b'Extended master secret')
    client.stdin.write(b'R\n')
    client.stdin.flush()
    output += read_until(client.stdout, b'no renegotiation')
    client.stdin.close()
    output += client.stdout.read()
    client.wait(10)
    assert b'RENEGOTIATING' in output
    assert b'no renegotiation' in output, output.decode(errors='replace')[-1000:]


# ---- client certificates ----

def test_client_certificate(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '--verify-client', f'--cafile={certs.ca}'))
    talk(lab.open(bridge, context=certs.context(client=(certs.client, certs.client_key))))


@pytest.mark.parametrize('version', [V12, V13])
@pytest.mark.parametrize('who', ['nobody', 'stranger'])
def test_bad_client_certificate(lab, certs, who, version):
    bridge, target = lab.start_echo(*secure(certs, '--verify-client', f'--cafile={certs.ca}'))
    identity = None if who == 'nobody' else (certs.fake, certs.fake_key)
    context = certs.context(lowest=version, highest=version, client=identity)
    with pytest.raises((OSError, EOFError)):
        lab.open(bridge, context=context)
    bridge.session(reason='tls_certificate')
    assert not target.connections


# ---- bytes ----

@pytest.mark.parametrize('version', [V12, V13])
def test_large_echo(lab, certs, bridge, version):
    data = pattern(8 << 20)
    client = lab.open(bridge, context=certs.context(lowest=version, highest=version))
    framed = b''.join(frame(BINARY, data[n:n + 50_000]) for n in range(0, len(data), 50_000))
    assert digest(client.send_while_reading(framed).data(len(data))) == digest(data)


@pytest.mark.parametrize('size', [1, 16384, 16385, 300_000, 5 << 20])
def test_target_closes_after_its_last_byte(lab, certs, size):
    bridge, _ = lab.start_echo(*secure(certs), handler=source(pattern(size)))
    client = lab.open(bridge, context=certs.context())
    payload, code, _ = client.closing()
    assert (digest(payload), code) == (digest(pattern(size)), 1000)
    client.send(close_frame(1000))
    assert client.sock.recv(1) == b'', 'close_notify, or recv raises'


def test_client_closes_after_its_last_byte(lab, certs):
    bridge, target = lab.start_echo(*secure(certs), handler=sink)
    data = pattern(3 << 20)
    client = lab.open(bridge, context=certs.context()).send(frame(BINARY, data) + close_frame(1000))
    assert client.close_code() == 1000
    assert client.sock.recv(1) == b'', 'close_notify, or recv raises'
    assert target.connection().ended.wait(15)
    assert digest(target.connection().received) == digest(data)


def test_slow_reader_loses_nothing(lab, certs):
    data = pattern(4 << 20)
    bridge, _ = lab.start_echo(*secure(certs), handler=source(data))
    client = lab.open(bridge, context=certs.context(), receive_buffer=8192)
    time_passes(1)
    assert digest(client.closing()[0]) == digest(data)


def test_one_byte_records(lab, bridge, certs):
    client = lab.connect(bridge, context=certs.context())
    for byte in request() + frame(BINARY, b'hello'):
        client.send(bytes([byte]))
    assert client.answer().status == 101
    assert client.data(5) == b'hello'


def test_refusals_over_tls(lab, certs, bridge):
    client = lab.connect(bridge, context=certs.context()).send(request(method='POST'))
    assert client.answer().status == 405
    assert client.sock.recv(1) == b''


def test_a_client_that_only_hangs_up(lab, certs):
    bridge, target = lab.start_echo(*secure(certs), handler=sink)
    client = lab.open(bridge, context=certs.context()).binary(b'last words')
    until(lambda: bytes(target.connection().received) == b'last words', 'the bytes')
    client.hang_up()
    assert target.connection().ended.wait(10)
    bridge.session()


def test_many_tls_sessions(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '--workers=4'))
    context = certs.context()
    clients = [lab.open(bridge, context=context) for _ in range(60)]
    for number, client in enumerate(clients):
        client.binary(pattern(40_000, seed=number))
    for number, client in enumerate(clients):
        assert client.data(40_000) == pattern(40_000, seed=number)


# ---- handshakes that go wrong ----

def test_half_a_hello_times_out(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '--handshake-timeout=1s'))
    client = lab.connect(bridge).send(b'\x16\x03\x01\x02\x00\x01')
    assert client.eof()
    bridge.session(reason='handshake_timeout')


def test_no_request_after_the_handshake_times_out(lab, certs):
    bridge, _ = lab.start_echo(*secure(certs, '-v', '--handshake-timeout=1s'))
    client = lab.connect(bridge, context=certs.context())
    assert client.sock.recv(1000) == b''
    until(bridge.records, 'a line about it')


@pytest.mark.parametrize('data', [b'\x16' + b'nonsense' * 100, b'\x16\x03\x01\x00\x05hello', b'\x80\x2e\x01\x03\x01'],
                         ids=['noise', 'a record of noise', 'an SSLv2 hello'])
def test_garbage_instead_of_a_hello(lab, certs, data):
    bridge, _ = lab.start_echo(*secure(certs, '--handshake-timeout=2s'))
    client = lab.connect(bridge).send(data)
    while client.fill():  # an alert may come
        pass
    bridge.session()
    talk(lab.open(bridge, context=certs.context()))


def test_garbage_inside_a_session(lab, certs):
    bridge, target = lab.start_echo(*secure(certs), handler=sink)
    client = lab.open(bridge, context=certs.context()).binary(b'fine')
    until(lambda: bytes(target.connection().received) == b'fine', 'the bytes')
    raw = socket.socket(fileno=client.sock.detach())
    raw.sendall(b'\x17' + b'not a record at all' * 10)  # the type of a record is right: OpenSSL 3.2 and later look at it first
    raw.settimeout(10)
    try:
        while raw.recv(4096):
            pass
    except ConnectionResetError:
        pass
    raw.close()
    assert target.connection().ended.wait(10)
    assert bridge.session(reason='client_io')['detail'] == 'wrong version number'


# ---- TLS towards the target ----

def tls_target(lab, certs, kind='ec', handler=echo):
    context = certs.server_context(getattr(certs, kind), getattr(certs, f'{kind}_key'))
    return lab.target(handler, context=context)


def start_to(lab, certs, target, *options, host='localhost'):
    return lab.start('--ssl-target', *options, '127.0.0.1:0', f'{host}:{target.port}', env={'SSL_CERT_FILE': certs.ca})


@pytest.mark.parametrize('host', ['localhost', '127.0.0.1'])
def test_target(lab, certs, host):
    bridge = start_to(lab, certs, tls_target(lab, certs), host=host)
    talk(lab.open(bridge))


def test_target_hears_the_name(lab, certs):
    names = []
    context = certs.server_context(certs.ec, certs.ec_key)
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    bridge = start_to(lab, certs, lab.target(context=context))
    talk(lab.open(bridge))
    assert names == ['localhost']


@pytest.mark.parametrize('kind', ['fake', 'other'], ids=['unknown issuer', 'another name'])
def test_target_that_is_not_trusted(lab, certs, kind):
    bridge = start_to(lab, certs, tls_target(lab, certs, kind))
    client = lab.open(bridge)
    assert client.end()[1] == 1011
    bridge.session(reason='target_untrusted')


def test_target_that_is_not_trusted_by_the_system(lab, certs):
    target = tls_target(lab, certs)
    bridge = lab.start('--ssl-target', '127.0.0.1:0', f'localhost:{target.port}')
    assert lab.open(bridge).end()[1] == 1011
    bridge.session(reason='target_untrusted')


def test_target_that_does_not_speak_tls(lab, certs):
    bridge = start_to(lab, certs, lab.target(source(b'SSH-2.0-plain\r\n', then='hold')))
    assert lab.open(bridge).end()[1] == 1011
    bridge.session(reason='target_tls')


def test_target_that_never_answers_the_hello(lab, certs):
    bridge = start_to(lab, certs, lab.target(sink), '--connect-timeout=1s')
    assert lab.open(bridge).end()[1] == 1011
    bridge.session(reason='target_timeout')


def test_tls_on_both_sides(lab, certs):
    target = tls_target(lab, certs)
    bridge = start_to(lab, certs, target, *secure(certs))
    client = lab.open(bridge, context=certs.context())
    data = pattern(1 << 20)
    framed = b''.join(frame(BINARY, data[n:n + 20_000]) for n in range(0, len(data), 20_000))
    assert digest(client.send_while_reading(framed).data(len(data))) == digest(data)


def test_target_gets_a_close_notify(lab, certs):
    ends = []

    def notice(connection):
        connection.sock.suppress_ragged_eofs = False
        try:
            while connection.sock.recv(4096):
                pass
            ends.append('close_notify')
        except OSError as failure:
            ends.append(failure)
    bridge = start_to(lab, certs, tls_target(lab, certs, handler=notice))
    lab.open(bridge).send(frame(BINARY, b'x') + close_frame(1000)).close_code()
    until(lambda: ends, 'the end')
    assert ends == ['close_notify']


# ---- clients that we did not write ----

@pytest.mark.parametrize('version', [V12, V13])
def test_python_websockets(lab, certs, bridge, version):
    async def exchange():
        context = certs.context(lowest=version, highest=version)
        url = f'wss://localhost:{bridge.port}/'
        async with websockets.connect(url, ssl=context, host='127.0.0.1', max_size=None) as ws:
            data = pattern(1 << 20)
            await ws.send(data)
            got = b''
            while len(got) < len(data):
                got += await ws.recv()
            assert got == data
        assert ws.close_code == 1000
    asyncio.run(exchange())


@pytest.mark.skipif(shutil.which('node') is None, reason='no node')
def test_npm_ws(certs, bridge):
    result = subprocess.run(['node', HERE / 'client.mjs', f'wss://127.0.0.1:{bridge.port}/', '2000000', certs.ca],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {'protocol': 'binary', 'echoed': True, 'pong': 'are you there', 'code': 1000}
