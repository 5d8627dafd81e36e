"""SSH in a tab and noVNC in Firefox, Debian's firefox-esr: what they need of a browser, beside Chromium."""
import hashlib
import os
import shutil

import pytest
from chromium import Browser
from shells import PASTE
from test_novnc import DEBIAN, server, to, use, wait_colour
from test_ssh_files import at_home, file, said

FIREFOX = os.environ.get('FIREFOX', '/usr/bin/firefox-esr')

pytestmark = [pytest.mark.slow, pytest.mark.limit(300),  # it takes its time to start
              pytest.mark.skipif(not shutil.which(FIREFOX), reason='needs firefox-esr')]


@pytest.fixture(scope='module')
def browser():
    """In place of Chromium, for the fixtures of conftest.py."""
    firefox = Browser(path=FIREFOX)
    yield firefox
    firefox.close()


def test_a_password(user, sshd):
    """A wrong one, then the right one; output, an exit status, and a second connection without any question."""
    asked = user.fill(password='wrong').connect().accept()
    assert sshd.fingerprint('host_ed25519') in asked and 'ED25519' in asked
    user.answer('Permission denied', sshd.password).opened()
    assert user.run('echo $LOGNAME; seq 3') == 'ada\n1\n2\n3'
    user.page.type('exit 3\n')
    user.page.wait_text('#why', 'exit status 3')
    user.page.press('Enter')
    user.opened()
    assert user.run('echo again') == 'again'
    assert user.complaints() == []


@pytest.mark.parametrize('name', ['ed25519', 'ecdsa384', 'rsa'])
def test_a_key(user, sshd, tmp_path, name):
    """From a file: WebCrypto of this browser signs with it."""
    user.fill(key=sshd.key(f'user_{name}', tmp_path)).connect().accept()
    assert 'ada' in user.opened().run('echo $LOGNAME')
    assert user.complaints() == []


def test_keyboard_interactive(user, sshd):
    user.fill('kim').connect().accept()
    user.answer('Password', sshd.password).opened()
    assert user.complaints() == []


def test_much_both_ways(user, sshd):
    """A paste of 100 KB, and 3 MB of output, while sshd asks for new keys every megabyte."""
    user.fill(password=sshd.password).connect().accept()
    user.opened()
    text = os.urandom(51200).hex()
    user.page.type("stty -icanon -echo; echo 'rea'dy; head -c 102400 | sha256sum; stty sane\n")
    user.sees('\nready\n')
    user.page.evaluate(PASTE, text)
    user.sees(hashlib.sha256(text.encode()).hexdigest())
    user.page.type("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo 'al'l\n")
    user.sees('\nall\n')
    assert user.run('echo still here') == 'still here'
    assert user.complaints() == []


def test_novnc(lab, certs, tab, desktops):
    """Debian's noVNC over TLS; it lacks the package.json that noVNC takes its version from."""
    bridge, base = server(lab, certs, 'https', [{'path': '/*', 'files': DEBIAN}, to(desktops[0], '/desk')])
    page = tab(ignoreHTTPSErrors=True)
    page.goto(f'{base}/vnc.html?autoconnect=1&path=desk')
    wait_colour(page, desktops[0])
    use(page, desktops[0])
    assert [line for line in page.complaints() if 'package.json' not in line] == []


def test_an_upload(user, sshd, tmp_path):
    """By SFTP. Of downloads Playwright hears nothing in this browser."""
    page, sent = at_home(user, sshd), file(tmp_path, 'report.bin')
    page.upload('#upload-files', str(sent))
    said(page, 'done')
    assert sshd.get('home/ada/report.bin') == sent.read_bytes()
    assert user.complaints() == []
