"""The JavaScript of contrib/web.md, as it stands, in a page that wsluice serves."""
import re
import shutil
import socket

import gateway
import pytest
from lab import ROOT
from ports import free_port
from wire import until

PAGE = (ROOT / 'contrib/web.md').read_text()
SIZE, LINE = 8 << 20, 1 << 16
FLOOD = '''async () => {
    let most = 0;
    const line = new Uint8Array(%d).fill(120);
    line[line.length - 1] = 10;
    for (let sent = 0; sent < %d; sent += line.length) {
        await send(line);
        most = Math.max(most, socket.bufferedAmount);
    }
    return most;
}''' % (LINE, SIZE)


def blocks(language):
    return re.findall(rf'^```{language}\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(name='web')
def fixture_web(tmp_path):
    folder = tmp_path / 'web'
    folder.mkdir()
    scripts = blocks('js')
    assert len(scripts) == 3
    (folder / 'index.html').write_text('<!doctype html><title>lines</title><link rel="icon" href="data:,"><body><script>'
                                       + '\n'.join(scripts) + '</script></body>')
    return folder


def visit(bridge, tab):
    page = tab()
    assert page.goto(f'http://127.0.0.1:{bridge.port}/')['status'] == 200
    return page


@pytest.mark.skipif(not shutil.which('socat'), reason='socat is not installed')
def test_lines_go_both_ways(lab, web, tab):
    """With the commands of the page, in other ports and its folder."""
    (commands,), port = blocks('sh'), free_port()
    echo, bridge = commands.strip().replace('7777', str(port)).split('\n')
    service = lab.spawn(*echo.removesuffix(' &').split())
    assert bridge.split()[0] == 'wsluice'

    def up():
        with socket.socket() as sock:
            return sock.connect_ex(('127.0.0.1', port)) == 0
    until(up, 'the service listens')
    bridge = lab.start(*bridge.replace('--web=.', f'--web={web}').replace(' 6080 ', ' 127.0.0.1:0 ').split()[1:])
    page = visit(bridge, tab)
    page.wait_text('body', 'hello')
    assert page.text('body').split() == ['connected', 'hello']
    most = page.evaluate(FLOOD)
    assert most <= 1e6 + LINE, 'the browser keeps little of it'
    page.wait(f"() => document.querySelectorAll('br').length === {2 + SIZE // LINE}")
    lines = page.text('body').split()
    assert lines[2:] == ['x' * (LINE - 1)] * (SIZE // LINE), 'whole lines, however they were cut'
    service.terminate()
    page.evaluate('() => socket.close()')
    assert page.wait_text('body', 'closed').strip().endswith('closed: 1005')
    assert page.complaints() == []


def test_the_end_of_a_service_has_its_code(lab, web, tab):
    target = lab.target()
    page = visit(lab.start(f'--web={web}', target=target), tab)
    page.wait_text('body', 'hello')
    target.close()
    assert page.wait_text('body', 'closed').strip().endswith('closed: 1000 Target closed')


@pytest.mark.parametrize('connect, shown', [('first', ['closed: 1006']),
                                            ('after_upgrade', ['connected', 'closed: 1011 Target refused the connection'])])
def test_a_service_that_is_down(lab, web, tab, connect, shown):
    """As the table of the page says."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        bridge = gateway.start(lab, [{'path': '/*', 'files': str(web)}, {
            'path': '/websockify', 'connect': connect, 'target': f'tcp://127.0.0.1:{sock.getsockname()[1]}'}])
        page = visit(bridge, tab)
        page.wait_text('body', 'closed')
        assert [line.strip() for line in page.text('body').strip().split('\n')] == shown
        assert bridge.session(reason='target_refused')
