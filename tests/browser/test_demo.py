"""The page of `wsluice demo`."""
import re
import signal

import gateway
import looks
import pytest
from chromium import PHONE
from lab import run
from ports import free_port
from recipes import card, folder_for, replaced, shell
from shells import User

PORT_HERE = ('127.0.0.1:6080', '127.0.0.1:0')
MOVED = "() => (document.querySelector('#rtt-chart .line')?.getAttribute('d').match(/L/g) || []).length"
LOGGED = "() => [...document.querySelectorAll('#log tr')].map((tr) => [...tr.cells].map((td) => td.innerText))"


@pytest.fixture
def demo(lab):
    return lab.start('demo', '127.0.0.1:0')


def url(bridge):
    return f'http://127.0.0.1:{bridge.port}/'


def test_connects_and_measures(demo, tab):
    page = tab(viewport={'width': 1280, 'height': 900})
    answer = page.goto(url(demo))
    assert answer['status'] == 200
    assert answer['size'] < 40_000
    policy = answer['headers']['content-security-policy']
    assert "default-src 'none'" in policy and 'unsafe' not in policy and policy.count("'sha256-") == 2
    page.wait_text('#state', 'Connected')
    assert page.text('h1') == 'The gate is open.'
    page.wait(f'() => ({MOVED})() >= 3')
    assert float(page.text('#rtt')) > 0
    assert page.evaluate("() => [...document.querySelectorAll('.chart text')].map((e) => e.textContent)").count('now') == 2
    assert page.complaints() == []
    page.shot('demo-light')
    page.media({'colorScheme': 'dark'})
    page.shot('demo-dark', fullPage=True)


def test_echo(demo, tab):
    page = tab()
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    page.fill('#bytes', r'a\x00\xff\\')
    assert page.text('#preview') == '4 bytes: 61 00 ff 5c'
    page.press('Enter')
    page.wait("() => document.querySelectorAll('#log tr').length === 2")
    received, sent = page.evaluate(LOGGED)
    assert sent[:2] == ['↑ sent', '4'] and sent[3].split('\n') == ['61 00 ff 5c', 'a··\\']
    assert received[:2] == ['↓ received', '4'] and received[3] == sent[3]
    assert re.fullmatch(r'[\d.]+ ms', received[2])
    page.fill('#bytes', r'\xg0')
    assert 'two hexadecimal digits' in page.text('#preview')
    assert page.evaluate("() => document.querySelector('#send').disabled")
    assert page.complaints() == []


def test_flow(demo, tab):
    page = tab()
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    page.click('#flow')
    page.wait_text('#rate-unit', 'MB/s')
    verdict = page.wait_text('#verdict', 'made the round trip')
    assert verdict.endswith('every byte unchanged.')
    assert page.complaints() == []


def test_reconnects(demo, lab, tab):
    page = tab()
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    demo.signal(signal.SIGTERM)
    page.wait_text('#state', 'Disconnected')
    page.wait_text('h1', 'The gate is closed.')
    assert 'Next attempt in' in page.wait_text('#why', 'attempt')
    demo.wait()
    lab.start('demo', f'127.0.0.1:{demo.port}')
    # the button is hidden while the page tries by itself
    page.evaluate("() => { if (!document.querySelector('#closed').hidden) document.querySelector('#retry').click(); }")
    page.wait_text('#state', 'Connected')
    assert page.text('h1') == 'The gate is open.'


def test_works_under_a_sub_path_and_tls(lab, certs, tab):
    target = lab.target()
    listener = {'address': gateway.ANY, 'base_path': '/tools',
                'tls': {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}}
    bridge = gateway.start(lab, [{'path': '/look', 'target': gateway.there(target), 'demo': True}], [listener])
    page = tab(ignoreHTTPSErrors=True)
    page.goto(f'https://localhost:{bridge.port}/tools/look')
    page.wait_text('#state', 'Connected')
    page.wait(f'() => ({MOVED})() >= 1')
    assert page.text('#url') == f'wss://localhost:{bridge.port}/tools/look'
    assert page.complaints() == []


