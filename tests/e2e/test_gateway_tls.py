"""TLS of a listener: which certificate, whose certificate, how old a version, and what resumes."""
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import pytest
from gateway import ANY, ask, get, marked, samples, start, status_document, write
from lab import run
from wire import until


def pair(certs, name):
    return {'certificate': getattr(certs, name), 'key': getattr(certs, f'{name}_key')}


@pytest.fixture(scope='module')
def hosts(certs):
    """Certificates for names; the folder is shared with `certs`."""
    for name, host in (('a', 'a.example.com'), ('wild', '*.example.com'), ('b', 'b.example.org')):
        certs_pair = certs.leaf(f'host-{name}', ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'), host)
        setattr(certs, f'host_{name}', certs_pair[0])
        setattr(certs, f'host_{name}_key', certs_pair[1])
    return certs


def serve(lab, *listeners, **how):
    return start(lab, [marked('/*', lab.target()), {'path': '/metrics', 'metrics': True}],
                 [{'address': ANY, **listener} for listener in listeners], **how)


def shown_to(lab, endpoint, certs, name):
    """The names in the certificate that a client which asks for `name` gets; None: it sends no name."""
    context = certs.context()
    context.check_hostname = False
    sock = context.wrap_socket(lab.socket(endpoint), server_hostname=name)
    try:
        return [value for _, value in sock.getpeercert()['subjectAltName']]
    finally:
        sock.close()


def s_client(endpoint, name, certs, *options):
    """Output of OpenSSL's own client for a handshake."""
    command = ['openssl', 's_client', '-connect', endpoint.address, '-servername', name, '-CAfile', certs.ca,
               '-nameopt', 'RFC2253', *options]
    return subprocess.run(command, input='', capture_output=True, text=True, timeout=15, check=False).stdout


def refused_by(lab, endpoint, context, reason=None, *, bridge=None):
    """The handshake fails, or the connection ends before an answer."""
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError)):
        ask(lab, endpoint, connection={'context': context})
    if reason:
        return (bridge or endpoint).session(reason=reason)
    return None


# ---- which certificate ----

def test_certificates_are_chosen_by_name(lab, hosts):
    endpoint = serve(lab, {'tls': {'certificates': [pair(hosts, 'ec'), pair(hosts, 'host_wild'), pair(hosts, 'host_a'),
                                                pair(hosts, 'host_b')]}}).endpoints[0]
    expected = {
        'a.example.com': 'a.example.com', 'A.Example.COM': 'a.example.com', 'x.example.com': '*.example.com',
        'b.example.org': 'b.example.org', 'x.y.example.com': 'localhost', 'example.com': 'localhost',
        'unknown.net': 'localhost', 'localhost': 'localhost', None: 'localhost'}
    assert {name: shown_to(lab, endpoint, hosts, name)[0] for name in expected} == expected


def test_s_client_agrees(lab, hosts):
    endpoint = serve(lab, {'tls': {'certificates': [pair(hosts, 'ec'), pair(hosts, 'host_wild')]}}).endpoints[0]
    for name, subject in (('q.example.com', '*.example.com'), ('nobody.net', 'localhost')):
        said = s_client(endpoint, name, hosts, '-verify_return_error')
        assert f'subject=CN={subject}' in said and 'Verify return code: 0 (ok)' in said, said


def test_both_kinds_of_key_for_a_name(lab, certs):
    endpoint = serve(lab, {'tls': {'certificates': [pair(certs, 'rsa'), pair(certs, 'ec')]}}).endpoints[0]
    for sigalgs, key in (('ecdsa_secp256r1_sha256', '256 bit'), ('rsa_pss_rsae_sha256', '2048 bit')):
        said = s_client(endpoint, 'localhost', certs, '-sigalgs', sigalgs)
        assert f'Server public key is {key}' in said, said


# ---- whose certificate ----

