"""The recipes of contrib/recipes/ssh-in-a-tab.md, in Chromium."""
import pytest
import test_login
from lab import ROOT
from recipes import folder_for, gateway, recipe, replaced, says, shell
from shells import User

# Connects to a WebSocket; the first bytes as text, or how it ended.
FIRST = '''(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => { done(new TextDecoder().decode(event.data)); socket.close(); };
    socket.onclose = (event) => done(`closed with ${event.code}`);
})'''
BUILD = ('contrib/ssh/build.sh', ROOT / 'contrib/ssh/build.sh')


@pytest.fixture(name='here')
def fixture_here(lab, certs):
    return folder_for(lab, certs)


def test_one_machine(lab, here, sshd, tab):
    (_, command), (_, file) = recipe('SSH for one machine')
    folder = ('/srv/ssh', here / 'srv')
    shell(lab, here, replaced(command, build=BUILD, folder=folder))
    bridge = gateway(lab, here, replaced(file, port=(':443', '127.0.0.1:0'), folder=folder, ssh=('localhost:22', f'127.0.0.1:{sshd.port}')))
    page = tab(ignoreHTTPSErrors=True)
    answer = page.goto(f'https://localhost:{bridge.port}/shell/')
    header = answer['headers']['content-security-policy'].split('; ')
    meta = page.evaluate("() => document.querySelector('meta[http-equiv=Content-Security-Policy]').content").split('; ')
    assert sorted(header) == sorted([*meta, "frame-ancestors 'none'"])
    user = User(page, f'https://localhost:{bridge.port}').visit()
    user.fill(password=sshd.password).connect().accept()
    user.opened()
    assert user.run("printf '\\033[38;2;10;200;100mtrue\\033[0m\\n'") == 'true'
    assert user.complaints() == []


def test_the_quick_command_line(lab, built, sshd, tab):
    bridge = lab.start('--web', built, '127.0.0.1:0', f'127.0.0.1:{sshd.port}')
    user = User(tab(), f'http://localhost:{bridge.port}', '/').visit()
    user.fill(password=sshd.password).connect().accept()
    user.opened()
    assert user.complaints() == []


def test_twenty_machines(lab, certs, here, sshd, tab):
    """Two of them. The list has the fingerprints; without the login there is nothing, and its end ends the session."""
    (_, lists), (_, hosts), (_, file) = recipe('VNC and SSH to twenty machines behind one gateway')
    desk = lab.target(says(b'RFB 003.008\n'))
    folder = ('/srv/ssh', here / 'srv')
    shell(lab, here, replaced(recipe('SSH for one machine')[0][1], build=BUILD, folder=folder))
    shell(lab, here, replaced(lists, number=('seq 1 20', 'seq 1 2'), desk=('10.0.0.$number:5900', f'127.0.0.1:{desk.port}'),
                              shell=('10.0.0.$number:22', f'127.0.0.1:{sshd.port}')), input=b'sesame\n')
    shell(lab, here, replaced(hosts, folder=folder))
    bridge = gateway(lab, here, replaced(file, port=(':443', '127.0.0.1:0'), folder=folder, web=('/usr/share/novnc', here / 'web')))
    base = f'https://localhost:{bridge.port}'
    page = tab(ignoreHTTPSErrors=True)
    assert page.goto(f'{base}/shell/#web2')['status'] == 401
    page.fill('#user', 'alice')
    page.fill('#password', 'sesame')
    page.press('Enter')
    page.wait("() => document.getElementById('login-title') && !document.getElementById('login').hidden")
    assert page.evaluate('() => machine.value') == 'web2'
    user = User(page, base)
    user.fill(password=sshd.password).connect().opened()
    assert page.text('#title') == 'ada@web2'
    assert page.evaluate(FIRST, f'wss://localhost:{bridge.port}/vnc/web1') == 'RFB 003.008\n'
    browser = test_login.Browser(lab, bridge, context=certs.context())
    browser.get('/shell/')
    browser.log_in('/shell/', 'alice')
    browser.get('/logout?everywhere')
    user.state('closed')
    page.click('#reconnect')
    page.wait_text('#why', 'If this gateway has a login, it may have ended: reload the page.')
    assert [line for line in user.complaints() if '401' not in line and 'HTTP Authentication' not in line] == []