def test_links_to_ssh_in_a_tab(lab, built, sshd, tab):
    bridge = lab.start('demo', '--web', built, '127.0.0.1:0', f'127.0.0.1:{sshd.port}')
    page = tab(viewport={'width': 1280, 'height': 900})
    page.goto(f'http://localhost:{bridge.port}/')
    page.wait_text('#state', 'Connected')
    assert f'127.0.0.1:{sshd.port}' in page.text('[aria-labelledby=shell]')
    assert 'contrib/ssh/build.sh' not in page.text('main')
    looks.check(page)
    page.shot('demo-ssh', fullPage=True)
    page.click('#open-shell')
    page.wait_text('#title', 'SSH')
    user = User(page, f'http://localhost:{bridge.port}')
    user.wait('no form', "() => !document.getElementById('login').hidden", None)
    user.fill(password=sshd.password).connect().accept()
    user.opened()
    assert user.complaints() == []


def test_says_how_to_build_ssh_in_a_tab(demo, lab, certs, built, sshd, tab):
    page = tab()
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    assert page.evaluate("() => document.querySelector('[aria-labelledby=shell]').hidden")
    make, serve = card('A terminal in a tab: SSH').split('\n')
    assert make == 'contrib/ssh/build.sh build/ssh' and make in page.text('#steps')
    bridge = shell(lab, folder_for(lab, certs), replaced(serve, folder=('build/ssh', built), port=PORT_HERE, sshd=('localhost:22', f'127.0.0.1:{sshd.port}')))
    user = User(tab(), f'http://localhost:{bridge.port}', '/').visit()
    user.fill(password=sshd.password).connect().accept()
    user.opened()


def test_says_that_no_sshd_answers(lab, built, tab):
    bridge = lab.start('demo', '--web', built, '127.0.0.1:0', f'127.0.0.1:{free_port()}')
    user = User(tab(), f'http://localhost:{bridge.port}').visit()
    user.fill(password='any').connect()
    assert 'apt install openssh-server' in user.page.wait_text('#login-problem', 'refused the connection')


def test_copies_the_next_step(demo, lab, tab):
    page = tab()
    page.goto(url(demo))
    page.grant('clipboard-read', 'clipboard-write')
    page.click('#steps button')
    page.wait_text('#copied', 'copied')
    assert page.evaluate('() => navigator.clipboard.readText()').endswith('wsluice --web /usr/share/novnc 6080 localhost:5900')
    page.evaluate("() => document.getElementById('steps').lastElementChild.querySelector('button').click()")
    page.wait_text('#copied', 'YAML')
    example = lab.folder / 'example.yaml'
    example.write_text(page.evaluate('() => navigator.clipboard.readText()'))
    status, out, err = run('check', example)
    assert status == 0, out + err


def test_is_accessible(demo, tab):
    page = tab(viewport={'width': 1280, 'height': 900})
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    places = looks.walk(page, 30)
    assert places[:3] == ['flow', 'bytes', 'send'] and places.count('Copy') == 5
    page.click('#send')
    page.wait("() => document.querySelectorAll('#log tr').length === 2")
    looks.check(page)
    for width in (320, 390, 768, 1920):
        looks.check_width(page, width)


def test_on_a_phone(demo, tab):
    page = tab(**PHONE, colorScheme='dark', reducedMotion='reduce')
    page.goto(url(demo))
    page.wait_text('#state', 'Connected')
    page.wait(f'() => ({MOVED})() >= 2')
    assert page.evaluate("() => document.getElementById('marks').childElementCount") == 0  # reduced motion
    assert page.evaluate('() => innerWidth') == 390
    page.shot('demo-phone', fullPage=True)
    assert page.complaints() == []
