"""The method `certificate`: names and keys of client certificates, and lists of those that are revoked."""
import ssl

import pytest
from certs import EC, pin_of
from gateway import ANY, get, reload, start, there
from recipes import folder_for, gateway, recipe, replaced, shell
from wire import request, until


class People:
    """An authority that can revoke: `openssl ca` with its files."""

    def __init__(self, folder, certs):
        self.folder, self.certs = folder, certs
        (folder / 'database').write_text('')
        (folder / 'ca.cnf').write_text(
            f'[ca]\ndefault_ca = it\n[it]\ndatabase = {folder}/database\nnew_certs_dir = {folder}\npolicy = any\n'
            'default_md = sha256\nrand_serial = yes\nunique_subject = no\ndefault_crl_days = 30\ndefault_days = 30\n'
            'copy_extensions = copy\nx509_extensions = person\n[any]\ncommonName = supplied\n[person]\n'
            'basicConstraints = critical,CA:FALSE\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n')

    def ca(self, *arguments):
        self.certs.openssl('ca', '-batch', '-notext', '-config', self.folder / 'ca.cnf', '-cert', self.certs.ca,
                           '-keyfile', self.certs.ca_key, *arguments)

    def issue(self, name, common, names):
        ask, cert, key = (self.folder / f'{name}.{kind}' for kind in ('csr', 'pem', 'key'))
        self.certs.openssl('req', '-nodes', '-newkey', *EC, '-subj', f'/CN={common}', '-addext',
                           f'subjectAltName={names}', '-keyout', key, '-out', ask)
        self.ca('-in', ask, '-out', cert)
        return str(cert), str(key)

    def revoke(self, *pairs):
        for cert, _ in pairs:
            self.ca('-revoke', cert)
        self.ca('-gencrl', '-out', self.folder / 'new.crl')
        (self.folder / 'new.crl').rename(self.folder / 'crl.pem')
        return str(self.folder / 'crl.pem')


@pytest.fixture
def people(lab, certs):
    return People(lab.folder, certs)


def guarded(lab, certs, *, crl=None, verify='optional', **method):
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}], 'client_ca': certs.ca,
           'client_verify': verify, **({'client_crl': crl} if crl else {})}
    listener = {'address': ANY, 'tls': tls}
    return start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [{'certificate': method}]}], [listener])


def status(lab, certs, bridge, pair=None, **how):
    client = lab.connect(bridge.endpoints[0], context=certs.context(client=pair, **how))
    client.send(request('/desk'))
    found = client.answer().status
    client.hang_up()
    return found


@pytest.mark.parametrize('names, expected, user', [
    (['Ann Lee'], 101, 'Ann Lee'), (['ops@example.com', 'ann@example.com'], 101, 'ann@example.com'),
    (['*@example.com'], 101, 'ann@example.com'), (['*.lan'], 101, 'desk.lan'), (['*'], 101, 'Ann Lee'),
    (['Ann'], 403, None), (['*.example.com'], 403, None)])
def test_names(lab, certs, people, names, expected, user):
    ann = people.issue('ann', 'Ann Lee', 'email:ann@example.com,DNS:desk.lan')
    bridge = guarded(lab, certs, names=names)
    assert status(lab, certs, bridge, ann) == expected
    if user:
        assert bridge.session(user=user)['route'] == '/desk'
    else:
        assert 'none of names' in bridge.session(reason='auth_refused')['detail']
    assert status(lab, certs, bridge) == 403, 'without a certificate'
    assert 'no certificate' in bridge.session(1 if user is None else 0, reason='auth_refused')['detail']


def test_keys(lab, certs, people):
    ann, bob = people.issue('ann', 'Ann', 'DNS:a'), people.issue('bob', 'Bob', 'DNS:b')
    bridge = guarded(lab, certs, pins=[pin_of(ann)])
    assert status(lab, certs, bridge, ann) == 101
    assert status(lab, certs, bridge, bob) == 403


def test_an_unknown_authority(lab, certs):
    bridge = guarded(lab, certs, names=['*'])
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        status(lab, certs, bridge, (certs.fake, certs.fake_key))
    assert bridge.session(reason='tls_certificate')


def test_revoked_certificates(lab, certs, people):
    """A list that is replaced counts from the next handshake on, for resumed sessions as well."""
    ann, bob = people.issue('ann', 'Ann', 'DNS:a'), people.issue('bob', 'Bob', 'DNS:b')
    bridge = guarded(lab, certs, crl=people.revoke(bob), names=['*'])
    assert status(lab, certs, bridge, ann) == 101
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        status(lab, certs, bridge, bob)
    assert 'revoked' in bridge.session(reason='tls_certificate')['detail']

    context = certs.context(client=ann, highest=ssl.TLSVersion.TLSv1_2)
    first = lab.connect(bridge.endpoints[0], context=context)
    session = first.sock.session
    first.hang_up()
    people.revoke(ann)
    reload(bridge)
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        status(lab, certs, bridge, ann)
    raw = lab.connect(bridge.endpoints[0])
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(raw.sock, server_hostname='localhost', session=session)
    raw.hang_up()


def test_a_list_is_taken_up_by_itself(lab, certs, people):
    ann, bob = people.issue('ann', 'Ann', 'DNS:a'), people.issue('bob', 'Bob', 'DNS:b')
    bridge = guarded(lab, certs, crl=people.revoke(bob), names=['*'])
    assert status(lab, certs, bridge, ann) == 101
    people.revoke(ann)
    until(lambda: 'certificates were read again' in bridge.text, lambda: bridge.text[-2000:], seconds=40)
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        status(lab, certs, bridge, ann)


def test_the_recipe(lab, certs):
    """Clients with certificates, with the commands of the page."""
    (_, commands), (_, file) = recipe('Clients with certificates')
    here = folder_for(lab, certs)
    shell(lab, here, commands)
    certs.openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', here / 'people.pem', here / 'ann.pem')
    bridge = gateway(lab, here, replaced(file, port=(':443', '127.0.0.1:0'), web=('/usr/share/novnc', here / 'web'),
                                         target=('localhost:5432', f'127.0.0.1:{lab.target().port}')))
    for pair, expected in (((str(here / 'ann.pem'), str(here / 'ann.key')), 101), (None, 403)):
        context = certs.context(client=pair)
        client = lab.connect(bridge, context=context)
        assert client.send(request('/db')).answer().status == expected
        client.hang_up()
        assert get(lab, bridge, '/vnc.html', connection={'context': context}).status == 200
    assert bridge.session(user='ann')['route'] == '/db'