def test_mutual_tls(lab, certs):
    tls = {'certificates': [pair(certs, 'ec')], 'client_ca': certs.ca}
    bridge = serve(lab, {'tls': tls}, {'tls': {**tls, 'client_verify': 'optional'}},
                   {'tls': {**tls, 'client_verify': 'off'}})
    known = certs.context(client=(certs.client, certs.client_key))
    stranger = certs.context(client=(certs.fake, certs.fake_key))
    required, optional, off = bridge.endpoints
    for endpoint in bridge.endpoints:
        assert ask(lab, endpoint, connection={'context': known}).status == 101
    refused_by(lab, required, certs.context(), 'tls_certificate', bridge=bridge)
    assert ask(lab, optional, connection={'context': certs.context()}).status == 101
    assert ask(lab, off, connection={'context': stranger}).status == 101
    for endpoint in (required, optional):
        refused_by(lab, endpoint, stranger)
    until(lambda: [r['reason'] for r in bridge.records()].count('tls_certificate') == 3, lambda: bridge.text)


# ---- versions and suites ----

def test_lowest_version(lab, certs):
    old = certs.context(highest=ssl.TLSVersion.TLSv1_2)
    bridge = serve(lab, *({'tls': {'certificates': [pair(certs, 'ec')], 'min_version': version}}
                          for version in ('1.2', '1.3')))
    assert ask(lab, bridge.endpoints[0], connection={'context': old}).status == 101
    refused_by(lab, bridge.endpoints[1], old, 'tls_handshake', bridge=bridge)
    assert ask(lab, bridge.endpoints[1], connection={'context': certs.context()}).status == 101
    seen = samples_over_tls(lab, bridge.endpoints[0], certs)
    assert seen['wsluice_handshakes_total{result="ok",tls="1.2"}'] == 1
    assert seen['wsluice_handshakes_total{result="ok",tls="1.3"}'] == 1


def samples_over_tls(lab, endpoint, certs):
    answer = get(lab, endpoint, '/metrics', connection={'context': certs.context()})
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith('#')]
    return {name: float(value) for name, value in (line.rsplit(' ', 1) for line in lines)}


def test_suites(lab, certs):
    endpoint = serve(lab, {'tls': {'certificates': [pair(certs, 'ec')], 'ciphers': 'ECDHE-ECDSA-AES256-GCM-SHA384',
                               'suites': 'TLS_CHACHA20_POLY1305_SHA256'}}).endpoints[0]
    for context, name in ((certs.context(highest=ssl.TLSVersion.TLSv1_2), 'ECDHE-ECDSA-AES256-GCM-SHA384'),
                          (certs.context(), 'TLS_CHACHA20_POLY1305_SHA256')):
        client = lab.open(endpoint, context=context)
        assert client.sock.cipher()[0] == name
        client.bye()


# ---- plain and TLS on one port ----

def test_modes(lab, certs):
    given = {'certificates': [pair(certs, 'ec')]}
    bridge = serve(lab, {'tls': given}, {'tls': {**given, 'mode': 'optional'}}, {})
    required, optional, plain = bridge.endpoints
    assert ask(lab, optional).status == ask(lab, optional, connection={'context': certs.context()}).status == 101
    assert ask(lab, required).status == 400 and bridge.session(reason='tls_required')
    assert ask(lab, required, connection={'context': certs.context()}).status == 101
    with pytest.raises((ssl.SSLError, OSError, EOFError)):
        ask(lab, plain, connection={'context': certs.context()})
    assert ask(lab, plain).status == 101


def test_http_is_redirected_to_https_on_one_port(lab, certs):
    """Two listeners, as one has it: 80 redirects, 443 serves."""
    routes = [marked('/*', lab.target(), name='desk'),
              {'path': '/*', 'name': 'away', 'redirect': 'https://{host}{path}'}]
    bridge = start(lab, routes, [{'address': ANY, 'routes': ['away']},
                                 {'address': ANY, 'routes': ['desk'], 'tls': {'certificates': [pair(certs, 'ec')]}}])
    assert get(lab, bridge.endpoints[0], '/x').fields['location'] == 'https://localhost/x'
    assert ask(lab, bridge.endpoints[1], '/x', connection={'context': certs.context()}).status == 101


