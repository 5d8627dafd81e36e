"""The recipes for certificates: openssl's one line, and an ACME client's folder while wsluice runs."""
import grp
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile

import pytest
from certs import strict
from lab import BINARY, reachable
from recipes import folder_for, hears, recipe, replaced, says, shell
from wire import until

DOMAIN = 'desk.example.com'


@pytest.fixture(name='here')
def fixture_here(lab, certs):
    return folder_for(lab, certs)


def seen_by(lab, endpoint, authority):
    """The serial number of the certificate that a client sees who trusts the authority."""
    client = lab.connect(endpoint, context=strict(authority), server_name=DOMAIN)
    serial = client.sock.getpeercert()['serialNumber']
    client.hang_up()
    return serial


def test_a_certificate_for_a_test(lab, here):
    (_, make), (_, serve) = recipe('A certificate for a test')
    (here / 'desk.pem').unlink()
    (here / 'desk.key').unlink()
    shell(lab, here, make)
    assert (here / 'desk.key').stat().st_mode & 0o077 == 0
    limits = subprocess.run(['openssl', 'x509', '-in', here / 'desk.pem', '-noout', '-ext', 'basicConstraints'],
                            capture_output=True, text=True, check=True).stdout
    assert 'critical' in limits and 'CA:FALSE' in limits, 'some clients refuse an authority as a server'
    target = lab.target(says(b'RFB'))
    bridge = shell(lab, here, replaced(serve, web=('/usr/share/novnc', 'web'), port=(' 443 ', ' 127.0.0.1:0 '),
                                       target=('localhost:5900', f'127.0.0.1:{target.port}')))
    trusting = strict(here / 'desk.pem')
    for name in ('localhost', DOMAIN, '127.0.0.1'):
        hears(lab, bridge, '/websockify', b'RFB', context=trusting, server_name=name)
    with pytest.raises(ssl.SSLCertVerificationError):
        lab.connect(bridge, context=trusting, server_name='elsewhere.example')
    url = f'https://localhost:{bridge.port}/vnc.html'
    ask = ['node', '-e', f'fetch("{url}").then((answer) => console.log(answer.status))']
    said = subprocess.run(ask, env={**os.environ, 'NODE_EXTRA_CA_CERTS': str(here / 'desk.pem')}, timeout=20,
                          capture_output=True, text=True, check=True).stdout
    assert said == '200\n'


class AcmeFolder:
    """/etc/letsencrypt as certbot keeps it: numbered files in archive/, links to the current ones in live/."""

    FILES = ('fullchain', 'privkey')

    def __init__(self, root, certs):
        self.root, self.certs, self.number = root, certs, 0
        self.archive, self.live = root / 'archive' / DOMAIN, root / 'live' / DOMAIN
        for folder in (self.archive, self.live):
            folder.mkdir(parents=True)
        for folder in (root / 'archive', root / 'live'):
            folder.chmod(0o700)
        self.renew()

    def renew(self):
        """New files beside the old ones, the key with mode and group of the last key; then each link is replaced."""
        self.number += 1
        for file, made in zip(self.FILES, self.certs.leaf(f'acme{self.number}', ('ec', '-pkeyopt',
                                                                                 'ec_paramgen_curve:P-256'), DOMAIN)):
            new, old = (self.archive / f'{file}{number}.pem' for number in (self.number, self.number - 1))
            shutil.copy(made, new)
            new.chmod(0o600 if file == 'privkey' else 0o644)
            if file == 'privkey' and old.exists():
                new.chmod(old.stat().st_mode & 0o777)
                os.chown(new, -1, old.stat().st_gid)
        for file in self.FILES:
            link = self.live / f'{file}.pem'
            if link.is_symlink():
                link.unlink()
            link.symlink_to(f'../../archive/{DOMAIN}/{file}{self.number}.pem')


@pytest.fixture(name='public')
def fixture_public():
    """A folder that other users can enter: pytest's own are closed to them."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='wsluice-acme-'))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_certificates_from_an_acme_client(lab, public, certs):
    """Renewed under a gateway that runs as another user, whose group alone may read the files."""
    (_, permissions), (_, file), (_, unit) = recipe('Certificates from an ACME client')
    assert unit == '[Service]\nSupplementaryGroups=ssl-cert\n'
    root = public / 'letsencrypt'
    acme = AcmeFolder(root, certs)
    as_root = os.geteuid() == 0
    group = grp.getgrnam('daemon') if as_root else grp.getgrgid(os.getgid())
    subprocess.run(['sh', '-ec', replaced(permissions, where=('/etc/letsencrypt', root),
                                          group=('ssl-cert', group.gr_name))], check=True)
    target = lab.target(says(b'RFB'))
    config = public / 'gateway.yaml'
    config.write_text(replaced(file, where=('/etc/letsencrypt', root), port=(':443', '127.0.0.1:0'),
                               target=('localhost:5900', f'127.0.0.1:{target.port}')))
    words, binary = ['--config', config], BINARY
    if as_root:  # what User= and SupplementaryGroups= do
        words = ['--reuid=nobody', '--regid=nogroup', f'--groups={group.gr_gid}', reachable(public), *words]
        binary = 'setpriv'
    bridge = lab.start(*words, binary=binary)
    before = seen_by(lab, bridge, certs.ca)
    client = lab.open(bridge, context=certs.context(), server_name=DOMAIN)
    assert client.data(3) == b'RFB'
    acme.renew()
    until(lambda: seen_by(lab, bridge, certs.ca) != before, lambda: bridge.text, 30)
    assert client.binary(b'still here').data(10) == b'still here'
    client.bye()
    assert 'error' not in bridge.text
    bridge.baseline = None
