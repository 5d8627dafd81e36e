"""input_timeout in front of a real desktop, whose picture changes all the time."""
import subprocess
import threading
import time

import gateway
import pytest
from recipes import folder_for, recipe, replaced, shell
from test_novnc import LAST, OWN_FILES, PLACE, to, wait_colour
from wire import time_passes, until

SECONDS = 4


@pytest.fixture
def busy(desktops):
    """A desktop whose picture changes, too little to see it: noVNC answers each change by itself."""
    over = threading.Event()

    def paint():
        for step in range(10_000):
            shade = '#%02x%02x%02x' % tuple(value + step % 2 for value in desktops[0].colour)
            subprocess.run(['xsetroot', '-solid', shade], env=desktops[0].env, check=True)
            if over.wait(0.2):
                return
    thread = threading.Thread(target=paint)
    thread.start()
    yield desktops[0]
    over.set()
    thread.join()


def routes(desktop):
    return [*OWN_FILES, to(desktop, '/desk', expect='rfb', input_timeout=f'{SECONDS}s'),
            {'path': '/status', 'status': True, 'allow': ['127.0.0.1']}]


def row(lab, bridge):
    return gateway.status_document(lab, bridge)['sessions']['rows'][0]


def connect(page, bridge):
    page.goto(f'http://localhost:{bridge.port}/own/rfb.html')
    page.wait('() => window.connect')
    page.evaluate("() => connect('/desk')")


def test_an_idle_novnc_ends(lab, tab, busy):
    """Though it sends all the time."""
    bridge = gateway.start(lab, routes(busy))
    page = tab()
    connect(page, bridge)
    wait_colour(page, busy)
    before = row(lab, bridge)
    time_passes(1.5)
    after = row(lab, bridge)
    assert after['bytes_up'] > before['bytes_up'] and after['idle_ms'] < 1000 < after['input_ms']
    record = bridge.session(reason='input_timeout')
    assert SECONDS * 1000 <= int(record['duration_ms']) < SECONDS * 1000 + 3000
    page.wait(f"() => ({LAST})() !== 'connected'")


@pytest.mark.parametrize('what', ['mouse', 'key', 'clipboard'])
def test_a_user_keeps_it(lab, tab, busy, what):
    bridge = gateway.start(lab, routes(busy))
    page = tab()
    connect(page, bridge)
    wait_colour(page, busy)
    left, top = page.evaluate(PLACE)
    began, step = time.monotonic(), 0
    while time.monotonic() < began + 2 * SECONDS:
        step += 1
        if what == 'mouse':
            page.move(left + 50 + step, top + 40)
        elif what == 'key':
            page.press('w')
        else:
            page.evaluate('(text) => window.rfb.clipboardPasteFrom(text)', f'text {step}')
        until(lambda: row(lab, bridge)['input_ms'] < 1000, 'it is seen')
        time_passes(1)
    assert page.evaluate(LAST) == 'connected' and not bridge.records()
    page.wait(f"() => ({LAST})() !== 'connected'")
    assert int(bridge.session(reason='input_timeout')['duration_ms']) > 3 * SECONDS * 1000 - 2000


def test_the_recipe_with_debian_novnc(lab, tab, certs, busy):
    (_, quick), = recipe('Desktops that nobody uses')
    bridge = shell(lab, folder_for(lab, certs), replaced(
        quick, time=('30m', f'{SECONDS}s'), target=('6080 localhost:5900', f'--unix-target={busy.path} 127.0.0.1:0')))
    page = tab(viewport={'width': 800, 'height': 600})
    page.goto(f'http://localhost:{bridge.port}/vnc.html?autoconnect=true')
    wait_colour(page, busy)
    assert bridge.session(reason='input_timeout')
    page.wait("() => document.documentElement.classList.contains('noVNC_disconnected') || "
              "!document.documentElement.classList.contains('noVNC_connected')")
    page.shot('novnc-input-timeout')