# ---- reload ----

def reload(bridge, config=None):
    """SIGHUP, until the new configuration is in use."""
    before = len(bridge.lines)
    if config:
        write(bridge.file, config)
    bridge.signal(signal.SIGHUP)
    until(lambda: any('the configuration ' in line for line in bridge.lines[before:]), lambda: bridge.text)


@pytest.mark.parametrize('version', [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=['1.2', '1.3'])
def test_a_session_resumes_after_a_reload(lab, certs, version):
    bridge = serve(lab, {'tls': {'certificates': [pair(certs, 'ec')]}})
    context = certs.context(lowest=version, highest=version)

    def connect(session=None):
        client = lab.open(bridge, context=context, session=session).binary(b'x')
        client.data(1)
        found = client.sock.session, client.sock.session_reused
        client.bye()
        return found
    session, reused = connect()
    assert not reused
    assert connect(session)[1]
    for _ in range(3):
        reload(bridge)
        session, reused = connect(session)
        assert reused
    config = json.loads(bridge.file.read_text())
    config['routes'].append({'path': '/health', 'health': 'live'})
    reload(bridge, config)
    assert connect(session)[1]


def test_a_changed_certificate_is_served_at_once_and_sessions_stay(lab, certs, tmp_path):
    files = {'certificate': str(tmp_path / 'now.pem'), 'key': str(tmp_path / 'now.key')}

    def put(name):
        for kind, source in pair(certs, name).items():
            with open(source, 'rb') as file, open(files[kind] + '.new', 'wb') as new:
                new.write(file.read())
        for kind in ('key', 'certificate'):
            os.rename(files[kind] + '.new', files[kind])
    put('ec')
    bridge = serve(lab, {'tls': {'certificates': [files]}})
    client = lab.open(bridge, context=certs.context())
    assert shown_to(lab, bridge.endpoints[0], certs, 'localhost')[0] == 'localhost'
    put('other')
    until(lambda: shown_to(lab, bridge.endpoints[0], certs, 'localhost')[0] == 'elsewhere.example', lambda: bridge.text)
    client.binary(b'still here')
    assert client.data(10) == b'still here'
    client.bye()


def test_a_bad_certificate_on_reload_changes_nothing(lab, certs):
    bridge = serve(lab, {'tls': {'certificates': [pair(certs, 'ec')]}})
    config = json.loads(bridge.file.read_text())
    config['listeners'][0]['tls']['certificates'][0]['key'] = certs.rsa_key
    reload(bridge, config)
    assert ask(lab, bridge, connection={'context': certs.context()}).status == 101
    until(lambda: 'gateway.yaml:' in bridge.text or certs.rsa_key in bridge.text, lambda: bridge.text)
    assert samples_over_tls(lab, bridge, certs)['wsluice_last_reload_successful'] == 0


def test_expiry_is_a_metric_and_a_warning(lab, certs):
    short, key = str(certs.folder / 'short.pem'), str(certs.folder / 'short.key')
    certs.openssl('req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-days', 5, '-subj',
                  '/CN=short', '-keyout', key, '-out', short)
    both = [pair(certs, 'ec'), {'certificate': short, 'key': key}]
    bridge = serve(lab, {'tls': {'mode': 'optional', 'certificates': both}},
                   {'tls': {'certificates': [pair(certs, 'ec')]}})
    until(lambda: any('warn' in line and short in line for line in bridge.lines), lambda: bridge.text)
    assert not any('warn' in line and certs.ec in line for line in bridge.lines)
    names = [line.rsplit(' ', 1)[0] for line in get(lab, bridge, '/metrics').body.decode().splitlines()]
    assert len(names) == len(set(names))
    seen = samples(lab, bridge)
    soon, later = (seen[f'wsluice_certificate_not_after_timestamp_seconds{{certificate="{file}"}}']
                   for file in (short, certs.ec))
    assert 24 * 86400 < later - soon < 26 * 86400


DAY = 86400


def of_days(certs, name, begin, end, host='localhost'):
    return certs.dated(name, host, time.time() + begin * DAY, time.time() + end * DAY)


def warnings(bridge, word):
    return [line for line in bridge.lines if ' warn ' in line and word in line]


def test_one_expired_certificate_of_many_stops_nothing(lab, certs):
    old = of_days(certs, 'old', -20, -2, 'old.example')
    early = of_days(certs, 'early', 2, 20, 'early.example')
    bridge = serve(lab, {'tls': {'mode': 'optional', 'certificates': [pair(certs, 'ec'), old, early]}})
    until(lambda: warnings(bridge, old) and warnings(bridge, early), lambda: bridge.text)
    assert re.search(r'gateway\.yaml:\d+:\d+: ', warnings(bridge, old)[0]) and 'expired on ' in warnings(bridge, old)[0]
    assert 'is not valid before ' in warnings(bridge, early)[0]
    assert ask(lab, bridge, connection={'context': certs.context()}).status == 101
    assert 'subject=CN=old.example' in s_client(bridge.endpoints[0], 'old.example', certs)
    assert samples(lab, bridge)[f'wsluice_certificate_not_after_timestamp_seconds{{certificate="{old}"}}'] < time.time()

    # A reload brings other changes, and the warning again; and takes up one that is expired already.
    config = json.loads(bridge.file.read_text())
    config['routes'].append({'path': '/status', 'status': True, 'allow': ['127.0.0.0/8']})
    reload(bridge, config)
    until(lambda: len(warnings(bridge, old)) == 2, lambda: bridge.text)
    states = {c['file']: c['state'] for c in status_document(lab, bridge)['certificates']}
    assert states == {certs.ec: 'valid', old: 'expired', early: 'not valid yet'}
    text = get(lab, bridge, '/status?format=text').body.decode()
    assert f'certificate {old} expired on ' in text and f'certificate {early} is not valid before ' in text
    assert certs.ec not in text


def test_a_certificate_that_expires_while_it_is_served(lab, certs):
    short = certs.dated('passing', 'localhost', time.time() - DAY, time.time() + 4)
    bridge = serve(lab, {'tls': {'mode': 'optional', 'certificates': [short]}})
    until(lambda: warnings(bridge, 'expires on '), lambda: bridge.text)
    until(lambda: warnings(bridge, 'expired on '), lambda: bridge.text)
    assert len(warnings(bridge, short)) == 2
    insecure = certs.context()
    insecure.check_hostname, insecure.verify_mode = False, ssl.CERT_NONE
    assert ask(lab, bridge, connection={'context': insecure}).status == 101


def test_a_broken_certificate_of_many_is_named(certs, tmp_path):
    broken = tmp_path / 'broken.pem'
    broken.write_text('no PEM')
    file = write(tmp_path / 'gateway.yaml', {'listeners': [{'address': ANY, 'tls': {'certificates': [
        pair(certs, 'ec'), str(broken)]}}], 'routes': [{'path': '/', 'target': 'tcp://127.0.0.1:1'}]})
    status, _, err = run('--config', file)
    assert status == 1 and f"certificate file '{broken}' holds no certificate" in err
    assert re.search(r'gateway\.yaml:\d+:\d+: ', err)


def test_no_name_and_no_bytes(lab, certs):
    """A client that speaks no TLS is closed there."""
    bridge = serve(lab, {'tls': {'certificates': [pair(certs, 'ec')]}})
    for garbage in (b'\x16\x03\x01\xff\xff' + bytes(100), b'\x16' * 600, b'\x80\x2e\x01\x00\x02' + bytes(60)):
        client = lab.connect(bridge).send(garbage)
        client.sock.shutdown(socket.SHUT_WR)
        while True:
            try:
                if not client.fill():
                    break
            except ConnectionResetError:
                break
        client.hang_up()
    assert ask(lab, bridge, connection={'context': certs.context()}).status == 101
